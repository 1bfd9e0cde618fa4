"""What all optimisers have in common: gradients are used up, nothing is lost, and a new rule is short."""

import copy
import pickle
import re

import numpy as np
import pytest
from fake_gpu import fake_cupy

from tinygan.layers import Linear, Maxout, Parameter, ReLU, Sequential
from tinygan.optim import SGD, Adam, Optimizer, RMSProp

RULES = [SGD, RMSProp, Adam]
every_rule = pytest.mark.parametrize("rule", RULES)


def parameters(dtype=np.float64):
    rng = np.random.default_rng(0)
    return [Parameter(rng.standard_normal(shape).astype(dtype), name) for shape, name in [((3, 2), "W"), ((2,), "b")]]


def network(dtype=np.float32):
    lower = [Linear(3, 4, rng=0, dtype=dtype), ReLU()]
    return Sequential(*lower, Linear(4, 6, rng=1, dtype=dtype), Maxout(2), Linear(3, 1, rng=2, dtype=dtype))


def backward(D, seed=0):
    dtype = D.parameters[0].data.dtype
    y, cache = D.forward(np.random.default_rng(seed).normal(size=(5, 3)).astype(dtype))
    D.backward_params(np.ones_like(y), cache)


def step(optimizer, grad=1.0):
    for theta in optimizer.parameters:
        theta.accumulate(np.full_like(theta.data, grad))
    optimizer.step()


# Gradients


@every_rule
def test_a_step_uses_up_the_gradients_and_writes_to_none(rule):
    thetas = parameters()
    grads = [np.ones_like(theta.data) for theta in thetas]
    for theta, grad in zip(thetas, grads, strict=True):
        theta.accumulate(grad)
    rule(thetas, 0.1, 0.5).step()
    assert [theta.grad for theta in thetas] == [None, None]
    assert all((grad == 1).all() for grad in grads)


@every_rule
def test_a_missing_gradient_is_an_error_that_leaves_everything_as_it_was(rule):
    thetas, others = parameters(), parameters()
    first, twin = rule(thetas, 0.1, 0.5), rule(others, 0.1, 0.5)
    grad = np.ones((3, 2))
    thetas[0].accumulate(grad)
    with pytest.raises(ValueError, match=rf"{rule.__name__}\.step found no gradient on Parameter\('b'.*parameter 1"):
        first.step()
    np.testing.assert_array_equal(thetas[0].data, others[0].data)
    assert thetas[0].grad is grad
    thetas[0].grad = None
    step(first)
    step(twin)  # it never failed
    for theta, other in zip(thetas, others, strict=True):
        np.testing.assert_array_equal(theta.data, other.data)


@every_rule
@pytest.mark.parametrize("shape", [(), (1,), (1, 2)])
def test_a_gradient_of_another_shape_is_refused_before_anything_is_updated(rule, shape):
    thetas = parameters()
    before = [theta.data.copy() for theta in thetas]
    optimizer = rule(thetas, 0.1)
    thetas[0].accumulate(np.ones((3, 2)))
    thetas[1].accumulate(np.ones(shape))
    wanted = rf"{rule.__name__}\.step found a gradient of shape {re.escape(str(shape))} on Parameter\('b'.*parameter 1"
    with pytest.raises(ValueError, match=wanted):
        optimizer.step()
    assert optimizer.n_steps == 0
    assert all((theta.data == data).all() for theta, data in zip(thetas, before, strict=True))


def test_a_gradient_of_another_precision_leaves_the_parameter_its_own():
    theta = Parameter(np.zeros(2, np.float32))
    optimizer = SGD([theta], 1.0)
    theta.accumulate(np.full(2, 1 / 3))
    optimizer.step()
    np.testing.assert_array_equal(theta.data, np.full(2, -1 / 3, np.float32), strict=True)


@every_rule
def test_the_average_sees_the_gradient_of_every_parameter_once_a_step(rule):
    D, alone = network(np.float64), network(np.float64)
    shared, other = rule(D.parameters, 0.1, 0.5), rule(alone.parameters, 0.1, 0.5)
    seen = []

    def average(grad):
        seen.append(grad.copy())
        grad *= 0.5

    shared.average = average
    for seed in range(3):
        backward(D, seed)
        wanted, seen[:] = [theta.grad.copy() for theta in D.parameters], []
        shared.step()
        for array, grad in zip(seen, wanted, strict=True):
            np.testing.assert_array_equal(array, grad)
        backward(alone, seed)
        for theta in alone.parameters:
            theta.grad *= 0.5
        other.step()
    for theta, wanted in zip(D.parameters, alone.parameters, strict=True):
        np.testing.assert_array_equal(theta.data, wanted.data)


# What an optimiser remembers


@every_rule
def test_there_is_an_array_for_each_parameter_of_its_shape_precision_and_device(rule, monkeypatch):
    cupy = fake_cupy.install(monkeypatch)
    thetas = [Parameter(np.ones(2, np.float32)), Parameter(cupy.ones((3, 2))), Parameter(np.ones(()))]
    state = rule(thetas, 0.1).state
    assert state.pop("n_steps") == 0
    assert state
    for arrays in state.values():
        for theta, array in zip(thetas, arrays, strict=True):
            assert (type(array), array.shape, array.dtype) == (type(theta.data), theta.data.shape, theta.data.dtype)


@every_rule
def test_two_optimizers_share_nothing(rule):
    first, second = rule(parameters(), 0.1, 0.9), rule(parameters(), 0.1, 0.9)
    step(first)
    assert (first.n_steps, second.n_steps) == (1, 0)
    assert not any(array.any() for arrays in second.state.values() if isinstance(arrays, list) for array in arrays)


def test_two_optimisers_of_the_same_parameters_may_take_turns():
    D = network(np.float64)
    whole, lower = SGD(D.parameters, 0.25), SGD(D.parameters[:2], 0.25)
    before = [theta.data.copy() for theta in D.parameters]
    for optimizer in (whole, lower, whole):
        step(optimizer)
    for i, (theta, array) in enumerate(zip(D.parameters, before, strict=True)):
        np.testing.assert_allclose(theta.data, array - 0.25 * (3 if i < 2 else 2))


@every_rule
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))])
def test_a_copy_of_a_network_and_its_optimiser_learns_as_they_do(rule, copied):
    D = network()
    pair = D, rule(D.parameters, 0.1, 0.5)
    backward(D)
    pair[1].step()
    twin = copied(pair)
    for seed in range(3):
        for players, optimizer in (pair, twin):
            backward(players, seed)
            optimizer.step()
    for theta, other in zip(pair[0].parameters, twin[0].parameters, strict=True):
        np.testing.assert_array_equal(theta.data, other.data)
        assert not np.shares_memory(theta.data, other.data)


# Parameters that were moved or replaced


def test_data_that_a_user_puts_in_is_what_is_updated():
    optimizer = SGD(parameters(), 0.5)
    mine = np.full((3, 2), 7.0)
    optimizer.parameters[0].data = mine
    step(optimizer)
    np.testing.assert_array_equal(mine, 6.5)


WRONG = {
    "precision": (np.ones((3, 2), np.float32), r"on cpu, float32 of shape \(3, 2\) now"),
    "shape": (np.ones((2, 3)), r"on cpu, float64 of shape \(2, 3\) now"),
}


@every_rule
@pytest.mark.parametrize(("data", "words"), WRONG.values(), ids=WRONG.keys())
def test_data_of_another_kind_is_refused_before_anything_is_updated(rule, data, words):
    optimizer = rule(parameters(), 0.5)
    other = optimizer.parameters[1]
    before, optimizer.parameters[0].data = other.data.copy(), data
    with pytest.raises(ValueError, match=rf"made for W on cpu, float64 of shape \(3, 2\), and it is {words}; make"):
        step(optimizer)
    np.testing.assert_array_equal(other.data, before)
    assert optimizer.n_steps == 0


def test_a_parameter_without_a_name_is_called_one():
    theta = Parameter(np.ones(2))
    optimizer = SGD([theta], 0.5)
    theta.data = np.ones(3)
    with pytest.raises(ValueError, match="was made for a parameter on cpu"):
        step(optimizer)


# A rule of one's own


def test_a_rule_of_ones_own_says_what_it_does_with_each_parameter():
    class Descent(Optimizer):
        def update(self, i, data, grad):
            seen.append((i, self.n_steps))
            data -= self.learning_rate * grad

    seen, thetas = [], [Parameter(np.full(2, 3.0), "W"), Parameter(np.full(3, 5.0), "b")]
    step(Descent(thetas, 0.5), 2.0)
    assert seen == [(0, 1), (1, 1)]
    assert [theta.data.tolist() for theta in thetas] == [[2.0, 2.0], [4.0, 4.0, 4.0]]


def test_a_rate_of_float64_promotes_no_rule():
    class Descent(Optimizer):
        def update(self, i, data, grad):
            products.append(self.learning_rate * grad)

    products = []
    optimizer = Descent([Parameter(np.ones(2, np.float32))], np.float64(0.5))
    optimizer.learning_rate = np.float64(0.25)
    step(optimizer)
    np.testing.assert_array_equal(products[0], np.full(2, 0.25, np.float32), strict=True)
