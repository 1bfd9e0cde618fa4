"""Wrong layers with more to them, each with the diagnosis that is right: masks, pools, normalisations, networks."""

import numpy as np

from support import right_layers as right
from support.wrong_layers import FLOAT64, IMAGES, SQUARE, Affine, Function, X
from tinygan.layers import Dropout, Layer, Linear, Sequential, Tanh

OUTSIDE = np.random.default_rng(9)


class RedrawnAlike(Dropout):
    def backward_input(self, grad_y, cache):
        return grad_y * (np.random.default_rng(7).random(grad_y.shape) >= self.rate) / (1 - self.rate)


class RedrawnFromOutside(Dropout):
    def backward_input(self, grad_y, cache):
        return grad_y * (OUTSIDE.random(grad_y.shape) >= self.rate) / (1 - self.rate)


class RedrawnFromTheSame(Layer):
    rate = 0.3

    def forward(self, x, *, rng=None):
        self.rng = rng
        return x * ((rng.random(x.shape) > self.rate).astype(x.dtype) / x.dtype.type(1 - self.rate)), 0

    def backward_input(self, grad_y, cache):
        return grad_y * (self.rng.random(grad_y.shape) > self.rate) / (1 - self.rate)


class Unscaled(Dropout):
    def backward_input(self, grad_y, cache):
        return grad_y * (np.asarray(cache) != 0)


class ScaledTwice(Dropout):
    def backward_input(self, grad_y, cache):
        return grad_y * cache / (1 - self.rate)


class DoubleMask(Dropout):
    def forward(self, x, *, rng=None):
        mask = (rng.random(x.shape) >= self.rate) / (1 - self.rate)
        return x * mask, mask

    def backward_input(self, grad_y, cache):
        return grad_y * cache


class AllWinners(Layer):
    axes = (0, 1, 2)

    def __init__(self, n_pieces):
        self.n_pieces = n_pieces

    def forward(self, x, *, rng=None):
        pieces = x.reshape(len(x), self.n_pieces, -1)
        y = pieces.max(axis=1)
        return y, pieces == y[:, None]

    def backward_input(self, grad_y, cache):
        return (cache * grad_y[:, None]).transpose(self.axes).reshape(len(grad_y), -1)


class OtherOrder(AllWinners):
    axes = (0, 2, 1)


class SumOfPieces(AllWinners):
    def forward(self, x, *, rng=None):
        return x.reshape(len(x), self.n_pieces, -1).mean(axis=1), np.ones((len(x), self.n_pieces, 1))


class RemembersWinners(right.MaxPool):
    def forward(self, x, *, rng=None):
        y, self.cache = super().forward(x)
        return y, 0

    def backward_input(self, grad_y, cache):
        return super().backward_input(grad_y, self.cache)


class Softmax(right.Softmax):
    def __init__(self, grad_x):
        self.grad_x = grad_x

    def backward_input(self, grad_y, cache):
        return self.grad_x(grad_y, cache["y"])


class HalfFilters(right.Convolution):
    def backward_params(self, grad_y, cache):
        super().backward_params(grad_y, cache)
        self.filters.grad *= 0.5


class MeanFilters(right.Convolution):
    def backward_params(self, grad_y, cache):
        super().backward_params(grad_y, cache)
        self.filters.grad /= len(grad_y)


class Moments(right.Normalised):
    """Normalisation in which some moments are held fixed."""

    has_mean = False

    def backward_input(self, grad_y, cache):
        grad = grad_y * self.gamma.data
        return (grad - self.has_mean * grad.mean(self.axis, keepdims=True)) / cache[1]


class MeanOnly(Moments):
    has_mean = True


class BetaOverAxis1(right.Normalised):
    def backward_params(self, grad_y, cache):
        self.gamma.accumulate((grad_y * cache[0]).sum(axis=0))
        self.beta.accumulate(grad_y.sum(axis=1))


class Overwrites(right.Normalised):
    def backward_params(self, grad_y, cache):
        self.gamma.grad = (grad_y * cache[0]).sum(axis=0)
        self.beta.grad = grad_y.sum(axis=0)


class FirstGamma(right.Normalised):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.first = self.gamma.data.copy()

    def backward_input(self, grad_y, cache):
        return super().backward_input(grad_y / self.gamma.data * self.first, cache)


class SummedScale(right.Normalised):
    """The mean over the batch of x gamma + beta."""

    def forward(self, x, *, rng=None):
        return np.tile((x * self.gamma.data + self.beta.data).mean(axis=0), (len(x), 1)), x

    def backward_input(self, grad_y, cache):
        return np.tile(grad_y.mean(axis=0) * self.gamma.data, (len(grad_y), 1))

    def backward_params(self, grad_y, cache):
        self.gamma.accumulate((cache * grad_y.sum(axis=0)).sum(axis=0))
        self.beta.accumulate(grad_y.sum(axis=0))


class SkipForgotten(right.Residual):
    def backward_input(self, grad_y, cache):
        return self.inner.backward_input(grad_y, cache[0])


class OneUseOfTwo(right.Bilinear):
    def backward_input(self, grad_y, cache):
        return grad_y * (cache @ self.weight.data.T)


class OtherUse(right.Bilinear):
    """x W times x reversed, whose weight gradient has its factors swapped."""

    def forward(self, x, *, rng=None):
        return (x @ self.weight.data * x[:, ::-1]).sum(axis=1, keepdims=True), x

    def backward_input(self, grad_y, cache):
        return grad_y * (cache[:, ::-1] @ self.weight.data.T + (cache @ self.weight.data)[:, ::-1])

    def backward_params(self, grad_y, cache):
        self.weight.accumulate((grad_y * cache[:, ::-1]).T @ cache)


WRONG_STRUCTURES = {
    "mask drawn from a seed": ("redrawn_mask", RedrawnAlike(0.5), X),
    "mask drawn from outside": ("redrawn_mask", RedrawnFromOutside(0.5), X),
    "mask drawn from the same rng": ("redrawn_mask", RedrawnFromTheSame(), X),
    "mask drawn inside of a network": ("redrawn_mask", Sequential(Linear(4, 8, **FLOAT64), RedrawnFromTheSame()), X),
    "mask not scaled": ("unscaled_mask", Unscaled(0.3), X),
    "mask not scaled in a network": ("unscaled_mask", Sequential(Unscaled(0.25), Linear(4, 3, **FLOAT64), Tanh()), X),
    "mask scaled twice": ("factor", ScaledTwice(0.4), X),
    "mask of float64": ("precision", DoubleMask(0.4), X),
    "all winners": ("tie_duplicated", AllWinners(2), X),
    "pieces in another order": ("permuted", OtherOrder(2), X),
    "mean of pieces": ("factor", SumOfPieces(2), X),
    "winners on self": ("other_batch", RemembersWinners(), IMAGES),
    "softmax, y times grad_y": ("missing_term", Softmax(lambda g, y: g * y), X),
    "softmax, only the diagonal": ("missing_term", Softmax(lambda g, y: g * y * (1 - y)), X),
    "softmax, zeros": ("zero", Softmax(lambda g, y: 0 * g), X),
    "half of the filters' gradient": ("factor", HalfFilters(2, 3, 3, 0, np.float64), IMAGES),
    "mean for the filters": ("extra_mean", MeanFilters(2, 3, 3, 0, np.float64), IMAGES),
    "both moments held fixed": ("missing_term", Moments(4, 1, np.float64), X),
    "variance held fixed": ("missing_term", MeanOnly(4, 0, np.float64), X),
    "beta over axis 1": ("summed_axis", BetaOverAxis1(4, 1, np.float64), X),
    "beta over axis 1, square": ("summed_axis", BetaOverAxis1(4, 1, np.float64), SQUARE),
    "gamma overwritten": ("not_accumulated", Overwrites(4, 1, np.float64), X),
    "gamma overwritten in a network": (
        "not_accumulated", Sequential(Linear(4, 4, **FLOAT64), Overwrites(4, 0, np.float64), Tanh()), X),
    "first gamma": ("stale_parameters", FirstGamma(4, 1, np.float64), X),
    "sums for gamma and beta": ("missing_mean", SummedScale(4, 0, np.float64), X),
    "skip forgotten, around a layer": ("missing_term", SkipForgotten(Linear(4, 4, **FLOAT64)), X),
    "one use of two": ("missing_term", OneUseOfTwo(4, 0, np.float64), X),
    "weight of a bilinear form": ("transposed", OtherUse(4, 0, np.float64), X),
    "two mistakes in two layers": (
        "factor",
        Sequential(Function(lambda x: x**3, lambda g, x: g * x * x), Affine(4, 2, bias=lambda g: -g.sum(axis=0))), X),
}  # fmt: skip
