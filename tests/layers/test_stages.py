"""Stages: a Linear and the activation above it run as one, and give what they give one after another."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygan.layers import Dropout, LeakyReLU, Linear, Maxout, ReLU, Sequential, Sigmoid, Tanh, normal
from tinygan.layers.stages import TAKE_A_BIAS, stages

ACTIVATIONS = {"ReLU": ReLU(), "Sigmoid": Sigmoid(), "Maxout": Maxout(3), "Maxout of 1": Maxout(1)}
OTHERS = {"Tanh": Tanh(), "LeakyReLU": LeakyReLU(0.2), "Dropout": Dropout(0.5)}
every_activation = pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS.keys())
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


class Mine(ReLU):
    """Someone's own idea of a forward pass."""

    def forward(self, x, *, rng=None):
        return -x, x


class Scaled(Linear):
    """Someone's own idea of an affine layer."""

    def forward(self, x, *, rng=None):
        return 2 * (x @ self.weight.data), x


def kinds(*layers):
    return [[type(layer).__name__ for layer in stage.layers] for stage in stages(layers)]


def linear(dtype=np.float32):
    return Linear(4, 6, weight_init=normal(1.0), bias_init=normal(1.0), rng=0, dtype=dtype)


@every_activation
@both_dtypes
@given(m=st.integers(1, 5), seed=st.integers(0, 99))
def test_a_stage_gives_what_its_layers_give_bit_for_bit(activation, dtype, m, seed):
    lower = linear(dtype)
    network = Sequential(lower, activation)
    x = np.random.default_rng(seed).normal(size=(m, 4)).astype(dtype)
    x[:, seed % 4] = np.round(x[:, seed % 4])
    middle, cache = lower.forward(x)
    y, cache_above = activation.forward(middle)
    found, caches = network.forward(x)
    assert len(caches) == 2
    for array, wanted in zip((found, network(x), *caches), (y, y, cache, cache_above), strict=True):
        np.testing.assert_array_equal(array, wanted, strict=True)
    grad_y = np.random.default_rng(seed + 1).normal(size=y.shape).astype(dtype)
    wanted = lower.backward(activation.backward_input(grad_y, cache_above), cache)
    grads = [theta.grad for theta in lower.parameters]
    for theta in lower.parameters:
        theta.grad = None
    np.testing.assert_array_equal(network.backward(grad_y, caches), wanted, strict=True)
    for theta, grad in zip(lower.parameters, grads, strict=True):
        np.testing.assert_array_equal(theta.grad, grad, strict=True)


@every_activation
def test_neither_x_nor_the_parameters_are_written_to(activation):
    network = Sequential(linear(), activation)
    x = np.ones((2, 4), np.float32)
    before = [theta.data.copy() for theta in network.parameters]
    network(x)
    network.forward(x)
    np.testing.assert_array_equal(x, 1)
    for theta, array in zip(network.parameters, before, strict=True):
        np.testing.assert_array_equal(theta.data, array)


@every_activation
def test_an_activation_joins_the_linear_layer_below_it(activation):
    assert kinds(linear(), activation) == [["Linear", type(activation).__name__]]


@pytest.mark.parametrize("activation", OTHERS.values(), ids=OTHERS.keys())
def test_other_layers_stay_alone(activation):
    assert kinds(linear(), activation) == [["Linear"], [type(activation).__name__]]


def test_only_the_nearest_joins():
    assert kinds(ReLU(), linear(), ReLU(), ReLU(), linear(), linear(), Maxout(2)) == [
        ["ReLU"],
        ["Linear", "ReLU"],
        ["ReLU"],
        ["Linear"],
        ["Linear", "Maxout"],
    ]


def test_classes_of_ones_own_are_left_as_they_are():
    assert kinds(linear(), Mine()) == [["Linear"], ["Mine"]]
    assert kinds(Scaled(4, 6, rng=0), ReLU()) == [["Scaled"], ["ReLU"]]
    x = np.ones((1, 4), np.float32)
    lower = linear()
    np.testing.assert_array_equal(Sequential(lower, Mine())(x), -lower(x))
    scaled = Scaled(4, 6, rng=0)
    np.testing.assert_array_equal(Sequential(scaled, ReLU())(x), np.maximum(2 * (x @ scaled.weight.data), 0))


def test_layers_inside_a_network_inside_stay_there():
    assert kinds(Sequential(linear()), ReLU()) == [["Sequential"], ["ReLU"]]


def test_all_that_take_a_bias_say_how():
    assert all("forward_biased" in vars(kind) for kind in TAKE_A_BIAS)
    assert {type(activation) for activation in ACTIVATIONS.values()} == set(TAKE_A_BIAS)


def test_errors_are_those_of_the_layers():
    network = Sequential(linear(), ReLU())
    with pytest.raises(ValueError, match=r"Linear\(4, 6\) got x of shape \(2, 5\)"):
        network(np.ones((2, 5), np.float32))
    with pytest.raises(TypeError, match=r"Linear\(4, 6\) got x of dtype int64"):
        network.forward(np.ones((2, 4), np.int64))


def test_somebody_may_put_another_forward_on_a_layer_to_look_inside(monkeypatch):
    layer, seen, x = linear(), [], np.ones((2, 4), np.float32)
    network = Sequential(layer, ReLU())
    y, plain = network(x), layer.forward

    def spy(x, *, rng=None):
        seen.append(x)
        return plain(x, rng=rng)

    monkeypatch.setattr(layer, "forward", spy)
    np.testing.assert_array_equal(network(x), y)
    np.testing.assert_array_equal(network.forward(x)[0], y)
    assert len(seen) == 2
