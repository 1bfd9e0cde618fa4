"""The gradient checker: right layers pass, and wrong ones do not, at the wrong tensor and nowhere else."""

import time

import numpy as np
import pytest

from tinygan.gradcheck import check_gradients
from tinygan.layers import Dropout, Layer, LeakyReLU, Linear, Maxout, Parameter, ReLU, Sequential, Sigmoid, Tanh


def inputs(m=5, width=4, dtype=np.float64):
    return np.random.default_rng(1).normal(size=(m, width)).astype(dtype)


RIGHT = {
    "linear": lambda: Linear(4, 3, rng=0),
    "linear float64": lambda: Linear(4, 3, rng=0, dtype=np.float64),
    "maxout": lambda: Maxout(2),
    "dropout": lambda: Dropout(0.5),
    "relu": ReLU,
    "leaky relu": lambda: LeakyReLU(0.1),
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "network": lambda: Sequential(
        Dropout(0.2), Linear(4, 6, rng=0), Maxout(3), Sequential(Linear(2, 5, rng=1), Tanh()), Linear(5, 1, rng=2)
    ),
}


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_right_layers_pass(name, dtype):
    report = check_gradients(RIGHT[name](), inputs(dtype=dtype), rng=0)
    assert report.ok, str(report)
    assert all(row.relative_error < 1e-7 for row in report.rows)


class WrongSign(Linear):
    def backward_input(self, grad_y, cache):
        return -super().backward_input(grad_y, cache)


class MissingBias(Linear):
    def backward_params(self, grad_y, cache):
        self.weight.accumulate(cache.T @ grad_y)


class MeanInsteadOfSum(Linear):
    def backward_params(self, grad_y, cache):
        self.weight.accumulate(cache.T @ grad_y / len(cache))
        self.bias.accumulate(grad_y.sum(axis=0))


class NotTransposed(Linear):
    def backward_params(self, grad_y, cache):
        self.weight.accumulate(grad_y.T @ cache)
        self.bias.accumulate(grad_y.sum(axis=0))


class BiasOverTheWrongAxis(Linear):
    def backward_params(self, grad_y, cache):
        self.weight.accumulate(cache.T @ grad_y)
        self.bias.accumulate(grad_y.sum(axis=1))


class WrongSlope(LeakyReLU):
    def backward_input(self, grad_y, cache):
        return grad_y * cache


class RedrawnMask(Dropout):
    def backward_input(self, grad_y, cache):
        return grad_y * (np.random.default_rng(7).random(grad_y.shape) >= self.rate) / (1 - self.rate)


class SumInvariant(Layer):
    """Softmax with the gradient 0: right for a grad_y of all ones, whose sum is constant, and for no other."""

    def forward(self, x, *, rng=None):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True), x.shape

    def backward_input(self, grad_y, cache):
        return np.zeros(cache)


class OneWrongEntry(Linear):
    def backward_params(self, grad_y, cache):
        super().backward_params(grad_y, cache)
        self.weight.grad[2, 1] *= 1.001


WRONG = {
    "wrong sign": (lambda: WrongSign(4, 3, rng=0), {"x"}),
    "missing bias": (lambda: MissingBias(4, 3, rng=0), {"bias"}),
    "mean instead of sum": (lambda: MeanInsteadOfSum(4, 3, rng=0), {"weight"}),
    "not transposed": (lambda: NotTransposed(4, 3, rng=0), {"weight"}),
    "bias over the wrong axis": (lambda: BiasOverTheWrongAxis(4, 3, rng=0), {"bias"}),
    "wrong slope": (lambda: WrongSlope(0.1), {"x"}),
    "redrawn mask": (lambda: RedrawnMask(0.5), {"x"}),
    "sum invariant": (SumInvariant, {"x"}),
    "one wrong entry of many": (lambda: OneWrongEntry(4, 3, rng=0), {"weight"}),
    "inside a network": (lambda: Sequential(Tanh(), WrongSign(4, 3, rng=0), Tanh()), {"x"}),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_layers_fail_at_the_wrong_tensor_and_nowhere_else(name):
    build, wrong = WRONG[name]
    report = check_gradients(build(), inputs(), rng=0)
    assert not report.ok
    assert {row.tensor for row in report.rows if not row.ok} == wrong, str(report)


def test_kinks_are_counted_and_left_out():
    x = np.array([[0.0, 1.0, -1.0]])
    (row,) = check_gradients(ReLU(), x, rng=0).rows
    assert (row.n_checked, row.n_kinks, row.verdict) == (2, 1, "right")
    (row,) = check_gradients(ReLU(), np.zeros((2, 3)), rng=0).rows
    assert (row.n_checked, row.n_kinks, row.verdict, row.ok) == (0, 6, "at kinks only", True)


def test_a_kink_does_not_hide_a_wrong_slope_beside_it():
    assert not check_gradients(WrongSlope(0.1), np.array([[0.0, -1.0]]), rng=0).ok


def test_ties_of_maxout_are_kinks():
    (row,) = check_gradients(Maxout(2), np.ones((1, 4)), rng=0).rows
    assert row.n_kinks == 4


def test_of_a_large_tensor_some_entries_are_checked():
    rows = check_gradients(Linear(30, 20, rng=0), inputs(width=30), rng=0).rows
    assert [(row.tensor, row.n_checked) for row in rows] == [("x", 150), ("weight", 128), ("bias", 20)]


def test_one_wrong_entry_that_is_not_looked_at_shows_along_a_direction():
    class OneOfMany(Linear):
        def backward_params(self, grad_y, cache):
            super().backward_params(grad_y, cache)
            self.weight.grad[7, 11] += 1.0

    for seed in range(10):
        rows = check_gradients(OneOfMany(30, 20, rng=0), inputs(width=30), rng=seed).rows
        assert [row.verdict for row in rows] == ["right", "wrong", "right"]


def test_parameters_of_a_network_are_named_by_their_layer():
    rows = check_gradients(Sequential(Tanh(), Linear(4, 2, rng=0)), inputs(), rng=0).rows
    assert [row.tensor for row in rows] == ["x", "1.weight", "1.bias"]


def test_a_parameter_without_a_name_is_numbered():
    class Scale(Layer):
        def __init__(self):
            self.parameters = (Parameter(np.ones(1)),)

        def forward(self, x, *, rng=None):
            return x * self.parameters[0].data, x

        def backward_input(self, grad_y, cache):
            return grad_y * self.parameters[0].data

        def backward_params(self, grad_y, cache):
            self.parameters[0].accumulate((grad_y * cache).sum(keepdims=True).reshape(1))

    report = check_gradients(Scale(), inputs(), rng=0)
    assert report.ok
    assert [row.tensor for row in report.rows] == ["x", "parameter 0"]


def test_all_zero_gradients_of_a_constant_are_right():
    class Constant(Layer):
        def forward(self, x, *, rng=None):
            return np.ones_like(x), x.shape

        def backward_input(self, grad_y, cache):
            return np.zeros(cache)

    (row,) = check_gradients(Constant(), inputs(), rng=0).rows
    assert (row.relative_error, row.verdict) == (0.0, "right")


class Square(Layer):
    """x^2, whose slope is 0 at 0: the slopes to both sides differ, and yet it has no kink there."""

    wrong = 0.0

    def forward(self, x, *, rng=None):
        return x * x, x

    def backward_input(self, grad_y, cache):
        return grad_y * (2 * cache + self.wrong)


def test_a_smooth_minimum_is_no_kink():
    (row,) = check_gradients(Square(), np.zeros((2, 3)), rng=0, tolerance=1e-4).rows
    assert row.n_kinks == 0
    square = Square()
    square.wrong = 123.0
    assert not check_gradients(square, np.zeros((2, 3)), rng=0).ok


def test_a_steep_smooth_function_is_checked_and_not_taken_for_a_kink():
    steep = Sequential(Linear(4, 3, weight_init=lambda shape, rng, dtype: 100 * rng.normal(size=shape), rng=0), Tanh())
    report = check_gradients(steep, 0.01 * inputs(), rng=0)
    assert report.ok, str(report)
    assert sum(row.n_kinks for row in report.rows) == 0


def test_the_order_in_memory_does_not_matter():
    def transposed(shape, rng, dtype):
        return rng.normal(size=shape[::-1]).T

    x = np.asfortranarray(inputs())
    report = check_gradients(Linear(4, 3, weight_init=transposed, rng=0), x, rng=0)
    assert report.ok, str(report)
    assert not check_gradients(WrongSign(4, 3, rng=0), x, rng=0).ok


def test_a_forward_pass_that_returns_a_view_of_its_input_is_checked():
    class Flatten(Layer):
        order = "C"

        def forward(self, x, *, rng=None):
            return x.reshape(len(x), -1), x.shape

        def backward_input(self, grad_y, cache):
            return grad_y.reshape(cache, order=self.order)

    x = np.random.default_rng(0).normal(size=(3, 2, 4))
    report = check_gradients(Flatten(), x, rng=0)
    assert (report.ok, report.rows[0].n_checked) == (True, 24)
    wrong = Flatten()
    wrong.order = "F"
    assert check_gradients(wrong, x, rng=0).suspects[0].code == "permuted"


@pytest.mark.slow
def test_a_large_layer_is_checked_in_seconds_and_not_in_minutes():
    layer = Linear(784, 1200, rng=0)
    x = inputs(m=8, width=784)
    start = time.process_time()
    assert check_gradients(layer, x, rng=0).ok
    assert time.process_time() - start < 20  # less than 1 on a quiet core


def test_a_wrong_gradient_does_not_hide_behind_numbers_that_lie_at_kinks():
    class Clipped(Layer):
        def forward(self, x, *, rng=None):
            return np.clip(x, -1, 1), x

        def backward_input(self, grad_y, cache):
            return -grad_y * (abs(cache) <= 1)

    x = np.random.default_rng(1).integers(-3, 4, (5, 4)) * 1.0
    assert 0 < (abs(x) == 1).sum() < x.size
    report = check_gradients(Clipped(), x, rng=0)
    assert [(row.verdict, row.n_unresolved) for row in report.rows] == [("wrong", 0)]
