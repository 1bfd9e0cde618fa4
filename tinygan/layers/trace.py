"""Watch one batch pass through a network: shapes and ranges on the way up, gradient norms on the way down."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from tinygan.backend import Array, RngLike, get_array_module
from tinygan.layers.base import Layer, layer_name
from tinygan.layers.contents import named_layers
from tinygan.layers.doors import check_input
from tinygan.table import text_table


@dataclass(frozen=True)
class TraceRow:
    """What one layer did with the batch.

    Attributes
    ----------
    name : str
        Name of the layer in the network, such as ``"2.0"``; see `named_layers`.
    layer : str
        The call that builds the layer.
    shape : tuple of int
        Shape of y.
    low, mean, high : float
        Smallest, mean and largest entry of y.
    grad_y_norm, grad_x_norm : float or None
        Euclidean norms of dL/dy, which came in to the layer, and of dL/dx, which it sent on; None without a gradient.
    grad_params_norm : float or None
        Euclidean norm of the gradients of all parameters of the layer; None if it has no parameters.
    """

    name: str
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
    """The rows of a traced network, in the order in which its layers finished; prints as a table."""

    rows: list[TraceRow]

    def __str__(self) -> str:
        header = ["layer", "shape of y", "min", "mean", "max"]
        with_gradient = self.rows[0].grad_y_norm is not None
        if with_gradient:
            header += ["|dL/dy|", "|dL/dx|", "|dL/dtheta|"]
        body, widest = [], max(len(row.name) for row in self.rows)
        for row in self.rows:
            numbers = [row.low, row.mean, row.high]
            norms = [row.grad_y_norm, row.grad_x_norm, row.grad_params_norm] if with_gradient else []
            cells = ["" if number is None else f"{number:.3g}" for number in [*numbers, *norms]]
            body.append([f"{row.name:{widest}}  {row.layer}".strip(), str(row.shape), *cells])
        return text_table(header, body, "<<" + ">" * (len(header) - 2))


def trace(network: Layer, x: Array, grad_y: Array | None = None, *, rng: RngLike = None) -> Trace:
    """Return what every layer of the network does with x and, given a gradient, with the gradient.

    Parameters
    ----------
    network : Layer
        Every layer inside it gets a row, and a layer made of layers gets its row after theirs. A layer that only passes
        on what its last layer returned, such as a Sequential, gets none.
    x : ndarray of shape (m, ...)
        One batch.
    grad_y : ndarray of the shape of the network's output, optional
        A gradient to send back. No parameter's ``.grad`` is changed.
    rng : numpy.random.Generator, int or None
        With rng, the network is traced as in training, dropout included. Without it, it is traced as in evaluation, and
        no gradient can go back through a random layer.

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
    >>> from tinygan.layers import Linear, ReLU, Sequential, constant
    >>> network = Sequential(Linear(2, 3, weight_init=constant(0.5), rng=0), ReLU())
    >>> print(trace(network, np.ones((4, 2)), np.ones((4, 3))))
    layer            shape of y  min  mean  max  |dL/dy|  |dL/dx|  |dL/dtheta|
    0  Linear(2, 3)  (4, 3)        1     1    1     3.46     4.24           12
    1  ReLU()        (4, 3)        1     1    1     3.46     3.46
    """
    check_input(network, x)
    with watched(network) as passes:
        if rng is None and grad_y is None:
            network(x)
        else:
            _, cache = network.forward(x, rng=rng)
            if grad_y is not None:
                network.backward_input(grad_y, cache)
    return Trace(
        [_row(done) for done, before in zip(passes, [None, *passes], strict=False) if not _repeats(done, before)]
    )


@dataclass
class Pass:
    """One pass of a batch through a layer, and of a gradient back.

    Attributes
    ----------
    name : str
        Name of the layer in the network.
    layer : Layer
    x, y : ndarray
        x is a copy.
    cache : object
    grad_y, grad_x : ndarray or None
        None before a backward pass.
    """

    name: str
    layer: Layer
    x: Array
    y: Array
    cache: Any
    grad_y: Array | None = None
    grad_x: Array | None = None


@contextmanager
def watched(network: Layer) -> Iterator[list[Pass]]:
    """Record every pass through the network and through each layer inside it, in the order in which they finish.

    Examples
    --------
    >>> import numpy as np
    >>> from tinygan.layers import ReLU, Sequential, Tanh
    >>> network = Sequential(ReLU(), Tanh())
    >>> with watched(network) as passes:
    ...     y = network(np.ones((2, 3)))
    >>> [done.name for done in passes]
    ['0', '1', '']
    """
    passes: list[Pass] = []
    inside: list[Layer] = []
    layers: dict[int, tuple[str, Layer, type]] = {}
    for name, layer in named_layers(network):
        layers.setdefault(id(layer), (name, layer, type(layer)))
    try:
        for name, layer, kind in layers.values():
            layer.__class__ = _watching(kind, name, passes, inside)
        yield passes
    finally:
        for _, layer, kind in layers.values():
            layer.__class__ = kind


def _watching(kind: Any, name: str, passes: list[Pass], inside: list[Layer]) -> Any:
    """Return a subclass whose one instance records its passes; `inside` holds the layers that are running."""

    def through(layer: Layer, x: Array, run: Callable[[], tuple[Array, Any]]) -> tuple[Array, Any]:
        if inside and inside[-1] is layer:
            return run()  # its own forward, called by its __call__
        inside.append(layer)
        try:
            kept = x.copy()
            y, cache = run()
        finally:
            inside.pop()
        passes.append(Pass(name, layer, kept, y, cache))
        return y, cache

    def __call__(self: Layer, x: Array) -> Array:
        return through(self, x, lambda: (kind.__call__(self, x), None))[0]

    def forward(self: Layer, x: Array, *, rng: RngLike = None) -> tuple[Array, Any]:
        return through(self, x, lambda: kind.forward(self, x, rng=rng))

    def backward_input(self: Layer, grad_y: Array, cache: Any) -> Array:
        grad_x = kind.backward_input(self, grad_y, cache)
        for done in reversed(passes):
            if done.layer is self and done.cache is cache and done.grad_y is None:
                done.grad_y, done.grad_x = grad_y, grad_x
                break
        return grad_x

    watching = {"__call__": __call__, "forward": forward, "backward_input": backward_input}
    return type(kind.__name__, (kind,), watching)


def _repeats(done: Pass, before: Pass | None) -> bool:
    """Return whether a layer only passed on what the last layer inside it returned."""
    return bool(done.layer.layers) and before is not None and done.y is before.y


def _row(done: Pass) -> TraceRow:
    y, grad_y = done.y, done.grad_y
    norms = (None, None, None) if grad_y is None else (_norm(grad_y), _norm(done.grad_x), _params_norm(done))
    return TraceRow(done.name, layer_name(done.layer), y.shape, float(y.min()), float(y.mean()), float(y.max()), *norms)


def _params_norm(done: Pass) -> float | None:
    if not done.layer.parameters:
        return None
    with ExitStack() as stack:
        for theta in done.layer.parameters:
            stack.enter_context(theta.set_aside())
        done.layer.backward_params(done.grad_y, done.cache)
        return float(sum(_norm(theta.grad) ** 2 for theta in done.layer.parameters) ** 0.5)


def _norm(array: Array) -> float:
    return float(get_array_module(array).linalg.norm(array))
