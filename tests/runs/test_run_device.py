"""A run on a GPU, tested on a fake one: the same files as on the host, and it goes on from one to the other."""

import json

import numpy as np
import pytest
from fake_gpu import fake_cupy
from support.runs import arrays_of, go_on, made_images, metrics_of, state_of

from tinygan.backend import device_of, to_device, to_host
from tinygan.layers import Linear, Sequential
from tinygan.recipes.mnist import MNIST
from tinygan.runs.start import put_on_top, resume_run, start_run


@pytest.fixture(autouse=True)
def cupy(monkeypatch):
    return fake_cupy.install(monkeypatch)


def run_on(device, folder, **settings):
    data = folder.with_name("images.npy")
    np.save(data, made_images(n=90))
    recipe = MNIST(**{"n_epochs": 2, "batch_size": 20, **settings}).scaled(0.01)
    return start_run(folder, "images", recipe, data=data, seed=0, threads=1, device=device)


def assert_nearly_the_same(folder, other):
    """Training magnifies the last bit of an exp, so not to the last bit."""
    for name, array in arrays_of(other).items():
        np.testing.assert_allclose(arrays_of(folder)[name], array, rtol=1e-3, atol=1e-5, err_msg=name)
    for line, wanted in zip(metrics_of(folder), metrics_of(other), strict=True):
        assert list(line) == list(wanted)
        assert [line["loss_d"], line["loss_g"]] == pytest.approx([wanted["loss_d"], wanted["loss_g"]], rel=1e-4)
        if "parzen" in wanted:
            assert line["parzen"]["best"]["mean"] == pytest.approx(wanted["parzen"]["best"]["mean"], rel=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("updates", ["simultaneous", "alternating"])
def test_a_run_on_a_gpu_leaves_what_one_on_the_host_leaves(tmp_path, updates):
    for device in ("cpu", "gpu"):
        run = run_on(device, tmp_path / device, updates=updates, n_epochs=5)
        assert device_of(run.D) == device_of(run.G) == device_of(run.z_view) == {"cpu": "cpu", "gpu": "gpu:0"}[device]
        assert len(go_on(run)) == run.n_iterations
    assert_nearly_the_same(tmp_path / "gpu", tmp_path / "cpu")
    streams, others = (state_of(tmp_path / device)["streams"] for device in ("gpu", "cpu"))
    assert streams == others  # all have drawn the same
    names = [{path.relative_to(tmp_path / d).as_posix() for path in (tmp_path / d).rglob("*")} for d in ("gpu", "cpu")]
    assert names[0] == names[1]


@pytest.mark.slow
@pytest.mark.parametrize(("first", "second"), [("gpu", "cpu"), ("cpu", "gpu")])
def test_a_run_goes_on_on_another_device(tmp_path, first, second):
    go_on(run_on("cpu", tmp_path / "whole"))
    go_on(run_on(first, tmp_path / "parts"), stop=3)
    saved = arrays_of(tmp_path / "parts")
    run = resume_run(tmp_path / "parts", device=second)
    assert device_of(run.D) == ("cpu" if second == "cpu" else "gpu:0")
    run.save()
    for name, array in arrays_of(tmp_path / "parts").items():
        np.testing.assert_array_equal(array, saved[name], strict=True)
    go_on(run)
    assert_nearly_the_same(tmp_path / "parts", tmp_path / "whole")


def test_between_two_looks_a_run_on_a_gpu_waits_for_nothing(tmp_path, cupy):
    moments = run_on("gpu", tmp_path / "run", batch_size=1).train()  # more than fifty iterations an epoch
    for _ in range(52):
        next(moments)
    for _ in range(5):
        with cupy.counting() as counts:
            next(moments)
        assert (counts.syncs, counts.device_to_host, counts.host_to_device) == (0, 0, 1)  # the minibatch's indices


def test_a_trained_generator_is_put_on_top_of_one_on_a_gpu():
    trained, G = Sequential(Linear(3, 2, rng=0)), Sequential(Linear(5, 3, rng=1), Linear(3, 2, rng=2))
    put_on_top(to_device(G, "gpu"), trained)
    np.testing.assert_array_equal(to_host(G)[1].weight.data, trained[0].weight.data)


@pytest.mark.slow
def test_what_diverges_on_a_gpu_is_named_and_left_as_it_was(tmp_path):
    run = run_on("gpu", tmp_path / "run", learning_rate=1e30, n_epochs=100)
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match=r"diverged in iteration \d+: "):
        go_on(run)
    found = json.loads((tmp_path / "run" / "post_mortem.json").read_text())
    assert "diverged" in found["error"]
    assert all(np.isfinite(array).all() for array in arrays_of(tmp_path / "run").values())
