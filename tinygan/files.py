"""Paths as people write them, files written whole or not at all, new folders, and what went wrong, in words."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def as_path(path: str | Path) -> Path:
    """Return a path in which a leading ``~`` stands for the user's home, as in a shell.

    Everything that takes a path takes it through here.

    Parameters
    ----------
    path : str or Path
        What a person wrote.

    Examples
    --------
    >>> as_path("runs/mnist").as_posix()
    'runs/mnist'
    >>> as_path("~/runs") == Path.home() / "runs"
    True
    """
    return Path(os.path.expanduser(path))


def in_words(error: Exception) -> str:
    """Return what an error says; of one that the operating system raised, where and what, and not its number.

    Examples
    --------
    >>> in_words(OSError(28, "No space left on device", "runs/mnist/checkpoint.npz"))
    'runs/mnist/checkpoint.npz: No space left on device'
    """
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error) or type(error).__name__


@contextmanager
def new_folder(path: str | Path) -> Iterator[Path]:
    """Make a folder and those around it; if the body raises, the ones that are still empty are gone again.

    Parameters
    ----------
    path : str or Path
        The folder wanted; it may be there.

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
        with suppress(OSError):  # one that is not empty stays, and those around it
            for folder in made:
                folder.rmdir()
        raise


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `path` to write to; it takes the place of `path` once all is written and flushed.

    If the body raises, what `path` held before is untouched and the temporary file is gone. The temporary name keeps
    the suffix, by which many writers choose the format.

    Parameters
    ----------
    path : str or Path
        The file wanted.

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
        if error.errno is not None and error.filename in (None, str(temporary)):  # None of a full disk
            error.filename = str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)
