"""How every entry of y depends on a tensor: according to forward, and according to backward."""

from functools import cached_property
from typing import TypeAlias

import numpy as np

from tinygan.backend import Array
from tinygan.gradcheck.diagnosis.closeness import same
from tinygan.gradcheck.subjects.subject import Subject
from tinygan.gradcheck.trial import run

# The largest y of which backward is asked for every entry by itself.
LARGEST = 512
STEP = 1e-5

Shape: TypeAlias = tuple[int, ...]


class Jacobians:
    """The derivatives dy/dtheta at some entries of a tensor theta, from forward and from backward.

    Attributes
    ----------
    forward : ndarray of shape (n_y, n_entries)
        Central differences of y.
    backward : ndarray of shape (n_y, n_entries)
        What backward returns for a grad_y that is 1 at one entry of y, and 0 elsewhere.
    y_shape : tuple of int
        The shape of y.
    places : tuple of ndarray of shape (n_entries,)
        The indices of the entries along each axis of the tensor.

    Notes
    -----
    Backward is linear in grad_y, or else `not_linear` has been found before. So its answers to these grad_y say what it
    does with any other, and show path by path which of them it lacks, and which it has too many.
    """

    def __init__(self, forward: Array, backward: Array, y_shape: Shape, places: tuple[Array, ...], tolerance: float):
        self.forward, self.backward = forward, backward
        self.y_shape, self.places = y_shape, places
        self.margin = max(1e-5, tolerance) * float(np.abs(self.forward).max(initial=0.0))

    def explains(self, prediction: Array) -> bool:
        """Return whether a prediction of the whole Jacobian of backward comes true."""
        return same(prediction, self.backward, self.margin)

    @cached_property
    def is_path(self) -> Array:
        """Where y depends on the tensor."""
        found: Array = np.abs(self.forward) > self.margin
        return found

    @cached_property
    def is_kept(self) -> Array:
        """Where backward has the derivative of forward, which is not 0."""
        kept: Array = self.is_path & (np.abs(self.backward - self.forward) <= self.margin)
        return kept

    @cached_property
    def is_share(self) -> Array:
        """Where backward has the derivative of forward, or a whole fraction of it, as of an index that repeats."""
        with np.errstate(all="ignore"):
            times = self.forward / np.where(self.is_taken, self.backward, np.nan)
            found: Array = self.is_path & (np.abs(times - times.round()) < 1e-4) & (times > 0.5)
        return found | self.is_kept

    @cached_property
    def is_taken(self) -> Array:
        """Where backward has some derivative that is not 0."""
        taken: Array = np.abs(self.backward) > self.margin
        return taken

    def along_y(self, axis: int) -> Array:
        """Return the index of every entry of y along an axis, of shape (n_y, 1)."""
        return np.indices(self.y_shape)[axis].reshape(-1, 1)


def jacobians(
    subject: Subject, tensor: str, entries: Array, forward: Array, y_shape: Shape, seed: int, tolerance: float
) -> Jacobians | None:
    """Return the Jacobian of forward with that of backward, or None if backward fails at such a grad_y."""
    rows = np.empty(forward.shape)
    try:
        for i in range(len(rows)):
            grad_y = np.zeros(y_shape)
            grad_y.reshape(-1)[i] = 1.0
            rows[i] = np.asarray(run(subject, grad_y, seed).gradients[tensor]).reshape(-1)[entries]
    except Exception:  # whatever the code under check raises
        return None
    places = np.unravel_index(entries, subject.tensors[tensor].shape)
    return Jacobians(forward, rows, y_shape, places, tolerance)


def by_forward(subject: Subject, tensor: str, entries: Array, y: Array, seed: int) -> Array | None:
    """Return the central differences of every entry of y, of shape (n_y, n_entries), or None if y is too large."""
    if y.size > LARGEST or not len(entries):
        return None
    flat = subject.tensors[tensor].reshape(-1)
    columns = np.empty((y.size, len(entries)))
    for i, entry in enumerate(entries):
        kept, step = flat[entry], STEP * max(1.0, abs(flat[entry]))
        sides = []
        for side in (step, -step):
            flat[entry] = kept + side
            try:
                sides.append(subject.y(seed).reshape(-1))
            finally:
                flat[entry] = kept
        columns[:, i] = (sides[0] - sides[1]) / (2 * step)
    return columns
