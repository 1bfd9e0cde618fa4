"""Images as bytes, split as in the paper: MNIST, its look-alikes, and a user's own."""

import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tinygan.backend import Array
from tinygan.data.catalog import TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS
from tinygan.data.folders import find
from tinygan.data.idx import existing_file, read_idx
from tinygan.data.preprocessing import check_images

# The paper trains on the first 50,000 images of the training set and chooses sigma on the rest.
N_TRAIN = 50_000
SIDE = 28
N_CLASSES = 10


class Labelled(NamedTuple):
    """Images and what they show.

    Attributes
    ----------
    images : ndarray of uint8, shape (n, height, width) or (n, height, width, 3)
        0 is black, 255 white.
    labels : ndarray of shape (n,)
        One integer an image.
    """

    images: Array
    labels: Array


class Splits(NamedTuple):
    """The three parts of a data set.

    Attributes
    ----------
    train, validation, test : Labelled
        To train on, to choose sigma on, and to report on.
    """

    train: Labelled
    validation: Labelled
    test: Labelled


def load_mnist(data_dir: str | Path | None = None) -> Splits:
    """Return MNIST: 50,000 images to train on, 10,000 for validation, 10,000 for the test.

    Nothing is downloaded; ``tinygan data mnist`` does that.

    Parameters
    ----------
    data_dir : str or Path, optional
        The folder that has the folder ``mnist``; by default the one that ``TINYGAN_DATA`` names, then the user's cache.

    Returns
    -------
    Splits
        Images of shape (n, 28, 28), labels 0 to 9. Validation is train[50000:60000] of the files.

    Raises
    ------
    FileNotFoundError
        If a file is missing; it says which files to put where.
    ValueError
        If a file is damaged, or holds something else than its name says.

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
        The folder that has the folder ``fashion-mnist``; see `load_mnist`.

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


def load_images(path: str | Path) -> Array:
    """Return a user's own grey images.

    Parameters
    ----------
    path : str or Path
        A ``.npy``; an ``.npz`` with one array, or with one that is named ``images``; else an idx file, packed by gzip
        or not.

    Returns
    -------
    ndarray of uint8, shape (n, height, width)

    Raises
    ------
    ValueError
        If the file is damaged, or holds something else; it says what.
    OSError
        If it is missing, a folder, or cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(Path(folder, "faces.npy"), np.zeros((5, 8, 6), np.uint8))
    ...     load_images(Path(folder, "faces.npy")).shape
    (5, 8, 6)
    """
    path = existing_file(path)
    images = numpy_file(path) if path.suffix.lower() in (".npy", ".npz") else read_idx(path, ndim=3)
    return np.ascontiguousarray(checked_content(str(path), images))


def checked_content(what: str, images: Array) -> Array:
    """Return the images, or raise a ValueError unless they are grey images of bytes: what is in a file is a value.

    Examples
    --------
    >>> checked_content("faces.npy", np.zeros((2, 8, 8), np.uint8)).shape
    (2, 8, 8)
    """
    try:
        return check_images(what, images, 3)
    except TypeError as error:
        raise ValueError(str(error)) from None


def _load(name: str, data_dir: str | Path | None) -> Splits:
    files = find(name, data_dir)
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


def numpy_file(path: Path) -> Array:
    """Return the array in a file of NumPy; pickled objects stay refused, as `numpy.load` does by default."""
    with open(path, "rb") as file:
        first = file.read(6)
        file.seek(0)
        if first[:2] != b"PK" and first != b"\x93NUMPY":
            what = f"starts with {first.hex(' ')}" if first else "is empty"
            raise ValueError(f"{path} {what}; it takes a file that numpy.save or numpy.savez wrote")
        try:
            loaded = np.load(file)
            if not isinstance(loaded, np.lib.npyio.NpzFile):
                return loaded
            names = loaded.files
            if len(names) == 1 or "images" in names:
                return loaded["images" if "images" in names else names[0]]
        except (ValueError, EOFError, zipfile.BadZipFile, zlib.error, MemoryError, RuntimeError) as error:
            if "allow_pickle" in str(error):
                error = ValueError("it holds pickled Python objects, which are never loaded")
            raise ValueError(f"{path} cannot be read: {error}") from None
    listed = ", ".join(names) or "none"
    raise ValueError(f"{path} holds {len(names)} arrays ({listed}); it takes one, or one that is named images")
