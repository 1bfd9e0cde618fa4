"""Sequential: a list of layers that is itself a layer."""

import numpy as np
import pytest

from tinygan.layers import Dropout, Layer, Linear, Maxout, Parameter, ReLU, Sequential, Sigmoid, Tanh, constant


class Counting(Layer):
    """y = theta + x, or y = x where it learns nothing; counts its backward passes."""

    def __init__(self, learns):
        self.calls = []
        if learns:
            self.parameters = (Parameter(np.zeros(2), "theta"),)

    def forward(self, x, *, rng=None):
        return x + (self.parameters[0].data if self.parameters else 0), None

    def backward_input(self, grad_y, cache):
        self.calls.append("input")
        return grad_y.copy()

    def backward_params(self, grad_y, cache):
        self.calls.append("params")
        for theta in self.parameters:
            theta.accumulate(grad_y.sum(axis=0))


@pytest.fixture
def D():
    return Sequential(Linear(784, 240 * 5, rng=0), Maxout(5), Dropout(0.5), Linear(240, 1, rng=1))


def test_it_is_read_like_a_list(D):
    assert len(D) == 4
    assert list(D) == list(D.layers)
    assert [D[0], D[-1]] == [D.layers[0], D.layers[3]]
    with pytest.raises(IndexError):
        D[4]


def test_its_parameters_are_those_of_its_layers_in_order(D):
    assert D.parameters == (D[0].weight, D[0].bias, D[3].weight, D[3].bias)
    assert Sequential(ReLU()).parameters == ()


def test_it_prints_as_a_table(D):
    assert repr(D).splitlines() == [
        "layer                 output shape  parameters",
        "0  Linear(784, 1200)  (m, 1200)        942,000",
        "1  Maxout(5)          (m, 240)               0",
        "2  Dropout(0.5)       (m, 240)               0",
        "3  Linear(240, 1)     (m, 1)               241",
        "total                                  942,241",
    ]


def test_shapes_are_known_from_the_first_linear_on_and_through_what_is_elementwise():
    network = Sequential(Dropout(0.2), Sequential(Linear(4, 6), Tanh()), Maxout(2))
    assert repr(network).splitlines() == [
        "layer                 output shape  parameters",
        "0    Dropout(0.2)     (m, 4)                 0",
        "1.0  Linear(4, 6)     (m, 6)                30",
        "1.1  Tanh()           (m, 6)                 0",
        "1    Sequential(...)  (m, 6)                30",
        "2    Maxout(2)        (m, 3)                 0",
        "total                                       30",
    ]
    assert repr(Sequential(Dropout(0.2), Linear(4, 1))).splitlines()[1] == "0  Dropout(0.2)  (m, 4)                 0"
    assert repr(Sequential(ReLU())).splitlines()[1] == "0  ReLU()  ?                      0"
    assert repr(Sequential(Maxout(2), Linear(4, 1))).splitlines()[1] == "0  Maxout(2)     ?                      0"


def test_it_composes_its_layers():
    double, square = Linear(1, 1, weight_init=constant(2.0)), Sigmoid()
    x = np.array([[0.5], [-1.0]], np.float32)
    np.testing.assert_array_equal(Sequential(double, square)(x), square(double(x)))
    np.testing.assert_array_equal(Sequential(square, double)(x), double(square(x)))


def test_every_layer_draws_from_the_one_rng_in_order():
    network, x = Sequential(Dropout(0.5), Dropout(0.5)), np.ones((10, 10))
    rng = np.random.default_rng(0)
    masks = [Dropout(0.5).forward(x, rng=rng)[1] for _ in range(2)]
    assert (masks[0] != masks[1]).any()
    y, cache = network.forward(x, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(cache, masks)
    np.testing.assert_array_equal(y, masks[0] * masks[1])
    _, (first, second) = network.forward(x, rng=0)  # a seed is one stream for all, not one mask for all
    assert (first != second).any()


def test_without_rng_its_dropout_refuses_to_draw():
    with pytest.raises(ValueError, match="got no rng, and dropout draws"):
        Sequential(Tanh(), Dropout(0.5)).forward(np.ones((2, 3)))


def test_it_runs_the_backward_passes_last_first(rng):
    layers = [Linear(3, 4, rng=rng, dtype=np.float64), Tanh(), Linear(4, 2, rng=rng, dtype=np.float64)]
    network, x, grad_y = Sequential(*layers), rng.standard_normal((5, 3)), rng.standard_normal((5, 2))
    y, cache = network.forward(x)
    hidden = np.tanh(x @ layers[0].weight.data)
    np.testing.assert_allclose(y, hidden @ layers[2].weight.data)
    grad_hidden = grad_y @ layers[2].weight.data.T * (1 - hidden**2)
    np.testing.assert_allclose(network.backward_input(grad_y, cache), grad_hidden @ layers[0].weight.data.T)
    network.backward_params(grad_y, cache)
    np.testing.assert_allclose(layers[0].weight.grad, x.T @ grad_hidden)
    np.testing.assert_allclose(layers[2].bias.grad, grad_y.sum(axis=0))


def test_backward_params_stops_at_the_lowest_layer_that_learns():
    layers = [Counting(learns) for learns in (False, False, True, False, True)]
    network = Sequential(*layers)
    _, cache = network.forward(np.ones((3, 2)))
    network.backward_params(np.ones((3, 2)), cache)
    assert [layer.calls.count("input") for layer in layers] == [0, 0, 0, 1, 1]
    assert [layer.calls.count("params") for layer in layers if layer.parameters] == [1, 1]
    np.testing.assert_array_equal(layers[2].parameters[0].grad, [3, 3])


def test_backward_input_does_no_work_for_parameters():
    layers = [Counting(learns) for learns in (True, False, True)]
    _, cache = Sequential(*layers).forward(np.ones((3, 2)))
    Sequential(*layers).backward_input(np.ones((3, 2)), cache)
    assert [layer.calls for layer in layers] == [["input"]] * 3


def test_backward_params_of_a_network_that_learns_nothing_does_nothing():
    layers = [Counting(False), Counting(False)]
    _, cache = Sequential(*layers).forward(np.ones((3, 2)))
    assert Sequential(*layers).backward_params(np.ones((3, 2)), cache) is None
    assert [layer.calls for layer in layers] == [[], []]


def test_nesting_changes_nothing(rng):
    a, b = Linear(3, 4, rng=rng), Linear(4, 2, rng=rng)
    x = rng.standard_normal((5, 3), dtype=np.float32)
    flat = Sequential(Dropout(0.5), a, ReLU(), b)
    nested = Sequential(Sequential(Sequential(Dropout(0.5), a), ReLU()), Sequential(b))
    assert nested.parameters == flat.parameters
    results = []
    for network in (flat, nested):
        y, cache = network.forward(x, rng=7)
        results.append([network(x), y, network.backward(y, cache), *(theta.grad for theta in network.parameters)])
        for theta in network.parameters:
            theta.grad = None
    for left, right in zip(*results, strict=True):
        np.testing.assert_array_equal(left, right)


def test_layers_that_do_not_fit_are_refused_when_the_network_is_built():
    with pytest.raises(ValueError, match=r"layer 2 does not fit on layer 1: Linear\(4, 1\) takes \(m, 4\), not \(m, 3"):
        Sequential(Linear(2, 3), ReLU(), Linear(4, 1))
    with pytest.raises(ValueError, match=r"layer 1 does not fit on layer 0: Maxout\(2\) takes \(m, 2 \* n_units\)"):
        Sequential(Linear(2, 3), Maxout(2))


def test_a_misfit_inside_an_inner_network_is_named_without_a_layer_before_the_first():
    with pytest.raises(ValueError, match=r"^Sequential: layer 1 does not fit on layer 0: Linear\(4, 1\) takes \(m, 4"):
        Sequential(Linear(2, 3), Sequential(Linear(4, 1)))


@pytest.mark.parametrize(
    ("given", "hint"), [(3, ""), (ReLU, r", did you mean ReLU\(\.\.\.\)\?"), ([ReLU()], r" one by one, .*\*layers\)\?")]
)
def test_what_is_no_layer_is_refused_with_a_hint_only_where_there_is_one(given, hint):
    with pytest.raises(TypeError, match=rf" as layer 1; it takes layers{hint}$"):
        Sequential(ReLU(), given)


def test_output_shape_follows_the_layers(D):
    assert D.output_shape((784,)) == D.output_shape(None) == (1,)
    assert Sequential(ReLU()).output_shape(None) is None
    with pytest.raises(ValueError, match=r"Linear\(784, 1200\) takes \(m, 784\), not \(m, 100\)"):
        D.output_shape((100,))


def test_a_shape_passes_through_layers_that_keep_it():
    assert Sequential(Tanh(), Sigmoid()).shapes_inside((3,)) == [(3,), (3,)]
