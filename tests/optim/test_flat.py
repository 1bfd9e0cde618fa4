"""Flat storage: parameters and gradients in one array each, and nobody notices but the clock."""

import copy
import pickle

import numpy as np
import pytest
from fake_gpu import fake_cupy
from hypothesis import given
from hypothesis import strategies as st

from tinygan.layers import Linear, Maxout, Parameter, ReLU, Sequential, trace
from tinygan.optim import SGD, RMSProp, limit_column_norms
from tinygan.optim.flat import Flat, flats
from tinygan.optim.updates import PIECE, momentum_step

DTYPES = [np.float32, np.float64]
both_dtypes = pytest.mark.parametrize("dtype", DTYPES)

shapes = st.lists(st.lists(st.integers(1, 4), min_size=0, max_size=3).map(tuple), min_size=1, max_size=5)


def parameters(shapes, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    return [Parameter(rng.normal(size=shape).astype(dtype), f"theta {i}") for i, shape in enumerate(shapes)]


def network(dtype=np.float32):
    lower = [Linear(3, 4, rng=0, dtype=dtype), ReLU()]
    return Sequential(*lower, Linear(4, 6, rng=1, dtype=dtype), Maxout(2), Linear(3, 1, rng=2, dtype=dtype))


def backward(D, dtype=np.float32, seed=0, times=1):
    x = np.random.default_rng(seed).normal(size=(5, 3)).astype(dtype)
    for _ in range(times):
        y, cache = D.forward(x)
        D.backward_params(np.ones_like(y), cache)


# Views


@given(shapes, st.sampled_from(DTYPES))
def test_the_parameters_are_views_of_one_array_with_their_values_in_their_order(shapes, dtype):
    thetas = parameters(shapes, dtype)
    before = [theta.data.copy() for theta in thetas]
    flat = Flat(thetas)
    assert flat.data.shape == flat.grad.shape == (sum(array.size for array in before),)
    assert flat.data.dtype == flat.grad.dtype == dtype
    np.testing.assert_array_equal(flat.data, np.concatenate([array.ravel() for array in before]))
    flat.data *= 2
    for theta, array in zip(thetas, before, strict=True):
        np.testing.assert_array_equal(theta.data, 2 * array, strict=True)
    assert all(theta.grad is None for theta in thetas)


def test_views_of_any_array_have_the_shapes_of_the_parameters():
    flat = Flat(parameters([(2, 3), (), (4,)]))
    array = np.arange(11)
    assert [view.tolist() for view in flat.views(array)] == [[[0, 1, 2], [3, 4, 5]], 6, [7, 8, 9, 10]]
    assert all(np.shares_memory(view, array) for view in flat.views(array))


def test_a_lone_parameter_stays_where_it_is():
    (theta,) = parameters([(2, 3)])
    array = theta.data
    flat = Flat([theta])
    assert theta.data is array
    assert np.shares_memory(flat.data, array)


def test_a_lone_parameter_that_is_no_block_of_memory_is_copied():
    theta = Parameter(np.arange(6.0).reshape(2, 3).T)
    wanted = theta.data.copy()
    flat = Flat([theta])
    flat.data += 1
    np.testing.assert_array_equal(theta.data, wanted + 1)


def test_parameters_in_an_odd_order_of_memory_are_taken_in():
    theta, other = Parameter(np.arange(6.0).reshape(2, 3).T, "W"), Parameter(np.ones(2), "b")
    optimizer = SGD([theta, other], 0.5)
    theta.accumulate(np.ones((3, 2)))
    other.accumulate(np.ones(2))
    optimizer.step()
    np.testing.assert_array_equal(theta.data, np.arange(6.0).reshape(2, 3).T - 0.5)
    np.testing.assert_array_equal(other.data, [0.5, 0.5])


def test_a_network_is_one_storage_and_two_precisions_are_two():
    assert len(flats(network().parameters)) == 1
    thetas = parameters([(2,), (3,)], np.float32) + parameters([(4,)], np.float64) + parameters([(5,)], np.float32)
    found = flats(thetas)
    assert [(flat.data.dtype, flat.data.size) for flat in found] == [(np.float32, 10), (np.float64, 4)]
    assert [flat.parameters for flat in found] == [(thetas[0], thetas[1], thetas[3]), (thetas[2],)]


def test_two_devices_are_two_storages(monkeypatch):
    cupy = fake_cupy.install(monkeypatch)
    thetas = [Parameter(np.ones(2)), Parameter(cupy.ones(3)), Parameter(np.ones(4))]
    found = flats(thetas)
    assert [flat.data.size for flat in found] == [6, 3]
    assert isinstance(found[1].grad, cupy.ndarray)


# Gradients


def test_gradients_are_brought_in_and_left_as_they_are():
    (theta,) = parameters([(3,)])
    optimizer, before = SGD([theta], 0.5), theta.data.copy()
    mine = np.ones(3)
    theta.accumulate(mine)
    assert theta.grad is mine
    optimizer.step()
    np.testing.assert_allclose(theta.data, before - 0.5)
    np.testing.assert_array_equal(mine, 1)


@both_dtypes
def test_a_gradient_of_another_precision_is_brought_in(dtype):
    """The layer is of float32, what came down to it may not be."""
    layer = Linear(2, 3, rng=0)
    optimizer = SGD(layer.parameters, 1.0)
    before = layer.weight.data.copy()
    x = np.full((4, 2), 1 / 3, dtype)
    layer.backward_params(np.ones((4, 3), dtype), x)
    assert layer.weight.grad.dtype == dtype
    optimizer.step()
    assert layer.weight.data.dtype == np.float32
    np.testing.assert_allclose(layer.weight.data, before - 4 / 3, rtol=1e-6)


def test_a_step_leaves_no_gradient_and_the_next_one_starts_from_nothing():
    D = network()
    optimizer = SGD(D.parameters, 0.0)
    grads = []
    for _ in range(2):
        backward(D)
        grads.append([theta.grad.copy() for theta in D.parameters])
        optimizer.step()
        assert all(theta.grad is None for theta in D.parameters)
    for first, second in zip(*grads, strict=True):
        np.testing.assert_array_equal(first, second)


def test_a_gradient_set_aside_is_not_written_over():
    D = network()
    SGD(D.parameters, 0.1)
    backward(D)
    kept = [(theta.grad, theta.grad.copy()) for theta in D.parameters]
    theta = D.parameters[0]
    with theta.set_aside():
        assert theta.grad is None
        theta.accumulate(np.ones((3, 4)))
    trace(D, np.ones((2, 3), np.float32), np.ones((2, 1), np.float32))
    for theta, (grad, values) in zip(D.parameters, kept, strict=True):
        assert theta.grad is grad
        np.testing.assert_array_equal(grad, values)


def test_a_gradient_set_aside_is_back_after_an_error():
    theta = Parameter(np.ones(2))
    theta.accumulate(np.ones(2))
    grad = theta.grad
    with pytest.raises(KeyError), theta.set_aside():
        raise KeyError
    assert theta.grad is grad


# Two optimisers, and data of one's own


def test_two_optimisers_of_the_same_parameters_may_take_turns():
    D, alone = network(np.float64), network(np.float64)
    first, second = SGD(D.parameters, 0.1), SGD(D.parameters, 0.3)
    for step, (optimizer, rate) in enumerate([(first, 0.1), (second, 0.3), (first, 0.1), (second, 0.3)]):
        backward(D, np.float64, step)
        optimizer.step()
        backward(alone, np.float64, step)
        for theta in alone.parameters:
            theta.data = theta.data - rate * theta.grad
            theta.grad = None
        for theta, other in zip(D.parameters, alone.parameters, strict=True):
            np.testing.assert_allclose(theta.data, other.data, rtol=1e-12)


def test_optimisers_of_parts_of_a_network_may_take_turns_with_one_of_the_whole():
    D = network(np.float64)
    whole, lower = SGD(D.parameters, 0.25), SGD(D.parameters[:2], 0.25)
    before = [theta.data.copy() for theta in D.parameters]
    for optimizer in (whole, lower, whole):
        for theta in D.parameters:
            theta.grad = np.ones_like(theta.data)
        optimizer.step()
    for i, (theta, array) in enumerate(zip(D.parameters, before, strict=True)):
        np.testing.assert_allclose(theta.data, array - 0.25 * (3 if i < 2 else 2))


def test_data_that_a_user_puts_in_is_taken_in():
    D = network()
    optimizer = SGD(D.parameters, 0.5)
    mine = np.full((3, 4), 7, np.float32)
    D[0].weight.data = mine
    y = D[0](np.ones((1, 3), np.float32))
    np.testing.assert_array_equal(y, 21 + D[0].bias.data[None])
    for theta in D.parameters:
        theta.accumulate(np.ones_like(theta.data))
    optimizer.step()
    np.testing.assert_array_equal(D[0].weight.data, 6.5)
    assert np.shares_memory(D[0].weight.data, optimizer._flats[0].data)
    np.testing.assert_array_equal(mine, 7)


WRONG = {
    "precision": (np.ones((3, 4)), r"on cpu, float64 of shape \(3, 4\) now"),
    "shape": (np.ones((4, 3), np.float32), r"on cpu, float32 of shape \(4, 3\) now"),
}


@pytest.mark.parametrize(("data", "words"), WRONG.values(), ids=WRONG.keys())
def test_data_of_another_kind_is_refused(data, words):
    D = network()
    optimizer = SGD(D.parameters, 0.5)
    before = [theta.data.copy() for theta in D.parameters[1:]]
    D[0].weight.data = data
    for theta in D.parameters:
        theta.accumulate(np.ones_like(theta.data))
    with pytest.raises(ValueError, match=rf"made for weight on cpu, float32 of shape \(3, 4\), and it is {words}; "):
        optimizer.step()
    for theta, array in zip(D.parameters[1:], before, strict=True):
        np.testing.assert_array_equal(theta.data, array)


def test_a_parameter_without_a_name_is_called_one():
    theta = Parameter(np.ones(2))
    optimizer = SGD([theta], 0.5)
    theta.data = np.ones(3)
    theta.accumulate(np.ones(3))
    with pytest.raises(ValueError, match="was made for a parameter on cpu"):
        optimizer.step()


# The average over processes


@pytest.mark.parametrize("optimizer", [SGD, RMSProp])
def test_the_average_is_asked_for_once_a_step_with_all_gradients_in_one_array(optimizer):
    D, alone = network(np.float64), network(np.float64)
    players, other = optimizer(D.parameters, 0.1, 0.5), optimizer(alone.parameters, 0.1, 0.5)
    given = []

    def average(grad):
        given.append(grad.copy())
        grad *= 0.5

    players.average = average
    for step in range(3):
        backward(D, np.float64, step)
        wanted = np.concatenate([theta.grad.ravel() for theta in D.parameters])
        players.step()
        np.testing.assert_array_equal(given[step], wanted, strict=True)
        backward(alone, np.float64, step)
        for theta in alone.parameters:
            theta.grad *= 0.5
        other.step()
    assert len(given) == 3
    for theta, wanted in zip(D.parameters, alone.parameters, strict=True):
        np.testing.assert_allclose(theta.data, wanted.data, rtol=1e-12)


def test_the_average_also_sees_gradients_from_elsewhere_and_of_every_precision():
    thetas = parameters([(2,)], np.float32) + parameters([(3,)], np.float64)
    optimizer, given = SGD(thetas, 1.0), []
    optimizer.average = lambda grad: given.append((grad.dtype, grad.tolist()))
    thetas[0].accumulate(np.ones(2, np.float32))
    thetas[1].accumulate(np.full(3, 2.0))
    optimizer.step()
    assert given == [(np.float32, [1, 1]), (np.float64, [2, 2, 2])]


# The update


@both_dtypes
@pytest.mark.parametrize("sizes", [[(7, 5), (5,)], [(300, 400), (3,), (1, PIECE)]], ids=["small", "large"])
def test_momentum_is_the_formula_of_every_parameter_bit_for_bit(dtype, sizes):
    thetas, alone = parameters(sizes, dtype), parameters(sizes, dtype)
    velocities = [np.zeros_like(theta.data) for theta in alone]
    optimizer = SGD(thetas, 0.1, 0.7)
    rng = np.random.default_rng(1)
    for _ in range(3):
        for theta, other, v in zip(thetas, alone, velocities, strict=True):
            grad = rng.normal(size=theta.data.shape).astype(dtype)
            theta.accumulate(grad)
            v[...] = 0.7 * v - 0.1 * grad
            other.data = other.data + v
        optimizer.step()
    for theta, other, v, found in zip(thetas, alone, velocities, optimizer.velocities, strict=True):
        np.testing.assert_array_equal(theta.data, other.data, strict=True)
        np.testing.assert_array_equal(found, v, strict=True)


@pytest.mark.parametrize("n", [1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
def test_no_number_is_updated_twice_or_left_out(n):
    data, velocity = np.zeros(n), np.ones(n)
    momentum_step(data, velocity, np.full(n, 2.0), 0.25, 0.5)
    np.testing.assert_array_equal(velocity, 0)
    momentum_step(data, velocity, np.full(n, 2.0), 0.25, 0.5)
    np.testing.assert_array_equal(data, -0.5)


def test_velocities_are_kept_in_the_order_of_the_parameters_whatever_their_precision():
    thetas = parameters([(2,)], np.float32) + parameters([(3, 2)], np.float64) + parameters([(4,)], np.float32)
    for optimizer in (SGD(thetas, 0.1, 0.5), RMSProp(thetas, 0.1, 0.5)):
        arrays = [optimizer.velocities, getattr(optimizer, "mean_squares", optimizer.velocities)]
        for kept in arrays:
            kinds = [(array.shape, array.dtype) for array in kept]
            assert kinds == [(theta.data.shape, theta.data.dtype) for theta in thetas]
        for i, theta in enumerate(thetas):
            theta.accumulate(np.full_like(theta.data, i + 1))
        optimizer.step()
        assert [bool((array < 0).all()) for array in optimizer.velocities] == [True] * 3


@both_dtypes
def test_columns_within_the_limit_keep_every_bit(dtype):
    weight = np.random.default_rng(0).normal(size=(20, 30)).astype(dtype)
    before, longest = weight.copy(), float(np.sort(np.linalg.norm(weight, axis=0))[15])
    limit_column_norms(weight, longest)
    short = np.linalg.norm(before, axis=0) < 0.99 * longest
    np.testing.assert_array_equal(weight[:, short], before[:, short])
    assert np.linalg.norm(weight, axis=0).max() <= longest * (1 + 1e-6)


def test_parameters_that_share_an_array_are_refused():
    array = np.ones((2, 2))
    with pytest.raises(ValueError, match="share one array; give a layer that is used twice one Parameter"):
        SGD([Parameter(array, "W"), Parameter(array.T, "W transposed")], 0.1)


@pytest.mark.parametrize("optimizer", [SGD, RMSProp])
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))])
def test_a_copy_of_a_network_and_its_optimiser_learns_as_they_do(optimizer, copied, rng):
    network = Sequential(Linear(3, 4, rng=0), Linear(4, 2, rng=1))
    pair = network, optimizer(network.parameters, 0.1, 0.5)

    def step(network, players):
        y, cache = network.forward(np.ones((5, 3), np.float32))
        network.backward_params(y, cache)
        players.step()

    step(*pair)
    twin = copied(pair)
    for _ in range(3):
        step(*pair)
        step(*twin)
    for theta, other in zip(pair[0].parameters, twin[0].parameters, strict=True):
        np.testing.assert_array_equal(theta.data, other.data)
        assert not np.shares_memory(theta.data, other.data)
    for velocity, other in zip(pair[1].velocities, twin[1].velocities, strict=True):
        np.testing.assert_array_equal(velocity, other)
    assert not [name for name in pair[1].__getstate__() if "flat" in name]  # which copies would hold twice


def test_velocities_are_not_replaced_behind_the_back_of_the_update():
    optimizer = SGD([Parameter(np.ones(2))], 0.1, 0.5)
    with pytest.raises(AttributeError):
        optimizer.velocities = [np.zeros(2)]
