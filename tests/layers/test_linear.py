"""The affine layer against numbers worked out by hand."""

import numpy as np
import pytest

from tinygan.layers import Linear, constant, normal, zeros


@pytest.fixture
def layer():
    layer = Linear(2, 3, dtype=np.float64)
    layer.weight.data[...] = [[1, 2, 3], [4, 5, 6]]
    layer.bias.data[...] = [10, 20, 30]
    return layer


def test_forward_and_both_backward_passes_by_hand(layer):
    x, grad_y = np.array([[1.0, 2.0], [0.0, -1.0]]), np.array([[1.0, 0.0, -1.0], [2.0, 1.0, 0.0]])
    y, cache = layer.forward(x)
    np.testing.assert_array_equal(y, [[19, 32, 45], [6, 15, 24]])
    np.testing.assert_array_equal(layer.backward_input(grad_y, cache), [[-2, -2], [4, 13]])
    layer.backward_params(grad_y, cache)
    np.testing.assert_array_equal(layer.weight.grad, [[1, 0, -1], [0, -1, -2]])
    np.testing.assert_array_equal(layer.bias.grad, [3, 1, -1])


def test_its_parameters_are_weight_and_bias_in_that_order(layer):
    assert layer.parameters == (layer.weight, layer.bias)
    assert [theta.name for theta in layer.parameters] == ["weight", "bias"]
    assert [theta.data.shape for theta in layer.parameters] == [(2, 3), (3,)]


def test_by_default_weights_are_those_of_glorot_and_biases_zero_in_float32():
    layer = Linear(200, 100, rng=0)
    assert {theta.data.dtype for theta in layer.parameters} == {np.dtype(np.float32)}
    assert not layer.bias.data.any()
    bound = np.sqrt(6 / 300)
    assert 0.999 * bound < np.abs(layer.weight.data).max() <= np.float32(bound)


def test_a_seed_means_the_same_weights_in_both_precisions():
    single, double = (Linear(5, 4, bias_init=normal(1.0), rng=3, dtype=dtype) for dtype in (np.float32, np.float64))
    for few, many in zip(single.parameters, double.parameters, strict=True):
        assert many.data.dtype == np.float64
        np.testing.assert_array_equal(few.data, many.data.astype(np.float32))
    assert (double.weight.data != double.weight.data.astype(np.float32)).any()


def test_a_generator_goes_on_where_it_stands(rng):
    one, other = Linear(3, 3, rng=rng), Linear(3, 3, rng=rng)
    assert (one.weight.data != other.weight.data).any()
    np.testing.assert_array_equal(one.weight.data, Linear(3, 3, rng=np.random.default_rng(0)).weight.data)


def test_without_a_seed_no_two_layers_are_alike():
    assert (Linear(3, 3).weight.data != Linear(3, 3).weight.data).any()


def test_it_takes_initializers_for_both_parameters():
    layer = Linear(2, 2, weight_init=zeros, bias_init=constant(-2.0))
    np.testing.assert_array_equal(layer(np.ones((1, 2), np.float32)), [[-2, -2]])


def test_it_prints_as_a_table():
    assert repr(Linear(784, 1200)).splitlines() == [
        "layer              output shape  parameters",
        "Linear(784, 1200)  (m, 1200)        942,000",
    ]


def test_output_shape_refuses_another_width(layer):
    assert layer.output_shape(None) == layer.output_shape((2,)) == (3,)
    with pytest.raises(ValueError, match=r"^Linear\(2, 3\) takes \(m, 2\), not \(m, 4, 4\)$"):
        layer.output_shape((4, 4))
