"""Read one PNG or JPEG file, or a folder of them, into one array of bytes."""

import os
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from tinygan.backend import Array
from tinygan.data.kinds import SUFFIXES

# 512 x 512 pixels: a network of fully connected layers can hardly take larger pictures.
MOST_PIXELS = 2**18


def read_pictures(path: Path) -> Array:
    """Return the pictures in a folder and in the folders below it, sorted by name, or the picture in a file.

    Parameters
    ----------
    path : Path
        The folder or the file. In a folder, hidden files and files of other kinds are left out.

    Returns
    -------
    ndarray of uint8, shape (n, height, width) or (n, height, width, 3)
        Without the last axis if every pixel of every picture is grey.

    Raises
    ------
    ValueError
        If there are no pictures, their sizes differ, or one of them has more than 512 x 512 pixels, is transparent,
        has more than 8 bits a channel, or is damaged. The message names the file.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("a.png", "b.png"):
    ...         Image.new("L", (6, 8)).save(Path(folder, name))
    ...     read_pictures(Path(folder)).shape
    (2, 8, 6)
    """
    files = _files(path) if path.is_dir() else [path]
    _check_sizes({file: _size(file) for file in files})
    pictures = [_pixels(file) for file in files]
    if any(picture.ndim == 3 for picture in pictures):
        pictures = [picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2) for picture in pictures]
    return np.stack(pictures)


def _files(folder: Path) -> list[Path]:
    files = sorted(Path(parent, name) for parent, _, names in os.walk(folder) for name in names)
    files = [file for file in files if not any(part.startswith(".") for part in file.relative_to(folder).parts)]
    kinds = {file: SUFFIXES.get(file.suffix.lower(), "idx" if "idx" in file.name else "other") for file in files}
    if pictures := [file for file, kind in kinds.items() if kind == "picture"]:
        return pictures
    arrays = [file for file, kind in kinds.items() if kind in ("numpy", "idx")]
    hint = f"; did you mean {arrays[0]}?" if arrays else ""
    raise ValueError(f"{folder} is a folder without .png, .jpg or .jpeg files{hint}")


def _check_sizes(sizes: dict[Path, tuple[int, int]]) -> None:
    usual, n = Counter(sizes.values()).most_common(1)[0]
    for file, (width, height) in sizes.items():
        found = f"{file} has {width:,} x {height:,} pixels"
        if width * height > MOST_PIXELS:
            raise ValueError(f"{found}; it takes up to 512 x 512, and trains well on far fewer")
        if (width, height) != usual:
            raise ValueError(f"{found}, where {n:,} others have {usual[0]} x {usual[1]}; it takes pictures of one size")


def _size(file: Path) -> tuple[int, int]:
    with _opened(file) as image:
        width, height = image.size
        return width, height


def _pixels(file: Path) -> Array:
    """Return a picture as bytes, of shape (height, width) if it is grey, or (height, width, 3)."""
    with _opened(file) as image:
        if image.mode.startswith(("I", "F")):
            raise ValueError("it has more than 8 bits a channel; save it with 8")
        if image.has_transparency_data and np.asarray(image.convert("RGBA"))[..., 3].min() < 255:
            raise ValueError("it is transparent in places; put it on a background")
        if image.mode in ("1", "L", "LA"):
            return np.asarray(image.convert("L"))
        pixels = np.asarray(image.convert("RGB"))
    is_grey = (pixels == pixels[..., :1]).all()
    return pixels[..., 0] if is_grey else pixels


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    """Open the picture in a file, and name the file in every error."""
    from PIL import Image

    try:
        with warnings.catch_warnings(action="ignore"), Image.open(file) as image:  # _check_sizes warns of size
            yield image
    except (PermissionError, FileNotFoundError):
        raise
    except Exception as error:  # Pillow raises different errors for different damage
        raise ValueError(f"{file} cannot be read as a picture: {error}") from None
