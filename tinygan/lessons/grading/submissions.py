"""What a class handed in: which file is whose, and for which lesson."""

import hashlib
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinygan.lessons.catalog import Lesson, lessons
from tinygan.lessons.definitions import SUFFIXES
from tinygan.lessons.grading.handed_in import PACK, HandedIn, printable, work_in


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

    A student is a folder directly inside `folder`, or a file or pack that lies there and carries the name. If there
    are several files for one lesson, such as script and notebook, the one counts in which fewer stubs are left.

    Parameters
    ----------
    folder : Path
        As a learning platform exports it, or made by hand.

    Raises
    ------
    ValueError
        If it is no folder, or there is nothing in it to grade.

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
    by_owner: defaultdict[tuple[str, str], list[_Seen]] = defaultdict(list)
    for path in folder.iterdir():
        if path.is_dir() and not path.name.startswith("."):
            by_owner[_owner(Path(path.name), is_folder=True)] = []
    for path in _files(folder):
        owner = _owner(path.relative_to(folder))
        by_owner[owner] += [_seen(file, content, problem) for file, content, problem in work_in(path)]
    namesakes = Counter(name for name, number in by_owner if number)
    by_student: defaultdict[str, list[_Seen]] = defaultdict(list)
    for (name, number), seen in by_owner.items():
        by_student[f"{name} {number}" if number and namesakes[name] > 1 else name] += seen
    if not by_student:
        raise ValueError(f"{folder} holds no folder of a student, no script, no notebook and no pack")
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


def _seen(file: HandedIn, content: bytes, problem: str) -> _Seen:
    problem = printable(problem)
    digest = hashlib.sha256(f"{file.name}\n{problem}\n".encode() + content).hexdigest()[:16]
    return _Seen(file, _lesson(file.name, content), content.count(b"raise NotYetWritten("), digest, problem)


def _lesson(name: str, content: bytes) -> Lesson | None:
    """Return the lesson whose name the file carries, else the one with the most exercises that the file defines."""
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


def _files(folder: Path) -> Iterator[Path]:
    """Yield every script, notebook and pack in a folder, and in those inside it."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(place, name)
            if not name.startswith(".") and path.suffix in (*SUFFIXES, PACK):
                yield path


def _owner(path: Path, is_folder: bool = False) -> tuple[str, str]:
    """Return whose file this is, from its path inside the folder: the name, and the platform's number of the student.

    Learning platforms put numbers behind a name: ``Ada Lovelace_1234_assignsubmission_file_/03_layers.py`` (Moodle),
    ``lovelaceada_LATE_12_345_03_layers-1.py`` (Canvas; the second one is of the file). Elsewhere, the number is empty.
    """
    is_folder = is_folder or len(path.parts) > 1
    name, number = path.parts[0] if is_folder else path.stem, ""
    if moodle := re.search(r"_(\d+)_assignsubmission_.*$", name):
        name, number = name[: moodle.start()], moodle[1]
    elif not is_folder:
        for lesson in lessons().values():
            name = name.partition(lesson.name)[0] or name
        name = name.partition("_tinygan-")[0].removeprefix(
            "tinygan-"
        )  # a pack, as the platform or the student names it
        if canvas := re.search(r"(?:_LATE)?_(\d+)_\d+_?$", name):
            name, number = name[: canvas.start()], canvas[1]
        name = re.sub(r"(_\d+)*_?$", "", name)
    return printable(name).strip(" _-") or printable(path.name), number
