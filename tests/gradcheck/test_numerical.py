"""Numerical derivatives: how precise they are, how far they can be trusted, and when a complex step helps."""

import numpy as np
import pytest

from tinygan.gradcheck import check_gradients
from tinygan.gradcheck.complex_step import refined
from tinygan.gradcheck.numerical import directional_derivative, numerical_gradient
from tinygan.gradcheck.subjects.subject import LayerSubject
from tinygan.layers import Layer


def root(x):
    if (x < 0).any():
        raise ValueError("root got a negative number")
    return np.sqrt(x)


def derivative(function, at):
    x = np.atleast_2d(np.asarray(at, float))
    return numerical_gradient(lambda: function(x), np.ones_like(x), x, np.arange(x.size))


@pytest.mark.parametrize(
    ("function", "slope"),
    [
        (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
        (lambda x: np.tanh(1e6 * x), lambda x: 1e6 * (1 - np.tanh(1e6 * x) ** 2)),
        (lambda x: 1e12 + x, np.ones_like),
        (lambda x: (x + 1e9) - 1e9, np.ones_like),
        (lambda x: x**3 / 1e9, lambda x: 3 * x**2 / 1e9),
        (root, lambda x: 0.5 / np.sqrt(x)),
        (lambda x: np.maximum(x - 1e-6, 0), lambda x: (x > 1e-6) * 1.0),
    ],
)
@pytest.mark.parametrize("at", [1e-8, 3e-7, 2e-6, 1e-3, 0.7, 40.0, 1e6, 1e12])
def test_the_noise_bounds_the_error(function, slope, at):
    found = derivative(function, at)
    assert found.at_kink[0] or abs(found.gradient[0] - slope(np.array([at]))[0]) <= found.noise[0] + 1e-300


def test_smooth_functions_are_known_to_many_digits():
    found = derivative(np.tanh, [-2.0, 0.0, 0.3, 1.0])
    np.testing.assert_allclose(found.gradient, 1 / np.cosh([-2.0, 0.0, 0.3, 1.0]) ** 2, atol=1e-9)
    assert (found.noise < 1e-7).all()
    assert not found.at_kink.any()


@pytest.mark.parametrize("curvature", [0.0, 1.0, 100.0])
def test_a_kink_is_seen_however_curved_the_function_is(curvature):
    found = derivative(lambda x: np.abs(x) + curvature * np.sin(x) + x, 0.0)
    assert found.at_kink[0]
    assert derivative(lambda x: np.abs(x - 1e-7) + curvature * x * x, 0.0).gradient[0] == pytest.approx(-1, abs=1e-4)


def test_kinks_of_two_entries_of_y_do_not_hide_each_other():
    x = np.zeros(1)
    found = numerical_gradient(lambda: np.abs(x) * [[1.0, -1.0]], np.ones((1, 2)), x, np.arange(1))
    assert found.at_kink[0]


def test_what_is_too_steep_for_any_step_is_not_known():
    assert derivative(lambda x: np.tanh(1e13 * x), 2e-14).noise[0] == np.inf


def test_a_kink_too_small_to_matter_is_part_of_the_noise():
    found = derivative(lambda x: x + 1e-5 * np.abs(x), 0.0)
    assert not found.at_kink[0]
    assert found.noise[0] >= 1e-5


def test_along_a_direction_the_scale_of_the_tensor_counts():
    x = np.array([[1e12, -2e12]])
    slope, noise, at_kink = directional_derivative(lambda: 3 * x, np.ones((1, 2)), x, np.array([[1.0, 0.5]]))
    assert slope == pytest.approx(4.5, abs=max(noise, 1e-9))
    assert noise < 1e-6
    assert not at_kink


class Power(Layer):
    """Takes complex numbers; with `function` abs it is silently wrong there."""

    function = staticmethod(lambda x: x**3)

    def forward(self, x, *, rng=None):
        return self.function(x), x

    def backward_input(self, grad_y, cache):
        return grad_y * 3 * cache**2


def both(layer, at=(1.1, -0.4)):
    subject = LayerSubject(layer, np.array([at]))
    grad_y, entries = np.ones((1, len(at))), np.arange(len(at))
    central = numerical_gradient(lambda: subject.y(0), grad_y, subject.inputs["x"], entries)
    better = refined(subject, "x", grad_y, central, entries, 0)
    assert subject.inputs["x"].dtype == np.float64
    return central, better


def test_a_complex_step_gains_digits():
    _, better = both(Power())
    np.testing.assert_allclose(better.gradient, [3 * 1.1**2, 3 * 0.4**2], rtol=1e-15)
    (row,) = check_gradients(Power(), np.array([[1.1, -0.4, 3.0]]), rng=0).rows
    assert row.relative_error < 1e-15


@pytest.mark.parametrize(
    "function",
    [
        np.abs,
        lambda x: np.maximum(x, -x),
        lambda x: x.astype(float),
        lambda x: np.sqrt(x * x),
        lambda x: x.real,
        lambda x: np.abs(x.real) + (x - x.real),
    ],
)
def test_a_complex_step_never_overrules_central_differences(function):
    layer = Power()
    layer.function = function
    central, better = both(layer)
    np.testing.assert_allclose(better.gradient, central.gradient, atol=1e-8)
    assert (better.noise == central.noise).all()
