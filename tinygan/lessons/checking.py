"""Is an answer right, and if not, why? Compares it with the right answer and with the usual wrong ones."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tinygan.backend import Array, RngLike, as_rng
from tinygan.lessons.calling import SECONDS, Failure, attempts
from tinygan.lessons.exercise import Answer, Exercise, Inputs, WrongAnswer

N_CASES = 3
RIGHT = "right"


@dataclass(frozen=True)
class Verdict:
    """What a check found.

    Attributes
    ----------
    state : str
        "right", "wrong", "empty", "raised", "too slow" or "needs a look"; a grader has some more.
    sentence : str
        Why, for the student.
    mistake : str
        The name of the wrong answer that it equals, if it has one.
    """

    state: str
    sentence: str = ""
    mistake: str = ""

    @property
    def is_right(self) -> bool:
        """Whether the answer is right."""
        return self.state == RIGHT


def verdict_on(exercise: Exercise, function: Answer, *, rng: RngLike = 0, seconds: float = SECONDS) -> Verdict:
    """Check one answer.

    The order is: is anything written, does it raise, do types and shapes fit, are the values right for three random
    inputs, which wrong answer gives the same values, what does the gradient checker say.

    Parameters
    ----------
    exercise : Exercise
    function : callable
        The student's function.
    rng : numpy.random.Generator, int or None
        For the random inputs.
    seconds : float
        Time for one call.

    Returns
    -------
    Verdict

    Examples
    --------
    >>> from tinygan.lessons.catalog import find_exercise
    >>> verdict_on(find_exercise("relu_backward"), lambda grad_y, x: x > 0).mistake
    'slope_alone'
    """
    cases = random_cases(exercise, rng)
    made = attempts(exercise, function, cases, seconds=seconds)
    if isinstance(made, Failure):
        return Verdict(made.state, made.sentence)
    verdict = judge(exercise, cases, made)
    if verdict.state == "wrong" and not verdict.mistake:
        return Verdict("wrong", verdict.sentence + diagnosis(exercise, function))
    return verdict


def random_cases(exercise: Exercise, rng: RngLike) -> list[Inputs]:
    """Return the random inputs of one check.

    Examples
    --------
    >>> from tinygan.lessons.catalog import find_exercise
    >>> [list(inputs) for inputs in random_cases(find_exercise("relu_backward"), 0)]
    [['grad_y', 'x'], ['grad_y', 'x'], ['grad_y', 'x']]
    """
    rng = as_rng(rng)
    return [exercise.inputs(rng) for _ in range(N_CASES)]


def judge(exercise: Exercise, cases: Sequence[Inputs], made: Sequence[tuple[Array, ...]]) -> Verdict:
    """Compare values with the right answer's and, where they differ, with those of the wrong answers.

    It sees arrays only, so that a grader can call it outside the process in which a student's code ran.

    Parameters
    ----------
    exercise : Exercise
    cases : sequence of dict
        The inputs.
    made : sequence of tuples of ndarray
        What the student's function gave for each.

    Examples
    --------
    >>> from tinygan.lessons.catalog import find_exercise
    >>> exercise = find_exercise("relu_backward")
    >>> cases = random_cases(exercise, 0)
    >>> judge(exercise, cases, [(inputs["grad_y"] * (inputs["x"] > 0),) for inputs in cases]).state
    'right'
    """
    wanted = [exercise.outputs(exercise.right_answer, inputs) for inputs in cases]
    wrong = _differing(exercise, made, wanted)
    if not wrong:
        return Verdict(RIGHT)
    found, named = [], []
    while wrong:
        best, explained = _most_telling(exercise, cases, made, wrong)
        if best is None:
            break
        named.append(best.name)
        found.append(best.sentence)
        wrong = [i for i in wrong if i not in explained]
    misfit = _misfit(exercise, cases, made, wanted)
    if wrong and not misfit:
        found.append(_difference(exercise, made, wanted, wrong[0]))
    return Verdict("wrong", " ".join([misfit, *found]).strip(), "+".join(named) if not wrong else "")


def _differing(exercise: Exercise, made: Sequence[tuple[Array, ...]], wanted: Sequence[tuple[Array, ...]]) -> list[int]:
    """Return the numbers of the returned arrays that are not as wanted."""
    return [i for i in range(len(exercise.returns)) if not _agree(exercise, made, wanted, i)]


def _agree(exercise: Exercise, one: Sequence[tuple[Array, ...]], other: Sequence[tuple[Array, ...]], i: int) -> bool:
    return all(_close(a[i], b[i], exercise.tolerance) for a, b in zip(one, other, strict=True))


def _close(one: Array, other: Array, tolerance: float) -> bool:
    if one.shape != other.shape:
        return False
    one, other = one.astype(float), other.astype(float)
    size = float(np.abs(other[np.isfinite(other)]).max(initial=0.0))
    return bool(np.allclose(one, other, rtol=0, atol=tolerance * size + 1e-12, equal_nan=True))


def _most_telling(
    exercise: Exercise,
    cases: Sequence[Inputs],
    made: Sequence[tuple[Array, ...]],
    wrong: Sequence[int],
) -> tuple[WrongAnswer | None, list[int]]:
    """Return the wrong answer that equals most of the arrays, right ones included, and which wrong ones it equals.

    So an answer that goes wrong in more places than the student's comes last.
    """
    best: tuple[int, int] = 0, 0
    found: tuple[WrongAnswer | None, list[int]] = None, []
    for answer in exercise.wrong_answers:
        its = [exercise.outputs(answer.function, inputs) for inputs in cases]
        equal = [i for i in range(len(exercise.returns)) if _agree(exercise, made, its, i)]
        explained = [i for i in equal if i in wrong]
        if explained and (len(equal), len(explained)) > best:
            best, found = (len(equal), len(explained)), (answer, explained)
    return found


def _misfit(
    exercise: Exercise,
    cases: Sequence[Inputs],
    made: Sequence[tuple[Array, ...]],
    wanted: Sequence[tuple[Array, ...]],
) -> str:
    """Return the first shape that does not fit, in words; empty if all fit."""
    for inputs, got, right in zip(cases, made, wanted, strict=True):
        for name, array, wanted_array in zip(exercise.returns, got, right, strict=True):
            if array.shape != wanted_array.shape:
                like = [key for key, value in inputs.items() if np.shape(value) == wanted_array.shape != ()]
                words = f", the shape of {like[0]}" if like else ""
                return f"{name} has shape {_shape(array)}; wanted {_shape(wanted_array)}{words}."
    return ""


def _shape(array: Array) -> str:
    return f"{array.shape}" if array.ndim else "() (one number)"


def _difference(
    exercise: Exercise, made: Sequence[tuple[Array, ...]], wanted: Sequence[tuple[Array, ...]], i: int
) -> str:
    """Say where an array differs most from the right one."""
    for got, right in zip(made, wanted, strict=True):
        if not _close(got[i], right[i], exercise.tolerance):
            break
    one, other = got[i].astype(float), right[i].astype(float)
    if n_bad := int(np.isnan(one).sum()):
        where = f"{n_bad} of its {one.size} entries" if one.size > 1 else "it"
        return f"{exercise.name} returns {exercise.returns[i]} with NaN in {where}."
    off = np.asarray(np.abs(one - other))  # of two single numbers, the difference is no array
    off[~np.isfinite(off)] = np.inf
    worst = np.unravel_index(int(off.argmax()), off.shape)
    n_off = int((off > exercise.tolerance * np.abs(other[np.isfinite(other)]).max(initial=0.0) + 1e-12).sum())
    entry = f"[{', '.join(str(k) for k in worst)}]" if one.ndim else ""
    share = f" {n_off} of its {one.size} entries differ." if one.size > 1 else ""
    fine = [name for name in exercise.returns if exercise.returns.index(name) not in _differing(exercise, made, wanted)]
    names = " and ".join(fine) if len(fine) <= 3 else f"{len(fine)} others"
    rest = f" {names} {'is' if len(fine) == 1 else 'are'} right." if fine else ""
    return f"{exercise.returns[i]}{entry} is {one[worst]:.6g}; wanted {other[worst]:.6g}.{share}{rest}"


def diagnosis(exercise: Exercise, function: Answer) -> str:
    """Return what the gradient checker says of an answer, as a sentence to add; empty if it has nothing to say.

    Examples
    --------
    >>> from tinygan.lessons.catalog import find_exercise
    >>> diagnosis(find_exercise("relu_backward"), lambda grad_y, x: -grad_y * (x > 0))[:40]
    ' The gradient checker: the gradient of x'
    """
    if exercise.diagnose is None:
        return ""
    try:
        suspects = exercise.diagnose(function).suspects
    except Exception:  # the function may do anything with other inputs
        return ""
    told = [suspect for suspect in suspects if suspect.code != "unknown"]
    return f" The gradient checker: {told[0].message}" if told else ""
