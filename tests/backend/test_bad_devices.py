"""Devices that are not there, too small or the wrong ones: each is answered by one error that says what to do."""

import re
import sys

import numpy as np
import pytest
from fake_gpu import fake_cupy

from tinygan.adversarial import NoisePrior, train
from tinygan.backend import get_array_module, to_device
from tinygan.backend.probe import gpu_facts, gpu_problem
from tinygan.figures.curves import draw_curves, draw_live
from tinygan.figures.frame import Frame
from tinygan.figures.gallery import DrawnTraining, draw_comparison
from tinygan.figures.likelihoods import draw_bandwidths, draw_likelihoods
from tinygan.figures.samples import draw_interpolation, draw_samples
from tinygan.layers import Dropout, LeakyReLU, Linear, ReLU, Sequential, Sigmoid, Tanh
from tinygan.optim import SGD


@pytest.fixture
def cupy(monkeypatch):
    return fake_cupy.install(monkeypatch)


# Why there is no GPU


def test_no_driver_is_not_an_old_driver(cupy, monkeypatch):
    """CUDA says that the driver is insufficient where there is none."""
    cupy.machine.driver_too_old = True
    monkeypatch.setattr(cupy.cuda.runtime, "driverGetVersion", lambda: 0)
    assert gpu_problem() == "CuPy finds no GPU: there is no NVIDIA driver; where there is a GPU, install its driver"


@pytest.mark.parametrize(
    ("wheel", "remedy"),
    [
        ("cupy-cuda12x", "; update the driver"),
        ("cupy-cuda13x", '; update the driver, or pip uninstall cupy-cuda13x and pip install "cupy-cuda12x[ctk]"'),
    ],
)
def test_an_old_driver_is_told_from_what_it_has_and_needs(cupy, monkeypatch, wheel, remedy):
    monkeypatch.setattr("tinygan.backend.probe.cupy_wheels", lambda: [wheel])
    cupy.machine.driver_too_old = True
    assert gpu_problem().endswith(f"(it runs CUDA 11.4, CuPy is made for 12.9){remedy}")


@pytest.mark.parametrize(("visible", "hint"), [(None, "nvidia-smi lists"), ("", "CUDA_VISIBLE_DEVICES='' hides")])
def test_gpus_that_are_hidden_are_found_out(cupy, monkeypatch, visible, hint):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    cupy.machine.device_count = 0
    assert hint in gpu_problem()


def test_the_banner_of_a_failed_import_is_one_line(monkeypatch, tmp_path):
    banner = "\n====\nFailed to import CuPy.\n\nIf you ...\n====\n"
    (tmp_path / "cupy.py").write_text(
        f"try:\n    raise ImportError('libcuda.so.1:\\n cannot open')\nexcept ImportError as error:\n"
        f"    raise ImportError({banner!r}) from error\n",
        encoding="utf-8",
    )
    monkeypatch.delitem(sys.modules, "cupy", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("tinygan.backend.probe.cupy_wheels", lambda: ["cupy-cuda12x"])
    assert gpu_problem() == "cupy-cuda12x is installed but cannot be imported: libcuda.so.1: cannot open"
    assert gpu_facts()["version"] is None


def test_a_cupy_that_lost_its_files_is_to_be_installed_again(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    monkeypatch.setattr("tinygan.backend.probe.cupy_wheels", lambda: ["cupy-cuda12x"])
    assert gpu_problem() == ("the files of cupy-cuda12x are gone; pip install --force-reinstall --no-deps cupy-cuda12x")


def test_a_folder_called_cupy_is_no_cupy(monkeypatch, tmp_path):
    (tmp_path / "cupy").mkdir()
    monkeypatch.delitem(sys.modules, "cupy", raising=False)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])  # without a real one
    monkeypatch.setattr("tinygan.backend.probe.cupy_wheels", list)
    assert gpu_problem() == "CuPy is installed but cannot be imported: module 'cupy' has no attribute 'cuda'"
    assert get_array_module(np.ones(2)) is np


# Out of memory


def test_an_array_that_does_not_fit_is_named(cupy):
    cupy.machine.memory_limit = 2000
    with pytest.raises(MemoryError, match=r"^gpu:0 has no room for an array of shape \(30, 40\): Out of memory alloc"):
        to_device(np.zeros((30, 40)), "gpu")


def records(batch_size, **settings):
    D, G = (to_device(Sequential(Linear(2, 300, rng=0), Linear(300, n, rng=1)), "gpu") for n in (1, 2))
    players = {"optimizer_d": SGD(D.parameters, 0.1), "optimizer_g": SGD(G.parameters, 0.1)}
    x = np.ones((200, 2), np.float32)
    return train(D, G, x, NoisePrior("uniform", 2), n_iterations=5, batch_size=batch_size, rng=0, **players, **settings)


@pytest.mark.parametrize("updates", ["alternating", "simultaneous"])
@pytest.mark.parametrize(("batch_size", "remedy"), [(100, "try batch_size=50, not 100"), (1, "try narrower networks")])
def test_a_step_that_does_not_fit_suggests_a_batch_size(cupy, updates, batch_size, remedy):
    iterations = records(batch_size, updates=updates)
    assert [next(iterations).iteration for _ in range(2)] == [1, 2]
    cupy.machine.memory_limit = 1  # another program takes the rest
    with pytest.raises(MemoryError) as error:
        next(iterations)
    words = r"^iteration 3 does not fit on gpu:0: Out of memory allocating [\d,]+ bytes \(allocated so far: .*\); "
    assert re.match(words + remedy + "$", str(error.value))


# Arrays of a GPU in a picture


def frame(g_z):
    x, z = np.linspace(0, 1, 11), np.linspace(-1, 1, 5)
    return Frame(1, x, 1 + 0 * x, 2 * x, 0 * x + 0.5, 1 / (1 + 2 * x), z, g_z, -1.4, -1.3, 0.1)


X = np.linspace(0.1, 1, 11)
RUN = DrawnTraining([0, 10], [0.5, 0.1], X, X)
PICTURES = {
    "draw_samples got images": (lambda a, path: draw_samples(a, path), (4, 3, 3)),
    "draw_samples got neighbours": (lambda a, path: draw_samples(np.ones((4, 3, 3)), path, neighbours=a), (2, 3, 3)),
    "draw_interpolation got images": (lambda a, path: draw_interpolation(a, path), (2, 4, 3, 3)),
    "draw_live got images": (lambda a, path: draw_live(a, [], path), (4, 3, 3)),
    "draw_bandwidths got searches['G'] with bandwidths": (lambda a, path: draw_bandwidths({"G": (a, X)}, path), (11,)),
    "draw_bandwidths got searches['G'] with curve": (lambda a, path: draw_bandwidths({"G": (X, a)}, path), (11,)),
    "draw_likelihoods got series['G'] with standard_errors": (
        lambda a, path: draw_likelihoods({"G": (X, X, a)}, path),
        (11,),
    ),
    "draw_comparison got p_data": (lambda a, path: draw_comparison("", RUN, RUN, a, 0.1, path), (11,)),
    "draw_comparison got wrong.p_g": (
        lambda a, path: draw_comparison("", RUN, RUN._replace(p_g=a), X, 0.1, path),
        (11,),
    ),
    "Frame got g_z": (lambda a, path: frame(a), (5,)),
}


@pytest.mark.parametrize(("what", "draw", "shape"), [(what, *case) for what, case in PICTURES.items()], ids=PICTURES)
def test_a_picture_takes_arrays_on_the_host_only(cupy, tmp_path, what, draw, shape):
    array, name = np.ones(shape), what.split()[-1]
    draw(array, tmp_path / "right.png")
    with cupy.counting() as counts, pytest.raises(TypeError) as error:
        draw(cupy.asarray(array), tmp_path / "wrong.png")
    assert str(error.value) == (
        f"{what} on gpu:0; it takes arrays on the host, as tinygan.backend.to_host({name}) gives"
    )
    assert counts.device_to_host == 0
    assert not (tmp_path / "wrong.png").exists()


def test_a_loss_of_a_gpu_is_no_number_to_draw(cupy, tmp_path):
    epoch = {"epoch": 1, "loss_d": 1.2, "loss_g": 0.8, "d_real": 0.6, "d_fake": 0.4}
    with pytest.raises(TypeError, match=r"^draw_curves got metrics\[0\]\['loss_d'\]=.*; it takes a finite number$"):
        draw_curves([epoch | {"loss_d": cupy.ones(())}], tmp_path / "wrong.png")


# Two devices


@pytest.mark.parametrize("layer", [ReLU(), LeakyReLU(), Sigmoid(), Tanh(), Dropout(0.5)], ids=repr)
def test_a_gradient_and_a_cache_on_two_devices_are_refused(cupy, layer):
    x = np.ones((2, 3), np.float32)
    _, cache = layer.forward(to_device(x, "gpu"), rng=0)
    with pytest.raises(TypeError, match="arrays must be on one device, but argument 0 on cpu, argument 1 on gpu:0"):
        layer.backward_input(x, cache)
