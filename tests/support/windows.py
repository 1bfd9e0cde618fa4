"""Convolutions and pools by their definitions, one window after another: an oracle for the fast ones."""

import numpy as np


def windows(shape, size, stride):
    """Yield (h, v), a pixel of y, and the part of an array of this shape (m, height, width, ...) that it sees."""
    height, width = shape[1:3]
    for h in range((height - size) // stride + 1):
        for v in range((width - size) // stride + 1):
            yield (h, v), np.s_[:, h * stride : h * stride + size, v * stride : v * stride + size]


def padded(x, padding):
    return np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))


def inside(x, padding):
    return x[:, padding : x.shape[1] - padding, padding : x.shape[2] - padding]


def correlate(x, weight, stride, padding):
    x, (size, _, _, n_out) = padded(x, padding), weight.shape
    sides = [(side - size) // stride + 1 for side in x.shape[1:3]]
    y = np.empty((len(x), *sides, n_out))
    for (h, v), window in windows(x.shape, size, stride):
        y[:, h, v] = np.tensordot(x[window], weight, 3)
    return y


def spread(grad_y, weight, stride, padding, shape):
    grad_x = padded(np.zeros(shape), padding)
    for (h, v), window in windows(grad_x.shape, len(weight), stride):
        grad_x[window] += np.tensordot(grad_y[:, h, v], weight, (1, 3))
    return inside(grad_x, padding)


def weight_gradient(x, grad_y, size, stride, padding):
    x = padded(x, padding)
    return sum(
        np.einsum("mijc,mn->ijcn", x[window], grad_y[:, *pixel]) for pixel, window in windows(x.shape, size, stride)
    )
