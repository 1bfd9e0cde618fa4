"""Load MNIST and Fashion-MNIST as bytes, split as in the paper."""

from pathlib import Path
from typing import NamedTuple

from tinygan.backend import Array
from tinygan.data.catalog import TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS
from tinygan.data.folders import find_files
from tinygan.data.idx import read_idx

# The paper trains on the first 50,000 images of the training set and chooses sigma on the rest.
N_TRAIN = 50_000
SIDE = 28
N_CLASSES = 10


class Labelled(NamedTuple):
    """Images and their labels.

    Attributes
    ----------
    images : ndarray of uint8, shape (n, height, width) or (n, height, width, 3)
        0 is black, 255 white.
    labels : ndarray of shape (n,)
        One integer for each image.
    """

    images: Array
    labels: Array


class Splits(NamedTuple):
    """The three parts of a data set.

    Attributes
    ----------
    train, validation, test : Labelled
        The parts for training, for choosing sigma, and for the reported results.
    """

    train: Labelled
    validation: Labelled
    test: Labelled


def load_mnist(data_dir: str | Path | None = None) -> Splits:
    """Return MNIST: 50,000 images for training, 10,000 for validation, 10,000 for the test.

    Nothing is downloaded; ``tinygan data mnist`` does that.

    Parameters
    ----------
    data_dir : str or Path, optional
        The folder that contains ``mnist``. By default, the folder named by ``TINYGAN_DATA``, then the user's cache.

    Returns
    -------
    Splits
        Images of shape (n, 28, 28), labels 0 to 9. Validation is the last 10,000 images of the training files.

    Raises
    ------
    FileNotFoundError
        If a file is missing. The message says which files to put where.
    ValueError
        If a file is damaged, or its contents do not fit its name.

    See Also
    --------
    fetch : Verifies the files, and downloads those that are missing.

    Examples
    --------
    >>> images, labels = load_mnist().train  # doctest: +SKIP
    >>> images.shape, images.dtype, labels[:5]  # doctest: +SKIP
    ((50000, 28, 28), dtype('uint8'), array([5, 0, 4, 1, 9], dtype=uint8))
    """
    return _load("mnist", data_dir)


def load_fashion_mnist(data_dir: str | Path | None = None) -> Splits:
    """Return Fashion-MNIST, split as MNIST.

    Parameters
    ----------
    data_dir : str or Path, optional
        The folder that contains ``fashion-mnist``; see `load_mnist`.

    Returns
    -------
    Splits
        Images of shape (n, 28, 28); labels 0 to 9, from T-shirts to ankle boots.

    Raises
    ------
    FileNotFoundError, ValueError
        See `load_mnist`.

    Examples
    --------
    >>> load_fashion_mnist().test.images.shape  # doctest: +SKIP
    (10000, 28, 28)
    """
    return _load("fashion-mnist", data_dir)


def _load(name: str, data_dir: str | Path | None) -> Splits:
    files = find_files(name, data_dir)
    images, labels = _pair(files[TRAIN_IMAGES], files[TRAIN_LABELS], 60_000)
    test = _pair(files[TEST_IMAGES], files[TEST_LABELS], 10_000)
    train = Labelled(images[:N_TRAIN], labels[:N_TRAIN])
    return Splits(train, Labelled(images[N_TRAIN:], labels[N_TRAIN:]), test)


def _pair(images_path: Path, labels_path: Path, n: int) -> Labelled:
    images, labels = read_idx(images_path, ndim=3), read_idx(labels_path, ndim=1)
    if images.shape != (n, SIDE, SIDE):
        found = " x ".join(f"{length:,}" for length in images.shape)
        raise ValueError(f"{images_path} holds {found} pixels, where {n:,} x {SIDE} x {SIDE} belong{_swapped(images)}")
    if len(labels) != n:
        raise ValueError(f"{labels_path} holds {len(labels):,} labels, where {n:,} belong{_swapped(labels)}")
    if labels.max() >= N_CLASSES:
        raise ValueError(f"{labels_path} holds the label {labels.max()}, where 0 to {N_CLASSES - 1} belong")
    return Labelled(images, labels)


def _swapped(array: Array) -> str:
    return "; the files for training and test look swapped" if len(array) in (10_000, 60_000) else ""
