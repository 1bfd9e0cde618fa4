"""The place of a check, on a fake GPU: networks there compute with the checker's numbers, and keep their own."""

import numpy as np
import pytest
from fake_gpu import fake_cupy
from support.on_both import BOTH, GPU

from tinygan.backend import to_device, to_host
from tinygan.gradcheck import check_functions, check_gradients
from tinygan.gradcheck.subjects.on_device import place_of
from tinygan.layers import Linear


@pytest.fixture(autouse=True)
def cupy(monkeypatch):
    return fake_cupy.install(monkeypatch)


def test_a_layer_has_its_own_numbers_again_between_two_calls():
    layer = to_device(Linear(3, 2, rng=0), GPU)
    weight, bias = layer.weight.data, layer.bias.data
    place = place_of("a test", {"weight": layer.weight, "bias": layer.bias})
    place.parameters["weight"].data[...] = 7
    kept = to_host(weight)
    with place.lending():
        assert (to_host(layer.weight.data) == 7).all()
        layer.bias.data = layer.bias.data + 1
    assert layer.weight.data is weight
    assert layer.bias.data is bias
    np.testing.assert_array_equal(to_host(weight), kept)
    assert (to_host(bias) == 0).all()
    assert (place.parameters["bias"].data == 1).all()


@pytest.mark.parametrize(("here", "there"), [BOTH, BOTH[::-1]])
def test_x_elsewhere_is_refused_by_name(here, there):
    layer, x = to_device(Linear(3, 2, rng=0), here), to_device(np.ones((4, 3)), there)
    words = (
        rf'Linear\(3, 2\) got x on {there}, but weight on {here}; .*backend\.to_device, as in to_device\(x, "{here}"'
    )
    with pytest.raises(TypeError, match=words):
        check_gradients(layer, x)


def test_functions_are_checked_on_the_host_only():
    x = to_device(np.ones((2, 3)), GPU)
    with pytest.raises(TypeError, match=r"got x on gpu:0; functions are checked on arrays of NumPy, .*to_host"):
        check_functions(lambda x: (2 * x, None), lambda dout, cache: 2 * dout, (x,))
