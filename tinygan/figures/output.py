"""Check that a file can be written before the training starts, so that a typing error does not cost hours."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tinygan.files import as_path

ANIMATIONS = (".gif", ".mp4", ".html")
PICTURES = (".png", ".svg", ".pdf")

# What can be written, and the suffixes that ask for it.
FIGURE1: Mapping[str, tuple[str, ...]] = {"the animation": ANIMATIONS, "the panels": PICTURES}
FIGURE3: Mapping[str, tuple[str, ...]] = {"the animation": (".gif",), "the rows": PICTURES}
STILL: Mapping[str, tuple[str, ...]] = {"a picture": PICTURES}
MOVING: Mapping[str, tuple[str, ...]] = {"an animation": ANIMATIONS}


def check_output(path: str | Path, takes: Mapping[str, tuple[str, ...]] = FIGURE1) -> Path:
    """Return the path if a file of one of these kinds can be written there, or raise an error.

    Parameters
    ----------
    path : str or Path
        The file to write later. Its suffix chooses the format.
    takes : mapping from str to tuple of str, optional
        The suffixes, in lower case, for each kind of output. By default, those of Figure 1.

    Raises
    ------
    ValueError
        If the suffix is not in `takes`.
    OSError
        If the folder is missing or not writable, the path is a folder, or the suffix is .mp4 and ffmpeg is missing.

    Examples
    --------
    >>> check_output("figure1.gif").name
    'figure1.gif'
    >>> check_output("figure1.bmp")
    Traceback (most recent call last):
    ...
    ValueError: figure1.bmp ends in .bmp; it takes .gif, .mp4, .html (the animation), .png, .svg or .pdf (the panels)
    >>> check_output("samples.gif", STILL)
    Traceback (most recent call last):
    ...
    ValueError: samples.gif ends in .gif; it takes .png, .svg or .pdf (a picture)
    """
    path = as_path(path)
    suffix = path.suffix.lower()
    if not any(suffix in suffixes for suffixes in takes.values()):
        ending = f"ends in {suffix}" if suffix else "has no suffix"
        *others, last = [f"{', '.join(suffixes)} ({thing})" for thing, suffixes in takes.items()]
        last = " or ".join(last.rsplit(", ", 1))
        raise ValueError(f"{path} {ending}; it takes {', '.join([*others, last])}")
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; it takes the name of a file")
    folder = _folder_behind(path)
    if not folder.exists():
        raise FileNotFoundError(f"{path} cannot be written: there is no folder {folder}")
    if not folder.is_dir():
        raise NotADirectoryError(f"{path} cannot be written: {folder} is not a folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(f"{path} cannot be written: no permission to write in the folder {folder.resolve()}")
    try:
        tempfile.TemporaryFile(dir=folder).close()  # some folders, such as those of /proc, take no file at all
    except OSError as error:
        raise OSError(f"{path} cannot be written: no file can be made in the folder {folder.resolve()}") from error
    if suffix == ".mp4" and shutil.which("ffmpeg") is None:
        raise FileNotFoundError(
            f"{path} needs the program ffmpeg, which is not on the PATH; "
            f"install the package ffmpeg, or write {path.with_suffix('.gif').name}"
        )
    return path


def _folder_behind(path: Path) -> Path:
    if not path.is_symlink():
        return path.parent
    try:
        return path.resolve(strict=False).parent
    except (RuntimeError, OSError):
        raise OSError(f"{path} is a link that leads to itself") from None


def is_animation(path: str | Path) -> bool:
    """Return whether the suffix asks for the animation, not for the panels.

    Examples
    --------
    >>> is_animation("figure1.gif"), is_animation("figure1.png")
    (True, False)
    """
    return as_path(path).suffix.lower() in ANIMATIONS
