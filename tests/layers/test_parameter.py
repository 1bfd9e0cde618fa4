"""A parameter: it accumulates gradients, on the device and in the precision of its data."""

import numpy as np
import pytest

from tinygan.layers import Parameter


def test_a_first_gradient_is_kept_and_a_second_one_added_in_place():
    theta, first = Parameter(np.zeros(2), "theta"), np.ones(2)
    theta.accumulate(first)
    assert theta.grad is first
    theta.accumulate(np.array([1.0, 2.0]))
    assert theta.grad is first
    np.testing.assert_array_equal(first, [2, 3])


@pytest.mark.parametrize("room", [None, np.full((3, 2), np.nan)], ids=["without room", "with room"])
def test_products_and_sums_are_gradients_like_others(room):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(3, 5)), rng.normal(size=(5, 2))
    weight, bias = Parameter(np.zeros((3, 2)), "W"), Parameter(np.zeros(2), "b")
    weight.room, bias.room = rooms = room, None if room is None else room[0].copy()
    for times in (1, 2, 3):
        weight.accumulate_product(a, b)
        bias.accumulate_sum(b)
        np.testing.assert_allclose(weight.grad, times * (a @ b), rtol=1e-14)
        np.testing.assert_allclose(bias.grad, times * b.sum(axis=0), rtol=1e-14)
        assert (weight.grad is rooms[0]) == (bias.grad is rooms[1]) == (room is not None)


def test_room_is_given_away_once():
    theta = Parameter(np.zeros((1, 1)), "theta")
    theta.room = room = np.full((1, 1), 7.0)
    theta.accumulate_product(np.ones((1, 2)), np.ones((2, 1)))
    assert theta.grad is room
    taken, theta.grad = theta.grad, None
    theta.accumulate_product(np.ones((1, 3)), np.ones((3, 1)))
    assert (taken, theta.grad) == (2, 3)


def test_room_is_left_alone_where_a_gradient_is_there():
    theta = Parameter(np.zeros((1, 1)), "theta")
    theta.room, theta.grad = np.full((1, 1), 7.0), np.ones((1, 1))
    theta.accumulate_product(np.ones((1, 2)), np.ones((2, 1)))
    assert (theta.room, theta.grad) == (7, 3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("other", [np.float32, np.float64])
def test_room_takes_gradients_of_its_own_precision_only(dtype, other):
    theta = Parameter(np.zeros((1, 1), dtype), "theta")
    theta.room = room = np.zeros((1, 1), dtype)
    theta.accumulate_product(np.ones((1, 2), other), np.ones((2, 1), other))
    assert theta.grad.dtype == other
    assert (theta.grad is room) == (dtype is other)


def test_room_left_from_data_of_another_precision_is_not_used():
    theta = Parameter(np.zeros((1, 1), np.float64), "theta")
    theta.room = room = np.zeros((1, 1), np.float32)
    theta.accumulate_product(np.ones((1, 2), np.float32), np.ones((2, 1), np.float32))
    assert theta.grad is not room


def test_a_gradient_set_aside_is_back_in_the_end():
    theta = Parameter(np.zeros(2), "theta")
    theta.room, theta.grad = room, grad = np.zeros(2), np.ones(2)
    with theta.set_aside():
        assert theta.grad is theta.room is None
        theta.accumulate_sum(np.ones((3, 2)))
    assert theta.room is room
    assert theta.grad is grad
    np.testing.assert_array_equal(grad, 1)


def test_it_says_what_it_is():
    assert repr(Parameter(np.zeros((2, 3), np.float32), "weight")) == "Parameter('weight', shape (2, 3), float32)"
