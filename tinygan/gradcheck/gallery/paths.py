"""Layers in which y depends on x by two paths, and backward forgets one of them."""

from typing import Any

import numpy as np

from tinygan.backend import Array, RngLike
from tinygan.gradcheck.gallery.bug import Bug
from tinygan.layers import Layer


class Skip(Layer):
    """y = x + tanh(x): a nonlinearity with a connection around it."""

    def forward(self, x: Array, *, rng: RngLike = None) -> tuple[Array, Any]:
        """Return y, and tanh(x) as the cache."""
        tanh = np.tanh(x)
        return x + tanh, tanh

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return grad_y (1 + 1 - tanh^2)."""
        return grad_y + grad_y * (1 - cache * cache)


class ForgottenSkip(Skip):
    """Passes the gradient through the nonlinearity alone, and forgets the connection around it.

    In forward the skip is a plus sign, easily overlooked. Without it the gradient keeps its sign and fades where tanh
    saturates, which is what the skip was to prevent: nothing looks odd, only D grows lazy. Diagnosis: missing_term.
    """

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return grad_y (1 - tanh^2)."""
        return grad_y * (1 - cache * cache)


class Centring(Layer):
    """y = x minus its mean over the units, the first half of layer normalisation."""

    def forward(self, x: Array, *, rng: RngLike = None) -> tuple[Array, Any]:
        """Return y; backward needs nothing."""
        return x - x.mean(axis=1, keepdims=True), None

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return grad_y minus its mean."""
        return grad_y - grad_y.mean(axis=1, keepdims=True)


class ConstantMean(Centring):
    """Treats the mean that it subtracts as a constant, though the mean depends on x as well.

    The most common mistake in a first batch or layer normalisation: every x acts on y twice, by itself and by the
    statistics. The forgotten term is small where there are many units, so the error is, too. Diagnosis: missing_term.
    """

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return grad_y."""
        return grad_y.copy()


class Softmax(Layer):
    """y_u = exp(x_u) / sum over v of exp(x_v)."""

    def forward(self, x: Array, *, rng: RngLike = None) -> tuple[Array, Any]:
        """Return y, which is the cache as well."""
        y = np.exp(x - x.max(axis=1, keepdims=True))
        y /= y.sum(axis=1, keepdims=True)
        return y, y

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return y (grad_y - sum of grad_y y)."""
        return cache * (grad_y - (grad_y * cache).sum(axis=1, keepdims=True))


class OnlyTheDiagonal(Softmax):
    """Treats softmax as if each output had one input, with the slope y (1 - y) of a sigmoid.

    On paper it is the diagonal of the Jacobian, and many slides show only that. But each output depends on all
    inputs, through the sum. The shape is right, and no number is odd. Diagnosis: missing_term.
    """

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return grad_y y (1 - y)."""
        return grad_y * cache * (1 - cache)


class SumOverExamples(Softmax):
    """Sums over the examples, where it should sum over the outputs of each.

    ``axis=0`` and ``axis=1`` look alike, and with keepdims both shapes fit. Every example is then told what the
    others have done. With a batch of one it would show at once. Diagnosis: summed_axis.
    """

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return y (grad_y - sum of grad_y y over the batch)."""
        return cache * (grad_y - (grad_y * cache).sum(axis=0, keepdims=True))


BUGS = [
    Bug("forgotten_skip", "missing_term", "no gradient through the skip connection", ForgottenSkip, Skip),
    Bug("constant_mean", "missing_term", "normalisation whose mean counts as constant", ConstantMean, Centring,
        follows=True),
    Bug("only_the_diagonal", "missing_term", "softmax with the diagonal of its Jacobian", OnlyTheDiagonal, Softmax),
    Bug("sum_over_examples", "summed_axis", "softmax that sums over the batch", SumOverExamples, Softmax),
]  # fmt: skip
