"""Wrong affine layers: one mean too many, one transpose too few, a forgotten axis."""

from typing import Any

import numpy as np

from tinygan.backend import Array
from tinygan.gradcheck.gallery.bug import Bug, linear_arguments
from tinygan.layers import Linear


class MeanTwice(Linear):
    """Divides by the batch size, as ``dW = 1/m X^T dZ`` does in a well-known course.

    There dZ is the gradient of each example's own loss. If the loss takes the mean already, this line divides a second
    time. The direction stays right, and a larger learning rate, or an optimiser that normalises as RMSProp and Adam do,
    makes up for it. Diagnosis: extra_mean.
    """

    def backward_params(self, grad_y: Array, cache: Any) -> None:
        """Accumulate the sums over the batch, over m."""
        m, x = len(grad_y), cache
        self.weight.accumulate(x.T @ grad_y / m)
        self.bias.accumulate(grad_y.sum(axis=0) / m)


class ForgottenTranspose(Linear):
    """Multiplies by W on the way back instead of by W^T.

    NumPy complains at once, unless the layer has as many outputs as inputs; hidden layers often do. The layer itself
    and all above it get right gradients, so the losses of a classifier fall, only not as far. In a GAN, what is below
    includes all of G. Diagnosis: transposed.
    """

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return (dL/dy) W."""
        return grad_y @ self.weight.data


class SwappedFactors(Linear):
    """Writes grad_y^T x for the weights, from a book that stores them as (n_out, n_in).

    Half of the books write y = W x and the other half y = x W. Mixing them up fails on the first layer that is not
    square. A hidden layer of 32 by 32 accepts it, and moves in a direction that has nothing to do with the loss.
    Diagnosis: transposed.
    """

    def backward_params(self, grad_y: Array, cache: Any) -> None:
        """Accumulate grad_y^T x."""
        x = cache
        self.weight.accumulate(grad_y.T @ x)
        self.bias.accumulate(grad_y.sum(axis=0))


class ForgottenAxis(Linear):
    """Sums the gradient of the bias over all of grad_y: the ``axis=0`` is missing.

    The sum is one number, and NumPy adds one number to a vector without an error. All biases of the layer would move
    together, as if there were only one, and the weights make up for it. So the optimisers of tinygan refuse a gradient
    of another shape. Diagnosis: summed_axis.
    """

    def backward_params(self, grad_y: Array, cache: Any) -> None:
        """Accumulate x^T grad_y, and one sum for all biases."""
        x = cache
        self.weight.accumulate(x.T @ grad_y)
        self.bias.accumulate(grad_y.sum())


class FrozenBias(Linear):
    """Gives the bias a gradient of zeros: a line that its author meant to write later.

    ``zeros_like`` has the right shape and keeps the optimiser content. The biases stay where they started, and the
    weights make up for it, so that nobody misses them. A check of the gradients tells at once. Diagnosis: zero.
    """

    def backward_params(self, grad_y: Array, cache: Any) -> None:
        """Accumulate x^T grad_y, and nothing for the bias."""
        x = cache
        self.weight.accumulate(x.T @ grad_y)
        self.bias.accumulate(np.zeros_like(self.bias.data))


BUGS = [
    Bug("mean_twice", "extra_mean", "divides by the batch size once more", MeanTwice, Linear,
        linear_arguments(4, 3)),
    Bug("forgotten_transpose", "transposed", "passes back grad_y W, not grad_y W^T", ForgottenTranspose, Linear,
        linear_arguments(4, 4), is_square=True),
    Bug("swapped_factors", "transposed", "weight gradient grad_y^T x, not x^T grad_y", SwappedFactors, Linear,
        linear_arguments(4, 4), is_square=True),
    Bug("forgotten_axis", "summed_axis", "one sum for all biases: no axis=0", ForgottenAxis, Linear,
        linear_arguments(4, 3)),
    Bug("frozen_bias", "zero", "zeros for the gradient of the bias", FrozenBias, Linear, linear_arguments(4, 3)),
]  # fmt: skip
