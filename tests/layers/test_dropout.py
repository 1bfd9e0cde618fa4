"""Dropout: how many are dropped, by how much the others grow, and from which draws."""

import math

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
@pytest.mark.parametrize("shape", [(20, 30), (3, 4), (5, 2, 3), (4, 1)])
@pytest.mark.parametrize("rate", [0.2, 0.5])
def test_sixteen_bits_of_the_stream_decide_and_a_row_begins_with_a_new_word(rate, shape, dtype):
    """As a GPU draws it too: kept from rate 2^16 on."""
    _, mask = Dropout(rate).forward(np.ones(shape, dtype), rng=np.random.Generator(np.random.Philox(1)))
    width = math.prod(shape[1:])
    words = np.random.Philox(1).random_raw(shape[0] * math.ceil(width / 4)).reshape(shape[0], -1)
    pieces = np.stack([(words >> np.uint64(16 * i)) & np.uint64(0xFFFF) for i in range(4)], axis=-1)
    bits = pieces.reshape(shape[0], -1)[:, :width].reshape(shape)
    np.testing.assert_array_equal(mask != 0, bits >= round(rate * 2**16))


@pytest.mark.parametrize("rng", [np.random.Philox, np.random.MT19937, np.random.PCG64])
def test_a_batch_may_be_drawn_in_parts(rng):
    dropout, x = Dropout(0.3), np.ones((10, 7), np.float32)
    whole, parts = np.random.Generator(rng(3)), np.random.Generator(rng(3))
    masks = [dropout.forward(part, rng=parts)[1] for part in (x[:1], x[1:5], x[5:])]
    np.testing.assert_array_equal(np.concatenate(masks), dropout.forward(x, rng=whole)[1])


def test_a_generator_of_small_words_drops_at_the_rate_as_well():
    y, _ = Dropout(0.2).forward(np.ones((400, 500)), rng=np.random.Generator(np.random.MT19937(1)))
    assert (y == 0).mean() == pytest.approx(0.2, abs=0.004)


class Constant(np.random.Generator):
    """Draws one word and nothing else."""

    def integers(self, low, high, shape, dtype):
        return np.full(shape, 0x8000_7FFF_8000_7FFF, dtype)


def test_bits_equal_to_the_rate_are_kept():
    rng = Constant(np.random.PCG64(0))
    np.testing.assert_array_equal(Dropout(0.5).forward(np.ones((2, 3)), rng=rng)[1], [[0, 2, 0], [0, 2, 0]])


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


def test_images_are_dropped_alike_wherever_they_lie_and_stay_there():
    x = np.random.default_rng(0).normal(size=(4, 3, 2, 5)).astype(np.float32)
    elsewhere = np.ascontiguousarray(x.transpose(1, 3, 2, 0)).transpose(3, 0, 2, 1)  # as convolutions lay them
    y, _ = Dropout(0.5).forward(x, rng=0)
    other, mask = Dropout(0.5).forward(elsewhere, rng=0)
    np.testing.assert_array_equal(y, other)
    assert mask.strides == other.strides == elsewhere.strides
