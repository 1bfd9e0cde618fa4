"""What a backward pass does beside its work, what cannot be checked, and that a check leaves all as it was."""

import numpy as np
import pytest

from tinygan.gradcheck import check_functions, check_gradients, check_step
from tinygan.layers import Dropout, Layer, Linear, ReLU, Sequential, Tanh


def inputs(m=5, width=4, dtype=np.float64):
    return np.random.default_rng(1).normal(size=(m, width)).astype(dtype)


class Overwrites(Linear):
    def backward_params(self, grad_y, cache):
        self.weight.grad = cache.T @ grad_y
        self.bias.accumulate(grad_y.sum(axis=0))


def test_a_backward_pass_that_overwrites_instead_of_adding_is_caught():
    report = check_gradients(Overwrites(4, 3, rng=0), inputs(), rng=0)
    assert [(suspect.code, suspect.tensor) for suspect in report.suspects] == [("not_accumulated", "weight")]
    assert not report.ok


def test_a_layer_that_overwrites_its_input_is_caught():
    class Destroys(Linear):
        def backward_input(self, grad_y, cache):
            cache[...] = 0
            return super().backward_input(grad_y, cache)

    report = check_gradients(Destroys(4, 3, rng=0), inputs(), rng=0)
    assert (report.suspects[0].code, report.suspects[0].tensor) == ("mutated_input", "x")


def test_a_forward_pass_that_overwrites_its_input_is_caught():
    class Destroys(ReLU):
        def forward(self, x, *, rng=None):
            x[x < 0] = 0
            return x.copy(), x > 0

    report = check_gradients(Destroys(), inputs(), rng=0)
    assert [suspect.code for suspect in report.suspects] == ["mutated_input"]


class Explodes(Linear):
    def backward_params(self, grad_y, cache):
        raise RuntimeError("boom")


def test_parameters_are_put_back_when_the_backward_pass_raises():
    layer = Explodes(4, 3, rng=0)
    weight = layer.weight.data
    with pytest.raises(RuntimeError, match="boom"):
        check_gradients(layer, inputs(), rng=0)
    assert layer.weight.data is weight


def test_parameters_gradients_and_input_are_as_before():
    layer = Linear(4, 3, rng=0)
    layer.weight.grad = kept_grad = np.ones((4, 3), np.float32)
    kept = [(theta, theta.data, theta.data.copy()) for theta in layer.parameters]
    x = inputs(dtype=np.float32)
    x_kept = x.copy()
    check_gradients(layer, x, rng=0)
    for theta, data, values in kept:
        assert theta.data is data
        np.testing.assert_array_equal(data, values)
    assert layer.weight.grad is kept_grad
    assert layer.bias.grad is None
    np.testing.assert_array_equal(x, x_kept)


@pytest.mark.parametrize(
    ("layer", "x", "error", "words"),
    [
        ("relu", inputs(), TypeError, "got a str; it takes a Layer"),
        (ReLU(), np.array([[np.nan]]), ValueError, "NaN or infinite"),
        (ReLU(), np.ones((2, 2), int), TypeError, "int64"),
        (ReLU(), np.ones((0, 2)), ValueError, "empty batch"),
        (Linear(3, 2, rng=0), inputs(), ValueError, r"takes \(m, 3\)"),
    ],
)
def test_bad_input_gets_a_clear_error(layer, x, error, words):
    with pytest.raises(error, match=words):
        check_gradients(layer, x, rng=0)


def test_a_tolerance_of_zero_is_refused():
    with pytest.raises(ValueError, match="tolerance=0; it takes a finite number > 0"):
        check_gradients(ReLU(), inputs(), rng=0, tolerance=0)


def test_a_layer_that_returns_nan_is_refused():
    class Log(Layer):
        def forward(self, x, *, rng=None):
            with np.errstate(invalid="ignore"):
                return np.log(x), x

        def backward_input(self, grad_y, cache):
            return grad_y / cache

    with pytest.raises(ValueError, match=r"Log\(\) returned NaN"):
        check_gradients(Log(), -np.ones((1, 1)), rng=0)


@pytest.mark.parametrize("n_bad", [1, 20])
def test_nan_in_a_gradient_is_not_right(n_bad):
    class Spoiled(Tanh):
        def backward_input(self, grad_y, cache):
            grad_x = super().backward_input(grad_y, cache)
            grad_x.reshape(-1)[:n_bad] = np.nan
            return grad_x

    (row,) = check_gradients(Spoiled(), inputs(), rng=0).rows
    assert (row.ok, row.verdict) == (False, "NaN or infinite")


class DrawsFromOutside(Dropout):
    """A right Dropout with a generator of its own."""

    outside = np.random.default_rng(0)

    def forward(self, x, *, rng=None):
        return super().forward(x, rng=self.outside)


class Counts(Layer):
    n = 0

    def forward(self, x, *, rng=None):
        self.n += 1
        return x * self.n, self.n

    def backward_input(self, grad_y, cache):
        return grad_y * cache


REPLAY = r"called twice with the same input and the same rng, forward returns two results.*Draw from rng"


@pytest.mark.parametrize("build", [lambda: DrawsFromOutside(0.5), Counts])
def test_a_forward_pass_that_cannot_be_replayed_is_refused_and_not_accused(build):
    with pytest.raises(ValueError, match=REPLAY):
        check_gradients(build(), inputs(), rng=0)
    with pytest.raises(ValueError, match=REPLAY):
        check_gradients(Sequential(Tanh(), build()), inputs(), rng=0)


def test_so_are_functions_and_steps():
    def drop_forward(x):
        mask = DrawsFromOutside.outside.random(x.shape) < 0.5
        return x * mask, mask

    def drop_backward(dout, mask):
        return dout * mask

    with pytest.raises(ValueError, match=f"drop: {REPLAY}"):
        check_functions(drop_forward, drop_backward, (inputs(),), rng=0)
    with pytest.raises(ValueError, match=f"discriminator_step: {REPLAY}"):
        check_step(Sequential(Counts(), Linear(4, 1, rng=0)), Linear(3, 4, rng=1), rng=0)


class Returns(Layer):
    def __init__(self, gradient):
        self.gradient = gradient

    def forward(self, x, *, rng=None):
        return 2 * x, x

    def backward_input(self, grad_y, cache):
        return self.gradient


@pytest.mark.parametrize("gradient", [(inputs(), inputs()), [[1.0]], "grad_x"])
def test_a_gradient_that_is_no_array_is_refused(gradient):
    words = rf"Returns\(\S*\).backward_input returned a gradient of type {type(gradient).__name__}; it takes an array"
    with pytest.raises(TypeError, match=words):
        check_gradients(Returns(gradient), inputs(), rng=0)


@pytest.mark.parametrize("gradient", [np.float64(3.0), 3.0, np.array(3.0)])
def test_a_lone_number_is_a_gradient_of_another_shape_and_the_same_at_every_call(gradient):
    report = check_gradients(Returns(gradient), inputs(), rng=0)
    assert [row.verdict for row in report.rows] == ["gradient of shape ()"]
    assert report.suspects[0].code == "unknown"
    assert "has shape (), and x has (5, 4)" in report.suspects[0].message


def test_a_right_loss_of_one_row_is_right():
    def loss_forward(x):
        return (x * x).mean(axis=0).sum(), x

    def loss_backward(dout, x):
        return 2 * dout * x / len(x)

    def sum_backward(dout, x):
        return 2 * dout * x

    assert check_functions(loss_forward, loss_backward, (inputs(),), rng=0).ok
    suspect = check_functions(loss_forward, sum_backward, (inputs(),), rng=0).suspects[0]
    assert suspect.code == "missing_mean"
    assert "5 times with 5 examples, 4 times with 4" in suspect.message
