"""Trace: what is read off a network as one batch passes through."""

import numpy as np
import pytest
from support.layer_cases import Gated

from tinygan.layers import (
    Columns,
    Dropout,
    Fork,
    Layer,
    Linear,
    Maxout,
    ReLU,
    Residual,
    Sequential,
    Tanh,
    constant,
    trace,
)


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


def test_layers_are_what_they_were_where_one_cannot_be_watched():
    class Final(Tanh):
        def __init_subclass__(cls):
            raise TypeError("no subclasses")

    network = Sequential(Tanh(), Final())
    with pytest.raises(TypeError, match="no subclasses"):
        trace(network, np.ones((2, 3)))
    assert [type(layer) for layer in (network, *network)] == [Sequential, Tanh, Final]


def test_it_prints_as_a_table():
    network = Sequential(Linear(2, 3, weight_init=constant(0.5), rng=0), ReLU())
    assert str(trace(network, np.ones((4, 2)))).splitlines() == [
        "layer            shape of y  min  mean  max",
        "0  Linear(2, 3)  (4, 3)        1     1    1",
        "1  ReLU()        (4, 3)        1     1    1",
    ]
    assert str(trace(network, np.ones((4, 2)), np.ones((4, 3)))).splitlines() == [
        "layer            shape of y  min  mean  max  |dL/dy|  |dL/dx|  |dL/dtheta|",
        "0  Linear(2, 3)  (4, 3)        1     1    1     3.46     4.24           12",
        "1  ReLU()        (4, 3)        1     1    1     3.46     3.46",
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


@pytest.fixture
def combined(rng):
    """Return a network with layers in a residual, in a fork and in a combinator of one's own."""
    inner = Residual(Linear(4, 4, rng=rng, dtype=np.float64), Dropout(0.5))
    own = Gated(Sequential(Linear(7, 7, rng=rng, dtype=np.float64), Tanh()), 7, rng, np.float64)
    return Sequential(inner, Fork(Columns(0, 3), Tanh()), own)


NAMES = ["0.0", "0.1", "0", "1.0", "1.1", "1", "2.branch.0", "2.branch.1", "2"]


def test_every_layer_inside_a_combinator_has_a_row_and_a_chain_has_none(combined, rng):
    x = rng.standard_normal((5, 4))
    rows = {row.name: row for row in trace(combined, x).rows}
    assert list(rows) == NAMES
    assert [rows[name].layer for name in ("0.0", "0", "1", "2")] == [
        "Linear(4, 4)", "Residual(...)", "Fork(...)", "Gated(Sequential(...))"]  # fmt: skip
    after = combined[0](x)
    forked = combined[1](after)
    for name, y in [("0", after), ("0.1", combined[0].branch(x)), ("1.0", after[:, :3]), ("1.1", np.tanh(after)),
                    ("2.branch.1", combined[2].branch(forked)), ("2", combined(x))]:  # fmt: skip
        assert (rows[name].shape, rows[name].low, rows[name].mean) == (y.shape, y.min(), y.mean())


def test_the_gradients_of_all_branches_are_seen(combined, rng):
    x, grad = rng.standard_normal((5, 4)), rng.standard_normal((5, 7))
    rows = {row.name: row for row in trace(combined, x, grad, rng=0).rows}
    assert list(rows) == NAMES
    _, cache = combined.forward(x, rng=0)
    grad_x = combined.backward(grad, cache)
    assert rows["2"].grad_y_norm == pytest.approx(np.linalg.norm(grad))
    assert rows["0"].grad_x_norm == pytest.approx(np.linalg.norm(grad_x))
    assert rows["0.0"].grad_x_norm != pytest.approx(rows["0"].grad_x_norm)
    assert rows["1.0"].grad_y_norm ** 2 + rows["1.1"].grad_y_norm ** 2 == pytest.approx(rows["1"].grad_y_norm ** 2)
    for name, layer in [("0.0", combined[0].branch[0]), ("2.branch.0", combined[2].branch[0]), ("2", combined[2])]:
        squares = sum((theta.grad**2).sum() for theta in layer.parameters)
        assert rows[name].grad_params_norm == pytest.approx(np.sqrt(squares))


class Double(Layer):
    def forward(self, x, *, rng=None):
        return 2 * x, None

    def backward_input(self, grad_y, cache):
        return 2 * grad_y


def test_passes_without_a_cache_are_told_apart():
    double = Double()
    rows = trace(Sequential(double, double), np.ones((1, 1)), np.ones((1, 1))).rows
    assert [(row.high, row.grad_y_norm, row.grad_x_norm) for row in rows] == [(2, 2, 4), (4, 1, 2)]


def test_a_layer_that_is_used_twice_is_traced_each_time_and_left_as_it_was(rng):
    tanh, linear = Tanh(), Linear(3, 3, rng=rng, dtype=np.float64)
    network = Sequential(tanh, linear, tanh)
    x = rng.standard_normal((2, 3))
    rows = trace(network, x, np.ones((2, 3))).rows
    assert [row.layer for row in rows] == ["Tanh()", "Linear(3, 3)", "Tanh()"]
    assert rows[0].low != rows[2].low
    assert [rows[0].grad_y_norm, rows[2].grad_x_norm] == [rows[1].grad_x_norm, rows[1].grad_y_norm]
    rows = trace(Fork(tanh, Sequential(linear, tanh)), x, np.ones((2, 6))).rows
    wanted = np.linalg.norm(1 - np.tanh(x) ** 2), np.linalg.norm(1 - np.tanh(linear(x)) ** 2)
    assert [row.grad_x_norm for row in rows if row.layer == "Tanh()"] == pytest.approx(wanted)
    assert [type(layer) for layer in (network, tanh, linear)] == [Sequential, Tanh, Linear]
