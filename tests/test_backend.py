"""The array-module switch, with CuPy absent, present and broken, and the door for randomness."""

import sys
from types import ModuleType

import numpy as np
import pytest

from tinygan.backend import (
    as_rng,
    get_array_module,
    gpu_available,
    is_finite,
    spawn_rngs,
    to_device,
    to_host,
)
from tinygan.functional import sigmoid


class FakeArray:
    """An array that lives on no GPU at all, but is not NumPy's."""

    def __init__(self, values):
        self.values = np.asarray(values)

    def get(self):
        return self.values.copy()

    def sum(self):
        return self.values.sum()


@pytest.fixture
def cupy(monkeypatch):
    module = ModuleType("cupy")
    module.ndarray = FakeArray
    module.is_available = lambda: True
    module.arange = lambda n: FakeArray(np.arange(n))
    module.asarray = lambda array: array if isinstance(array, FakeArray) else FakeArray(array)
    monkeypatch.setitem(sys.modules, "cupy", module)
    return module


@pytest.fixture
def _no_cupy(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)  # importing it now fails


class Refusal:
    """An importer that has no CuPy and remembers how often it was asked."""

    def __init__(self):
        self.asked = []

    def find_spec(self, name, path=None, target=None):
        if name == "cupy":
            self.asked.append(name)
            raise ImportError("no CuPy here")


def test_the_module_follows_the_array(cupy):
    host, device = np.ones(2), FakeArray([1, 2])
    assert get_array_module(host) is np
    assert get_array_module() is np
    assert get_array_module(3.0, None) is np
    assert get_array_module(device) is cupy
    assert get_array_module(host, device) is cupy


@pytest.mark.usefixtures("_no_cupy")
def test_without_cupy_all_is_numpy():
    assert get_array_module(np.ones(2), FakeArray([1])) is np
    assert not gpu_available()
    assert sigmoid(np.zeros(1)) == 0.5
    with pytest.raises(RuntimeError, match=r'to_device\(array, "gpu"\) found no usable GPU: CuPy is missing'):
        to_device(np.ones(2), "gpu")


def test_nothing_but_asking_for_a_gpu_imports_cupy(monkeypatch):
    monkeypatch.delitem(sys.modules, "cupy", raising=False)
    importer = Refusal()
    monkeypatch.setattr(sys, "meta_path", [importer, *sys.meta_path])
    assert get_array_module(np.ones(2)) is np
    assert to_host(to_device(np.ones(2), "cpu")).sum() == 2
    assert sigmoid(np.zeros(1)) == 0.5
    assert not gpu_available()
    assert importer.asked == ["cupy"]  # by gpu_available, and by nobody before it


def test_a_gpu_is_there_only_if_a_kernel_ran(cupy):
    assert gpu_available()
    cupy.arange = lambda n: FakeArray([0])  # the sum is wrong
    assert not gpu_available()


@pytest.mark.parametrize("error", [RuntimeError, OSError, AttributeError])
def test_a_broken_driver_is_no_gpu(cupy, error):
    def broken(n):
        raise error("no driver")

    cupy.arange = broken
    assert not gpu_available()
    with pytest.raises(RuntimeError, match="no usable GPU"):
        to_device(np.ones(2), "gpu")


def test_cupy_without_a_device_is_no_gpu(cupy):
    cupy.is_available = lambda: False
    assert not gpu_available()


@pytest.mark.usefixtures("cupy")
def test_arrays_move_only_if_they_are_not_there_yet():
    host, device = np.arange(3.0), FakeArray([1.0, 2.0])
    assert to_device(host, "cpu") is host
    assert to_host(host) is host
    assert to_device(device, "gpu") is device
    np.testing.assert_array_equal(to_host(device), [1, 2])
    assert type(to_host(device)) is np.ndarray
    np.testing.assert_array_equal(to_device(device, "cpu"), [1, 2])
    there = to_device(host, "gpu")
    assert type(there) is FakeArray
    np.testing.assert_array_equal(there.values, host)


def test_a_seed_is_a_philox_stream():
    wanted = np.random.Generator(np.random.Philox(7)).random(5)
    np.testing.assert_array_equal(as_rng(7).random(5), wanted)
    np.testing.assert_array_equal(as_rng(np.int64(7)).random(5), wanted)
    assert (as_rng(8).random(5) != wanted).all()


def test_a_generator_is_passed_through_and_none_is_fresh(rng):
    assert as_rng(rng) is rng
    assert as_rng(None).random() != as_rng(None).random()


@pytest.mark.parametrize("wrong", [True, np.True_, 1.0, "0", [1], np.random.Philox(0), np.random.default_rng])
def test_nothing_else_is_a_source_of_randomness(wrong):
    with pytest.raises(TypeError, match=r"^rng got .*; it takes a numpy\.random\.Generator, an int seed or None$"):
        as_rng(wrong)


def test_a_negative_seed_is_an_error():
    with pytest.raises(ValueError, match=r"^rng got the seed -1; it takes an int >= 0$"):
        as_rng(-1)


def test_spawned_streams_are_repeatable_and_apart():
    draws = [stream.random(100) for stream in spawn_rngs(as_rng(3), 4)]
    again = [stream.random(100) for stream in spawn_rngs(as_rng(3), 4)]
    np.testing.assert_array_equal(draws, again)
    assert np.unique(draws).size == 400
    assert spawn_rngs(as_rng(3), 0) == []


def test_drawing_more_of_one_stream_leaves_the_others_alone():
    first, second = spawn_rngs(as_rng(3), 2)
    wanted = second.random(5)
    first, second = spawn_rngs(as_rng(3), 2)
    first.random(1000)
    np.testing.assert_array_equal(second.random(5), wanted)


def test_the_first_streams_do_not_depend_on_how_many_there_are():
    few, many = spawn_rngs(as_rng(3), 2), spawn_rngs(as_rng(3), 5)
    assert [stream.random() for stream in few] == [stream.random() for stream in many[:2]]


@pytest.mark.parametrize(
    ("values", "finite"), [([1, 2], True), ([1, np.nan], False), ([-np.inf, 1], False), ([], True)]
)
def test_is_finite_looks_at_every_entry(values, finite):
    assert is_finite(np.array(values, float)) is finite
