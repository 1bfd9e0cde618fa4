"""Homework in every convention is found, gets inputs and is right; and with one mistake it is wrong."""

import json
import sys
import textwrap

import numpy as np
import pytest

from tinygan.gradcheck.files.discovery import find_checkable
from tinygan.gradcheck.files.loading import loaded
from tinygan.gradcheck.files.outcome import outcome

# A source, and a replacement that makes a gradient wrong.
CONVENTIONS = {
    "np.random": (
        """
def dropout_forward(x, dropout_param):
    mask = (np.random.rand(*x.shape) < dropout_param["p"]) / dropout_param["p"]
    return x * mask, mask
def dropout_backward(dout, mask):
    return dout * mask
""",
        ("dout * mask", "dout * (mask > 0)"),
    ),
    "a dictionary of settings": (
        """
def pool_forward(x, pool_param):
    h, w, s = (pool_param[key] for key in ("pool_height", "pool_width", "stride"))
    n, c, H, W = x.shape
    out = np.zeros((n, c, (H - h) // s + 1, (W - w) // s + 1))
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            out[:, :, i, j] = x[:, :, i * s:i * s + h, j * s:j * s + w].mean(axis=(2, 3))
    return out, (x.shape, pool_param)
def pool_backward(dout, cache):
    shape, p = cache
    h, w, s = p["pool_height"], p["pool_width"], p["stride"]
    dx = np.zeros(shape)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            dx[:, :, i * s:i * s + h, j * s:j * s + w] += dout[:, :, i, j][:, :, None, None] / (h * w)
    return dx
""",
        ("dx[:, :, i * s:i * s + h, j * s:j * s + w] +=", "dx[:, :, i * s:i * s + h, j * s:j * s + w] ="),
    ),
    "a loss and its gradient": (
        """
def svm_loss(W, X, y, reg):
    s = X @ W
    p = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
    n = np.arange(len(X))
    loss = -np.log(p[n, y]).mean() + reg * (W * W).sum()
    p[n, y] -= 1
    return loss, X.T @ p / len(X) + 2 * reg * W
""",
        ("2 * reg", "reg"),
    ),
    "a class with attributes": (
        """
class Dense:
    def __init__(self, n_input, n_output):
        self.W, self.b = np.random.randn(n_input, n_output).astype("f"), np.zeros(n_output)
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, dout):
        self.dW, self.db = self.x.T @ dout, dout.sum(axis=0)
        return dout @ self.W.T
""",
        ("dout.sum(axis=0)", "dout.mean(axis=0)"),
    ),
    "parameters with .grad": (
        """
class Param:
    def __init__(self, value):
        self.value, self.grad = value, np.zeros_like(value)
class Dense:
    def __init__(self, in_features, out_features):
        self.weight = Param(np.random.randn(in_features, out_features))
    def forward(self, x):
        self.x = x
        return x @ self.weight.value
    def backward(self, dout):
        self.weight.grad += self.x.T @ dout
        return dout @ self.weight.value.T
""",
        ("+= self.x.T", "+= 2 * self.x.T"),
    ),
    "dictionaries of gradients, made at the first forward": (
        """
class Dense:
    def __init__(self, n_out):
        self.n_out, self.params, self.grads, self.running_mean = n_out, {}, {}, np.zeros(4)
    def forward(self, x):
        if not self.params:
            self.params["w"] = np.random.randn(x.shape[1], self.n_out)
        self.running_mean = 0.9 * self.running_mean + 0.1 * x.mean(axis=0)
        self.x = x
        return x @ self.params["w"]
    def backward(self, grad):
        self.grads["w"] = self.x.T @ grad
        return grad @ self.params["w"].T
""",
        ("self.x.T @ grad", "-self.x.T @ grad"),
    ),
    "a step in time with two outputs": (
        """
def cell_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    i, g = np.split(np.tanh(x @ Wx + prev_h @ Wh + b), 2, axis=1)
    c = prev_c + i * g
    h = np.tanh(c)
    return h, c, (x, prev_h, Wx, Wh, i, g, h)
def cell_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, Wx, Wh, i, g, h = cache
    dc = dnext_c + dnext_h * (1 - h ** 2)
    da = np.hstack([dc * g * (1 - i ** 2), dc * i * (1 - g ** 2)])
    return da @ Wx.T, da @ Wh.T, dc, x.T @ da, prev_h.T @ da, da.sum(axis=0)
def check_inputs_cell_step():
    n = np.random.default_rng(0).normal
    return n(size=(5, 4)), n(size=(5, 2)), n(size=(5, 2)), n(size=(4, 4)), n(size=(2, 4)), n(size=4)
""",
        ("dc = dnext_c +", "dc ="),
    ),
    "steps in time": (
        """
def rnn_forward(x, h0, Wx, Wh, b):
    h, hs = h0, []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ Wx + h @ Wh + b)
        hs.append(h)
    return np.stack(hs, axis=1), (x, h0, Wx, Wh, hs)
def rnn_backward(dh, cache):
    x, h0, Wx, Wh, hs = cache
    dx, dWx, dWh, db, dprev = np.zeros_like(x), 0, 0, 0, 0
    for t in reversed(range(x.shape[1])):
        da = (dh[:, t] + dprev) * (1 - hs[t] ** 2)
        dx[:, t], dprev = da @ Wx.T, da @ Wh.T
        dWx, db, dWh = dWx + x[:, t].T @ da, db + da.sum(axis=0), dWh + (hs[t - 1] if t else h0).T @ da
    return dx, dprev, dWx, dWh, db
""",
        ("(dh[:, t] + dprev)", "dh[:, t]"),
    ),
    "indices": (
        """
class Embedding:
    def __init__(self, W):
        self.params, self.grads = [W], [np.zeros_like(W)]
    def forward(self, idx):
        self.idx = idx
        return self.params[0][idx]
    def backward(self, dout):
        np.add.at(self.grads[0], self.idx, dout)
""",
        ("np.add.at(self.grads[0], self.idx, dout)", "self.grads[0][self.idx] += dout"),
    ),
    "columns of examples": (
        """
def linear_activation_forward(A_prev, W, b, activation):
    Z = W @ A_prev + b
    A = np.tanh(Z) if activation == "tanh" else Z
    return A, (A_prev, W, Z, activation)
def linear_activation_backward(dA, cache, activation):
    A_prev, W, Z, _ = cache
    dZ = dA * (1 - np.tanh(Z) ** 2) if activation == "tanh" else dA
    return W.T @ dZ, dZ @ A_prev.T, dZ.sum(axis=1, keepdims=True)
""",
        ("dZ @ A_prev.T", "-dZ @ A_prev.T"),
    ),
    "a dictionary of arrays, and one of gradients": (
        """
def rnn_cell_forward(xt, a_prev, parameters):
    Wax, Waa, Wya = parameters["Wax"], parameters["Waa"], parameters["Wya"]
    a_next = np.tanh(Wax @ xt + Waa @ a_prev + parameters["ba"])
    return a_next, Wya @ a_next, (a_next, a_prev, xt, parameters)
def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = da_next * (1 - a_next ** 2)
    return {"dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
            "dWaa": dz @ a_prev.T, "dba": dz.sum(axis=1, keepdims=True)}
""",
        ('"dWax": dz @ xt.T', '"dWax": (dz @ xt.T) * 2'),
    ),
    "an update in backward": (
        """
class FCLayer:
    def __init__(self, input_size, output_size):
        self.weights = np.random.rand(input_size, output_size)
    def forward_propagation(self, input):
        self.input = input
        return input @ self.weights
    def backward_propagation(self, output_error, learning_rate):
        input_error = output_error @ self.weights.T
        self.weights -= learning_rate * self.input.T @ output_error
        return input_error
""",
        ("learning_rate * self", "learning_rate * 2 * self"),
    ),
    "a loss without dout": (
        """
class MSE:
    def loss(self, predicted, actual):
        return ((predicted - actual) ** 2).sum()
    def grad(self, predicted, actual):
        return 2 * (predicted - actual)
""",
        ("2 * (", "("),
    ),
    "a loss with dout of 1": (
        """
class SoftmaxWithLoss:
    def forward(self, x, t):
        self.p, self.t = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True), t
        return -np.log(self.p[np.arange(len(t)), t]).mean()
    def backward(self, dout=1):
        dx = self.p.copy()
        dx[np.arange(len(dx)), self.t] -= 1
        return dout * dx / len(dx)
""",
        ("dout * dx / len(dx)", "dout * dx"),
    ),
    "gradients that stay on the object": (
        """
class Activation_Tanh:
    def forward(self, inputs, training):
        self.output = np.tanh(inputs)
    def backward(self, dvalues):
        self.dinputs = dvalues * (1 - self.output ** 2)
""",
        ("self.output ** 2", "self.output"),
    ),
    "gradients in another order, by their names": (
        """
class KL:
    def loss(self, t_mean, t_log_var):
        return 0.5 * (t_mean ** 2 + np.exp(t_log_var) - t_log_var).sum()
    def grad(self, t_mean, t_log_var):
        dLogVar, dMean = 0.5 * (np.exp(t_log_var) - 1), t_mean
        return dLogVar, dMean
def check_inputs_KL():
    return KL(), {"t_mean": np.random.randn(5, 4), "t_log_var": np.random.randn(5, 4)}
""",
        ("return dLogVar, dMean", "return dLogVar, -dMean"),
    ),
    "slopes": (
        """
def sigmoid(z):
    return 1 / (1 + np.exp(-z))
def sigmoid_prime(s):
    return s * (1 - s)
""",
        ("s * (1 - s)", "s * (1 - s) ** 2"),
    ),
    "a cache, in a class": (
        """
class Square:
    def forward(self, x):
        return x ** 2, x
    def backward(self, dout, cache):
        return 2 * cache * dout
""",
        ("2 * cache", "cache"),
    ),
    "other orders and nests": (
        """
def affine(x, w, b):
    return x @ w + b, (x, w)
def affine_backward(dout, cache):
    x, w = cache
    return [x.T @ dout, dout.sum(axis=0)], dout @ w.T
""",
        ("dout @ w.T", "2 * dout @ w.T"),
    ),
}


@pytest.fixture
def statuses(tmp_path):
    """Return a function that gives the status of everything in a source."""

    def statuses(source, name="homework.py", **more):
        (tmp_path / name).write_text(source if name.endswith(".ipynb") else f"import numpy as np\n{source}")
        with loaded(str(tmp_path / name), **more) as module:
            return {thing.name: outcome(thing, tmp_path, 0, 1e-6).status for thing in find_checkable(module)}

    return statuses


@pytest.mark.parametrize("name", CONVENTIONS)
def test_a_convention_is_understood(name, statuses):
    source, (old, new) = CONVENTIONS[name]
    kept = np.random.get_state()[1].copy()  # noqa: NPY002
    assert list(statuses(source).values()) == ["right"]
    assert source.count(old) == 1
    assert list(statuses(source.replace(old, new)).values()) == ["wrong"]
    assert np.array_equal(np.random.get_state()[1], kept)  # noqa: NPY002


SQUARE = "def square_forward(x):\n    return x * x, x\ndef square_backward(dout, x):\n    return 2 * x * dout\n"


def test_a_notebook_is_read_without_its_magics_and_without_training(statuses):
    cells = [
        "%matplotlib inline\nimport numpy as np",
        "# text",
        SQUARE,
        "while True:\n    pass",
        "!ls\nthis is no python",
    ]
    kinds = ["code", "markdown", "code", "code", "code"]
    book = {"cells": [{"cell_type": k, "source": s.splitlines(True)} for k, s in zip(kinds, cells, strict=True)]}
    assert statuses(json.dumps(book), name="homework.ipynb") == {"square": "right"}


def test_only_definitions_are_run_if_wanted_or_if_the_rest_fails(statuses):
    assert statuses(f"{SQUARE}while True:\n    pass\n", definitions=True) == {"square": "right"}
    assert statuses(f"{SQUARE}np.load('no such data')\n") == {"square": "right"}


def test_a_library_that_is_not_installed_does_not_matter_unless_it_is_used(statuses):
    source = "import no_such_library as n\n@n.jit\n" + SQUARE + "@n.jit\ndef a_forward(x):\n    return n.f(x), x\n"
    source += "def a_backward(dout, x):\n    return dout\n"
    assert statuses(source) == {"square": "right", "a": "not checked"}
    assert "no_such_library" not in sys.modules


def test_a_compiled_module_that_is_missing_does_not_make_a_gradient_wrong(statuses):
    source = "try:\n    from .no_such_module import quick\nexcept ImportError:\n    print('compile it')\n"
    assert statuses(source + SQUARE.replace("return 2 * x", "return quick(x)")) == {"square": "not checked"}
    assert statuses(SQUARE.replace("return 2 * x", "return quick(x)")) == {"square": "wrong"}


def test_modules_of_folders_above_are_found(tmp_path):
    (tmp_path / "common").mkdir()
    (tmp_path / "chapter").mkdir()
    (tmp_path / "common" / "tools.py").write_text("TWO = 2.0\n")
    (tmp_path / "chapter" / "one.py").write_text("from common.tools import *\n")
    with loaded(str(tmp_path / "chapter" / "one.py")) as module:
        assert module.TWO == 2
    assert "common" not in sys.modules


def test_python_2_is_called_by_its_name(statuses):
    with pytest.raises(ValueError, match=r"homework.py is Python 2: .*homework.py:2: SyntaxError: .*2to3"):
        statuses("print 'hello'\n")


@pytest.mark.parametrize(
    "body", ["pass", "raise Exception('Not implemented!')", "dx = None\n    return dx", '"Later."']
)
def test_what_is_not_written_is_said(body, tmp_path, statuses):
    assert statuses(SQUARE.replace("return 2 * x * dout", body)) == {"square": "not checked"}
    with loaded(str(tmp_path / "homework.py")) as module:
        (thing,) = find_checkable(module)
        assert outcome(thing, tmp_path, 0, 1e-6).message.endswith("nothing is written yet")


def test_an_adapter_imports_what_it_says_the_inputs_of(tmp_path, statuses):
    layer = "class Odd:\n    def __init__(self, wiring):\n        self.w = wiring['w']\n"
    layer += "    def forward(self, x, plan):\n        return self.w * x[plan.start:]\n"
    layer += "    def backward(self, dout):\n        return np.vstack([np.zeros((1, 4)), self.w * dout])\n"
    (tmp_path / "odd.py").write_text(f"import numpy as np\n{SQUARE}{layer}")
    with loaded(str(tmp_path / "odd.py")) as module:
        odd = next(thing for thing in find_checkable(module) if thing.name == "Odd")
        snippet = outcome(odd, tmp_path, 0, 1e-6).message.partition("with:\n")[2]
    assert snippet.splitlines()[-1] == ("        return Odd(wiring=...), {'x': rng.normal(size=(5, 4)), 'plan': ...}")
    snippet = textwrap.dedent(snippet).replace("wiring=...", "wiring={'w': 3.0}").replace("...", "slice(1, None)")
    assert statuses(f"from odd import *\n{snippet}\n") == {"Odd": "right"}
