"""The array-module switch, with CuPy absent, present and broken, and the door for randomness."""

import re
import sys
from importlib import metadata
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from fake_gpu import fake_cupy, hardware

from tinygan import backend
from tinygan.backend import (
    as_rng,
    choose_device,
    device_of,
    get_array_module,
    gpu_available,
    is_finite,
    module_of,
    spawn_rngs,
    to_device,
    to_host,
)
from tinygan.backend.probe import cupy_wheels, gpu_problem
from tinygan.functional import sigmoid
from tinygan.layers import Linear, ReLU, Sequential


@pytest.fixture
def wheels(monkeypatch):
    """Return the names of the installed distributions, a list that a test may change."""
    names = ["numpy", "CuPy-CUDA12x"]

    def distributions():
        return [SimpleNamespace(metadata={"Name": name}) for name in names]

    monkeypatch.setattr(metadata, "distributions", distributions)
    return names


@pytest.fixture
def install(monkeypatch, wheels):
    """Return a function that installs a fake CuPy."""
    return lambda **config: fake_cupy.install(monkeypatch, **config)


@pytest.fixture
def cupy(install):
    return install()


@pytest.fixture
def _no_cupy(monkeypatch, wheels):
    wheels.remove("CuPy-CUDA12x")
    monkeypatch.setitem(sys.modules, "cupy", None)  # importing it now fails


class Importer:
    """An importer that gives no CuPy, or raises an error, and remembers how often it was asked."""

    def __init__(self, error=None):
        self.asked, self.error = [], error

    def find_spec(self, name, path=None, target=None):
        if name == "cupy":
            self.asked.append(name)
            raise self.error or ModuleNotFoundError("no CuPy here", name="cupy")


def test_every_public_name_is_there():
    assert backend.__all__ == sorted(backend.__all__, key=lambda name: (name[0].islower(), name))
    assert all(hasattr(backend, name) for name in backend.__all__)


# Which module, and where


def test_the_module_follows_the_array(cupy):
    host, there = np.ones(2), cupy.ones(2)
    assert get_array_module(host) is np
    assert get_array_module() is np
    assert get_array_module(3.0, None) is np
    assert get_array_module(there) is get_array_module(there, 3.0, there) is cupy


def test_arrays_on_two_devices_have_no_module(cupy):
    with pytest.raises(TypeError) as error:
        get_array_module(np.ones(2), "x", cupy.ones(2), np.ones(1))
    assert str(error.value) == (
        "arrays must be on one device, but argument 0 on cpu, argument 2 on gpu:0, argument 3 on cpu; "
        "see tinygan.backend.to_device and to_host"
    )


def test_a_device_is_a_name(install):
    cupy = install(device_count=2)
    assert device_of(np.ones(2)) == device_of(3.0) == device_of(ReLU()) == "cpu"
    assert device_of(cupy.ones(2)) == "gpu:0"
    with cupy.cuda.Device(1):
        there = cupy.ones(2)
    assert device_of(there) == "gpu:1"
    network = Sequential(ReLU(), Linear(2, 3, rng=0))
    assert device_of(network) == "cpu"
    assert device_of(to_device(network, "gpu")) == "gpu:0"
    assert module_of("cpu") is np
    assert module_of("gpu:0") is module_of("gpu:1") is cupy


@pytest.mark.parametrize(
    ("values", "finite"), [([1, 2], True), ([1, np.nan], False), ([-np.inf, 1], False), ([], True)]
)
def test_is_finite_looks_at_every_entry(values, finite, cupy):
    for module in (np, cupy):
        assert is_finite(module.asarray(np.array(values, float))) is finite


# Whether there is a GPU


@pytest.mark.usefixtures("_no_cupy")
def test_without_cupy_all_is_numpy():
    assert get_array_module(np.ones(2), ModuleType) is np
    assert not gpu_available()
    assert sigmoid(np.zeros(1)) == 0.5
    with pytest.raises(
        RuntimeError, match=r'^found no usable GPU for "gpu": CuPy is not installed; pip install "cupy-cuda12x\[ctk\]"'
    ):
        to_device(np.ones(2), "gpu")


def test_nothing_but_asking_for_a_gpu_looks_for_cupy(monkeypatch):
    monkeypatch.delitem(sys.modules, "cupy", raising=False)
    importer = Importer()
    monkeypatch.setattr(sys, "meta_path", [importer, *sys.meta_path])
    network = Linear(2, 3, rng=0)
    assert get_array_module(np.ones(2)) is np
    assert to_host(to_device(np.ones(2), "cpu")).sum() == 2
    assert to_device(network, "cpu") is network
    assert device_of(network) == choose_device("cpu")[0] == "cpu"
    assert sigmoid(np.zeros(1)) == 0.5
    assert importer.asked == []


def test_a_gpu_is_there_only_if_a_kernel_ran(cupy, monkeypatch):
    with cupy.counting() as counts:
        assert gpu_available()
    assert counts.launches >= 2
    assert gpu_problem() is None
    monkeypatch.setattr(cupy, "arange", cupy.zeros)  # the sum is wrong
    assert gpu_problem() == "a first kernel on the GPU gave a wrong sum; its driver or hardware is broken"
    assert not gpu_available()


BROKEN = {
    "no GPU": ({"device_count": 0}, r"^CuPy finds no GPU \(cudaErrorNoDevice: .*nvidia-smi"),
    "an old driver": (
        {"driver_too_old": True},
        "^the GPU's driver is too old for this CuPy .*; update the driver",
    ),
    "a broken runtime": ({"launch_error": RuntimeError("no rtc")}, "^no kernel runs on the GPU: no rtc$"),
    "a broken library": ({"launch_error": OSError("libnvrtc")}, "^no kernel runs on the GPU: libnvrtc$"),
    "no memory": ({"memory_limit": 1}, "^no kernel runs on the GPU: Out of memory"),
}


@pytest.mark.parametrize(("config", "words"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_gpu_is_none_and_it_is_said_why(install, config, words):
    install(**config)
    assert not gpu_available()
    problem = gpu_problem()
    assert re.search(words, problem)
    assert "\n" not in problem
    for take in (choose_device, lambda name: to_device(np.ones(2), name)):
        with pytest.raises(RuntimeError, match=re.escape(f'found no usable GPU for "gpu:0": {problem}')):
            take("gpu:0")
    assert choose_device("auto") == ("cpu", f"the cpu, since {problem}")


def test_cupy_without_a_device_is_no_gpu(cupy, monkeypatch):
    monkeypatch.setattr(cupy, "is_available", lambda: False)
    assert gpu_problem().startswith("CuPy finds no GPU; is there one, and is its driver loaded?")


@pytest.mark.parametrize("error", [ImportError("libcuda.so"), OSError("libcuda.so"), RuntimeError("libcuda.so")])
def test_a_cupy_that_cannot_be_imported_is_no_gpu(monkeypatch, wheels, error):
    monkeypatch.delitem(sys.modules, "cupy", raising=False)

    class Loader:
        def create_module(self, spec):
            return None

        def exec_module(self, module):
            raise error

    class Finder:
        def find_spec(self, name, path=None, target=None):
            return ModuleSpec("cupy", Loader()) if name == "cupy" else None

    monkeypatch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
    problem = gpu_problem()
    assert "libcuda.so" in problem
    assert problem.startswith(("cupy-cuda12x is installed but cannot be imported", "CuPy cannot be imported"))
    assert not gpu_available()


def test_two_cupys_over_each_other_are_named(cupy, wheels):
    wheels += ["cupy_thing", "cupy-cuda13x"]
    assert cupy_wheels() == ["cupy-cuda12x", "cupy-cuda13x"]
    assert gpu_problem() == (
        "2 CuPys are installed over each other, cupy-cuda12x and cupy-cuda13x; "
        "pip uninstall cupy-cuda12x cupy-cuda13x, then install one"
    )


def test_the_kernel_that_proves_a_gpu_runs_once(cupy):
    x = to_device(np.ones(2), "gpu")
    with cupy.counting() as counts:
        assert to_device(x, "gpu") is x
        to_device(np.ones(2), "gpu:0")
    assert counts == hardware.Counters(allocations=1, host_to_device=1)


def test_a_gpu_that_failed_is_asked_again(install, cupy):
    cupy.machine.driver_too_old = True
    with pytest.raises(RuntimeError, match="too old"):
        to_device(np.ones(2), "gpu")
    cupy.machine.driver_too_old = False
    assert device_of(to_device(np.ones(2), "gpu")) == "gpu:0"


# Choosing one


def test_a_device_is_chosen_with_a_reason(install):
    install(device_count=2)
    assert choose_device("cpu") == ("cpu", "the cpu, as asked")
    assert choose_device("auto") == ("gpu:0", "gpu:0, Fake GPU, on which a kernel ran")
    assert choose_device("gpu") == ("gpu:0", "gpu:0, Fake GPU, as asked")
    assert choose_device("gpu:1") == ("gpu:1", "gpu:1, Fake GPU, as asked")


def test_several_processes_are_dealt_the_gpus_in_turn(install):
    install(device_count=2)
    for asked in ("auto", "gpu"):
        assert [choose_device(asked, nth)[0] for nth in range(4)] == ["gpu:0", "gpu:1", "gpu:0", "gpu:1"]
    assert [choose_device("gpu:1", nth)[0] for nth in range(2)] == ["gpu:1", "gpu:1"]
    assert choose_device("cpu", 3)[0] == "cpu"


WRONG = ["GPU", "cuda", "cuda:0", "gpu:", "gpu:x", "gpu:-1", "gpu0", "", "gpu:1:2", "gpu:１x", None, 0]


@pytest.mark.parametrize("name", WRONG)
def test_other_names_are_refused(cupy, name):
    for take in (choose_device, lambda name: to_device(np.ones(2), name)):
        with pytest.raises(ValueError, match=r'^got the device .*; it takes "cpu", "gpu", or "gpu:1" and so on$'):
            take(name)


@pytest.mark.parametrize(("n_gpus", "there"), [(1, "gpu:0 is the only one"), (3, "there are gpu:0 to gpu:2")])
def test_a_gpu_beyond_the_last_is_refused(install, n_gpus, there):
    install(device_count=n_gpus)
    for take in (choose_device, lambda name: to_device(np.ones(2), name)):
        with pytest.raises(ValueError, match=f'^got the device "gpu:7", but {there}$'):
            take("gpu:7")


# Moving


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8, np.int64, bool])
def test_arrays_move_only_if_they_are_not_there_yet(cupy, dtype):
    host = np.arange(6).reshape(2, 3).astype(dtype)
    assert to_device(host, "cpu") is to_host(host) is host
    there = to_device(host, "gpu")
    assert isinstance(there, cupy.ndarray)
    assert to_device(there, "gpu") is to_device(there, "gpu:0") is there
    for back in (to_host(there), to_device(there, "cpu")):
        assert type(back) is np.ndarray
        np.testing.assert_array_equal(back, host, strict=True)


def test_arrays_move_from_one_gpu_to_another(install):
    cupy = install(device_count=2)
    first = to_device(np.arange(3.0), "gpu:0")
    second = to_device(first, "gpu:1")
    assert (device_of(first), device_of(second)) == ("gpu:0", "gpu:1")
    assert cupy.cuda.runtime.getDevice() == 1  # the current one, on which what follows is made
    np.testing.assert_array_equal(to_host(second), [0, 1, 2])


def test_a_network_moves_in_place_with_its_gradients(cupy):
    network = Sequential(Linear(2, 3, rng=0), ReLU(), Linear(3, 1, rng=1))
    network[0].weight.accumulate(np.ones((2, 3), np.float32))
    before = [theta.data.copy() for theta in network.parameters]
    assert to_device(network, "gpu") is network
    assert all(isinstance(theta.data, cupy.ndarray) for theta in network.parameters)
    assert isinstance(network[0].weight.grad, cupy.ndarray)
    assert network[0].bias.grad is None
    assert to_host(network) is network
    for theta, array in zip(network.parameters, before, strict=True):
        np.testing.assert_array_equal(theta.data, array, strict=True)
    np.testing.assert_array_equal(network[0].weight.grad, 1)
    assert to_device(ReLU(), "gpu").parameters == ()


def test_what_does_not_fit_is_a_memory_error(install):
    cupy = install(memory_limit=2**20)
    with pytest.raises(MemoryError, match="Out of memory"):
        to_device(np.ones(2**20), "gpu")
    cupy.machine.memory_limit = None
    assert to_device(np.ones(2**20), "gpu").size == 2**20


# Randomness


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
