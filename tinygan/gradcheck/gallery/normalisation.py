"""Wrong normalisations: statistics that count as constants, or do not, an eps on one side, gradients in wrong order."""

from typing import Any

import numpy as np

from tinygan.backend import Array, RngLike
from tinygan.gradcheck.gallery.bug import Bug
from tinygan.layers import Layer, Parameter


class Normalisation(Layer):
    """y = gamma (x - mean) / std + beta, with mean and std of each unit over the batch, or with mean 0 and std 1."""

    mixes_rows = True

    def __init__(self, width: int) -> None:
        self.gamma = Parameter(np.linspace(0.5, 1.5, width), "gamma")
        self.beta = Parameter(np.linspace(-0.5, 0.5, width), "beta")
        self.parameters = (self.gamma, self.beta)

    def forward(self, x: Array, *, rng: RngLike = None) -> tuple[Array, Any]:
        """Return y, and (x - mean) / std and the variance as the cache."""
        variance = x.var(axis=0)
        x_hat = (x - x.mean(axis=0)) / np.sqrt(variance + 1e-3)
        return (self.gamma.data * x_hat + self.beta.data).astype(x.dtype), (x_hat, variance)

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return the gradient by all three paths: x itself, the mean, and the variance."""
        x_hat, variance = cache
        grad = grad_y * self.gamma.data.astype(grad_y.dtype)
        grad_x: Array = (grad - grad.mean(axis=0) - x_hat * (grad * x_hat).mean(axis=0)) / np.sqrt(variance + 1e-3)
        return grad_x

    def backward_params(self, grad_y: Array, cache: Any) -> None:
        """Accumulate the sums over the batch."""
        x_hat, _ = cache
        self.gamma.accumulate((grad_y * x_hat).sum(axis=0))
        self.beta.accumulate(grad_y.sum(axis=0))


class ConstantStatistics(Normalisation):
    """Treats the mean and the variance of the batch as constants.

    ``dx = dout * gamma / std`` is what one writes down after the first look at the formula. Shifting a whole batch
    changes nothing in y, and this gradient says that it does. Diagnosis: missing_term.
    """

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return grad_y gamma / std."""
        _, variance = cache
        grad_x: Array = grad_y * self.gamma.data.astype(grad_y.dtype) / np.sqrt(variance + 1e-3)
        return grad_x


class ForgottenEps(Normalisation):
    """Divides by the standard deviation alone, where forward has added a small number to the variance.

    Both are the same to three digits for most units, and far apart for a unit that hardly varies, for whose sake
    the small number is there. A check with a tolerance of 1 per cent finds nothing. Diagnosis: one_sided_eps.
    """

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return the gradient by all three paths, over the standard deviation."""
        x_hat, variance = cache
        grad = grad_y * self.gamma.data.astype(grad_y.dtype)
        grad_x: Array = (grad - grad.mean(axis=0) - x_hat * (grad * x_hat).mean(axis=0)) / np.sqrt(variance)
        return grad_x


class SwappedGradients(Normalisation):
    """Gives gamma the gradient of beta, and beta that of gamma.

    Two vectors of the same length, returned in another order than they are received. No shape complains, and the
    layer above and the one below learn as they should. Diagnosis: other_tensor.
    """

    def backward_params(self, grad_y: Array, cache: Any) -> None:
        """Accumulate the sums over the batch."""
        x_hat, _ = cache
        self.gamma.accumulate(grad_y.sum(axis=0))
        self.beta.accumulate((grad_y * x_hat).sum(axis=0))


class TestTime(Normalisation):
    """The layer after training: mean and std are those of all data, here 0 and 1, and no longer depend on x."""

    __test__ = False  # not a class of tests, whatever its name says
    mixes_rows = False

    def forward(self, x: Array, *, rng: RngLike = None) -> tuple[Array, Any]:
        """Return y, and x as it is normalised already."""
        return (self.gamma.data * x + self.beta.data).astype(x.dtype), (x, 1.0)

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return grad_y gamma."""
        return grad_y * self.gamma.data.astype(grad_y.dtype)


class TrainingsBackward(TestTime):
    """Goes back through the mean and the variance of the batch, which forward at test time does not use.

    One backward pass for both modes, and the formula of the harder one. It shows where a trained network is used
    to compute gradients, as for a picture that fools it, or where statistics are frozen. Diagnosis: extra_term.
    """

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return the gradient by three paths, two of which do not exist."""
        x_hat, _ = cache
        grad = grad_y * self.gamma.data.astype(grad_y.dtype)
        grad_x: Array = grad - grad.mean(axis=0) - x_hat * (grad * x_hat).mean(axis=0)
        return grad_x


BUGS = [
    Bug("constant_statistics", "missing_term", "mean and variance count as constants", ConstantStatistics,
        Normalisation, {"width": 32}, (6, 32), follows=True),
    Bug("forgotten_eps", "one_sided_eps", "eps in forward, none in backward", ForgottenEps, Normalisation,
        {"width": 32}, (6, 32), follows=True),
    Bug("swapped_gradients", "other_tensor", "gamma gets the gradient of beta", SwappedGradients, Normalisation,
        {"width": 32}, (6, 32), follows=True),
    Bug("trainings_backward", "extra_term", "paths through statistics that are constants", TrainingsBackward, TestTime,
        {"width": 32}, (6, 32), follows=True),
]  # fmt: skip
