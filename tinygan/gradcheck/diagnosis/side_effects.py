"""Find what a backward pass does besides its work: change arrays, round, add twice, or differ at its second call."""

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np

from tinygan.gradcheck.diagnosis.closeness import equal, is_derivative
from tinygan.gradcheck.diagnosis.other_calls import other_batches, other_parameters, ties
from tinygan.gradcheck.diagnosis.precision import fits_float32
from tinygan.gradcheck.remark import Remark
from tinygan.gradcheck.subjects.subject import Subject
from tinygan.gradcheck.suspect import Suspect
from tinygan.gradcheck.trial import Trial, backward, run


def faults(
    subject: Subject,
    trial: Trial,
    right: Collection[str],
    near: Collection[str],
    seed: int,
    rng: np.random.Generator,
    tolerance: float,
) -> Iterator[Suspect | Remark]:
    """Yield every side effect that is found, each by its own experiment; in homework, some make only a remark.

    Parameters
    ----------
    subject : Subject
    trial : Trial
        The first call of the backward pass.
    right : collection of str
        The tensors whose gradient was right in that call.
    near : collection of str
        The tensors whose gradient is right or nearly so, and is more than a zero with rounding errors.
    seed : int
        Seed of the draws of forward.
    rng : numpy.random.Generator
        Draws other inputs and other parameters.
    tolerance : float
        The relative error that still counts as right.
    """
    yield from _mutated(subject, trial)
    yield from _reshaped(subject, trial)
    yield from _rounded(subject, trial, right, near)
    yield from _writes(subject, trial, seed)
    if left := list(_left_behind(subject, trial, seed)):
        yield from left
        return  # gradients that change from run to run cannot be compared
    changing = list(_called_again(subject, trial, right, seed))
    yield from changing
    if changing and not subject.is_homework:
        return
    yield from other_batches(subject, trial, right, seed, rng, tolerance)
    yield from other_parameters(subject, trial, right, seed, rng, tolerance)
    if next(iter(subject.inputs)) in right:
        yield from ties(subject, seed, rng)


def _mutated(subject: Subject, trial: Trial) -> Iterator[Suspect | Remark]:
    if subject.is_homework:
        names = [name for name in dict.fromkeys(trial.mutated) if not name.startswith("the cache")]
        if names:
            yield Remark(
                "changed_argument",
                f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} not the same after the call as before: "
                "whoever else holds that array now computes with other numbers.",
                subject.where_changed(names[0]),
            )
        return
    for name in trial.mutated:
        tensor = name if name in subject.tensors else next(iter(subject.inputs))
        yield Suspect(
            "mutated_input",
            tensor,
            1.0,
            f"{name} is not the same after the call as before. Whoever holds that array, such as the next layer, now "
            "computes with other numbers. Look for += or out= on an array that came in.",
            subject.where(tensor),
        )


def _reshaped(subject: Subject, trial: Trial) -> Iterator[Remark]:
    if trial.reshaped:
        each = [
            f"the gradient of {name} has shape {shape}, and {name} has {subject.tensors[name].shape}"
            for name, shape in trial.reshaped.items()
        ]
        works = "an update in place works all the same."
        yield Remark("other_shape", f"{'; '.join(each)}: {works}", subject.where(next(iter(trial.reshaped))))


def _rounded(
    subject: Subject, trial: Trial, right: Collection[str], near: Collection[str]
) -> Iterator[Suspect | Remark]:
    rounded = [name for name in near if fits_float32(trial.gradients[name])]
    if names := [name for name in rounded if name in right]:
        yield Remark(
            "single_precision",
            f"every number of the gradient of {' and of '.join(names)} fits into float32, though all input is float64: "
            "something on the way is cast, and seven digits are left.",
            subject.where(names[0]),
        )
    for name in rounded:
        if name not in right:
            yield Suspect(
                "precision",
                name,
                1.0,
                f"every number of the gradient of {name} fits into float32, though all input is float64, and even for "
                "that it is far off: something on the way is cast. Look for astype, or for an array made as float16.",
                subject.where(name),
            )


def _writes(subject: Subject, trial: Trial, seed: int) -> Iterator[Suspect]:
    """Yield a suspect if the gradient is double and was written more than once in one backward pass."""
    half = {name: gradient / 2 for name, gradient in trial.gradients.items() if isinstance(gradient, np.ndarray)}
    for name, n in trial.writes.items():
        if n > 1 and name in half and is_derivative(subject, trial.grad_y, name, half[name], seed):
            yield Suspect(
                "accumulated_twice",
                name,
                1.0,
                f"one backward pass adds to the gradient of {name} {n} times, and it comes out double. Often backward "
                "calls backward_params, which has been called already, or backward_input accumulates as well.",
                subject.where(name),
            )


def _left_behind(subject: Subject, trial: Trial, seed: int) -> Iterator[Suspect]:
    """Run both passes again and again: a gradient must not depend on what the run before has left."""
    runs = [run(subject, trial.grad_y, seed).gradients for _ in range(3)]
    for name, gradient in trial.gradients.items():
        if equal(gradient, runs[0][name]):
            continue
        if _grows(*(gradients[name] for gradients in runs)):
            words = "a gradient that grows: it adds to that of the run before. Start from zeros in every pass"
            yield Suspect("accumulated_twice", name, 1.0, _second_run(name, words), subject.where(name))
        elif subject.is_random(seed):
            words = "another gradient: it draws anew. Draw the mask once, in forward, and hand it over in the cache"
            yield Suspect("redrawn_mask", name, 0.9, _second_run(name, words), subject.where(name))
        else:
            words = "another gradient: it depends on what the run before has left on self or in a global"
            yield Suspect("other_batch", name, 0.5, _second_run(name, words), subject.where(name))


def _grows(first: Any, second: Any, third: Any) -> bool:
    """Return whether each of three gradients exceeds the one before by the same."""
    are_alike = all(isinstance(gradient, np.ndarray) and gradient.shape == first.shape for gradient in (second, third))
    return are_alike and not equal(first, second) and equal(second - first, third - second)


def _second_run(name: str, words: str) -> str:
    return f"forward and backward, run again on the same numbers, give for {name} {words}."


def _called_again(subject: Subject, trial: Trial, right: Collection[str], seed: int) -> Iterator[Suspect | Remark]:
    """Call backward a second time with the same cache."""
    again = Trial(trial.y, trial.cache, trial.grad_y, trial.handed)
    backward(subject, again)
    changing = [name for name, gradient in trial.gradients.items() if not equal(gradient, again.gradients[name])]
    if changing and subject.is_homework and set(changing) <= set(right):
        yield Remark(
            "not_repeatable",
            f"backward works once for each forward pass: called twice with the same cache, it gives another gradient "
            f"of {' and '.join(changing)}, since it adds to something that it keeps, or updates it.",
            subject.where(changing[0]),
        )
    elif changing:
        is_random = subject.is_random(seed)
        yield Suspect(
            "redrawn_mask" if is_random else "mutated_input",
            changing[0],
            0.9,
            f"called twice with the same cache, backward gives two gradients of {changing[0]}. "
            + (
                "It draws anew each time. Draw the mask once, in forward, and hand it over in the cache."
                if is_random
                else "Something that it keeps, or the cache itself, changes from call to call."
            ),
            subject.where(changing[0]),
        )
    if changing:
        return
    twice = Trial(trial.y, trial.cache, trial.grad_y, trial.handed)
    backward(subject, twice, keep_gradients=True)
    for name in subject.parameters:
        once, now = trial.gradients[name], twice.gradients[name]
        if once is not None and np.any(once) and not equal(now, 2 * once) and equal(now, once):
            yield Suspect(
                "not_accumulated",
                name,
                1.0,
                f"called twice, backward leaves the gradient of {name} as after one call: it overwrites where it "
                "should add. Algorithm 1 calls it for real and for fake examples, and needs the sum. Use accumulate.",
                subject.where(name),
            )
