"""How parameters begin: bounds, deviations and precision."""

from functools import partial

import numpy as np
import pytest

from tinygan.functional import sigmoid
from tinygan.layers import Linear, constant, glorot, he, marginal_bias, normal, sparse_normal, uniform, zeros
from tinygan.layers.initializers import MADE_WITH, initialized

SHAPE = (300, 500)
HE, GLOROT = partial(he, fan_in=300), partial(glorot, fan_in=300, fan_out=500)
EVERY = {
    "zeros": zeros,
    "constant": constant(0.1),
    "uniform": uniform(0.05),
    "normal": normal(0.02),
    "he": HE,
    "glorot": GLOROT,
}
every_initializer = pytest.mark.parametrize("initialize", EVERY.values(), ids=EVERY.keys())


@every_initializer
def test_a_seed_means_the_same_values_in_both_precisions(initialize):
    single, double = (initialize(SHAPE, np.random.default_rng(0), dtype) for dtype in (np.float32, np.float64))
    assert (single.shape, single.dtype) == (SHAPE, np.float32)
    assert (double.shape, double.dtype) == (SHAPE, np.float64)
    np.testing.assert_array_equal(single, double.astype(np.float32))


@pytest.mark.parametrize(
    ("initialize", "bound"), [(uniform(0.05), 0.05), (uniform(3.0), 3.0), (GLOROT, np.sqrt(6 / 800))]
)
def test_uniform_ones_fill_their_interval_evenly(initialize, bound, rng):
    values = initialize(SHAPE, rng, np.float64)
    assert values.min() == pytest.approx(-bound, rel=1e-3)
    assert values.max() == pytest.approx(bound, rel=1e-3)
    assert np.abs(values).max() <= bound
    assert values.std() == pytest.approx(bound / np.sqrt(3), rel=0.01)
    assert values.mean() == pytest.approx(0, abs=4 * values.std() / np.sqrt(values.size))


@pytest.mark.parametrize(("initialize", "std"), [(normal(0.02), 0.02), (normal(5.0), 5.0), (HE, np.sqrt(2 / 300))])
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


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_constant_has_the_precision_asked_for(dtype, rng):
    assert constant(0.1)((2,), rng, dtype).dtype == dtype


def test_a_layer_states_its_fans_for_weight_and_bias():
    layer = Linear(100, 6000, weight_init=he, bias_init=glorot, rng=0, dtype=np.float64)
    assert layer.weight.data.std() == pytest.approx(np.sqrt(2 / 100), rel=0.01)
    assert np.abs(layer.bias.data).max() == pytest.approx(np.sqrt(6 / 6100), rel=0.01)


@pytest.mark.parametrize(("initialize", "fans"), [(he, "'fan_in'"), (glorot, "'fan_in' and 'fan_out'")])
def test_no_fan_is_guessed_from_the_shape_of_a_filter(initialize, fans, rng):
    with pytest.raises(TypeError, match=fans):
        initialize((3, 3, 16, 32), rng, np.float32)


def test_a_convolution_says_its_own_fans(rng):
    filters = (3, 3, 16, 32)
    fans = {"fan_in": 3 * 3 * 16, "fan_out": 3 * 3 * 32}
    drawn = initialized("Conv2D got weight_init", he, filters, rng, np.float64, **fans)
    assert drawn.std() == pytest.approx(np.sqrt(2 / 144), rel=0.03)
    drawn = initialized("Conv2D got weight_init", glorot, filters, rng, np.float64, **fans)
    assert np.abs(drawn).max() == pytest.approx(np.sqrt(6 / (144 + 288)), rel=0.01)


@pytest.mark.parametrize("initialize", [zeros, he, glorot])
def test_an_initializer_without_settings_may_be_called_or_not(initialize):
    one, other = (Linear(3, 4, weight_init=init, rng=0) for init in (initialize, initialize()))
    np.testing.assert_array_equal(one.weight.data, other.weight.data)


def test_an_initializer_of_ones_own_gets_the_fans_that_it_has_arguments_for():
    asked = {}

    def scaled(shape, rng, dtype, fan_out):
        asked[shape] = fan_out
        return rng.normal(size=shape) / fan_out

    Linear(3, 4, weight_init=scaled, bias_init=lambda *of, fan_in: asked.update({of[0]: fan_in}) or zeros(*of))
    assert asked == {(3, 4): 4, (4,): 3}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_marginal_bias_starts_every_output_at_its_mean(dtype, rng):
    mean = np.array([0, 0.25, 0.5, 1], np.float32)  # where 1 - 1e-7 would be rounded
    bias = marginal_bias(mean)((4,), rng, dtype)
    assert bias.dtype == dtype
    np.testing.assert_allclose(sigmoid(bias.astype(np.float64)), [1e-7, 0.25, 0.5, 1 - 1e-7], rtol=1e-5)
    np.testing.assert_allclose(sigmoid(-bias.astype(np.float64)), [1 - 1e-7, 0.75, 0.5, 1e-7], rtol=1e-5)


@pytest.mark.parametrize(("mean", "words"), [([-0.1, 0.5], "from -0.1 to 0.5"), ([0.5, 1.1], "from 0.5 to 1.1")])
def test_a_mean_that_is_no_probability_is_refused(mean, words):
    with pytest.raises(ValueError, match=rf"^marginal_bias got means {words}; it takes numbers in \[0, 1\]$"):
        marginal_bias(mean)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sparse_normal_draws_so_many_weights_of_every_unit(dtype, rng):
    weight = sparse_normal(15)((400, 300), rng, dtype)
    drawn = weight[weight != 0]
    assert (weight.dtype, weight.shape) == (dtype, (400, 300))
    assert ((weight != 0).sum(axis=0) == 15).all()
    assert (weight != 0).any(axis=1).all()  # not always the same ones
    assert len(np.unique(drawn)) > 0.99 * drawn.size
    assert drawn.mean() == pytest.approx(0, abs=4 / np.sqrt(drawn.size))
    assert drawn.std() == pytest.approx(1, rel=0.05)


def test_sparse_normal_draws_all_weights_of_a_narrow_layer_and_never_none(rng):
    assert (sparse_normal(9)((3, 2), rng, np.float64) != 0).all()
    with pytest.raises(ValueError, match=r"^sparse_normal got n_nonzero=0; it takes an int >= 1$"):
        sparse_normal(0)
    with pytest.raises(ValueError, match=r"^sparse_normal got shape \(3, 3, 4, 5\); it takes that of a Linear"):
        sparse_normal(9)((3, 3, 4, 5), rng, np.float64)


def test_a_layer_owns_its_values_in_its_own_precision():
    asked = []
    Linear(2, 3, weight_init=lambda *of: asked.append(of) or zeros(*of), rng=0, dtype=np.float64)
    assert [(shape, dtype) for shape, _, dtype in asked] == [((2, 3), np.float64)]
    shared = np.ones((2, 3))
    first, second = (Linear(2, 3, weight_init=lambda shape, rng, dtype: shared) for _ in range(2))
    assert first.weight.data.dtype == np.float32
    first.weight.data += 1
    np.testing.assert_array_equal(second.weight.data, 1)
    np.testing.assert_array_equal(shared, 1)
    np.testing.assert_array_equal(Linear(1, 2, bias_init=lambda shape, rng, dtype: [1, 2]).bias.data, [1, 2])


def test_what_makes_initializers_is_told_from_those():
    for example, maker in MADE_WITH.items():
        assert example.startswith(f"{maker.__name__}(")
        with pytest.raises(TypeError, match=rf"got weight_init={maker.__name__}, .*; did you mean {maker.__name__}\("):
            Linear(3, 4, weight_init=maker)
