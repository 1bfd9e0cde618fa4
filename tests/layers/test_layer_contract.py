"""What every layer promises, tested on every layer."""

import copy
import inspect
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.layer_cases import CASES

import tinygan.layers
from tinygan.layers import (
    Dropout,
    Layer,
    LeakyReLU,
    Linear,
    Maxout,
    Sequential,
    normal,
    uniform,
)

H = 1e-5  # step of the central differences; every x keeps far more than this from every kink and tie


def cases(condition=lambda case: True):
    chosen = {name: case for name, case in CASES.items() if condition(case)}
    return pytest.mark.parametrize("case", chosen.values(), ids=chosen.keys())


every_layer = cases()
LEARNS = [name for name, case in CASES.items() if case.build(2, np.random.default_rng(0), np.float32).parameters]
every_layer_that_learns = pytest.mark.parametrize("case", [CASES[name] for name in LEARNS], ids=LEARNS)


@dataclass
class Situation:
    """A layer, an input for it away from kinks and ties, and a seed for what is random in its forward pass."""

    layer: Layer
    x: np.ndarray
    seed: int
    rng: np.random.Generator

    def forward(self, x=None):
        return self.layer.forward(self.x if x is None else x, rng=np.random.default_rng(self.seed))

    def random_like(self, array):
        """Return a random array of the same shape and dtype: an upstream gradient, or a direction to step in."""
        return self.rng.uniform(-1, 1, array.shape).astype(array.dtype)

    def another_x(self):
        """Return another input of the same shape on the same side of every kink."""
        return (self.x * self.rng.uniform(1.0, 1.05, self.x.shape)).astype(self.x.dtype)


@st.composite
def situations(draw, case, dtypes=(np.float64,)):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    m, n = draw(st.integers(2 if case.mixes_rows else 1, 4)), draw(st.integers(1, 4))
    dtype = draw(st.sampled_from(dtypes))
    x = case.x(m, n, rng, draw(st.sampled_from([(), (3,), (2, 2)] if case.elementwise else [()])))
    return Situation(case.build(n, rng, dtype), x.astype(dtype), draw(st.integers(0, 2**32 - 1)), rng)


BOTH = (np.float32, np.float64)


def same(a, b):
    """Return whether two caches or other nested values are equal, bit for bit."""
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.dtype == b.dtype and np.array_equal(a, b)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return a == b


def grads(layer):
    return [theta.grad for theta in layer.parameters]


def take_grads(layer):
    """Return the gradients and drop them, as an optimiser does."""
    taken = grads(layer)
    for theta in layer.parameters:
        theta.grad = None
    return taken


def state(layer):
    """Return all that hangs on a layer, the contents of its parameters apart, by identity."""
    inner = [state(child) for child in layer.layers]
    return {name: id(value) for name, value in vars(layer).items()}, inner


def test_every_layer_is_here():
    exported = [getattr(tinygan.layers, name) for name in tinygan.layers.__all__]
    layers = {
        cls for cls in exported if inspect.isclass(cls) and issubclass(cls, Layer) and not inspect.isabstract(cls)
    }
    assert layers - {type(case.build(2, np.random.default_rng(0), np.float32)) for case in CASES.values()} == set()
    assert {Linear, Sequential, Dropout} <= layers


@every_layer
@given(data=st.data())
def test_shape_and_dtype_are_kept(case, data):
    s = data.draw(situations(case, BOTH))
    y, cache = s.forward()
    grad_x = s.layer.backward(s.random_like(y), cache)
    assert y.dtype == s.layer(s.x).dtype == grad_x.dtype == s.x.dtype
    assert y.shape == s.layer(s.x).shape
    assert (len(y), grad_x.shape) == (len(s.x), s.x.shape)
    assert [(g.shape, g.dtype) for g in grads(s.layer)] == [(t.data.shape, s.x.dtype) for t in s.layer.parameters]


@every_layer
@given(data=st.data())
def test_the_stated_output_shape_is_the_real_one(case, data):
    s = data.draw(situations(case))
    stated = s.layer.output_shape(s.x.shape[1:])
    assert stated in (None, s.forward()[0].shape[1:])
    assert stated is not None or not case.states_shape


@every_layer
@given(data=st.data())
def test_nothing_that_is_passed_in_is_written_to(case, data):
    s = data.draw(situations(case, BOTH))
    x = s.x.copy()
    y, cache = s.forward()
    s.layer(s.x)
    assert same(s.x, x)
    grad_y = s.random_like(y)
    before = copy.deepcopy((grad_y, cache, [theta.data for theta in s.layer.parameters]))
    s.layer.backward_input(grad_y, cache)
    s.layer.backward_params(grad_y, cache)
    s.layer.backward(grad_y, cache)
    assert same((grad_y, cache, [theta.data for theta in s.layer.parameters]), before)
    assert same(s.x, x)


@every_layer
@given(data=st.data())
def test_the_layer_remembers_nothing(case, data):
    s = data.draw(situations(case))
    before = state(s.layer)
    s.layer(s.x)
    y, cache = s.forward()
    s.layer.backward(s.random_like(y), cache)
    assert state(s.layer) == before


@every_layer
@given(data=st.data())
def test_backward_input_is_the_numerical_derivative(case, data):
    s = data.draw(situations(case))
    y, cache = s.forward()
    grad_y, direction = s.random_like(y), s.random_like(s.x)
    numerical = (s.forward(s.x + H * direction)[0] - s.forward(s.x - H * direction)[0]) / (2 * H)
    grad_x = s.layer.backward_input(grad_y, cache)
    assert np.vdot(grad_x, direction) == pytest.approx(np.vdot(grad_y, numerical), rel=1e-7, abs=1e-8)


@every_layer_that_learns
@given(data=st.data())
def test_backward_params_is_the_numerical_derivative(case, data):
    s = data.draw(situations(case))
    y, cache = s.forward()
    grad_y = s.random_like(y)
    assert s.layer.backward_params(grad_y, cache) is None
    for theta in s.layer.parameters:
        middle, direction = theta.data.copy(), s.random_like(theta.data)
        theta.data[...] = middle + H * direction
        above = s.forward()[0]
        theta.data[...] = middle - H * direction
        numerical = (above - s.forward()[0]) / (2 * H)
        theta.data[...] = middle
        assert np.vdot(theta.grad, direction) == pytest.approx(np.vdot(grad_y, numerical), rel=1e-7, abs=1e-8)


@every_layer
@given(data=st.data())
def test_backward_is_linear_in_grad_y(case, data):
    s = data.draw(situations(case))
    y, cache = s.forward()
    one, other = s.random_like(y), s.random_like(y)
    together = s.layer.backward(2 * one - 3 * other, cache), *take_grads(s.layer)
    of_one = s.layer.backward(one, cache), *take_grads(s.layer)
    of_other = s.layer.backward(other, cache), *take_grads(s.layer)
    for left, a, b in zip(together, of_one, of_other, strict=True):
        np.testing.assert_allclose(left, 2 * a - 3 * b, rtol=1e-11, atol=1e-11)


@every_layer
@given(data=st.data())
def test_backward_is_both_backward_passes(case, data):
    s = data.draw(situations(case, BOTH))
    y, cache = s.forward()
    grad_y = s.random_like(y)
    both = s.layer.backward(grad_y, cache), take_grads(s.layer)
    grad_x = s.layer.backward_input(grad_y, cache)
    assert all(grad is None for grad in grads(s.layer))
    s.layer.backward_params(grad_y, cache)
    assert same(both, (grad_x, take_grads(s.layer)))


@every_layer_that_learns
@given(data=st.data())
def test_backward_input_leaves_gradients_alone(case, data):
    s = data.draw(situations(case, BOTH))
    y, cache = s.forward()
    held = [s.random_like(theta.data) for theta in s.layer.parameters]
    for theta, grad in zip(s.layer.parameters, held, strict=True):
        theta.grad = grad
    before = copy.deepcopy(held)
    s.layer.backward_input(s.random_like(y), cache)
    assert all(grad is kept for grad, kept in zip(grads(s.layer), held, strict=True))
    assert same(held, before)


@every_layer
@given(data=st.data())
def test_two_forwards_then_two_backwards_equal_each_alone(case, data):
    s = data.draw(situations(case, BOTH))
    inputs = [s.x, s.another_x()]
    alone, grad_ys = [], []
    for x in inputs:
        y, cache = s.forward(x)
        grad_ys.append(s.random_like(y))
        alone.append((s.layer.backward(grad_ys[-1], cache), take_grads(s.layer)))
    for order in ([0, 1], [1, 0]):
        caches = [s.forward(x)[1] for x in inputs]
        for i in order:
            assert same((s.layer.backward(grad_ys[i], caches[i]), take_grads(s.layer)), alone[i])


@every_layer_that_learns
@given(data=st.data())
def test_gradients_accumulate(case, data):
    s = data.draw(situations(case, BOTH))
    caches = [s.forward(x)[1] for x in (s.x, s.another_x())]
    y = s.forward()[0]
    grad_ys = [s.random_like(y), s.random_like(y)]
    before = copy.deepcopy((grad_ys, caches))
    alone = []
    for grad_y, cache in zip(grad_ys, caches, strict=True):
        s.layer.backward_params(grad_y, cache)
        alone.append(take_grads(s.layer))
    wanted = [first + second for first, second in zip(*alone, strict=True)]
    for grad_y, cache in zip(grad_ys, caches, strict=True):
        s.layer.backward_params(grad_y, cache)
    assert same(grads(s.layer), wanted)
    assert same((grad_ys, caches), before)


@every_layer_that_learns
@given(data=st.data())
def test_no_gradient_is_zero(case, data):
    s = data.draw(situations(case))
    y, cache = s.forward()
    s.layer.backward(s.random_like(y), cache)
    if not case.random and not s.layer.layers:
        assert all(grad.all() for grad in grads(s.layer))
    assert grads(s.layer)[-1].any()


@cases(lambda case: not case.random and not case.mixes_rows)
@given(data=st.data())
def test_evaluation_equals_the_training_pass_where_nothing_is_random(case, data):
    s = data.draw(situations(case, BOTH))
    rng = np.random.default_rng(s.seed)
    y, _ = s.layer.forward(s.x, rng=rng)
    assert same(s.layer(s.x), y)
    assert same(s.layer.forward(s.x)[0], y)
    assert rng.random() == np.random.default_rng(s.seed).random()  # nothing was drawn


@every_layer
@given(data=st.data())
def test_evaluation_is_deterministic_and_draws_nothing(case, data):
    s = data.draw(situations(case, BOTH))
    before = np.random.get_state()[1].copy()  # noqa: NPY002  that nobody uses the global state is the point
    y = s.layer(s.x)
    s.layer.backward(*s.forward())  # y serves as any other grad_y
    assert same(s.layer(s.x), y)
    assert same(np.random.get_state()[1], before)  # noqa: NPY002


@cases(lambda case: case.random)
@given(data=st.data())
def test_a_seed_decides_what_a_random_layer_draws(case, data):
    s = data.draw(situations(case, BOTH))
    rng = np.random.default_rng(s.seed)
    assert same(s.layer.forward(s.x, rng=s.seed), s.layer.forward(s.x, rng=s.seed))
    assert same(s.forward(), s.layer.forward(s.x, rng=rng))
    assert rng.random() != np.random.default_rng(s.seed).random()  # something was drawn


@cases(lambda case: case.checks_input)
@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.float16, np.complex64, bool, object])
def test_only_float32_and_float64_are_taken(case, dtype, rng):
    layer = case.build(2, rng, np.float32)
    x = np.ones((4, *case.example(2)), dtype)
    for run in (layer, lambda x: layer.forward(x, rng=rng)):
        with pytest.raises(TypeError, match=rf"got x of dtype {np.dtype(dtype)}; it takes float32 or float64"):
            run(x)


@cases(lambda case: case.checks_grad_y)
def test_a_grad_y_that_does_not_fit_is_refused(case, rng):
    layer = case.build(2, rng, np.float32)
    y, cache = layer.forward(np.ones((4, *case.example(2)), np.float32), rng=rng)
    backwards = [layer.backward_input, layer.backward_params] if layer.parameters else [layer.backward_input]
    for backward in backwards:
        with pytest.raises(TypeError, match="got grad_y of dtype int64"):
            backward(y.astype(np.int64), cache)
        with pytest.raises(ValueError, match=r"got grad_y of shape \(5, .*the y of this cache has shape \(4, "):
            backward(np.ones((5, *y.shape[1:]), np.float32), cache)
        with pytest.raises(ValueError, match=r"got a cache of type NoneType; pass the one that its forward returned"):
            backward(y, None)


HALF = np.float64(0.5)
HYPER_PARAMETERS = {
    "Dropout": lambda: Dropout(HALF),
    "LeakyReLU": lambda: LeakyReLU(HALF),
    "Linear": lambda: Linear(4, 4, weight_init=uniform(HALF), bias_init=normal(HALF), rng=0),
    "Maxout": lambda: Maxout(np.int64(2)),
    "Sequential": lambda: Sequential(Linear(4, 4, weight_init=uniform(HALF)), LeakyReLU(HALF), Dropout(HALF)),
}


@pytest.mark.parametrize("build", HYPER_PARAMETERS.values(), ids=HYPER_PARAMETERS.keys())
def test_a_float64_hyper_parameter_does_not_promote_a_float32_network(build, rng):
    layer, x = build(), np.ones((3, 4), np.float32)
    y, cache = layer.forward(x, rng=rng)
    arrays = [layer(x), y, layer.backward(y, cache), *grads(layer), *(theta.data for theta in layer.parameters)]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}
