"""What another batch shows: state kept between calls, and gradients that are right at one size of batch only."""

import numpy as np
import pytest

from tinygan.gradcheck import check_functions, check_gradients
from tinygan.layers import Layer, Linear

X = np.random.default_rng(1).normal(size=(5, 4))
W = np.random.default_rng(2).normal(size=(4, 3))


class KeepsTheArray(Linear):
    """self.x is the very array that came in, so whoever writes a second batch into it would hide the bug."""

    def forward(self, x, *, rng=None):
        self.x = x
        return super().forward(x)

    def backward_params(self, grad_y, cache):
        self.weight.accumulate(self.x.T @ grad_y)
        self.bias.accumulate(grad_y.sum(axis=0))


class KeepsTheFirstSize(Layer):
    size = None

    def forward(self, x, *, rng=None):
        self.size = self.size or len(x)
        return x * x, x

    def backward_input(self, grad_y, cache):
        return 2 * grad_y * cache * len(cache) / self.size


class Stack(Layer):
    """Right as long as backward goes through the calls from the last to the first."""

    def __init__(self):
        self.stack = []

    def forward(self, x, *, rng=None):
        self.stack.append(x)
        return x * x, None

    def backward_input(self, grad_y, cache):
        return 2 * grad_y * self.stack.pop()


class KeepsTheLargest(Layer):
    """Pads to the size of the last batch: it fails only if that has another size."""

    def forward(self, x, *, rng=None):
        self.size = len(x)
        return x * x, x

    def backward_input(self, grad_y, cache):
        return 2 * grad_y * np.broadcast_to(cache, (self.size, 4))


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (KeepsTheArray(4, 3, rng=0), "on another batch as well, backward with the first cache gives the gradient of"),
        (Stack(), "backward with the first cache gives the gradient of the other batch for x"),
        (KeepsTheLargest(), "on a batch of 4 as well, backward with the first cache raises ValueError: operands"),
    ],
)
def test_a_layer_that_remembers_its_last_call_is_caught(layer, words):
    report = check_gradients(layer, X, rng=0)
    assert all(row.ok for row in report.rows)
    (suspect,) = report.suspects
    assert suspect.code == "other_batch"
    assert words in suspect.message


def test_a_gradient_that_is_right_at_one_size_of_batch_is_not_right():
    report = check_gradients(KeepsTheFirstSize(), X, rng=0)
    assert not report.ok
    assert report.suspects[0].message.startswith("on a batch of 4, though not on 5, the gradient of x is 0.8 ")


STATE = {}


def remembers_forward(x, w):
    STATE["x"] = x
    return x @ w, w


def remembers_backward(dout, w):
    return dout @ w.T, STATE["x"].T @ dout


class Dense:
    def __init__(self, w):
        self.w, self.dw = w, np.zeros_like(w)

    def forward(self, x):
        self.x = x
        return x @ self.w

    def backward(self, dout):
        self.dw += self.x.T @ dout
        return dout @ self.w.T


DENSE = Dense(W.copy())


def shared_forward(x):
    return DENSE.forward(x), None


def shared_backward(dout, cache):
    return DENSE.backward(dout)


def own_forward(x, w):
    layer = Dense(w)
    return layer.forward(x), layer


def own_backward(dout, layer):
    return layer.backward(dout), layer.dw


def test_state_in_a_global_is_caught_and_state_in_the_cache_is_not():
    (suspect,) = check_functions(remembers_forward, remembers_backward, (X, W), rng=0).suspects
    assert (suspect.code, suspect.tensor) == ("other_batch", "w")
    (suspect,) = check_functions(shared_forward, shared_backward, (X,), rng=0).suspects
    assert "on a batch of 4 as well, backward with the first cache raises ValueError" in suspect.message
    assert check_functions(own_forward, own_backward, (X, W), rng=0).ok


def test_a_gradient_that_grows_from_run_to_run_is_caught():
    total = np.zeros_like(W)

    def grows_backward(dout, cache):
        x, w = cache
        total[...] += x.T @ dout
        return dout @ w.T, total.copy()

    report = check_functions(lambda x, w: (x @ w, (x, w)), grows_backward, (X, W), rng=0)
    assert (report.suspects[0].code, report.suspects[0].tensor) == ("accumulated_twice", "w")


def test_labels_are_cut_together_with_their_examples():
    def loss_forward(x, y):
        assert len(x) == len(y)
        return x[np.arange(len(x)), y].mean(), (x.shape, y)

    def loss_backward(dout, cache):
        shape, y = cache
        dx = np.zeros(shape)
        dx[np.arange(len(y)), y] = dout / 5
        return dx

    report = check_functions(loss_forward, loss_backward, (X, np.array([0, 3, 2, 1, 1])), rng=0)
    assert report.suspects[0].message.startswith("on a batch of 4, though not on 5, ")


def test_a_square_weight_is_not_taken_for_a_batch():
    def affine_backward(dout, cache):
        x, w = cache
        return dout @ w.T * len(x) / 5, x.T @ dout

    square = np.random.default_rng(0).normal(size=(5, 5))
    report = check_functions(lambda x, w: (x @ w, (x, w)), affine_backward, (square, square), rng=0)
    assert report.suspects[0].message.startswith("on a batch of 4, though not on 5, ")
