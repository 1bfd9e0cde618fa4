"""Right layers in other styles than ours, as students and other libraries write them."""

import numpy as np

from tinygan.backend import as_rng
from tinygan.layers import Layer, Parameter


class Softmax(Layer):
    """Over the last axis; its cache is a dict."""

    def forward(self, x, *, rng=None):
        e = np.exp(x - x.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True), {"y": e / e.sum(axis=-1, keepdims=True)}

    def backward_input(self, grad_y, cache):
        y = cache["y"]
        return y * (grad_y - (grad_y * y).sum(axis=-1, keepdims=True))


class Normalised(Layer):
    """Batch normalisation over axis 0, which couples the examples, or layer normalisation over axis 1."""

    def __init__(self, width, axis, dtype=np.float32):
        self.axis = axis
        self.gamma = Parameter(np.linspace(0.5, 2, width, dtype=dtype), "gamma")
        self.beta = Parameter(np.zeros(width, dtype), "beta")
        self.parameters = [self.gamma, self.beta]

    def forward(self, x, *, rng=None):
        centred = x - x.mean(axis=self.axis, keepdims=True)
        deviation = np.sqrt((centred**2).mean(axis=self.axis, keepdims=True) + 1e-5)
        x_hat = centred / deviation
        return x_hat * self.gamma.data + self.beta.data, (x_hat, deviation)

    def backward_input(self, grad_y, cache):
        x_hat, deviation = cache
        g = grad_y * self.gamma.data
        mean = g.mean(axis=self.axis, keepdims=True)
        return (g - mean - x_hat * (g * x_hat).mean(axis=self.axis, keepdims=True)) / deviation

    def backward_params(self, grad_y, cache):
        for theta, grad in ((self.gamma, (grad_y * cache[0]).sum(axis=0)), (self.beta, grad_y.sum(axis=0))):
            theta.grad = grad if theta.grad is None else theta.grad + grad


class Residual(Layer):
    """x + f(x)."""

    def __init__(self, inner):
        self.inner, self.parameters = inner, inner.parameters

    def forward(self, x, *, rng=None):
        y, cache = self.inner.forward(x, rng=rng)
        return x + y, [cache]

    def backward_input(self, grad_y, cache):
        grad_x = grad_y.copy()
        grad_x += self.inner.backward_input(grad_y, cache[0])
        return grad_x

    def backward_params(self, grad_y, cache):
        self.inner.backward_params(grad_y, cache[0])


class Convolution(Layer):
    """Cross-correlation of (m, channels, height, width) with size x size filters, by im2col."""

    def __init__(self, n_channels, n_filters, size, rng, dtype=np.float32):
        shape = (n_filters, n_channels, size, size)
        self.size = size
        self.filters = Parameter(0.3 * as_rng(rng).normal(size=shape).astype(dtype), "filters")
        self.parameters = (self.filters,)

    def forward(self, x, *, rng=None):
        windows = np.lib.stride_tricks.sliding_window_view(x, (self.size, self.size), axis=(2, 3))
        m, _, height, width = windows.shape[:4]
        columns = windows.transpose(0, 2, 3, 1, 4, 5).reshape(m * height * width, -1)
        y = columns @ self.filters.data.reshape(len(self.filters.data), -1).T
        return np.ascontiguousarray(y.reshape(m, height, width, -1).transpose(0, 3, 1, 2)), (columns, x.shape)

    def backward_input(self, grad_y, cache):
        grad_x = np.zeros(cache[1], grad_y.dtype)
        for i in range(self.size):
            for j in range(self.size):
                share = np.einsum("mfhw,fc->mchw", grad_y, self.filters.data[:, :, i, j])
                grad_x[:, :, i : i + grad_y.shape[2], j : j + grad_y.shape[3]] += share
        return grad_x

    def backward_params(self, grad_y, cache):
        rows = grad_y.transpose(0, 2, 3, 1).reshape(len(cache[0]), -1)
        self.filters.accumulate((rows.T @ cache[0]).reshape(self.filters.data.shape))


class MaxPool(Layer):
    """The largest of each 2 x 2 block; argmax breaks ties."""

    def forward(self, x, *, rng=None):
        m, c, height, width = x.shape
        blocks = x.reshape(m, c, height // 2, 2, width // 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(m, c, -1, 4)
        won = blocks.argmax(axis=-1)[..., None]
        y = np.take_along_axis(blocks, won, -1)[..., 0]
        return y.reshape(m, c, height // 2, width // 2), (won, x.shape)

    def backward_input(self, grad_y, cache):
        won, (m, c, height, width) = cache
        blocks = np.zeros((m, c, won.shape[2], 4), grad_y.dtype)
        np.put_along_axis(blocks, won, grad_y.reshape(m, c, -1, 1), -1)
        blocks = blocks.reshape(m, c, height // 2, width // 2, 2, 2).transpose(0, 1, 2, 4, 3, 5)
        return blocks.reshape(m, c, height, width)


class Flatten(Layer):
    def forward(self, x, *, rng=None):
        return x.reshape(len(x), -1), x.shape

    def backward_input(self, grad_y, cache):
        return grad_y.reshape(cache)


class Swish(Layer):
    """x sigmoid(x), worked out in place on an array of its own."""

    def forward(self, x, *, rng=None):
        s = 0.5 * np.tanh(0.5 * x)
        s += 0.5
        return x * s, (x, s)

    def backward_input(self, grad_y, cache):
        x, s = cache
        slope = x * s
        slope *= 1 - s
        slope += s
        slope *= grad_y
        return slope


class Clip(Layer):
    """Two kinks."""

    def forward(self, x, *, rng=None):
        return np.clip(x, -1, 1), np.abs(x) < 1

    def backward_input(self, grad_y, cache):
        return np.where(cache, grad_y, np.zeros_like(grad_y))


class Absolute(Layer):
    def forward(self, x, *, rng=None):
        return np.abs(x), np.sign(x)

    def backward_input(self, grad_y, cache):
        return grad_y * cache


class Cube(Layer):
    def forward(self, x, *, rng=None):
        return x**3, x

    def backward_input(self, grad_y, cache):
        return 3 * cache**2 * grad_y


class Noisy(Layer):
    """x (1 + 0.3 n) with n drawn anew each time, of the dtype of x."""

    def forward(self, x, *, rng=None):
        factor = 1 + 0.3 * (rng.random(x.shape, dtype=x.dtype) - x.dtype.type(0.5))
        return x * factor, factor

    def backward_input(self, grad_y, cache):
        return grad_y * cache


class BatchMean(Layer):
    """The loss of a batch: one number, so that y has a single row."""

    def forward(self, x, *, rng=None):
        return (x * x).mean(axis=0, keepdims=True), x

    def backward_input(self, grad_y, cache):
        return 2 * cache * grad_y / len(cache)


class Bilinear(Layer):
    """Each example times one learned square matrix from both sides: x W x^T, along the last axis."""

    def __init__(self, width, rng, dtype=np.float32):
        self.weight = Parameter((0.3 * as_rng(rng).normal(size=(width, width))).astype(dtype), "weight")
        self.parameters = (self.weight,)

    def forward(self, x, *, rng=None):
        return np.einsum("mi,ij,mj->m", x, self.weight.data, x)[:, None], x

    def backward_input(self, grad_y, cache):
        return grad_y * (cache @ (self.weight.data + self.weight.data.T))

    def backward_params(self, grad_y, cache):
        self.weight.accumulate((grad_y * cache).T @ cache)


ELEMENTWISE = (Swish, Clip, Absolute, Cube, Noisy, Softmax)
