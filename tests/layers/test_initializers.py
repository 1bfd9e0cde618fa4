"""How parameters begin: bounds, deviations and precision."""

import numpy as np
import pytest

from tinygan.layers import Linear, constant, glorot, he, normal, uniform, zeros

SHAPE = (300, 500)
EVERY = {
    "zeros": zeros,
    "constant": constant(0.1),
    "uniform": uniform(0.05),
    "normal": normal(0.02),
    "he": he,
    "glorot": glorot,
}
every_initializer = pytest.mark.parametrize("initialize", EVERY.values(), ids=EVERY.keys())


@every_initializer
def test_a_seed_means_the_same_values_in_both_precisions(initialize):
    single, double = (initialize(SHAPE, np.random.default_rng(0), dtype) for dtype in (np.float32, np.float64))
    assert (single.shape, single.dtype) == (SHAPE, np.float32)
    assert (double.shape, double.dtype) == (SHAPE, np.float64)
    np.testing.assert_array_equal(single, double.astype(np.float32))


@pytest.mark.parametrize(
    ("initialize", "bound"), [(uniform(0.05), 0.05), (uniform(3.0), 3.0), (glorot, np.sqrt(6 / 800))]
)
def test_uniform_ones_fill_their_interval_evenly(initialize, bound, rng):
    values = initialize(SHAPE, rng, np.float64)
    assert values.min() == pytest.approx(-bound, rel=1e-3)
    assert values.max() == pytest.approx(bound, rel=1e-3)
    assert np.abs(values).max() <= bound
    assert values.std() == pytest.approx(bound / np.sqrt(3), rel=0.01)
    assert values.mean() == pytest.approx(0, abs=4 * values.std() / np.sqrt(values.size))


@pytest.mark.parametrize(("initialize", "std"), [(normal(0.02), 0.02), (normal(5.0), 5.0), (he, np.sqrt(2 / 300))])
def test_normal_ones_have_their_deviation(initialize, std, rng):
    values = initialize(SHAPE, rng, np.float64)
    assert values.std() == pytest.approx(std, rel=0.01)
    assert values.mean() == pytest.approx(0, abs=4 * std / np.sqrt(values.size))
    assert (np.abs(values) < std).mean() == pytest.approx(0.6827, abs=0.01)


def test_constants_are_constant(rng):
    assert (zeros(SHAPE, rng, np.float32) == 0).all()
    assert (constant(-2.5)(SHAPE, rng, np.float32) == -2.5).all()
    assert not uniform(0)(SHAPE, rng, np.float32).any()
    assert not normal(0)(SHAPE, rng, np.float32).any()


def test_a_layer_owns_its_values_in_its_own_precision():
    shared = np.ones((2, 3))
    first, second = (Linear(2, 3, weight_init=lambda shape, rng, dtype: shared) for _ in range(2))
    assert first.weight.data.dtype == np.float32
    first.weight.data += 1
    np.testing.assert_array_equal(second.weight.data, 1)
    np.testing.assert_array_equal(shared, 1)
    np.testing.assert_array_equal(Linear(1, 2, bias_init=lambda shape, rng, dtype: [1, 2]).bias.data, [1, 2])
