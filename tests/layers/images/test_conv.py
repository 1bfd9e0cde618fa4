"""Convolution and transposed convolution against their definitions, each other, PyTorch, and numbers made by hand."""

from types import SimpleNamespace

import numpy as np
import pytest
from support import windows

from tinygan.gradcheck import check_gradients
from tinygan.layers import (
    Conv2D,
    ConvTranspose2D,
    Flatten,
    Linear,
    Maxout,
    ReLU,
    Reshape,
    Sequential,
    constant,
    he,
    normal,
    trace,
)
from tinygan.layers.images import correlation
from tinygan.optim import SGD, column_norms
from tinygan.runs.checkpoint import load_parameters, save_parameters


def configurations(n, seed=0):
    """Yield arrays and settings of convolutions: odd and even sizes, strides above the size, padding, unused edges."""
    rng = np.random.default_rng(seed)
    for _ in range(n):
        size, stride = int(rng.integers(1, 5)), int(rng.integers(1, 6))
        padding = int(rng.integers(0, size))
        sides = [int(side) for side in max(1, size - 2 * padding) + rng.integers(0, 6, 2)]
        m, n_in, n_out = rng.integers(1, 4, 3)
        x, weight = rng.normal(size=(m, *sides, n_in)), rng.normal(size=(size, size, n_in, n_out))
        y_sides = [(side + 2 * padding - size) // stride + 1 for side in sides]
        grad_y = rng.normal(size=(m, *y_sides, n_out))
        yield SimpleNamespace(x=x, weight=weight, grad_y=grad_y, size=size, stride=stride, padding=padding)


def results(module, case):
    return (
        module.correlate(case.x, case.weight, case.stride, case.padding),
        module.spread(case.grad_y, case.weight, case.stride, case.padding, case.x.shape),
        module.weight_gradient(case.x, case.grad_y, case.size, case.stride, case.padding),
    )


def test_300_configurations_equal_the_definition():
    for case in configurations(300):
        for found, wanted in zip(results(correlation, case), results(windows, case), strict=True):
            np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-11, err_msg=str(vars(case)))


@pytest.mark.slow
@pytest.mark.parametrize("kind", [Conv2D, ConvTranspose2D])
def test_300_configurations_equal_autograd(kind):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    functions = {Conv2D: torch.nn.functional.conv2d, ConvTranspose2D: torch.nn.functional.conv_transpose2d}

    def theirs(array):
        """Return images or weights as PyTorch lays them out: channels first; units of y, or of x, before them."""
        return torch.tensor(
            array.transpose((3, 2, 0, 1) if array is weight else (0, 3, 1, 2)).copy(), requires_grad=True
        )

    for case in configurations(300, seed=1):
        weight, stride, padding = case.weight, case.stride, case.padding
        n_in, n_out = weight.shape[2:] if kind is Conv2D else weight.shape[:1:-1]
        layer = kind(
            n_in, n_out, case.size, stride=stride, padding=padding, bias_init=normal(1.0), rng=0, dtype=np.float64
        )
        layer.weight.data = weight
        x = case.x if kind is Conv2D else case.grad_y
        if kind is ConvTranspose2D and min((side - 1) * stride + case.size - 2 * padding for side in x.shape[1:3]) < 1:
            continue
        x_theirs, weight_theirs = theirs(x), theirs(weight)
        bias = torch.tensor(layer.bias.data, requires_grad=True)
        y_theirs = functions[kind](x_theirs, weight_theirs, bias, stride=stride, padding=padding)
        y, cache = layer.forward(x)
        grad_y = np.random.default_rng(2).normal(size=y.shape)
        y_theirs.backward(torch.tensor(grad_y.transpose(0, 3, 1, 2).copy()))
        for found, wanted in [
            (y, y_theirs.detach().numpy().transpose(0, 2, 3, 1)),
            (layer.backward(grad_y, cache), x_theirs.grad.numpy().transpose(0, 2, 3, 1)),
            (layer.weight.grad, weight_theirs.grad.numpy().transpose(2, 3, 1, 0)),
            (layer.bias.grad, bias.grad.numpy()),
        ]:
            np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-10, err_msg=str(layer))


def test_forward_and_backward_by_hand():
    layer = Conv2D(1, 1, 2, weight_init=constant(0.0), bias_init=constant(5.0), dtype=np.float64)
    layer.weight.data[..., 0, 0] = [[1, 2], [3, 4]]
    x = np.array([[1.0, 0, 2], [0, 1, 0]])[None, :, :, None]
    y, cache = layer.forward(x)
    np.testing.assert_array_equal(y[0, :, :, 0], [[5 + 1 + 4, 5 + 4 + 3]])
    grad_x = layer.backward(np.array([10.0, 100.0]).reshape(1, 1, 2, 1), cache)
    np.testing.assert_array_equal(grad_x[0, :, :, 0], [[10, 120, 200], [30, 340, 400]])
    np.testing.assert_array_equal(layer.weight.grad[..., 0, 0], [[10, 200], [100, 10]])
    np.testing.assert_array_equal(layer.bias.grad, [110])


def test_a_transposed_convolution_is_the_input_gradient_of_a_convolution():
    rng = np.random.default_rng(0)
    conv = Conv2D(2, 3, 4, stride=2, padding=1, rng=0, dtype=np.float64)
    transposed = ConvTranspose2D(3, 2, 4, stride=2, padding=1, dtype=np.float64)
    transposed.weight.data = conv.weight.data
    x, grad_y = rng.normal(size=(2, 8, 6, 2)), rng.normal(size=(2, 4, 3, 3))
    _, cache = conv.forward(x)
    y, transposed_cache = transposed.forward(grad_y)
    np.testing.assert_array_equal(conv.backward_input(grad_y, cache), y)
    np.testing.assert_array_equal(transposed.backward_input(x, transposed_cache), conv(x))
    conv.backward_params(grad_y, cache)
    transposed.backward_params(x, transposed_cache)
    np.testing.assert_array_equal(conv.weight.grad, transposed.weight.grad)


def test_it_correlates_and_does_not_flip():
    x = np.zeros((1, 3, 3, 1), np.float32)
    x[0, 1, 1] = 1
    layer = Conv2D(1, 1, 3, padding=1, rng=0)
    np.testing.assert_array_equal(layer(x)[0, ..., 0], layer.weight.data[::-1, ::-1, 0, 0])


def test_an_untied_bias_gives_each_pixel_its_own_number():
    untied = Conv2D(1, 2, 2, bias_shape=(2, 3, 2), weight_init=constant(0.0), bias_init=normal(1.0), rng=0)
    x = np.ones((4, 3, 4, 1), np.float32)
    y, cache = untied.forward(x)
    np.testing.assert_array_equal(y, np.broadcast_to(untied.bias.data, y.shape))
    grad_y = np.random.default_rng(0).normal(size=y.shape).astype(np.float32)
    untied.backward_params(grad_y, cache)
    np.testing.assert_allclose(untied.bias.grad, grad_y.sum(axis=0), rtol=1e-6)
    assert (untied.output_shape(None), untied.bias.unit_axis) == ((2, 3, 2), None)


@pytest.mark.parametrize(
    ("layer", "fan_in", "fan_out"),
    [
        (lambda init: Conv2D(3, 8, 5, weight_init=init), 75, 200),
        (lambda init: Conv2D(3, 8, 4, stride=2, weight_init=init), 48, 32),
        (lambda init: ConvTranspose2D(8, 3, 4, stride=2, weight_init=init), 32, 48),
        (lambda init: ConvTranspose2D(8, 3, 2, stride=3, weight_init=init), 8, 12),
    ],
)
def test_initializers_are_told_how_many_numbers_a_unit_sums_up(layer, fan_in, fan_out):
    told = {}

    def init(shape, rng, dtype, *, fan_in, fan_out):
        told.update(fan_in=fan_in, fan_out=fan_out)
        return np.zeros(shape, dtype)

    layer(init)
    assert told == {"fan_in": fan_in, "fan_out": fan_out}


@pytest.mark.parametrize("kind", [Conv2D, ConvTranspose2D])
def test_he_doubles_the_mean_square_which_a_relu_halves(kind):
    layer = kind(64, 64, 4, stride=2, weight_init=he, rng=0)
    x = np.random.default_rng(0).normal(size=(2, 20, 20, 64)).astype(np.float32)
    inner = layer(x)[:, 2:-2, 2:-2]
    assert np.mean(inner**2) == pytest.approx(2, rel=0.1)


@pytest.mark.parametrize("layer", [Conv2D(2, 3, 3, rng=0), ConvTranspose2D(2, 3, 3, rng=0)])
def test_column_norms_limit_the_kernel_of_each_unit(layer):
    layer.weight.grad = np.zeros_like(layer.weight.data)
    layer.bias.grad = np.zeros_like(layer.bias.data)
    SGD(layer.parameters, 0.1, constraint=column_norms(0.1)).step()
    units = np.moveaxis(layer.weight.data, layer.weight.unit_axis, 0)
    assert units.shape[0] == 3
    np.testing.assert_allclose(np.sqrt((units**2).sum(axis=(1, 2, 3))), 0.1, rtol=1e-6)


def test_images_stay_in_memory_as_the_next_layer_wants_them():
    network = Sequential(Conv2D(3, 4, 3, rng=0), ReLU(), Maxout(2), Conv2D(2, 3, 3, rng=0))
    x = np.random.default_rng(0).normal(size=(5, 8, 8, 3)).astype(np.float32)
    _, caches = network.forward(x)
    for cache in caches[1:2] + caches[3:]:
        assert np.shares_memory(correlation.in_rows(cache), cache)


def test_wherever_images_lie_the_result_is_the_same():
    x = np.random.default_rng(0).normal(size=(5, 6, 7, 2))
    for layer in (
        Conv2D(2, 3, 3, padding=1, rng=0, dtype=np.float64),
        ConvTranspose2D(2, 3, 3, rng=0, dtype=np.float64),
    ):
        wanted = layer(x)
        for order in [(1, 3, 2, 0), (0, 3, 1, 2), (2, 1, 0, 3)]:
            elsewhere = x.transpose(order).copy().transpose(np.argsort(order))
            np.testing.assert_array_equal(layer(elsewhere), wanted)


def small_discriminator(rng=0):
    return Sequential(
        Reshape(6, 6, 2), Conv2D(2, 4, 3, stride=2, padding=1, rng=rng), Maxout(2), Flatten(), Linear(18, 1, rng=rng)
    )  # fmt: skip


def small_generator(rng=0):
    lower = Linear(3, 8, rng=rng), ReLU(), Reshape(2, 2, 2)
    return Sequential(*lower, ConvTranspose2D(2, 2, 4, stride=3, padding=1, bias_shape=(5, 5, 2), rng=rng), Flatten())


@pytest.mark.parametrize(("network", "width"), [(small_discriminator(), 72), (small_generator(), 3)])
def test_the_checker_passes_networks_with_convolutions(network, width):
    report = check_gradients(network, np.random.default_rng(0).normal(size=(3, width)).astype(np.float32), rng=0)
    assert report.ok, str(report)


def test_a_network_prints_with_its_shapes_and_traces():
    assert str(small_discriminator()).splitlines()[1:] == [
        "0  Reshape(6, 6, 2)                      (m, 6, 6, 2)           0",
        "1  Conv2D(2, 4, 3, stride=2, padding=1)  (m, 3, 3, 4)          76",
        "2  Maxout(2)                             (m, 3, 3, 2)           0",
        "3  Flatten()                             (m, 18)                0",
        "4  Linear(18, 1)                         (m, 1)                19",
        "total                                                          95",
    ]
    rows = trace(small_generator(), np.ones((4, 3), np.float32), np.ones((4, 50), np.float32)).rows
    assert [row.shape for row in rows][2:4] == [(4, 2, 2, 2), (4, 5, 5, 2)]
    assert rows[3].layer == "ConvTranspose2D(2, 2, 4, stride=3, padding=1, bias_shape=(5, 5, 2))"


def test_a_checkpoint_brings_it_back(tmp_path):
    network, other = small_generator(0), small_generator(1)
    save_parameters(tmp_path / "g.npz", G=network)
    load_parameters(tmp_path / "g.npz", G=other)
    x = np.random.default_rng(0).normal(size=(3, 3)).astype(np.float32)
    np.testing.assert_array_equal(network(x), other(x))
