"""What the cells of a lesson call: check an answer, go on without one, show a picture."""

import base64
import html
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tinygan.lessons.catalog import find_exercise, label
from tinygan.lessons.checking import Verdict, verdict_on
from tinygan.lessons.exercise import Answer, unwritten
from tinygan.lessons.printed import line
from tinygan.lessons.progress import nearest_progress

PICTURES = Path("pictures")


def check(name: str, function: Answer) -> None:
    """Check an answer and print what was found; see `verdict`.

    Examples
    --------
    >>> check("relu_backward", lambda grad_y, x: grad_y * (x > 0))
    3.2 relu_backward  right
    """
    print(line(find_exercise(name), verdict(name, function)))


def verdict(name: str, function: Answer) -> Verdict:
    """Check an answer and return what was found; an exercise that is right is noted as done.

    Parameters
    ----------
    name : str
        The name of the exercise.
    function : callable
        The function that you wrote.

    Raises
    ------
    ValueError
        If there is no exercise of this name.
    TypeError
        If `function` is no function.

    Examples
    --------
    >>> verdict("relu_backward", lambda grad_y, x: grad_y * (x > 0)).is_right
    True
    """
    exercise = find_exercise(name)
    if not callable(function):
        raise TypeError(f"check({name!r}, ...) got {function!r}; it takes the function itself, without parentheses")
    found = verdict_on(exercise, function)
    if found.is_right:
        nearest_progress().solve(exercise.name)
    return found


@contextmanager
def once_written() -> Iterator[None]:
    """Run the lines inside once everything that they call is written; until then, say what is missing and go on.

    Examples
    --------
    >>> from tinygan.lessons import NotYetWritten
    >>> def relu_backward(grad_y, x):
    ...     raise NotYetWritten("relu_backward")
    >>> with once_written():
    ...     relu_backward(1.0, 2.0)
    These lines wait for relu_backward (exercise 3.2).
    """
    try:
        yield
    except NotImplementedError as error:
        if not (name := unwritten(error)):
            raise
        print(f"These lines wait for {name} (exercise {label(find_exercise(name))}).")


def show(figure: Any, alt: str) -> None:
    """Show a picture: in a notebook below its cell, from a script as a file in the folder ``pictures``.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    alt : str
        What is to be seen, in a sentence, for readers who cannot see it.

    Raises
    ------
    ValueError
        If `alt` is empty.

    Examples
    --------
    >>> show(None, alt="")
    Traceback (most recent call last):
        ...
    ValueError: show got an empty alt; it takes a sentence that says what is to be seen
    """
    from tinygan.figures.lesson import png

    if not alt.strip():
        raise ValueError("show got an empty alt; it takes a sentence that says what is to be seen")
    if "ipykernel" in sys.modules:
        _show_in_notebook(png(figure), alt)
    else:
        _write(png(figure), alt)


def _show_in_notebook(picture: bytes, alt: str) -> None:
    import IPython.display as notebook

    data = base64.b64encode(picture).decode()
    image = f'<img src="data:image/png;base64,{data}" alt="{html.escape(alt)}" style="max-width: 100%">'
    notebook.display(notebook.HTML(image))  # type: ignore[no-untyped-call]


def _write(picture: bytes, alt: str) -> None:
    """Write a picture beside the others of the same script, under the next free number of this run."""
    script = Path(sys.argv[0]).stem or "lesson"
    number = _shown[script] = _shown.get(script, 0) + 1
    PICTURES.mkdir(exist_ok=True)
    path = PICTURES / f"{script}-{number}.png"
    path.write_bytes(picture)
    print(f"Picture: {path}\n  {alt}")


_shown: dict[str, int] = {}
