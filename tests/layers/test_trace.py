"""Trace: what is read off a network as one batch passes through."""

import numpy as np
import pytest

from tinygan.layers import Dropout, Linear, Maxout, ReLU, Sequential, Tanh, constant, trace


@pytest.fixture
def network(rng):
    return Sequential(Linear(2, 4, rng=rng, dtype=np.float64), Maxout(2), Linear(2, 3, rng=rng, dtype=np.float64))


def test_shapes_and_ranges_are_those_of_every_output(network, rng):
    x = rng.standard_normal((5, 2))
    y = x
    for row, layer in zip(trace(network, x).rows, network, strict=True):
        y = layer(y)
        assert (row.shape, row.low, row.mean, row.high) == (y.shape, y.min(), y.mean(), y.max())
        assert (row.grad_y_norm, row.grad_x_norm, row.grad_params_norm) == (None, None, None)


def test_gradient_norms_are_those_of_every_backward_pass(network, rng):
    x, grad = rng.standard_normal((5, 2)), rng.standard_normal((5, 3))
    rows = trace(network, x, grad).rows
    _, cache = network.forward(x)
    for row, layer, layer_cache in reversed(list(zip(rows, network, cache, strict=True))):
        grad_x = layer.backward(grad, layer_cache)
        assert row.grad_y_norm == pytest.approx(np.sqrt((grad**2).sum()))
        assert row.grad_x_norm == pytest.approx(np.sqrt((grad_x**2).sum()))
        squares = [(theta.grad**2).sum() for theta in layer.parameters]
        assert row.grad_params_norm == (pytest.approx(np.sqrt(sum(squares))) if squares else None)
        grad = grad_x


@pytest.mark.parametrize("held", [None, 1.0])
def test_no_gradient_is_changed(network, held, rng):
    for theta in network.parameters:
        theta.grad = None if held is None else np.full_like(theta.data, held)
    before = [theta.grad for theta in network.parameters]
    trace(network, rng.standard_normal((5, 2)), np.ones((5, 3)))
    assert all(theta.grad is grad for theta, grad in zip(network.parameters, before, strict=True))
    assert all(grad is None or (grad == held).all() for grad in before)


def test_no_gradient_is_changed_where_the_trace_fails(network, rng):
    before = [np.ones_like(theta.data) for theta in network.parameters]
    for theta, grad in zip(network.parameters, before, strict=True):
        theta.grad = grad
    network[2].backward_params = lambda grad_y, cache: 1 / 0
    with pytest.raises(ZeroDivisionError):
        trace(network, rng.standard_normal((5, 2)), np.ones((5, 3)))
    assert all(theta.grad is grad for theta, grad in zip(network.parameters, before, strict=True))


def test_it_prints_as_a_table():
    network = Sequential(Linear(2, 3, weight_init=constant(0.5), rng=0), ReLU())
    assert str(trace(network, np.ones((4, 2)))).splitlines() == [
        "layer         shape of y  min  mean  max",
        "Linear(2, 3)  (4, 3)        1     1    1",
        "ReLU()        (4, 3)        1     1    1",
    ]
    assert str(trace(network, np.ones((4, 2)), np.ones((4, 3)))).splitlines() == [
        "layer         shape of y  min  mean  max  |dL/dy|  |dL/dx|  |dL/dtheta|",
        "Linear(2, 3)  (4, 3)        1     1    1     3.46     4.24           12",
        "ReLU()        (4, 3)        1     1    1     3.46     3.46",
    ]


def test_with_rng_it_traces_as_in_training_and_without_as_in_evaluation():
    network, x = Sequential(Dropout(0.5), Tanh()), np.ones((50, 50))
    assert trace(network, x).rows[0].low == 1
    rows = trace(network, x, rng=3).rows
    assert (rows[0].low, rows[0].high) == (0, 2)
    y, cache = network.forward(x, rng=3)
    assert rows[1].mean == y.mean()
    grad_norm = trace(network, x, x, rng=3).rows[0].grad_x_norm
    assert grad_norm == pytest.approx(np.linalg.norm(network.backward_input(x, cache)))


def test_a_random_layer_cannot_be_traced_back_without_rng():
    with pytest.raises(ValueError, match=r"Dropout\(0.5\)\.forward got no rng"):
        trace(Sequential(Dropout(0.5)), np.ones((1, 1)), np.ones((1, 1)))


def test_a_single_layer_is_a_row():
    traced = trace(Linear(2, 3), np.ones((4, 2), np.float32))
    (row,) = traced.rows
    assert (row.layer, row.shape) == ("Linear(2, 3)", (4, 3))
    assert len(str(traced).splitlines()) == 2


def test_input_that_does_not_fit_is_refused():
    with pytest.raises(TypeError, match="got x of type list"):
        trace(Linear(2, 3), [[1.0, 2.0]])
