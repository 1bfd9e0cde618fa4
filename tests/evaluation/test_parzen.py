"""The Parzen window, the bandwidth search and Table 1's row, against SciPy, against calculus and on MNIST."""

import gzip
import math
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.oracle import log_densities

from tinygan.evaluation import (
    FINE_BANDWIDTHS,
    PAPER_BANDWIDTHS,
    ParzenWindow,
    bandwidth,
    kernel_sums,
    parzen_log_likelihood,
    search_bandwidth,
)

both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def images(seed, n, d=64, dtype=np.float64):
    """Return n points near ten prototypes, with values in [0, 1]."""
    prototypes = np.random.default_rng(0).random((10, d))
    rng = np.random.default_rng(seed)
    return (prototypes[rng.integers(10, size=n)] + 0.15 * rng.normal(size=(n, d))).clip(0, 1).astype(dtype)


@both_dtypes
@pytest.mark.parametrize("sigma", [0.05, 0.3, 10])
def test_the_window_has_the_density_of_the_formula(sigma, dtype):
    samples, x = images(1, 50, dtype=dtype), images(2, 30, dtype=dtype)
    found = ParzenWindow(samples, sigma).log_density(x)
    assert found.shape == (30,)
    assert found.dtype == np.float64
    assert abs(found - log_densities(samples, x, [sigma])[:, 0]).max() <= 1e-4


def test_one_sample_makes_one_gaussian():
    x = np.array([[0.3, -2.0]])
    wanted = -((0.3 - 1) ** 2 + (-2.0 - 1) ** 2) / (2 * 0.5**2) - 2 * math.log(0.5 * math.sqrt(2 * math.pi))
    assert ParzenWindow(np.ones((1, 2)), 0.5).log_density(x)[0] == pytest.approx(wanted, rel=1e-6)


@given(st.integers(1, 12), st.floats(0.05, 3), st.integers(0, 99))
def test_a_density_in_one_dimension_integrates_to_one(n, sigma, seed):
    samples = np.random.default_rng(seed).normal(size=(n, 1))
    x = np.linspace(samples.min() - 9 * sigma, samples.max() + 9 * sigma, 4001)
    density = np.exp(ParzenWindow(samples, sigma).log_density(x[:, None]))
    assert np.trapezoid(density, x) == pytest.approx(1, abs=1e-4)


def test_the_window_says_what_it_is():
    assert repr(ParzenWindow(np.ones((2000, 3)), 0.25)) == "ParzenWindow(2,000 samples in 3 dimensions, bandwidth 0.25)"


def test_the_grids():
    np.testing.assert_allclose(PAPER_BANDWIDTHS, np.logspace(-1, 0, 10), rtol=1e-15)
    np.testing.assert_allclose(FINE_BANDWIDTHS[::10], PAPER_BANDWIDTHS, rtol=1e-15)
    assert (np.diff(np.log(FINE_BANDWIDTHS)) < 0.026).all()
    for grid in (PAPER_BANDWIDTHS, FINE_BANDWIDTHS):
        with pytest.raises(ValueError, match="read-only"):
            grid[0] = 1


@both_dtypes
@pytest.mark.parametrize("n", [1, 40, 256, 257, 700])
def test_the_search_finds_the_oracles_curve_and_its_peak(n, dtype):
    samples, validation = images(3, 100, dtype=dtype), images(4, n, dtype=dtype)
    found = search_bandwidth(samples, validation)
    wanted = log_densities(samples, validation, PAPER_BANDWIDTHS).mean(axis=0)
    assert abs(found.curve - wanted).max() <= 1e-3
    assert found.bandwidth == PAPER_BANDWIDTHS[wanted.argmax()]
    assert 0 < wanted.argmax() < 9
    assert isinstance(found.bandwidth, float)
    assert (found.bandwidths == PAPER_BANDWIDTHS).all()


def test_the_search_takes_bandwidths_in_any_order_and_the_first_of_equals():
    samples, validation = images(3, 100), images(4, 50)
    assert search_bandwidth(samples, validation, [5.0, 0.15, 0.15, 0.01]).bandwidth == 0.15
    assert search_bandwidth(samples, validation, [0.7]).bandwidth == 0.7
    assert search_bandwidth(samples, samples, [1e-3, 1.0]).bandwidth == 1e-3  # a window peaks on its own samples


def precisions(monkeypatch):
    """Return the list that every evaluation from now on adds its precision and its number of points to."""
    used, evaluate = [], bandwidth.SharedEvaluator.sums

    def record(self, dtype, rows=None):
        sums = evaluate(self, dtype, rows)
        used.append((dtype, len(sums.nearest)))
        return sums

    monkeypatch.setattr(bandwidth.SharedEvaluator, "sums", record)
    return used


def test_the_search_is_in_float32_where_a_trial_allows_it(monkeypatch):
    used = precisions(monkeypatch)
    samples, validation = images(5, 300, 784, np.float32), images(6, 600, 784, np.float32)
    found = search_bandwidth(samples, validation)
    assert used == [(np.float32, 128), (np.float64, 128), (np.float32, 600)]
    assert abs(found.curve - log_densities(samples, validation, PAPER_BANDWIDTHS).mean(axis=0)).max() <= 3e-4


def test_the_search_is_in_float64_where_float32_is_too_coarse(monkeypatch):
    used = precisions(monkeypatch)
    samples = images(5, 300, 784, np.float32)
    validation = np.repeat(samples, 2, axis=0) + np.float32(0.01) * images(6, 600, 784, np.float32)
    found = search_bandwidth(samples, validation, [0.01, 0.02])
    assert used == [(np.float32, 128), (np.float64, 128), (np.float64, 600)]
    assert abs(found.curve - log_densities(samples, validation, [0.01, 0.02]).mean(axis=0)).max() <= 1e-4


def test_few_examples_are_not_worth_a_trial(monkeypatch):
    used = precisions(monkeypatch)
    search_bandwidth(images(5, 300, 784), images(6, 256, 784))
    assert used == [(np.float64, 256)]


def test_an_error_that_all_points_share_is_taken_off(monkeypatch):
    samples, validation = images(5, 300, 784), images(6, 600, 784)
    wanted = search_bandwidth(samples, validation).curve
    evaluate = bandwidth.SharedEvaluator.sums

    def biased(self, dtype, rows=None):
        sums = evaluate(self, dtype, rows)
        if dtype is np.float32:
            sums.sums[:] *= 1.5
        return sums

    monkeypatch.setattr(bandwidth.SharedEvaluator, "sums", biased)
    assert abs(search_bandwidth(samples, validation).curve - wanted).max() <= 1e-6


def test_one_wild_point_is_among_those_tried(monkeypatch):
    used = precisions(monkeypatch)
    samples, validation = images(5, 300, 784), images(6, 600, 784)
    validation[417] *= 300
    found = search_bandwidth(samples, validation)
    assert used[-1][0] is np.float64
    wanted = log_densities(samples, validation, PAPER_BANDWIDTHS).mean(axis=0)
    assert abs(found.curve - wanted).max() <= 1e-3


def test_the_row_of_table_1_is_the_mean_and_its_standard_error_over_test_examples():
    samples, test, validation = images(7, 200), images(8, 90), images(9, 60)
    row = parzen_log_likelihood(samples, test, validation)
    sigma = PAPER_BANDWIDTHS[log_densities(samples, validation, PAPER_BANDWIDTHS).mean(axis=0).argmax()]
    wanted = log_densities(samples, test, [sigma])[:, 0]
    assert row.bandwidth == sigma == row.search.bandwidth
    assert row.mean == pytest.approx(wanted.mean(), abs=1e-5)
    assert row.standard_error == pytest.approx(np.std(wanted, ddof=0) / math.sqrt(90), rel=1e-6)
    assert str(row) == f"{wanted.mean():.1f} ± {row.standard_error:.1f} nats (sigma {sigma:.4g})"
    assert [type(value) for value in (row.mean, row.standard_error, row.bandwidth)] == [float] * 3
    fine = parzen_log_likelihood(samples, test, validation, FINE_BANDWIDTHS)
    assert fine.search.curve.max() >= row.search.curve.max()
    assert fine.search.curve[::10] == pytest.approx(row.search.curve, abs=1e-4)


def test_the_bandwidth_is_chosen_on_the_validation_examples_alone():
    samples, validation = images(7, 200), images(9, 60)
    row = parzen_log_likelihood(samples, samples[:30] + 1e-3, validation)
    assert row.bandwidth == search_bandwidth(samples, validation).bandwidth
    assert row.bandwidth > search_bandwidth(samples, samples[:30] + 1e-3).bandwidth == PAPER_BANDWIDTHS[0]


def test_one_test_example_has_no_spread():
    assert parzen_log_likelihood(images(7, 20), images(8, 1), images(9, 5)).standard_error == 0


def mnist(name, start, stop):
    """Return some MNIST images as float32 in [0, 1], or skip the test."""
    folder = Path(os.environ.get("TINYGAN_DATA", Path(__file__).parents[3] / "shared" / "data"))
    file = folder / "mnist" / name
    if not file.exists():
        pytest.skip(f"no MNIST: {file} is missing; set TINYGAN_DATA")
    with gzip.open(file) as stream:
        pixels = np.frombuffer(stream.read(16 + 784 * stop)[16 + 784 * start :], np.uint8)
    return pixels.reshape(-1, 784).astype(np.float32) / 255


@pytest.mark.slow
@pytest.mark.data
def test_real_training_images_score_as_they_should():
    # With all 10,000 test and 1,000 validation images: 241.2 ± 2.1 nats at sigma .1668.
    samples = mnist("train-images-idx3-ubyte.gz", 0, 10_000)
    validation = mnist("train-images-idx3-ubyte.gz", 50_000, 50_500)
    test = mnist("t10k-images-idx3-ubyte.gz", 0, 500)
    row = parzen_log_likelihood(samples, test, validation)
    assert row.bandwidth == PAPER_BANDWIDTHS[2] == pytest.approx(0.1668, abs=1e-4)
    assert row.mean == pytest.approx(241.70, abs=0.02)
    assert row.standard_error == pytest.approx(9.72, abs=0.02)
    wanted = log_densities(samples, test[:30], PAPER_BANDWIDTHS)
    assert abs(kernel_sums(samples, test[:30], PAPER_BANDWIDTHS).log_density() - wanted).max() <= 1e-4


@pytest.mark.data
def test_the_curve_on_real_images_keeps_its_promise():
    samples = mnist("train-images-idx3-ubyte.gz", 0, 1000)
    validation = mnist("train-images-idx3-ubyte.gz", 50_000, 51_000)
    wanted = log_densities(samples, validation, PAPER_BANDWIDTHS).mean(axis=0)
    assert abs(search_bandwidth(samples, validation).curve - wanted).max() <= 3e-4
