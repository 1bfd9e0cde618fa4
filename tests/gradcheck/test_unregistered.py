"""What a layer computes with but does not list as parameters is checked or named, and not passed over."""

import numpy as np
import pytest

from tinygan.gradcheck import check_gradients
from tinygan.layers import Layer, Parameter

X = np.random.default_rng(1).normal(size=(5, 4))


class Forgot(Layer):
    """Forgets to set self.parameters."""

    factor = 1.0

    def __init__(self):
        rng = np.random.default_rng(0)
        self.weight, self.bias = Parameter(rng.normal(size=(4, 3)), "w"), Parameter(np.zeros(3), "b")

    def forward(self, x, *, rng=None):
        return x @ self.weight.data + self.bias.data, x

    def backward_input(self, grad_y, cache):
        return grad_y @ self.weight.data.T

    def backward_params(self, grad_y, cache):
        self.weight.accumulate(self.factor * cache.T @ grad_y)
        self.bias.accumulate(grad_y.sum(axis=0))


class ForgotAndWrong(Forgot):
    factor = 2.0


class Plain(Layer):
    """Knows no Parameter at all."""

    def __init__(self, names=("dW",)):
        self.W, self.names = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32), names

    def forward(self, x, *, rng=None):
        return x @ self.W, x

    def backward_input(self, grad_y, cache):
        return grad_y @ self.W.T

    def backward_params(self, grad_y, cache):
        for name in self.names:
            setattr(self, name, cache.T @ grad_y)


def test_parameters_that_are_not_listed_are_checked_and_said_to_stand_still():
    report = check_gradients(Forgot(), X, rng=0)
    assert (report.outcome, [row.tensor for row in report.rows]) == ("right, but", ["x", "weight", "bias"])
    assert [remark.code for remark in report.remarks] == ["not_registered"]
    assert "weight and bias are not in self.parameters, so no optimiser will move them" in report.remarks[0].message


def test_a_wrong_gradient_of_one_is_found():
    report = check_gradients(ForgotAndWrong(), X, rng=0)
    assert [row.verdict for row in report.rows] == ["right", "wrong", "right"]
    assert (report.suspects[0].code, report.suspects[0].tensor) == ("factor", "weight")


def test_an_array_with_a_gradient_beside_it_is_checked():
    report = check_gradients(Plain(), X, rng=0)
    assert [row.tensor for row in report.rows] == ["x", "W"]
    assert [remark.code for remark in report.remarks] == ["not_registered"]


def test_an_array_without_one_is_named():
    report = check_gradients(Plain(()), X, rng=0)
    assert report.ok
    assert [row.tensor for row in report.rows] == ["x"]
    assert [remark.code for remark in report.remarks] == ["not_looked_at"]
    assert "backward gives no gradient of W, which forward computes with" in report.remarks[0].message
    assert "every gradient" not in str(report)


@pytest.mark.parametrize("kept", [np.ones(4), np.ones(4, int)])
def test_what_forward_does_not_compute_with_is_no_matter(kept):
    layer = Plain()
    layer.running_mean = kept
    assert [remark.code for remark in check_gradients(layer, X, rng=0).remarks] == ["not_registered"]
