"""The Fourier form computes what the direct form computes, and is taken where it is faster."""

import numpy as np
import pytest

from tinygan.layers import Conv2D, ConvTranspose2D
from tinygan.layers.images import by_dft, correlation


@pytest.fixture
def direct(monkeypatch):
    """Let `correlation` never hand over, for comparison."""
    monkeypatch.setattr(by_dft, "pays", lambda *arguments: False)


def configurations(n):
    """Yield images, weights, gradients and a padding: images of all sides, kernels as large as they can be."""
    rng = np.random.default_rng(0)
    for _ in range(n):
        size = int(rng.integers(1, 8))
        padding = int(rng.integers(0, size))
        height, width = max(1, size - 2 * padding) + rng.integers(0, 7, 2)
        m, n_in, n_out = rng.integers(1, 5, 3)
        x, weight = rng.normal(size=(m, height, width, n_in)), rng.normal(size=(size, size, n_in, n_out))
        y_sides = (height + 2 * padding - size + 1, width + 2 * padding - size + 1)
        yield x, weight, rng.normal(size=(m, *y_sides, n_out)), padding


@pytest.mark.parametrize(("dtype", "error"), [(np.float32, 1e-5), (np.float64, 1e-10)])
def test_300_configurations_equal_the_direct_form(direct, dtype, error):
    for x, weight, grad_y, padding in configurations(300):
        x, weight, grad_y = (array.astype(dtype) for array in (x, weight, grad_y))
        size = len(weight)
        for found, wanted in [
            (by_dft.correlate(x, weight, padding), correlation.correlate(x, weight, 1, padding)),
            (by_dft.spread(grad_y, weight, padding, x.shape), correlation.spread(grad_y, weight, 1, padding, x.shape)),
            (
                by_dft.weight_gradient(x, grad_y, size, padding),
                correlation.weight_gradient(x, grad_y, size, 1, padding),
            ),
        ]:
            assert (found.shape, found.dtype) == (wanted.shape, dtype)
            assert np.abs(found - wanted).max() <= error * max(1, np.abs(wanted).max())


@pytest.mark.parametrize("layer", [Conv2D(4, 8, 8, padding=3, rng=0), ConvTranspose2D(8, 4, 8, padding=3, rng=0)])
def test_a_layer_with_large_kernels_takes_it(layer, monkeypatch):
    taken = []
    for name in ("correlate", "spread", "weight_gradient"):
        function = getattr(by_dft, name)
        monkeypatch.setattr(
            by_dft, name, lambda *a, name=name, function=function: [taken.append(name), function(*a)][1]
        )
    x = np.random.default_rng(0).normal(size=(32, 16, 16, layer.n_in)).astype(np.float32)
    y, cache = layer.forward(x)
    layer.backward(y, cache)
    assert sorted(taken) == ["correlate", "spread", "weight_gradient"]


@pytest.mark.parametrize(
    ("shape", "weight_shape", "stride", "padding"),
    [
        ((128, 16, 16, 32), (8, 8, 32, 64), 2, 3),  # only for stride 1
        ((128, 16, 16, 32), (3, 3, 32, 32), 1, 1),
        ((128, 32, 32, 3), (8, 8, 3, 64), 1, 4),
        ((1, 16, 16, 32), (8, 8, 32, 64), 1, 3),  # the kernels are transformed for one image
    ],
)
def test_where_it_would_be_slower_it_is_not_taken(shape, weight_shape, stride, padding):
    assert not by_dft.pays(np.empty(0), shape, weight_shape, stride, padding)
