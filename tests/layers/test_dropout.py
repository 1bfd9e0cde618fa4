"""Dropout: how many are dropped, by how much the others grow, and from which draws."""

import numpy as np
import pytest

from tinygan.layers import Dropout

DTYPES = [np.float32, np.float64]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rate", [0.2, 0.5, 0.8])
def test_the_rate_is_the_probability_of_dropping(rate, dtype):
    x = np.ones((400, 500), dtype)
    y, _ = Dropout(rate).forward(x, rng=1)
    deviation = np.sqrt(rate * (1 - rate) / x.size)
    assert (y == 0).mean() == pytest.approx(rate, abs=4 * deviation)
    assert y.mean(dtype=np.float64) == pytest.approx(1, abs=4 * deviation / (1 - rate))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rate", [0.1, 0.2, 0.5, 0.7])
def test_what_is_kept_is_scaled_by_one_over_one_minus_rate_exactly(rate, dtype):
    y, mask = Dropout(rate).forward(np.ones((30, 40), dtype), rng=1)
    assert set(np.unique(y)) == set(np.unique(mask)) == {0, dtype(1 / (1 - rate))}
    assert mask.dtype == dtype


@pytest.mark.parametrize("dtype", DTYPES)
def test_one_draw_a_number_in_the_precision_of_x_decides(dtype):
    """As a GPU has to draw it too: kept from the rate on."""
    _, mask = Dropout(0.5).forward(np.ones((20, 30), dtype), rng=np.random.default_rng(1))
    np.testing.assert_array_equal(mask != 0, np.random.default_rng(1).random((20, 30), dtype) >= 0.5)


class Constant(np.random.Generator):
    """Draws 0.5 and nothing else."""

    def random(self, shape, dtype):
        return np.full(shape, 0.5, dtype)


def test_a_draw_equal_to_the_rate_is_kept():
    rng = Constant(np.random.PCG64(0))
    np.testing.assert_array_equal(Dropout(0.5).forward(np.ones((2, 3)), rng=rng)[1], 2)


def test_backward_goes_through_the_mask_of_its_own_forward(rng):
    dropout, x = Dropout(0.5), rng.standard_normal((20, 30))
    y, mask = dropout.forward(x, rng=rng)
    _, another_mask = dropout.forward(x, rng=rng)
    np.testing.assert_array_equal(y, x * mask)
    grad_y = rng.standard_normal(x.shape)
    np.testing.assert_array_equal(dropout.backward_input(grad_y, mask), grad_y * mask)
    np.testing.assert_array_equal(dropout.backward_input(grad_y, another_mask), grad_y * another_mask)


def test_a_seed_gives_the_same_mask_and_a_generator_a_new_one_each_time(rng):
    dropout, x = Dropout(0.5), np.ones((20, 30))
    np.testing.assert_array_equal(dropout.forward(x, rng=5)[1], dropout.forward(x, rng=5)[1])
    assert (dropout.forward(x, rng=rng)[1] != dropout.forward(x, rng=rng)[1]).any()


def test_every_number_of_an_image_is_dropped_on_its_own():
    y, _ = Dropout(0.5).forward(np.ones((4, 8, 8)), rng=0)
    assert (y != y[0]).any()
    assert (y != y[:, :1]).any()
    assert (y != y[:, :, :1]).any()


def test_evaluation_returns_x_and_a_rate_of_zero_keeps_all():
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(Dropout(0.9)(x), x)
    np.testing.assert_array_equal(Dropout(0)(x), x)
    np.testing.assert_array_equal(Dropout(0).forward(x, rng=0)[0], x)


def test_its_hyper_parameter_is_public_and_a_python_float():
    assert repr(Dropout(np.float64(0.5))) == "Dropout(0.5)"
    assert type(Dropout(np.float64(0.5)).rate) is float
