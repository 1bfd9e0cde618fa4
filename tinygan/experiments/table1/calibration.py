"""What the score of Table 1 gives to samples that no model drew, which shows how far it is to be trusted."""

from collections.abc import Iterator

import numpy as np

from tinygan.arguments import check_count
from tinygan.backend import Array, RngLike, as_rng, get_array_module, to_host
from tinygan.data import ScaledImages
from tinygan.evaluation import nearest_neighbours

# Images that are turned into floats at once.
CHUNK = 5000

# A centroid stands for five training images on the average, as 10,000 do for MNIST's 50,000. Further steps hardly
# matter: on MNIST the row reads 333.8 nats after one, 334.4 after two and 334.5 after five.
IMAGES_PER_CENTROID, N_STEPS = 5, 2


def calibration(x: ScaledImages, n: int, *, rng: RngLike = 0) -> Iterator[tuple[str, Array]]:
    """Yield three sets of samples that take no generator, each with its name.

    Real training images, as many as there would be samples; centroids of k-means, as many or a fifth of all training
    images; and the mean training image.

    Parameters
    ----------
    x : ScaledImages
        The training images; the sets of samples are on their device.
    n : int
        The number of samples to compare with: at least 1.
    rng : numpy.random.Generator, int or None
        Chooses the images that k-means starts from. The seed 0, unless told: the same rows for every run.

    Yields
    ------
    tuple of str and ndarray of float32, shape (m, d)

    Notes
    -----
    Theis et al. 2016 (arXiv 1511.01844) gave this score to centroids of k-means and saw them surpass real images and
    every model: an unseen image is nearer to an average of its like than to any one of them.
    Measured here on MNIST, on the paper's grid: 10,000 real images 241.2 nats, all 50,000 of them 318.4, 10,000
    centroids 334.4, and the mean image -59.1.

    Examples
    --------
    >>> x = ScaledImages(np.arange(200, dtype=np.uint8).reshape(50, 2, 2))
    >>> [(name, len(samples)) for name, samples in calibration(x, 20)]
    [('20 real training images', 20), ('k-means, 10 centroids, 2 steps', 10), ('the mean training image', 1)]
    """
    real = x[: check_count("calibration got n", n)]
    yield f"{len(real):,} real training images", real
    n_centroids = max(1, min(n, len(x) // IMAGES_PER_CENTROID))
    centroids = k_means(x, n_centroids, N_STEPS, rng=rng)
    yield f"k-means, {n_centroids:,} centroids, {N_STEPS} steps", centroids
    yield "the mean training image", k_means(x, 1, 1, rng=rng)  # one cluster, of all of them


def k_means(x: Array | ScaledImages, n_centroids: int, n_steps: int, *, rng: RngLike = None) -> Array:
    """Return the centroids of clusters of x, after some steps of Lloyd's algorithm from rows of x chosen at random.

    Parameters
    ----------
    x : ndarray of float32, shape (n, d), or ScaledImages
        What to cluster. The distances are found on its device, the sums on the host: in one order, to the last bit.
    n_centroids : int
        At most n.
    n_steps : int
        Each gives every row to its nearest centroid, and moves every centroid to the mean of its rows. A centroid
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
        If a number is no int >= 1, or there are more centroids than rows.

    Examples
    --------
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
