"""What a class handed in: which file is whose, and for which lesson; nothing is unpacked, and no link is followed."""

import hashlib
import io
import os
import re
import stat
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tinygan.lessons.catalog import Lesson, lessons

SUFFIXES = (".py", ".ipynb")
LARGE = 64 << 20  # bytes of one file, and of all files in a pack
MANY = 1000  # files in a pack


@dataclass(frozen=True)
class HandedIn:
    """Where a file lies.

    Attributes
    ----------
    student : str
    path : Path
        Of the file, or of the pack that it is in.
    member : str
        Its name inside the pack; empty for a file that lies open.
    """

    student: str
    path: Path
    member: str = ""

    @property
    def name(self) -> str:
        """Its name, fit to be shown."""
        return _printable(PurePosixPath(self.member or self.path.name).name)

    def read(self) -> tuple[bytes, str]:
        """Return what it holds, or nothing and why."""
        content, problem = _content(self.path)
        if problem or self.path.suffix != ".zip":
            return content, problem
        try:
            with _opened(content) as pack:
                if not self.member:
                    return b"", f"{_printable(self.path.name)} holds no script and no notebook"
                with pack.open(self.member) as stream:
                    return _at_most(pack.getinfo(self.member).file_size, stream.read)
        except Exception as error:  # zipfile raises whatever a damaged file leads it to
            return b"", f"{_printable(self.path.name)} is no pack that can be read: {error}"


@dataclass(frozen=True)
class Submission:
    """What a student handed in for a lesson.

    Attributes
    ----------
    student : str
    lesson : Lesson or None
        None if no file says which one it is for.
    file : HandedIn or None
        The file that counts; None if there is no file.
    digest : str
        A short name of its content, from which one sees that it has changed.
    problem : str
        Why it cannot be graded; empty if it can.
    others : sequence of str
        Names of further files for the same lesson.
    """

    student: str
    lesson: Lesson | None
    file: HandedIn | None
    digest: str = ""
    problem: str = ""
    others: Sequence[str] = ()


@dataclass(frozen=True)
class _Seen:
    """A file after one look at what it holds, which is not kept."""

    file: HandedIn
    lesson: Lesson | None
    n_stubs: int
    digest: str
    problem: str

    @property
    def number(self) -> int:
        return self.lesson.number if self.lesson else 0


def submissions(folder: Path) -> list[Submission]:
    """Return what was handed in, in the order of the students' names.

    A student is a folder directly inside `folder`, or a file or pack that lies there and carries the name. Of several
    files for one lesson, such as script and notebook, the one counts in which fewer stubs are left.

    Parameters
    ----------
    folder : Path
        As a learning platform exports it, or made by hand.

    Raises
    ------
    ValueError
        If it is no folder.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as home:
    ...     Path(home, "ada_03_layers.py").touch()
    ...     [(found.student, found.lesson.number) for found in submissions(Path(home))]
    [('ada', 3)]
    """
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder; grade takes the one that holds what the class handed in")
    by_student: defaultdict[str, list[_Seen]] = defaultdict(list)
    for path in folder.iterdir():
        if path.is_dir() and not path.name.startswith("."):
            by_student[_student(Path(path.name, ""), is_folder=True)] = []
    for file in _files(folder):
        by_student[file.student].append(_seen(file))
    return [found for student, seen in sorted(by_student.items()) for found in _of_one(student, seen)]


def _of_one(student: str, seen: Sequence[_Seen]) -> Iterator[Submission]:
    """Yield what one student handed in, for each lesson."""
    if not seen:
        yield Submission(student, None, None, problem="there is no script, no notebook and no pack")
        return
    for number in sorted({each.number for each in seen} - {0}) or [0]:  # 0: files that are for no lesson
        of_it = [each for each in seen if each.number == number]
        best, *others = sorted(of_it, key=lambda each: (bool(each.problem), each.n_stubs, each.file.name))
        problem = best.problem
        if number == 0 and not problem:
            problem = "which lesson is it for? Neither its name, such as 03_layers.py, nor its functions say so"
        yield Submission(student, best.lesson, best.file, best.digest, problem, [each.file.name for each in others])


def _seen(file: HandedIn) -> _Seen:
    content, problem = file.read()
    problem = _printable(problem)
    digest = hashlib.sha256(f"{file.name}\n{problem}\n".encode() + content).hexdigest()[:16]
    return _Seen(file, _lesson(file.name, content), content.count(b"raise NotYetWritten("), digest, problem)


def _lesson(name: str, content: bytes) -> Lesson | None:
    """Return the lesson whose name the file carries, else the one of whose exercises it defines most."""
    for lesson in lessons().values():
        if lesson.name in name:
            return lesson
    defined = set(re.findall(rb"\bdef (\w{1,100})\(", content))
    n_defined = {
        number: sum(exercise.name.encode() in defined for exercise in lesson.exercises)
        for number, lesson in lessons().items()
    }
    best = max(n_defined, key=lambda number: n_defined[number])
    return lessons()[best] if n_defined[best] else None


def _files(folder: Path) -> Iterator[HandedIn]:
    """Yield every script and notebook in a folder, in those inside it, and in packs."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(place, name)
            if name.startswith(".") or path.suffix not in (*SUFFIXES, ".zip"):
                continue
            student = _student(path.relative_to(folder))
            for member in _members(path) if path.suffix == ".zip" else [""]:
                yield HandedIn(student, path, member)


def _student(path: Path, is_folder: bool = False) -> str:
    """Return whose file this is, from its path inside the folder.

    Learning platforms put numbers behind a name: ``Ada Lovelace_1234_assignsubmission_file_/03_layers.py`` (Moodle),
    ``lovelaceada_LATE_12_345_03_layers-1.py`` (Canvas).
    """
    is_folder = is_folder or len(path.parts) > 1
    name = path.parts[0] if is_folder else path.stem
    name = re.sub(r"_\d+_assignsubmission_.*$", "", name)
    if not is_folder:
        for lesson in lessons().values():
            name = name.partition(lesson.name)[0] or name
        name = re.sub(r"(_LATE)?(_\d+)*_?$", "", name.removeprefix("tinygan-"))
    return _printable(name).strip(" _-") or _printable(path.name)


def _printable(name: str) -> str:
    """Return a name without what a file name may hold and a page or a table may not."""
    name = name.encode("utf-8", "replace").decode()
    return "".join(sign if sign.isprintable() else "?" for sign in name)


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


def _members(path: Path) -> list[str]:
    """Return the names of the scripts and notebooks in a pack; one empty name if it cannot be read."""
    try:
        with _opened(_content(path)[0]) as pack:
            return [name for name in pack.namelist() if _is_work(PurePosixPath(name))] or [""]
    except Exception:  # `HandedIn.read` says why
        return [""]


def _is_work(path: PurePosixPath) -> bool:
    return path.suffix in SUFFIXES and not any(part.startswith((".", "__MACOSX")) for part in path.parts)
