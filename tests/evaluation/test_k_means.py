"""k-means: every step brings the centroids nearer, and is a mean a cluster."""

import sys
from itertools import pairwise

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from tinygan.evaluation import k_means


def within(x, centroids):
    return cdist(x, centroids, "sqeuclidean").min(axis=1).sum()


def test_every_step_of_k_means_brings_the_centroids_nearer():
    x = np.random.default_rng(0).random((400, 5)).astype(np.float32)
    sums = [within(x, k_means(x, 20, n_steps, rng=3)) for n_steps in range(1, 9)]
    start = x[np.sort(np.random.Generator(np.random.Philox(3)).choice(400, 20, replace=False))]
    assert within(x, start) > sums[0]
    assert all(before >= after for before, after in pairwise(sums))
    assert sums[-1] < 0.97 * sums[0]


def test_a_step_of_k_means_is_a_mean_a_cluster(monkeypatch):
    x = np.random.default_rng(0).random((50, 3)).astype(np.float32)
    start = x[np.sort(np.random.Generator(np.random.Philox(0)).choice(50, 6, replace=False))]
    nearest = cdist(x, start).argmin(axis=1)
    wanted = [x[nearest == j].mean(axis=0) for j in range(6)]
    assert np.allclose(k_means(x, 6, 1, rng=0), wanted, atol=1e-6)
    monkeypatch.setattr(sys.modules["tinygan.evaluation.k_means"], "CHUNK", 7)
    assert np.allclose(k_means(x, 6, 1, rng=0), wanted, atol=1e-6)


def test_k_means_depends_on_the_seed_alone_and_leaves_x_alone():
    x = np.random.default_rng(0).random((100, 3)).astype(np.float32)
    before = x.copy()
    assert np.array_equal(k_means(x, 7, 3, rng=1), k_means(x, 7, 3, rng=1))
    assert not np.array_equal(k_means(x, 7, 3, rng=1), k_means(x, 7, 3, rng=2))
    assert np.array_equal(x, before)
    assert k_means(x, 7, 3, rng=1).dtype == np.float32


def test_a_centroid_without_rows_stays_where_it_is():
    x = np.repeat(np.array([[0.0, 1.0], [4.0, 2.0]], np.float32), 5, axis=0)  # only two different rows
    centroids = k_means(x, 6, 4, rng=0)
    assert {tuple(row) for row in centroids} == {(0.0, 1.0), (4.0, 2.0)}


@pytest.mark.parametrize(("n_centroids", "n_steps", "error", "message"), [
    (0, 1, ValueError, "n_centroids=0; it takes an int >= 1"),
    (2.0, 1, TypeError, "n_centroids=2.0"),
    (2, 0, ValueError, "n_steps=0"),
    (11, 1, ValueError, "n_centroids=11 for 10 rows"),
])  # fmt: skip
def test_k_means_refuses_wrong_numbers(n_centroids, n_steps, error, message):
    with pytest.raises(error, match=message):
        k_means(np.zeros((10, 2), np.float32), n_centroids, n_steps, rng=0)
