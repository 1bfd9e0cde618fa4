"""Batch normalisation: its statistics, its gradient, and how its evaluation gets what it needs."""

import numpy as np
import pytest

from tinygan.adversarial import NoisePrior, generate, train
from tinygan.gradcheck import check_gradients
from tinygan.layers import (
    BatchNorm,
    Conv2D,
    Dropout,
    Flatten,
    Fork,
    Layer,
    LeakyReLU,
    Linear,
    Reshape,
    Sequential,
    Tanh,
    calibrate,
    named_buffers,
)
from tinygan.optim import SGD
from tinygan.runs.checkpoint import load_parameters, save_parameters
from tinygan.runs.parallel.agreeing import check_rows_apart

images = np.random.default_rng(0).normal(3, 5, (20, 4, 5, 2))
rows = images.reshape(20, -1)


def small_generator(rng=0):
    lower = Linear(3, 8, rng=rng), Reshape(2, 2, 2), BatchNorm(2), Tanh()
    return Sequential(*lower, Conv2D(2, 2, 1, rng=rng), BatchNorm(2), Flatten())


def statistics(network):
    return {name: buffer.data.copy() for name, buffer in named_buffers(network)}


@pytest.mark.parametrize(("x", "axes"), [(rows, 0), (images, (0, 1, 2))])
def test_each_feature_or_channel_has_mean_0_and_variance_1_over_the_batch(x, axes):
    layer = BatchNorm(x.shape[-1], dtype=np.float64)
    y, _ = layer.forward(x)
    np.testing.assert_allclose(y.mean(axis=axes), 0, atol=1e-12)
    np.testing.assert_allclose(y.var(axis=axes), 1, rtol=1e-5)
    layer.gamma.data[...], layer.beta.data[...] = 2, 7
    np.testing.assert_allclose(layer.forward(x)[0], 2 * y + 7)


def test_its_gradient_feels_neither_a_shift_nor_a_stretch_of_the_batch():
    layer = BatchNorm(2, epsilon=1e-12, dtype=np.float64)
    y, cache = layer.forward(images)
    grad_x = layer.backward_input(np.random.default_rng(1).normal(size=y.shape), cache)
    np.testing.assert_allclose(grad_x.sum(axis=(0, 1, 2)), 0, atol=1e-12)
    np.testing.assert_allclose((grad_x * images).sum(axis=(0, 1, 2)), 0, atol=1e-9)


def test_a_batch_of_one_row_has_no_variance_and_no_gradient():
    layer = BatchNorm(3)
    y, cache = layer.forward(np.array([[1.0, 2, 3]], np.float32))
    assert not y.any()
    assert not layer.backward(np.ones_like(y), cache).any()


def test_before_calibration_evaluation_says_what_to_do():
    with pytest.raises(
        ValueError, match=r"^BatchNorm\(2\) was not calibrated; after training, calibrate\(network, x\) sets"
    ):
        small_generator()(np.ones((4, 3), np.float32))
    with pytest.raises(ValueError, match=r"^BatchNorm\(2\) was not calibrated"):
        generate(small_generator(), NoisePrior("gaussian", 3), 5, rng=0)


def test_calibrated_on_a_batch_it_evaluates_as_in_training_on_that_batch():
    z = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    network = small_generator()
    assert calibrate(network, z) is None
    np.testing.assert_allclose(network(z), network.forward(z)[0], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(network(z[:2]), network(z)[:2], rtol=1e-5, atol=1e-6)  # rows no longer mix
    assert {type(layer) for layer in network} >= {BatchNorm}


def test_calibration_drops_nothing_and_reaches_every_branch():
    x = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)
    inner, outer = BatchNorm(2), BatchNorm(4)
    network = Sequential(Dropout(0.5), Fork(Sequential(inner), Tanh()), outer)
    calibrate(network, x)
    np.testing.assert_allclose(inner.mean.data, x.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(outer.mean.data[2:], np.tanh(x).mean(axis=0), rtol=1e-5)


def test_if_calibration_fails_the_layers_are_what_they_were():
    network = small_generator()
    with pytest.raises(ValueError, match="got x of shape"):
        calibrate(network, np.ones((4, 7), np.float32))
    assert type(network[2]) is BatchNorm
    network.forward(np.ones((4, 3), np.float32))


def test_training_leaves_the_statistics_alone():
    network = small_generator()
    z = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    calibrate(network, z)
    before = statistics(network)
    y, cache = network.forward(2 * z)
    network.backward(y, cache)
    np.testing.assert_equal(statistics(network), before)


def test_networks_with_it_train_before_anyone_calibrates():
    D = Sequential(Linear(8, 6, rng=1), BatchNorm(6), LeakyReLU(0.2), Dropout(0.5), Linear(6, 1, rng=2))
    G, x = small_generator(), np.random.default_rng(0).normal(size=(30, 8)).astype(np.float32)
    optimizers = {f"optimizer_{name}": SGD(player.parameters, 0.1) for name, player in (("d", D), ("g", G))}
    before = D[1].gamma.data.copy()
    records = list(train(D, G, x, NoisePrior("gaussian", 3), **optimizers, n_iterations=2, batch_size=10, rng=0))
    assert len(records) == 2
    assert (D[1].gamma.data != before).all()
    assert np.isnan(D[1].mean.data).all()


def test_its_statistics_are_saved_with_the_parameters(tmp_path):
    network, other = small_generator(0), small_generator(1)
    z = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    calibrate(network, z)
    save_parameters(tmp_path / "g.npz", G=network)
    with np.load(tmp_path / "g.npz") as file:
        assert {"G.2.mean", "G.2.variance", "G.5.gamma"} <= set(file.files)
    load_parameters(tmp_path / "g.npz", G=other)
    np.testing.assert_array_equal(network(z), other(z))
    save_parameters(tmp_path / "g.npz", G=small_generator(2))  # not calibrated
    load_parameters(tmp_path / "g.npz", G=other)
    with pytest.raises(ValueError, match="was not calibrated"):
        other(z)


def test_several_processes_refuse_it():
    assert small_generator().mixes_rows
    with pytest.raises(ValueError, match=r"its layer 2, BatchNorm\(2\), looks at its whole batch"):
        check_rows_apart(2, G=small_generator())


def test_the_checker_passes_it():
    report = check_gradients(small_generator(), np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32), rng=0)
    assert report.ok, str(report)


def test_it_prints_its_shape():
    assert repr(Sequential(Linear(3, 4), BatchNorm(4, epsilon=0.1))).splitlines()[2] == (
        "1  BatchNorm(4, epsilon=0.1)  (m, 4)                 8"
    )


class Centred(Layer):
    """A layer of one's own with statistics."""

    mixes_rows = True

    def __init__(self, buffer):
        self.buffers = (buffer,)

    def __call__(self, x):
        return x - self.buffers[0].data

    def forward(self, x, *, rng=None):
        return x - x.mean(axis=0), None

    def backward_input(self, grad_y, cache):
        return grad_y - grad_y.mean(axis=0)

    def measure(self, x):
        self.buffers[0].data[...] = x.mean(axis=0)


def test_a_layer_of_ones_own_is_calibrated_too():
    layer = Centred(BatchNorm(3).mean)
    calibrate(Sequential(Tanh(), layer), np.full((5, 3), 0.5, np.float32))
    np.testing.assert_allclose(layer(np.full((1, 3), np.tanh(0.5), np.float32)), 0, atol=1e-7)
