"""Constraints: which values they change, and that an optimiser sees to them at once and after every step."""

import pickle

import numpy as np
import pytest

from tinygan.adversarial import NoisePrior, train
from tinygan.data import Gaussian
from tinygan.layers import LeakyReLU, Linear, Parameter, Sequential
from tinygan.optim import SGD, Adam, RMSProp, clipping, column_norms

both_precisions = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def norms(weight):
    return np.linalg.norm(weight.astype(np.float64), axis=0)


@both_precisions
def test_long_columns_are_scaled_down_and_short_ones_keep_every_bit(dtype, rng):
    before = rng.standard_normal((5, 40)).astype(dtype)
    weight = Parameter(before.copy())
    column_norms(2.0)(weight)
    long = norms(before) > 2
    assert 0 < long.sum() < 40
    assert weight.data.dtype == dtype
    np.testing.assert_allclose(weight.data[:, long], before[:, long] * 2 / norms(before)[long], rtol=1e-5)
    np.testing.assert_array_equal(weight.data[:, ~long], before[:, ~long])


def test_a_unit_of_a_convolution_is_its_last_axis(rng):
    kernel = Parameter(rng.standard_normal((3, 3, 2, 8)))
    column_norms(0.5)(kernel)
    np.testing.assert_allclose(norms(kernel.data.reshape(18, 8)), 0.5)


def test_a_unit_of_a_transposed_convolution_is_the_axis_before(rng):
    kernel = Parameter(rng.standard_normal((3, 3, 2, 8)), unit_axis=-2)
    column_norms(0.5)(kernel)
    np.testing.assert_allclose(norms(kernel.data.transpose(0, 1, 3, 2).reshape(72, 2)), 0.5)


def test_a_bias_of_several_axes_stays():
    bias = Parameter(np.full((4, 4, 3), 9.0), unit_axis=None)
    column_norms(1.0)(bias)
    np.testing.assert_array_equal(bias.data, 9)


def test_a_column_of_zeros_and_a_bias_stay():
    weight, bias = Parameter(np.zeros((2, 3))), Parameter(np.full(3, 9.0))
    for theta in (weight, bias):
        column_norms(1.0)(theta)
    assert not weight.data.any()
    np.testing.assert_array_equal(bias.data, 9)


@both_precisions
def test_clipping_bounds_every_value_of_weights_and_biases(dtype):
    for shape in ((4,), (2, 2)):
        theta = Parameter(np.array([-3, -0.25, 0.125, 7], dtype).reshape(shape))
        array = theta.data
        clipping(0.5)(theta)
        np.testing.assert_array_equal(theta.data.ravel(), np.array([-0.5, -0.25, 0.125, 0.5], dtype), strict=True)
        assert theta.data is array


@pytest.mark.parametrize("make", [column_norms, clipping])
def test_a_bound_is_positive(make):
    with pytest.raises(ValueError, match=rf"^{make.__name__} got \w+=0; it takes a finite number > 0$"):
        make(0)


@pytest.mark.parametrize("rule", [SGD, RMSProp, Adam])
def test_every_rule_constrains_at_once_and_after_every_step_but_not_what_it_remembers(rule):
    theta, free = Parameter(np.full((2, 2), 3.0)), Parameter(np.full((2, 2), 1.0))
    limited, other = rule([theta], 1.0, constraint=clipping(1.0)), rule([free], 1.0)
    np.testing.assert_array_equal(theta.data, 1)
    for _ in range(2):
        for parameter in (theta, free):
            parameter.accumulate(np.full((2, 2), -5.0))
        limited.step()
        other.step()
        np.testing.assert_array_equal(theta.data, 1)
    assert free.data.min() > 1
    for name, arrays in other.state.items():
        np.testing.assert_array_equal(limited.state[name], arrays)


def test_a_function_of_ones_own_is_a_constraint():
    def positive(theta):
        np.maximum(theta.data, 0, out=theta.data)

    theta = Parameter(np.array([-1.0, 1.0]))
    SGD([theta], 0.1, constraint=positive)
    np.testing.assert_array_equal(theta.data, [0, 1])


def test_a_number_is_no_constraint():
    with pytest.raises(TypeError, match=r"^SGD got constraint=0\.01; it takes a function of a Parameter, such as clip"):
        SGD([Parameter(np.ones(2))], 0.1, constraint=0.01)


@pytest.mark.parametrize("constraint", [column_norms(0.5), clipping(0.5)])
def test_a_constraint_survives_a_pickle(constraint):
    theta = Parameter(np.ones((4, 1)))
    pickle.loads(pickle.dumps(constraint))(theta)
    assert theta.data.max() <= 0.5


def test_a_critic_with_clipped_weights_leads_g_to_the_data():
    """The Wasserstein GAN, but for its sizes."""
    D, G = Sequential(Linear(1, 16, rng=0), LeakyReLU(0.2), Linear(16, 1, rng=1)), Linear(1, 1, rng=2)
    optimizer_d = RMSProp(D.parameters, 0.02, constraint=clipping(0.5))
    optimizer_g, prior = RMSProp(G.parameters, 0.02), NoisePrior("gaussian", 1)
    training = train(
        D, G, Gaussian(3, 0.5), prior, optimizer_d=optimizer_d, optimizer_g=optimizer_g, n_iterations=300,
        batch_size=64, discriminator_steps=2, objective="wasserstein", rng=0,
    )  # fmt: skip
    for _ in training:
        assert max(abs(theta.data).max() for theta in D.parameters) <= 0.5
    assert G(prior.sample(1000, rng=0)).mean() == pytest.approx(3, abs=0.5)
