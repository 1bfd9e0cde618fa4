"""Reshape and Flatten: where each number goes, and that it comes back."""

import numpy as np

from tinygan.layers import Flatten, Linear, Reshape, Sequential


def test_the_last_axis_runs_fastest_and_gradients_go_back():
    x = np.arange(24.0).reshape(2, 12)
    y, cache = Reshape(2, 3, 2).forward(x)
    assert y.shape == (2, 2, 3, 2)
    assert y[1, 1, 2, 0] == x[1, (1 * 3 + 2) * 2]
    np.testing.assert_array_equal(Reshape(2, 3, 2).backward_input(y, cache), x)
    rows, images_cache = Flatten().forward(y)
    np.testing.assert_array_equal(rows, x)
    np.testing.assert_array_equal(Flatten().backward_input(rows, images_cache), y)


def test_both_say_what_they_take_and_return():
    assert repr(Reshape(4, 4, 2)) == "Reshape(4, 4, 2)"
    assert (Reshape(4, 4, 2).input_shape(), Reshape(4, 4, 2).output_shape(None)) == ((32,), (4, 4, 2))
    assert (Flatten().input_shape(), Flatten().output_shape(None), Flatten().output_shape((4, 4, 2))) == (
        None,
        None,
        (32,),
    )
    assert repr(Sequential(Reshape(4, 4, 2), Flatten(), Linear(32, 1))).splitlines()[1:3] == [
        "0  Reshape(4, 4, 2)  (m, 4, 4, 2)           0",
        "1  Flatten()         (m, 32)                0",
    ]
