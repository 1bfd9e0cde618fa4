"""Find faults that only another call shows: after another batch, at other parameters, or where entries tie."""

from collections.abc import Collection, Iterator
from dataclasses import replace

import numpy as np

from tinygan.backend import Array
from tinygan.gradcheck.diagnosis.closeness import MARGIN, equal, is_derivative, same
from tinygan.gradcheck.diagnosis.verdict import case_of, diagnosed, row_of
from tinygan.gradcheck.numerical import directional_derivative
from tinygan.gradcheck.subjects.subject import Subject
from tinygan.gradcheck.suspect import Suspect
from tinygan.gradcheck.trial import Trial, backward, run


def other_batch(subject: Subject, trial: Trial, seed: int, rng: np.random.Generator) -> Iterator[Suspect]:
    """Run forward on another batch before backward, as Algorithm 1 does with real and fake examples."""
    kept = {name: x.copy() for name, x in subject.inputs.items()}
    batch = next(iter(kept))

    def show(x: Array) -> None:
        subject.inputs[batch][...] = x

    other_x = rng.permutation(kept[batch].reshape(-1)).reshape(kept[batch].shape)  # values that forward takes
    if np.array_equal(other_x, kept[batch]):
        other_x = kept[batch] + rng.normal(size=kept[batch].shape)
    show(other_x)
    other = run(subject, trial.grad_y, seed)
    show(kept[batch])
    y, cache = subject.forward(seed)
    show(other_x)
    subject.forward(seed)
    show(kept[batch])
    late = Trial(y, cache, trial.grad_y)
    backward(subject, late)
    for name, gradient in trial.gradients.items():
        if not equal(gradient, late.gradients[name]):
            is_other = equal(late.gradients[name], other.gradients[name])
            yield Suspect(
                "other_batch" if is_other else "unknown",
                name,
                1.0 if is_other else 0.5,
                f"after forward has run on another batch, backward with the first cache gives "
                f"{'the gradient of the other batch' if is_other else 'another gradient'} for {name}. The layer "
                f"remembers {'its last input' if is_other else 'something of its last call'} on self. Put all that "
                "backward needs into the cache.",
                subject.where(name),
            )


def other_parameters(
    subject: Subject, trial: Trial, right: Collection[str], seed: int, rng: np.random.Generator, tolerance: float
) -> Iterator[Suspect]:
    """Move the parameters in place, as an optimiser does, and run both passes again.

    A gradient that is then wrong still comes from the old parameters, or it was right only there, for example because
    parameters were zero.
    """
    if not subject.parameters:
        return
    kept = {name: theta.data.copy() for name, theta in subject.parameters.items()}
    try:
        for name, theta in subject.parameters.items():
            theta.data += 0.3 * rng.normal(size=theta.data.shape) * (np.abs(kept[name]).mean() + 0.1)
        moved = run(subject, trial.grad_y, seed)
        for name in right:
            gradient = moved.gradients[name]
            if is_derivative(subject, trial.grad_y, name, gradient, seed, tolerance):
                continue
            case = case_of(subject, name, moved, seed, rng, tolerance)
            row = row_of(case, rng)
            if row.ok:
                continue
            if np.any(gradient) and equal(gradient, trial.gradients[name]):
                yield Suspect(
                    "stale_parameters",
                    name,
                    1.0,
                    f"after an update of the parameters, the gradient of {name} is still the old one. Backward "
                    "works with a copy that was made earlier, such as a transpose kept by the constructor. Read the "
                    "parameter where you use it.",
                    subject.where(name),
                )
                continue
            for suspect in diagnosed(case, row):
                words = f"at the parameters given, the mistake does not show; after an update, {suspect.message}"
                yield replace(suspect, message=words)
    finally:
        for name, theta in subject.parameters.items():
            theta.data[...] = kept[name]


def ties(subject: Subject, seed: int, rng: np.random.Generator) -> Iterator[Suspect]:
    """Check an x whose entries tie for a maximum: moving them together is smooth, and only one may get the gradient."""
    name, x = next(iter(subject.inputs.items()))
    kept = x.copy()
    try:
        x[...] = rng.integers(1, 3, size=x.shape)
        y = subject.y(seed)
        tied = run(subject, rng.normal(size=y.shape), seed)
        gradient = tied.gradients[name]
        slope, noise, at_kink = directional_derivative(lambda: subject.y(seed), tied.grad_y, x, np.ones_like(x))
        if at_kink or not isinstance(gradient, np.ndarray) or gradient.shape != x.shape:
            return
        if abs(float(gradient.sum()) - slope) <= noise + MARGIN * max(1.0, abs(slope)):
            return
        x += 1e-3 * rng.normal(size=x.shape)
        apart = run(subject, tied.grad_y, seed).gradients[name]
        winners = apart != 0
        if (gradient != 0).sum() > winners.sum() and same(gradient[winners], apart[winners], MARGIN):
            yield Suspect(
                "tie_duplicated",
                name,
                1.0,
                f"where entries of {name} tie for the maximum, each of them gets the whole gradient: together they get "
                f"{float(gradient.sum()):.4g}, and moving them together changes the loss by {slope:.4g}. Looking for "
                "x == max finds all of them; take one winner, as argmax does.",
                subject.where(name),
            )
    except ValueError:  # not every function takes these values
        return
    finally:
        x[...] = kept
