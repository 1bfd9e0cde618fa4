"""Is an answer right, and if not, why? Compares it with the right answer and with the usual wrong ones."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from tinygan.backend import Array, RngLike, as_rng
from tinygan.lessons.calling import SECONDS, Failure, attempts
from tinygan.lessons.catalog import earlier, label
from tinygan.lessons.exercise import Answer, Exercise, Inputs, WrongAnswer
from tinygan.lessons.time_limit import within

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
        return Verdict(made.state, made.sentence, made.mistake)
    verdict = judge(exercise, cases, made, lambda: diagnosis(exercise, function, seconds=seconds))
    if not verdict.is_right and (blamed := _wrong_parts(exercise, function, seconds)):
        names = " and ".join(f"{part.name} ({label(part)})" for part in blamed)
        return Verdict("wrong", f"{exercise.name} calls {names}, not right yet: begin there.")
    return verdict


def _wrong_parts(exercise: Exercise, function: Answer, seconds: float) -> list[Exercise]:
    """Return the earlier exercises of the lesson that the function calls and that are not right."""
    names = getattr(getattr(function, "__code__", None), "co_names", ())
    answers = getattr(function, "__globals__", {})
    called = [part for part in earlier(exercise) if part.name in names and callable(answers.get(part.name))]
    return [part for part in called if not verdict_on(part, answers[part.name], seconds=seconds).is_right]


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


def judge(
    exercise: Exercise,
    cases: Sequence[Inputs],
    made: Sequence[tuple[Array, ...]],
    diagnosed: Callable[[], str] = lambda: "",
) -> Verdict:
    """Compare values with the right answer's and, where they differ, with those of the wrong answers.

    It sees arrays only, so that a grader can call it outside the process in which a student's code ran.

    Parameters
    ----------
    exercise : Exercise
    cases : sequence of dict
        The inputs.
    made : sequence of tuples of ndarray
        What the student's function gave for each.
    diagnosed : callable
        Returns what the gradient checker says, as a sentence to add. It is asked where all shapes fit and no wrong
        answer explains the difference.

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
    told, unexplained = _told(exercise, cases, made, wanted, wrong)
    misfit = _misfit(exercise, cases, made, wanted)
    parts = [misfit, *(answer.sentence for answer in told)]
    if unexplained and not misfit:
        parts.append(_difference(exercise, made, wanted, unexplained[0]))
    parts.append(_are_right([name for i, name in enumerate(exercise.returns) if i not in wrong]))
    more = diagnosed() if unexplained and not misfit else ""
    mistake = "" if unexplained else "+".join(answer.name for answer in told)
    return Verdict("wrong", " ".join(filter(None, parts)) + more, mistake)


def _are_right(names: Sequence[str]) -> str:
    """Return a sentence that praises some of the returned arrays; empty if there are none."""
    if len(names) > 3:
        return f"The other {len(names)} are right."
    if len(names) < 2:
        return f"{names[0]} is right." if names else ""
    return f"{', '.join(names[:-1])} and {names[-1]} are right."


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


def _told(
    exercise: Exercise,
    cases: Sequence[Inputs],
    made: Sequence[tuple[Array, ...]],
    wanted: Sequence[tuple[Array, ...]],
    wrong: Sequence[int],
) -> tuple[list[WrongAnswer], list[int]]:
    """Return the wrong answers that explain most of the wrong arrays, and which of these none explains.

    The sentence of a wrong answer may speak of every array that it spoils. So all of these must be wrong in the
    student's answer too, and at least half of them equal.
    """
    candidates = []
    for answer in exercise.wrong_answers:
        try:
            its = [exercise.outputs(answer.function, inputs) for inputs in cases]
        except Exception:  # it is one that raises
            continue
        spoiled = _differing(exercise, its, wanted)
        equal = {i for i in spoiled if _agree(exercise, made, its, i)}
        if set(spoiled) <= set(wrong) and 2 * len(equal) >= len(spoiled):
            candidates.append((answer, equal))
    told, left = [], set(wrong)
    while candidates:
        answer, equal = max(candidates, key=lambda candidate: len(candidate[1] & left))
        if not equal & left:
            break
        told.append(answer)
        left -= equal
    return told, sorted(left)


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
    return f"{exercise.returns[i]}{entry} is {one[worst] + 0.0:.6g}; wanted {other[worst] + 0.0:.6g}.{share}"


def diagnosis(exercise: Exercise, function: Answer, *, seconds: float = SECONDS) -> str:
    """Return what more calls say of an answer, as a sentence to add; empty if they say nothing.

    Are two calls alike? And what does the gradient checker find?

    Parameters
    ----------
    exercise : Exercise
    function : callable
        The student's function.
    seconds : float
        Time for all its calls; see `within`.

    Examples
    --------
    >>> from tinygan.lessons.catalog import find_exercise
    >>> diagnosis(find_exercise("relu_backward"), lambda grad_y, x: -grad_y * (x > 0))[:40]
    ' The gradient checker: the gradient of x'
    """
    inputs = exercise.inputs(as_rng(0))
    calls = attempts(exercise, function, [inputs, inputs], seconds=seconds)
    if not isinstance(calls, Failure) and not all(map(partial(np.array_equal, equal_nan=True), *calls)):
        return " Two calls with the same arguments differ: it draws random numbers. Use those that it is given."
    diagnose = exercise.diagnose
    if diagnose is None:
        return ""
    report, error, _ = within(seconds, lambda: diagnose(function))
    if error is not None:  # the function may do anything with other inputs
        return ""
    told = [suspect for suspect in report.suspects if suspect.code != "unknown"]
    return f" The gradient checker: {told[0].message}" if told else ""
