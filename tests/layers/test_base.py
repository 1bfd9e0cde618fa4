"""Parameter, and what Layer gives to a layer for nothing."""

import numpy as np
import pytest

from tinygan.layers import Layer, Linear, Parameter
from tinygan.layers.contents import layer_table


def test_a_parameter_adds_its_gradients_up():
    theta = Parameter(np.zeros(2), "theta")
    assert theta.grad is None
    assert Parameter(np.zeros(2)).name == ""
    first = np.array([1.0, 2.0])
    theta.accumulate(first)
    theta.accumulate(np.array([10.0, 20.0]))
    np.testing.assert_array_equal(theta.grad, [11, 22])
    assert theta.grad is first  # added in place: no new array a step
    np.testing.assert_array_equal(theta.data, [0, 0])


def test_a_parameter_says_what_it_is():
    assert repr(Parameter(np.zeros((2, 3), np.float32), "weight")) == "Parameter('weight', shape (2, 3), float32)"


class Shift(Layer):
    def __init__(self, by, unit="m"):
        self.by, self.unit = by, unit

    def forward(self, x, *, rng=None):
        return x + self.by, None

    def backward_input(self, grad_y, cache):
        return grad_y


def test_a_layer_needs_two_methods_only():
    shift, x = Shift(2.0), np.ones((1, 2))
    np.testing.assert_array_equal(shift(x), [[3, 3]])
    assert shift.parameters == ()
    assert shift.backward_params(x, None) is None
    np.testing.assert_array_equal(shift.backward(x, None), x)
    assert shift.output_shape((2,)) is None


def test_a_layer_prints_as_the_call_that_builds_it():
    assert repr(Shift(2.0)) == "Shift(2.0, 'm')"


def test_a_table_of_layers_prints_every_axis_of_an_output():
    class Image(Shift):
        def output_shape(self, input_shape):
            return 28, 28

    assert layer_table(Image(2.0)).splitlines() == [
        "layer            output shape  parameters",
        "Image(2.0, 'm')  (m, 28, 28)            0",
    ]


@pytest.mark.parametrize("missing", ["forward", "backward_input"])
def test_a_layer_without_one_of_them_cannot_be_built(missing):
    methods = {"forward": Shift.forward, "backward_input": Shift.backward_input}
    del methods[missing]
    with pytest.raises(TypeError, match=missing):
        type("Half", (Layer,), methods)()


@pytest.mark.parametrize(
    ("n_in", "shape", "hint"),
    [
        (784, (100, 28, 28), r"it takes \(m, 784\)\. Did you mean x\.reshape\(len\(x\), -1\)\?$"),
        (3, (3,), r"it takes \(m, 3\)\. Did you mean x\[None, :\], a batch of one\?$"),
        (1, (5,), r"it takes \(m, 1\)\. Did you mean x\[:, None\]\?$"),
        (784, (100, 28, 29), r"it takes \(m, 784\)$"),
        (4, (3,), r"it takes \(m, 4\)$"),
    ],
)
def test_a_misfit_is_answered_with_a_hint_only_where_the_hint_would_work(n_in, shape, hint):
    with pytest.raises(ValueError, match=hint):
        Linear(n_in, 2)(np.ones(shape, np.float32))
