"""Kernel sums: right at every point in every precision, mergeable in any order, and small in memory."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.oracle import log_densities

from tinygan.evaluation import PAPER_BANDWIDTHS, KernelSums, distances, kernel_sums
from tinygan.evaluation import sums as kernels
from tinygan.evaluation.distances import Centred, Differences, Expansion, error_bound, mean_point
from tinygan.evaluation.sums import Evaluator

both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def data(seed, n, m, d, dtype=np.float64, spread=1.0, shift=0.0):
    """Return n samples, and m points of which every other one lies close to a sample."""
    rng = np.random.default_rng(seed)
    samples = spread * rng.random((n, d)) + shift
    x = spread * rng.random((m, d)) + shift
    x[::2] = samples[rng.integers(n, size=len(x[::2]))] + 0.01 * rng.normal(size=x[::2].shape)
    return samples.astype(dtype), x.astype(dtype)


@both_dtypes
@pytest.mark.parametrize("sigma", [0.01, 0.1, 1.0, 10.0])
@pytest.mark.parametrize("d", [1, 2, 31, 784])
@pytest.mark.parametrize("n", [1, 2, 65, 300])
def test_every_log_density_is_the_oracles(n, d, sigma, dtype):
    samples, x = data(n + d, n, 70, d, dtype)
    found = kernel_sums(samples, x, [sigma]).log_density()
    assert found.dtype == np.float64
    assert found.shape == (70, 1)
    assert abs(found - log_densities(samples, x, [sigma])).max() <= 1e-4


@both_dtypes
def test_all_bandwidths_come_from_one_pass_whatever_their_order(dtype):
    samples, x = data(0, 40, 30, 20, dtype)
    sigmas = [0.5, 0.02, 30.0, 0.02, 1.0]
    assert abs(kernel_sums(samples, x, sigmas).log_density() - log_densities(samples, x, sigmas)).max() <= 1e-4


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 9), st.floats(-3, 3), st.integers(0, 99))
def test_log_densities_of_any_size_and_bandwidth(n, m, d, log_sigma, seed):
    samples, x = data(seed, n, m, d)
    sigma = 10**log_sigma
    found, wanted = kernel_sums(samples, x, [sigma]).log_density(), log_densities(samples, x, [sigma])
    assert (abs(found - wanted) <= 1e-3).all()


@pytest.mark.parametrize("tile", [(1, 1), (3, 5), (64, 7), (7, 64), (1000, 1000)])
@pytest.mark.parametrize("strip", [1, 4, 64])
def test_the_tiles_do_not_show(monkeypatch, tile, strip):
    samples, x = data(1, 64, 21, 5)
    monkeypatch.setattr(distances, "TILE", tile)
    for module in (distances, kernels):
        monkeypatch.setattr(module, "PIECE", (strip, tile[1]))
    monkeypatch.setattr(distances, "CHUNK", 17)
    found = kernel_sums(samples, x, PAPER_BANDWIDTHS).log_density()
    assert abs(found - log_densities(samples, x, PAPER_BANDWIDTHS)).max() <= 1e-5


@pytest.mark.parametrize(("n", "m"), [(2047, 65), (2048, 64), (2049, 63), (2049, 1), (3, 2049)])
def test_the_edges_of_the_real_tiles(n, m):
    samples, x = data(2, n, m, 3)
    found = kernel_sums(samples, x, [0.05, 0.5]).log_density()
    assert abs(found - log_densities(samples, x, [0.05, 0.5])).max() <= 1e-4


def test_near_duplicates_at_a_small_bandwidth_are_more_than_float32_can_do_and_are_right():
    samples, x = data(3, 200, 200, 784, np.float32)
    wanted = log_densities(samples, x, [0.01])
    evaluator = Evaluator(samples, x, np.array([0.01]))
    assert abs(evaluator.sums(np.float32).log_density() - wanted).max() > 0.05
    assert evaluator.dtype is np.float64
    assert abs(kernel_sums(samples, x, [0.01]).log_density() - wanted).max() <= 1e-5


def test_centring_saves_points_far_from_the_origin():
    samples, x = data(4, 50, 50, 3, shift=1e6)
    assert Evaluator(samples, x, np.array([0.5])).dtype is np.float32
    assert abs(kernel_sums(samples, x, [0.5]).log_density() - log_densities(samples, x, [0.5])).max() <= 1e-4


def test_where_float64_products_fail_points_are_subtracted():
    samples, x = data(5, 30, 30, 10)
    samples[::2] += 1e6
    x[::3] += 1e6
    evaluator, wanted = Evaluator(samples, x, np.array([0.01])), log_densities(samples, x, [0.01])
    assert evaluator.dtype is None
    assert abs(evaluator.sums(np.float64).log_density() - wanted).max() > 1e-3
    assert abs(kernel_sums(samples, x, [0.01]).log_density() / wanted - 1).max() <= 1e-13


def test_a_sample_counts_as_often_as_it_is_there():
    samples, x = data(6, 10, 10, 4)
    once, thrice = (kernel_sums(np.tile(samples, (k, 1)), x, [0.1, 1]).log_density() for k in (1, 3))
    assert abs(once - thrice).max() <= 1e-6
    lone = kernel_sums(np.repeat(x[:1], 7, axis=0), x[:1], [0.1])
    assert (lone.nearest == 0).all()
    assert abs(lone.sums - 7).max() <= 1e-4


def whole(distances, shape):
    """Return the pieces put together; each place must be filled once."""
    together = np.full(shape, np.nan)
    for rows, columns, piece in distances.pieces():
        assert np.isnan(together[rows, columns]).all()
        together[rows, columns] = piece
    assert not np.isnan(together).any()
    return together


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shift", [0.0, 1.0, 100.0])
def test_no_rough_distance_errs_by_more_than_the_bound(dtype, shift):
    samples, x = data(7, 60, 50, 784, spread=3.0, shift=0.0)
    samples[::4] += shift
    centre, unit = mean_point(samples), 0.3
    points, others = (Centred(y, centre, unit, dtype) for y in (x, samples))
    rough, exact = Expansion(points, others), Differences(x, samples, unit)
    errors = whole(rough, (50, 60)) + rough.offset[:, None] - whole(exact, (50, 60)) - exact.offset[:, None]
    bound = error_bound(points, others) * np.finfo(dtype).eps / 2
    assert bound / 1e5 < abs(errors).max() <= bound


@given(st.data())
def test_sums_over_parts_merge_in_any_grouping_and_order(draw):
    samples, x = data(draw.draw(st.integers(0, 9)), 30, 8, 3)
    sigmas = [0.02, 0.3, 4.0]
    i, j = sorted(draw.draw(st.lists(st.integers(1, 29), min_size=2, max_size=2, unique=True)))
    a, b, c = (kernel_sums(part, x, sigmas) for part in (samples[:i], samples[i:j], samples[j:]))
    whole = kernel_sums(samples, x, sigmas)
    for merged in (a.merge(b).merge(c), a.merge(b.merge(c)), c.merge(a).merge(b)):
        assert merged.count == 30
        assert abs(merged.nearest - whole.nearest).max() <= 1e-5
        assert abs(merged.log_density() - whole.log_density()).max() <= 1e-4
    first, second = a.merge(b).merge(c), a.merge(b.merge(c))
    assert (first.nearest == second.nearest).all()
    np.testing.assert_allclose(first.sums, second.sums, rtol=1e-12)
    np.testing.assert_array_equal(a.merge(b).sums, b.merge(a).sums)


def test_merging_leaves_its_parts_alone_and_takes_only_what_fits(rng):
    x, sigmas = rng.random((4, 2)), [0.1, 1.0]
    a, b = kernel_sums(rng.random((5, 2)), x, sigmas), kernel_sums(rng.random((5, 2)), x, sigmas)
    before = a.nearest.copy(), a.sums.copy()
    a.merge(b)
    assert (a.nearest == before[0]).all()
    assert (a.sums == before[1]).all()
    for other in (
        kernel_sums(rng.random((5, 2)), x[:3], sigmas),
        kernel_sums(rng.random((5, 3)), rng.random((4, 3)), sigmas),
        kernel_sums(rng.random((5, 2)), x, sigmas[:1]),
    ):
        with pytest.raises(ValueError, match=r"^merge got sums of shape .*; it takes \(4, 2\) in 2, about the same"):
            a.merge(other)
    with pytest.raises(ValueError, match=r"^merge got sums for other bandwidths; it takes the same ones"):
        a.merge(kernel_sums(rng.random((5, 2)), x, sigmas[::-1]))


def test_sums_survive_a_file(tmp_path, rng):
    sums = kernel_sums(rng.random((5, 2)), rng.random((4, 2)), [0.1, 1.0])
    np.savez(tmp_path / "sums.npz", **vars(sums))
    with np.load(tmp_path / "sums.npz") as file:
        again = KernelSums(**{name: file[name][()] for name in file})
    assert (again.merge(sums).log_density() == sums.merge(sums).log_density()).all()
    assert abs(again.merge(again).log_density() - sums.log_density()).max() <= 1e-12


@pytest.mark.parametrize("dtype", [np.float32, np.float64, None])
def test_memory_grows_with_the_points_and_not_with_their_pairs(dtype):
    samples, x = data(8, 6000, 6000, 20, np.float32)
    evaluator = Evaluator(samples, x if dtype else x[:50], np.array([0.1, 0.2]))
    tracemalloc.start()
    try:
        evaluator.sums(dtype)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 40e6  # all pairs in float32: 144 MB; with d between them: 2,880 MB


def test_inputs_are_left_alone_and_any_layout_will_do(rng):
    samples, x = rng.random((20, 6), dtype=np.float32), rng.random((10, 6), dtype=np.float32)
    copies = samples.copy(), x.copy()
    plain = kernel_sums(samples, x, [0.2]).log_density()
    assert (samples == copies[0]).all()
    assert (x == copies[1]).all()
    wide = np.zeros((20, 12), np.float32)
    wide[:, ::2] = samples
    assert abs(kernel_sums(wide[:, ::2], np.asfortranarray(x), [0.2]).log_density() - plain).max() <= 1e-5


def test_bandwidths_of_any_scale_are_as_good_as_others():
    samples, x = data(9, 20, 20, 3)
    plain = kernel_sums(samples, x, [0.1, 0.2]).log_density()
    for scale in (1e-60, 1e-20, 1e20, 1e60):
        scaled = kernel_sums(scale * samples, scale * x, [0.1 * scale, 0.2 * scale]).log_density()
        assert abs(scaled + 3 * np.log(scale) - plain).max() <= 1e-3
    for sigmas in ([1e-30, 1e-18], [1e-6, 1e6], [1e18, 1e30]):
        found = kernel_sums(samples, x, sigmas).log_density()
        assert abs(found / log_densities(samples, x, sigmas) - 1).max() <= 1e-6
    with pytest.raises(ValueError, match=r"^samples and x lie so far apart that .* bandwidth=1e-140; it takes"):
        kernel_sums(1e60 * samples, x, [1e-140])
