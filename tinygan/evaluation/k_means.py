"""Clusters of points and their means: averages that generate nothing, to compare Parzen scores with."""

import numpy as np

from tinygan.arguments import check_count
from tinygan.backend import Array, RngLike, as_rng, get_array_module, to_host
from tinygan.data import ScaledImages
from tinygan.evaluation.neighbours import nearest_neighbours

# Rows that are turned into floats at once.
CHUNK = 5000


def k_means(x: Array | ScaledImages, n_centroids: int, n_steps: int, *, rng: RngLike = None) -> Array:
    """Return the centroids of clusters of x, by Lloyd's algorithm from rows of x chosen at random.

    Parameters
    ----------
    x : ndarray of float32, shape (n, d), or ScaledImages
        What to cluster. Its device computes the distances. The host adds up the sums in one order, so that every
        device gets the same ones to the last bit.
    n_centroids : int
        At most n.
    n_steps : int
        Each step gives every row to its nearest centroid, and moves every centroid to the mean of its rows. A centroid
        without rows stays where it is. The sum of the squared distances to the nearest centroid never rises.
    rng : numpy.random.Generator, int or None
        Chooses the rows to start from.

    Returns
    -------
    ndarray of float32, shape (n_centroids, d)
        On the device of x.

    Raises
    ------
    TypeError, ValueError
        If a number is not an int >= 1, or there are more centroids than rows.

    References
    ----------
    Lloyd 1982, Least squares quantization in PCM.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[0.0], [1.0], [9.0], [11.0]], np.float32)
    >>> np.sort(k_means(x, 2, 5, rng=0), axis=0)
    array([[ 0.5],
           [10. ]], dtype=float32)
    """
    check_count("k_means got n_steps", n_steps)
    if check_count("k_means got n_centroids", n_centroids) > len(x):
        raise ValueError(f"k_means got n_centroids={n_centroids} for {len(x)} rows; it takes at most as many")
    xp = get_array_module(x[:1])
    chosen = np.sort(as_rng(rng).choice(len(x), n_centroids, replace=False))
    centroids = to_host(x[xp.asarray(chosen)])
    for _ in range(n_steps):
        sums, counts = _cluster_sums(x, xp.asarray(centroids))
        full = counts > 0
        centroids[full] = sums[full] / counts[full, None]
    return xp.asarray(centroids)


def _cluster_sums(x: Array | ScaledImages, centroids: Array) -> tuple[Array, Array]:
    """Return, for each centroid, the sum of the rows that are nearest to it, in float64, and their number."""
    sums, counts = np.zeros(centroids.shape), np.zeros(len(centroids), int)
    for start in range(0, len(x), CHUNK):
        rows = x[start : start + CHUNK]
        nearest, rows = to_host(nearest_neighbours(rows, centroids)[0]), to_host(rows)
        order = np.argsort(nearest, kind="stable")
        found, starts = np.unique(nearest[order], return_index=True)
        sums[found] += np.add.reduceat(rows[order], starts, axis=0, dtype=np.float64)
        counts += np.bincount(nearest, minlength=len(centroids))
    return sums, counts
