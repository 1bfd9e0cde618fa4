"""What the verdicts on a lesson look like on a terminal."""

import textwrap
from collections.abc import Sequence

from tinygan.lessons.catalog import label
from tinygan.lessons.checking import Verdict
from tinygan.lessons.exercise import Exercise

WIDTH = 100


def line(exercise: Exercise, verdict: Verdict, width: int = 0) -> str:
    """Return number and name of an exercise, the state, and the reason, on as many lines as they need.

    Parameters
    ----------
    exercise : Exercise
    verdict : Verdict
    width : int
        How wide the column of names is.

    Examples
    --------
    >>> from tinygan.lessons.catalog import find_exercise
    >>> print(line(find_exercise("relu_backward"), Verdict("wrong", "grad_y is missing.")))
    3.2 relu_backward  wrong: grad_y is missing.
    """
    name = f"{label(exercise)} {exercise.name}"
    words = f"{verdict.state}: {verdict.sentence}" if verdict.sentence else verdict.state
    if verdict.state == "empty" and verdict.sentence:
        words = verdict.sentence
    first = f"{name:<{width}}  "
    return textwrap.fill(words, WIDTH, initial_indent=first, subsequent_indent=" " * 4, break_on_hyphens=False)


def table(verdicts: Sequence[tuple[Exercise, Verdict]]) -> str:
    """Return the verdicts on several exercises, one below the other."""
    width = max(len(f"{label(exercise)} {exercise.name}") for exercise, _ in verdicts)
    return "\n".join(line(exercise, verdict, width) for exercise, verdict in verdicts)
