"""Layers as pairs of functions as CS231n has them, written from the mathematics, and ways to get them wrong."""

RIGHT = """
import numpy as np


def affine_forward(x, w, b):
    return x.reshape(len(x), -1) @ w + b, (x, w)


def affine_backward(dout, cache):
    x, w = cache
    dx = (dout @ w.T).reshape(x.shape)
    dw = x.reshape(len(x), -1).T @ dout
    db = dout.sum(axis=0)
    return dx, dw, db


def relu_forward(x):
    return np.maximum(x, 0), x


def relu_backward(dout, cache):
    return dout * (cache > 0)


def softmax_forward(x, y):
    p = np.exp(x - x.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return -np.log(p[np.arange(len(x)), y]).mean(), (p, y)


def softmax_backward(dout, cache):
    p, y = cache
    dx = p.copy()
    dx[np.arange(len(p)), y] -= 1
    return dout * dx / len(p)


def dropout_forward(x, p, rng):
    mask = (rng.random(x.shape) < p) / p
    return x * mask, mask


def dropout_backward(dout, mask):
    return dout * mask


def batchnorm_forward(x, gamma, beta, bn_param):
    mean, var = x.mean(axis=0), x.var(axis=0)
    bn_param["running_mean"] = 0.9 * bn_param["running_mean"] + 0.1 * mean
    std = np.sqrt(var + bn_param["eps"])
    x_hat = (x - mean) / std
    return gamma * x_hat + beta, (x_hat, gamma, std)


def batchnorm_backward(dout, cache):
    x_hat, gamma, std = cache
    dgamma = (dout * x_hat).sum(axis=0)
    dbeta = dout.sum(axis=0)
    dx_hat = dout * gamma
    dx = (dx_hat - dx_hat.mean(axis=0) - x_hat * (dx_hat * x_hat).mean(axis=0)) / std
    return dx, dgamma, dbeta


def batchnorm_backward_alt(dout, cache):
    return batchnorm_backward(dout, cache)


def check_inputs_batchnorm():
    rng = np.random.default_rng(0)
    bn_param = {"mode": "train", "eps": 1e-5, "running_mean": np.zeros(3)}
    return rng.normal(size=(7, 3)), rng.normal(size=3), rng.normal(size=3), bn_param


check_inputs_batchnorm_alt = check_inputs_batchnorm


def conv_forward_naive(x, w, b, stride=1, pad=1):
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    height, width = w.shape[2:]
    rows = range(0, padded.shape[2] - height + 1, stride)
    columns = range(0, padded.shape[3] - width + 1, stride)
    out = np.array([[np.tensordot(padded[:, :, i:i + height, j:j + width], w, ((1, 2, 3), (1, 2, 3))) + b
                     for j in columns] for i in rows]).transpose(2, 3, 0, 1)
    return out, (padded, w, stride, pad)


def conv_backward_naive(dout, cache):
    padded, w, stride, pad = cache
    dpadded, dw = np.zeros_like(padded), np.zeros_like(w)
    height, width = w.shape[2:]
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            window = (slice(None), slice(None), slice(i * stride, i * stride + height),
                      slice(j * stride, j * stride + width))
            dpadded[window] += np.tensordot(dout[:, :, i, j], w, (1, 0))
            dw += np.tensordot(dout[:, :, i, j], padded[window], (0, 0))
    dx = dpadded[:, :, pad:-pad, pad:-pad]
    return dx, dw, dout.sum(axis=(0, 2, 3))
"""

NAMES = ["affine", "relu", "softmax", "dropout", "batchnorm", "batchnorm_alt", "conv_naive"]

# What is replaced by what, in which pair, whose gradient is then wrong, and the code that the suspect gets.
WRONG = {
    "affine, dx not put back into the shape of x": ("(dout @ w.T).reshape(x.shape)", "dout @ w.T", "affine", "x", None),
    "affine, db over the wrong axis": ("db = dout.sum(axis=0)", "db = dout.sum(axis=1)", "affine", "b", "summed_axis"),
    "affine, dw averaged": ("x), -1).T @ dout", "x), -1).T @ dout / len(x)", "affine", "w", "extra_mean"),
    "affine, db lost": ("return dx, dw, db\n", "return dx, dw, None\n", "affine", "b", "zero"),
    "relu, the slope of the left side is that of the right": (
        "(cache > 0)",
        "(cache > -9)",
        "relu",
        "x",
        "wrong_slope",
    ),
    "softmax, the sum where the loss is a mean": ("dout * dx / len(p)", "dout * dx", "softmax", "x", None),
    "softmax, the label forgotten": ("] -= 1", "] -= 0", "softmax", "x", None),
    "dropout, the mask not scaled": ("return dout * mask", "return dout * (mask > 0)", "dropout", "x", "unscaled_mask"),
    "batchnorm, the mean taken as a constant": (
        "dx_hat - dx_hat.mean(axis=0) - x",
        "dx_hat - x",
        "batchnorm",
        "x",
        None,
    ),
    "batchnorm, gamma forgotten": ("dx_hat = dout * gamma", "dx_hat = dout", "batchnorm", "x", None),
    "conv, windows that overlap overwrite each other": (
        "dpadded[window] +=",
        "dpadded[window] =",
        "conv_naive",
        "x",
        None,
    ),
    "conv, rows and columns exchanged": (
        "padded[window], (0, 0))",
        "padded[window], (0, 0)).transpose(0, 1, 3, 2)",
        "conv_naive",
        "w",
        "permuted",
    ),
}
