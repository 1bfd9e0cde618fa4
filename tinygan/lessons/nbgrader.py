"""A lesson as the source of an assignment for nbgrader."""

import re
from typing import Any

from tinygan.lessons.catalog import Lesson
from tinygan.lessons.definitions import TEXTS
from tinygan.lessons.script import BEGIN, Cell, code_cell, notebook_cell, notebook_of

# The rubric of an explanation goes from 0 to 3; a prediction counts for being written down.
POINTS = {"prediction": 1, "explanation": 3}


def assignment(lesson: Lesson) -> str:
    """Return the notebook that nbgrader makes an assignment from, as JSON.

    It holds the solutions: nbgrader takes them out. Below each exercise stands a cell that checks it for one point, and
    that students cannot change. Prediction and explanation are text, graded by hand.

    Parameters
    ----------
    lesson : Lesson

    Examples
    --------
    >>> import json
    >>> from tinygan.lessons.catalog import find_lesson
    >>> made = json.loads(assignment(find_lesson(3)))
    >>> [cell["metadata"]["nbgrader"]["grade_id"] for cell in made["cells"] if "nbgrader" in cell["metadata"]][:3]
    ['prediction', 'linear_backward', 'check_linear_backward']
    """
    made = []
    for cell in lesson.cells:
        made += _graded(cell)
    return notebook_of(made)


def _graded(cell: Cell) -> list[dict[str, Any]]:
    """Return a cell as nbgrader wants it, with the one that grades it."""
    if BEGIN in cell.source:
        name = re.findall(r"(?m)^def (\w+)", cell.source.partition(BEGIN)[0])[-1]
        test = (
            "from tinygan.lessons import verdict\n\n"
            f'found = verdict("{name}", {name})\n'
            "assert found.is_right, found.sentence"
        )
        graded = {"nbgrader": _metadata(f"check_{name}", points=1), "tags": ["raises-exception"]}  # "Run all" goes on
        return [code_cell(cell.source, {"nbgrader": _metadata(name, solution=True)}), code_cell(test, graded)]
    for name in TEXTS:
        if cell.source.startswith(f"{name} = "):
            words = notebook_cell(Cell("markdown", f"Your {name}."))
            return [{**words, "metadata": {"nbgrader": _metadata(name, solution=True, points=POINTS[name])}}]
    return [notebook_cell(cell)]


def _metadata(name: str, *, solution: bool = False, points: int = 0) -> dict[str, Any]:
    """Return what nbgrader keeps with a cell: whether students write in it, and what it counts."""
    worth = {"points": points} if points else {}
    return {
        "schema_version": 3,
        "grade_id": name,
        "solution": solution,
        "grade": points > 0,
        "locked": not solution,
        "task": False,
        **worth,
    }
