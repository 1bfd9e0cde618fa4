"""Layers as students write them, as pairs of functions, and ways to get them wrong, each with its right name."""

import numpy as np

RIGHT = """
import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def relu_forward(x):
    return np.maximum(x, 0), x


def relu_backward(dout, x):
    return dout * (x > 0)


def logistic_forward(x):
    y = sigmoid(x)
    return y, (x, y)


def logistic_backward(dout, cache):
    x, y = cache
    return dout * y * (1 - y)


def softmax_forward(x):
    p = np.exp(x - x.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return p, p


def softmax_backward(dout, p):
    return p * (dout - (dout * p).sum(axis=1, keepdims=True))


def dropout_forward(x, rng):
    mask = (rng.random(x.shape) < 0.6) / 0.6
    return x * mask, mask


def dropout_backward(dout, mask):
    return dout * mask


def affine_forward(x, w, b):
    return x @ w + b, (x, w)


def affine_backward(dout, cache):
    x, w = cache
    dw = x.T @ dout
    db = dout.sum(axis=0)
    return dout @ w.T, dw, db


def maxout_forward(x, w):
    z = x @ w  # (pieces, m, n)
    return z.max(axis=0), (x, w, z.argmax(axis=0))


def maxout_backward(dout, cache):
    x, w, winner = cache
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for k in range(len(w)):
        d = dout * (winner == k)
        dx += d @ w[k].T
        dw[k] = x.T @ d
    return dx, dw


def conv_forward(x, w, conv_param):
    s, p = conv_param["stride"], conv_param["pad"]
    xp = np.pad(x, ((0, 0), (p, p), (p, p)))
    h, v = w.shape
    out = np.array([[(xp[:, i:i + h, j:j + v] * w).sum(axis=(1, 2)) for j in range(0, xp.shape[2] - v + 1, s)]
                    for i in range(0, xp.shape[1] - h + 1, s)]).transpose(2, 0, 1)
    return out, (xp, w, s, p)


def conv_backward(dout, cache):
    xp, w, s, p = cache
    dxp, dw = np.zeros_like(xp), np.zeros_like(w)
    h, v = w.shape
    for i in range(dout.shape[1]):
        for j in range(dout.shape[2]):
            d = dout[:, i, j][:, None, None]
            dw += (d * xp[:, i * s:i * s + h, j * s:j * s + v]).sum(axis=0)
            dxp[:, i * s:i * s + h, j * s:j * s + v] += d * w
    dx = dxp[:, p:-p, p:-p]
    return dx, dw


def pool_forward(x, pool_param):
    s = pool_param["stride"]
    out = np.array([[x[:, i:i + 3, j:j + 2].max(axis=(1, 2)) for j in range(0, x.shape[2] - 1, s)]
                    for i in range(0, x.shape[1] - 2, s)]).transpose(2, 0, 1)
    return out, (x, s)


def pool_backward(dout, cache):
    x, s = cache
    dx = np.zeros_like(x)
    for i in range(dout.shape[1]):
        for j in range(dout.shape[2]):
            window = x[:, i * s:i * s + 3, j * s:j * s + 2]
            winner = window.reshape(len(x), 6).argmax(axis=1)
            mask = (np.arange(6) == winner[:, None]).reshape(window.shape)
            dx[:, i * s:i * s + 3, j * s:j * s + 2] += mask * dout[:, i, j][:, None, None]
    return dx


def turn_forward(x):
    return x * np.arange(1, 1 + x.shape[2]), x.shape


def turn_backward(dout, shape):
    n, height, width = shape
    dx = np.zeros(shape)
    for j in range(width):
        dx[:, :, j] = dout[:, :, j] * (1 + j)
    return dx


def norm_forward(x, gamma, beta):
    mean, var = x.mean(axis=0), x.var(axis=0)
    std = np.sqrt(var + 1e-3)
    x_hat = (x - mean) / std
    return gamma * x_hat + beta, (x, x_hat, gamma, std, var)


def norm_backward(dout, cache):
    x, x_hat, gamma, std, var = cache
    dgamma, dbeta = (dout * x_hat).sum(axis=0), dout.sum(axis=0)
    d = dout * gamma
    dx = (d - d.mean(axis=0) - x_hat * (d * x_hat).mean(axis=0)) / std
    return dx, dgamma, dbeta


def test_norm_forward(x, gamma):
    return gamma * (x - 0.3) / 1.7, (x, gamma)


def test_norm_backward(dout, cache):
    x, gamma = cache
    d = dout * gamma
    x_hat = (x - 0.3) / 1.7
    return d / 1.7, (dout * x_hat).sum(axis=0)


def channels_forward(x, b):
    return x + b[:, None, None], None


def channels_backward(dout, cache):
    return dout, dout.sum(axis=(0, 2, 3))


def entropy_forward(x, y):
    p = np.exp(x - x.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return -np.log(p[np.arange(len(x)), y]).mean(), (p, y)


def entropy_backward(dout, cache):
    p, y = cache
    dx = p.copy()
    dx[np.arange(len(p)), y] -= 1
    return dout * dx / len(p)


def hinge_forward(x, y):
    rows = np.arange(len(x))
    margins = np.maximum(0, x - x[rows, y][:, None] + 1)
    margins[rows, y] = 0
    return margins.mean(), (margins, y)


def hinge_backward(dout, cache):
    margins, y = cache
    dx = (margins > 0) * 1.0
    dx[np.arange(len(dx)), y] -= dx.sum(axis=1)
    return dout * dx / dx.size


def binary_forward(x, y):
    p = sigmoid(x)
    return -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean(), (p, y)


def binary_backward(dout, cache):
    p, y = cache
    return dout * (p - y) / p.size


def step_forward(x, h, Wx, Wh, b):
    y = np.tanh(x @ Wx + h @ Wh + b)
    return y, (x, h, Wx, Wh, y)


def step_backward(dout, cache):
    x, h, Wx, Wh, y = cache
    da = dout * (1 - y ** 2)
    dWx, dWh, db = x.T @ da, h.T @ da, da.sum(axis=0)
    return da @ Wx.T, da @ Wh.T, dWx, dWh, db


def rnn_forward(x, h0, Wx, Wh, b):
    hs, h = [], h0
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ Wx + h @ Wh + b)
        hs.append(h)
    return np.stack(hs, axis=1), (x, h0, Wx, Wh, hs)


def rnn_backward(dout, cache):
    x, h0, Wx, Wh, hs = cache
    dx, dWx, dWh, db, dh = np.zeros_like(x), 0 * Wx, 0 * Wh, np.zeros(Wx.shape[1]), 0 * h0
    for t in reversed(range(x.shape[1])):
        da = (dout[:, t] + dh) * (1 - hs[t] ** 2)
        dx[:, t] = da @ Wx.T
        dWx += x[:, t].T @ da
        dWh += (hs[t - 1] if t else h0).T @ da
        db += da.sum(axis=0)
        dh = da @ Wh.T
    return dx, dh, dWx, dWh, db


def embed_forward(index, W):
    return W[index], (index, W)


def embed_backward(dout, cache):
    index, W = cache
    dW = np.zeros_like(W)
    np.add.at(dW, index, dout)
    return dW
"""


def arguments(name):
    """Return arguments of a forward function; no two axes have the same length by chance."""
    normal, integers = (getattr(np.random.default_rng(0), draw) for draw in ("normal", "integers"))
    return {
        "affine": lambda: (normal(size=(5, 4)), normal(size=(4, 3)), normal(size=3)),
        "maxout": lambda: (normal(size=(5, 4)), normal(size=(3, 4, 2))),
        "conv": lambda: (normal(size=(2, 5, 7)), normal(size=(3, 3)), {"stride": 2, "pad": 2}),
        "pool": lambda: (normal(size=(2, 5, 7)), {"stride": 2}),
        "turn": lambda: (normal(size=(2, 3, 5)),),
        "norm": lambda: (normal(size=(6, 4)), normal(size=4), normal(size=4)),
        "test_norm": lambda: (normal(size=(6, 4)), normal(size=4)),
        "channels": lambda: (normal(size=(3, 2, 4, 5)), normal(size=2)),
        "entropy": lambda: (normal(size=(5, 4)), integers(4, size=5)),
        "hinge": lambda: (normal(size=(5, 4)), integers(4, size=5)),
        "binary": lambda: (normal(size=(5, 3)), integers(2, size=(5, 3))),
        "step": lambda: tuple(normal(size=size) for size in ((5, 3), (5, 4), (3, 4), (4, 4), 4)),
        "rnn": lambda: tuple(0.7 * normal(size=size) for size in ((2, 5, 3), (2, 4), (3, 4), (4, 4), 4)),
        "embed": lambda: (np.array([0, 2, 2, 1, 2]), normal(size=(4, 3))),
    }.get(name, lambda: (normal(size=(5, 4)),))()


# Pair, what is replaced by what, the code of the first suspect, and words of its message.
WRONG = [
    ("relu", "(x > 0)", "(dout > 0)", "not_linear", "decided by the sign of dout"),
    ("relu", "dout * (x > 0)", "np.where(x > 0, dout, 0.1)", "not_linear", "at 11 of 20 entries"),
    ("relu", "(x > 0)", "(x > 0) * np.abs(dout)", "not_linear", "dout"),
    ("relu", "(x > 0)", "(x > 0) * dout", "not_linear", "four times as much"),
    ("relu", "dout * (x > 0)", "np.sign(dout) * (x > 0)", "not_linear", "loses their sizes"),
    ("relu", "dout * (x > 0)", "np.clip(dout, -0.5, 0.5) * (x > 0)", "not_linear", "cut off"),
    ("relu", "dout * (x > 0)", "np.tanh(dout) + np.tanh(dout) ** 2", "not_linear", "does not give twice as much"),
    ("relu", "dout * (x > 0)", "dout * x", "wrong_slope", "depends on one entry of x alone"),
    ("logistic", "dout * y", "y", "not_linear", "multiply it by dout"),
    ("logistic", "y * (1 - y)", "sigmoid(y) * (1 - sigmoid(y))", "wrong_argument", "f'(y) where f'(x) belongs"),
    ("logistic", "y * (1 - y)", "x * (1 - x)", "wrong_argument", "slope of forward is y - y^2"),
    ("logistic", "y * (1 - y)", "y", "missing_term", "the factor 1 - y is missing"),
    ("logistic", "y * (1 - y)", "(1 - y)", "missing_term", "the factor y is missing"),
    ("logistic", "y * (1 - y)", "(1 - y ** 2)", "wrong_slope", "the slope of tanh"),
    ("logistic", "y * (1 - y)", "(y * (1 - y)) ** 2", "extra_term", "twice"),
    ("logistic", "dout * y * (1 - y)", "dout / (y * (1 - y))", "missing_term", "divided by it where"),
    ("softmax", "axis=1, keepdims=True))", "axis=0, keepdims=True))", "summed_axis", "mixes places along axis 0"),
    ("softmax", "dout - ", "dout + ", "sign", "the path through the sum has the wrong sign"),
    ("softmax", "p * (dout -", "1 * (dout -", "missing_term", "lacks a factor, y"),
    ("dropout", "dout * mask", "dout", "missing_mask", "Multiply by the mask"),
    ("affine", "dw = x.T @ dout", "dw = x.T @ dout + 0.1 * w", "not_linear", "0.1 times w itself"),
    ("affine", "db = dout.sum(axis=0)", "db = dw.sum(axis=0)", "other_tensor", "the gradient of w, summed"),
    ("affine", "db = dout.sum(axis=0)", "db = dout[-1]", "not_accumulated", "the last place along axis 0"),
    ("affine", "dw = x.T @ dout", "dw = (x.T @ dout) * w", "extra_term", "w itself"),
    ("affine", "dw = x.T @ dout", "dw = np.outer(x.mean(axis=0), dout.sum(axis=0))", "special_case",
     "a batch of one example"),
    ("maxout", "dw[k] = x.T @ d", "dw[k] = x.T @ dout", "missing_mask", "passed over"),
    ("maxout", "(winner == k)", "(winner == k) * (x[:, :2] > 0)", "missing_term", "are missing from its gradient"),
    ("conv", "dxp[:, i * s:i * s + h, j * s:j * s + v] +=", "dxp[:, i * s:i * s + h, j * s:j * s + v] =",
     "not_accumulated", "along axes 1, 2 of y"),
    ("conv", "dw +=", "dw =", "not_accumulated", "along axes 1, 2 of y"),
    ("conv", "dxp[:, i * s:i * s + h, j * s:j * s + v]", "dxp[:, i:i + h, j:j + v]", "special_case", "stride = 1"),
    ("conv", "dxp[:, p:-p, p:-p]", "dxp", "permuted", "the padding of forward is not cut off"),
    ("conv", "dxp[:, p:-p, p:-p]", "dxp[:, :-2 * p, :-2 * p]", "permuted", "moved on by 2 along axes 1, 2"),
    ("conv", "+= d * w", "+= d * w[::-1, ::-1]", "transposed", "w were turned round"),
    ("conv", "(d * xp[:", "(np.roll(d, 1, axis=0) * xp[:", "permuted", "read backwards along axis 0"),
    ("conv", "dxp[:, p:-p, p:-p]", "dxp[:, p:-p, p:-p] * 2 / 7", "factor", "0.285714 times the right one"),
    ("pool", "+= mask", "= mask", "not_accumulated", "is there an = where a += belongs"),
    ("pool", "mask * dout", "dout", "missing_mask", "Multiply by the mask"),
    ("pool", "argmax", "argmin", "permuted", "to other entries of x"),
    ("turn", "range(width)", "range(height)", "special_case", "for a square image"),
    ("norm", "return dx, dgamma, dbeta", "return dx, dbeta, dgamma", "other_tensor", "the gradient of beta"),
    ("norm", "x_hat).mean(axis=0)) / std", "x_hat).mean(axis=0)) / np.sqrt(var)", "one_sided_eps",
     "without the 0.001"),
    ("norm", " - d.mean(axis=0)", "", "missing_term", "the path through the mean is missing"),
    ("norm", "(d * x_hat).mean(axis=0)", "(d * x_hat).sum(axis=0)", "factor",
     "the path through the variance is 6 times"),
    ("norm", "x_hat * (d * x_hat).mean", "-x_hat * (d * x_hat).mean", "sign",
     "the path through the variance has the wrong"),
    ("norm", "d = dout * gamma", "d = dout", "missing_term", "lacks a factor, gamma"),
    ("norm", "(axis=0)) / std", "(axis=0))", "factor", "for each place along axis 1"),
    ("norm", "dgamma, dbeta = (dout * x_hat)", "dgamma, dbeta = (dout * x)", "wrong_argument", "dout times x, summed"),
    ("test_norm", "return d / 1.7", "return (d - d.mean(axis=0)) / 1.7", "extra_term", "at test time"),
    ("channels", "axis=(0, 2, 3)", "axis=0", "summed_axis", "sum over axes 0, 2, 3"),
    ("entropy", "-= 1", "-= 0", "missing_term", "1 at the label y of each example"),
    ("hinge", "-= dx.sum(axis=1)", "-= 1", "missing_term", "right but at the label y"),
    ("binary", "(p - y)", "(p - y) * p * (1 - p)", "extra_term", "the slope of a sigmoid of x"),
    ("binary", "(p - y)", "np.where(y, p - y, y - p)", "sign", "the wrong sign at "),
    ("step", "(1 - y ** 2)", "(1 - y)", "missing_term", "the square is missing"),
    ("step", "(1 - y ** 2)", "(1 - np.tanh(y) ** 2)", "wrong_argument", "tanh is applied once more"),
    ("step", "h.T @ da", "y.T @ da", "wrong_argument", "if y stood where h stands"),
    ("step", "da @ Wh.T, dWx", "da @ Wh, dWx", "transposed", "if Wh were transposed"),
    ("step", "da.sum(axis=0)", "dout.sum(axis=0)", "missing_term", "dout is passed on as it is"),
    ("rnn", "(dout[:, t] + dh)", "dout[:, t]", "missing_term", "at the same place along axis 1"),
    ("rnn", "dWx +=", "dWx =", "not_accumulated", "the share of the first step alone"),
    ("rnn", "dWh +=", "dWh =", "not_accumulated", "the share of the first step alone"),
    ("rnn", "db +=", "db =", "not_accumulated", "the share of the first step alone"),
    ("rnn", "dh = da @ Wh.T", "dh = da @ Wh", "special_case", "right for one step"),
    ("rnn", "if t else h0", "if t else 0 * h0", "special_case", "right where h0 is 0"),
    ("embed", "np.add.at(dW, index, dout)", "dW[index] += dout", "not_accumulated", "np.add.at"),
]  # fmt: skip
