"""Residual, Fork and Columns against numbers worked out by hand, and what they say of what does not fit."""

import numpy as np
import pytest

from tinygan.layers import Columns, Dropout, Fork, Layer, Linear, Residual, Sequential, Sigmoid, Tanh, constant


class Shifted(Layer):
    """Each row minus the mean of all rows: a layer that mixes them."""

    mixes_rows = True

    def forward(self, x, *, rng=None):
        return x - x.mean(axis=0), x.shape

    def backward_input(self, grad_y, cache):
        return grad_y - grad_y.mean(axis=0)


def times(number):
    return Linear(1, 1, weight_init=constant(number), dtype=np.float64)


X = np.array([[1.0], [2.0]])


def test_a_residual_adds_x_and_its_gradient_comes_back_by_both_ways():
    residual = Residual(times(2.0), times(5.0))
    y, cache = residual.forward(X)
    np.testing.assert_array_equal(y, X + 10 * X)
    np.testing.assert_array_equal(residual.backward_input(np.ones_like(X), cache), np.full_like(X, 1 + 10))
    residual.backward_params(np.ones_like(X), cache)
    assert [theta.grad.item() for theta in residual.parameters] == [5 * 3, 5 * 2, 2 * 3, 2]
    assert residual.layers == residual.branch.layers


def test_a_fork_puts_columns_side_by_side_and_adds_what_comes_back():
    fork = Fork(times(2.0), Tanh(), times(3.0))
    y, cache = fork.forward(X)
    np.testing.assert_array_equal(y, np.hstack([2 * X, np.tanh(X), 3 * X]))
    grad_y = np.array([[1.0, 10.0, 100.0], [0.0, 0.0, 1.0]])
    back = np.array([[2 + 10 * (1 - np.tanh(1.0) ** 2) + 300], [3.0]])
    np.testing.assert_allclose(fork.backward_input(grad_y, cache), back)
    fork.backward_params(grad_y, cache)
    assert [theta.grad.item() for theta in fork.parameters] == [1, 1, 100 + 2, 101]


def test_a_layer_in_two_branches_gets_the_gradients_of_both():
    shared = times(3.0)
    fork = Fork(shared, Sequential(shared, times(2.0)))
    y, cache = fork.forward(X)
    np.testing.assert_array_equal(y, np.hstack([3 * X, 6 * X]))
    grad_y = np.array([[1.0, 10.0], [0.0, 0.0]])
    np.testing.assert_array_equal(fork.backward(grad_y, cache), [[3 + 60], [0]])
    assert [theta.grad.item() for theta in shared.parameters] == [1 + 20, 1 + 20]
    assert len(fork.parameters) == 4


def test_a_fork_joins_the_channels_of_images():
    x = np.random.default_rng(0).normal(size=(2, 3, 3, 4))
    fork = Fork(Tanh(), Columns(1, 3))
    y, cache = fork.forward(x)
    np.testing.assert_array_equal(y, np.concatenate([np.tanh(x), x[..., 1:3]], axis=-1))
    assert fork.backward_input(y, cache).shape == x.shape
    assert fork.output_shape((3, 3, 4)) == (3, 3, 6)


def test_the_layers_of_a_fork_draw_one_after_another_from_one_stream():
    x = np.ones((2, 50))
    y, _ = Fork(Dropout(0.5), Dropout(0.5)).forward(x, rng=0)
    assert (y[:, :50] != y[:, 50:]).any()
    rng = np.random.Generator(np.random.Philox(0))
    first, second = (Dropout(0.5).forward(x, rng=rng)[0] for _ in range(2))
    np.testing.assert_array_equal(y, np.hstack([first, second]))


def test_evaluation_drops_nothing_in_a_combinator():
    x = np.ones((2, 3))
    np.testing.assert_array_equal(Residual(Dropout(0.5))(x), 2 * x)
    np.testing.assert_array_equal(Fork(Dropout(0.5), Columns(0, 1))(x), np.ones((2, 4)))


def test_columns_are_a_slice_and_the_others_get_no_gradient():
    columns, x = Columns(1, 3), np.arange(8.0).reshape(2, 4)
    y, cache = columns.forward(x)
    np.testing.assert_array_equal(y, [[1, 2], [5, 6]])
    np.testing.assert_array_equal(columns.backward_input(y, cache), [[0, 1, 2, 0], [0, 5, 6, 0]])


def test_rows_are_mixed_where_a_layer_inside_mixes_them():
    mixing = Shifted()
    for network in (Sequential(Tanh(), mixing), Residual(mixing), Fork(Tanh(), Sequential(mixing))):
        assert network.mixes_rows
        assert Sequential(network).mixes_rows
    assert not any(layer.mixes_rows for layer in (Tanh(), Sequential(Tanh()), Residual(Tanh()), Fork(Tanh())))


def test_they_print_as_tables():
    assert repr(Residual(Linear(4, 3), Linear(3, 4))).splitlines() == [
        "layer            output shape  parameters",
        "0  Linear(4, 3)  (m, 3)                15",
        "1  Linear(3, 4)  (m, 4)                16",
        "Residual(...)    (m, 4)                31",
    ]
    assert repr(Sequential(Fork(Columns(0, 2), Linear(4, 3)), Residual(Tanh()))).splitlines() == [
        "layer               output shape  parameters",
        "0.0  Columns(0, 2)  (m, 2)                 0",
        "0.1  Linear(4, 3)   (m, 3)                15",
        "0    Fork(...)      (m, 5)                15",
        "1.0  Tanh()         (m, 5)                 0",
        "1    Residual(...)  (m, 5)                 0",
        "total                                     15",
    ]


WRONG = {
    "no layers": (lambda: Fork(), ValueError, r"^Fork got no layers; it takes at least one, as in Fork\("),
    "a list of layers": (lambda: Residual([Tanh()]), TypeError, r"did you mean Residual\(\*layers\)\?$"),
    "a function that changes the width": (lambda: Residual(Linear(3, 2)), ValueError,
        r"^Residual\(\.\.\.\) adds x and f\(x\), but f turns shape \(3,\) into \(2,\)$"),
    "a sum that would be broadcast": (lambda: Residual(Columns(0, 1)).forward(np.ones((2, 3))), ValueError,
        r"adds x and f\(x\), but x has shape \(2, 3\) and f\(x\) \(2, 1\)$"),
    "the same in evaluation": (lambda: Residual(Columns(0, 1))(np.ones((2, 3))), ValueError, r"\(2, 1\)$"),
    "layers of two widths": (lambda: Fork(Linear(2, 1), Linear(3, 1)), ValueError,
        r"^Fork\(\.\.\.\) gives one x to layers that take the shapes \[\(2,\), \(3,\)\]$"),
    "other axes that differ": (lambda: Fork(Tanh(), Flattened())(np.ones((2, 3, 4))), ValueError,
        r"joins the last axes of the shapes \[\(2, 3, 4\), \(2, 12\)\]; the others must be alike$"),
    "grad_y of another width": (lambda: Fork(Tanh(), Sigmoid()).backward_input(X, cache_of(Fork(Tanh(), Sigmoid()))),
        ValueError, r"^Fork\(\.\.\.\) got grad_y of shape \(2, 1\), but the y of this cache has shape \(2, 2\)"),
    "the cache of another fork": (lambda: Fork(Tanh()).backward_params(X, cache_of(Fork(Tanh(), Tanh()))), ValueError,
        r"^Fork of 1 layers got a cache of type list; pass the one"),
    "columns that are not there": (lambda: Columns(1, 3)(np.ones((2, 2))), ValueError,
        r"^Columns\(1, 3\) takes x of at least 3 columns, not 2$"),
    "no columns": (lambda: Columns(2, 2), ValueError, r"^Columns got start=2, stop=2; it takes start < stop$"),
    "columns from the end": (lambda: Columns(-1, 2), ValueError, r"^Columns got start=-1; it takes an int >= 0$"),
    "columns in words": (lambda: Columns(0, "all"), TypeError, r"^Columns got stop='all'; it takes an int >= 1$"),
}  # fmt: skip


class Flattened(Shifted):
    def forward(self, x, *, rng=None):
        return x.reshape(len(x), -1), x.shape


def cache_of(layer):
    return layer.forward(X)[1]


@pytest.mark.parametrize(("call", "error", "words"), WRONG.values(), ids=WRONG)
def test_what_does_not_fit_is_answered_in_words(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_a_cache_that_is_not_columns_own_is_named():
    with pytest.raises(ValueError, match=r"^Columns\(0, 1\) got a cache of type list; pass the one"):
        Columns(0, 1).backward_input(np.ones((1, 1)), [])
