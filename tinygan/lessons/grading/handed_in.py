"""Read files and packs as data: nothing is run or unpacked to the disk, and no link is followed."""

import io
import os
import stat
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tinygan.lessons.definitions import SUFFIXES

PACK = ".zip"
LARGE = 64 << 20  # bytes of one file, and of all files in a pack
MANY = 1000  # files in a pack


@dataclass(frozen=True)
class HandedIn:
    """Where a file lies.

    Attributes
    ----------
    path : Path
        Path of the file, or of the pack that it is in.
    member : str
        Its name inside the pack; empty for a file that lies open.
    """

    path: Path
    member: str = ""

    @property
    def name(self) -> str:
        """Its name, fit to be shown."""
        return printable(PurePosixPath(self.member or self.path.name).name)

    def read(self) -> tuple[bytes, str]:
        """Return what it holds, or nothing and why."""
        return next((content, problem) for _, content, problem in work_in(self.path, self.member))


def work_in(path: Path, only: str = "") -> Iterator[tuple[HandedIn, bytes, str]]:
    """Yield a script or notebook, or each one in a pack: where it lies, what it holds, or why nothing.

    Parameters
    ----------
    path : Path
    only : str
        Name of the one member of the pack to read.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as home:
    ...     written = Path(home, "ada.py").write_text("x = 1")
    ...     [(file.name, content, problem) for file, content, problem in work_in(Path(home, "ada.py"))]
    [('ada.py', b'x = 1', '')]
    """
    content, problem = _content(path)
    if problem or path.suffix != PACK:
        yield HandedIn(path), content, problem
        return
    try:
        pack = _opened(content)
    except Exception as error:  # zipfile raises whatever a damaged file leads it to
        yield HandedIn(path), b"", f"{printable(path.name)} is no pack that can be read: {error}"
        return
    members = [only] if only else [name for name in pack.namelist() if _is_work(PurePosixPath(name))]
    if not members:
        yield HandedIn(path), b"", f"{printable(path.name)} holds no script and no notebook"
    for name in members:
        yield HandedIn(path, name), *_unpacked(pack, name)


def _unpacked(pack: zipfile.ZipFile, name: str) -> tuple[bytes, str]:
    try:
        with pack.open(name) as stream:
            return _at_most(pack.getinfo(name).file_size, stream.read)
    except Exception as error:
        return b"", f"the pack is damaged: {error}"


def _content(path: Path) -> tuple[bytes, str]:
    """Return what a file holds, or nothing and why."""
    try:
        # Neither follow a link nor wait for a pipe.
        file = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        return b"", f"{path.name} is a link; links are not followed" if path.is_symlink() else str(error.strerror)
    with open(file, "rb") as stream:
        about = os.fstat(file)
        if not stat.S_ISREG(about.st_mode):
            return b"", f"{path.name} is no file"
        return _at_most(about.st_size, stream.read)


def _at_most(size: int, read: Callable[[int], bytes]) -> tuple[bytes, str]:
    """Return what can be read, or nothing and a sentence if it is more than `LARGE`, whatever size is claimed."""
    content = read(LARGE + 1) if size <= LARGE else b""
    if size > LARGE or len(content) > LARGE:
        return b"", f"it is larger than {LARGE >> 20} MB; a notebook shrinks when its outputs are cleared"
    return content, ""


def _opened(content: bytes) -> zipfile.ZipFile:
    """Open a pack, unless it would unpack to more than we take."""
    if content.count(b"PK\1\2") > MANY:  # the mark of an entry: counted before a list of them is made
        raise ValueError(f"more than {MANY} files")
    pack = zipfile.ZipFile(io.BytesIO(content))
    if sum(member.file_size for member in pack.infolist()) > LARGE:
        raise ValueError(f"more than {LARGE >> 20} MB when unpacked")
    return pack


def _is_work(path: PurePosixPath) -> bool:
    return path.suffix in SUFFIXES and not any(part.startswith((".", "__MACOSX")) for part in path.parts)


def printable(name: str) -> str:
    r"""Return a name without what a file name may hold and a page or a table may not.

    Examples
    --------
    >>> printable("a\nb")
    'a?b'
    """
    name = name.encode("utf-8", "replace").decode()
    return "".join(sign if sign.isprintable() else "?" for sign in name)
