"""Layers on a fake GPU: right ones pass, wrong ones are named as on the host, and all is put back."""

import numpy as np
import pytest
from fake_gpu import fake_cupy, host_cuda
from support import parity
from support.layer_cases import CASES, Growth
from support.on_both import (
    BOTH,
    GPU,
    HOST_ONLY,
    anywhere,
    assert_alike,
    belongings,
    break_kernels,
    discriminator,
    generator,
)

from tinygan.backend import as_rng, device_of, get_array_module, to_device, to_host
from tinygan.gradcheck import check_gradients
from tinygan.gradcheck.gallery import GALLERY
from tinygan.layers import Layer, Linear, Maxout, ReLU, Sequential, Sigmoid, Tanh
from tinygan.optim import SGD

pytestmark = pytest.mark.skipif(not host_cuda.available(), reason="there is no C++ compiler to run the kernels with")


@pytest.fixture(autouse=True)
def cupy(monkeypatch):
    monkeypatch.setattr(Growth, "forward", parity.growth_anywhere)
    return fake_cupy.install(monkeypatch)


def checked_on_both(build, x):
    """Return the report of the host and that of the device."""
    return [check_gradients(to_device(build(), device), to_device(x, device), rng=0) for device in BOTH]


# Layers


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_right_layers_pass_with_the_report_of_the_host(name):
    case = CASES[name]
    x = as_rng(0).uniform(0.5, 2, (3, *case.example(2)))
    wanted, found = checked_on_both(lambda: case.build(2, as_rng(1), np.float32), x)
    assert found.ok, str(found)
    assert_alike(found, wanted)


@pytest.mark.slow
@pytest.mark.parametrize(("build", "width"), [(discriminator, 4), (generator, 3)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_players_pass(build, width, dtype):
    wanted, found = checked_on_both(build, as_rng(1).normal(size=(4, width)).astype(dtype))
    assert found.ok, str(found)
    assert_alike(found, wanted)


@pytest.mark.parametrize("name", anywhere("layer"))
def test_wrong_layers_of_the_gallery_are_named_as_on_the_host(name):
    bug = GALLERY[name]
    wanted, found = checked_on_both(bug.build, bug.x)
    assert not found.ok
    assert found.suspects[0].code == bug.code
    assert [(s.code, s.tensor, s.where) for s in found.suspects] == [
        (s.code, s.tensor, s.where) for s in wanted.suspects
    ]


def test_most_of_the_gallery_is_checked():
    assert len(anywhere("layer")) >= 16
    assert set(GALLERY) > HOST_ONLY


class Changing(Linear):
    """Changes one of the arrays that it meets."""

    def __init__(self, what):
        super().__init__(3, 2, rng=0)
        self.what = what

    def forward(self, x, *, rng=None):
        y, _ = super().forward(x)
        x *= 2 if self.what == "x" else 1
        return y, [x, {"more": x + 1}]

    def backward_input(self, grad_y, cache):
        changed = {"grad_y": grad_y, "the cache (1)": cache[1]["more"], "weight": self.weight.data}
        grad_x = super().backward_input(grad_y, cache[0])
        if self.what in changed:
            changed[self.what] += 1
        return grad_x

    def backward_params(self, grad_y, cache):
        super().backward_params(grad_y, cache[0])


@pytest.mark.parametrize("what", ["x", "grad_y", "the cache (1)", "weight"])
def test_what_a_layer_changes_on_the_device_is_named(what):
    for report in checked_on_both(lambda: Changing(what), as_rng(0).normal(size=(4, 3))):
        suspect = report.suspects[0]
        assert suspect.code == "mutated_input"
        assert suspect.message.startswith(f"{what} is not the same after the call")


class Doubling(Tanh):
    """Takes float32 and returns float64."""

    def forward(self, x, *, rng=None):
        y, cache = super().forward(x.astype(np.float64))
        return y, cache


def test_a_promotion_is_seen_there_too():
    wanted, found = checked_on_both(Doubling, as_rng(0).normal(size=(4, 3)))
    assert found == wanted
    assert [suspect.code for suspect in found.suspects] == ["precision"]


class Turned(Tanh):
    def backward_input(self, grad_y, cache):
        return -super().backward_input(grad_y, cache)


def test_the_layer_at_fault_in_a_network_is_found_at_the_input_that_it_gets():
    def build():
        return Sequential(Linear(3, 4, rng=0), ReLU(), Linear(4, 4, rng=1), Turned(), Linear(4, 2, rng=2))

    wanted, found = checked_on_both(build, as_rng(0).normal(size=(4, 3)))
    assert_alike(found, wanted)
    assert [(suspect.code, suspect.tensor) for suspect in found.suspects] == [("sign", "3.x")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("right", "wrong", "activation", "code"),
    [
        ("= grad_y * (y > 0)", "= -grad_y * (y > 0)", ReLU(), "sign"),
        ("grad_y * (e / ((1 + e) * (1 + e)))", "2 * grad_y * (e / ((1 + e) * (1 + e)))", Sigmoid(), "factor"),
        ("grad_piece[0] = rest", "grad_piece[0] = grad_y[i]", Maxout(2), "missing_mask"),
    ],
    ids=["relu_slope", "sigmoid_slope", "maxout_slope"],
)
def test_a_broken_kernel_is_caught_where_it_runs(right, wrong, activation, code, monkeypatch):
    broken = break_kernels(monkeypatch, right, wrong)
    on_host, on_device = checked_on_both(
        lambda: Sequential(Linear(3, 4, rng=0), activation), as_rng(0).normal(size=(4, 3))
    )
    assert broken
    assert on_host.ok
    assert (on_device.suspects[0].code, on_device.suspects[0].tensor) == (code, "1.x")


# What comes back from elsewhere


class Homing(Linear):
    """Brings one of its results to the host."""

    def __init__(self, what):
        super().__init__(3, 2, rng=0)
        self.what = what

    def at(self, what, array):
        return to_host(array) if self.what == what else array

    def forward(self, x, *, rng=None):
        y, cache = super().forward(x)
        return self.at("forward", y), cache

    def backward_input(self, grad_y, cache):
        return self.at("backward_input", super().backward_input(to_device(grad_y, GPU), cache))

    def backward_params(self, grad_y, cache):
        super().backward_params(grad_y, cache)
        self.bias.grad = self.at("bias", self.bias.grad)


@pytest.mark.parametrize("what", ["forward", "backward_input", "bias"])
def test_a_result_that_is_left_on_the_host_is_refused(what):
    x = to_device(np.ones((4, 3)), GPU)
    with pytest.raises(TypeError, match=rf"{what} gave an array on cpu, though all that it got is on gpu:0"):
        check_gradients(to_device(Homing(what), GPU), x, rng=0)


# Before and after


def laden(device):
    """Return a network on a device, whose optimiser offers room for gradients, and with a gradient."""
    network = to_device(Sequential(Linear(3, 4, rng=0), Turned(), Linear(4, 2, rng=1)), device)
    SGD(network.parameters, 0.1)
    network.parameters[0].grad = get_array_module(network.parameters[0].data).ones_like(network.parameters[0].data)
    return network


class Broken(Layer):
    def forward(self, x, *, rng=None):
        return x, x

    def backward_input(self, grad_y, cache):
        raise KeyError("by design")


@pytest.mark.parametrize("ending", ["right", "wrong", "error"])
def test_the_network_and_x_are_as_before(ending):
    network, x = laden(GPU), to_device(as_rng(0).normal(size=(4, 3)), GPU)
    if ending == "right":
        network = Sequential(network[0], Tanh(), network[2])
    elif ending == "error":
        network = Sequential(network[0], Broken(), network[2])
    before, values = belongings(network), [None if a is None else to_host(a) for a in belongings(network)]
    kept_x = to_host(x)
    if ending == "error":
        with pytest.raises(KeyError, match="by design"):
            check_gradients(network, x, rng=0)
    else:
        assert check_gradients(network, x, rng=0).ok == (ending == "right")
    for array, kept, value in zip(belongings(network), before, values, strict=True):
        assert array is kept
        if value is not None:
            assert device_of(array) == GPU
            np.testing.assert_array_equal(to_host(array), value, strict=True)
    np.testing.assert_array_equal(to_host(x), kept_x)


class Watching(Tanh):
    """Writes down what it gets, and takes all of it."""

    def __init__(self):
        self.seen = set()

    def forward(self, x, *, rng=None):
        self.seen.add(x.dtype.kind)
        y = get_array_module(x).tanh(x)
        return y, y


@pytest.mark.parametrize(("device", "kinds"), [("cpu", {"f", "c"}), (GPU, {"f"})])
def test_no_kernel_gets_complex_numbers(device, kinds):
    layer = Watching()
    assert check_gradients(layer, to_device(as_rng(0).normal(size=(4, 3)), device), rng=0).ok
    assert layer.seen == kinds


@pytest.mark.parametrize("device", BOTH)
def test_a_gradient_from_before_is_as_before_though_backward_input_adds_to_it(device):
    layer = to_device(GALLERY["counted_twice"].wrong(4, 3, rng=0), device)
    layer.bias.grad = kept = get_array_module(layer.bias.data).ones_like(layer.bias.data)
    check_gradients(layer, to_device(as_rng(0).normal(size=(5, 4)), device), rng=0)
    assert layer.bias.grad is kept
    assert (to_host(kept) == 1).all()
