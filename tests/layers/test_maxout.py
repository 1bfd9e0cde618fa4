"""Maxout: which column belongs to which unit, and who wins."""

import numpy as np
import pytest

from tinygan.layers import Maxout


def test_piece_p_of_unit_u_is_column_p_n_units_plus_u():
    n_pieces, n_units = 3, 4
    for p in range(n_pieces):
        for u in range(n_units):
            x = np.zeros((1, n_pieces * n_units))
            x[0, p * n_units + u] = 1
            y, cache = Maxout(n_pieces).forward(x)
            np.testing.assert_array_equal(y, np.eye(n_units)[[u]])
            grad_x = Maxout(n_pieces).backward_input(np.arange(1.0, 1 + n_units)[None], cache)
            assert grad_x[0, p * n_units + u] == 1 + u


def test_forward_and_backward_by_hand():
    x = np.array([[1.0, 9.0, 5.0, 2.0, 3.0, 4.0], [-1.0, -2.0, -3.0, -4.0, -0.5, -6.0]])  # three pieces, two units
    y, cache = Maxout(3).forward(x)
    np.testing.assert_array_equal(y, [[5, 9], [-0.5, -2]])
    grad_x = Maxout(3).backward_input(np.array([[10.0, 20.0], [30.0, 40.0]]), cache)
    np.testing.assert_array_equal(grad_x, [[0, 20, 10, 0, 0, 0], [0, 40, 0, 0, 30, 0]])


@pytest.mark.parametrize(
    ("x", "winner"), [([2, 2, 2], 0), ([1, 2, 2], 1), ([2, 1, 2], 0), ([0, -1, 0], 0), ([-0.0, 0, 0], 0)]
)
def test_on_a_tie_the_first_of_the_largest_wins_alone(x, winner):
    _, cache = Maxout(3).forward(np.array([x], np.float32))
    np.testing.assert_array_equal(
        Maxout(3).backward_input(np.array([[7.0]], np.float32), cache), 7 * np.eye(3)[[winner]]
    )


def test_every_gradient_arrives_exactly_once(rng):
    x = rng.integers(3, size=(50, 20)).astype(np.float32)  # full of ties
    y, cache = Maxout(5).forward(x)
    grad_y = rng.standard_normal(y.shape, dtype=np.float32)
    grad_pieces = Maxout(5).backward_input(grad_y, cache).reshape(50, 5, 4)
    assert ((grad_pieces != 0).sum(axis=1) == 1).all()
    np.testing.assert_array_equal(grad_pieces.sum(axis=1), grad_y)
    winner = x.reshape(50, 5, 4).argmax(axis=1)
    np.testing.assert_array_equal((grad_pieces != 0).argmax(axis=1), winner)


def test_one_piece_is_the_identity():
    x = np.array([[1.0, -2.0]])
    y, cache = Maxout(1).forward(x)
    np.testing.assert_array_equal(y, x)
    assert not np.shares_memory(y, x)
    np.testing.assert_array_equal(Maxout(1).backward_input(3 * x, cache), 3 * x)


def test_the_channels_of_every_pixel_compete_wherever_they_lie(rng):
    x = rng.integers(3, size=(2, 3, 4, 6)).astype(np.float64)
    y, cache = Maxout(3).forward(x)
    grad_y = rng.standard_normal(y.shape)
    grad_x = Maxout(3).backward_input(grad_y, cache)
    rows, rows_cache = Maxout(3).forward(x.reshape(-1, 6))
    np.testing.assert_array_equal(y.reshape(-1, 2), rows)
    np.testing.assert_array_equal(grad_x.reshape(-1, 6), Maxout(3).backward_input(grad_y.reshape(-1, 2), rows_cache))
    elsewhere = np.ascontiguousarray(x.transpose(1, 3, 2, 0)).transpose(3, 0, 2, 1)  # x as convolutions lay it
    other, other_cache = Maxout(3).forward(elsewhere)
    np.testing.assert_array_equal(other, y)
    assert other.strides[0] == grad_x.itemsize  # and so lies y
    np.testing.assert_array_equal(Maxout(3).backward_input(grad_y, other_cache), grad_x)


def test_output_shape_divides_the_width():
    assert Maxout(5).output_shape((20,)) == (4,)
    assert Maxout(5).output_shape((4, 3, 20)) == (4, 3, 4)
    assert Maxout(5).output_shape(None) is None
    with pytest.raises(ValueError, match=r"^Maxout\(5\) takes \(m, 5 \* n_units\), not \(m, 21\)$"):
        Maxout(5).output_shape((21,))


def test_its_hyper_parameter_is_public_and_a_python_int():
    assert repr(Maxout(np.int64(5))) == "Maxout(5)"
    assert type(Maxout(np.int64(5)).n_pieces) is int
