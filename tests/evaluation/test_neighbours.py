"""Nearest neighbours: exactly those of all differences in float64, the first of equals, in bounded memory."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from tinygan.data import ScaledImages, normalize_contrast
from tinygan.evaluation import distances, nearest_neighbours, neighbours

both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@both_dtypes
@pytest.mark.parametrize(("n", "m", "d"), [(1, 1, 1), (5, 1, 3), (1, 2000, 2), (70, 1100, 784), (2100, 1030, 4)])
def test_the_nearest_is_the_oracles(n, m, d, dtype, rng):
    x, examples = rng.random((n, d)).astype(dtype), rng.random((m, d)).astype(dtype)
    indices, found = nearest_neighbours(x, examples)
    wanted = cdist(x.astype(np.float64), examples.astype(np.float64))
    assert (indices == wanted.argmin(axis=1)).all()
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, wanted.min(axis=1), rtol=1e-12)


@given(st.integers(1, 30), st.integers(1, 30), st.integers(1, 4), st.integers(0, 99))
def test_of_equals_the_first(n, m, d, seed):
    rng = np.random.default_rng(seed)
    x, examples = (rng.integers(0, 3, (k, d)).astype(np.float64) for k in (n, m))
    squares = ((x[:, None] - examples) ** 2).sum(-1)
    indices, found = nearest_neighbours(x, examples)
    assert (indices == squares.argmin(axis=1)).all()
    np.testing.assert_allclose(found, np.sqrt(squares.min(axis=1)), rtol=1e-15)


@pytest.mark.parametrize("tile", [(1, 1), (3, 5), (64, 7)])
def test_the_tiles_do_not_show(monkeypatch, tile, rng):
    x, examples = rng.random((20, 3)), np.tile(rng.random((15, 3)), (2, 1))
    monkeypatch.setattr(distances, "TILE", tile)
    monkeypatch.setattr(neighbours, "CHUNK", 4)
    indices, _ = nearest_neighbours(x, examples)
    assert (indices == cdist(x, examples).argmin(axis=1)).all()
    assert (indices < 15).all()


@pytest.mark.parametrize("n_at_once", [1, 7, 30])
def test_images_that_stay_bytes_are_looked_through_a_part_at_a_time(monkeypatch, n_at_once, rng):
    images = rng.integers(0, 256, (20, 4, 3)).astype(np.uint8)
    images = np.concatenate([images, images[:5]])  # the first of equals, in whichever part
    examples = ScaledImages(images, normalize_contrast)
    x = (examples[:] + rng.normal(0, 1, (25, 12))).astype(np.float32)
    asked = []
    monkeypatch.setattr(neighbours, "N_AT_ONCE", n_at_once)
    monkeypatch.setattr(
        ScaledImages, "__getitem__", lambda self, part: (asked.append(part), self.preprocess(images[part]))[1]
    )
    indices, found = nearest_neighbours(x, examples)
    wanted = cdist(x, normalize_contrast(images))
    np.testing.assert_array_equal(indices, wanted.argmin(axis=1))
    np.testing.assert_allclose(found, wanted.min(axis=1), rtol=1e-6)
    assert max(part.stop - part.start for part in asked if part.start is not None) == n_at_once


@pytest.mark.parametrize("shift", [0, 1, 1e4, 1e8])
def test_neighbours_too_close_for_float32_are_told_apart(shift, rng):
    # Differences of 1e-5 at a distance of 1, beside another cluster far away.
    x = rng.random((40, 50))
    examples = np.repeat(x, 5, axis=0) + 1e-5 * rng.random((200, 50)) + 0.1
    x, examples = np.concatenate([x, x + shift]), np.concatenate([examples, examples + shift])
    indices, found = nearest_neighbours(x, examples)
    wanted = cdist(x, examples)
    assert (wanted[np.arange(80), indices] == wanted.min(axis=1)).all()
    np.testing.assert_allclose(found, wanted.min(axis=1), rtol=1e-9)


@pytest.mark.parametrize("shift", [0, 1000])
def test_few_pairs_are_subtracted(monkeypatch, shift, rng):
    pairs, subtract = [], neighbours.squared_differences

    def count(x, other):
        pairs.append(len(x))
        return subtract(x, other)

    monkeypatch.setattr(neighbours, "squared_differences", count)
    monkeypatch.setattr(distances, "TILE", (50, 40))
    monkeypatch.setattr(distances, "PIECE", (25, 40))
    x, examples = rng.random((100, 50)), rng.random((200, 50))
    x[:5] += shift  # where float32 can tell no examples apart
    examples[:5] += shift
    nearest_neighbours(x, examples)
    assert 100 <= sum(pairs) <= 500  # of 20,000; one a row and tile of columns at most, and less once one is known


def test_an_example_is_its_own_neighbour(rng):
    examples = rng.random((300, 100), dtype=np.float32)
    indices, found = nearest_neighbours(examples, examples)
    assert (indices == np.arange(300)).all()
    assert (found == 0).all()


@pytest.mark.parametrize("scale", [1e-200, 1e-30, 1e30, 1e100])
def test_points_of_any_scale(scale, rng):
    x, examples = rng.random((30, 4)), rng.random((40, 4))
    indices, _ = nearest_neighbours(scale * x, scale * examples)
    assert scale == 1e-200 or (indices == cdist(x, examples).argmin(axis=1)).all()  # squares of 1e-200 are all 0


@pytest.mark.parametrize("identical", [False, True])
def test_memory_grows_with_the_points_and_not_with_their_pairs(identical, rng):
    x, examples = rng.random((3000, 10), dtype=np.float32), rng.random((9000, 10), dtype=np.float32)
    if identical:
        x[:], examples[:] = 1, 2
        x = x[:1000]
    tracemalloc.start()
    try:
        indices, _ = nearest_neighbours(x, examples)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 100e6  # all pairs in float64: 216 MB; with d between them: 2,160 MB
    assert not identical or (indices == 0).all()


X = np.ones((3, 4), np.float32)


@pytest.mark.parametrize(
    ("x", "examples", "error", "message"),
    [
        (X.astype(int), X, TypeError, r"got x of dtype int64; it takes float32 or float64$"),
        (
            X,
            X.astype(np.uint8),
            TypeError,
            r"got examples of dtype uint8; .* Did you mean examples\.astype\(",
        ),
        (X.tolist(), X, TypeError, r"got x of type list; it takes an array of float32 or float64$"),
        (X[0], X, ValueError, r"got x of shape \(4,\); it takes \(n, 4\)\. Did you mean x\[None, :\]"),
        (X[:, :3], X, ValueError, r"got x of shape \(3, 3\); it takes \(n, 4\)$"),
        (X[:0], X, ValueError, r"got x of shape \(0, 4\), empty; it takes \(n, 4\) with n >= 1$"),
        (X, X[:0], ValueError, r"got examples of shape \(0, 4\), empty"),
        (X * np.nan, X, ValueError, r"got x with NaN or infinite entries; it takes finite values$"),
        (X, X * np.inf, ValueError, r"got examples with NaN or infinite"),
        (X.reshape(3, 2, 2), X, ValueError, r"got x of shape \(3, 2, 2\).* Did you mean x\.reshape\(len\(x\), -1\)\?$"),
        (X * np.float64(1e200), X, ValueError, r"got points so far apart that squared distances overflow$"),
    ],
)
def test_wrong_input_is_answered_in_words_that_help(x, examples, error, message):
    with pytest.raises(error, match="^nearest_neighbours " + message):
        nearest_neighbours(x, examples)
