"""On a real GPU, all is the same as on the host; test_device_arrays.py runs the same on a fake one."""

import numpy as np
import pytest
from support import parity
from support.layer_cases import CASES

from tinygan.backend import as_rng, device_of, to_device
from tinygan.backend.probe import gpu_problem
from tinygan.evaluation import PAPER_BANDWIDTHS
from tinygan.gradcheck import check_gradients
from tinygan.optim import SGD, RMSProp

pytestmark = pytest.mark.gpu

DTYPES = [np.float32, np.float64]
both_dtypes = pytest.mark.parametrize("dtype", DTYPES)
both_updates = pytest.mark.parametrize("updates", ["alternating", "simultaneous"])


@pytest.fixture(autouse=True, scope="module")
def gpu():
    """Return the name of the first GPU, or skip and say why there is none."""
    problem = gpu_problem()
    if problem is not None:
        pytest.skip(problem)
    return device_of(to_device(np.ones(1), "gpu"))


def tolerances(dtype, ulp=64):
    """Return what sums in another order may cost."""
    eps = float(np.finfo(dtype).eps)
    return {"rtol": ulp * eps, "atol": ulp * eps}


SHAPES = {name: [(), (3,), (2, 3)] if case.elementwise else [()] for name, case in CASES.items()}


@both_dtypes
@pytest.mark.parametrize(("name", "shape"), [(name, shape) for name in CASES for shape in SHAPES[name]])
def test_every_layer(gpu, name, shape, dtype):
    found, wanted = (parity.layer(device, CASES[name], dtype, shape) for device in (gpu, "cpu"))
    parity.assert_close(found, wanted, **tolerances(dtype))


@pytest.mark.parametrize("name", ["Linear", "Maxout", "Sequential of D", "Sequential"])
def test_gradients_are_checked(gpu, name):
    case = CASES[name]
    network = to_device(case.build(2, as_rng(1), np.float32), gpu)
    report = check_gradients(network, to_device(as_rng(0).uniform(0.5, 2, (3, *case.example(2))), gpu), rng=0)
    assert report.ok, str(report)


@both_dtypes
@pytest.mark.parametrize("rate", [0.2, 0.5])
def test_masks_are_the_same_bits(gpu, rate, dtype):
    parity.assert_same(parity.masks(gpu, rate, dtype, as_rng(2)), parity.masks("cpu", rate, dtype, as_rng(2)))


@both_dtypes
@pytest.mark.parametrize("latent_dim", [5, 100])
def test_uniform_noise_is_the_same_bits(gpu, dtype, latent_dim):
    found, wanted = (parity.noise(device, "uniform", dtype, as_rng(1), latent_dim) for device in (gpu, "cpu"))
    parity.assert_same(found, wanted)


@both_dtypes
@pytest.mark.parametrize("kind", ["gaussian", "spherical"])
def test_other_noise_is_the_same_to_rounding(gpu, kind, dtype):
    found, wanted = (parity.noise(device, kind, dtype, as_rng(1), 100) for device in (gpu, "cpu"))
    parity.assert_close(found, wanted, **tolerances(dtype))


@both_dtypes
@pytest.mark.parametrize("optimizer", [SGD, RMSProp])
def test_every_step(gpu, optimizer, dtype):
    found, wanted = (parity.steps(device, dtype, optimizer=optimizer) for device in (gpu, "cpu"))
    parity.assert_close(found, wanted, **tolerances(dtype, 2**12))


@both_updates
def test_fifty_iterations_of_a_small_mnist(gpu, updates):
    found, wanted = (parity.training(device, np.float64, 50, updates=updates) for device in (gpu, "cpu"))
    parity.assert_close(found, wanted, 1e-9, 1e-12)


@both_updates
def test_five_iterations_of_mnist_in_full_width(gpu, updates):
    found, wanted = (
        parity.training(device, np.float32, 5, scale=1.0, n_pixels=784, updates=updates) for device in (gpu, "cpu")
    )
    parity.assert_close(found, wanted, 1e-3, 1e-4)


@pytest.mark.parametrize("reverse", [False, True], ids=["from the GPU to the host", "from the host to the GPU"])
@pytest.mark.parametrize("optimizer", [SGD, RMSProp])
def test_a_training_goes_on_on_another_device(gpu, tmp_path, optimizer, reverse):
    first, second = ("cpu", gpu) if reverse else (gpu, "cpu")
    whole = parity.Paused("cpu", np.float64, optimizer=optimizer).go_on_to(30)
    found = parity.resumed(first, second, tmp_path / "c.npz", np.float64, 13, 30, optimizer=optimizer)
    parity.assert_close(found, whole, 1e-9, 1e-12)


@both_dtypes
def test_small_parzen_windows(gpu, dtype):
    parity.assert_close(parity.parzen(gpu, dtype), parity.parzen("cpu", dtype), 1e-5, 1e-4)


@both_dtypes
def test_nearest_neighbours(gpu, dtype):
    parity.assert_close(parity.neighbours(gpu, dtype), parity.neighbours("cpu", dtype), 1e-12, 1e-12)


@pytest.mark.slow
def test_table_1_at_full_size(gpu):
    """10,000 samples, 10,000 points of 784 numbers and ten bandwidths, to 1e-3 nats."""
    parity.assert_parzen_agrees(gpu, 10_000, 10_000, 784, PAPER_BANDWIDTHS, 1e-3)


def test_nearest_neighbours_of_images(gpu):
    parity.assert_neighbours_agree(gpu, 100, 10_000, 784)
