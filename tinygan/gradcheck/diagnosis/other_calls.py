"""Find faults that only another call shows: after another batch, at other parameters, or where entries tie."""

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

import numpy as np

from tinygan.backend import Array
from tinygan.gradcheck.diagnosis.closeness import MARGIN, equal, is_derivative
from tinygan.gradcheck.diagnosis.verdict import case_of, diagnosed, row_of
from tinygan.gradcheck.numerical import directional_derivative
from tinygan.gradcheck.remark import Remark
from tinygan.gradcheck.subjects.subject import Subject
from tinygan.gradcheck.suspect import Suspect
from tinygan.gradcheck.trial import Trial, backward, run


def other_batches(
    subject: Subject, trial: Trial, right: Collection[str], seed: int, rng: np.random.Generator, tolerance: float
) -> Iterator[Suspect]:
    """Take a second batch: other examples, then fewer.

    Forward runs on both batches before backward does, as in Algorithm 1 with real and fake examples, and each gradient
    must be what it is alone. Those of the smaller batch must be right as well.
    """
    m = subject.m
    batches: dict[str, Callable[[], AbstractContextManager[None]]] = {
        "another batch": lambda: _shuffled(subject, np.random.default_rng(seed)),
        f"a batch of {m - 1}": lambda: subject.first_examples(m - 1),
    }
    for words, batch in batches.items():
        try:
            with batch():
                y = subject.y(seed)
                other = run(subject, trial.grad_y if y.shape == trial.grad_y.shape else rng.normal(size=y.shape), seed)
                wrong = list(_wrong_there(subject, other, right, seed, rng, tolerance)) if subject.m < m else []
        except Exception:  # not every function takes these values, and what it then raises is its own affair
            continue
        found = [replace(suspect, message=f"on {words}, though not on {m}, {suspect.message}") for suspect in wrong]
        found = found or list(_mixed_up(subject, batch, (trial, other), words, seed))
        yield from found
        if found:
            return


def _wrong_there(
    subject: Subject, trial: Trial, right: Collection[str], seed: int, rng: np.random.Generator, tolerance: float
) -> Iterator[Suspect]:
    """Yield what is wrong with those gradients of a trial that were right before."""
    for name in right:
        if not is_derivative(subject, trial.grad_y, name, trial.gradients[name], seed, tolerance):
            case = case_of(subject, name, trial, seed, rng, tolerance)
            row = row_of(case, rng)
            if not row.ok:
                yield from diagnosed(case, row)


def _mixed_up(
    subject: Subject,
    batch: Callable[[], AbstractContextManager[None]],
    alone: tuple[Trial, Trial],
    words: str,
    seed: int,
) -> Iterator[Suspect]:
    """Run forward on both batches, then backward on both, in either order; yield a suspect if it makes a difference."""
    for order in ((0, 1), (1, 0)):
        both = [_forward_alone(subject, alone[0], seed)]
        with batch():
            both.append(_forward_alone(subject, alone[1], seed))
        for i in order:
            try:
                backward(subject, both[i])
            except Exception as error:
                name, is_other, effect = next(iter(subject.tensors)), True, f"raises {type(error).__name__}: {error}"
            else:
                differing = [name for name in alone[i].gradients if not _equal_in(name, alone[i], both[i])]
                if not differing:
                    continue
                name = differing[0]
                is_other = _equal_in(name, alone[1 - i], both[i])
                whose = "the gradient of the other batch" if is_other else "another gradient"
                effect = f"gives {whose} for {' and '.join(differing)}"
            yield Suspect(
                "other_batch",
                name,
                1.0 if is_other else 0.5,
                f"after forward has run on {words} as well, backward with the {('first', 'second')[i]} cache {effect}. "
                f"The code remembers {'its last input' if is_other else 'something of its last call'} on self or in a "
                "global. Put all that backward needs into the cache.",
                subject.where(name),
            )
            return


def _forward_alone(subject: Subject, trial: Trial, seed: int) -> Trial:
    y, cache = subject.forward(seed)
    return Trial(y.copy(), cache, trial.grad_y, subject.handed)


def _equal_in(name: str, one: Trial, other: Trial) -> bool:
    return equal(one.gradients[name], other.gradients[name])


@contextmanager
def _shuffled(subject: Subject, rng: np.random.Generator) -> Iterator[None]:
    """Shuffle all numbers of the first input for the time of a with block, so that forward still takes their values."""
    batch, x = next(iter(subject.inputs.items()))
    shuffled = rng.permutation(x.reshape(-1)).reshape(x.shape)
    subject.inputs[batch] = x + rng.normal(size=x.shape) if np.array_equal(shuffled, x) else shuffled
    try:
        yield
    finally:
        subject.inputs[batch] = x


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


def ties(subject: Subject, seed: int, rng: np.random.Generator) -> Iterator[Suspect | Remark]:
    """Check an x whose entries tie for a maximum: moving them together is smooth, and only one may get the gradient.

    Moving all entries by the same step changes L by the sum of the gradient. If entries that tie each get the whole
    gradient, the sum is too large; if they share it, the sum is right.
    """
    name, x = next(iter(subject.inputs.items()))
    order = 1e-7 * np.arange(x.size).reshape(x.shape)
    try:
        subject.inputs[name] = tie = rng.integers(1, 3, size=x.shape).astype(float)
        grad_y = np.abs(rng.normal(size=subject.y(seed).shape))
        tied, excess = _sum_and_excess(subject, name, grad_y, seed)
        subject.inputs[name] = tie + order
        last, excess_apart = _sum_and_excess(subject, name, grad_y, seed)
        subject.inputs[name] = tie - order
        first, _ = _sum_and_excess(subject, name, grad_y, seed)
    except ValueError:  # not every function takes these values, and not every gradient can be added up
        return
    finally:
        subject.inputs[name] = x
    if excess_apart or any(np.allclose(tied, winner, rtol=1e-4, atol=1e-4) for winner in (first, last)):
        return
    if excess > 0:
        yield Suspect(
            "tie_duplicated",
            name,
            1.0,
            f"where entries of {name} tie for the maximum, each of them gets the whole gradient: together they get "
            f"{float(tied.sum()):.4g}, and moving them together changes the loss by {float(tied.sum()) - excess:.4g}. "
            "Looking for x == max finds all of them; take one winner, as argmax does.",
            subject.where(name),
        )
    elif not excess and (tied >= 0).all() and (last >= 0).all():
        yield Remark(
            "shared_tie",
            f"where entries of {name} tie for a maximum, they share its gradient, and the shares add up to it: any "
            "shares would be right there.",
            subject.where(name),
        )


def _sum_and_excess(subject: Subject, name: str, grad_y: Array, seed: int) -> tuple[Array, float]:
    """Return the gradient of a tensor, and by how much its sum exceeds the slope; 0 if that is within the noise."""
    x, gradient = subject.tensors[name], run(subject, grad_y, seed).gradients[name]
    slope, noise, at_kink = directional_derivative(lambda: subject.y(seed), grad_y, x, np.ones_like(x))
    if at_kink or not isinstance(gradient, np.ndarray) or gradient.shape != x.shape:
        raise ValueError("no slope or no gradient")
    excess = float(gradient.sum()) - slope
    return gradient, excess if abs(excess) > noise + MARGIN * max(1.0, abs(slope)) else 0.0
