"""Pooling against its definition, PyTorch, and numbers made by hand: ties, overlapping windows, and those cut off."""

from itertools import product

import numpy as np
import pytest

from tinygan.gradcheck import check_gradients
from tinygan.layers import AveragePool2D, Conv2D, Flatten, MaxPool2D, Reshape, Sequential

# Windows side by side, overlapping, and with gaps; sizes that they fill, and sizes where the last ones are cut off.
SETTINGS = [
    (size, stride, side) for size, stride, side in product(range(1, 6), range(1, 7), range(1, 11)) if size <= side
]
both_pools = pytest.mark.parametrize("kind", [MaxPool2D, AveragePool2D])


def share(kind, seen):
    """Return the slope of y at each number of a window."""
    if kind is AveragePool2D:
        return np.full(seen.shape, 1 / seen.size)
    slope = np.zeros(seen.shape)
    slope.flat[seen.argmax()] = 1  # of ties, the first that one reads
    return slope


def by_definition(layer, x, grad_y):
    """Return y and grad_x, for one example of one channel, window after window."""
    y, grad_x = np.zeros_like(grad_y), np.zeros_like(x)
    for h, v in np.ndindex(*y.shape[1:3]):
        window = np.s_[0, h * layer.stride :, v * layer.stride :, 0]
        seen = x[window][: layer.size, : layer.size]
        slope = share(type(layer), seen)
        y[0, h, v, 0] = (slope * seen).sum()
        grad_x[window][: layer.size, : layer.size] += grad_y[0, h, v, 0] * slope
    return y, grad_x


@both_pools
def test_every_setting_equals_the_definition(kind):
    rng = np.random.default_rng(0)
    for size, stride, side in SETTINGS:
        layer, x = kind(size, stride), rng.integers(4, size=(1, side, side + 1, 1)).astype(np.float64)  # full of ties
        y, cache = layer.forward(x)
        grad_y = rng.normal(size=y.shape)
        wanted_y, wanted_grad_x = by_definition(layer, x, grad_y)
        np.testing.assert_allclose(y, wanted_y, rtol=1e-12, err_msg=f"{layer} {side}")
        np.testing.assert_allclose(
            layer.backward_input(grad_y, cache), wanted_grad_x, atol=1e-12, err_msg=f"{layer} {side}"
        )


@pytest.mark.slow
@both_pools
def test_every_setting_equals_pytorch(kind):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    rng = np.random.default_rng(1)
    function = {MaxPool2D: torch.nn.functional.max_pool2d, AveragePool2D: torch.nn.functional.avg_pool2d}[kind]
    for size, stride, side in SETTINGS:
        layer, x = kind(size, stride), rng.integers(4, size=(2, side, side + 1, 3)).astype(np.float64)
        x_theirs = torch.tensor(x.transpose(0, 3, 1, 2).copy(), requires_grad=True)
        y_theirs = function(x_theirs, size, stride, ceil_mode=True)
        y, cache = layer.forward(x)
        grad_y = rng.normal(size=y.shape)
        y_theirs.backward(torch.tensor(grad_y.transpose(0, 3, 1, 2).copy()))
        np.testing.assert_allclose(y, y_theirs.detach().numpy().transpose(0, 2, 3, 1), rtol=1e-12)
        wanted = x_theirs.grad.numpy().transpose(0, 2, 3, 1)
        np.testing.assert_allclose(layer.backward_input(grad_y, cache), wanted, atol=1e-12, err_msg=f"{layer} {side}")


@pytest.mark.parametrize(
    ("side", "size", "stride", "y_side"), [(33, 4, 2, 16), (15, 4, 2, 7), (9, 2, 2, 5), (4, 2, 4, 1), (5, 2, 4, 2)]
)
def test_windows_cover_the_image_as_in_the_nets_of_the_paper(side, size, stride, y_side):
    assert MaxPool2D(size, stride).output_shape((side, side, 3)) == (y_side, y_side, 3)
    assert AveragePool2D(size, stride).output_shape((side, side, 3)) == (y_side, y_side, 3)


def test_a_number_that_wins_several_windows_gets_all_their_gradients():
    x = np.array([[0.0, 9, 0], [0, 0, 0]])[None, :, :, None]
    y, cache = MaxPool2D(2, 1).forward(x)
    np.testing.assert_array_equal(y[0, :, :, 0], [[9, 9]])
    grad_x = MaxPool2D(2, 1).backward_input(np.array([3.0, 4.0]).reshape(1, 1, 2, 1), cache)
    np.testing.assert_array_equal(grad_x[0, :, :, 0], [[0, 7, 0], [0, 0, 0]])


@pytest.mark.parametrize("size", [2, 3, 4])
def test_of_ties_the_first_that_one_reads_wins(size):
    x = np.zeros((1, size, size, 1))
    x[0, 1, 0] = x[0, 0, 1] = 1  # the second is read first
    _, cache = MaxPool2D(size).forward(x)
    grad_x = MaxPool2D(size).backward_input(np.ones((1, 1, 1, 1)), cache)
    assert np.flatnonzero(grad_x) == [1]


@both_pools
def test_the_checker_passes_a_network_with_pools(kind):
    network = Sequential(Reshape(5, 5, 2), Conv2D(2, 3, 2, rng=0), kind(3, 2), Flatten())
    report = check_gradients(network, np.random.default_rng(0).normal(size=(3, 50)).astype(np.float32), rng=0)
    assert report.ok, str(report)


@both_pools
def test_it_prints_with_size_and_stride(kind):
    assert repr(kind(2)) == f"{kind.__name__}(2, 2)"
    assert repr(kind(4, 2)) == f"{kind.__name__}(4, 2)"
