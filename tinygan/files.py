"""Paths as people write them, files that are written whole or not at all, new folders, and errors in words."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def as_path(path: str | Path) -> Path:
    """Return the path, with the user's home in place of a leading ``~``, as in a shell.

    Every function that takes a path passes it through this one.

    Parameters
    ----------
    path : str or Path
        The path as a person wrote it.

    Examples
    --------
    >>> as_path("runs/mnist").as_posix()
    'runs/mnist'
    >>> as_path("~/runs") == Path.home() / "runs"
    True
    """
    return Path(os.path.expanduser(path))


def in_words(error: Exception) -> str:
    """Return what an error says; for an error of the operating system, the file and the reason, without its number.

    Examples
    --------
    >>> in_words(OSError(28, "No space left on device", "runs/mnist/checkpoint.npz"))
    'runs/mnist/checkpoint.npz: No space left on device'
    """
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error) or type(error).__name__


def made_folder(path: Path) -> Path:
    """Return a folder, made if it is not there.

    Raises
    ------
    NotADirectoryError
        If a file is in its place, or in the place of a folder around it.

    Examples
    --------
    >>> made_folder(Path(__file__))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    NotADirectoryError: ...files.py is a file, where a folder belongs
    """
    for place in (path, *path.parents):
        if place.exists() and not place.is_dir():
            raise NotADirectoryError(f"{place} is a file, where a folder belongs")
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextmanager
def new_folder(path: str | Path) -> Iterator[Path]:
    """Make a folder and its parents; if the body raises, remove those that are new and still empty.

    Parameters
    ----------
    path : str or Path
        The folder to make; it may exist already.

    Yields
    ------
    Path
        The folder.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as home:
    ...     with suppress(ConnectionError), new_folder(f"{home}/data/mnist"):
    ...         raise ConnectionError
    ...     list(Path(home).iterdir())
    []
    """
    path = as_path(path)
    made = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.mkdir(parents=True, exist_ok=True)
    try:
        yield path
    except BaseException:
        with suppress(OSError):  # a folder that is not empty stays, and so do its parents
            for folder in made:
                folder.rmdir()
        raise


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; the file written there is flushed, and then takes the place of `path`.

    If the body raises, `path` keeps what it held before, and the temporary file is removed. The temporary name keeps
    the suffix, because many writers choose the format by it.

    Parameters
    ----------
    path : str or Path
        The file to write.

    Yields
    ------
    Path
        Where to write.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with whole_file(Path(folder, "note.txt")) as temporary:
    ...         _ = temporary.write_text("done")
    ...     [file.name for file in Path(folder).iterdir()]
    ['note.txt']
    """
    path = as_path(path).resolve()  # a link stays a link
    temporary = path.with_name(f".{os.getpid()}-{threading.get_ident()}.partial{path.suffix}")
    try:
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        if error.errno is not None and error.filename in (None, str(temporary)):  # it is None if the disk is full
            error.filename = str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)
