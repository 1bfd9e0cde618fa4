"""Compare the backward pass of a layer or network with numerical derivatives."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from tinygan.backend import Array, RngLike, as_rng, is_finite
from tinygan.gradcheck.numerical import numerical_gradient
from tinygan.gradcheck.report import Report, Row
from tinygan.layers import Layer
from tinygan.layers.base import check_input, layer_name
from tinygan.layers.sequential import named_parameters

# Of a larger tensor, this many entries are compared, drawn at random.
MAX_ENTRIES = 100


def check_gradients(layer: Layer, x: Array, *, rng: RngLike = None, tolerance: float = 1e-6) -> Report:
    """Return whether the backward pass of a layer or network agrees with numerical derivatives at x.

    Parameters
    ----------
    layer : Layer
        A Sequential is checked as a whole. Its parameters are replaced by float64 copies while the check runs; they and
        their gradients are as before when it ends.
    x : ndarray of shape (m, ...)
        Where to check; not changed.
    rng : numpy.random.Generator, int or None
        For the upstream gradient, the choice of entries in large tensors, and the layer's own draws. These are
        replayed, so that a random layer sees the same mask in every evaluation.
    tolerance : float
        The largest relative error that still counts as right.

    Returns
    -------
    Report
        ``report.ok`` says whether all is right, ``print(report)`` shows the table.

    Raises
    ------
    TypeError, ValueError
        If x does not fit the layer, or x or y is not finite.

    Notes
    -----
    The gradients of L = sum(grad_y y) are compared, with a random grad_y. All ones would not do: a layer whose outputs
    add up to a constant passes with any gradient of the form c 1. `backward_params` is called twice and has to give
    twice the gradient: Algorithm 1 adds up two of them.

    Examples
    --------
    >>> from tinygan.layers import Linear
    >>> report = check_gradients(Linear(3, 2, rng=0), np.ones((4, 3)), rng=0)
    >>> report.ok
    True
    >>> [row.tensor for row in report.rows]
    ['x', 'weight', 'bias']
    """
    if not isinstance(layer, Layer):
        raise TypeError(f"check_gradients got a {type(layer).__name__}; it takes a Layer, for example Linear(4, 3)")
    if not tolerance > 0:
        raise ValueError(f"check_gradients got tolerance={tolerance!r}; it takes a number > 0")
    check_input(layer, x)
    if not is_finite(x):
        raise ValueError("check_gradients got x with NaN or infinite entries; it takes finite values")
    rng = as_rng(rng)
    x = x.astype(np.float64, order="C")  # a view of it is perturbed entry by entry
    draws = int(rng.integers(2**63))

    with _in_float64(layer) as parameters:
        kept_x = x.copy()
        y, cache = _forward(layer, x, draws)
        grad_y = rng.standard_normal(y.shape)
        gradients = {"x": layer.backward_input(grad_y.copy(), cache)}
        layer.backward_params(grad_y.copy(), cache)
        gradients |= {name: _copied(theta.grad) for name, theta in parameters.items()}
        layer.backward_params(grad_y.copy(), cache)
        is_overwritten = not np.array_equal(x, kept_x)
        x[...] = kept_x
        twice = {name: _copied(theta.grad) for name, theta in parameters.items()}
        tensors = {"x": x} | {name: theta.data for name, theta in parameters.items()}
        rows = []
        for name, tensor in tensors.items():
            entries = np.arange(tensor.size)
            if tensor.size > MAX_ENTRIES:
                entries = rng.choice(tensor.size, MAX_ENTRIES, replace=False)
            numerical, at_kink = numerical_gradient(lambda: _forward(layer, x, draws)[0], grad_y, tensor, entries)
            row = _compare(name, tensor, gradients[name], numerical, at_kink, entries, tolerance)
            if row.ok and name in twice and not np.allclose(twice[name], 2 * gradients[name], rtol=tolerance):
                row = replace(row, verdict="not accumulated")
            if name == "x" and is_overwritten:
                row = replace(row, verdict="x was overwritten")
            rows.append(row)
    return Report(layer_name(layer), rows)


def _forward(layer: Layer, x: Array, draws: int) -> tuple[Array, Any]:
    y, cache = layer.forward(x, rng=as_rng(draws))
    if not is_finite(y):
        raise ValueError(
            f"{layer_name(layer)} returned NaN or infinite values from finite x; no gradient can be checked"
        )
    return y, cache


def _copied(gradient: Any) -> Any:
    return None if gradient is None else np.array(gradient)


@contextmanager
def _in_float64(layer: Layer) -> Iterator[dict[str, Any]]:
    parameters = dict(named_parameters(layer))
    kept = [(theta, theta.data, theta.grad) for theta in parameters.values()]
    try:
        for theta in parameters.values():
            theta.data, theta.grad = theta.data.astype(np.float64, order="C"), None
        yield parameters
    finally:
        for theta, data, grad in kept:
            theta.data, theta.grad = data, grad


def _compare(
    name: str, tensor: Array, gradient: Any, numerical: Array, at_kink: Array, entries: Array, tolerance: float
) -> Row:
    n_kinks = int(at_kink.sum())
    n_checked = len(entries) - n_kinks
    shape = getattr(gradient, "shape", None)
    if shape != tensor.shape:
        verdict = "no gradient" if gradient is None else f"gradient of shape {shape}"
        return Row(name, tensor.shape, n_checked, n_kinks, float("inf"), verdict)
    if not is_finite(gradient):
        return Row(name, tensor.shape, n_checked, n_kinks, float("inf"), "NaN or infinite")
    if n_checked == 0:
        return Row(name, tensor.shape, 0, n_kinks, 0.0, "at kinks only")
    analytic, numerical = gradient.reshape(-1)[entries][~at_kink], numerical[~at_kink]
    size = max(np.abs(analytic).max(), np.abs(numerical).max())
    error = float(np.abs(analytic - numerical).max() / size) if size > 0 else 0.0
    return Row(name, tensor.shape, n_checked, n_kinks, error, "right" if error <= tolerance else "wrong")
