"""Load a user's own images from a picture, a folder of pictures, a file that NumPy wrote, or an idx file."""

import zipfile
import zlib
from pathlib import Path

import numpy as np

from tinygan.backend import Array
from tinygan.data.idx import read_idx
from tinygan.data.kinds import existing_file, kind_of
from tinygan.data.pictures import read_pictures
from tinygan.data.preprocessing import check_images
from tinygan.files import as_path


def load_images(path: str | Path) -> Array:
    """Return a user's own images, grey or in colour.

    Parameters
    ----------
    path : str or Path
        A folder of PNG or JPEG files, which may contain further folders; the files are sorted by name. Or one file: a
        ``.npy``; an ``.npz`` with one array, or with one named ``images``; an idx file, compressed by gzip or not; one
        picture.

    Returns
    -------
    ndarray of uint8, shape (n, height, width) or (n, height, width, 3)
        0 is black, 255 white. In an array of bool, False becomes black and True white.

    Raises
    ------
    ValueError
        If a file is damaged, or does not hold such images. The message says what is wrong.
    OSError
        If the path is missing, or cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(Path(folder, "faces.npy"), np.zeros((5, 8, 6, 1), np.uint8))
    ...     load_images(Path(folder, "faces.npy")).shape
    (5, 8, 6)
    """
    return np.ascontiguousarray(checked_content(str(path), read_images(path), colour=True))


def read_images(path: str | Path) -> Array:
    """Return the array that `load_images` reads, with its type and shape unchecked and without an axis of one channel.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(Path(folder, "masks.npy"), np.array([[[[False], [True]]]]))
    ...     read_images(Path(folder, "masks.npy"))
    array([[[  0, 255]]], dtype=uint8)
    """
    images = _array_in(as_path(path))
    if images.dtype == bool:
        images = images * np.uint8(255)
    return images[..., 0] if images.ndim == 4 and images.shape[-1] == 1 else images


def checked_content(what: str, images: Array, *, colour: bool = False) -> Array:
    """Return the images, or raise a ValueError unless they are images of bytes.

    The error is never a TypeError, because the contents of a file are a value.

    Examples
    --------
    >>> checked_content("faces.npy", np.zeros((2, 8, 8), np.uint8)).shape
    (2, 8, 8)
    """
    try:
        return check_images(what, images, "colour" if colour else "grey")
    except TypeError as error:
        raise ValueError(str(error)) from None


def _array_in(path: Path) -> Array:
    if path.is_dir():
        return read_pictures(path)
    kind = kind_of(existing_file(path))
    if kind == "numpy":
        return _read_numpy(path)
    return read_pictures(path) if kind == "picture" else read_idx(path, ndim=3)


def _read_numpy(path: Path) -> Array:
    """Return the array in a file that NumPy wrote, without loading pickled objects, as `numpy.load` does by default."""
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
                array = loaded["images" if "images" in names else names[0]]
                if isinstance(array, np.ndarray):
                    return array
                raise ValueError(f"{names[0]} in it is not an array; if it is an archive of pictures, unpack it")
        except (ValueError, EOFError, zipfile.BadZipFile, zlib.error, MemoryError, RuntimeError) as error:
            if "allow_pickle" in str(error):
                error = ValueError("it holds pickled Python objects, which are never loaded")
            raise ValueError(f"{path} cannot be read: {error}") from None
    listed = ", ".join(names[:5]) + ", ..." * (len(names) > 5) or "none"
    raise ValueError(f"{path} holds {len(names)} arrays ({listed}); it takes one, or one that is named images")
