"""Wrong layers, each with the diagnosis that is right: the affine ones, and those of one function of each entry."""

import numpy as np

from tinygan.functional import sigmoid
from tinygan.layers import Layer, LeakyReLU, Linear, ReLU, Sequential, Tanh

RNG = np.random.default_rng(3)
X = RNG.normal(size=(6, 4))
SQUARE = RNG.normal(size=(4, 4))
WIDE = RNG.normal(size=(3, 60))
IMAGES = RNG.normal(size=(3, 2, 6, 6))


def draw(shape, rng, dtype):
    return 0.7 * rng.normal(size=shape).astype(dtype)


class Affine(Linear):
    """x W + b with the gradients that it is told."""

    def __init__(self, n_in, n_out, x=None, weight=None, bias=None, init=draw):
        super().__init__(n_in, n_out, weight_init=init, rng=0, dtype=np.float64)
        self.grad_x = x or (lambda g, w: g @ w.T)
        self.grad_weight = weight or (lambda x, g: x.T @ g)
        self.grad_bias = bias or (lambda g: g.sum(axis=0))

    def backward_input(self, grad_y, cache):
        return self.grad_x(grad_y, self.weight.data)

    def backward_params(self, grad_y, cache):
        self.weight.accumulate(self.grad_weight(cache, grad_y))
        self.bias.accumulate(self.grad_bias(grad_y))


class Function(Layer):
    """y = f(x), with the gradient that it is told."""

    def __init__(self, f, grad_x):
        self.f, self.grad_x = f, grad_x

    def forward(self, x, *, rng=None):
        return self.f(x), x

    def backward_input(self, grad_y, cache):
        return self.grad_x(grad_y, cache)


class NoBias(Linear):
    def backward_params(self, grad_y, cache):
        self.weight.accumulate(cache.T @ grad_y)


class Unused(Linear):
    backward_params = Layer.backward_params  # which does nothing


class WritesInBackwardInput(Linear):
    def backward_input(self, grad_y, cache):
        self.bias.accumulate(grad_y.sum(axis=0))
        return super().backward_input(grad_y, cache)


class BothPassesAtOnce(Linear):
    def backward_input(self, grad_y, cache):
        self.backward_params(grad_y, cache)
        return super().backward_input(grad_y, cache)


class TwiceInARow(Linear):
    def backward_params(self, grad_y, cache):
        for _ in range(2):
            self.weight.accumulate(cache.T @ grad_y)
        self.bias.accumulate(grad_y.sum(axis=0))


class Overwrites(Linear):
    def backward_params(self, grad_y, cache):
        self.weight.grad = cache.T @ grad_y
        self.bias.accumulate(grad_y.sum(axis=0))


class RemembersX(Linear):
    def forward(self, x, *, rng=None):
        self.x = x.copy()
        return super().forward(x)

    def backward_params(self, grad_y, cache):
        super().backward_params(grad_y, self.x)


class RemembersY(Layer):
    def forward(self, x, *, rng=None):
        self.y = np.tanh(x)
        return self.y, None

    def backward_input(self, grad_y, cache):
        return grad_y * (1 - self.y**2)


class OldTranspose(Linear):
    def __init__(self, *sizes, **options):
        super().__init__(*sizes, **options)
        self.transpose = self.weight.data.T.copy()

    def backward_input(self, grad_y, cache):
        return grad_y @ self.transpose


class DoublesGradient(Linear):
    def backward_input(self, grad_y, cache):
        grad_y *= 2
        return super().backward_input(grad_y, cache) / 2


class InPlaceSlope(Tanh):
    def backward_input(self, grad_y, cache):
        grad_y *= 1 - cache * cache
        return grad_y


class InPlaceCache(Tanh):
    def backward_input(self, grad_y, cache):
        cache *= -cache
        cache += 1
        return grad_y * cache


class InPlaceInput(ReLU):
    def forward(self, x, *, rng=None):
        x[x < 0] = 0
        return x.copy(), x > 0


class DoubleCache(Tanh):
    def forward(self, x, *, rng=None):
        y = np.tanh(x)
        return y, y.astype(np.float64)


def half(array):
    return array.astype(np.float16)


def one_wrong(x, g):
    grad = x.T @ g
    grad[2, 1] *= 1.001
    return grad


def zeros(shape, rng, dtype):
    return np.zeros(shape, dtype)


def centred(x):
    return x - x.mean(axis=1, keepdims=True)


def largest(x):
    return x.max(axis=1, keepdims=True)


def mean_square(x):
    return (x * x).mean(axis=0, keepdims=True)


def grad_tanh(grad_y, x):
    return grad_y * (1 - np.tanh(x) ** 2)


def sides(x, left, right=1.0):
    return np.where(x > 0, right, left)


FLOAT64 = {"weight_init": draw, "rng": 0, "dtype": np.float64}
# Name: the right code, the layer, and x.
WRONG_AFFINE = {
    "negative grad_x": ("sign", Affine(4, 3, x=lambda g, w: -g @ w.T), X),
    "negative, at weights of 0": ("sign", Affine(4, 3, x=lambda g, w: -g @ w.T, init=zeros), X),
    "negative, at a weight of 1 x 1": ("sign", Affine(1, 1, weight=lambda x, g: -x.T @ g), X[:1, :1]),
    "negative parameters": ("sign", Affine(4, 3, weight=lambda x, g: -x.T @ g, bias=lambda g: -g.sum(0)), X),
    "no bias": ("zero", NoBias(4, 3, rng=0), X),
    "nothing kept": ("zero", Unused(4, 3, rng=0), X),
    "zeros for the weight": ("zero", Affine(4, 3, weight=lambda x, g: np.zeros((4, 3))), X),
    "zeros for x, at weights of 0": ("zero", Affine(4, 3, x=lambda g, w: 0 * g @ w.T, init=zeros), X),
    "mean over the batch": ("extra_mean", Affine(4, 3, weight=lambda x, g: x.T @ g / len(x)), X),
    "mean of a wide layer": ("extra_mean", Affine(60, 50, weight=lambda x, g: x.T @ g / len(x)), WIDE),
    "mean inside of a network": (
        "extra_mean", Sequential(Linear(4, 4, **FLOAT64), Tanh(), Affine(4, 2, bias=lambda g: g.mean(axis=0))), X),
    "weight transposed, not square": ("transposed", Affine(4, 3, weight=lambda x, g: g.T @ x), X),
    "weight transposed, square": ("transposed", Affine(4, 4, weight=lambda x, g: g.T @ x), X),
    "x by W": ("transposed", Affine(4, 4, x=lambda g, w: g @ w), X),
    "x by W inside of a network": (
        "transposed", Sequential(Linear(4, 5, **FLOAT64), ReLU(), Affine(5, 5, x=lambda g, w: g @ w), Tanh()), X),
    "columns reversed": ("permuted", Affine(4, 3, weight=lambda x, g: x[:, ::-1].T @ g), X),
    "bias of shape (1, n)": ("permuted", Affine(4, 3, bias=lambda g: g.sum(axis=0, keepdims=True)), X),
    "bias over axis 1": ("summed_axis", Affine(4, 3, bias=lambda g: g.sum(axis=1)), X),
    "bias over axis 1, square": ("summed_axis", Affine(4, 4, bias=lambda g: g.sum(axis=1)), SQUARE),
    "bias over all": ("summed_axis", Affine(4, 3, bias=lambda g: np.full(3, g.sum())), X),
    "bias over all, one number": ("summed_axis", Affine(4, 3, bias=lambda g: g.sum()), X),
    "bias over nothing": ("summed_axis", Affine(4, 3, bias=lambda g: g.copy()), X),
    "three times": ("factor", Affine(4, 3, x=lambda g, w: 3 * g @ w.T), X),
    "three times, one number": ("factor", Affine(4, 1, bias=lambda g: 3 * g.sum(axis=0)), X),
    "bias written twice": ("accumulated_twice", WritesInBackwardInput(4, 3, rng=0), X),
    "both passes at once": ("accumulated_twice", BothPassesAtOnce(4, 3, rng=0), X),
    "weight added twice": ("accumulated_twice", TwiceInARow(4, 3, rng=0), X),
    "overwritten": ("not_accumulated", Overwrites(4, 3, rng=0), X),
    "x on self": ("other_batch", RemembersX(4, 3, rng=0), X),
    "y on self": ("other_batch", RemembersY(), X),
    "y on self inside of a network": ("other_batch", Sequential(Linear(4, 3, rng=0), RemembersY()), X),
    "old transpose": ("stale_parameters", OldTranspose(4, 3, **FLOAT64), X),
    "old transpose of a wide layer": ("stale_parameters", OldTranspose(60, 50, **FLOAT64), WIDE),
    "grad_y doubled": ("mutated_input", DoublesGradient(4, 3, rng=0), X),
    "grad_y times the slope": ("mutated_input", InPlaceSlope(), X),
    "cache used up": ("mutated_input", InPlaceCache(), X),
    "x clipped": ("mutated_input", InPlaceInput(), X),
    "float16 for x": ("precision", Affine(4, 3, x=lambda g, w: half(half(g) @ half(w).T)), X),
    "float16 for the weight": ("precision", Affine(4, 3, weight=lambda x, g: np.float64(half(x).T @ half(g))), X),
    "float64 in the cache": ("precision", DoubleCache(), X),
    "one wrong entry": ("unknown", Affine(4, 3, weight=one_wrong), X),
    "one number that is off": ("not_linear", Affine(4, 1, bias=lambda g: (g**3).sum(axis=0)), X),
}  # fmt: skip
WRONG_FUNCTIONS = {
    "1 - x^2": ("sign", Function(lambda x: 1 - x**2, lambda g, x: 2 * x * g), X),
    "cosine": ("sign", Sequential(Linear(4, 5, **FLOAT64), Function(np.cos, lambda g, x: g * np.sin(x))), X),
    "x^2 without its 2": ("factor", Function(np.square, lambda g, x: g * x), X),
    "zeros": ("zero", Sequential(Linear(4, 3, **FLOAT64), Function(np.tanh, lambda g, x: 0 * g)), X),
    "zeros for a sum that is constant": ("zero", Function(centred, lambda g, x: 0 * g), X),
    "mean of a tanh": ("extra_mean", Function(np.tanh, lambda g, x: grad_tanh(g, x) / len(x)), X),
    "sum of a mean over the batch": (
        "missing_mean", Function(lambda x: np.tile((x**2).mean(0), (len(x), 1)), lambda g, x: 2 * x * g.sum(0)), X),
    "sum of a loss": ("missing_mean", Function(mean_square, lambda g, x: 2 * x * g), X),
    "sum of a loss of two": ("missing_mean", Function(mean_square, lambda g, x: 2 * x * g), X[:2]),
    "sum of losses": ("missing_mean", Function(lambda x: (x * x).mean(0), lambda g, x: 2 * x * g), WIDE[:, :8]),
    "leak forgotten": ("wrong_slope", Function(lambda x: x * sides(x, 0.1), lambda g, x: g * (x > 0)), X),
    "another leak": ("wrong_slope", Function(lambda x: x * sides(x, 0.3), lambda g, x: g * sides(x, 0.2)), X),
    "ReLU let through": ("wrong_slope", Function(lambda x: np.maximum(x, 0), lambda g, x: g.copy()), X),
    "abs let through": ("wrong_slope", Function(np.abs, lambda g, x: g.copy()), IMAGES),
    "leak inside of a network": (
        "wrong_slope",
        Sequential(
            Linear(4, 6, **FLOAT64), Function(LeakyReLU(0.1), lambda g, x: g * (x > 0)), Linear(6, 2, **FLOAT64)
        ), X),
    "skip forgotten": ("missing_term", Function(lambda x: x + np.tanh(x), grad_tanh), X),
    "only the skip": ("missing_term", Function(lambda x: x + np.tanh(x), lambda g, x: g.copy()), X),
    "half of the product rule": ("missing_term", Function(lambda x: x * sigmoid(x), lambda g, x: g * sigmoid(x)), X),
    "mean held fixed": ("missing_term", Function(centred, lambda g, x: g.copy()), X),
    "mean of a tanh held fixed": ("missing_term", Function(lambda x: centred(np.tanh(x)), grad_tanh), X),
    "rolled the same way": ("permuted", Function(lambda x: np.roll(x, 1, 1), lambda g, x: np.roll(g, 1, 1)), X),
    "shuffled the same way": ("permuted", Function(lambda x: x[:, [2, 0, 3, 1]], lambda g, x: g[:, [2, 0, 3, 1]]), X),
    "axes not swapped back": ("permuted", Function(lambda x: x.swapaxes(2, 3).copy(), lambda g, x: g.copy()), IMAGES),
    "not unflattened": ("permuted", Function(lambda x: x.reshape(len(x), -1), lambda g, x: g.copy()), IMAGES),
    "unflattened in another order": (
        "permuted", Function(lambda x: x.reshape(len(x), -1), lambda g, x: g.reshape(x.shape, order="F")), IMAGES),
    "ties of a row": ("tie_duplicated", Function(largest, lambda g, x: (x == largest(x)) * g), X),
    "float16 for a tanh": ("precision", Function(np.tanh, lambda g, x: half(grad_tanh(g, x))), X),
    "slope of the input": ("wrong_argument", Function(sigmoid, lambda g, x: g * x * (1 - x)), X),
    "2 x for x^3": ("wrong_slope", Function(lambda x: x**3, lambda g, x: 2 * x * g), X[:1]),
    "a kink": ("kinks_only", Function(lambda x: np.maximum(x, 0), lambda g, x: g * (x > 0)), X * [0, 1, 1, 1]),
}  # fmt: skip
