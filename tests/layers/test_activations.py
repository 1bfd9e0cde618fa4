"""ReLU, leaky ReLU, sigmoid and tanh: exact values, kinks and the far ends of the float range."""

import numpy as np
import pytest
from support.precision import exactly, logistic, logistic_slope, whole_range, worst_ulps

from tinygan.layers import LeakyReLU, ReLU, Sigmoid, Tanh

DTYPES = [np.float32, np.float64]
both_precisions = pytest.mark.parametrize("dtype", DTYPES)


def slope(layer, x):
    """Return dy/dx at every x."""
    x = x[None]
    y, cache = layer.forward(x)
    return layer.backward_input(np.ones_like(y), cache)[0]


@both_precisions
def test_relu_by_hand(dtype):
    x = np.array([-2, -1e-30, -0.0, 0.0, 1e-30, 3], dtype)
    np.testing.assert_array_equal(ReLU()(x[None]), np.array([[0, 0, 0, 0, 1e-30, 3]], dtype))
    np.testing.assert_array_equal(slope(ReLU(), x), [0, 0, 0, 0, 1, 1])


@both_precisions
def test_leaky_relu_by_hand(dtype):
    x = np.array([-2, -0.0, 0.0, 3], dtype)
    np.testing.assert_array_equal(LeakyReLU(0.25)(x[None]), np.array([[-0.5, 0, 0, 3]], dtype))
    np.testing.assert_array_equal(slope(LeakyReLU(0.25), x), np.array([0.25, 0.25, 0.25, 1], dtype))


def test_leaky_relu_at_the_ends_of_its_slopes():
    x = np.array([-2.0, 3.0])
    np.testing.assert_array_equal(LeakyReLU(0)(x[None]), ReLU()(x[None]))
    np.testing.assert_array_equal(slope(LeakyReLU(0), x), [0, 1])
    np.testing.assert_array_equal(LeakyReLU(1)(x[None]), x[None])
    np.testing.assert_array_equal(slope(LeakyReLU(1), x), [1, 1])
    assert LeakyReLU().slope == 0.01
    assert repr(LeakyReLU(np.float64(0.1))) == "LeakyReLU(0.1)"


@both_precisions
def test_sigmoid_and_its_slope_are_exact_to_a_few_ulp_over_the_whole_range(dtype):
    x = whole_range(dtype)
    assert worst_ulps(Sigmoid()(x[None]), exactly(logistic, x)) <= 4
    assert worst_ulps(slope(Sigmoid(), x), exactly(logistic_slope, x)) <= 6


@both_precisions
def test_the_slope_of_sigmoid_does_not_die_before_it_must(dtype):
    x = np.array([17, 40, 80], dtype)
    np.testing.assert_array_equal(slope(Sigmoid(), x), slope(Sigmoid(), -x))
    assert (slope(Sigmoid(), x) > 0).all()


@both_precisions
def test_tanh_by_hand(dtype):
    x = np.array([-np.inf, -50, -0.0, np.log(2), 50, np.inf], dtype)
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(Tanh()(x[None])[0], [-1, -1, 0, 0.6, 1, 1], rtol=4 * eps)
    np.testing.assert_allclose(slope(Tanh(), x), [0, 0, 1, 0.64, 0, 0], rtol=4 * eps)


@pytest.mark.parametrize("layer", [ReLU(), LeakyReLU(0.1), Sigmoid(), Tanh()], ids=repr)
def test_nan_passes_through_so_that_it_is_seen(layer):
    assert np.isnan(layer(np.array([[np.nan]]))).all()


@pytest.mark.parametrize("layer", [ReLU(), LeakyReLU(0.1), Sigmoid(), Tanh()], ids=repr)
def test_the_output_shape_is_that_of_the_input(layer):
    assert layer.output_shape((3, 4)) == (3, 4)
    assert layer.output_shape(None) is None
