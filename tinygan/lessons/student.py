"""A student's folder of lessons: begin one, check it, pack it to hand in."""

import shlex
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tinygan.files import as_path, whole_file
from tinygan.lessons.calling import SECONDS, Failure
from tinygan.lessons.catalog import Lesson
from tinygan.lessons.catalog import lessons as all_lessons
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
    here = Path()
    return here if (here / FILE).exists() or started(list(all_lessons().values()), here) else DEFAULT_FOLDER


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

    The functions are read from the script or from the notebook, whichever was worked in. If both were, the newer one
    counts, and the other for what is empty there. Of their code, only imports, functions, classes and constants are
    run.

    Parameters
    ----------
    lesson : Lesson
    folder : Path

    Raises
    ------
    ValueError
        If the lesson was not started there, or its file cannot be read.
    """
    paths, remarks = working_files(lesson, folder)
    verdicts, notes = _verdicts(lesson, paths[0])
    if len(paths) > 1 and any(verdict.state == "empty" for _, verdict in verdicts):
        others, more = _verdicts(lesson, paths[1])
        for i, (exercise, verdict) in enumerate(others):
            if verdicts[i][1].state == "empty" != verdict.state:
                verdicts[i] = exercise, verdict
        notes += more
    load_progress(folder).solve(*(exercise.name for exercise, verdict in verdicts if verdict.is_right))
    return Checked(paths[0], verdicts, [*remarks, *notes])


def _verdicts(lesson: Lesson, path: Path) -> tuple[list[tuple[Exercise, Verdict]], list[str]]:
    """Return the verdicts on what a file defines, and what could not be read of it."""
    written = definitions(read_cells(path), lesson.name, seconds=SECONDS)
    return [(exercise, _verdict(exercise, written, path)) for exercise in lesson.exercises], written.problems


def working_files(lesson: Lesson, folder: Path) -> tuple[list[Path], list[str]]:
    """Return the files of a lesson that the student works in, the newest first, and remarks.

    If neither was changed, it is the first that is there.

    Raises
    ------
    ValueError
        If there is none that can be read.
    """
    there = [path for path in _files(lesson, folder) if path.exists()]
    if not there:
        raise ValueError(_missing(lesson, folder))
    codes, remarks = {}, []
    for path in there:
        try:
            codes[path] = _code(read_cells(path))
        except (ValueError, OSError) as error:
            remarks.append(str(error))
    if not codes:
        raise ValueError(remarks[0])
    touched = [path for path, code in codes.items() if code != _code(lesson.stripped_cells)]
    files = sorted(touched or [*codes][:1], key=lambda path: path.stat().st_mtime, reverse=True)
    if len(files) > 1:
        remarks.append(
            f"{files[1].name} was changed as well as {files[0].name}, which is newer; it counts for what is empty there"
        )
    return files, remarks


def _missing(lesson: Lesson, folder: Path) -> str:
    """Say that a lesson is not there, and which file looks like it."""
    topic = lesson.name.partition("_")[2]
    alike = [path.name for path in sorted(folder.glob("*")) if path.suffix in SUFFIXES and topic in path.stem]
    if alike:
        return f"{folder} has no {lesson.name}.py; if {alike[0]} is the one, rename it"
    begin = command(f"start {lesson.number}", folder)
    return f"{folder} has no {lesson.name}.py; begin it with: {begin}"


def _code(parts: Sequence[Cell]) -> list[str]:
    return [cell.source.strip() for cell in parts if cell.kind == "code"]


def _verdict(exercise: Exercise, written: Written, path: Path) -> Verdict:
    found = written.find(exercise.name, path.name)
    if isinstance(found, Failure):
        return Verdict(found.state, found.sentence)
    verdict = verdict_on(exercise, found)
    return replace(verdict, sentence=verdict.sentence + written.about(verdict.sentence))


def pack(lessons: Sequence[Lesson], folder: Path, student: str) -> tuple[Path, list[str]]:
    """Write all files of some lessons that were worked in into one zip file to hand in.

    Parameters
    ----------
    lessons : sequence of Lesson
    folder : Path
        The student's folder; the zip file goes there.
    student : str
        A name for the file.

    Returns
    -------
    (Path, list of str)
        The zip file, and remarks: what could not be read, and where both files were changed.

    Raises
    ------
    ValueError
        If a lesson was not started, or the name is no name for a file.
    """
    if not student.strip() or any(sign in student for sign in '/\\:*?"<>|'):
        raise ValueError(f"pack got the name {student!r}; it takes one that a file can have, such as ada")
    path = folder / f"tinygan-{student.strip()}.zip"
    with whole_file(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        remarks = []
        for lesson in lessons:
            files, more = working_files(lesson, folder)
            remarks += more
            for file in files:
                archive.write(file, file.name)
    return path, remarks


def started(lessons: Sequence[Lesson], folder: Path) -> list[Lesson]:
    """Return the lessons that were begun in a folder."""
    return [lesson for lesson in lessons if any(path.exists() for path in _files(lesson, folder))]
