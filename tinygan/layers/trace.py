"""Watch one batch pass through a network: shapes and ranges on the way up, gradient norms on the way down."""

from contextlib import ExitStack
from dataclasses import dataclass

from tinygan.backend import Array, RngLike, as_rng, get_array_module
from tinygan.layers.base import Layer, check_input, layer_name
from tinygan.layers.sequential import Sequential
from tinygan.table import text_table


@dataclass(frozen=True)
class TraceRow:
    """What one layer did with the batch.

    Attributes
    ----------
    layer : str
        The call that builds the layer.
    shape : tuple of int
        Of y.
    low, mean, high : float
        Smallest, mean and largest entry of y.
    grad_y_norm, grad_x_norm : float or None
        Euclidean norm of the gradient that came down to y, and of the one that left at x.
    grad_params_norm : float or None
        Euclidean norm of the gradients of all parameters of the layer; None where it has none.
    """

    layer: str
    shape: tuple[int, ...]
    low: float
    mean: float
    high: float
    grad_y_norm: float | None = None
    grad_x_norm: float | None = None
    grad_params_norm: float | None = None


@dataclass(frozen=True)
class Trace:
    """The rows of a traced network, in the order of its layers; prints as a table."""

    rows: list[TraceRow]

    def __str__(self) -> str:
        header = ["layer", "shape of y", "min", "mean", "max"]
        with_gradient = self.rows[0].grad_y_norm is not None
        if with_gradient:
            header += ["|dL/dy|", "|dL/dx|", "|dL/dtheta|"]
        body = []
        for row in self.rows:
            numbers = [row.low, row.mean, row.high]
            norms = [row.grad_y_norm, row.grad_x_norm, row.grad_params_norm] if with_gradient else []
            cells = ["" if number is None else f"{number:.3g}" for number in [*numbers, *norms]]
            body.append([row.layer, str(row.shape), *cells])
        return text_table(header, body, "<<" + ">" * (len(header) - 2))


def trace(network: Layer, x: Array, grad_y: Array | None = None, *, rng: RngLike = None) -> Trace:
    """Return what every layer of the network does with x and, given a gradient, with the gradient.

    Parameters
    ----------
    network : Layer
        A Sequential is traced layer by layer.
    x : ndarray of shape (m, ...)
        One batch.
    grad_y : ndarray of the shape of the network's output, optional
        A gradient to send back. No parameter's ``.grad`` is changed.
    rng : numpy.random.Generator, int or None
        Given rng, the network is traced as in training, dropout included; without it as in evaluation, which cannot be
        sent back through a random layer.

    Returns
    -------
    Trace
        ``.rows`` holds the numbers; ``print(trace(...))`` shows them as a table.

    Raises
    ------
    TypeError, ValueError
        As the layers raise them, if x or grad_y does not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from tinygan.layers import Linear, ReLU, constant
    >>> network = Sequential(Linear(2, 3, weight_init=constant(0.5), rng=0), ReLU())
    >>> print(trace(network, np.ones((4, 2)), np.ones((4, 3))))
    layer         shape of y  min  mean  max  |dL/dy|  |dL/dx|  |dL/dtheta|
    Linear(2, 3)  (4, 3)        1     1    1     3.46     4.24           12
    ReLU()        (4, 3)        1     1    1     3.46     3.46
    """
    check_input(network, x)
    rng = None if rng is None else as_rng(rng)
    layers = network.layers if isinstance(network, Sequential) else (network,)
    outputs, caches = [], []
    y = x
    for layer in layers:
        if rng is None and grad_y is None:
            y, cache = layer(y), None
        else:
            y, cache = layer.forward(y, rng=rng)
        outputs.append(y)
        caches.append(cache)
    norms = [(None, None, None)] * len(layers) if grad_y is None else _gradient_norms(layers, caches, grad_y)
    return Trace(
        [
            TraceRow(layer_name(layer), y.shape, float(y.min()), float(y.mean()), float(y.max()), *row)
            for layer, y, row in zip(layers, outputs, norms, strict=True)
        ]
    )


def _gradient_norms(
    layers: tuple[Layer, ...], caches: list[object], grad_y: Array
) -> list[tuple[float | None, float | None, float | None]]:
    norms: list[tuple[float | None, float | None, float | None]] = []
    for layer, cache in zip(reversed(layers), reversed(caches), strict=True):
        grad_x = layer.backward_input(grad_y, cache)
        norms.append((_norm(grad_y), _norm(grad_x), _params_norm(layer, grad_y, cache)))
        grad_y = grad_x
    return norms[::-1]


def _params_norm(layer: Layer, grad_y: Array, cache: object) -> float | None:
    if not layer.parameters:
        return None
    with ExitStack() as stack:
        for theta in layer.parameters:
            stack.enter_context(theta.set_aside())
        layer.backward_params(grad_y, cache)
        return float(sum(_norm(theta.grad) ** 2 for theta in layer.parameters) ** 0.5)


def _norm(array: Array) -> float:
    return float(get_array_module(array).linalg.norm(array))
