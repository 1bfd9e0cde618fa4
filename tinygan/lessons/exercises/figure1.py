"""Lesson 7: optimal_discriminator, slope_of_value, train_table, value_function, data_density_from_d."""

import numpy as np

from tinygan import adversarial
from tinygan.adversarial.objectives import NON_SATURATING
from tinygan.functional import sigmoid, softplus
from tinygan.gradcheck import Report, check_functions
from tinygan.layers import Parameter
from tinygan.lessons.exercise import Answer, Exercise, Inputs
from tinygan.optim import SGD

# 7.1


def _densities_with_gaps(rng: np.random.Generator) -> Inputs:
    """Return two densities at a few points: at some only one of them vanishes, and at one both do."""
    n = int(rng.integers(5, 9))
    p_data, p_g = rng.uniform(0.2, 2, n), rng.uniform(0.2, 2, n)
    nowhere, only_fake, only_real = rng.choice(n, 3, replace=False)
    p_data[[nowhere, only_fake]] = p_g[[nowhere, only_real]] = 0
    return {"p_data": p_data, "p_g": p_g}


optimal_discriminator = Exercise(
    "optimal_discriminator",
    returns=["d"],
    inputs=_densities_with_gaps,
    hints=[
        "At one x, the integrand is f(D) = p_data log D + p_g log(1 - D). What is its derivative by D? Where is it 0?",
        "p_data / D = p_g / (1 - D). Multiply by both denominators and solve for D. Then ask what your formula gives "
        "where both densities are 0.",
        "D* = p_data / (p_data + p_g). Where the sum is 0, put 1 in its place in the division, and choose 1/2 with "
        "np.where(total > 0, ..., 0.5).",
    ],
)


@optimal_discriminator.answer
def _(p_data, p_g):
    return adversarial.optimal_discriminator(p_data, p_g)


def _share(part, p_data, p_g):
    total = p_data + p_g
    return np.where(total > 0, part / np.where(total > 0, total, 1), 0.5)


@optimal_discriminator.wrong(
    "That is 1 - D*: p_g stands on top. D is the probability that x is real, so the share of p_data belongs there."
)
def share_of_the_fakes(p_data, p_g):
    return _share(p_g, p_data, p_g)


@optimal_discriminator.wrong(
    "That is the ratio of the densities, p_data / p_g, which has no upper bound. D is a probability: the share of "
    "p_data in the sum of both."
)
def density_ratio(p_data, p_g):
    return p_data / p_g


@optimal_discriminator.wrong(
    "Where both densities are 0 you divide 0 by 0, and the answer is NaN. V does not depend on D there, so D may say "
    "anything; let it say 1/2."
)
def zero_by_zero(p_data, p_g):
    return p_data / (p_data + p_g)


@optimal_discriminator.wrong(
    "Where both densities are 0, D says 0: 'surely fake', of something that it has never seen. V does not care, but "
    "let it say 1/2 there, which favours nobody."
)
def sure_where_nothing_is(p_data, p_g):
    return np.where(p_data + p_g > 0, _share(p_data, p_data, p_g), 0.0)


@optimal_discriminator.wrong(
    "That says which density is larger, yes or no. The best D is not that sure: it gives the share of real examples "
    "among all that are found at x."
)
def yes_or_no(p_data, p_g):
    return (p_data > p_g).astype(float)


@optimal_discriminator.wrong(
    "1/2 is the answer where both densities are equal, at the end of the game. Elsewhere D can do better: solve f' = 0."
)
def half_everywhere(p_data, p_g):
    return np.full_like(p_data, 0.5)


@optimal_discriminator.wrong(
    "That is (p_data - p_g) / (p_data + p_g), from -1 to 1. It is 2 D* - 1; a probability lies between 0 and 1."
)
def difference_over_sum(p_data, p_g):
    return _share(p_data - p_g, p_data, p_g)


@optimal_discriminator.wrong(
    "That divides by a sum over all x. D* is found at each x by itself: divide by p_data + p_g at the same x."
)
def share_over_all_x(p_data, p_g):
    return p_data / (p_data + p_g).sum()


# 7.2


def _logits_and_densities(rng: np.random.Generator) -> Inputs:
    n = int(rng.integers(4, 9))
    return {
        "logits": rng.normal(scale=1.5, size=n),
        "p_data": rng.uniform(0.1, 2, n),
        "p_g": rng.uniform(0.1, 2, n),
    }


def _slope_report(function: Answer) -> Report:
    rng = np.random.default_rng(0)
    p_data, p_g = rng.uniform(0.1, 2, size=(2, 1, 5))
    return check_functions(
        lambda logits: (-p_data * softplus(-logits) - p_g * softplus(logits), logits),
        lambda grad_y, logits: grad_y * function(logits, p_data, p_g),
        {"logits": rng.normal(size=(1, 5))},
        rng=0,
    )


slope_of_value = Exercise(
    "slope_of_value",
    returns=["slope"],
    inputs=_logits_and_densities,
    diagnose=_slope_report,
    hints=[
        "f depends on D, and D = sigmoid(a) depends on a. Which two derivatives does the chain rule multiply?",
        "df/dD = p_data / D - p_g / (1 - D), and dD/da = D (1 - D). Multiply, and both fractions disappear.",
        "With d = sigmoid(logits): p_data times (1 - d), less p_g times d.",
    ],
)


@slope_of_value.answer
def _(logits, p_data, p_g):
    slope_real, slope_fake = NON_SATURATING.loss_real(logits)[1], NON_SATURATING.loss_fake(logits)[1]
    return -(p_data * slope_real + p_g * slope_fake)


@slope_of_value.wrong(
    "That is the derivative by D. Asked for is the one by the logit: multiply by dD/da = D (1 - D), and the fractions "
    "disappear."
)
def slope_by_d(logits, p_data, p_g):
    d = sigmoid(logits)
    return p_data / d - p_g / (1 - d)


@slope_of_value.wrong(
    "The sign is reversed. f rises with a where there are more real examples than D says: p_data has the plus."
)
def slope_of_the_loss(logits, p_data, p_g):
    d = sigmoid(logits)
    return p_g * d - p_data * (1 - d)


@slope_of_value.wrong(
    "p_data and p_g have changed places. log D belongs to p_data, with the slope 1 - D by a, and log(1 - D) to p_g."
)
def densities_swapped(logits, p_data, p_g):
    d = sigmoid(logits)
    return p_g * (1 - d) - p_data * d


@slope_of_value.wrong(
    "That is D* - D. It is 0 at the right place, but it is not the slope: the slope is (p_data + p_g) times as large. "
    "D learns fast only where examples are."
)
def distance_to_the_best(logits, p_data, p_g):
    return p_data / (p_data + p_g) - sigmoid(logits)


@slope_of_value.wrong(
    "The chain rule has multiplied by D (1 - D) twice. The fractions 1/D and 1/(1 - D) must cancel: p_data (1 - D) is "
    "what is left of the first term."
)
def chain_rule_twice(logits, p_data, p_g):
    d = sigmoid(logits)
    return (p_data * (1 - d) - p_g * d) * d * (1 - d)


@slope_of_value.wrong("You have used the logit in the place of D. D = sigmoid(logits) is the probability.")
def logit_for_d(logits, p_data, p_g):
    return p_data * (1 - logits) - p_g * logits


@slope_of_value.wrong("Only the real examples are in it. f has two terms, and log(1 - D) pulls D down where p_g is.")
def reals_only(logits, p_data, p_g):
    return p_data * (1 - sigmoid(logits))


# 7.3


def _table_inputs(rng: np.random.Generator) -> Inputs:
    n = int(rng.integers(4, 9))
    return {
        "p_data": rng.uniform(0.1, 2, n),
        "p_g": rng.uniform(0.1, 2, n),
        "rate": float(rng.uniform(0.5, 1.5)),
        "n_steps": int(rng.integers(3, 7)),
    }


train_table = Exercise(
    "train_table",
    returns=["d"],
    inputs=_table_inputs,
    hints=[
        "At the start D says 1/2 everywhere. What are its logits then, and in which direction does V grow?",
        "Begin with zeros of the shape of p_data. In each step add rate times slope_of_value at the logits of now. "
        "Return what D says, not its logits.",
        "logits = np.zeros_like(p_data); n_steps times: logits = logits + rate * slope_of_value(logits, p_data, p_g); "
        "return sigmoid(logits).",
    ],
)


@train_table.answer
def _(p_data, p_g, rate, n_steps):
    logits = Parameter(np.zeros_like(p_data), "logits")
    optimizer = SGD([logits], rate)
    for _ in range(n_steps):
        logits.accumulate(-slope_of_value.right_answer(logits.data, p_data, p_g))
        optimizer.step()
    return sigmoid(logits.data)


def _climbed(p_data, p_g, rate, n_steps):
    """Return the logits after some steps."""
    logits = np.zeros_like(p_data)
    for _ in range(n_steps):
        d = sigmoid(logits)
        logits = logits + rate * (p_data * (1 - d) - p_g * d)
    return logits


@train_table.wrong(
    "D goes down the slope, away from D*. Here you climb V itself, so the step is added; no loss has turned the sign."
)
def descends(p_data, p_g, rate, n_steps):
    return sigmoid(_climbed(p_data, p_g, -rate, n_steps))


@train_table.wrong("Those are the logits. Return what D says: the sigmoid of them.")
def logits_returned(p_data, p_g, rate, n_steps):
    return _climbed(p_data, p_g, rate, n_steps)


@train_table.wrong(
    "The slope is computed once, at the start, and used for every step. D has moved since: compute it again each time."
)
def slope_of_the_start(p_data, p_g, rate, n_steps):
    return sigmoid(n_steps * _climbed(p_data, p_g, rate, 1))


@train_table.wrong("That is one step. The function should make n_steps of them; is `return` inside the loop?")
def one_step(p_data, p_g, rate, n_steps):
    return sigmoid(_climbed(p_data, p_g, rate, 1))


@train_table.wrong(
    "That is D before the last step: the sigmoid is taken and then the logits move once more. Take it after the loop."
)
def last_step_missing(p_data, p_g, rate, n_steps):
    return sigmoid(_climbed(p_data, p_g, rate, n_steps - 1))


@train_table.wrong(
    "That is D* itself, where the climb ends. After n_steps it has not arrived, and the lesson looks at it on its way."
)
def straight_to_the_top(p_data, p_g, rate, n_steps):
    return p_data / (p_data + p_g)


@train_table.wrong(
    "The slope by the logit is added to D. The logits are what is learned: keep them, and take the sigmoid at the end. "
    "D itself could leave the range from 0 to 1."
)
def steps_of_d(p_data, p_g, rate, n_steps):
    d = np.full_like(p_data, 0.5)
    for _ in range(n_steps):
        d = d + rate * (p_data * (1 - d) - p_g * d)
    return d


# 7.4


def _grid_inputs(rng: np.random.Generator) -> Inputs:
    n = int(rng.integers(6, 12))
    x = np.cumsum(rng.uniform(0.2, 1.5, n))
    p_data, p_g = rng.uniform(0.1, 2, size=(2, n))
    return {
        "d": rng.uniform(0.05, 0.95, n),
        "p_data": p_data / np.trapezoid(p_data, x),
        "p_g": p_g / np.trapezoid(p_g, x),
        "x": x,
    }


value_function = Exercise(
    "value_function",
    returns=["value"],
    inputs=_grid_inputs,
    hints=[
        "Which number does each x add to the integral? And how wide is the piece of the grid that it stands for?",
        "The integrand is an array: p_data log D + p_g log(1 - D). np.trapezoid(y, x) integrates it, also where the "
        "grid is uneven.",
        "np.trapezoid of p_data * np.log(d) + p_g * np.log(1 - d), over x.",
    ],
)


@value_function.answer
def _(d, p_data, p_g, x):
    return adversarial.value_function(d, p_data, p_g, x)


@value_function.wrong("That is the plain sum. An integral needs the widths of the grid: np.trapezoid(y, x).")
def sum_without_widths(d, p_data, p_g, x):
    return (p_data * np.log(d) + p_g * np.log(1 - d)).sum()


@value_function.wrong(
    "You have used one width for all pieces, and this grid is uneven. np.trapezoid(y, x) knows how wide each piece is."
)
def even_grid(d, p_data, p_g, x):
    return (p_data * np.log(d) + p_g * np.log(1 - d)).sum() * (x[1] - x[0])


@value_function.wrong("np.trapezoid got no x, so it took every piece for 1 wide. Give it the grid: np.trapezoid(y, x).")
def grid_forgotten(d, p_data, p_g, x):
    return np.trapezoid(p_data * np.log(d) + p_g * np.log(1 - d))


@value_function.wrong("That is -V, the loss of D. The value itself is never above 0.")
def loss_of_d(d, p_data, p_g, x):
    return -np.trapezoid(p_data * np.log(d) + p_g * np.log(1 - d), x)


@value_function.wrong(
    "The densities are missing. A mean over p_data weighs log D at each x by how many real examples are there."
)
def weights_forgotten(d, p_data, p_g, x):
    return np.trapezoid(np.log(d) + np.log(1 - d), x)


@value_function.wrong(
    "The densities have changed places. log D is what D wins on real examples, so it is weighed by p_data."
)
def weights_swapped(d, p_data, p_g, x):
    return np.trapezoid(p_g * np.log(d) + p_data * np.log(1 - d), x)


@value_function.wrong("That is V in bits. The paper's logarithm is the natural one, np.log: its value is in nats.")
def in_bits(d, p_data, p_g, x):
    return np.trapezoid(p_data * np.log2(d) + p_g * np.log2(1 - d), x)


# 7.5


def _density_inputs(rng: np.random.Generator) -> Inputs:
    n = int(rng.integers(4, 9))
    return {"logits": rng.normal(scale=1.5, size=n), "p_g": rng.uniform(0.1, 2, n)}


data_density_from_d = Exercise(
    "data_density_from_d",
    returns=["p_data"],
    inputs=_density_inputs,
    hints=[
        "D* = p_data / (p_data + p_g). What is D* / (1 - D*)?",
        "D* / (1 - D*) = p_data / p_g. And for D = sigmoid(a), D / (1 - D) is a simple function of a.",
        "sigmoid(a) / (1 - sigmoid(a)) = exp(a), so p_data is p_g times np.exp(logits).",
    ],
)


@data_density_from_d.answer
def _(logits, p_g):
    d = sigmoid(logits)
    return p_g * d / (1 - d)


@data_density_from_d.wrong(
    "That is the ratio p_data / p_g. Multiply it by p_g, which you know, and the density of the data is left."
)
def ratio_alone(logits, p_g):
    return np.exp(logits)


@data_density_from_d.wrong(
    "The ratio is upside down: exp(-a) is p_g / p_data. Where D says 'real', the logit is positive, and p_data > p_g."
)
def ratio_turned_over(logits, p_g):
    return p_g * np.exp(-logits)


@data_density_from_d.wrong(
    "D is the share of p_data in the sum p_data + p_g, and you have multiplied it by p_g alone. Solve the formula of "
    "D* for p_data."
)
def share_for_ratio(logits, p_g):
    return p_g * sigmoid(logits)


@data_density_from_d.wrong("The logit is the logarithm of p_data / p_g. Take its exponential, then multiply by p_g.")
def logarithm_of_the_ratio(logits, p_g):
    return p_g * logits


@data_density_from_d.wrong("D / (1 - D) is right, but the logit is not D. With D = sigmoid(a) it becomes exp(a).")
def odds_of_the_logit(logits, p_g):
    return p_g * logits / (1 - logits)
