"""Decide whether two arrays count as the same, as multiples of each other, or as a derivative."""

from typing import Any

import numpy as np

from tinygan.backend import Array
from tinygan.gradcheck.numerical import directional_derivative
from tinygan.gradcheck.subjects.subject import Subject

# The difference that a comparison of derivatives allows, relative to their size.
MARGIN = 1e-5
# The number of random directions that are tried until one meets no kink.
N_DIRECTIONS = 2


def same(one: Array, other: Array, margin: float) -> bool:
    """Return whether two arrays differ by no more than a margin.

    Examples
    --------
    >>> same(np.array([1.0]), np.array([1.0 + 1e-9]), 1e-6)
    True
    """
    with np.errstate(invalid="ignore"):
        return bool((np.abs(one - other) <= margin).all())


def ratio(one: Array, other: Array, margin: float) -> float | None:
    """Return c such that one = c other everywhere, or None if there is none.

    Examples
    --------
    >>> ratio(np.array([2.0, 0.0]), np.array([1.0, 0.0]), 1e-6), ratio(np.ones(2), np.arange(2.0), 1e-6)
    (2.0, None)
    """
    square = float((other * other).sum())
    if square == 0:
        return None
    c = float((one * other).sum()) / square
    return c if same(one, c * other, margin * max(1.0, abs(c))) else None


def equal(one: Any, other: Any) -> bool:
    """Return whether two gradients (arrays, numbers or None) are the same up to rounding.

    Examples
    --------
    >>> equal(np.ones(2), np.ones(2) + 1e-15), equal(np.float64(3.0), np.array(3.0)), equal(np.ones(2), None)
    (True, True, False)
    """
    if one is None or other is None:
        return one is None and other is None
    one, other = np.asarray(one), np.asarray(other)
    is_close = one.shape == other.shape and same(one, other, 1e-10 * float(np.abs(one).max(initial=0.0)))
    return is_close or np.array_equal(one, other, equal_nan=True)


def is_derivative(
    subject: Subject, grad_y: Array, name: str, gradient: Any, seed: int, tolerance: float = MARGIN
) -> bool:
    """Return whether a gradient agrees with the slope of the loss along a random direction that meets no kink."""
    tensor = subject.tensors[name]
    if not isinstance(gradient, np.ndarray) or gradient.shape != tensor.shape:
        return False
    rng = np.random.default_rng(seed)
    for _ in range(N_DIRECTIONS):
        direction = rng.normal(size=tensor.shape)
        slope, noise, at_kink = directional_derivative(lambda: subject.y(seed), grad_y, tensor, direction)
        if not at_kink:
            along = gradient * direction
            margin = noise + max(MARGIN, tolerance) * float(np.abs(along).sum())
            return abs(float(along.sum()) - slope) <= margin
    return True
