"""Table 1 for any samples: their row, and the rows of the samples that calibrate it."""

from collections.abc import Iterator

from tinygan.backend import Array, device_of, to_device
from tinygan.data import ScaledImages, Splits
from tinygan.experiments.table1.calibration import calibration
from tinygan.experiments.table1.images import HeldOut, held_out
from tinygan.experiments.table1.row import Score, score
from tinygan.ranks.group import ALONE, Ranks
from tinygan.recipes.data_sets import RECIPES


def table1(
    samples: Array,
    splits: Splits,
    experiment: str = "mnist",
    *,
    model: str = "G",
    calibrate: bool = True,
    ranks: Ranks = ALONE,
) -> Iterator[Score]:
    """Yield the row of Table 1 for samples, and then rows of samples that no generator drew.

    Parameters
    ----------
    samples : ndarray of shape (n, d)
        Samples as rows like those that the experiment's recipe learns from; the paper takes 10,000.
    splits : Splits
        The images, as `tinygan.recipes.data_sets.load` returns them.
    experiment : str
        One of `tinygan.recipes.data_sets.RECIPES`; it decides how images become rows.
    model : str
        The name of the samples' row.
    calibrate : bool
        Whether to score real images, centroids of k-means and the mean image as well, see `calibration`. This is the
        slow part.
    ranks : Ranks
        The processes that share the work; each of them has all samples.

    Yields
    ------
    Score

    Raises
    ------
    ValueError
        At once, if the experiment has no images for validation or for the test; later, as `score` raises it.

    See Also
    --------
    tinygan.experiments.table1.published.PAPER : The rows that the paper prints.

    References
    ----------
    Goodfellow et al. 2014, section 5 and Table 1.

    Examples
    --------
    >>> import numpy as np
    >>> from tinygan.data import Labelled
    >>> images = np.random.default_rng(0).integers(0, 256, (3, 40, 6, 5), np.uint8)
    >>> splits = Splits(*(Labelled(part, np.zeros(40)) for part in images))
    >>> samples = np.random.default_rng(1).random((40, 30), np.float32)
    >>> for row in table1(samples, splits, "images", model="noise"):
    ...     print(row.model)
    noise
    40 real training images
    k-means, 8 centroids, 2 steps
    the mean training image
    """
    images = HeldOut(*(to_device(rows, device_of(samples)) for rows in held_out(experiment, splits)))
    x = ScaledImages(splits.train.images, RECIPES[experiment].preprocess) if calibrate else None
    return _rows(model, samples, images, x, ranks)


def _rows(model: str, samples: Array, images: HeldOut, x: ScaledImages | None, ranks: Ranks) -> Iterator[Score]:
    yield score(model, samples, images, ranks=ranks)
    if x is not None:
        for name, others in calibration(x.on(device_of(samples)), len(samples)):
            ranks.broadcast(others)  # so that all ranks have the same bits
            yield score(name, others, images, ranks=ranks)
