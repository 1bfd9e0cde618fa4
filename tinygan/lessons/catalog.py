"""Which lessons there are: each has a script in tutorials/ and a file of exercises beside this one."""

import difflib
import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

from tinygan.lessons.exercise import Exercise
from tinygan.lessons.script import Cell, cells, solved, stripped

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Lesson:
    """One lesson.

    Attributes
    ----------
    number : int
    script : Path
        The script with its solutions, ``NN_name.py``.
    """

    number: int
    script: Path

    @property
    def name(self) -> str:
        """The name of its files, such as ``03_layers``."""
        return self.script.stem

    @property
    def module(self) -> str:
        """The name of the module that holds its exercises."""
        return f"tinygan.lessons.exercises.{self.name[3:]}"

    @property
    def cells(self) -> list[Cell]:
        """Its cells, with the solutions."""
        return cells(self.script.read_text(encoding="utf-8"))

    @property
    def stripped_cells(self) -> list[Cell]:
        """Its cells, without the solutions."""
        return [Cell(cell.kind, stripped(cell.source)) if cell.kind == "code" else cell for cell in self.cells]

    @property
    def title(self) -> str:
        """Its first heading, without the number."""
        return re.sub(r"^# \d+\. ", "", self.cells[0].source.split("\n")[0])

    @property
    def exercises(self) -> list[Exercise]:
        """Its exercises, in their order."""
        return [value for value in vars(import_module(self.module)).values() if isinstance(value, Exercise)]

    def solution(self, exercise: Exercise) -> str:
        """Return the code of the function that solves an exercise."""
        for cell in self.cells:
            if match := re.search(rf"(?ms)^def {exercise.name}\(.*?(?=^\S|\Z)", cell.source):
                return solved(match[0]).rstrip()
        raise ValueError(f"{self.script.name} does not define {exercise.name}")


def folder() -> Path:
    """Return the folder of the scripts: inside an installed package, or beside the package in a clone."""
    inside = HERE / "tutorials"
    return inside if inside.is_dir() else HERE.parents[1] / "tutorials"


@cache
def lessons() -> dict[int, Lesson]:
    """Return all lessons by their number.

    Examples
    --------
    >>> lessons()[3].title
    'Backprop I: what does a layer hand down?'
    """
    scripts = sorted(folder().glob("[0-9][0-9]_*.py"))
    return {int(script.name[:2]): Lesson(int(script.name[:2]), script) for script in scripts}


def find_lesson(number: int) -> Lesson:
    """Return a lesson.

    Raises
    ------
    ValueError
        If there is none of this number.

    Examples
    --------
    >>> find_lesson(3).name
    '03_layers'
    """
    if number not in lessons():
        raise ValueError(f"there is no lesson {number}; there are {', '.join(map(str, lessons()))}")
    return lessons()[number]


@cache
def _by_name() -> dict[str, tuple[str, Exercise]]:
    return {
        exercise.name: (f"{lesson.number}.{i}", exercise)
        for lesson in lessons().values()
        for i, exercise in enumerate(lesson.exercises, 1)
    }


def find_exercise(name: str) -> Exercise:
    """Return an exercise, by its name or by its label.

    Parameters
    ----------
    name : str
        Such as "relu_backward" or "3.2".

    Raises
    ------
    ValueError
        If there is none.

    Examples
    --------
    >>> find_exercise("3.2").name
    'relu_backward'
    """
    for key, (label, exercise) in _by_name().items():
        if name in (key, label):
            return exercise
    own = [f"{label} {key}" for key, (label, _) in _by_name().items() if label.startswith(f"{name}.")]
    if own:
        raise ValueError(f"{name!r} is a lesson; its exercises are {', '.join(own)}")
    near = difflib.get_close_matches(name.lower(), _by_name(), 1)
    hint = f"did you mean {near[0]}?" if near else "it takes a number such as 3.2, or a name"
    raise ValueError(f"there is no exercise {name!r}; {hint}")


def label(exercise: Exercise) -> str:
    """Return the number of an exercise, such as "3.2".

    Examples
    --------
    >>> label(find_exercise("relu_backward"))
    '3.2'
    """
    return _by_name()[exercise.name][0]


def earlier(exercise: Exercise) -> list[Exercise]:
    """Return the exercises of the same lesson that come before one, which its answer may call.

    Examples
    --------
    >>> [part.name for part in earlier(find_exercise("3.3"))]
    ['linear_backward', 'relu_backward']
    """
    for lesson in lessons().values():
        if exercise in lesson.exercises:
            return lesson.exercises[: lesson.exercises.index(exercise)]
    return []
