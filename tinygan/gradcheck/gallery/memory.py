"""Layers that remember what they should not, or change what is not theirs."""

from typing import Any

import numpy as np

from tinygan.backend import Array, RngLike
from tinygan.gradcheck.gallery.bug import Bug, linear_arguments
from tinygan.layers import Linear, ReLU, Tanh


class InputOnSelf(Linear):
    """Keeps its input on ``self``, where the next forward pass overwrites it.

    The best-known NumPy GAN on the web does this. Algorithm 1 runs D on real and on fake examples before either
    backward pass, so the real half of D's gradient is computed with the fake batch: it was measured off by
    40 to 84 %, and the digits look fine. One forward, one backward: no check sees it. Diagnosis: other_batch.
    """

    def forward(self, x: Array, *, rng: RngLike = None) -> tuple[Array, Any]:
        """Return y = x W + b and keep a copy of x."""
        self.x = x.copy()
        return super().forward(x)

    def backward_params(self, grad_y: Array, cache: Any) -> None:
        """Accumulate x^T grad_y for whatever x came last."""
        super().backward_params(grad_y, self.x[: len(grad_y)])


class OldTranspose(Linear):
    """Keeps W^T from its constructor, "to save a transpose in every step".

    A transpose costs nothing in NumPy, and ``.copy()`` made it a snapshot. The first step is right, and so is every
    check of a fresh layer. Then the weights move on, and the gradient below belongs to an older network.
    Diagnosis: stale_parameters.
    """

    def __init__(self, n_in: int, n_out: int, **options: Any) -> None:
        super().__init__(n_in, n_out, **options)
        self.transpose = self.weight.data.T.copy()

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return grad_y times the first W^T."""
        return grad_y @ self.transpose


class Overwritten(Linear):
    """Sets the gradient of the weights, where it should add to it.

    With one forward and one backward pass a step there is no difference, and most tutorials have no more. The step
    of D has two, and its gradient is a sum: here the fake half replaces the real half, and D never learns what is
    real from its weights. Diagnosis: not_accumulated.
    """

    def backward_params(self, grad_y: Array, cache: Any) -> None:
        """Set x^T grad_y, and accumulate the bias."""
        x = cache
        self.weight.grad = x.T @ grad_y
        self.bias.accumulate(grad_y.sum(axis=0))


class CountedTwice(Linear):
    """Accumulates in ``backward_input`` as well as in ``backward_params``.

    Somebody joined the two passes for convenience, and the network calls both. All gradients of the layer are double,
    which looks like a learning rate that was set too high. In the step of G it also writes to D. Diagnosis:
    accumulated_twice.
    """

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return grad_y W^T, having accumulated."""
        self.backward_params(grad_y, cache)
        return super().backward_input(grad_y, cache)


class InPlaceGradient(Tanh):
    """Multiplies the gradient that it was given by the slope, in place: ``grad_y *= ...``.

    It saves an array and is right in a chain, where nobody else holds grad_y. With a skip connection, or a caller who
    uses the gradient of the logits twice, the second reader gets other numbers. Diagnosis: mutated_input.
    """

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return grad_y, changed."""
        grad_y *= 1 - cache * cache
        return grad_y


class InPlaceReLU(ReLU):
    """Sets the negative entries of its input to 0 and returns that very array.

    As ``inplace=True`` does elsewhere, where a framework watches over it. Here nobody does: whoever else holds x, such
    as the caller who plots it or the second player who reads it, finds it changed. Diagnosis: mutated_input.
    """

    def forward(self, x: Array, *, rng: RngLike = None) -> tuple[Array, Any]:
        """Return x, changed, and where it is positive as the cache."""
        np.maximum(x, 0, out=x)
        return x, x > 0


class HalfDigits(Linear):
    """Casts to float16 on the way back, "because gradients need no precision".

    Three digits are enough for a step downhill, most of the time. But small gradients underflow to 0 without a
    message, and the gradients of a generator early in training are among the smallest. Diagnosis: precision.
    """

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return grad_y W^T, in float16 on the way."""
        grad_x = grad_y.astype(np.float16) @ self.weight.data.T.astype(np.float16)
        return grad_x.astype(grad_y.dtype)


BUGS = [
    Bug("input_on_self", "other_batch", "layer that remembers only its last input", InputOnSelf, Linear,
        linear_arguments(4, 3)),
    Bug("old_transpose", "stale_parameters", "W^T as it was at the start", OldTranspose, Linear,
        linear_arguments(4, 3)),
    Bug("overwritten", "not_accumulated", "weight.grad = where it should add", Overwritten, Linear,
        linear_arguments(4, 3)),
    Bug("counted_twice", "accumulated_twice", "both passes accumulate", CountedTwice, Linear,
        linear_arguments(4, 3)),
    Bug("in_place_gradient", "mutated_input", "grad_y *= slope", InPlaceGradient, Tanh),
    Bug("in_place_relu", "mutated_input", "ReLU written over its input", InPlaceReLU, ReLU),
    Bug("half_digits", "precision", "gradient cast to float16 on the way", HalfDigits, Linear,
        linear_arguments(4, 3)),
]  # fmt: skip
