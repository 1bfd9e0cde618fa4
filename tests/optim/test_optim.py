"""The optimisers against their formulas, and the schedules against the numbers of the released code."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygan.layers import Parameter
from tinygan.optim import SGD, Optimizer, RMSProp, exponential_decay, limit_column_norms, linear_ramp

EPS = {np.float32: 1e-5, np.float64: 1e-13}
both_precisions = pytest.mark.parametrize("dtype", [np.float32, np.float64])
both_optimizers = pytest.mark.parametrize("optimizer", [SGD, RMSProp])


def parameters(rng, dtype):
    return [Parameter(rng.standard_normal(shape).astype(dtype), name) for shape, name in [((3, 2), "W"), ((2,), "b")]]


def run(optimizer, thetas, n_steps, rng):
    """Make steps with random gradients; return these, a list of float64 arrays for every parameter."""
    grads = [[rng.standard_normal(theta.data.shape) for _ in range(n_steps)] for theta in thetas]
    for step in range(n_steps):
        for theta, of_theta in zip(thetas, grads, strict=True):
            theta.accumulate(of_theta[step].astype(theta.data.dtype))
        optimizer.step()
    return grads


@both_precisions
@given(momentum=st.floats(0, 0.99), learning_rate=st.floats(0, 2), seed=st.integers(0, 99))
def test_sgd_is_its_formula(momentum, learning_rate, seed, dtype):
    rng = np.random.default_rng(seed)
    thetas = parameters(rng, dtype)
    wanted = [theta.data.astype(np.float64) for theta in thetas]
    grads = run(SGD(thetas, learning_rate, momentum), thetas, 6, rng)
    for theta, value, of_theta in zip(thetas, wanted, grads, strict=True):
        velocity = 0.0
        for g in of_theta:
            velocity = momentum * velocity - learning_rate * g
            value = value + velocity
        np.testing.assert_allclose(theta.data, value, rtol=EPS[dtype], atol=50 * EPS[dtype])


@both_precisions
@given(decay=st.floats(0, 0.999), momentum=st.floats(0, 0.9), seed=st.integers(0, 99))
def test_rmsprop_is_its_formula(decay, momentum, seed, dtype):
    rng = np.random.default_rng(seed)
    thetas = parameters(rng, dtype)
    wanted = [theta.data.astype(np.float64) for theta in thetas]
    grads = run(RMSProp(thetas, 0.1, momentum, decay=decay, epsilon=0.01), thetas, 6, rng)
    for theta, value, of_theta in zip(thetas, wanted, grads, strict=True):
        velocity = 0.0
        for t in range(1, 7):
            weights = np.array([decay ** (t - i) for i in range(1, t + 1)])  # the mean over all squares so far
            mean_square = np.average(np.square(of_theta[:t]), axis=0, weights=weights)
            velocity = momentum * velocity - 0.1 * of_theta[t - 1] / (np.sqrt(mean_square) + 0.01)
            value = value + velocity
        np.testing.assert_allclose(theta.data, value, rtol=10 * EPS[dtype], atol=100 * EPS[dtype])


def test_the_first_step_of_rmsprop_is_the_learning_rate_whatever_the_gradient():
    theta = Parameter(np.array([1.0, 1.0, 1.0]))
    theta.accumulate(np.array([1e-4, -1.0, 1e4]))
    RMSProp([theta], 0.1).step()
    np.testing.assert_allclose(theta.data, [0.9, 1.1, 0.9], rtol=1e-4)


def test_rmsprop_survives_a_gradient_of_zero():
    theta = Parameter(np.ones(2, np.float32))
    theta.accumulate(np.zeros(2, np.float32))
    RMSProp([theta], 0.1).step()
    np.testing.assert_array_equal(theta.data, [1, 1])


@both_optimizers
@both_precisions
@pytest.mark.parametrize("kind", [float, np.float64])
def test_updates_happen_in_place_and_keep_the_precision(optimizer, dtype, kind, rng):
    thetas = parameters(rng, dtype)
    before, players = [theta.data.copy() for theta in thetas], optimizer(thetas, kind(0.1), kind(0.5))
    arrays = [theta.data for theta in thetas]
    players.learning_rate, players.momentum = kind(0.2), kind(0.6)  # as a schedule does
    run(players, thetas, 2, rng)
    assert all(theta.data is array for theta, array in zip(thetas, arrays, strict=True))
    assert all((array != old).all() for array, old in zip(arrays, before, strict=True))
    assert {array.dtype for array in [*arrays, *players.velocities]} == {np.dtype(dtype)}


@both_optimizers
def test_a_step_consumes_the_gradients(optimizer, rng):
    thetas = parameters(rng, np.float32)
    run(optimizer(thetas, 0.1), thetas, 1, rng)
    assert [theta.grad for theta in thetas] == [None, None]


@both_optimizers
def test_a_step_does_not_write_to_the_gradients(optimizer):
    theta, grad = Parameter(np.ones(3)), np.array([1.0, 2.0, 3.0])
    theta.accumulate(grad)
    optimizer([theta], 0.1, 0.5).step()
    np.testing.assert_array_equal(grad, [1, 2, 3])


def test_an_optimizer_of_ones_own_says_what_it_does_with_each_parameter():
    class Descent(Optimizer):
        def _update(self, i, data, grad):
            seen.append(i)
            data -= self.learning_rate * grad

    seen = []
    thetas = [Parameter(np.full(2, 3.0), "W"), Parameter(np.full(3, 5.0), "b")]
    for theta, grad in zip(thetas, (2.0, 4.0), strict=True):
        theta.accumulate(np.full(theta.data.shape, grad))
    Descent(thetas, 0.5).step()
    assert seen == [0, 1]
    assert [theta.data.tolist() for theta in thetas] == [[2.0, 2.0], [3.0, 3.0, 3.0]]
    assert all(theta.grad is None for theta in thetas)


@both_optimizers
def test_a_missing_gradient_is_an_error_that_leaves_everything_as_it_was(optimizer, rng):
    thetas, others = parameters(rng, np.float64), parameters(np.random.default_rng(0), np.float64)
    first, twin = optimizer(thetas, 0.1, 0.5), optimizer(others, 0.1, 0.5)
    grad = np.ones((3, 2))
    thetas[0].accumulate(grad)
    with pytest.raises(
        ValueError, match=rf"{optimizer.__name__}\.step found no gradient on Parameter\('b'.*parameter 1"
    ):
        first.step()
    np.testing.assert_array_equal(thetas[0].data, others[0].data)
    assert thetas[0].grad is grad
    for theta, other in zip(thetas, others, strict=True):
        theta.grad, other.grad = np.ones_like(theta.data), np.ones_like(other.data)
    first.step()
    twin.step()  # it never failed
    for theta, other in zip(thetas, others, strict=True):
        np.testing.assert_array_equal(theta.data, other.data)


@both_optimizers
def test_the_learning_rate_and_momentum_may_change_between_steps(optimizer):
    theta = Parameter(np.zeros(1))
    players = optimizer([theta], 0.5, 0.9)
    theta.accumulate(np.ones(1))
    players.step()
    assert theta.data == pytest.approx(-0.5)
    players.learning_rate = players.momentum = 0.0
    theta.accumulate(np.ones(1))
    players.step()
    assert theta.data == pytest.approx(-0.5)


@both_precisions
def test_no_column_of_a_weight_gets_longer_than_allowed(dtype):
    weight = Parameter(np.array([[3, 0.1], [4, 0]], dtype), "W")
    bias = Parameter(np.array([30, 40], dtype), "b")
    optimizer = SGD([weight, bias], 1.0, max_col_norm=2.0)
    array = weight.data
    np.testing.assert_allclose(array, [[1.2, 0.1], [1.6, 0]], rtol=1e-6)  # at once
    weight.accumulate(np.array([[0, -6], [0, -8]], dtype))
    bias.accumulate(np.ones(2, dtype))
    optimizer.step()
    np.testing.assert_allclose(np.linalg.norm(array, axis=0), [2, 2], rtol=1e-6)
    np.testing.assert_allclose(array[:, 1] / array[1, 1], [6.1 / 8, 1], rtol=1e-6)
    np.testing.assert_array_equal(bias.data, [29, 39])  # it has no columns
    assert weight.data is array
    assert array.dtype == dtype


def test_a_column_of_zeros_stays():
    weight = np.zeros((2, 3))
    limit_column_norms(weight, 1.0)
    assert not weight.any()


def test_a_longest_column_of_nothing_is_refused():
    with pytest.raises(ValueError, match=r"^SGD got max_col_norm=0; it takes a finite number > 0$"):
        SGD([Parameter(np.ones((2, 2)))], 0.1, max_col_norm=0)


def test_two_optimizers_share_nothing(rng):
    ours, theirs = parameters(rng, np.float64), parameters(rng, np.float64)
    first, second = SGD(ours, 0.1, 0.9), SGD(theirs, 0.1, 0.9)
    run(first, ours, 1, rng)
    assert not any(velocity.any() for velocity in second.velocities)


def test_the_learning_rate_of_the_released_code():
    factor = 1 / 1.000004
    assert exponential_decay(0.1, factor, 0, floor=1e-6) == 0.1
    assert exponential_decay(0.1, factor, 600, floor=1e-6) == pytest.approx(0.1 / 1.000004**600, rel=1e-12)
    reached = math.log(0.1 / 1e-6) / math.log(1.000004)
    assert exponential_decay(0.1, factor, reached * 0.99, floor=1e-6) > 1e-6
    assert exponential_decay(0.1, factor, reached * 1.01, floor=1e-6) == 1e-6
    assert type(exponential_decay(np.float64(0.1), 0.5, np.int64(2))) is float


def test_a_rate_falls_to_0_unless_it_has_a_floor_and_may_stay():
    assert exponential_decay(0.1, 0.5, 2) == 0.025
    assert exponential_decay(0.1, 1, 1000) == 0.1
    with pytest.raises(ValueError, match=r"^exponential_decay got factor=0; it takes a number in \(0, 1\]$"):
        exponential_decay(0.1, 0, 3)


def test_the_momentum_of_the_released_code():
    assert [linear_ramp(0.5, 0.7, 249, t) for t in (0, 249, 250, 10_000)] == [0.5, 0.7, 0.7, 0.7]
    assert linear_ramp(0.5, 0.7, 249, 83) == pytest.approx(0.5 + 0.2 / 3)
    assert linear_ramp(0.9, 0.1, 10, 5) == pytest.approx(0.5)
    assert linear_ramp(0.5, 0.7, 0.5, 0.25) == pytest.approx(0.6)  # shorter than one unit of time
