"""Numerical derivatives: what a backward pass has to agree with."""

from collections.abc import Callable

import numpy as np

from tinygan.backend import Array

STEP = 1e-5
# Where the slopes to the left and to the right differ by more than this share, the step is made ten times smaller: the
# difference shrinks with it where the function is smooth, and stays where it has a kink.
KINK = 1e-3


def numerical_gradient(
    function: Callable[[], Array], grad_y: Array, tensor: Array, entries: Array
) -> tuple[Array, Array]:
    """Return the derivative of sum(grad_y function()) with respect to some entries of a tensor, by central differences.

    Parameters
    ----------
    function : callable
        Returns y, an array that depends on the tensor.
    grad_y : ndarray of the shape of y
        The weights of the sum.
    tensor : ndarray of float64
        Is changed in place, entry by entry, and put back.
    entries : ndarray of int
        Flat positions in the tensor.

    Returns
    -------
    gradient : ndarray of the shape of entries
    at_kink : ndarray of bool of the shape of entries
        Where the slopes to the left and to the right differ, so that there is no derivative to compare with.

    Notes
    -----
    (y(theta + h) - y(theta - h)) / 2h is off by h^2 y''' / 6, and by eps y / h from rounding. The difference is taken
    before the sum over y, so that the entries of y that do not depend on theta add no rounding error.

    Examples
    --------
    >>> x = np.array([1.0, 0.0])
    >>> gradient, at_kink = numerical_gradient(lambda: abs(x), np.ones(2), x, np.arange(2))
    >>> gradient.round(6), at_kink
    (array([1., 0.]), array([False,  True]))
    """
    flat = tensor.reshape(-1)
    y = function()

    def slopes(entry: int, step: float) -> tuple[float, float]:
        kept = flat[entry]
        flat[entry] = kept + step
        right = (grad_y * (function() - y)).sum() / step
        flat[entry] = kept - step
        left = (grad_y * (y - function())).sum() / step
        flat[entry] = kept
        return left, right

    gradient, at_kink = np.empty(len(entries)), np.zeros(len(entries), bool)
    for i, entry in enumerate(entries):
        step = STEP * max(1.0, abs(flat[entry]))
        left, right = slopes(entry, step)
        difference = abs(right - left)
        if difference > KINK * max(abs(left), abs(right)):
            left, right = slopes(entry, step / 10)
            at_kink[i] = abs(right - left) > difference / 2
        gradient[i] = (left + right) / 2
    return gradient, at_kink
