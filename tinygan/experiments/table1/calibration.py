"""Samples that no model drew; their scores in Table 1 show how far the score can be trusted."""

from collections.abc import Iterator

from tinygan.arguments import check_count
from tinygan.backend import Array, RngLike
from tinygan.data import ScaledImages
from tinygan.evaluation import k_means

# A centroid stands for five training images on average, as 10,000 centroids do for MNIST's 50,000 images. Further steps
# hardly matter: on MNIST the score is 333.8 nats after one, 334.4 after two and 334.5 after five.
IMAGES_PER_CENTROID, N_STEPS = 5, 2


def calibration(x: ScaledImages, n: int, *, rng: RngLike = 0) -> Iterator[tuple[str, Array]]:
    """Yield three sets of samples that need no generator, each with its name.

    The sets are n real training images; centroids of k-means, n of them but at most a fifth of the training images; and
    the mean training image.

    Parameters
    ----------
    x : ScaledImages
        The training images. The sets of samples are on the same device.
    n : int
        The number of samples to compare with, at least 1.
    rng : numpy.random.Generator, int or None
        Chooses the images that k-means starts from. By default, the seed 0, so that every run gets the same rows.

    Yields
    ------
    tuple of str and ndarray of float32, shape (m, d)

    Notes
    -----
    Theis et al. scored centroids of k-means in this way, and the centroids surpassed real images and every model. The
    reason is that an unseen image is nearer to the average of similar images than to any one of them.
    Measured here on MNIST, on the paper's grid, in nats: 241.2 for 10,000 real images, 318.4 for all 50,000 real
    images, 334.4 for 10,000 centroids, and -59.1 for the mean image.

    References
    ----------
    Theis et al. 2016, A note on the evaluation of generative models, arXiv 1511.01844.

    Examples
    --------
    >>> import numpy as np
    >>> x = ScaledImages(np.arange(200, dtype=np.uint8).reshape(50, 2, 2))
    >>> [(name, len(samples)) for name, samples in calibration(x, 20)]
    [('20 real training images', 20), ('k-means, 10 centroids, 2 steps', 10), ('the mean training image', 1)]
    """
    real = x[: check_count("calibration got n", n)]
    yield f"{len(real):,} real training images", real
    n_centroids = max(1, min(n, len(x) // IMAGES_PER_CENTROID))
    centroids = k_means(x, n_centroids, N_STEPS, rng=rng)
    yield f"k-means, {n_centroids:,} centroids, {N_STEPS} steps", centroids
    yield "the mean training image", k_means(x, 1, 1, rng=rng)  # one cluster of all images
