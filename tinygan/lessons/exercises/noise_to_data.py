"""Lesson 1: gaussian_generator, covariance_factor, generator_slopes, lognormal_density, folded_density."""

from types import SimpleNamespace

import numpy as np

from tinygan.adversarial import NoisePrior, pushforward_density
from tinygan.backend import Array
from tinygan.layers import Linear
from tinygan.lessons.exercise import Exercise, Inputs

# 1.1


def _generator_inputs(rng: np.random.Generator) -> Inputs:
    m, n = rng.choice(np.arange(2, 9), 2, replace=False)
    return {"z": rng.normal(size=(m, n)), "mu": rng.normal(size=n), "L": _lower(rng, n)}


def _lower(rng: np.random.Generator, n: int) -> Array:
    """Return a lower triangular matrix with a positive diagonal below 1."""
    return np.tril(0.3 + 0.6 * rng.random((n, n)))


gaussian_generator = Exercise(
    "gaussian_generator",
    returns=["x"],
    inputs=_generator_inputs,
    hints=[
        "Take one row of z. As a column it becomes mu + L z. What does that look like written as a row?",
        "Transposing a product reverses the order of its factors: the row of x is mu plus the row of z times the "
        "transpose of L. A product of matrices does this for all rows at once.",
        "z @ L.T has one transformed draw in each row, and NumPy adds mu to every row of it.",
    ],
)


@gaussian_generator.answer
def _(z, mu, L):
    layer = Linear(*L.T.shape, weight_init=lambda *_: L.T.copy(), bias_init=lambda *_: mu, dtype=np.float64)
    return layer(z)


@gaussian_generator.wrong(
    "That is L^T z for every draw. L z takes a column, and here each draw is a row: the matrix has to be transposed, "
    "z @ L.T."
)
def row_times_factor(z, mu, L):
    return mu + z @ L


@gaussian_generator.wrong(
    "Here every column is one example. The values are right. Keep one example in each row, as in z: transpose the "
    "result."
)
def examples_in_columns(z, mu, L):
    return mu[:, None] + L @ z.T


@gaussian_generator.wrong("L z takes z as a column, and here each draw is a row of z: transpose the factor, z @ L.T.")
def column_for_row(z, mu, L):
    return mu + L @ z


@gaussian_generator.wrong(
    "All rows come from the first z, so the whole batch is one and the same x. Each row of x has its own row of z."
)
def one_draw_for_all(z, mu, L):
    return mu + np.ones_like(z) * (L @ z[0])


@gaussian_generator.wrong(
    "Only the diagonal of L is used. Each coordinate of x then depends on one coordinate of z, and the cloud cannot "
    "be tilted."
)
def diagonal_alone(z, mu, L):
    return mu + z * np.diag(L)


@gaussian_generator.wrong(
    "z is multiplied by L L^T, the covariance. That spreads the noise twice. The covariance comes out by itself when z "
    "is multiplied by L alone."
)
def covariance_for_factor(z, mu, L):
    return mu + z @ L @ L.T


@gaussian_generator.wrong("mu goes through L as well. It is added last, to L z, so that the mean of x is mu itself.")
def mean_through_factor(z, mu, L):
    return (mu + z) @ L.T


@gaussian_generator.wrong("mu is missing: this cloud lies around 0.")
def mean_forgotten(z, mu, L):
    return z @ L.T


# 1.2


def _covariance_inputs(rng: np.random.Generator) -> Inputs:
    L = _lower(rng, 2)
    return {"covariance": L @ L.T}


covariance_factor = Exercise(
    "covariance_factor",
    returns=["L"],
    inputs=_covariance_inputs,
    hints=[
        "Multiply L by its transpose on paper, with 0 in the upper right corner. Which entry of the product holds only "
        "one unknown?",
        "The upper left entry is l11 squared, which gives l11. The lower left one is l21 times l11, which then gives "
        "l21. The lower right one gives l22.",
        "l11 = sqrt(c11), l21 = c21 / l11, l22 = sqrt(c22 - l21 ** 2); return np.array([[l11, 0], [l21, l22]]).",
    ],
)


@covariance_factor.answer
def _(covariance):
    return np.linalg.cholesky(covariance)


@covariance_factor.wrong(
    "That is the root of each entry. A product of matrices mixes the entries, so its root does too: multiply your L by "
    "its transpose and compare."
)
def root_of_each_entry(covariance):
    return np.sqrt(covariance)


@covariance_factor.wrong(
    "This L has the right standard deviations and no entry for the covariance: x1 and x2 would not know of each other."
)
def deviations_alone(covariance):
    return np.diag(np.sqrt(np.diag(covariance)))


@covariance_factor.wrong(
    "This L is upper triangular, and it is L^T L that gives the covariance. The exercise wants L L^T: transpose it."
)
def upper_factor(covariance):
    return np.linalg.cholesky(covariance).T


@covariance_factor.wrong(
    "Here L L^T is the covariance indeed! A covariance has more than one root, and this is the symmetric one. The "
    "exercise asks for the one that is lower triangular."
)
def symmetric_root(covariance):
    variances, directions = np.linalg.eigh(covariance)
    return directions * np.sqrt(variances) @ directions.T


@covariance_factor.wrong(
    "l22 is the whole standard deviation of x2. A part of its variance, l21 squared, comes from z1 already: take it "
    "off before the root."
)
def variance_twice(covariance):
    L = np.linalg.cholesky(covariance)
    L[1, 1] = np.sqrt(covariance[1, 1])
    return L


@covariance_factor.wrong("l21 is the covariance itself. The lower left entry of L L^T is l21 l11: divide by l11.")
def undivided(covariance):
    l21 = covariance[1, 0]
    return np.array([[np.sqrt(covariance[0, 0]), 0], [l21, np.sqrt(covariance[1, 1] - l21**2)]])


# 1.3


def _slopes_inputs(rng: np.random.Generator) -> Inputs:
    m = int(rng.integers(5, 12))
    return {"slope": rng.normal(0.5, 1, size=m), "z": rng.normal(size=m)}


generator_slopes = Exercise(
    "generator_slopes",
    returns=["slope_mu", "slope_sigma"],
    inputs=_slopes_inputs,
    hints=[
        "J is a mean over the batch, so its slope is the mean of the slopes of the single f(x_i). How does one f(x_i) "
        "change with mu?",
        "By the chain rule, df(x_i)/dmu = f'(x_i) dx_i/dmu. With x_i = mu + sigma z_i, what are dx_i/dmu and "
        "dx_i/dsigma?",
        "dx_i/dmu = 1 and dx_i/dsigma = z_i. So slope_mu is the mean of slope, and slope_sigma the mean of slope * z.",
    ],
)


@generator_slopes.answer
def _(slope, z):
    layer = Linear(1, 1, dtype=np.float64)  # x = z weight + bias: sigma is the weight, and mu the bias
    _, cache = layer.forward(z[:, None])
    layer.backward_params(slope[:, None] / len(z), cache)
    return np.asarray(layer.bias.grad).squeeze(), np.asarray(layer.weight.grad).squeeze()


@generator_slopes.wrong("These are sums over the batch. J is a mean, so its slopes are means: divide by m.")
def sums(slope, z):
    return slope.sum(), (slope * z).sum()


@generator_slopes.wrong(
    "slope_sigma is the slope of mu again. x moves by z when sigma moves by 1: multiply by z first."
)
def noise_forgotten(slope, z):
    return slope.mean(), slope.mean()


@generator_slopes.wrong(
    "slope_sigma is a product of two means. The mean of a product is another number: multiply each slope by its own z, "
    "then take the mean."
)
def product_of_means(slope, z):
    return slope.mean(), slope.mean() * z.mean()


@generator_slopes.wrong(
    "That is how x moves, 1 and z, and not yet how f moves: the factor f'(x) of the chain rule is missing."
)
def judge_forgotten(slope, z):
    return 1.0, z.mean()


@generator_slopes.wrong("The two are right and in the wrong order: slope_mu comes first.")
def other_way_round(slope, z):
    return (slope * z).mean(), slope.mean()


# 1.4


def _lognormal_inputs(rng: np.random.Generator) -> Inputs:
    mu, sigma = float(rng.uniform(-0.5, 0.5)), float(rng.uniform(0.5, 0.8))
    z = np.linspace(-1.5, 1.5, rng.integers(4, 9)) + rng.uniform(0, 0.3)
    return {"x": rng.permutation(np.exp(mu + sigma * z)), "mu": mu, "sigma": sigma}


def _density_at(x, G, prior, n_cells, width):
    """Return the library's p_g in small windows around the points x."""
    order = np.argsort(x)
    grid = (x[order, None] + width * np.array([-1, 0, 1])).ravel()
    density = np.empty_like(x)
    density[order] = pushforward_density(G, prior, grid, n_cells=n_cells)[1::3]
    return density


def _normal_density(z):
    return np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)


lognormal_density = Exercise(
    "lognormal_density",
    returns=["p_g"],
    inputs=_lognormal_inputs,
    tolerance=1e-3,  # the library's is a mean over a small window
    hints=[
        "Which z does G send to this x? Solve x = exp(mu + sigma z) for z.",
        "z = (log x - mu) / sigma, and p_z is the density of N(0, 1) there. The slope of G at this z is sigma "
        "exp(mu + sigma z), and you know another name for exp(mu + sigma z).",
        "The slope is sigma x. So p_g = exp(-z ** 2 / 2) / sqrt(2 pi) / (sigma x), with z = (log x - mu) / sigma.",
    ],
)


@lognormal_density.answer
def _(x, mu, sigma):
    return _density_at(x, lambda z: np.exp(mu + sigma * z), NoisePrior("gaussian", 1), n_cells=2**15, width=1e-3)


@lognormal_density.wrong(
    "That is p_z at the right z, and not yet a density over x. G stretches the piece dz to dx, and its mass is spread "
    "thinner: divide by the slope of G."
)
def not_stretched(x, mu, sigma):
    return _normal_density((np.log(x) - mu) / sigma)


@lognormal_density.wrong(
    "p_z is multiplied by the slope of G. Where G is steep it stretches, and the same mass covers more room: divide."
)
def multiplied_by_the_slope(x, mu, sigma):
    return _normal_density((np.log(x) - mu) / sigma) * sigma * x


@lognormal_density.wrong("The inner derivative is missing: the slope of exp(mu + sigma z) in z has a factor sigma.")
def inner_slope_forgotten(x, mu, sigma):
    return _normal_density((np.log(x) - mu) / sigma) / x


@lognormal_density.wrong(
    "That is the density of log x, a Gaussian. The exponential stretches once more, by its own slope, which is "
    "exp(mu + sigma z) = x."
)
def density_of_the_logarithm(x, mu, sigma):
    return _normal_density((np.log(x) - mu) / sigma) / sigma


@lognormal_density.wrong(
    "The slope of G is taken at x. G is a function of z: take its slope at the z that G sends to x. There it is "
    "sigma x."
)
def slope_at_x(x, mu, sigma):
    return _normal_density((np.log(x) - mu) / sigma) / (sigma * np.exp(mu + sigma * x))


@lognormal_density.wrong(
    "A density has mass 1, and this one has sqrt(2 pi): the Gaussian p_z is exp(-z ** 2 / 2) divided by that number."
)
def mass_not_one(x, mu, sigma):
    return np.exp(-(((np.log(x) - mu) / sigma) ** 2) / 2) / (sigma * x)


@lognormal_density.wrong("p_z is asked at x. It is a density over z: ask it at the z that G sends to x.")
def noise_density_at_x(x, mu, sigma):
    return _normal_density(x) / (sigma * x)


# 1.5


def _folded_inputs(rng: np.random.Generator) -> Inputs:
    """Return a G that turns at almost every point of its grid, and points x inside."""
    n = int(rng.integers(9, 14))
    z, g = np.sort(rng.uniform(-2, 2, size=n)), rng.normal(size=n)
    p_z = rng.uniform(0.5, 1.5, size=n - 1)
    return {"x": rng.uniform(-0.7, 0.7, size=rng.integers(4, 8)), "z": z, "g": g, "p_z": p_z / (p_z * np.diff(z)).sum()}


folded_density = Exercise(
    "folded_density",
    returns=["p_g"],
    inputs=_folded_inputs,
    hints=[
        "Take one x and one cell. When does the straight line from g[i] to g[i + 1] pass through x, and what does it "
        "add to the density there?",
        "It passes through x if x lies between g[i] and g[i + 1], whichever is larger. Then it adds p_z[i] divided by "
        "the size of its slope, (g[i + 1] - g[i]) / (z[i + 1] - z[i]). Add up over the cells.",
        "slope = np.diff(g) / np.diff(z); low = np.minimum(g[:-1], g[1:]); high = np.maximum(g[:-1], g[1:]); "
        "lands = (low <= x[:, None]) & (x[:, None] < high) has a row for each x. Sum lands * p_z / abs(slope) over its "
        "columns, axis 1.",
    ],
)


@folded_density.answer
def _(x, z, g, p_z):
    prior = SimpleNamespace(cells=lambda n_cells: (z, p_z * np.diff(z)))
    return _density_at(x, lambda _: g[:, None], prior, n_cells=len(p_z), width=1e-7)


def _shares(x, z, g, p_z):
    """Return what each cell (columns) adds at each x (rows), and whether it lands there."""
    low, high = np.minimum(g[:-1], g[1:]), np.maximum(g[:-1], g[1:])
    lands = (low <= x[:, None]) & (x[:, None] < high)
    return lands * p_z / np.abs(np.diff(g) / np.diff(z)), lands


@folded_density.wrong(
    "Only the first z that lands on x is counted. Where G folds, several do, and each brings its mass: add up."
)
def first_alone(x, z, g, p_z):
    shares, lands = _shares(x, z, g, p_z)
    return shares[np.arange(len(x)), lands.argmax(axis=1)]


@folded_density.wrong(
    "That is the mean over the z that land on x. Masses that land on one place do not average, they add up."
)
def mean_over_preimages(x, z, g, p_z):
    shares, lands = _shares(x, z, g, p_z)
    return shares.sum(axis=1) / np.maximum(lands.sum(axis=1), 1)


@folded_density.wrong(
    "Where G falls, mass is taken away: the slope there is negative, and the density needs its size. Take abs(slope)."
)
def falling_counts_negative(x, z, g, p_z):
    return (_shares(x, z, g, p_z)[0] * np.sign(np.diff(g))).sum(axis=1)


@folded_density.wrong(
    "p_z is multiplied by the slope. A steep piece spreads the same mass over more x, so it is divided by the slope."
)
def multiplied(x, z, g, p_z):
    return (_shares(x, z, g, p_z)[1] * p_z * np.abs(np.diff(g) / np.diff(z))).sum(axis=1)


@folded_density.wrong(
    "The densities over z are added as they are. First divide each by the size of the slope of G, which says how much "
    "G stretches that cell."
)
def slope_forgotten(x, z, g, p_z):
    return (_shares(x, z, g, p_z)[1] * p_z).sum(axis=1)


@folded_density.wrong(
    "Only the cells in which G rises are counted. Where it falls, x lies between g[i + 1] and g[i]: compare with the "
    "smaller and the larger of the two."
)
def rising_alone(x, z, g, p_z):
    return (_shares(x, z, g, p_z)[0] * (np.diff(g) > 0)).sum(axis=1)
