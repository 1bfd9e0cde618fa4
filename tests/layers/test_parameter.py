"""A parameter: it accumulates gradients, on the device and in the precision of its data."""

import numpy as np

from tinygan.layers import Parameter


def test_a_first_gradient_is_kept_and_a_second_one_added_in_place():
    theta, first = Parameter(np.zeros(2), "theta"), np.ones(2)
    theta.accumulate(first)
    assert theta.grad is first
    theta.accumulate(np.array([1.0, 2.0]))
    assert theta.grad is first
    np.testing.assert_array_equal(first, [2, 3])


def test_a_gradient_set_aside_is_back_in_the_end():
    theta = Parameter(np.zeros(2), "theta")
    theta.grad = grad = np.ones(2)
    with theta.set_aside():
        assert theta.grad is None
        theta.accumulate(np.full(2, 3.0))
    assert theta.grad is grad
    np.testing.assert_array_equal(grad, 1)


def test_it_says_what_it_is():
    assert repr(Parameter(np.zeros((2, 3), np.float32), "weight")) == "Parameter('weight', shape (2, 3), float32)"
