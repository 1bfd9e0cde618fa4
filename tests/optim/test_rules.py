"""SGD, RMSProp and Adam against their formulas, written out here once more."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygan.layers import Parameter
from tinygan.optim import SGD, Adam, RMSProp, sgd

EPS = {np.float32: 1e-5, np.float64: 1e-13}
both_precisions = pytest.mark.parametrize("dtype", [np.float32, np.float64])
every_rule = pytest.mark.parametrize("rule", [SGD, RMSProp, Adam])
N_STEPS = 6


def parameters(rng, dtype):
    return [Parameter(rng.standard_normal(shape).astype(dtype), name) for shape, name in [((3, 2), "W"), ((2,), "b")]]


def run(optimizer, rng, n_steps=N_STEPS):
    """Make steps with random gradients; return these, a list of float64 arrays for every parameter."""
    thetas = optimizer.parameters
    grads = [[rng.standard_normal(theta.data.shape) for _ in range(n_steps)] for theta in thetas]
    for step in range(n_steps):
        for theta, of_theta in zip(thetas, grads, strict=True):
            theta.accumulate(of_theta[step].astype(theta.data.dtype))
        optimizer.step()
    return grads


def mean(values, beta):
    """Return the mean of all values so far in which each counts beta times as much as the next."""
    weights = [beta ** (len(values) - i) for i in range(1, len(values) + 1)]
    return np.average(values, axis=0, weights=weights)


def assert_moved(thetas, starts, paths, dtype):
    for theta, start, moves in zip(thetas, starts, paths, strict=True):
        wanted = start.astype(np.float64) + sum(moves)
        np.testing.assert_allclose(theta.data, wanted, rtol=10 * EPS[dtype], atol=100 * EPS[dtype])


@both_precisions
@given(momentum=st.floats(-0.99, 0.99), learning_rate=st.floats(0, 2), seed=st.integers(0, 99))
def test_sgd_is_its_formula(momentum, learning_rate, seed, dtype):
    rng = np.random.default_rng(seed)
    thetas = parameters(rng, dtype)
    starts, paths = [theta.data.copy() for theta in thetas], []
    for of_theta in run(SGD(thetas, learning_rate, momentum), rng):
        velocity, moves = 0.0, []
        for g in of_theta:
            velocity = momentum * velocity - learning_rate * g
            moves.append(velocity)
        paths.append(moves)
    assert_moved(thetas, starts, paths, dtype)


@both_precisions
@given(decay=st.floats(0, 0.999), momentum=st.floats(0, 0.9), seed=st.integers(0, 99))
def test_rmsprop_is_its_formula(decay, momentum, seed, dtype):
    rng = np.random.default_rng(seed)
    thetas = parameters(rng, dtype)
    starts, paths = [theta.data.copy() for theta in thetas], []
    for of_theta in run(RMSProp(thetas, 0.1, momentum, decay=decay, epsilon=0.01), rng):
        velocity, moves = 0.0, []
        for t in range(1, N_STEPS + 1):
            usual = np.sqrt(mean(np.square(of_theta[:t]), decay))
            velocity = momentum * velocity - 0.1 * of_theta[t - 1] / (usual + 0.01)
            moves.append(velocity)
        paths.append(moves)
    assert_moved(thetas, starts, paths, dtype)


@both_precisions
@given(beta1=st.floats(0, 0.99), beta2=st.floats(0, 0.999), seed=st.integers(0, 99))
def test_adam_is_its_formula(beta1, beta2, seed, dtype):
    rng = np.random.default_rng(seed)
    thetas = parameters(rng, dtype)
    starts, paths = [theta.data.copy() for theta in thetas], []
    for of_theta in run(Adam(thetas, 0.1, beta1, beta2, 0.01), rng):
        usual = [np.sqrt(mean(np.square(of_theta[:t]), beta2)) for t in range(1, N_STEPS + 1)]
        paths.append([-0.1 * mean(of_theta[:t], beta1) / (usual[t - 1] + 0.01) for t in range(1, N_STEPS + 1)])
    assert_moved(thetas, starts, paths, dtype)


def test_adam_has_the_settings_of_its_paper():
    optimizer = Adam([Parameter(np.ones(1))], 0.001)
    assert (optimizer.beta1, optimizer.beta2, optimizer.epsilon) == (0.9, 0.999, 1e-8)


@pytest.mark.parametrize("rule", [RMSProp, Adam])
def test_the_first_step_is_the_learning_rate_whatever_the_gradient_and_nothing_where_there_is_none(rule):
    theta = Parameter(np.ones(4))
    theta.accumulate(np.array([1e-4, -1.0, 1e4, 0.0]))
    rule([theta], 0.1).step()
    np.testing.assert_allclose(theta.data, [0.9, 1.1, 0.9, 1], rtol=1e-4)


@every_rule
@both_precisions
@pytest.mark.parametrize("kind", [float, np.float64])
def test_updates_happen_in_place_and_keep_the_precision(rule, dtype, kind, rng):
    thetas = parameters(rng, dtype)
    before, optimizer = [theta.data.copy() for theta in thetas], rule(thetas, kind(0.1), kind(0.5))
    arrays = [theta.data for theta in thetas]
    optimizer.learning_rate = kind(0.2)  # as a schedule does
    if rule is not Adam:
        optimizer.momentum = kind(0.6)
    run(optimizer, rng)
    assert all(theta.data is array for theta, array in zip(thetas, arrays, strict=True))
    assert all((array != old).all() for array, old in zip(arrays, before, strict=True))
    kept = [array for arrays in optimizer.state.values() if isinstance(arrays, list) for array in arrays]
    assert {array.dtype for array in [*arrays, *kept]} == {np.dtype(dtype)}


@pytest.mark.parametrize("rule", [SGD, RMSProp])
def test_the_learning_rate_and_momentum_may_change_between_steps(rule):
    theta = Parameter(np.zeros(1))
    optimizer = rule([theta], 0.5, 0.9)
    theta.accumulate(np.ones(1))
    optimizer.step()
    assert theta.data == pytest.approx(-0.5)
    optimizer.learning_rate = optimizer.momentum = 0.0
    theta.accumulate(np.ones(1))
    optimizer.step()
    assert theta.data == pytest.approx(-0.5)


@both_precisions
def test_sgd_is_its_formula_bit_for_bit(dtype, rng):
    theta = Parameter(rng.normal(size=(300, 400)).astype(dtype))
    optimizer, wanted, v = SGD([theta], 0.1, 0.7), theta.data.copy(), np.zeros_like(theta.data)
    for _ in range(3):
        grad = rng.normal(size=theta.data.shape).astype(dtype)
        theta.accumulate(grad)
        v = 0.7 * v - 0.1 * grad
        wanted = wanted + v
        optimizer.step()
    np.testing.assert_array_equal(theta.data, wanted, strict=True)
    np.testing.assert_array_equal(optimizer.state["velocity"][0], v, strict=True)


@pytest.mark.parametrize("shape", [(7,), (5, 3), (2, 3, 4), (1, 30)])
def test_sgd_updates_a_large_parameter_in_parts_and_to_the_same_bits(shape, monkeypatch):
    found = []
    for part in (6, 10**6):
        monkeypatch.setattr(sgd, "PART", part)
        rng = np.random.default_rng(0)
        theta = Parameter(rng.standard_normal(shape).astype(np.float32))
        run(SGD([theta], 0.1, 0.5), rng)
        found.append(theta.data)
    np.testing.assert_array_equal(*found)
