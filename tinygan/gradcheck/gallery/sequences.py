"""Wrong recurrent layers: the gradient stays in its own step, or that of a single step is kept."""

from typing import Any

import numpy as np

from tinygan.backend import Array, RngLike
from tinygan.gradcheck.gallery.bug import Bug
from tinygan.layers import Layer, Parameter


class Recurrent(Layer):
    """h_t = tanh(x_t U + h_(t-1) V) for x of shape (m, steps, width), with h = 0 before the first step."""

    def __init__(self, width: int) -> None:
        rng = np.random.default_rng(0)
        self.U, self.V = (Parameter(rng.normal(size=(width, width)) / np.sqrt(width), name) for name in "UV")
        self.parameters = (self.U, self.V)

    def forward(self, x: Array, *, rng: RngLike = None) -> tuple[Array, Any]:
        """Return h of all steps, and x and h as the cache."""
        U, V = (theta.data.astype(x.dtype) for theta in self.parameters)
        h = np.zeros_like(x)
        for t in range(x.shape[1]):
            h[:, t] = np.tanh(x[:, t] @ U + (h[:, t - 1] @ V if t else 0))
        return h, (x, h)

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return the gradients of all steps."""
        return self.before_tanh(grad_y, cache) @ self.U.data.T.astype(grad_y.dtype)

    def backward_params(self, grad_y: Array, cache: Any) -> None:
        """Accumulate the sums over all steps."""
        (x, h), grad = cache, self.before_tanh(grad_y, cache)
        self.U.accumulate(np.einsum("mti,mto->io", x, grad))
        self.V.accumulate(np.einsum("mti,mto->io", h[:, :-1], grad[:, 1:]))

    def before_tanh(self, grad_y: Array, cache: Any) -> Array:
        """Return dL/d(x_t U + h_(t-1) V) for every t, from the last step to the first."""
        _, h = cache
        grad, from_later = np.zeros_like(h), np.zeros_like(h[:, 0])
        for t in reversed(range(h.shape[1])):
            grad[:, t] = (grad_y[:, t] + from_later) * (1 - h[:, t] ** 2)
            from_later = grad[:, t] @ self.V.data.T.astype(h.dtype)
        return grad


class ShortMemory(Recurrent):
    """Does not hand the gradient of a step to the step before, though h does come from there.

    Each step is right by itself, and so is a test with a single step. The layer learns what the present says of the
    present, and never what the past says of it. Diagnosis: missing_term.
    """

    def before_tanh(self, grad_y: Array, cache: Any) -> Array:
        """Return grad_y times the slope of tanh."""
        _, h = cache
        return grad_y * (1 - h**2)


class OneStepOnly(Recurrent):
    """Assigns the gradient of U in the loop over steps, where it should be added up.

    ``dU = ...`` in place of ``dU += ...``. The loop runs backwards, so it is the first step whose share is left. It
    has the right shape and a sensible direction, and training goes on. Diagnosis: not_accumulated.
    """

    def backward_params(self, grad_y: Array, cache: Any) -> None:
        """Accumulate the share of the first step for U, and the sum over all for V."""
        (x, h), grad = cache, self.before_tanh(grad_y, cache)
        for t in reversed(range(x.shape[1])):
            grad_u = x[:, t].T @ grad[:, t]
        self.U.accumulate(grad_u)
        self.V.accumulate(np.einsum("mti,mto->io", h[:, :-1], grad[:, 1:]))


SHAPE = (3, 4, 8)
BUGS = [
    Bug("short_memory", "missing_term", "no gradient from one step to the one before", ShortMemory, Recurrent,
        {"width": 8}, SHAPE, follows=True),
    Bug("one_step_only", "not_accumulated", "weight gradient of one step, not of all", OneStepOnly, Recurrent,
        {"width": 8}, SHAPE, follows=True),
]  # fmt: skip
