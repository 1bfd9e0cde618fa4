"""Nonlinearities whose slope is wrong in its sign, its size, its argument or its type."""

from typing import Any

import numpy as np

from tinygan.backend import Array, RngLike
from tinygan.functional import sigmoid
from tinygan.gradcheck.gallery.bug import Bug
from tinygan.layers import Layer, LeakyReLU, ReLU, Sigmoid, Tanh


class TurnedTanh(Tanh):
    """Takes y^2 - 1 as the slope of tanh, with its two terms in the wrong order.

    A slip of the pen. Gradients that pass two such layers have their sign turned twice and are right again, so
    part of the network descends while the rest climbs, and the losses move about as losses of a GAN do.
    Diagnosis: sign.
    """

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return grad_y (y^2 - 1)."""
        y = cache
        return grad_y * (y * y - 1)


class ScaledTanh(Layer):
    """LeCun's y = 1.7159 tanh(2 x / 3), whose slope is 1.7159 * 2 / 3 * (1 - tanh^2)."""

    def forward(self, x: Array, *, rng: RngLike = None) -> tuple[Array, Any]:
        """Return y, and tanh(2 x / 3) as the cache."""
        tanh = np.tanh(2 / 3 * x)
        return 1.7159 * tanh, tanh

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return grad_y times the slope."""
        return grad_y * (1.7159 * 2 / 3 * (1 - cache * cache))


class InnerFactor(ScaledTanh):
    """Forgets the inner derivative of 1.7159 tanh(2 x / 3), the factor 2 / 3.

    The chain rule is applied to all but the innermost function. The direction is right. The layers below learn 1.5
    times as fast as they should, compared with those above. Nobody measures that. Diagnosis: factor.
    """

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return grad_y times the slope of the outer function."""
        return grad_y * (1.7159 * (1 - cache * cache))


class ForgottenLeak(LeakyReLU):
    """LeakyReLU with slope 0 in its backward pass: the line was copied from ReLU.

    Found in a published GAN. Forward leaks, backward does not: units below zero pass no gradient on, which is what
    the leak was to prevent. With the usual slope of 0.01 little is lost, so nobody looks. Diagnosis: wrong_slope.
    """

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return grad_y where x > 0, and 0 elsewhere."""
        return grad_y * cache


class OpenGate(ReLU):
    """A ReLU that passes the whole gradient, also where it was off.

    Backward was left out while sketching ("y is nearly x"), and was never written. No shape is wrong, no number is
    odd: half of the units have the right gradient, and the others have one as well. Diagnosis: wrong_slope.
    """

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return grad_y."""
        return grad_y.copy()


class SlopeOfInput(Sigmoid):
    """Computes the slope of the sigmoid from its input, x (1 - x), where y (1 - y) is meant.

    Many tutorials have ``def sigmoid_derivative(x): return x * (1 - x)``, to be called with the output of the
    sigmoid. The name invites you to call it with the input. Near x = 1/2 the two are alike; far away the slope
    is large and negative where it should vanish. Diagnosis: wrong_argument.
    """

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return grad_y x (1 - x)."""
        x = cache
        return grad_y * x * (1 - x)


class SigmoidTwice(Sigmoid):
    """Applies the sigmoid once more: y of the cache goes into a formula that is meant for x.

    ``sigmoid(a) * (1 - sigmoid(a))`` is right if a is the input. Here a is the output, so the slope is taken at a
    number between 0 and 1, where it is never below 0.19: nothing saturates, in backward. Diagnosis: wrong_argument.
    """

    def forward(self, x: Array, *, rng: RngLike = None) -> tuple[Array, Any]:
        """Return y, which is the cache as well."""
        y, _ = super().forward(x)
        return y, y

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return grad_y s(y) (1 - s(y))."""
        again = sigmoid(cache)
        return grad_y * again * (1 - again)


class SlopeAlone(Tanh):
    """Returns the slope of tanh, and forgets to multiply it by grad_y.

    "The derivative of tanh is 1 - y^2", and that is what the function returns. The chain rule begins with the factor
    that comes from above. All that D knows of its mistakes is lost here. Diagnosis: not_linear.
    """

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return 1 - y^2."""
        y = cache
        return 1 - y * y


class MaskOfGradient(ReLU):
    """Masks grad_y where grad_y is negative, not where x was.

    ``grad[grad < 0] = 0`` in place of ``grad[x < 0] = 0``, which a picture of neural networks made popular under the
    name of guided backpropagation. The gradient may then only ever ask for more. Diagnosis: not_linear.
    """

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return grad_y where it is positive."""
        return grad_y * (grad_y > 0)


class WholeSlopes(Tanh):
    """Collects the slopes of tanh in an array of integers, which rounds every one of them down to 0.

    ``np.zeros(y.shape, int)`` was meant for a mask. Assigning 0.7 to one of its entries stores 0, without a warning.
    Only the last layer of D learns, from what random features tell it, so the loss falls. G does not move at all.
    Diagnosis: zero.
    """

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return grad_y times the slopes, rounded."""
        slopes = np.zeros(cache.shape, int)
        slopes[...] = 1 - cache * cache
        return grad_y * slopes


BUGS = [
    Bug("turned_tanh", "sign", "slope of tanh y^2 - 1, not 1 - y^2", TurnedTanh, Tanh),
    Bug("inner_factor", "factor", "chain rule without the innermost factor", InnerFactor, ScaledTanh),
    Bug("forgotten_leak", "wrong_slope", "LeakyReLU with slope 0 in backward", ForgottenLeak, LeakyReLU,
        {"slope": 0.2}),
    Bug("open_gate", "wrong_slope", "ReLU that lets every gradient pass", OpenGate, ReLU),
    Bug("slope_of_input", "wrong_argument", "sigmoid's slope from its input, x (1 - x)", SlopeOfInput, Sigmoid),
    Bug("sigmoid_twice", "wrong_argument", "sigmoid of a sigmoid in the slope", SigmoidTwice, Sigmoid),
    Bug("slope_alone", "not_linear", "slope returned without grad_y", SlopeAlone, Tanh),
    Bug("mask_of_gradient", "not_linear", "ReLU whose mask is that of grad_y", MaskOfGradient, ReLU),
    Bug("whole_slopes", "zero", "slopes kept as integers, all 0", WholeSlopes, Tanh),
]  # fmt: skip
