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


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([1.0], "of type list; it takes an array of float32 or float64"),
        (3.0, "of type float; it takes an array of float32 or float64"),
        (
            np.ma.array([1.0]),
            "of type numpy.MaskedArray; it takes an array of NumPy or CuPy, "
            "for example data.filled(0), if 0 is to stand where the mask is",
        ),
    ],
)
def test_it_takes_arrays_only(data, words):
    with pytest.raises(TypeError) as caught:
        Parameter(data)
    assert str(caught.value) == f"Parameter got data {words}"
