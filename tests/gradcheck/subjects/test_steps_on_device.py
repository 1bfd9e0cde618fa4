"""Steps on a fake GPU: right ones pass, wrong ones are named as on the host, and all is put back."""

import numpy as np
import pytest
from fake_gpu import fake_cupy, host_cuda
from support.on_both import BOTH, GPU, anywhere, assert_alike, belongings, break_kernels, discriminator, generator

from tinygan.adversarial import discriminator_step
from tinygan.backend import as_rng, get_array_module, to_device, to_host
from tinygan.gradcheck import check_step
from tinygan.gradcheck.gallery import GALLERY
from tinygan.layers import Linear, Sequential, Tanh, normal
from tinygan.optim import SGD

pytestmark = pytest.mark.skipif(not host_cuda.available(), reason="there is no C++ compiler to run the kernels with")


@pytest.fixture(autouse=True)
def cupy(monkeypatch):
    return fake_cupy.install(monkeypatch)


def players(device):
    made = {"weight_init": normal(0.7)}
    D = Sequential(Linear(1, 4, rng=0, **made), Tanh(), Linear(4, 1, rng=1, **made))
    G = Sequential(Linear(3, 3, rng=2, **made), Tanh(), Linear(3, 1, rng=3, **made))
    return to_device(D, device), to_device(G, device)


@pytest.mark.slow
def test_right_steps_pass_with_the_report_of_the_host():
    reports = [check_step(to_device(discriminator(), d), to_device(generator(), d), rng=0) for d in BOTH]
    assert reports[1].ok, str(reports[1])
    assert_alike(reports[1], reports[0])


def test_x_and_z_may_be_given_on_the_device():
    D, G = players(GPU)
    x, z = (to_device(as_rng(0).normal(size=(4, n)), GPU) for n in (1, 3))
    kept = to_host(x), to_host(z)
    assert check_step(D, G, x=x, z=z, rng=0).ok
    np.testing.assert_array_equal(to_host(x), kept[0])
    np.testing.assert_array_equal(to_host(z), kept[1])


@pytest.mark.slow
@pytest.mark.parametrize("name", anywhere("step"))
def test_wrong_steps_of_the_gallery_are_named_as_on_the_host(name):
    bug = GALLERY[name]
    wanted, found = (check_step(*players(device), rng=0, **{bug.right.__name__: bug.wrong}) for device in BOTH)
    assert not found.ok
    assert found.suspects[0].code == bug.code
    assert_alike(found, wanted)


@pytest.mark.slow
def test_a_broken_kernel_of_a_loss_is_caught_where_it_runs(monkeypatch):
    broken = break_kernels(monkeypatch, "y = fmax(e, (REAL)(x >= 0))", "y = -fmax(e, (REAL)(x >= 0))")
    on_host, on_device = (check_step(*players(device), rng=0) for device in BOTH)
    assert broken == {"sigmoid"}
    assert on_host.ok
    found = {(suspect.code, suspect.tensor[0]) for suspect in on_device.suspects}
    assert found == {("sign", "D"), ("sign", "G")}  # -log D is what D loses on real examples and G on its own


def moves_all(D, G, x, z, optimizer, *, rng=None):
    loss = discriminator_step(D, G, x, z, optimizer, rng=rng)
    G.parameters[0].data += 0.1
    x *= 2
    return loss


def test_what_a_step_changes_on_the_device_is_named():
    report = check_step(*players(GPU), discriminator_step=moves_all, rng=0)
    assert {(s.code, s.tensor) for s in report.suspects} == {("mutated_input", "G.0.weight"), ("mutated_input", "x")}


def fails(D, G, x, z, optimizer, *, rng=None):
    discriminator_step(D, G, x, z, optimizer, rng=rng)
    raise KeyError("by design")


@pytest.mark.parametrize("step", [discriminator_step, moves_all, fails])
def test_the_players_are_as_before(step):
    D, G = players(GPU)
    SGD(D.parameters, 0.1)
    D.parameters[0].grad = get_array_module(D.parameters[0].data).ones_like(D.parameters[0].data)
    before = belongings(D) + belongings(G)
    values = [None if array is None else to_host(array) for array in before]
    if step is fails:
        with pytest.raises(KeyError, match="by design"):
            check_step(D, G, discriminator_step=step, rng=0)
    else:
        check_step(D, G, discriminator_step=step, rng=0)
    for array, kept, value in zip(belongings(D) + belongings(G), before, values, strict=True):
        assert array is kept
        if value is not None:
            np.testing.assert_array_equal(to_host(array), value, strict=True)


@pytest.mark.parametrize(("here", "there"), [BOTH, BOTH[::-1]])
def test_players_and_examples_in_two_places_are_refused_by_name(here, there):
    D, G = players(here)
    x, z = (to_device(np.ones((4, n)), there) for n in (1, 3))
    for name, batch in (("x", {"x": x}), ("z", {"z": z})):
        with pytest.raises(
            TypeError, match=rf"check_step got {name} on {there}, but D\.0\.weight on {here}; .*to_device"
        ):
            check_step(D, G, **batch)
    words = rf'check_step got G\.0\.weight on {there}, but D\.0\.weight on {here}; .*as in to_device\(network, "{here}"'
    with pytest.raises(TypeError, match=words):
        check_step(D, to_device(G, there))
