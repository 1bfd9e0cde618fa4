"""Proposition 1 and Theorem 1 over random pairs of distributions, and how far a D is from the best one."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, special, stats
from support.pairs import overlapping_pairs, pairs

from tinygan.adversarial import (
    NoisePrior,
    discriminator_error,
    discriminator_step,
    jensen_shannon_divergence,
    optimal_discriminator,
    value_from_logits,
    value_function,
    virtual_criterion,
)
from tinygan.data import Gaussian, Gumbel, Laplace, Mixture
from tinygan.layers import Linear, Sequential, Tanh, constant, normal
from tinygan.optim import RMSProp

seeds = st.integers(0, 2**32 - 1)
X = np.linspace(0, 1, 11)
LEFT, RIGHT, EVEN = np.where(X < 0.45, 1.0, 0.0), np.where(X > 0.55, 1.0, 0.0), np.ones(11)

# --- Proposition 1 ----------------------------------------------------------------------------------------------------


@given(pair=pairs())
def test_the_optimal_discriminator_is_the_share_of_the_data(pair):
    p_data, p_g, _ = pair
    d = optimal_discriminator(p_data, p_g)
    assert d.shape == p_data.shape
    assert ((d >= 0) & (d <= 1)).all()
    np.testing.assert_allclose(d * (p_data + p_g), p_data, rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(optimal_discriminator(p_g, p_data), 1 - d, atol=1e-15)


@given(pair=pairs(), factor=st.floats(1e-3, 1e3))
def test_the_optimal_discriminator_does_not_depend_on_a_common_scale(pair, factor):
    p_data, p_g, _ = pair
    scaled = optimal_discriminator(factor * p_data, factor * p_g)
    visible = p_data + p_g > 1e-290
    plain = optimal_discriminator(p_data, p_g)
    np.testing.assert_allclose(scaled[visible], plain[visible], rtol=1e-12, atol=1e-290)


def test_the_optimal_discriminator_is_a_half_where_nothing_is():
    np.testing.assert_array_equal(optimal_discriminator([0.0, 0.0, 1.0], [0.0, 1.0, 0.0]), [0.5, 0.0, 1.0])


@given(pair=overlapping_pairs(), d=st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_no_other_value_of_d_does_better_at_any_point(pair, d):
    p_data, p_g, _ = pair

    def integrand(d):
        return p_data * np.log(d) + p_g * np.log1p(-d)

    best = integrand(optimal_discriminator(p_data, p_g))
    assert (integrand(d) <= best + 1e-14 * (p_data + p_g)).all()


@given(pair=overlapping_pairs(), seed=seeds, size=st.floats(0.03, 3))
def test_every_perturbation_of_the_optimal_discriminator_lowers_v(pair, seed, size):
    p_data, p_g, x = pair
    best = special.logit(optimal_discriminator(p_data, p_g))
    bump = size * np.random.default_rng(seed).normal(size=len(x))
    optimum = value_function(special.expit(best), *pair)
    assert value_function(special.expit(best + bump), *pair) < optimum
    assert value_function(special.expit(best - bump), *pair) < optimum


@given(pair=overlapping_pairs(), seed=seeds)
def test_the_derivative_of_v_vanishes_at_the_optimal_discriminator_and_only_there(pair, seed):
    p_data, p_g, x = pair
    d = optimal_discriminator(p_data, p_g)
    direction = np.random.default_rng(seed).normal(size=len(x)) * d * (1 - d)

    def slope(at, step=1e-4):
        up, down = (value_function(at + by * step * direction, *pair) for by in (1, -1))
        return (up - down) / (2 * step)

    assert abs(slope(d)) < 1e-6
    elsewhere = 0.9 * d + 0.05
    analytic = integrate.trapezoid((p_data / elsewhere - p_g / (1 - elsewhere)) * direction, x)
    np.testing.assert_allclose(slope(elsewhere), analytic, atol=1e-6)


# --- Theorem 1 --------------------------------------------------------------------------------------------------------


@given(pair=overlapping_pairs())
def test_v_at_the_optimal_discriminator_is_minus_log_4_plus_twice_the_jsd(pair):
    p_data, p_g, x = pair
    v = value_function(optimal_discriminator(p_data, p_g), p_data, p_g, x)
    assert abs(v - (-math.log(4) + 2 * jensen_shannon_divergence(p_data, p_g, x))) < 1e-9
    assert abs(v - virtual_criterion(p_data, p_g, x)) < 1e-9


@given(pair=pairs())
def test_theorem_1_holds_from_logits_also_where_d_rounds_to_0_or_1(pair):
    p_data, p_g, x = pair
    with np.errstate(divide="ignore", invalid="ignore"):
        logits = np.where(p_data + p_g > 0, np.log(p_data) - np.log(p_g), 0.0)
    v = value_from_logits(logits, p_data, p_g, x)
    assert abs(v - (-math.log(4) + 2 * jensen_shannon_divergence(p_data, p_g, x))) < 1e-9
    assert abs(v - virtual_criterion(p_data, p_g, x)) < 1e-9


@given(pair=pairs())
def test_minus_log_4_is_the_least_that_the_criterion_can_be(pair):
    p_data, p_g, x = pair
    assert virtual_criterion(p_data, p_g, x) >= -math.log(4) - 1e-12
    assert abs(virtual_criterion(p_data, p_data, x) + math.log(4)) < 1e-12


@given(pair=pairs())
def test_a_discriminator_that_knows_nothing_is_worth_minus_log_4(pair):
    assert abs(value_function(np.full(len(pair.x), 0.5), *pair) + math.log(4)) < 1e-12
    assert abs(value_from_logits(np.zeros(len(pair.x)), *pair) + math.log(4)) < 1e-12


@given(pair=pairs(), seed=seeds)
def test_the_value_from_logits_is_that_of_the_probabilities(pair, seed):
    logits = np.random.default_rng(seed).normal(0, 3, len(pair.x))
    np.testing.assert_allclose(
        value_from_logits(logits, *pair), value_function(special.expit(logits), *pair), rtol=1e-10
    )


@given(pair=pairs(), factors=st.tuples(st.floats(0.01, 100), st.floats(0.01, 100)), logits=st.floats(-4, 4))
def test_every_value_normalises_densities_on_the_grid(pair, factors, logits):
    p, q, x = pair
    a, b = factors
    logits = np.full(len(x), logits) * np.sin(x)
    d = special.expit(logits)
    for value in (
        virtual_criterion,
        lambda p, q, x: value_function(d, p, q, x),
        lambda p, q, x: value_from_logits(logits, p, q, x),
        lambda p, q, x: discriminator_error(d, 0.5, p, q, x),
    ):
        np.testing.assert_allclose(value(a * p, b * q, x), value(p, q, x), rtol=1e-9, atol=1e-12)


# --- edges: all of these once warned, or could ------------------------------------------------------------------------


def test_the_optimal_discriminator_of_the_largest_and_the_smallest_densities():
    np.testing.assert_array_equal(
        optimal_discriminator(np.array([1e308, 5e-324]), np.array([1e308, 5e-324])), [0.5, 0.5]
    )


def test_a_discriminator_that_excludes_what_happens_is_worth_minus_infinity():
    assert value_function(np.zeros(11), EVEN, EVEN, X) == -math.inf
    assert value_function(np.ones(11), EVEN, EVEN, X) == -math.inf
    assert value_from_logits(np.full(11, -math.inf), EVEN, EVEN, X) == -math.inf
    assert value_from_logits(np.full(11, math.inf), EVEN, EVEN, X) == -math.inf


def test_a_discriminator_that_is_sure_where_it_may_be_is_worth_0():
    sure = np.where(X < 0.5, 1.0, 0.0)
    assert value_function(sure, LEFT, RIGHT, X) == 0
    assert value_from_logits(np.where(X < 0.5, math.inf, -math.inf), LEFT, RIGHT, X) == 0


def test_the_value_from_logits_stays_finite_where_probabilities_round():
    assert value_function(special.expit(np.full(11, 50.0)), EVEN, EVEN, X) == -math.inf
    np.testing.assert_allclose(value_from_logits(np.full(11, 50.0), EVEN, EVEN, X), -50, rtol=1e-15)
    np.testing.assert_allclose(value_from_logits(np.full(11, -900.0), EVEN, EVEN, X), -900, rtol=1e-15)


def test_a_discriminator_that_is_not_a_number_has_no_value():
    with pytest.raises(ValueError, match="got d with"):
        value_function(np.full(11, math.nan), EVEN, EVEN, X)
    with pytest.raises(ValueError, match="logits with NaN"):
        value_from_logits(np.full(11, math.nan), EVEN, EVEN, X)


def test_values_are_python_floats():
    assert type(virtual_criterion(EVEN.astype(np.float32), EVEN, X)) is float
    for value in (value_function(EVEN / 2, EVEN, EVEN, X), value_from_logits(0 * X, EVEN, EVEN, X)):
        assert type(value) is float
    assert type(discriminator_error(EVEN / 2, 0.5, EVEN, EVEN, X)) is float


# --- the error of D ---------------------------------------------------------------------------------------------------


@given(pair=pairs(), d=st.floats(0, 1), target=st.floats(0, 1))
def test_a_constant_discriminator_is_off_by_its_distance(pair, d, target):
    p_data, p_g, x = pair
    got = discriminator_error(np.full(len(x), d), target, p_data, p_g, x)
    np.testing.assert_allclose(got, abs(d - target), rtol=1e-9, atol=1e-12)


@given(pair=pairs())
def test_the_error_against_a_half_of_the_optimum_is_half_the_total_variation(pair):
    p_data, p_g, x = pair
    best = optimal_discriminator(p_data, p_g)
    total_variation = integrate.trapezoid(np.abs(p_data - p_g), x) / 2
    np.testing.assert_allclose(discriminator_error(best, 0.5, *pair), total_variation / 2, rtol=1e-9, atol=1e-12)
    assert discriminator_error(best, best, *pair) == 0


def test_the_error_of_d_counts_where_examples_are():
    d = np.where(X < 0.5, 0.9, 0.5)
    # LEFT is met by half of the examples, the real ones
    np.testing.assert_allclose(discriminator_error(d, 0.5, LEFT, RIGHT, X), 0.4 / 2, rtol=1e-12)
    np.testing.assert_allclose(discriminator_error(d, 0.5, RIGHT, LEFT, X), 0.4 / 2, rtol=1e-12)
    np.testing.assert_allclose(discriminator_error(d, 0.5, LEFT, LEFT, X), 0.4, rtol=1e-12)


# --- a trained D approaches D* ----------------------------------------------------------------------------------------


def fixed_linear(scale, shift):
    return Linear(1, 1, weight_init=constant(scale), bias_init=constant(shift), rng=0)


def tanh_density(x):
    """z ~ N(0, 1), x = 3 tanh(z): p_z(z) / abs(dx/dz) at z = artanh(x / 3)."""
    inside = np.abs(x) < 3
    y = np.where(inside, x, 0) / 3
    return np.where(inside, stats.norm.pdf(np.arctanh(y)) / (3 * (1 - y**2)), 0)


# p_data, G, its prior, p_g, and a bound on the mean of abs(D - D*) over the examples that D meets: about 1.5 times the
# worst of 20 seeds. D* of "a sharp edge" jumps, and no continuous D follows.
TOYS = {
    "two Gaussians": (Gaussian(1, 0.7), fixed_linear(1.0, 0.0), "gaussian", stats.norm(0, 1).pdf, 0.012),
    "two modes": (Mixture([(-1.5, 0.6), (1.5, 0.6)]), fixed_linear(1.5, 0.0), "gaussian", stats.norm(0, 1.5).pdf, 0.04),
    "skewed": (Gumbel(0, 1), fixed_linear(1.5, 1.0), "gaussian", stats.norm(1, 1.5).pdf, 0.017),
    "a sharp edge": (Laplace(0, 0.7), fixed_linear(2.0, 0.0), "uniform", stats.uniform(-2, 4).pdf, 0.065),
    "a curved generator": (
        Gaussian(0, 1),
        Sequential(fixed_linear(1.0, 0.0), Tanh(), fixed_linear(3.0, 0.0)),
        "gaussian",
        tanh_density,
        0.02,
    ),
}
N_STEPS = 800


def train_discriminator(data, G, prior, seed):
    D = Sequential(
        Linear(1, 32, weight_init=normal(1.5), bias_init=normal(1.5), rng=seed),
        Tanh(),
        Linear(32, 1, weight_init=normal(0.2), rng=seed + 1),
    )
    optimizer = RMSProp(D.parameters, 0.02)
    rng = np.random.default_rng(seed)
    for step in range(N_STEPS):
        optimizer.learning_rate = 0.02 * 0.02 ** (step / N_STEPS)
        x = data.sample(256, rng=rng).astype(np.float32)
        discriminator_step(D, G, x, prior.sample(256, rng=rng), optimizer)
    return D


@pytest.mark.parametrize("toy", TOYS.values(), ids=TOYS.keys())
def test_a_discriminator_trained_against_a_fixed_generator_approaches_the_optimal_one(toy):
    data, G, kind, density, bound = toy
    before = [theta.data.copy() for theta in G.parameters]
    D = train_discriminator(data, G, NoisePrior(kind, 1), seed=0)

    x = np.linspace(-8, 10, 3001)
    p_data, p_g = data.pdf(x), density(x)
    best = p_data / np.maximum(p_data + p_g, 1e-300)

    def mean_error(d):
        return integrate.trapezoid(np.abs(d - best) * (p_data + p_g) / 2, x)

    assert mean_error(special.expit(D(x[:, None])[:, 0])) < bound
    assert mean_error(0.5) > 0.1  # knowing nothing
    for theta, kept in zip(G.parameters, before, strict=True):
        np.testing.assert_array_equal(theta.data, kept)
