"""What the score of Table 1 gives to samples that no model drew, which shows how far it is to be trusted."""

from collections.abc import Iterator

from tinygan.arguments import check_count
from tinygan.backend import Array, RngLike
from tinygan.data import ScaledImages
from tinygan.evaluation import k_means

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
    yield "the mean training image", k_means(x, 1, 1, rng=rng)  # one cluster, of all of them
