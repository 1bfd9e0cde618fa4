"""What must come out the same on the host and on a GPU: functions of a device, which give arrays of the host."""

import numpy as np

from tinygan.adversarial import (
    NoisePrior,
    TrainingState,
    discriminator_step,
    generator_step,
    simultaneous_step,
    train,
)
from tinygan.backend import as_rng, device_of, get_array_module, to_device, to_host
from tinygan.data import ScaledImages
from tinygan.evaluation import ParzenWindow, kernel_sums, nearest_neighbours, search_bandwidth
from tinygan.layers import Dropout
from tinygan.optim import SGD
from tinygan.recipes.mnist import MNIST
from tinygan.runs.checkpoint import (
    load_checkpoint,
    optimizer_arrays,
    parameter_arrays,
    restore_arrays,
    restored_rng,
    rng_state,
    save_checkpoint,
)

STREAMS = ("data", "noise", "dropout")


# To a device and back


def is_array(value):
    return hasattr(value, "dtype") and hasattr(value, "shape")


def arrays_in(value):
    """Return all arrays of a cache, however deep in lists and tuples."""
    if isinstance(value, (list, tuple)):
        return [array for item in value for array in arrays_in(item)]
    return [value] if is_array(value) else []


def home(device, **results):
    """Return results on the host, every array of a list by its own name, once all are known to be on the device."""
    flat = {}
    for name, value in results.items():
        arrays = arrays_in(value)
        for i, array in enumerate(arrays):
            assert device_of(array) == device, f"{name} {i} is on {device_of(array)}"
            flat[name if is_array(value) else f"{name} {i}"] = to_host(array)
    return flat


def assert_same(found, wanted):
    """Assert that two dicts of arrays are equal, bit for bit but for the sign of a zero."""
    assert list(found) == list(wanted)
    for name, array in wanted.items():
        assert found[name].dtype == array.dtype, name
        np.testing.assert_array_equal(found[name], array, strict=array.ndim > 0, err_msg=name)


def assert_close(found, wanted, rtol, atol=0.0):
    """Assert that two dicts of arrays are nearly equal, and of one precision."""
    assert list(found) == list(wanted)
    for name, array in wanted.items():
        assert found[name].dtype == array.dtype, name
        assert found[name].shape == array.shape, name
        np.testing.assert_allclose(found[name], array, rtol=rtol, atol=atol, err_msg=name)


def in_float64(network):
    for theta in network.parameters:
        theta.data = theta.data.astype(np.float64)
    return network


# Layers


def growth_anywhere(self, x, *, rng=None):
    """Return what ``Growth.forward`` of the contract's tests returns, by the module of the array."""
    y = get_array_module(x).exp(self.theta.data * x)
    return y, (x, y)


def layer(device, case, dtype, shape=(), m=5, n=4):
    """Return all that a layer of ``test_layer_contract.CASES`` makes of one input and of one upstream gradient."""
    rng = np.random.default_rng(7)
    x = case.x(m, n, rng, shape)
    network, x = to_device(case.build(n, rng, dtype), device), to_device(x.astype(dtype), device)
    y, cache = network.forward(x, rng=as_rng(3))
    grad_y = to_device(as_rng(4).uniform(-1, 1, y.shape).astype(dtype), device)
    for _ in range(2):  # a second gradient is added to the first
        network.backward_params(grad_y, cache)
    grads = [theta.grad for theta in network.parameters]
    return home(
        device,
        evaluated=network(x),
        y=y,
        cache=cache,
        grad_x=network.backward_input(grad_y, cache),
        grads=grads,
    )


def masks(device, rate, dtype, rng):
    """Return the masks of a batch, of one drawn in two parts, and of one of images."""
    dropout, shapes = Dropout(rate), [(6, 7), (2, 9), (3, 9), (2, 3, 5)]
    x = [to_device(np.ones(shape, dtype), device) for shape in shapes]
    return home(device, masks=[dropout.forward(part, rng=rng)[1] for part in x])


def noise(device, kind, dtype, rng, latent_dim=5):
    """Return draws from a prior, of several batches."""
    prior = NoisePrior(kind, latent_dim, low=-2.0, high=0.5)
    return home(device, z=[prior.sample(m, rng=rng, dtype=dtype, device=device) for m in (4, 1, 7)])


# Training


def players(device, dtype, scale=0.02, n_pixels=20, max_col_norm=None, **recipe):
    """Return D, G, and the recipe of MNIST made small."""
    recipe = MNIST(batch_size=10, latent_dim=6, irange_d=0.1, max_col_norm=max_col_norm, **recipe).scaled(scale)
    G = recipe.generator(np.linspace(0.1, 0.9, n_pixels), rng=0)
    D = recipe.discriminator(n_pixels, rng=1)
    if dtype == np.float64:
        D, G = in_float64(D), in_float64(G)
    return to_device(D, device), to_device(G, device), recipe


def steps(device, dtype, optimizer=SGD, objective="non_saturating", **settings):
    """Return losses, parameters and velocities after each kind of step, twice."""
    D, G, recipe = players(device, dtype)
    optimizer_d, optimizer_g = (optimizer(network.parameters, 0.05, 0.5, **settings) for network in (D, G))
    rng, losses = as_rng(5), []
    for _ in range(2):
        x = to_device(rng.random((10, 20)).astype(dtype), device)
        z = [recipe.prior().sample(10, rng=rng, dtype=dtype, device=device) for _ in range(3)]
        losses.append(discriminator_step(D, G, x, z[0], optimizer_d, rng=rng))
        losses.append(generator_step(D, G, z[1], optimizer_g, rng=rng, objective=objective))
        losses += simultaneous_step(D, G, x, z[2], optimizer_d, optimizer_g, rng=rng, objective=objective)
        assert all(theta.grad is None for theta in (*D.parameters, *G.parameters))
    return home(device, losses=losses, **kept_arrays(D, G, optimizer_d, optimizer_g))


def kept_arrays(D, G, optimizer_d, optimizer_g):
    return {
        **parameter_arrays(D=D, G=G),
        **optimizer_arrays("D", D, optimizer_d),
        **optimizer_arrays("G", G, optimizer_g),
    }


def images(n=95, n_pixels=20):
    return np.random.default_rng(2).integers(0, 256, (n, n_pixels), np.uint8)


def training(device, dtype, n_iterations, *, of_bytes=True, n_pixels=20, discriminator_steps=1, **recipe):
    """Return losses, parameters and velocities after a whole `train` of a small MNIST recipe, and what it drew last."""
    D, G, recipe = players(device, dtype, n_pixels=n_pixels, **recipe)
    optimizer_d, optimizer_g = recipe.optimizers(D, G)
    state, pixels = TrainingState(3), images(n_pixels=n_pixels)
    x = ScaledImages(pixels) if of_bytes else pixels.astype(dtype) / dtype(255)
    records = train(
        D,
        G,
        x,
        recipe.prior(),
        optimizer_d=optimizer_d,
        optimizer_g=optimizer_g,
        n_iterations=n_iterations,
        batch_size=recipe.batch_size,
        discriminator_steps=discriminator_steps,
        objective=recipe.objective,
        updates=recipe.updates,
        state=state,
    )
    losses = []
    for record in records:
        losses += record[1:]
        epoch = record.iteration // recipe.iterations_per_epoch(95)
        recipe.schedule(optimizer_d, optimizer_g, iteration=record.iteration, epoch=epoch)
    result = home(device, losses=losses, **kept_arrays(D, G, optimizer_d, optimizer_g))
    draws = {name: getattr(state, name).random(3) for name in STREAMS}
    return {**result, **draws}


class Paused:
    """A training that stops after some iterations, is written to a file, and goes on from the file elsewhere."""

    def __init__(self, device, dtype, optimizer=SGD, **recipe):
        self.device, self.dtype = device, dtype
        self.D, self.G, self.recipe = players(device, dtype, **recipe)
        self.optimizer_d, self.optimizer_g = (optimizer(player.parameters, 0.05, 0.5) for player in (self.D, self.G))
        self.state = TrainingState(3)

    def arrays(self):
        return kept_arrays(self.D, self.G, self.optimizer_d, self.optimizer_g)

    def go_on_to(self, n_iterations):
        records = train(
            self.D,
            self.G,
            ScaledImages(images()),
            self.recipe.prior(),
            optimizer_d=self.optimizer_d,
            optimizer_g=self.optimizer_g,
            n_iterations=n_iterations,
            batch_size=self.recipe.batch_size,
            updates=self.recipe.updates,
            state=self.state,
        )
        for _ in records:
            pass
        return home(self.device, **self.arrays())

    def save(self, path):
        state = self.state
        start = None if state.epoch_start is None else rng_state(state.epoch_start)
        numbers = {name: getattr(state, name) for name in ("iteration", "epoch", "position")}
        streams = {name: rng_state(getattr(state, name)) for name in STREAMS}
        n_steps = [optimizer.n_steps for optimizer in (self.optimizer_d, self.optimizer_g)]
        contents = {"numbers": numbers, "streams": streams, "epoch_start": start, "n_steps": n_steps}
        save_checkpoint(path, arrays=self.arrays(), state=contents)

    def load(self, path):
        arrays, contents = load_checkpoint(path)
        restore_arrays(self.arrays(), arrays, path)
        for name, value in contents["numbers"].items():
            setattr(self.state, name, value)
        for name, value in contents["streams"].items():
            setattr(self.state, name, restored_rng(value))
        start = contents["epoch_start"]
        self.state.epoch_start = None if start is None else restored_rng(start).bit_generator.state
        for optimizer, n_steps in zip((self.optimizer_d, self.optimizer_g), contents["n_steps"], strict=True):
            optimizer.state["n_steps"] = n_steps


def resumed(first, second, path, dtype, pause, end, **settings):
    """Return what a training that began on one device and was resumed on another has in the end."""
    paused = Paused(first, dtype, **settings)
    before = paused.go_on_to(pause)
    paused.save(path)
    other = Paused(second, dtype, **settings)
    other.load(path)
    assert_same(home(second, **other.arrays()), before)
    return other.go_on_to(end)


# Evaluation


def points(n, d, dtype, seed):
    """Return points of which some lie near each other, in [0, 1]."""
    rng = np.random.default_rng(seed)
    near = rng.random((1 + n // 3, d))[rng.integers(1 + n // 3, size=n)]
    return np.clip(near + 0.1 * rng.normal(size=(n, d)), 0, 1).astype(dtype)


def parzen(device, dtype, n=150, m=90, d=12, bandwidths=(0.1, 0.2, 0.5)):
    """Return log-densities and mean log-likelihoods of points under samples, for several bandwidths."""
    samples, x = (to_device(points(size, d, dtype, seed), device) for seed, size in enumerate((n, m)))
    sums = kernel_sums(samples, x, bandwidths)
    halves = kernel_sums(samples[: n // 2], x, bandwidths).merge(kernel_sums(samples[n // 2 :], x, bandwidths))
    result = home(
        device,
        log_density=sums.log_density(),
        merged=halves.log_density(),
        nearest=sums.nearest,
        window=ParzenWindow(samples, bandwidths[1]).log_density(x),
    )
    search = search_bandwidth(samples, x, bandwidths)
    assert type(search.bandwidth) is float
    assert type(search.curve) is np.ndarray
    return {**result, "curve": search.curve, "bandwidth": np.array(search.bandwidth)}


def neighbours(device, dtype, n=70, m=110, d=12):
    """Return the nearest of the examples, and how far they are."""
    x, examples = (to_device(points(size, d, dtype, seed), device) for seed, size in ((8, n), (9, m)))
    indices, distances = nearest_neighbours(x, examples)
    return home(device, indices=indices, distances=distances)


def assert_parzen_agrees(device, n, m, d, bandwidths, nats):
    """Compare every log-density, and the curve over bandwidths, of n samples at m points on both devices."""
    arrays = [points(n, d, np.float32, 0), points(m, d, np.float32, 1)]
    there = [to_device(array, device) for array in arrays]
    found, wanted = kernel_sums(*there, bandwidths).log_density(), kernel_sums(*arrays, bandwidths).log_density()
    assert_close(home(device, it=found), {"it": wanted}, 0, nats)
    curves = search_bandwidth(*there, bandwidths), search_bandwidth(*arrays, bandwidths)
    np.testing.assert_allclose(curves[0].curve, curves[1].curve, rtol=0, atol=nats)
    assert curves[0].bandwidth == curves[1].bandwidth


def assert_neighbours_agree(device, n, m, d):
    """Compare the nearest of m examples of n points on both devices; two that are equally near may change places."""
    arrays = [points(n, d, np.float32, 0), points(m, d, np.float32, 1)]
    found, wanted = (nearest_neighbours(*(to_device(a, place) for a in arrays)) for place in (device, "cpu"))
    found = home(device, indices=found[0], distances=found[1])
    np.testing.assert_allclose(found["distances"], wanted[1], rtol=1e-12)
    assert (found["indices"] == wanted[0]).mean() > 0.999
