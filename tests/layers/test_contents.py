"""Names: every layer and every parameter of a network has one of its own, or an error says why not."""

import numpy as np
import pytest
from support.layer_cases import Gated, Growth

from tinygan.layers import Fork, Layer, Linear, Parameter, ReLU, Residual, Sequential, named_layers, named_parameters


class Holds(Layer):
    """x through what it is given; what it declares is up to the test."""

    def __init__(self, parameters=(), layers=(), **attributes):
        self.parameters, self.layers = parameters, layers
        vars(self).update(attributes)

    def forward(self, x, *, rng=None):
        return x, None

    def backward_input(self, grad_y, cache):
        return grad_y


def theta(name=""):
    return Parameter(np.ones(2), name)


def names(network):
    assert [found for _, found in named_parameters(network)] == list(network.parameters)
    return [name for name, _ in named_parameters(network)]


def test_parameters_are_named_by_their_place(rng):
    network = Sequential(Linear(2, 3), ReLU(), Sequential(Linear(3, 1), Growth(1, rng, np.float32)))
    assert names(network) == ["0.weight", "0.bias", "2.0.weight", "2.0.bias", "2.1.theta"]
    assert names(Residual(Linear(2, 3), Linear(3, 2))) == ["0.weight", "0.bias", "1.weight", "1.bias"]
    assert names(Fork(Linear(2, 3), Sequential(Linear(2, 2)))) == ["0.weight", "0.bias", "1.0.weight", "1.0.bias"]


def test_an_attribute_that_holds_a_layer_names_it(rng):
    gated = Gated(Sequential(ReLU(), Linear(2, 2)), 2, rng, np.float32)
    assert names(gated) == ["gate", "branch.1.weight", "branch.1.bias"]
    assert names(Sequential(gated))[1] == "0.branch.1.weight"
    assert [name for name, _ in named_layers(Sequential(gated))] == ["", "0", "0.branch", "0.branch.0", "0.branch.1"]


def test_own_parameters_without_a_name_of_their_own_are_numbered():
    assert names(Holds((theta(),))) == ["parameter 0"]
    assert names(Holds((theta("a"), theta("b"), theta("a"), theta(), theta("a"), theta()))) == [
        "a 0", "b", "a 1", "parameter 0", "a 2", "parameter 1"]  # fmt: skip


def test_two_layers_that_are_held_but_not_declared_give_each_parameter_a_number():
    first, second = Linear(2, 2), Linear(2, 2)
    assert names(Holds(first.parameters + second.parameters, first=first, second=second)) == [
        "weight 0", "bias 0", "weight 1", "bias 1"]  # fmt: skip


def test_a_layer_that_is_used_twice_learns_once_under_its_first_name():
    shared = Linear(2, 2)
    network = Sequential(shared, ReLU(), Residual(shared))
    assert network.parameters == shared.parameters
    assert names(network) == ["0.weight", "0.bias"]


def test_a_layer_that_lacks_parameters_of_those_inside_it_is_refused():
    inner = Linear(2, 2)
    with pytest.raises(
        ValueError, match=r"^Holds\(\) lacks Parameter\('bias', shape \(2,\), float32\) of a layer that "
    ):
        names(Sequential(Holds((inner.weight,), (inner,))))


def test_names_that_nothing_tells_apart_are_refused():
    inner = Linear(2, 2)
    clash = Holds((theta("0.weight"), *inner.parameters), (inner,))
    with pytest.raises(
        ValueError, match=r"^Holds\(\) has two parameters called '0.weight'; it takes names that differ$"
    ):
        names(clash)


def test_what_is_no_layer_is_not_walked():
    with pytest.raises(TypeError, match=r"^Holds\(\) has 64 in its layers; they are the Layers that it is made of$"):
        list(named_layers(Holds(layers=(64, 32))))
