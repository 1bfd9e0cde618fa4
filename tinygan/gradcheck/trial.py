"""Run a forward and a backward pass, and record what they did, even what they should not have done."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinygan.backend import Array, is_finite
from tinygan.backend.arrays import is_float_array
from tinygan.gradcheck.numerical import steps
from tinygan.gradcheck.subjects.subject import Subject, arrays_in


@dataclass
class Trial:
    """What one forward pass and one backward pass did.

    Attributes
    ----------
    y, cache, grad_y
        What the forward pass returned, and what the backward pass got.
    handed : dict from str to ndarray
        The inputs that the forward pass got, as it left them.
    gradients : dict
        A copy of the gradient of each tensor; None if there was no gradient.
    writes : dict from str to int
        How often the gradient of each parameter was set or added to.
    mutated : list of str
        Those of the inputs, grad_y, the cache and the parameters that the forward or the backward pass changed.
    reshaped : dict from str to tuple of int
        The shapes of those gradients of homework that came back with more or fewer axes of length 1 in front.
    noise : dict from str to float
        The rounding error of each gradient; empty until it is measured.
    """

    y: Array
    cache: Any
    grad_y: Array
    handed: dict[str, Array] = field(default_factory=dict)
    gradients: dict[str, Any] = field(default_factory=dict)
    writes: dict[str, int] = field(default_factory=dict)
    mutated: list[str] = field(default_factory=list)
    reshaped: dict[str, tuple[int, ...]] = field(default_factory=dict)
    noise: dict[str, float] = field(default_factory=dict)


def run(subject: Subject, grad_y: Array | None, seed: int) -> Trial:
    """Run both passes from clean gradients; without grad_y, only the forward pass."""
    y, cache = subject.forward(seed)
    trial = Trial(y.copy(), cache, grad_y, subject.handed)
    trial.mutated += _changed(subject.handed, subject.inputs)
    if grad_y is not None:
        backward(subject, trial)
    return trial


def rounding(subject: Subject, trial: Trial, seed: int) -> dict[str, float]:
    """Return the rounding error of each gradient, measured by multiplying grad_y by 1 + a few eps.

    Where large terms cancel, as in the gradient of a bias below a normalisation, only this error is left of the
    gradient. Nothing but grad_y changes, so that a number at a kink stays there. A gradient that changes by more than
    that from run to run is not noisy, but wrong: its error is 0.
    """
    runs = [trial.gradients]
    for n_eps in (0, -3, -2, -1, 1, 2, 3):
        runs.append(run(subject, (1 + n_eps * steps.get().eps) * trial.grad_y, seed).gradients)
    return {name: _spread([gradients[name] for gradients in runs], subject.tensors[name].shape) for name in runs[0]}


def _spread(gradients: list[Any], shape: tuple[int, ...]) -> float:
    known = [g for g in gradients if is_float_array(g) and g.shape == shape and is_finite(g)]
    if len(known) < len(gradients) or not known[0].size:
        return 0.0
    changes = np.abs(known[1] - known[0]).max() > 1e-6 * np.abs(known[0]).max()
    return 0.0 if changes else float(np.ptp(known, axis=0).max())


def backward(subject: Subject, trial: Trial, *, keep_gradients: bool = False) -> None:
    """Run the backward pass of a trial, from clean gradients unless keep_gradients is true."""
    handed = trial.grad_y.copy()
    watched = {**trial.handed, "grad_y": handed}
    watched |= {f"the cache ({i})": array for i, array in enumerate(arrays_in(trial.cache))}
    kept = {name: array.copy() for name, array in watched.items()}
    data = {name: theta.data.copy() for name, theta in subject.parameters.items()}
    if not keep_gradients:
        for theta in subject.parameters.values():
            theta.grad = None
    with _counted_writes(subject) as writes:
        gradients = subject.backward(handed, trial.cache)
    gradients |= {name: theta.grad for name, theta in subject.parameters.items()}
    trial.gradients = {name: _copied(gradient) for name, gradient in gradients.items()}
    if subject.is_homework:
        _put_into_shape(subject, trial)
    trial.writes = dict(writes)
    trial.mutated += _changed(watched, kept)
    trial.mutated += _changed({name: theta.data for name, theta in subject.parameters.items()}, data)
    for name, array in trial.handed.items():
        array[...] = kept[name]
    for name, theta in subject.parameters.items():
        theta.data[...] = data[name]


def _put_into_shape(subject: Subject, trial: Trial) -> None:
    """Add or drop axes of length 1 in front of gradients, as NumPy does in an update such as ``b -= rate * db``."""
    for name, gradient in trial.gradients.items():
        shape, wanted = np.shape(gradient), subject.tensors[name].shape
        if gradient is not None and shape != wanted and _trimmed(shape) == _trimmed(wanted):
            trial.gradients[name] = np.reshape(gradient, wanted)
            trial.reshaped[name] = shape


def _trimmed(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return a shape without the axes of length 1 in front."""
    return _trimmed(shape[1:]) if shape[:1] == (1,) else shape


def _changed(now: dict[str, Array], before: dict[str, Array]) -> list[str]:
    return [name for name, array in before.items() if not _same(now[name], array)]


def _same(one: Array, other: Array) -> bool:
    return one.shape == other.shape and bool(((one == other) | ((one != one) & (other != other))).all())


def _copied(gradient: Any) -> Any:
    return gradient.copy() if hasattr(gradient, "copy") else gradient


@contextmanager
def _counted_writes(subject: Subject) -> Iterator[dict[str, int]]:
    """Count, for the time of a backward pass, how often the gradient of each parameter is written."""
    writes = dict.fromkeys(subject.learned, 0)
    kept = {name: type(theta) for name, theta in subject.learned.items()}
    for name, theta in subject.learned.items():
        theta.__class__ = _counting(kept[name], name, writes)
    try:
        yield writes
    finally:
        for name, theta in subject.learned.items():
            theta.__class__ = kept[name]


def _counting(kind: type, name: str, writes: dict[str, int]) -> type:
    """Return a subclass whose instances count every write to ``grad``, including ``+=``."""

    def __setattr__(self: Any, attribute: str, value: Any) -> None:
        if attribute == "grad":
            writes[name] += 1
        object.__setattr__(self, attribute, value)

    return type(kind.__name__, (kind,), {"__setattr__": __setattr__})
