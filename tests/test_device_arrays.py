"""Arrays on a GPU stay there: no pass, loss or step hands them to a function of NumPy, tested without a GPU."""

import sys
from types import ModuleType

import numpy as np
import pytest

from tinygan.adversarial import discriminator_loss, generator_loss
from tinygan.functional import log_mean_exp, sigmoid, softplus
from tinygan.layers import LeakyReLU, Linear, Maxout, Parameter, ReLU, Sequential, Sigmoid, Tanh, trace
from tinygan.optim import SGD, RMSProp, limit_column_norms

OPERATORS = {"add", "subtract", "multiply", "divide", "negative", "power", "square", "matmul", "equal", "greater"}
OPERATORS |= {"less", "greater_equal", "less_equal", "not_equal", "invert", "logical_not"}


class DeviceArray(np.ndarray):
    """An array that bears operators and its own methods, but of functions only those of the fake CuPy."""

    def __array_ufunc__(self, ufunc, method, *inputs, out=(), **kwargs):
        assert method != "__call__" or ufunc.__name__ in OPERATORS, f"np.{ufunc.__name__} of an array on the device"
        inputs = [on_host(array) for array in inputs]
        if out:
            kwargs["out"] = tuple(on_host(array) for array in out)
        result = getattr(ufunc, method)(*inputs, **kwargs)
        return out[0] if out else on_device(result)

    def __array_function__(self, function, types, args, kwargs):
        raise AssertionError(f"np.{function.__name__} of an array on the device")


def on_device(value):
    return np.asarray(value).view(DeviceArray) if isinstance(value, (np.ndarray, np.generic)) else value


def on_host(value):
    return value.view(np.ndarray) if isinstance(value, DeviceArray) else value


class FakeCupy(ModuleType):
    """CuPy in name: the functions of NumPy, which take and return arrays on the device."""

    ndarray = DeviceArray

    def __init__(self, name="cupy", numpy=np):
        super().__init__(name)
        self.numpy = numpy

    def __getattr__(self, name):
        value = getattr(self.numpy, name)
        if isinstance(value, ModuleType):
            return FakeCupy(f"cupy.{name}", value)
        if isinstance(value, type) or not callable(value):
            return value

        def function(*args, out=None, **kwargs):
            if out is not None:
                value(*map(on_host, args), out=on_host(out), **kwargs)
                return out
            return on_device(value(*map(on_host, args), **kwargs))

        return function


@pytest.fixture(autouse=True)
def _cupy(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", FakeCupy())


@pytest.fixture
def x(rng):
    return rng.standard_normal((5, 4), dtype=np.float32)


@pytest.mark.parametrize("function", [sigmoid, softplus, log_mean_exp])
def test_functions_stay_on_the_device(function, x):
    y = function(on_device(x))
    assert isinstance(y, DeviceArray)
    np.testing.assert_array_equal(on_host(y), function(x))


@pytest.mark.parametrize("layer", [ReLU(), LeakyReLU(0.1), Sigmoid(), Tanh(), Maxout(2)], ids=str)
def test_layers_stay_on_the_device(layer, x):
    y, cache = layer.forward(x)
    on, on_cache = layer.forward(on_device(x))
    assert isinstance(on, DeviceArray)
    assert isinstance(on_cache, DeviceArray)
    np.testing.assert_array_equal(on_host(on), y)
    grad_x = layer.backward_input(on, on_cache)
    assert isinstance(grad_x, DeviceArray)
    np.testing.assert_array_equal(on_host(grad_x), layer.backward_input(y, cache))


def test_losses_stay_on_the_device(x):
    logits = on_device(x[:, :1])
    for grad in (
        *discriminator_loss(logits, logits)[1:],
        generator_loss(logits)[1],
        generator_loss(logits, "minimax")[1],
    ):
        assert isinstance(grad, DeviceArray)


@pytest.mark.parametrize("optimizer", [SGD, RMSProp])
def test_steps_stay_on_the_device(optimizer, x):
    theta = Parameter(on_device(x.copy()))
    players = optimizer([theta], 0.1, 0.5)
    theta.accumulate(on_device(x.copy()))
    players.step()
    assert isinstance(theta.data, DeviceArray)
    assert all(isinstance(velocity, DeviceArray) for velocity in players.velocities)
    assert all(isinstance(square, DeviceArray) for square in getattr(players, "mean_squares", []))
    limit_column_norms(theta.data, 0.1)
    np.testing.assert_allclose(np.linalg.norm(on_host(theta.data), axis=0), 0.1, rtol=1e-5)


def test_a_trace_brings_home_numbers_only(x):
    network = Sequential(Linear(4, 3, rng=0), Tanh())
    for theta in network.parameters:
        theta.data = on_device(theta.data)
    rows = trace(network, on_device(x), on_device(x[:, :3])).rows
    assert all(type(row.grad_x_norm) is float for row in rows)
