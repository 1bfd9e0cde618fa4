"""The density of G(z): exact where one can write it down, and without losing mass where G folds or is flat."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tinygan.adversarial import NoisePrior, pushforward_density
from tinygan.layers import Layer, LeakyReLU, Linear, ReLU, Sequential, Sigmoid, Tanh, constant, normal

UNIFORM, GAUSSIAN = NoisePrior("uniform", 1), NoisePrior("gaussian", 1)
PRIORS = {"uniform": UNIFORM, "gaussian": GAUSSIAN}
CDFS = {"uniform": stats.uniform(-1, 2).cdf, "gaussian": stats.norm.cdf}
kinds = st.sampled_from(["uniform", "gaussian"])
# Uniform cells are spread exactly. A Gaussian is taken as flat over each of 2048 cells of width h = 16 / 2048, which
# misses its distribution function by up to h^2 / 8 max(abs(p_z')) = 1.9e-6 at either end of an interval.
SPREADING_ERROR = {"uniform": 1e-11, "gaussian": 4e-6}


class Function(Layer):
    """A generator that is any function of one number."""

    def __init__(self, function):
        self.function = function

    def forward(self, x, *, rng=None):
        return self.function(x), None

    def backward_input(self, grad_y, cache):
        raise NotImplementedError


def edges_of(x):
    """The ends of the cells that the grid points stand for: the midpoints, and as far again at both ends."""
    middles = (x[1:] + x[:-1]) / 2
    return np.concatenate([[x[0] - (middles[0] - x[0])], middles, [x[-1] + (x[-1] - middles[-1])]])


def masses(density, x):
    return density * np.diff(edges_of(x))


def random_network(seed, activation):
    rng = np.random.default_rng(seed)
    options = {"weight_init": normal(1.2), "bias_init": normal(0.7), "rng": rng, "dtype": np.float64}
    return Sequential(Linear(1, 5, **options), activation, Linear(5, 5, **options), activation, Linear(5, 1, **options))


@st.composite
def grids(draw, low=-10.0, high=10.0):
    """Evenly spaced or not, from low to high."""
    n = draw(st.integers(2, 120))
    if draw(st.booleans()):
        return np.linspace(low, high, n)
    steps = np.random.default_rng(draw(st.integers(0, 2**32 - 1))).uniform(0.1, 1, n - 1)
    return low + (high - low) * np.concatenate([[0], steps.cumsum()]) / steps.sum()


activations = st.sampled_from([Tanh(), ReLU(), Sigmoid(), LeakyReLU(0.1)])

# --- mass -------------------------------------------------------------------------------------------------------------


@given(kind=kinds, seed=st.integers(0, 10_000), activation=activations, data=st.data())
def test_all_mass_arrives_wherever_a_network_folds_or_is_flat(kind, seed, activation, data):
    G = random_network(seed, activation)
    images = G(np.linspace(-8, 8, 1001)[:, None])
    x = data.draw(grids(float(images.min()) - 3, float(images.max()) + 3))
    density = pushforward_density(G, PRIORS[kind], x)
    assert (density >= -1e-12).all()
    assert abs(masses(density, x).sum() - 1) < 1e-9


@given(kind=kinds, value=st.floats(-9.9, 9.9), x=grids())
def test_a_constant_generator_puts_all_mass_into_one_cell(kind, value, x):
    G = Linear(1, 1, weight_init=constant(0.0), bias_init=constant(value), dtype=np.float64)
    mass = masses(pushforward_density(G, PRIORS[kind], x), x)
    assert abs(mass.sum() - 1) < 1e-12
    edges = edges_of(x)
    there = (edges[:-1] <= value) & (value <= edges[1:])  # two cells where the value is an edge
    assert abs(mass[there].sum() - 1) < 1e-12


@pytest.mark.parametrize("value", [-1e6, -5.0, 5.0, 1e6])
def test_a_constant_generator_far_from_a_grid_leaves_it_empty(value):
    G = Linear(1, 1, weight_init=constant(0.0), bias_init=constant(value))
    np.testing.assert_array_equal(pushforward_density(G, UNIFORM, np.linspace(-4, 4, 33)), 0)


@given(kind=kinds, x=grids(-0.8, 1.1), scale=st.floats(0.5, 3), shift=st.floats(-1, 1))
def test_mass_outside_of_the_grid_is_not_counted(kind, x, scale, shift):
    G = Function(lambda z: scale * z + shift)
    edges = edges_of(x)
    inside = np.diff(CDFS[kind]((edges[[0, -1]] - shift) / scale))[0]
    np.testing.assert_allclose(
        masses(pushforward_density(G, PRIORS[kind], x), x).sum(), inside, atol=SPREADING_ERROR[kind]
    )


def test_a_saturated_generator_keeps_its_two_lumps():
    """tanh(50 z) of a uniform z is almost always -1 or 1."""
    x = np.linspace(-2, 2, 41)
    mass = masses(pushforward_density(Function(lambda z: np.tanh(50 * z)), UNIFORM, x), x)
    assert abs(mass.sum() - 1) < 1e-12
    assert mass[np.abs(np.abs(x) - 1) < 0.01].sum() > 0.9
    np.testing.assert_allclose(mass, mass[::-1], atol=1e-12)


# --- densities that one can write down --------------------------------------------------------------------------------


@given(kind=kinds, scale=st.floats(-3, 3).filter(lambda a: abs(a) > 0.05), shift=st.floats(-3, 3), x=grids())
def test_affine_generators_stretch_and_shift_the_prior(kind, scale, shift, x):
    G = Linear(1, 1, weight_init=constant(scale), bias_init=constant(shift), dtype=np.float64)
    exact = np.abs(np.diff(CDFS[kind]((edges_of(x) - shift) / scale)))
    got = masses(pushforward_density(G, PRIORS[kind], x), x)
    np.testing.assert_allclose(got, exact, atol=SPREADING_ERROR[kind])


MONOTONE = {
    "tanh": (np.tanh, np.arctanh, -1, 1),
    "exp": (np.exp, np.log, 0, math.inf),
    "cube": (lambda z: z**3, np.cbrt, -math.inf, math.inf),
    "falling logistic": (lambda z: 1 / (1 + np.exp(2 * z)), lambda x: np.log(1 / x - 1) / 2, 0, 1),
}


@pytest.mark.parametrize("kind", PRIORS)
@pytest.mark.parametrize(("function", "inverse", "low", "high"), MONOTONE.values(), ids=MONOTONE.keys())
def test_monotone_generators_follow_the_change_of_variables(function, inverse, low, high, kind):
    """The mass between two points is that of the prior between where they come from."""
    x = np.linspace(-3.03, 3.01, 151)
    edges = edges_of(x)
    with np.errstate(divide="ignore"):
        origins = inverse(np.clip(edges, low, high))
    exact = np.abs(np.diff(CDFS[kind](origins)))
    got = masses(pushforward_density(Function(function), PRIORS[kind], x, n_cells=8192), x)
    np.testing.assert_allclose(got, exact, atol=2e-4)
    assert abs(got - exact).mean() < 1e-5


@pytest.mark.parametrize("kind", PRIORS)
def test_monotone_generators_have_the_density_of_the_prior_over_the_slope(kind):
    """p_g(x) = p_z(z) / abs(G'(z)) at x = G(z), for G(z) = z + z^3 / 3."""
    z = np.linspace(-0.9, 0.9, 400)
    x = z + z**3 / 3
    p_z = np.full(400, 0.5) if kind == "uniform" else stats.norm.pdf(z)
    got = pushforward_density(Function(lambda z: z + z**3 / 3), PRIORS[kind], x, n_cells=20_000)
    np.testing.assert_allclose(got, p_z / (1 + z**2), rtol=2e-3)


def absolute_value(center):
    """z -> abs(z - center) from two ReLUs."""
    there_and_back = Linear(
        1, 2, weight_init=lambda *_: np.array([[1.0, -1.0]]), bias_init=lambda *_: np.array([-center, center])
    )
    return Sequential(there_and_back, ReLU(), Linear(2, 1, weight_init=constant(1.0), dtype=np.float64))


@given(center=st.floats(-1.5, 1.5), kind=kinds, x=grids(-1.0, 4.0))
def test_a_fold_adds_up_both_of_its_sides(center, kind, x):
    G = absolute_value(center)
    edges = np.maximum(edges_of(x), 0)
    cdf = CDFS[kind]
    exact = np.diff(cdf(center + edges) - cdf(center - edges))
    got = masses(pushforward_density(G, PRIORS[kind], x), x)
    cell = 1 / 2048 if kind == "uniform" else 16 / 2048 * 0.4
    np.testing.assert_allclose(got, exact, atol=1.1 * cell)  # the cell that holds the fold is spread over one side
    on_grid = cdf(center + edges[-1]) - cdf(center - edges[-1])
    assert abs(got.sum() - on_grid) < 1e-5


@pytest.mark.parametrize("kind", PRIORS)
def test_a_parabola_piles_up_at_its_turning_point(kind):
    """x = z^2, whose density 1 / (2 sqrt(x)) for a uniform z has a pole at 0."""
    x = np.linspace(-1, 4, 101)
    edges = np.sqrt(np.maximum(edges_of(x), 0))
    exact = np.diff(CDFS[kind](edges) - CDFS[kind](-edges))
    got = masses(pushforward_density(Function(np.square), PRIORS[kind], x), x)
    np.testing.assert_allclose(got, exact, atol=5e-5)


# --- against samples --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", PRIORS)
@pytest.mark.parametrize("activation", [Tanh(), ReLU(), Sigmoid()], ids=repr)
@pytest.mark.parametrize("seed", range(3))
def test_random_networks_agree_with_a_histogram_of_their_samples(kind, activation, seed):
    G, prior, n, n_cells = random_network(seed, activation), PRIORS[kind], 200_000, 16_384
    samples = G(prior.sample(n, rng=seed, dtype=np.float64))[:, 0]
    low, high = np.quantile(samples, [0.01, 0.98])
    x = np.linspace(low, high + 0.1, 40)  # some samples lie outside
    counts, _ = np.histogram(samples, edges_of(x))
    expected = n * masses(pushforward_density(G, prior, x, n_cells=n_cells), x)
    tolerance = 5 * np.sqrt(expected + 1) + 4 * n / n_cells
    assert (np.abs(counts - expected) < tolerance).all()


# --- the rest of the contract -----------------------------------------------------------------------------------------


def test_the_density_is_float64_of_the_shape_of_the_grid_also_for_a_float32_generator():
    density = pushforward_density(Linear(1, 1, rng=0), GAUSSIAN, np.linspace(-1, 1, 7, dtype=np.float32))
    assert density.dtype == np.float64
    assert density.shape == (7,)


def test_the_bounds_of_the_uniform_prior_count():
    G = Linear(1, 1, weight_init=constant(1.0))
    density = pushforward_density(G, NoisePrior("uniform", 1, low=2.0, high=4.0), np.linspace(0, 6, 61))
    np.testing.assert_allclose(density[25:36], 0.5, rtol=1e-9)
    np.testing.assert_allclose(density[:19], 0, atol=1e-12)


@given(seed=st.integers(0, 1000))
def test_finer_cells_do_not_change_what_coarse_ones_say_by_more_than_a_coarse_cell(seed):
    G, x = random_network(seed, Tanh()), np.linspace(-6, 6, 81)
    coarse, fine = (pushforward_density(G, UNIFORM, x, n_cells=n) for n in (512, 4096))
    assert np.abs(masses(coarse, x).cumsum() - masses(fine, x).cumsum()).max() < 10 / 512
