"""The prior p_z: what it draws, and the cells that its density is cut into."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tinygan.adversarial import NoisePrior

PRIORS = {
    "uniform": NoisePrior("uniform", 3),
    "wide uniform": NoisePrior("uniform", 3, low=-math.sqrt(3), high=math.sqrt(3)),
    "shifted uniform": NoisePrior("uniform", 3, low=2.0, high=2.5),
    "gaussian": NoisePrior("gaussian", 3),
    "spherical": NoisePrior("spherical", 3),
}
every_prior = pytest.mark.parametrize("prior", PRIORS.values(), ids=PRIORS.keys())
N = 20_000


@every_prior
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_draws_have_the_shape_and_the_dtype_asked_for(prior, dtype):
    z = prior.sample(7, rng=0, dtype=dtype)
    assert z.shape == (7, 3)
    assert z.dtype == dtype
    assert prior.sample(1, rng=0).dtype == np.float32


@every_prior
def test_the_same_seed_gives_the_same_noise_and_another_seed_another(prior):
    np.testing.assert_array_equal(prior.sample(5, rng=3), prior.sample(5, rng=3))
    assert (prior.sample(5, rng=3) != prior.sample(5, rng=4)).all()


@every_prior
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_draws_from_one_stream_continue_each_other(prior, dtype):
    rng = np.random.default_rng(5)
    parts = [prior.sample(m, rng=rng, dtype=dtype) for m in (2, 1, 4)]
    np.testing.assert_array_equal(np.concatenate(parts), prior.sample(7, rng=np.random.default_rng(5), dtype=dtype))


@every_prior
def test_the_global_random_state_is_left_alone(prior):
    before = np.random.get_state()[1].copy()  # noqa: NPY002  the very thing that must not move
    prior.sample(10, rng=0)
    prior.sample(10)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def check_moments(z: np.ndarray, mean: float, variance: float, fourth_moment: float) -> None:
    """Mean, variance and covariances of N draws of 3 numbers each, within 5 standard errors."""
    error_of_mean = math.sqrt(variance / len(z))
    error_of_variance = math.sqrt((fourth_moment - variance**2) / len(z))
    np.testing.assert_allclose(z.mean(axis=0), mean, atol=5 * error_of_mean)
    covariance = np.cov(z.T)
    np.testing.assert_allclose(np.diag(covariance), variance, atol=5 * error_of_variance)
    np.testing.assert_allclose(covariance - np.diag(np.diag(covariance)), 0, atol=5 * variance / math.sqrt(len(z)))


@pytest.mark.parametrize(("low", "high"), [(-1.0, 1.0), (-math.sqrt(3), math.sqrt(3)), (2.0, 2.5), (-4.0, 1.0)])
def test_the_uniform_prior_fills_its_interval_evenly(low, high):
    z = NoisePrior("uniform", 3, low=low, high=high).sample(N, rng=1, dtype=np.float64)
    width = high - low
    assert z.min() >= low
    assert z.max() <= high
    check_moments(z, (low + high) / 2, width**2 / 12, width**4 / 80)
    assert stats.kstest(z.ravel(), stats.uniform(low, width).cdf).pvalue > 0.01


def test_the_uniform_prior_keeps_its_bounds_in_float32():
    z = NoisePrior("uniform", 5, low=-math.sqrt(3), high=math.sqrt(3)).sample(N, rng=1)
    bound = np.nextafter(np.float32(math.sqrt(3)), np.float32(2))  # one rounding
    assert abs(z).max() <= bound
    assert abs(z).max() > 0.999 * bound


def test_the_gaussian_prior_is_standard_normal():
    z = NoisePrior("gaussian", 3).sample(N, rng=1, dtype=np.float64)
    check_moments(z, 0.0, 1.0, 3.0)
    assert stats.kstest(z.ravel(), stats.norm.cdf).pvalue > 0.01


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_spherical_prior_lies_on_the_unit_sphere(dtype):
    z = NoisePrior("spherical", 3).sample(N, rng=1, dtype=dtype)
    np.testing.assert_allclose(np.linalg.norm(z, axis=1), 1, rtol=4 * np.finfo(dtype).eps)


def test_the_spherical_prior_has_no_favourite_direction():
    z = NoisePrior("spherical", 3).sample(N, rng=1, dtype=np.float64)
    check_moments(z, 0.0, 1 / 3, 1 / 5)
    # Archimedes: every coordinate of a point on the sphere in three dimensions is uniform on [-1, 1]
    for coordinate in z.T:
        assert stats.kstest(coordinate, stats.uniform(-1, 2).cdf).pvalue > 0.01


# --- cells ------------------------------------------------------------------------------------------------------------


@given(
    low=st.floats(-10, 10),
    width=st.floats(0.01, 20),
    n_cells=st.integers(1, 300),
)
def test_uniform_cells_share_the_interval_and_the_probability_equally(low, width, n_cells):
    edges, probability = NoisePrior("uniform", 1, low=low, high=low + width).cells(n_cells)
    assert edges.shape == (n_cells + 1,)
    assert (edges[0], edges[-1]) == (low, low + width)
    np.testing.assert_allclose(np.diff(edges), width / n_cells, rtol=1e-9)
    expected = np.diff(stats.uniform(low, width).cdf(edges))
    np.testing.assert_allclose(probability, expected, atol=1e-12)
    assert abs(probability.sum() - 1) < 1e-12


@given(n_cells=st.integers(1, 300))
def test_gaussian_cells_have_the_probability_of_a_standard_normal(n_cells):
    edges, probability = NoisePrior("gaussian", 1).cells(n_cells)
    assert edges.shape == (n_cells + 1,)
    assert (edges[0], edges[-1]) == (-8, 8)
    np.testing.assert_allclose(np.diff(edges), 16 / n_cells, rtol=1e-9)
    np.testing.assert_allclose(probability, np.diff(stats.norm.cdf(edges)), atol=3e-15)
    assert abs(probability.sum() - 1) < 1e-12


def test_gaussian_cells_have_no_negative_probability():
    _, probability = NoisePrior("gaussian", 1).cells(10_000)
    assert (probability >= 0).all()
    np.testing.assert_allclose(probability, probability[::-1], atol=1e-15)


def test_cells_agree_with_draws():
    for kind in ("uniform", "gaussian"):
        prior = NoisePrior(kind, 1)
        edges, probability = prior.cells(20)
        counts, _ = np.histogram(prior.sample(N, rng=2, dtype=np.float64), edges)
        assert (np.abs(counts - N * probability) <= 5 * np.sqrt(N * probability) + 1).all()
