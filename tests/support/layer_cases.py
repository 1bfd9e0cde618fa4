"""Layers of every kind for the tests that every layer must pass, and inputs away from their kinks and ties."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygan.layers import (
    AveragePool2D,
    BatchNorm,
    Columns,
    Conv2D,
    ConvTranspose2D,
    Dropout,
    Flatten,
    Fork,
    Layer,
    LeakyReLU,
    Linear,
    Maxout,
    MaxPool2D,
    Parameter,
    ReLU,
    Reshape,
    Residual,
    Sequential,
    Sigmoid,
    Tanh,
    normal,
    uniform,
)


class Growth(Layer):
    """y = exp(theta x), as a reader might write a first layer: no super().__init__(), no checks, a tuple as cache."""

    def __init__(self, n, rng, dtype):
        self.theta = Parameter(rng.uniform(-1, 1, n).astype(dtype), "theta")
        self.parameters = (self.theta,)

    def forward(self, x, *, rng=None):
        y = np.exp(self.theta.data * x)
        return y, (x, y)

    def backward_input(self, grad_y, cache):
        _, y = cache
        return grad_y * self.theta.data * y

    def backward_params(self, grad_y, cache):
        x, y = cache
        self.theta.accumulate((grad_y * x * y).sum(axis=0))


# How each layer is built for n columns; what else it needs to know comes from rng.


def linear(n, rng, dtype):
    return Linear(n, 1 + n % 3, weight_init=normal(1.0), bias_init=normal(1.0), rng=rng, dtype=dtype)


def far_from_zero(n_in, n_out, rng, dtype):
    """Return an affine layer whose outputs are near 3 and -3 in turn, so that no kink or tie is near above it."""

    def bias(shape, rng, dtype):
        return np.resize([3.0, -3.0], shape).astype(dtype)

    return Linear(n_in, n_out, weight_init=uniform(0.2 / n_in), bias_init=bias, rng=rng, dtype=dtype)


def conv(kind, size, *, bias_side=(), **settings):
    """Return a function that builds a convolution for n channels."""

    def build(n, rng, dtype):
        n_out = 1 + n % 3
        shape = {"bias_shape": (*bias_side, n_out)} if bias_side else {}
        return kind(n, n_out, size, **settings, **shape, bias_init=normal(1.0), rng=rng, dtype=dtype)

    return build


def batch_norm(n, rng, dtype):
    """Return a calibrated layer; its epsilon is large, so that two rows that nearly agree make no steep slopes."""
    layer = BatchNorm(n, epsilon=0.1, dtype=dtype)
    for array in (layer.gamma.data, layer.variance.data):
        array[...] = rng.uniform(0.5, 2, n)
    for array in (layer.beta.data, layer.mean.data):
        array[...] = rng.uniform(-1, 1, n)
    return layer


def smooth_network(n, rng, dtype):
    return Sequential(linear(n, rng, dtype), Tanh(), linear(1 + n % 3, rng, dtype), Sigmoid())


def discriminator(n, rng, dtype):
    lower = [Dropout(0.2), far_from_zero(n, 6, rng, dtype), Maxout(2), Dropout(0.5)]
    return Sequential(*lower, far_from_zero(3, 4, rng, dtype), ReLU(), far_from_zero(4, 2, rng, dtype))


def nested_network(n, rng, dtype):
    lower = Sequential(far_from_zero(n, 4, rng, dtype), LeakyReLU(0.2))
    upper = Sequential(Sequential(Growth(4, rng, dtype), Tanh()), Sequential(Linear(4, 1, rng=rng, dtype=dtype)))
    return Sequential(Sigmoid(), lower, upper, Tanh())


class Gated(Layer):
    """y = f(x) (1 + g x), as a reader might write a first combinator: a layer inside, and a parameter of its own."""

    def __init__(self, branch, n, rng, dtype):
        self.branch = branch
        self.layers = (branch,)
        self.gate = Parameter(rng.uniform(-1, 1, n).astype(dtype), "gate")
        self.parameters = (self.gate, *branch.parameters)

    def __call__(self, x):
        return self.branch(x) * (1 + self.gate.data * x)

    def forward(self, x, *, rng=None):
        f, cache = self.branch.forward(x, rng=rng)
        return f * (1 + self.gate.data * x), (x, f, cache)

    def backward_input(self, grad_y, cache):
        x, f, inner = cache
        return grad_y * f * self.gate.data + self.branch.backward_input(grad_y * (1 + self.gate.data * x), inner)

    def backward_params(self, grad_y, cache):
        x, f, inner = cache
        self.gate.accumulate((grad_y * f * x).sum(axis=0))
        self.branch.backward_params(grad_y * (1 + self.gate.data * x), inner)


def gated(n, rng, dtype):
    return Gated(Sequential(Linear(n, n, rng=rng, dtype=dtype), Tanh()), n, rng, dtype)


def residual(n, rng, dtype):
    inner = linear(n, rng, dtype)
    return Residual(inner, Tanh(), Linear(inner.n_out, n, rng=rng, dtype=dtype))


def fork(n, rng, dtype):
    return Fork(linear(n, rng, dtype), Sequential(linear(n, rng, dtype), Tanh()), Columns(0, n))


def conditional(n, rng, dtype):
    """Return a network that leads the first column past a layer, as a label is led past the first layer of D."""
    inner = Sequential(Columns(0, n), Dropout(0.3), linear(n, rng, dtype))
    return Sequential(Fork(Columns(0, 1), inner), Residual(Tanh()), linear(2 + n % 3, rng, dtype))


def columns(n):
    return (n,)


@dataclass(frozen=True)
class Case:
    """A layer under test: how to build one for a size n, and what inputs it takes."""

    build: Callable[[int, np.random.Generator, Any], Layer]
    example: Callable[[int], tuple[int, ...]] = columns  # the shape of an example of x
    competes: bool = False  # numbers of one example of x compete, and so must not tie
    elementwise: bool = False  # takes x of any dimension
    random: bool = False
    checks_input: bool = True
    checks_grad_y: bool = True
    states_shape: bool = True
    mixes_rows: bool = False  # so that evaluation differs from training, and one row alone tells nothing

    def x(self, m, n, rng, inner=()):
        """Return m examples away from kinks and ties, with more axes inside if the layer takes them."""
        shape = (m, *self.example(n), *inner)
        return no_ties(shape, rng) if self.competes else no_kinks(shape, rng)


CASES = {
    "Linear": Case(linear),
    "Maxout": Case(lambda n, rng, dtype: Maxout(3), lambda n: (3 * n,), competes=True),
    "Maxout of images": Case(lambda n, rng, dtype: Maxout(2), lambda n: (2, 3, 2 * n), competes=True),
    "Maxout of 1 piece": Case(lambda n, rng, dtype: Maxout(1)),
    "Dropout": Case(lambda n, rng, dtype: Dropout(0.4), elementwise=True, random=True),
    "ReLU": Case(lambda n, rng, dtype: ReLU(), elementwise=True),
    "LeakyReLU": Case(lambda n, rng, dtype: LeakyReLU(0.3), elementwise=True),
    "Sigmoid": Case(lambda n, rng, dtype: Sigmoid(), elementwise=True),
    "Tanh": Case(lambda n, rng, dtype: Tanh(), elementwise=True),
    "Conv2D": Case(conv(Conv2D, 3), lambda n: (4, 3, n)),
    "Conv2D with steps": Case(conv(Conv2D, 3, stride=2, padding=1), lambda n: (5, 4, n)),
    "Conv2D with steps above its size": Case(conv(Conv2D, 2, stride=3, padding=1), lambda n: (5, 6, n)),
    "Conv2D of untied biases": Case(conv(Conv2D, 2, bias_side=(2, 1)), lambda n: (3, 2, n)),
    "ConvTranspose2D": Case(conv(ConvTranspose2D, 3), lambda n: (2, 1, n)),
    "ConvTranspose2D with steps": Case(conv(ConvTranspose2D, 4, stride=2, padding=1), lambda n: (2, 3, n)),
    "ConvTranspose2D with gaps": Case(conv(ConvTranspose2D, 2, stride=3), lambda n: (2, 2, n)),
    "ConvTranspose2D of untied biases": Case(
        conv(ConvTranspose2D, 3, stride=2, padding=1, bias_side=(3, 5)), lambda n: (2, 3, n)
    ),
    "MaxPool2D": Case(lambda n, rng, dtype: MaxPool2D(2), lambda n: (4, 5, n), competes=True),
    "MaxPool2D of overlapping windows": Case(lambda n, rng, dtype: MaxPool2D(4, 2), lambda n: (7, 8, n), competes=True),
    "MaxPool2D of windows of 3": Case(lambda n, rng, dtype: MaxPool2D(3, 2), lambda n: (4, 6, n), competes=True),
    "AveragePool2D": Case(lambda n, rng, dtype: AveragePool2D(2), lambda n: (4, 5, n)),
    "AveragePool2D of overlapping windows": Case(lambda n, rng, dtype: AveragePool2D(3, 2), lambda n: (4, 6, n)),
    "BatchNorm": Case(batch_norm, mixes_rows=True),
    "BatchNorm of images": Case(batch_norm, lambda n: (2, 3, n), mixes_rows=True),
    "Reshape": Case(lambda n, rng, dtype: Reshape(2, 3, n), lambda n: (6 * n,)),
    "Flatten": Case(lambda n, rng, dtype: Flatten(), elementwise=True),
    "Sequential": Case(smooth_network),
    "Sequential of D": Case(discriminator, random=True),
    "Sequential nested": Case(nested_network),
    "Sequential of one": Case(lambda n, rng, dtype: Sequential(linear(n, rng, dtype))),
    "Sequential that learns nothing": Case(lambda n, rng, dtype: Sequential(ReLU(), Sigmoid()), elementwise=True),
    "Residual": Case(residual),
    "Residual that learns nothing": Case(lambda n, rng, dtype: Residual(Tanh()), elementwise=True),
    "Fork": Case(fork),
    "Fork of activations": Case(lambda n, rng, dtype: Fork(Tanh(), Sigmoid()), elementwise=True),
    "Columns": Case(lambda n, rng, dtype: Columns(n - 1, n)),
    "Sequential of combinators": Case(conditional, random=True),
    "a combinator of one's own": Case(gated, checks_grad_y=False, states_shape=False),
    "a layer of one's own": Case(Growth, checks_input=False, checks_grad_y=False, states_shape=False),
}


def no_kinks(shape, rng):
    return rng.uniform(0.25, 2, shape) * rng.choice([-1, 1], shape)


def no_ties(shape, rng):
    ranks = rng.permuted(np.arange(np.prod(shape)).reshape(shape[0], -1), axis=1)
    return (ranks - ranks.mean() + rng.uniform(-0.2, 0.2, ranks.shape)).reshape(shape)
