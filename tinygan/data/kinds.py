"""Tell the kind of a file from its first bytes, since its suffix may be wrong."""

from pathlib import Path

from tinygan.files import as_path

MAGIC = {
    b"\x93NUMPY": "numpy",
    b"PK": "numpy",
    b"\x89PNG": "picture",
    b"\xff\xd8\xff": "picture",
    b"<": "web page",
}
BOM = b"\xef\xbb\xbf"  # with which some servers open their pages
SUFFIXES = {".npy": "numpy", ".npz": "numpy", ".png": "picture", ".jpg": "picture", ".jpeg": "picture"}


def existing_file(path: str | Path) -> Path:
    """Return the path if it names a file that is not a web page, or raise an error.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, OSError
        If nothing is there, or it is a folder, a pipe or a device.
    ValueError
        If the file is a web page, whatever its suffix.

    Examples
    --------
    >>> existing_file("nowhere.npy")
    Traceback (most recent call last):
    FileNotFoundError: there is no file nowhere.npy
    """
    path = as_path(path)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; it takes a file")
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path}")
    if not path.is_file():
        raise OSError(f"{path} is a pipe or a device; it takes a file")
    if kind_of(path) == "web page":
        raise ValueError(
            f"{path} is a web page, such as a server sends in place of a file that it does not have; get the file again"
        )
    return path


def kind_of(path: Path) -> str:
    """Return "numpy", "picture", "web page" or "idx" from the first bytes of a file, or else from its suffix.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "train-images.gz").write_text("<!DOCTYPE html>")
    ...     kind_of(Path(folder, "train-images.gz"))
    'web page'
    """
    with open(path, "rb") as file:
        first = file.read(64).removeprefix(BOM).lstrip()
    by_magic = (kind for magic, kind in MAGIC.items() if first.startswith(magic))
    return next(by_magic, SUFFIXES.get(path.suffix.lower(), "idx"))
