"""KL, JSD and W1 over random pairs of distributions: bounds, closed forms, and the oracle of SciPy."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, special, stats
from support.pairs import distributions, gaussians, grid_over, on_grid, pairs

from tinygan.adversarial import jensen_shannon_divergence, kullback_leibler, wasserstein_distance
from tinygan.data import Gaussian, Laplace, Uniform

X = np.linspace(0, 1, 11)
LEFT, EVEN = np.where(X < 0.45, 1.0, 0.0), np.ones(11)


@given(pair=pairs())
def test_the_jsd_is_symmetric_and_between_0_and_log_2(pair):
    p, q, x = pair
    jsd = jensen_shannon_divergence(p, q, x)
    assert -1e-12 <= jsd <= math.log(2) + 1e-12
    assert abs(jsd - jensen_shannon_divergence(q, p, x)) < 1e-13


@given(p=distributions)
def test_the_jsd_of_equals_is_exactly_0(p):
    x = grid_over(p)
    assert jensen_shannon_divergence(p.pdf(x), p.pdf(x), x) == 0
    assert kullback_leibler(p.pdf(x), p.pdf(x), x) == 0


@given(pair=pairs())
def test_the_jsd_is_0_only_for_equals(pair):
    """Pinsker's inequality: each divergence to the middle is at least half the square of the L1 distance to it."""
    p, q, x = pair
    total_variation = integrate.trapezoid(np.abs(p - q), x) / 2
    assert jensen_shannon_divergence(p, q, x) >= total_variation**2 / 2 - 1e-12
    assert jensen_shannon_divergence(p, q, x) <= total_variation * math.log(2) + 1e-12  # Lin 1991, theorem 3


@given(pair=pairs())
def test_the_jsd_is_half_of_each_divergence_to_the_middle(pair):
    p, q, x = pair
    middle = (p + q) / 2
    halves = (kullback_leibler(p, middle, x) + kullback_leibler(q, middle, x)) / 2
    assert abs(jensen_shannon_divergence(p, q, x) - halves) < 1e-12


@given(pair=pairs())
def test_the_jsd_is_an_integral_of_relative_entropies(pair):
    p, q, x = pair
    middle = (p + q) / 2
    terms = special.rel_entr(p, middle) + special.rel_entr(q, middle)
    assert abs(jensen_shannon_divergence(p, q, x) - integrate.trapezoid(terms, x) / 2) < 1e-12


def test_the_jsd_of_strangers_is_log_2():
    x = np.linspace(0, 1, 101)
    p, q = np.where(x < 0.4, 1.0, 0.0), np.where(x > 0.6, 3.0, 0.0)
    assert abs(jensen_shannon_divergence(p, q, x) - math.log(2)) < 1e-12


def test_the_jsd_is_finite_where_a_density_is_the_smallest_float():
    """Half of the smallest float is 0, so (p + q) / 2 is 0 at such a place while p is not."""
    x = np.linspace(0, 1, 101)
    p, q = np.where(x < 0.4, 1.0, 0.0), np.where(x > 0.6, 1.0, 0.0)
    p[45:55] = [k * np.finfo(float).smallest_subnormal for k in range(10)]
    assert abs(jensen_shannon_divergence(p, q, x) - math.log(2)) < 1e-12
    x = np.linspace(-10, 90, 4001)
    assert abs(jensen_shannon_divergence(Gaussian(0, 1).pdf(x), Gaussian(80, 1).pdf(x), x) - math.log(2)) < 1e-12


@given(pair=pairs())
def test_the_kullback_leibler_divergence_is_an_integral_of_relative_entropies_and_not_negative(pair):
    p, q, x = pair
    kl = kullback_leibler(p, q, x)
    assert kl >= -1e-12
    np.testing.assert_allclose(kl, integrate.trapezoid(special.rel_entr(p, q), x), rtol=1e-9, atol=1e-12)


@given(p=gaussians, shift=st.floats(-3, 3), ratio=st.floats(0.5, 3))
def test_the_kullback_leibler_divergence_of_gaussians_has_its_closed_form(p, shift, ratio):
    q = Gaussian(p.mean + shift * p.std, ratio * p.std)
    x = np.linspace(p.mean - 12 * p.std, p.mean + 12 * p.std, 4001)
    closed_form = math.log(ratio) + (1 + shift**2) / (2 * ratio**2) - 0.5
    mass_on_the_grid = np.diff(stats.norm(q.mean, q.std).cdf(x[[0, -1]]))[0]  # q is normalised there
    got = kullback_leibler(p.pdf(x), q.pdf(x), x)
    np.testing.assert_allclose(got, closed_form + math.log(mass_on_the_grid), rtol=1e-6, atol=1e-7)


def test_the_kullback_leibler_divergence_is_infinite_where_only_q_vanishes():
    assert kullback_leibler(EVEN, LEFT, X) == math.inf
    assert math.isfinite(kullback_leibler(LEFT, EVEN, X))


@given(pair=pairs(), factors=st.tuples(st.floats(0.01, 100), st.floats(0.01, 100)))
def test_every_divergence_normalises_densities_on_the_grid(pair, factors):
    p, q, x = pair
    a, b = factors
    for divergence in (jensen_shannon_divergence, kullback_leibler, wasserstein_distance):
        np.testing.assert_allclose(divergence(a * p, b * q, x), divergence(p, q, x), rtol=1e-9, atol=1e-12)


def test_divergences_are_python_floats():
    for divergence in (jensen_shannon_divergence, kullback_leibler, wasserstein_distance):
        assert type(divergence(EVEN.astype(np.float32), EVEN, X)) is float


@given(p=distributions, q=distributions)
def test_the_wasserstein_distance_agrees_with_scipy(p, q):
    x = grid_over(p, q)
    p, q = on_grid(p, x), on_grid(q, x)
    weight = np.gradient(x)  # the mass of the trapezoid rule, put on the points
    oracle = stats.wasserstein_distance(x, x, p * weight + 1e-300, q * weight + 1e-300)
    assert abs(wasserstein_distance(p, q, x) - oracle) < 2 * np.diff(x).max()
    assert abs(wasserstein_distance(p, q, x) - wasserstein_distance(q, p, x)) < 1e-12


@given(p=gaussians, shift=st.floats(-3, 3))
def test_moving_everything_by_a_shift_costs_the_shift(p, shift):
    q = Gaussian(p.mean + shift, p.std)
    x = grid_over(p, q, n=4001)
    np.testing.assert_allclose(wasserstein_distance(p.pdf(x), q.pdf(x), x), abs(shift), rtol=2e-4, atol=1e-4)


def test_the_wasserstein_distance_counts_in_the_units_of_x():
    p, q = Laplace(0, 1), Uniform(-1, 3)
    x = grid_over(p, q)
    once = wasserstein_distance(p.pdf(x), q.pdf(x), x)
    np.testing.assert_allclose(wasserstein_distance(p.pdf(x), q.pdf(x), 7 * x), 7 * once, rtol=1e-12)
    assert wasserstein_distance(p.pdf(x), p.pdf(x), x) == 0
