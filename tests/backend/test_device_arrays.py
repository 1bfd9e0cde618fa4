"""All of tinygan on a GPU, tested on a fake one: what is computed there stays there, and equals what NumPy computes."""

import copy
import re

import numpy as np
import pytest
from fake_gpu import fake_cupy, hardware, host_cuda
from support import parity
from support.layer_cases import CASES, Growth

from tinygan.adversarial import NoisePrior, TrainingState, discriminator_loss, discriminator_step, generator_loss, train
from tinygan.backend import as_rng, device_of, get_array_module, to_device, to_host
from tinygan.backend.streams import draw
from tinygan.data import Gaussian, ScaledImages, normalize_contrast, scale_to_unit
from tinygan.evaluation import kernel_sums, nearest_neighbours, parzen_log_likelihood, search_bandwidth
from tinygan.functional import log_mean_exp, sigmoid, softplus
from tinygan.gradcheck import check_gradients
from tinygan.layers import Conv2D, Dropout, LeakyReLU, Linear, Maxout, Parameter, ReLU, Sequential, Sigmoid, Tanh, trace
from tinygan.optim import SGD, Adam, RMSProp, clipping, column_norms
from tinygan.recipes.mnist import MNIST

pytestmark = pytest.mark.skipif(not host_cuda.available(), reason="there is no C++ compiler to run the kernels with")

GPU = "gpu:0"
DTYPES = [np.float32, np.float64]
UPDATES = ["alternating", "simultaneous"]
MOST_LAUNCHES = 160  # of an iteration, as docs/performance.md says

both_dtypes = pytest.mark.parametrize("dtype", DTYPES)
both_updates = pytest.mark.parametrize("updates", UPDATES)


@pytest.fixture(autouse=True)
def cupy(monkeypatch):
    monkeypatch.setattr(Growth, "forward", parity.growth_anywhere)
    return fake_cupy.install(monkeypatch)


def few_ulp(dtype):
    return 8 * float(np.finfo(dtype).eps)


# Layers


SHAPES = {name: [(), (3,), (2, 3)] if case.elementwise else [()] for name, case in CASES.items()}


@both_dtypes
@pytest.mark.parametrize(("name", "shape"), [(name, shape) for name in CASES for shape in SHAPES[name]])
def test_every_layer_makes_on_the_device_what_it_makes_on_the_host(name, shape, dtype):
    found, wanted = (parity.layer(device, CASES[name], dtype, shape) for device in (GPU, "cpu"))
    if "Sigmoid" in repr(CASES[name].build(4, as_rng(0), dtype)):  # the one with an exp in a kernel
        parity.assert_close(found, wanted, few_ulp(dtype), few_ulp(dtype))
    else:
        parity.assert_same(found, wanted)


@pytest.mark.parametrize("name", CASES)
def test_no_layer_waits_for_the_device_or_copies(name, cupy):
    case = CASES[name]
    network = to_device(case.build(6, as_rng(0), np.float32), GPU)
    x = to_device(np.ones((5, *case.example(6)), np.float32), GPU)
    with cupy.counting() as counts:
        y, cache = network.forward(x, rng=as_rng(0))
        network.backward(y, cache)
        if not case.mixes_rows:  # whose evaluation asks whether it was calibrated
            network(x)
    assert counts.launches > 0 or name in ("Reshape", "Flatten")  # which are views
    assert (counts.syncs, counts.host_to_device, counts.device_to_host) == (0, 0, 0)


@pytest.mark.parametrize("activation", [ReLU(), Sigmoid(), Maxout(2)], ids=repr)
def test_an_activation_above_a_linear_layer_costs_one_launch(activation, cupy):
    network = to_device(Sequential(Linear(4, 6, rng=0), activation), GPU)
    x = to_device(np.ones((5, 4), np.float32), GPU)
    network(x)  # compiles
    with cupy.counting() as counts:
        y, cache = network.forward(x)
    assert counts.launches == 3  # the product, the bias, the activation
    with cupy.counting() as counts:
        activation.backward_input(y, cache[1])
    assert counts.launches == 1


def test_a_convolution_costs_a_few_launches_for_each_row_of_pixels(cupy):
    layer = to_device(Conv2D(2, 3, 4, stride=2, padding=1, rng=0), GPU)
    x = to_device(np.ones((5, 12, 12, 2), np.float32), GPU)
    size, height, y_height = 4, 12, 6
    with cupy.counting() as counts:
        y, cache = layer.forward(x)
    assert counts.launches <= y_height + size + 5
    with cupy.counting() as counts:
        layer.backward_input(y, cache)
    assert counts.launches <= 2 * height + size + 5
    with cupy.counting() as counts:
        layer.backward_params(y, cache)
    assert counts.launches <= 2 * y_height + size + 5


def test_a_network_of_two_precisions_is_computed_without_kernels():
    network = Sequential(Linear(4, 6, rng=0), Maxout(3), Linear(2, 3, rng=1), ReLU(), Linear(3, 2, rng=2), Sigmoid())
    network[0].weight.data = network[0].weight.data.astype(np.float64)
    results = []
    for device in ("cpu", GPU):
        x = to_device(as_rng(0).normal(size=(5, 4)).astype(np.float32), device)
        y, cache = to_device(network, device).forward(x)
        grad_x = network.backward(y, cache)
        results.append(parity.home(device, y=y, grad_x=grad_x, grads=[theta.grad for theta in network.parameters]))
        for theta in network.parameters:
            theta.grad = None
    parity.assert_same(results[1], results[0])


@pytest.mark.parametrize("layer", [ReLU(), Sigmoid(), Maxout(2), LeakyReLU(0.1), Tanh()], ids=repr)
def test_x_and_an_upstream_gradient_may_be_views(layer):
    results = []
    for device in ("cpu", GPU):
        x, wide = (to_device(as_rng(i).normal(size=(5, 8)), device) for i in range(2))
        y, cache = layer.forward(x[:, ::2])
        grad_x = layer.backward_input(wide[:, ::2][:, : y.shape[1]], cache)
        results.append(parity.home(device, y=y, grad_x=grad_x))
    parity.assert_close(results[1], results[0], few_ulp(np.float64))


def test_a_bias_of_ones_own_may_be_a_view():
    """A kernel sees no strides."""
    for activation in (ReLU(), Sigmoid(), Maxout(3)):
        results = []
        for device in ("cpu", GPU):
            network = to_device(Sequential(Linear(4, 6, rng=0), activation), device)
            network[0].bias.data = to_device(np.arange(12, dtype=np.float32), device)[::2]
            results.append(parity.home(device, y=network(to_device(np.ones((2, 4), np.float32), device))))
        parity.assert_close(results[1], results[0], few_ulp(np.float32))


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.5, 0.99])
@both_dtypes
def test_masks_are_the_same_on_both_devices(dtype, rate):
    parity.assert_same(parity.masks(GPU, rate, dtype, as_rng(2)), parity.masks("cpu", rate, dtype, as_rng(2)))


@pytest.mark.parametrize("function", [sigmoid, softplus, log_mean_exp])
@both_dtypes
def test_functions_stay_on_the_device(function, dtype):
    x = as_rng(0).normal(scale=30, size=(5, 4)).astype(dtype)
    found = parity.home(GPU, y=function(to_device(x, GPU)))
    parity.assert_close(found, {"y": np.asarray(function(x))}, few_ulp(dtype), few_ulp(dtype))


@pytest.mark.parametrize("function", [scale_to_unit, normalize_contrast])
def test_images_are_scaled_where_they_are(function):
    pixels = parity.images(7, 12).reshape(7, 3, 4)
    parity.assert_same(parity.home(GPU, rows=function(to_device(pixels, GPU))), {"rows": function(pixels)})
    x = ScaledImages(pixels, function).on(GPU)
    order = np.array([3, 1])
    parity.assert_same(parity.home(GPU, rows=x[to_device(order, GPU)]), {"rows": function(pixels[order])})


def test_a_trace_brings_home_numbers_only():
    network = Sequential(Linear(4, 6, rng=0), Maxout(2), Dropout(0.5), Linear(3, 3, rng=1), Tanh())
    x, grad_y = as_rng(0).normal(size=(2, 5, 4)).astype(np.float32)
    found = []
    for device in ("cpu", GPU):
        to_device(network, device)
        found.append(trace(network, to_device(x, device), to_device(grad_y[:, :3], device), rng=as_rng(3)))
        assert all(theta.grad is None for theta in network.parameters)
    assert str(found[0]) == str(found[1])
    for row in found[1].rows:
        numbers = [row.low, row.mean, row.high, row.grad_y_norm, row.grad_x_norm, row.grad_params_norm]
        assert {type(number) for number in numbers} <= {float, type(None)}


# Noise


@pytest.mark.parametrize("bit_generator", [np.random.Philox, np.random.MT19937, np.random.SFC64, np.random.PCG64])
@pytest.mark.parametrize("kind", ["uniform", "gaussian", "spherical"])
@both_dtypes
def test_noise_is_the_same_on_both_devices(dtype, kind, bit_generator):
    found, wanted = (
        parity.noise(device, kind, dtype, np.random.Generator(bit_generator(1))) for device in (GPU, "cpu")
    )
    if kind == "uniform":
        parity.assert_same(found, wanted)
    else:
        parity.assert_close(found, wanted, few_ulp(dtype), few_ulp(dtype))


def test_noise_of_a_philox_stream_is_made_on_the_device(cupy):
    prior = NoisePrior("uniform", 100)
    prior.sample(10, rng=0, device=GPU)
    with cupy.counting() as counts:
        prior.sample(10, rng=0, device=GPU)
    assert counts == hardware.Counters(launches=2, allocations=2)  # words, and numbers of them


def test_noise_of_another_stream_is_copied(cupy):
    with cupy.counting() as counts:
        NoisePrior("uniform", 100).sample(10, rng=np.random.default_rng(0), device=GPU)
    assert counts.host_to_device == 1


# Losses, optimisers, steps


@both_dtypes
@pytest.mark.parametrize("shape", [(6, 1), (6,)])
def test_losses_are_the_same_on_both_devices(shape, dtype):
    real, fake = as_rng(0).normal(scale=20, size=(2, *shape)).astype(dtype)
    for loss in (
        lambda real, fake: discriminator_loss(real, fake),
        lambda real, fake: discriminator_loss(real, fake[:2]),
        lambda real, fake: generator_loss(fake),
        lambda real, fake: generator_loss(fake, "minimax"),
    ):
        results = loss(*(to_device(logits, GPU) for logits in (real, fake)))
        wanted = {f"result {i}": np.asarray(array) for i, array in enumerate(loss(real, fake))}
        parity.assert_close(parity.home(GPU, result=results), wanted, few_ulp(dtype))


OPTIMIZERS = {
    "SGD": (SGD, {}),
    "SGD with a limit": (SGD, {"constraint": column_norms(0.2)}),
    "RMSProp": (RMSProp, {}),
    "Adam, clipped": (Adam, {"constraint": clipping(0.5)}),
}


@pytest.mark.parametrize(("optimizer", "settings"), OPTIMIZERS.values(), ids=OPTIMIZERS.keys())
@both_dtypes
def test_updates_are_the_same_on_both_devices_to_the_last_bit(dtype, optimizer, settings):
    results = []
    for device in ("cpu", GPU):
        rng = as_rng(1)
        arrays = [rng.normal(size=shape).astype(dtype) for shape in [(4, 3), (3,), (2, 2)]]
        thetas = [Parameter(to_device(array, device)) for array in arrays]
        players = optimizer(thetas, 0.1, 0.5, **settings)
        for step in range(4):
            players.learning_rate = np.float64(0.1 / (step + 1))
            if optimizer is not Adam:
                players.momentum = np.float64(0.1 * step)
            for theta in thetas:
                theta.accumulate(to_device(rng.normal(size=theta.data.shape).astype(dtype), device))
            players.step()
        kept = {name: value for name, value in players.state.items() if isinstance(value, list)}
        results.append(parity.home(device, data=[theta.data for theta in thetas], **kept))
    parity.assert_same(results[1], results[0])


def test_an_update_is_one_launch_for_each_parameter(cupy):
    D = to_device(MNIST().scaled(0.02).discriminator(20, rng=0), GPU)
    optimizer = SGD(D.parameters, 0.1, 0.5)
    y, cache = D.forward(to_device(np.ones((4, 20), np.float32), GPU), rng=as_rng(0))
    D.backward_params(y, cache)
    with cupy.counting() as counts:
        optimizer.step()
    assert (counts.launches, counts.allocations) == (len(D.parameters), 0)


STEPS = {
    "SGD": {},
    "RMSProp, minimax": {"optimizer": RMSProp, "objective": "minimax"},
    "limited": {"constraint": column_norms(0.3)},
}


@pytest.mark.parametrize("settings", STEPS.values(), ids=STEPS.keys())
@both_dtypes
def test_every_step_is_the_same_on_both_devices(dtype, settings):
    found, wanted = (parity.steps(device, dtype, **settings) for device in (GPU, "cpu"))
    tolerance = {np.float32: 2e-5, np.float64: 1e-13}[dtype]
    parity.assert_close(found, wanted, tolerance, tolerance)


def test_an_optimiser_made_before_its_network_moved_says_so():
    network = Linear(2, 3, rng=0)
    optimizer = SGD(network.parameters, 0.1)
    to_device(network, GPU)
    y, cache = network.forward(to_device(np.ones((1, 2), np.float32), GPU))
    network.backward_params(y, cache)
    with pytest.raises(
        ValueError,
        match=r"made for weight on cpu, float32 of shape \(2, 3\), and it is on gpu:0, float32 of shape \(2, 3\) now; "
        "make the optimiser after moving",
    ):
        optimizer.step()


def test_an_optimiser_made_after_its_network_moved_works_there_and_back_again():
    network = to_device(Linear(2, 3, rng=0), GPU)
    before = to_host(network.weight.data)
    for device in (GPU, "cpu"):
        optimizer = SGD(to_device(network, device).parameters, 0.5)
        assert device_of(network) == device
        _, cache = network.forward(to_device(np.ones((1, 2), np.float32), device))
        network.backward_params(to_device(np.ones((1, 3), np.float32), device), cache)
        optimizer.step()
    np.testing.assert_allclose(network.weight.data, before - 1, rtol=1e-6)


# Algorithm 1


@both_updates
def test_a_training_is_the_same_on_both_devices(updates):
    found, wanted = (parity.training(device, np.float64, 30, updates=updates) for device in (GPU, "cpu"))
    parity.assert_close(found, wanted, 1e-9, 1e-12)


@both_updates
def test_a_training_in_float32_is_nearly_the_same_on_both_devices(updates):
    found, wanted = (parity.training(device, np.float32, 12, updates=updates) for device in (GPU, "cpu"))
    parity.assert_close(found, wanted, 1e-4, 1e-5)


@pytest.mark.parametrize(
    "settings",
    [
        {"discriminator_steps": 3, "objective": "minimax", "of_bytes": False},
        {"noise_prior": "gaussian", "max_col_norm": 0.4},
        {"noise_prior": "spherical", "input_dropout": 0.0, "hidden_dropout": 0.0},
    ],
    ids=repr,
)
def test_other_trainings_are_the_same_on_both_devices(settings):
    settings = {"updates": "alternating", **settings}
    found, wanted = (parity.training(device, np.float64, 12, **settings) for device in (GPU, "cpu"))
    parity.assert_close(found, wanted, 1e-9, 1e-12)


def test_what_is_sampled_is_drawn_on_the_host_and_copied(cupy):
    G, D = to_device(Linear(1, 1, rng=0), GPU), to_device(Linear(1, 1, rng=1), GPU)
    optimizers = {"optimizer_d": SGD(D.parameters, 0.1), "optimizer_g": SGD(G.parameters, 0.1)}
    records = train(D, G, Gaussian(4, 1), NoisePrior("gaussian", 1), n_iterations=5, rng=0, **optimizers)
    next(records)
    with cupy.counting() as counts:
        next(records)
    assert (counts.host_to_device, counts.device_to_host, counts.syncs) == (1, 0, 0)


def steady(device, updates, n_iterations=104, batch_size=1):
    """Return a training of the MNIST recipe on bytes."""
    D, G, recipe = parity.players(device, np.float32, scale=1 / 30, updates=updates)  # widths are whole words of bits
    optimizers = dict(zip(("optimizer_d", "optimizer_g"), recipe.optimizers(D, G), strict=True))
    x = ScaledImages(parity.images(300))
    return train(
        D,
        G,
        x,
        recipe.prior(),
        n_iterations=n_iterations,
        batch_size=batch_size,
        updates=updates,
        rng=0,
        **optimizers,
    )


@both_updates
def test_a_steady_iteration_of_mnist_waits_for_nothing_copies_indices_only_and_takes_few_launches(updates, cupy):
    records = steady(GPU, updates)
    counted = []
    for _ in range(104):
        with cupy.counting() as counts:
            next(records)
        counted.append(counts)
    looked_at = [i for i, counts in enumerate(counted) if counts.syncs]
    assert looked_at == [49, 99]  # after fifty iterations each, whose hundred losses come home together
    for counts in (counted[i] for i in range(2, 104) if i not in looked_at):
        assert (counts.syncs, counts.device_to_host, counts.host_to_device) == (0, 0, 1)
        assert counts.launches <= MOST_LAUNCHES
    assert all(counted[i].device_to_host == 100 for i in looked_at)


@both_updates
def test_the_launches_of_an_iteration_do_not_depend_on_the_size_of_the_networks(updates, cupy):
    found = set()
    for batch_size in (1, 10):
        records = steady(GPU, updates, batch_size=batch_size)
        for _ in range(3):
            with cupy.counting() as counts:
                next(records)
        found.add(counts.launches)
    assert len(found) == 1


@both_updates
def test_a_training_that_diverges_on_the_device_is_noticed_within_fifty_iterations(updates):
    D, G, recipe = parity.players(GPU, np.float32, updates=updates)
    optimizers = {"optimizer_d": SGD(D.parameters, 1e30), "optimizer_g": SGD(G.parameters, 1e30)}
    records = train(
        D, G, ScaledImages(parity.images()), recipe.prior(), n_iterations=200, updates=updates, rng=0, **optimizers
    )
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match=r"diverged in iteration [12]: ") as error:
        [next(records) for _ in range(50)]
    assert re.search(r"noticed after iteration \d+, when it may have spread to every layer", str(error.value))


def test_the_last_losses_of_a_training_are_looked_at_too():
    D, G, recipe = parity.players(GPU, np.float32)
    optimizers = {"optimizer_d": SGD(D.parameters, 1e30), "optimizer_g": SGD(G.parameters, 1e30)}
    records = train(D, G, ScaledImages(parity.images()), recipe.prior(), n_iterations=4, rng=0, **optimizers)
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match=r"diverged in iteration [12]: "):
        list(records)


@pytest.mark.parametrize(("first", "second"), [(GPU, "cpu"), ("cpu", GPU), (GPU, GPU)])
@pytest.mark.parametrize("optimizer", [SGD, RMSProp])
def test_a_training_goes_on_from_its_checkpoint_on_another_device(tmp_path, first, second, optimizer):
    whole = parity.Paused("cpu", np.float64, optimizer=optimizer).go_on_to(16)
    found = parity.resumed(first, second, tmp_path / "c.npz", np.float64, 7, 16, optimizer=optimizer)
    parity.assert_close(found, whole, 1e-9, 1e-12)


def test_a_checkpoint_does_not_tell_where_it_was_written(tmp_path):
    for device in ("cpu", GPU):
        parity.Paused(device, np.float32).save(tmp_path / f"{device[:3]}.npz")
    assert (tmp_path / "cpu.npz").read_bytes() == (tmp_path / "gpu.npz").read_bytes()


def test_shares_of_a_batch_on_devices_make_the_whole():
    """Two processes with half of a batch each draw what one draws, and their gradients add up to its gradient."""

    def gradients(device, n_ranks):
        found = []
        for rank in range(n_ranks):
            D, G, recipe = parity.players(device, np.float64)
            state = TrainingState(0)
            if n_ranks > 1:
                state.take_share(rank, n_ranks)
            state.draw_for(10)
            rows = state.share.of(10)
            z = recipe.prior().sample(len(rows), rng=state.noise, dtype=np.float64, device=device)
            x = to_device(as_rng(1).random((10, 20))[rows.start : rows.stop], device)
            average = []
            optimizer = SGD(D.parameters, 0.1)
            optimizer.average = lambda grad, kept=average, share=state.weight: kept.append(share * to_host(grad))
            discriminator_step(D, G, x, z, optimizer, rng=state.dropout)
            found.append(average[0])
        return sum(found)

    whole = gradients("cpu", 1)
    for device, n_ranks in [("cpu", 2), ("cpu", 3), (GPU, 1), (GPU, 2), (GPU, 3)]:
        np.testing.assert_allclose(gradients(device, n_ranks), whole, rtol=1e-10, atol=1e-13)


# Evaluation


@both_dtypes
def test_parzen_windows_are_the_same_on_both_devices(dtype):
    parity.assert_same(parity.parzen(GPU, dtype), parity.parzen("cpu", dtype))


@pytest.mark.parametrize("bandwidths", [[1e-4], [0.01, 3.0]])
def test_parzen_windows_of_any_precision_are_the_same_on_both_devices(bandwidths):
    """In float32 where that is good enough, in float64, and by subtraction."""
    for n, spread in ((40, 1.0), (300, 1e-3), (300, 1e4)):
        samples, x = (spread * parity.points(n, 5, np.float64, seed) for seed in (0, 1))
        found = kernel_sums(to_device(samples, GPU), to_device(x, GPU), bandwidths).log_density()
        parity.assert_same(parity.home(GPU, it=found), {"it": kernel_sums(samples, x, bandwidths).log_density()})


def test_a_search_with_a_trial_is_the_same_on_both_devices():
    samples, x = (parity.points(n, 300, np.float32, seed) for seed, n in enumerate((50, 300)))
    found, wanted = (search_bandwidth(*(to_device(a, device) for a in (samples, x))) for device in (GPU, "cpu"))
    assert found.bandwidth == wanted.bandwidth
    np.testing.assert_allclose(found.curve, wanted.curve, rtol=1e-9)  # of examples equally far, each tries others


def test_a_row_of_table_1_is_the_same_on_both_devices():
    arrays = [parity.points(60, 10, np.float32, seed) for seed in range(3)]
    found, wanted = (parzen_log_likelihood(*(to_device(a, device) for a in arrays)) for device in (GPU, "cpu"))
    assert (found.mean, found.standard_error, found.bandwidth) == (wanted.mean, wanted.standard_error, wanted.bandwidth)


@both_dtypes
def test_nearest_neighbours_are_the_same_on_both_devices(dtype):
    parity.assert_same(parity.neighbours(GPU, dtype), parity.neighbours("cpu", dtype))


def test_what_test_gpu_does_at_full_size_works_at_a_small_one():
    parity.assert_parzen_agrees(GPU, 60, 300, 30, [0.1, 0.5], 1e-3)
    parity.assert_neighbours_agree(GPU, 20, 200, 30)


# Gradient checks


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_gradients_are_checked_on_the_device(name):
    case = CASES[name]
    x = as_rng(0).uniform(0.5, 2, (3, *case.example(2)))
    network = to_device(case.build(2, as_rng(1), np.float32), GPU)
    report = check_gradients(network, to_device(x, GPU), rng=0)
    assert report.ok, str(report)
    assert device_of(network) == ("cpu" if not network.parameters else GPU)


# Arrays on the wrong device


def test_arrays_of_two_devices_are_refused_by_name():
    host, there = np.ones(2), to_device(np.ones(2), GPU)
    with pytest.raises(TypeError, match=r"on one device, but argument 0 on cpu, argument 2 on gpu:0; see .*to_device"):
        get_array_module(host, 3.0, there)


@pytest.mark.parametrize(("here", "there"), [("cpu", GPU), (GPU, "cpu")])
def test_an_x_on_another_device_than_the_network_is_refused_by_name(here, there):
    x = to_device(np.ones((2, 3), np.float32), there)
    for network in (Linear(3, 2, rng=0), Sequential(Linear(3, 2, rng=0), ReLU())):
        to_device(network, here)
        for run in (network, network.forward):
            with pytest.raises(TypeError, match=rf"Linear\(3, 2\) got x on {there}, but what it learns is on {here}; "):
                run(x)


# How the error reads: ours for those that choose an array module, that of the array library for the others.
WORDS = {
    Linear(3, 2, rng=0): r"arrays must be on one device, but argument 0 on {0}, argument 1 on {1}",
    ReLU(): r"arrays must be on one device, but argument 0 on {0}, argument 1 on {1}",
    Sigmoid(): r"arrays must be on one device, but argument 0 on {0}, argument 1 on {1}",
    Maxout(1): r"arrays must be on one device, but argument 0 on {0}, argument 1 on {1}",
    LeakyReLU(0.1): None,
    Tanh(): None,
    Dropout(0.5): None,
}


@pytest.mark.parametrize(("here", "there"), [("cpu", GPU), (GPU, "cpu")])
@pytest.mark.parametrize(("layer", "words"), WORDS.items(), ids=[type(layer).__name__ for layer in WORDS])
def test_a_grad_y_on_another_device_than_the_cache_is_refused(layer, words, here, there):
    layer = to_device(copy.deepcopy(layer), here)
    y, cache = layer.forward(to_device(np.ones((2, 3), np.float32), here), rng=as_rng(0))
    grad_y = to_device(to_host(y), there)
    backward = layer.backward_params if layer.parameters else layer.backward_input
    with pytest.raises(TypeError, match=words and words.format(there, here)):
        backward(grad_y, cache)


def test_losses_of_two_devices_are_refused_by_name():
    host, there = np.ones((2, 1)), to_device(np.ones((2, 1)), GPU)
    with pytest.raises(TypeError, match="argument 0 on gpu:0, argument 1 on cpu"):
        discriminator_loss(there, host)
    with pytest.raises(TypeError, match="argument 0 on cpu, argument 1 on gpu:0"):
        discriminator_loss(host, there)


def test_a_step_with_x_on_another_device_is_refused_by_name():
    D, G, _ = parity.players(GPU, np.float32)
    z, x = to_device(np.ones((3, 6), np.float32), GPU), np.ones((3, 20), np.float32)
    with pytest.raises(TypeError, match=r"Linear\(20, 25\) got x on cpu, but what it learns is on gpu:0"):
        discriminator_step(D, G, x, z, SGD(D.parameters, 0.1), rng=0)


@pytest.mark.parametrize(("here", "there"), [("cpu", GPU), (GPU, "cpu")])
def test_evaluation_of_points_on_another_device_is_refused_by_name(here, there):
    x, y = to_device(np.ones((2, 3)), here), to_device(np.ones((2, 3)), there)
    for evaluate in (
        nearest_neighbours,
        search_bandwidth,
        lambda x, y: kernel_sums(x, y, [1.0]),
        lambda x, y: parzen_log_likelihood(x, y, y),
    ):
        with pytest.raises(TypeError, match=r"on another device than the rest; see tinygan\.backend\.to_device"):
            evaluate(x, y)


def test_players_on_two_devices_are_refused():
    D, G, recipe = parity.players(GPU, np.float32)
    to_device(D, "cpu")
    with pytest.raises(TypeError, match=r"got x on gpu:0, but what it learns is on cpu"):
        train(
            D,
            G,
            ScaledImages(parity.images()),
            recipe.prior(),
            optimizer_d=SGD(D.parameters, 0.1),
            optimizer_g=SGD(G.parameters, 0.1),
            n_iterations=1,
        )


def test_words_drawn_for_the_device_are_there_before_anybody_asks(cupy):
    parity.assert_same(parity.home(GPU, words=draw(as_rng(0), 3, 5, cupy)), {"words": draw(as_rng(0), 3, 5)})
