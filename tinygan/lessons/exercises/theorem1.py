"""Lesson 8: kl_divergence, js_divergence, best_value, criterion_slope, density_step."""

import numpy as np

from tinygan.adversarial import jensen_shannon_divergence
from tinygan.adversarial.theory import kullback_leibler, virtual_criterion
from tinygan.backend import Array
from tinygan.functional import softplus
from tinygan.lessons.exercise import Exercise, Inputs


def _grid(rng: np.random.Generator) -> Array:
    return np.linspace(-16, 16, int(rng.integers(300, 500)))


def _two_bumps(x: Array, rng: np.random.Generator, narrowest: float = 0.8, broadest: float = 1.5) -> Array:
    """Return what is nowhere 0, and as good as 0 at both ends of the grid."""
    left, right = rng.uniform(-4, -1), rng.uniform(1, 4)
    width_left, width_right = rng.uniform(narrowest, broadest, 2)
    share = rng.uniform(0.3, 0.7)
    bump_left = np.exp(-(((x - left) / width_left) ** 2) / 2) / width_left
    return share * bump_left + (1 - share) * np.exp(-(((x - right) / width_right) ** 2) / 2) / width_right


def _players_densities(x: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return a broad p_data and a narrow p_g: far out, 1 - D* is above 0 but rounds to it."""
    return _two_bumps(x, rng, 1.5, 2.0), _two_bumps(x, rng, 0.5, 0.7)


def _normalised(p: Array, x: Array) -> Array:
    return p / np.trapezoid(p, x)


def _gap(x: Array, rng: np.random.Generator) -> Array:
    """Return where a density with two bumps may vanish: between them."""
    return abs(x - rng.uniform(-0.5, 0.5)) < rng.uniform(0.4, 0.9)


def _ratio(p: Array, q: Array) -> Array:
    """Return p / q, and 1 where p is 0: there p log(p / q) is 0."""
    return np.divide(p, q, out=np.ones_like(p), where=p > 0)


def _mean_log(p: Array, q: Array, x: Array) -> float:
    """Return the mean over p of log(p / q), for any q."""
    return float(np.trapezoid(p * np.log(_ratio(p, q)), x))


# 8.1


def _kl_inputs(rng: np.random.Generator) -> Inputs:
    x = _grid(rng)
    p = np.where(_gap(x, rng), 0, _two_bumps(x, rng))
    return {"p": _normalised(p, x), "q": _normalised(_two_bumps(x, rng), x), "x": x}


kl_divergence = Exercise(
    "kl_divergence",
    returns=["kl"],
    inputs=_kl_inputs,
    hints=[
        "What is log(p / q) at one point of the grid, and how much does this point count? What should a point count at "
        "which p is 0?",
        "A mean over p is an integral with p as its weight: np.trapezoid(p * np.log(p / q), x). Where p is 0, set the "
        "ratio to something whose logarithm is harmless, since the factor p makes the product 0.",
        "ratio = np.divide(p, q, out=np.ones_like(p), where=p > 0) is p / q, and 1 where p is 0. Then integrate "
        "p * np.log(ratio) over x.",
    ],
)
kl_divergence.answer(kullback_leibler)


@kl_divergence.wrong(
    "The integral is NaN: where p is 0, NumPy computes 0 times log 0, which is 0 times minus infinity. The limit of "
    "t log t at 0 is 0, so these points add nothing. Say so to NumPy."
)
def zero_log_zero(p, q, x):
    return np.trapezoid(p * np.log(p / q), x)


@kl_divergence.wrong(
    "You took the points with p = 0 out of the grid, and np.trapezoid now draws a straight line over the gap. Keep x "
    "whole, and let the integrand be 0 there."
)
def points_left_out(p, q, x):
    kept = p > 0
    return np.trapezoid(p[kept] * np.log(p[kept] / q[kept]), x[kept])


@kl_divergence.wrong(
    "That is KL(q || p), the wrong way round: its mean is over q. It is infinite here, as p vanishes where q does not. "
    "KL(p || q) weighs with p."
)
def other_way_round(p, q, x):
    return np.trapezoid(q * np.log(q / p), x)


@kl_divergence.wrong("That is in bits: log2 is 1 / log 2 times the natural logarithm. We count in nats: np.log.")
def in_bits(p, q, x):
    return _mean_log(p, q, x) / np.log(2)


@kl_divergence.wrong("The sign is reversed: log(q / p) where log(p / q) is meant. A KL divergence is never below 0.")
def negative(p, q, x):
    return -_mean_log(p, q, x)


@kl_divergence.wrong(
    "That is the sum over the points of the grid, and not the integral: each point counts for the width of its cell. "
    "np.trapezoid(y, x) knows the widths."
)
def sum_for_integral(p, q, x):
    return (p * np.log(_ratio(p, q))).sum()


@kl_divergence.wrong(
    "That is the cross-entropy, the mean over p of -log q. The other half is missing: subtract the mean of -log p, "
    "the entropy of p."
)
def cross_entropy(p, q, x):
    return -np.trapezoid(p * np.log(q), x)


@kl_divergence.wrong(
    "log(p / q) is added up without its weight. The mean is over examples that p draws, so a point counts as much as p "
    "says: multiply by p."
)
def without_weight(p, q, x):
    return np.trapezoid(np.log(_ratio(p, q)), x)


# 8.2


def _js_inputs(rng: np.random.Generator) -> Inputs:
    x = _grid(rng)
    gap = _gap(x, rng)
    p, q = (_normalised(np.where(gap, 0, _two_bumps(x, rng)), x) for _ in range(2))
    return {"p": p, "q": q, "x": x}


js_divergence = Exercise(
    "js_divergence",
    returns=["jsd"],
    inputs=_js_inputs,
    hints=[
        "What is halfway between two densities, point by point? Is it a density again?",
        "With m = (p + q) / 2, it is the mean of two numbers: how far p is from m, and how far q is from m.",
        "m = (p + q) / 2, and then half of kl_divergence(p, m, x) plus half of kl_divergence(q, m, x).",
    ],
)
js_divergence.answer(jensen_shannon_divergence)


@js_divergence.wrong(
    "That is twice the JSD: the factor 1/2 before each KL is missing. The JSD is the mean of the two, at most log 2."
)
def not_halved(p, q, x):
    m = (p + q) / 2
    return _mean_log(p, m, x) + _mean_log(q, m, x)


@js_divergence.wrong(
    "In m = (p + q) / 2 the 1/2 is missing. p + q has the mass of two densities, and the result is log 2 too low."
)
def sum_for_middle(p, q, x):
    return (_mean_log(p, p + q, x) + _mean_log(q, p + q, x)) / 2


@js_divergence.wrong(
    "That is KL(p || m) alone. How far q is from m is the other half; without it, p and q do not count alike."
)
def one_side(p, q, x):
    return _mean_log(p, (p + q) / 2, x)


@js_divergence.wrong(
    "Both KLs are the wrong way round: KL(m || p) is infinite where p vanishes and q does not. The middle comes second."
)
def from_the_middle(p, q, x):
    m = (p + q) / 2
    return (_mean_log(m, p, x) + _mean_log(m, q, x)) / 2


@js_divergence.wrong(
    "That is the mean of KL(p || q) and KL(q || p). It is symmetric, too, but it has no upper limit. The JSD measures "
    "both from the middle m, not from each other."
)
def from_each_other(p, q, x):
    return (_mean_log(p, q, x) + _mean_log(q, p, x)) / 2


@js_divergence.wrong(
    "That is the square root of the JSD, the Jensen-Shannon distance, which SciPy's function of that name returns. "
    "Theorem 1 has the divergence itself."
)
def square_root(p, q, x):
    return np.sqrt(jensen_shannon_divergence(p, q, x))


@js_divergence.wrong("That is in bits, where the largest JSD is 1. We count in nats, where it is log 2: use np.log.")
def jsd_in_bits(p, q, x):
    return jensen_shannon_divergence(p, q, x) / np.log(2)


# 8.3


def _game_inputs(rng: np.random.Generator) -> Inputs:
    x = _grid(rng)
    gap = _gap(x, rng)
    p_data, p_g = (_normalised(np.where(gap, 0, p), x) for p in _players_densities(x, rng))
    return {"p_data": p_data, "p_g": p_g, "x": x}


def _value(d: Array, p_data: Array, p_g: Array, x: Array) -> float:
    """Return V for any D, where both densities vanish together."""
    log_d, log_not_d = np.log(np.where(p_data > 0, d, 1)), np.log(np.where(p_g > 0, 1 - d, 1))
    return float(np.trapezoid(p_data * log_d + p_g * log_not_d, x))


best_value = Exercise(
    "best_value",
    returns=["value"],
    inputs=_game_inputs,
    hints=[
        "Put D* = p_data / (p_data + p_g) into the two integrals of V. What is 1 - D*, as a fraction?",
        "1 - D* = p_g / (p_data + p_g), so both integrals look alike: a density, times the logarithm of the same "
        "density over p_data + p_g. You have written such an integral already.",
        "With total = p_data + p_g, the first integral is kl_divergence(p_data, total, x) and the second is "
        "kl_divergence(p_g, total, x): your code does not ask that q be a density. Add them.",
    ],
)
best_value.answer(virtual_criterion)


@best_value.wrong(
    "The value is NaN: where both densities are 0, D* is 0 / 0. Such points add nothing to V. Leave them out as in "
    "kl_divergence, or call it."
)
def nothing_over_nothing(p_data, p_g, x):
    d = p_data / (p_data + p_g)
    return np.trapezoid(p_data * np.log(d) + p_g * np.log(1 - d), x)


@best_value.wrong(
    "1 - D* is 0 on the computer wherever D* is closer to 1 than 1e-16, and the logarithm is minus infinity. Do not "
    "subtract: 1 - D* = p_g / (p_data + p_g)."
)
def one_minus_almost_one(p_data, p_g, x):
    return _value(_ratio(p_data, p_data + p_g), p_data, p_g, x)


@best_value.wrong(
    "That is -log 4 for every G, the value at D = 1/2. D says 1/2 everywhere only when p_g = p_data; the best D says "
    "p_data / (p_data + p_g)."
)
def blind_discriminator(p_data, p_g, x):
    return _value(np.full_like(x, 0.5), p_data, p_g, x)


@best_value.wrong(
    "D* has p_g on top: that is 1 - D*. This D takes data for samples and samples for data, so its value is low. The "
    "best D says p_data / (p_data + p_g)."
)
def upside_down(p_data, p_g, x):
    total = p_data + p_g
    d, not_d = _ratio(p_g, total), _ratio(p_data, total)
    return np.trapezoid(p_data * np.log(d) + p_g * np.log(not_d), x)


@best_value.wrong(
    "Only the data speak: the first integral of V is there, and E over p_g of log(1 - D*) is missing. G acts on V "
    "through p_g."
)
def data_alone(p_data, p_g, x):
    return _mean_log(p_data, p_data + p_g, x)


@best_value.wrong("That is JSD where Theorem 1 has 2 JSD: V is the sum of the two KLs, and the JSD is half of it.")
def one_jsd(p_data, p_g, x):
    return -np.log(4) + jensen_shannon_divergence(p_data, p_g, x)


@best_value.wrong("That is the loss of D, which is -V. C(G) is V itself, a number from -log 4 to 0.")
def loss_for_value(p_data, p_g, x):
    return -virtual_criterion(p_data, p_g, x)


@best_value.wrong("That is 2 JSD, without -log 4. With D* at 1/2 both logarithms are -log 2, so V is not 0 there.")
def from_zero(p_data, p_g, x):
    return 2 * jensen_shannon_divergence(p_data, p_g, x)


# 8.4


def _slope_inputs(rng: np.random.Generator) -> Inputs:
    x = _grid(rng)
    p_data, p_g = (_normalised(p, x) for p in _players_densities(x, rng))
    return {"p_data": p_data, "p_g": p_g}


criterion_slope = Exercise(
    "criterion_slope",
    returns=["slope"],
    inputs=_slope_inputs,
    hints=[
        "Hold D where it is, at D*. Which part of V does p_g(x) touch, and with which factor?",
        "For a fixed D, p_g(x) stands in V once, times log(1 - D(x)). So the slope is log(1 - D*(x)), and 1 - D* is a "
        "fraction of p_data and p_g.",
        "1 - D* = p_g / (p_data + p_g), without a subtraction that rounds to 0. Return its logarithm, point by point.",
    ],
)


@criterion_slope.answer
def _(p_data, p_g):
    return -softplus(np.log(p_data) - np.log(p_g))


@criterion_slope.wrong(
    "1 - D* is 0 on the computer wherever D* is closer to 1 than 1e-16, and the slope is minus infinity. It is steep "
    "there, but finite: 1 - D* = p_g / (p_data + p_g)."
)
def rounded_to_zero(p_data, p_g):
    return np.log(1 - p_data / (p_data + p_g))


@criterion_slope.wrong(
    "That is log D*, which stands beside p_data in V. G has no hand on p_data; p_g stands beside log(1 - D*)."
)
def slope_beside_data(p_data, p_g):
    return np.log(p_data / (p_data + p_g))


@criterion_slope.wrong(
    "The sign is reversed. log(1 - D*) is below 0: where p_g grows, V falls, and most where D* is near 1."
)
def slope_upside_down(p_data, p_g):
    return -np.log(p_g / (p_data + p_g))


@criterion_slope.wrong(
    "You let D* move with p_g in the second integral and held it in the first. Both move, and their shares cancel, "
    "since V is flat at its best D. What remains is log(1 - D*)."
)
def half_of_the_product_rule(p_data, p_g):
    not_d = p_g / (p_data + p_g)
    return np.log(not_d) + 1 - not_d


@criterion_slope.wrong(
    "That is log(p_g / p_data), the slope of KL(p_g || p_data) but for a constant. C(G) compares p_g with the sum: "
    "p_g / (p_data + p_g)."
)
def slope_of_kl(p_data, p_g):
    return np.log(p_g / p_data)


@criterion_slope.wrong("That is 1 - D*, and V has its logarithm.")
def no_logarithm(p_data, p_g):
    return p_g / (p_data + p_g)


# 8.5


def _step_inputs(rng: np.random.Generator) -> Inputs:
    x = _grid(rng)
    slope = -rng.uniform(0.2, 2) * np.abs(np.sin(x * rng.uniform(0.3, 1) + rng.normal())) - 0.1
    return {
        "p_g": _normalised(_two_bumps(x, rng), x),
        "slope": slope,
        "step": float(rng.uniform(0.2, 0.9)),
        "x": x,
    }


density_step = Exercise(
    "density_step",
    returns=["p_g"],
    inputs=_step_inputs,
    hints=[
        "Where the slope is low, p_g shall grow. By which factor, which is never negative? And what must be true of "
        "the result, so that it is a density?",
        "The factor is exp(-step * slope). After it, the integral is no longer 1: divide by what it is.",
        "p_g = p_g * np.exp(-step * slope), and return p_g / np.trapezoid(p_g, x).",
    ],
)


def _moved(p_g: Array, exponent: Array, x: Array) -> Array:
    return _normalised(p_g * np.exp(exponent), x)


@density_step.answer
def _(p_g, slope, step, x):
    return _moved(p_g, -step * slope, x)


@density_step.wrong("That step goes uphill: p_g grows where the slope is high. Downhill is exp(-step * slope).")
def uphill(p_g, slope, step, x):
    return _moved(p_g, step * slope, x)


@density_step.wrong("The result is no density: its integral is not 1. Divide by np.trapezoid of it over x.")
def not_normalised(p_g, slope, step, x):
    return p_g * np.exp(-step * slope)


@density_step.wrong("The values add up to 1, and it is their integral that must be 1: divide by np.trapezoid(p_g, x).")
def adds_up_to_one(p_g, slope, step, x):
    p_g = p_g * np.exp(-step * slope)
    return p_g / p_g.sum()


@density_step.wrong(
    "You subtract step * slope. A density that is subtracted from may become negative, and grows also where it was 0. "
    "Multiply it by exp(-step * slope)."
)
def subtracted(p_g, slope, step, x):
    return _normalised(p_g - step * slope, x)


@density_step.wrong("p_g itself is missing: a step starts from where one is. Multiply p_g by exp(-step * slope).")
def starts_anywhere(p_g, slope, step, x):
    return _normalised(np.exp(-step * slope), x)


@density_step.wrong("The length of the step is not used: multiply the slope by step before the exponential.")
def always_one(p_g, slope, step, x):
    return _moved(p_g, -slope, x)
