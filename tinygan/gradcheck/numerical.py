"""Compute numerical derivatives, which a backward pass must agree with, and how far each can be trusted."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

import numpy as np

from tinygan.backend import Array

EPS = float(np.finfo(np.float64).eps)
# Central differences take these multiples of a base step and of the scale of the entry.
MULTIPLES = (1.0, 2.0, 4.0)


class Steps(NamedTuple):
    """The base steps of differences in one precision, and the smallest relative change of a number in it.

    The first base works almost everywhere. The others are tried where it is too noisy or crosses a kink: larger ones
    against rounding, smaller ones against curvature and kinks that are near.
    """

    eps: float
    first: float
    larger: float
    smaller: tuple[float, ...]

    @property
    def others(self) -> tuple[float, ...]:
        """All base steps but the first."""
        return self.larger, *self.smaller


DOUBLE = Steps(EPS, 1e-5, 1e-3, (1e-7, 1e-9))
SINGLE = Steps(float(np.finfo(np.float32).eps), 1e-2, 3e-2, (3e-3, 1e-3))
steps: ContextVar[Steps] = ContextVar("steps", default=DOUBLE)
# A derivative is precise enough if its noise is below this share of the largest one of the tensor.
PRECISE = 1e-7
# Three slopes that are further apart than this share of the slope have left the range where the error falls as h².
ASYMPTOTIC = 0.3
# If the slopes to the left and to the right differ by more than this share, however small h is, there is a kink.
KINK = 1e-3


class Numerical(NamedTuple):
    """Derivatives of L = sum(grad_y y) with respect to some entries of a tensor.

    Attributes
    ----------
    by_example : ndarray of shape (m, n_entries)
        Each example's share of the derivative.
    noise : ndarray of shape (n_entries,)
        The possible error of the derivative; infinite where the steps do not agree at all.
    at_kink : ndarray of bool, shape (n_entries,)
        True where the slopes to the left and to the right differ, so that there is no derivative.
    """

    by_example: Array
    noise: Array
    at_kink: Array

    @property
    def gradient(self) -> Array:
        """The derivatives, of shape (n_entries,)."""
        return self.by_example.sum(axis=0)


class _Slope(NamedTuple):
    """One derivative: each example's share, the noise, the larger one-sided slope, and whether there is a kink."""

    by_example: Array
    noise: float
    steepest: float
    at_kink: bool


def numerical_gradient(function: Callable[[], Array], grad_y: Array, tensor: Array, entries: Array) -> Numerical:
    """Return the derivatives of sum(grad_y function()) with respect to some entries of a tensor.

    Parameters
    ----------
    function : callable
        Returns y, an array that depends on the tensor, with one row for each example. It raises a ValueError if y is
        not finite.
    grad_y : ndarray of the shape of y
        The weights of the sum.
    tensor : ndarray of float64
        The tensor. It is changed in place, entry by entry, and restored.
    entries : ndarray of int
        Flat positions in the tensor.

    Notes
    -----
    The slope (y(theta + h) - y(theta - h)) / 2h has two errors, h² y''' / 6 and rounding / h. As h becomes smaller, the
    first falls as h² and the second rises as 1 / h. An error that stays the same is not an error of the numerical
    derivative, so the backward pass is wrong. The steps h, 2h and 4h are compared. Where their slopes agree, neither
    error matters. Their spread bounds the first error: twice the spread is 30 times h² y''' / 6. The second error is
    measured: it is the change of y when every number of the tensor moves to the next float. A gradient is called wrong
    only if it differs by more than both errors. If the noise is larger than the tolerance, the entry is not resolved.

    A kink at 0 looks smooth to all three steps, since the slope is the mean of left and right at any h. But then the
    slopes to the left and to the right differ by g(h) = s + h y''. The size s of the kink is (4 g(h) - g(4h)) / 3.

    The difference is taken before the sum over y, so that entries of y that do not depend on theta add no rounding
    error.

    Examples
    --------
    >>> x = np.array([1.0, 0.0])
    >>> found = numerical_gradient(lambda: abs(x), np.ones(2), x, np.arange(2))
    >>> found.gradient.round(6), found.at_kink
    (array([1., 0.]), array([False,  True]))
    """
    flat = tensor.reshape(-1)
    y = function()
    rounding = _rounding(function, y, grad_y, tensor)

    def slopes(entry: int, bases: Iterable[float]) -> Iterator[_Slope]:
        kept = flat[entry]

        def y_at(step: float) -> Array:
            flat[entry] = kept + step
            try:
                return function()
            finally:
                flat[entry] = kept

        return _slopes(y_at, y, grad_y, bases, max(1.0, abs(kept)), rounding)

    taken = steps.get()
    found = [next(slopes(entry, (taken.first, *taken.others)), None) for entry in entries]
    size = max((abs(slope.by_example.sum()) for slope in found if slope and not slope.at_kink), default=0.0)
    best = []
    for entry, slope in zip(entries, found, strict=True):
        if slope is None:
            raise ValueError(f"y is not finite near entry {entry} of the input; no gradient can be checked there")
        if slope.at_kink or (size > 0 and slope.noise > PRECISE * size):
            slope = _best(slope, slopes(entry, taken.smaller if slope.at_kink else taken.others))
        best.append(slope)
    return Numerical(
        np.array([slope.by_example for slope in best]).reshape(-1, len(grad_y)).T,
        np.array([slope.noise for slope in best]),
        np.array([slope.at_kink for slope in best], bool),
    )


def directional_derivative(
    function: Callable[[], Array], grad_y: Array, tensor: Array, direction: Array
) -> tuple[float, float, bool]:
    """Return the derivative of sum(grad_y function()) along a direction, its noise, and whether there is a kink.

    Examples
    --------
    >>> x = np.array([1.0, 2.0])
    >>> derivative, noise, at_kink = directional_derivative(lambda: x * x, np.ones(2), x, np.array([1.0, -1.0]))
    >>> round(derivative, 6), noise < 1e-8, at_kink
    (-2.0, True, False)
    """
    kept = tensor.copy()
    y = function()
    rounding = _rounding(function, y, grad_y, tensor)

    def y_at(step: float) -> Array:
        tensor[...] = kept + step * direction
        try:
            return function()
        finally:
            tensor[...] = kept

    scale = max(1.0, float(np.abs(kept).max()))
    taken = steps.get()
    slope = next(_slopes(y_at, y, grad_y, (taken.first, *taken.others), scale, rounding))
    if slope.at_kink or slope.noise > PRECISE * slope.steepest:
        others = taken.smaller if slope.at_kink else taken.others
        slope = _best(slope, _slopes(y_at, y, grad_y, others, scale, rounding))
    return float(slope.by_example.sum()), slope.noise, slope.at_kink


@contextmanager
def in_single_precision() -> Iterator[None]:
    """Take the steps that a function with float32 inside needs, for the time of a with block.

    Examples
    --------
    >>> x = np.array([0.5])
    >>> with in_single_precision():
    ...     found = numerical_gradient(lambda: np.sin(x).astype(np.float32).astype(float), np.ones(1), x, np.arange(1))
    >>> bool(abs(found.gradient[0] - np.cos(0.5)) < found.noise[0] < 0.01)
    True
    """
    token = steps.set(SINGLE)
    try:
        yield
    finally:
        steps.reset(token)


def _rounding(function: Callable[[], Array], y: Array, grad_y: Array, tensor: Array) -> float:
    """Return the rounding error of sum(grad_y y), by moving every number of the tensor to the next float up or down."""
    kept = tensor.copy()
    eps = steps.get().eps
    wobble = eps * np.abs(y)
    for end in (-np.inf, np.inf):
        tensor[...] = np.nextafter(kept, end) if eps == EPS else kept * (1 + np.sign(end) * eps)
        try:
            wobble = np.maximum(wobble, np.abs(function() - y))
        finally:
            tensor[...] = kept
    return 4 * float(np.linalg.norm(grad_y * wobble))  # the errors of the entries of y have independent signs


def _slopes(
    y_at: Callable[[float], Array], y: Array, grad_y: Array, bases: Iterable[float], scale: float, rounding: float
) -> Iterator[_Slope]:
    """Yield the derivative of sum(grad_y y_at(step)) at 0 for each base step in turn, where y is finite."""
    for base in bases:
        try:
            with np.errstate(all="ignore"):
                slope = _slope(y_at, y, grad_y, base * scale, rounding)
        except ValueError:  # outside the domain of the function
            continue
        yield slope


def _slope(y_at: Callable[[float], Array], y: Array, grad_y: Array, base: float, rounding: float) -> _Slope:
    central, gaps, sides = [], [], []
    for multiple in MULTIPLES:
        step = multiple * base
        right, left = grad_y * (y_at(step) - y), grad_y * (y - y_at(-step))
        central.append(_by_example(right + left) / (2 * step))
        gaps.append((right - left) / step)
        sides.append(max(abs(float(right.sum())), abs(float(left.sum()))) / step)
    totals = [float(column.sum()) for column in central]
    spread, floor = max(totals) - min(totals), rounding / base
    kink = float(np.linalg.norm(4 * gaps[0] - gaps[-1])) / 3  # kinks in several entries of y do not cancel
    kink = kink if kink > floor else 0.0
    is_wild = spread > ASYMPTOTIC * max(map(abs, totals)) and spread > floor
    noise = np.inf if is_wild else 2 * spread + floor + kink
    return _Slope(central[0], noise, sides[0], kink > KINK * sides[0])


def _best(first: _Slope, others: Iterator[_Slope]) -> _Slope:
    """Return the slope with the least noise; a kink at the first step counts unless another step clearly shows none."""
    smooth = [slope for slope in others if not slope.at_kink]
    if first.at_kink:
        smooth = [slope for slope in smooth if slope.noise < KINK * slope.steepest]
    else:
        smooth.append(first)
    best = min(smooth, key=lambda slope: slope.noise, default=first)
    apart = abs(float(best.by_example.sum() - first.by_example.sum()))
    if first.at_kink or not np.isfinite(first.noise) or apart <= first.noise + best.noise:
        return best
    return best._replace(noise=3 * apart)  # rounding inside the function, which y does not show


def _by_example(contributions: Array) -> Array:
    return contributions.reshape(len(contributions), -1).sum(axis=1)
