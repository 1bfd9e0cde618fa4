"""A student's folder of lessons: begin one, check it, pack it to hand in."""

import shlex
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tinygan.files import as_path, whole_file
from tinygan.lessons.calling import SECONDS, Failure
from tinygan.lessons.catalog import Lesson
from tinygan.lessons.checking import Verdict, verdict_on
from tinygan.lessons.definitions import SUFFIXES, Written, definitions, read_cells
from tinygan.lessons.exercise import Exercise
from tinygan.lessons.progress import DEFAULT_FOLDER, FILE, load_progress
from tinygan.lessons.script import Cell, as_script, notebook


def lessons_folder(path: str | Path | None = None) -> Path:
    """Return the folder of lessons: the one given, else the current one if lessons are in it, else ./tinygan-lessons.

    Examples
    --------
    >>> lessons_folder().as_posix()
    'tinygan-lessons'
    """
    if path is not None:
        return as_path(path)
    return Path() if Path(FILE).exists() else DEFAULT_FOLDER


def command(words: str, folder: Path) -> str:
    """Return the command that does something in a folder of lessons.

    Examples
    --------
    >>> command("check 3", Path("tinygan-lessons"))
    'tinygan lesson check 3'
    >>> command("check 3", Path("mine"))
    'tinygan lesson check 3 --out mine'
    """
    out = "" if folder == lessons_folder() else f" --out {shlex.quote(folder.as_posix())}"
    return f"tinygan lesson {words}{out}"


def start(lesson: Lesson, folder: Path) -> tuple[list[Path], list[Path]]:
    """Put a lesson without its solutions into a folder, as a script and as a notebook.

    Parameters
    ----------
    lesson : Lesson
    folder : Path
        Made if it is not there.

    Returns
    -------
    (list of Path, list of Path)
        The files that were written, and those that were there before: they are left as they are.

    Raises
    ------
    OSError
        If a file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from tinygan.lessons.catalog import find_lesson
    >>> with tempfile.TemporaryDirectory() as home:
    ...     [[file.name for file in files] for files in start(find_lesson(3), Path(home))]
    [['03_layers.py', '03_layers.ipynb'], []]
    """
    load_progress(folder).save()
    written, kept = [], []
    for path, text in zip(_files(lesson, folder), _texts(lesson), strict=True):
        if path.exists():
            kept.append(path)
            continue
        with whole_file(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
        written.append(path)
    return written, kept


def _files(lesson: Lesson, folder: Path) -> list[Path]:
    return [folder / f"{lesson.name}{suffix}" for suffix in SUFFIXES]


def _texts(lesson: Lesson) -> list[str]:
    parts = lesson.stripped_cells
    return [as_script(parts), notebook(parts)]


@dataclass(frozen=True)
class Checked:
    """What a check of a whole lesson found.

    Attributes
    ----------
    path : Path
        The file that was read.
    verdicts : list of (Exercise, Verdict)
    remarks : list of str
        What could not be read, and why this file.
    """

    path: Path
    verdicts: list[tuple[Exercise, Verdict]]
    remarks: list[str]

    @property
    def is_right(self) -> bool:
        """Whether every exercise is right."""
        return all(verdict.is_right for _, verdict in self.verdicts)


def check_lesson(lesson: Lesson, folder: Path) -> Checked:
    """Check all exercises of a lesson in a folder, and note which are right.

    The functions are read from the script or from the notebook, whichever was worked in; from the newer one, if both
    were. Of its code, only imports, functions, classes and constants are run.

    Parameters
    ----------
    lesson : Lesson
    folder : Path

    Raises
    ------
    ValueError
        If the lesson was not started there, or its file cannot be read.
    """
    path, remarks = working_file(lesson, folder)
    written = definitions(read_cells(path), lesson.name, seconds=SECONDS)
    verdicts = [(exercise, _verdict(exercise, written, path)) for exercise in lesson.exercises]
    progress = load_progress(folder)
    for exercise, verdict in verdicts:
        if verdict.is_right:
            progress.solve(exercise.name)
    return Checked(path, verdicts, [*remarks, *written.problems])


def working_file(lesson: Lesson, folder: Path) -> tuple[Path, list[str]]:
    """Return the file of a lesson that the student works in, and a remark if both were changed.

    Raises
    ------
    ValueError
        If there is none.
    """
    there = [path for path in _files(lesson, folder) if path.exists()]
    if not there:
        begin = f"start {lesson.number}"
        raise ValueError(f"{folder} has no {lesson.name}.py; begin it with: {command(begin, folder)}")
    touched = [path for path in there if _code(read_cells(path)) != _code(lesson.stripped_cells)]
    newest = max(touched or there[:1], key=lambda path: path.stat().st_mtime)
    both = f"{' and '.join(path.name for path in touched)} were both changed; this is the newer one, {newest.name}"
    return newest, [both] if len(touched) > 1 else []


def _code(parts: Sequence[Cell]) -> list[str]:
    return [cell.source.strip() for cell in parts if cell.kind == "code"]


def _verdict(exercise: Exercise, written: Written, path: Path) -> Verdict:
    found = written.find(exercise.name, path.name)
    if isinstance(found, Failure):
        return Verdict(found.state, found.sentence)
    return verdict_on(exercise, found)


def pack(lessons: Sequence[Lesson], folder: Path, student: str) -> Path:
    """Write the files of some lessons into one zip file to hand in, and return its path.

    Parameters
    ----------
    lessons : sequence of Lesson
    folder : Path
        The student's folder; the zip file goes there.
    student : str
        A name for the file.

    Raises
    ------
    ValueError
        If a lesson was not started, or the name is no name for a file.
    """
    if not student.strip() or any(sign in student for sign in '/\\:*?"<>|'):
        raise ValueError(f"pack got the name {student!r}; it takes one that a file can have, such as ada")
    path = folder / f"tinygan-{student.strip()}.zip"
    with whole_file(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        for lesson in lessons:
            file, _ = working_file(lesson, folder)
            archive.write(file, file.name)
    return path


def started(lessons: Sequence[Lesson], folder: Path) -> list[Lesson]:
    """Return the lessons that were begun in a folder."""
    return [lesson for lesson in lessons if any(path.exists() for path in _files(lesson, folder))]
