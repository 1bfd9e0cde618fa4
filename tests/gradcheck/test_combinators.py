"""The gradient checker and networks with layers inside layers: it sees all of them, by whatever names."""

import numpy as np
import pytest
from support.layer_cases import Gated

from tinygan.gradcheck import check_gradients, check_step
from tinygan.layers import Columns, Dropout, Fork, Layer, Linear, Residual, Sequential, Tanh

X = np.random.default_rng(1).normal(size=(5, 4))


class TwoLinears(Layer):
    """x + g(f(x)), which holds both Linears, lists what they learn, and declares no layers."""

    def __init__(self, first_linear, rng):
        self.first, self.second = first_linear(4, 3, rng=rng), Linear(3, 4, rng=rng)
        self.parameters = (*self.first.parameters, *self.second.parameters)

    def forward(self, x, *, rng=None):
        f, cache_f = self.first.forward(x)
        g, cache_g = self.second.forward(f)
        return x + g, (cache_f, cache_g)

    def backward_input(self, grad_y, cache):
        return grad_y + self.first.backward_input(self.second.backward_input(grad_y, cache[1]), cache[0])

    def backward_params(self, grad_y, cache):
        self.first.backward_params(self.second.backward(grad_y, cache[1]), cache[0])


class FarOff(Linear):
    """Its weight gradient has the wrong sign and is 1000 times too large."""

    def backward_params(self, grad_y, cache):
        self.weight.accumulate(-1000 * cache.T @ grad_y)
        self.bias.accumulate(grad_y.sum(axis=0))


class NoSkip(Residual):
    """Forgets that x has gone past f."""

    def backward_input(self, grad_y, cache):
        return self.branch.backward_input(grad_y, cache)


def test_of_two_weights_of_one_name_the_wrong_one_is_found():
    assert check_gradients(TwoLinears(Linear, 0), X, rng=0).ok
    report = check_gradients(TwoLinears(FarOff, 0), X, rng=0)
    assert [(row.tensor, row.ok) for row in report.rows] == [
        ("x", True), ("weight 0", False), ("bias 0", True), ("weight 1", True), ("bias 1", True)]  # fmt: skip
    assert {suspect.tensor for suspect in report.suspects} == {"weight 0"}


def test_steps_of_players_with_two_weights_of_one_name_are_checked():
    D, G = Sequential(TwoLinears(Linear, 0), Linear(4, 1, rng=1)), Linear(3, 4, rng=2)
    report = check_step(D, G, rng=0)
    assert report.ok, str(report)
    assert [row.tensor for row in report.rows[:3]] == ["D.0.weight 0", "D.0.bias 0", "D.0.weight 1"]
    wrong = Sequential(TwoLinears(FarOff, 0), Linear(4, 1, rng=1))
    report = check_step(wrong, G, rng=0)
    assert [row.tensor for row in report.rows if not row.ok] == ["D.0.weight 0"]


RIGHT = {
    "residual": lambda: Residual(Linear(4, 3, rng=0), Tanh(), Linear(3, 4, rng=1)),
    "fork": lambda: Fork(Linear(4, 3, rng=0), Tanh(), Columns(1, 3)),
    "gated": lambda: Gated(Sequential(Linear(4, 4, rng=0), Tanh()), 4, np.random.default_rng(0), np.float32),
    "label led past a layer": lambda: Sequential(
        Fork(Columns(0, 1), Sequential(Columns(1, 4), Dropout(0.3), Linear(3, 4, rng=0))), Residual(Tanh())
    ),
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_combinators_pass(name):
    report = check_gradients(RIGHT[name](), X, rng=0)
    assert report.ok, str(report)


def wrong_inside(layer):
    return Sequential(Fork(Sequential(Columns(1, 4), Residual(layer(3, 3, rng=0), Tanh())), Columns(0, 1)), Tanh())


def test_a_wrong_layer_is_found_inside_all_combinators_and_they_are_not_blamed():
    assert check_gradients(wrong_inside(Linear), X, rng=0).ok
    report = check_gradients(wrong_inside(FarOff), X, rng=0)
    (suspect,) = report.suspects
    assert suspect.tensor == "0.0.1.0.weight"
    assert suspect.message.startswith("in layer 0.0.1.0, FarOff(3, 3), the gradient of weight ")
    assert "test_combinators.py:" in suspect.where


def test_a_combinator_whose_layers_are_right_is_itself_blamed():
    network = Sequential(Linear(4, 4, rng=0), Fork(NoSkip(Linear(4, 4, rng=1), Tanh()), Tanh()))
    (suspect,) = check_gradients(network, X, rng=0).suspects
    assert suspect.tensor == "1.0.x"
    assert suspect.message.startswith("in layer 1.0, NoSkip(...), ")
    assert "test_combinators.py:" in suspect.where
