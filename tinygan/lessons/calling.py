"""Call a student's function, whatever it does: every way to fail ends in one sentence."""

import ast
import inspect
import linecache
import re
import textwrap
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygan.backend import Array
from tinygan.lessons.borrowing import Calls, name_in_library
from tinygan.lessons.exercise import Answer, Exercise, Inputs, WrongAnswer, copied, unwritten
from tinygan.lessons.time_limit import TooSlow, within

SECONDS = 10.0
MUCH_OUTPUT = 10_000  # characters
# What NumPy says of shapes, and the part of it that is not for students.
ABOUT_SHAPES = r"shape|dimension|aligned"
JARGON = r"Input operand \d+ has a mismatch in its core dimension \d+, with gufunc signature \S+"


@dataclass(frozen=True)
class Failure:
    """A call that gave nothing to compare.

    Attributes
    ----------
    state : {"empty", "raised", "too slow", "wrong", "needs a look"}
    sentence : str
    mistake : str
        The name of the wrong answer that fails in the same way, if there is one.
    """

    state: str
    sentence: str
    mistake: str = ""


def attempt(
    exercise: Exercise, function: Answer, inputs: Inputs, *, seconds: float = SECONDS
) -> tuple[Array, ...] | Failure:
    """Return what a student's function gives for the inputs, or why it gives nothing that could be compared.

    Parameters
    ----------
    exercise : Exercise
    function : callable
        The student's function.
    inputs : dict
        Arguments by name; the function gets copies.
    seconds : float
        Time until the call is stopped; see `within`.

    Returns
    -------
    tuple of ndarray, or Failure
        One array for each name in ``exercise.returns``.

    Examples
    --------
    >>> exercise = Exercise("double", ["y"], inputs=lambda rng: {"x": 1.0}, hints=["", "", ""])
    >>> attempt(exercise, lambda x: 2 * x, {"x": 3.0})
    (array(6.),)
    >>> attempt(exercise, lambda x: print(2 * x), {"x": 3.0}).sentence
    'double returns None: is its `return` missing?'
    """
    if name := name_in_library(function):
        return _borrowed(exercise, f"is {name}")
    given = copied(inputs)
    calls = Calls(exercise)
    if wrong_order := _other_order(exercise, function, inputs):
        return Failure("wrong", wrong_order)
    result, error, printed = within(seconds, lambda: exercise.run(function, given), calls)
    if isinstance(error, TooSlow):
        return Failure("too slow", f"{exercise.name} had not returned after {seconds:g} s: does a loop in it ever end?")
    if error is not None:
        return _raised(exercise, function, inputs, error)
    if calls.borrowed:
        return _borrowed(exercise, f"calls {calls.borrowed}")
    if changed := [name for name in given if not _unchanged(given[name], inputs[name])]:
        return Failure(
            "wrong",
            f"{exercise.name} changes its argument {changed[0]} in place. The caller still needs it: a cache, or the "
            f"next exercise, holds the same array. Compute a new one ({changed[0]} = {changed[0]} * 2, not "
            f"{changed[0]} *= 2).",
        )
    if printed > MUCH_OUTPUT:
        return Failure("wrong", f"{exercise.name} prints {printed:,} characters. Take the print out and check again.")
    return _arrays(exercise, result)


def _borrowed(exercise: Exercise, how: str) -> Failure:
    return Failure(
        "needs a look",
        f"{exercise.name} {how}: that is the library's answer. Write it out by hand; compare with the library after.",
    )


def _other_order(exercise: Exercise, function: Answer, inputs: Inputs) -> str:
    """Say if a function takes the arguments of the stub in another order; nothing if it does not."""
    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return ""
    if names == list(inputs) or sorted(names) != sorted(inputs):
        return ""
    return f"{exercise.name} takes ({', '.join(names)}); it is called with ({', '.join(inputs)}), in this order."


def _raised(exercise: Exercise, function: Answer, inputs: Inputs, error: BaseException) -> Failure:
    if name := unwritten(error):
        if name == exercise.name and _is_begun(function):
            return Failure("empty", f"The line `raise {type(error).__name__}(...)` still stands in it: take it out.")
        if name == exercise.name:
            return Failure("empty", "nothing written yet")
        return Failure("empty", f"{exercise.name} calls {name}, in which nothing is written yet")
    where = _line(function, error)
    if isinstance(error, RecursionError):
        return Failure("raised", f"{exercise.name} calls itself without end{where}")
    if isinstance(error, SystemExit):
        return Failure("raised", f"{exercise.name} leaves Python{where}: a function returns, it does not exit")
    if isinstance(error, MemoryError):
        return Failure("raised", f"{exercise.name} needs more memory than there is{where}: how large is that array?")
    words = f": {message(error)}" if message(error) else ""
    shapes = _shapes(inputs) if isinstance(error, ValueError) and re.search(ABOUT_SHAPES, words) else ""
    words = re.sub(JARGON, "the shapes do not fit", words)
    mistake = _mistake(exercise, inputs, error)
    told = f". {mistake.sentence}" if mistake else shapes
    sentence = f"{exercise.name} raised {type(error).__name__}{words[:500]}{where}{told}"
    return Failure("raised", sentence, mistake.name if mistake else "")


def _is_begun(function: Answer) -> bool:
    """Whether more than the stub's one line stands in a function."""
    try:
        node = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    except (OSError, TypeError, SyntaxError):
        return False
    if not isinstance(node, ast.FunctionDef):
        return False
    texts = [part for part in node.body if isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)]
    return len(node.body) - len(texts) > 1


def _shapes(inputs: Inputs) -> str:
    """Return a sentence that tells the shapes of the arguments."""
    shapes = [f"{name} {np.shape(value)}" for name, value in inputs.items() if isinstance(value, np.ndarray)]
    return f". Here the shapes are: {', '.join(shapes)}." if shapes else ""


def _mistake(exercise: Exercise, inputs: Inputs, error: BaseException) -> WrongAnswer | None:
    """Return the wrong answer that raises the same error."""
    for answer in exercise.wrong_answers:
        try:
            exercise.outputs(answer.function, inputs)
        except Exception as its:
            if type(its) is type(error) and str(its) == message(error):
                return answer
    return None


def message(error: BaseException) -> str:
    """Return what an error says; a student's class of errors may fail even there.

    Examples
    --------
    >>> message(ValueError("x is empty"))
    'x is empty'
    """
    try:
        return str(error)
    except BaseException:
        return ""


def _line(function: Answer, error: BaseException) -> str:
    """Return the student's line at which an error was raised: the last one in the function's module."""
    module = getattr(function, "__globals__", None)
    for frame, number in reversed(list(traceback.walk_tb(error.__traceback__))):
        if frame.f_globals is module:
            code = linecache.getline(frame.f_code.co_filename, number, frame.f_globals).strip()
            return f", in line {number}" + (f": {code}" if code else "")
    return ""


def _unchanged(now: Any, before: Any) -> bool:
    return not isinstance(now, np.ndarray) or np.array_equal(now, before, equal_nan=now.dtype.kind == "f")


def _arrays(exercise: Exercise, result: Any) -> tuple[Array, ...] | Failure:
    """Return the results as arrays, or what they are instead."""
    wanted = exercise.returns
    results = result if isinstance(result, tuple) and len(wanted) > 1 else (result,)
    if result is None:
        return Failure("wrong", f"{exercise.name} returns None: is its `return` missing?")
    if isinstance(result, list) and len(result) == len(wanted) > 1:
        return Failure("wrong", f"{exercise.name} returns a list: return the {len(wanted)} without brackets")
    if len(results) != len(wanted):
        got = f"{len(results)} values" if len(results) > 1 else f"one value, {_kind(result)}"
        return Failure("wrong", f"{exercise.name} returns {got}; wanted {len(wanted)}: {', '.join(wanted)}")
    for name, value in zip(wanted, results, strict=True):
        if value is None:
            return Failure("wrong", f"{exercise.name} returns None for {name}")
        if not isinstance(value, (np.ndarray, np.generic, float, int)) or np.asarray(value).dtype.kind not in "fiub":
            return Failure("wrong", f"{exercise.name} returns {_kind(value)} for {name}; wanted an array of numbers")
    return tuple(np.array(value) for value in results)


def _kind(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype}"
    return f"a {type(value).__name__}"


def attempts(
    exercise: Exercise, function: Answer, cases: Sequence[Inputs], *, seconds: float = SECONDS
) -> list[tuple[Array, ...]] | Failure:
    """Return what a function gives for each of several inputs, or its first failure.

    Examples
    --------
    >>> exercise = Exercise("double", ["y"], inputs=lambda rng: {"x": 1.0}, hints=["", "", ""])
    >>> attempts(exercise, lambda x: 2 * x, [{"x": 3.0}, {"x": 4.0}])
    [(array(6.),), (array(8.),)]
    """
    made = []
    for inputs in cases:
        result = attempt(exercise, function, inputs, seconds=seconds)
        if isinstance(result, Failure):
            return result
        made.append(result)
    return made
