"""Layers side by side: Residual adds a branch to x, Fork joins what several layers return, Columns takes part of x."""

from itertools import accumulate
from typing import Any

from tinygan.arguments import check_count
from tinygan.backend import Array, RngLike, as_rng, get_array_module
from tinygan.layers.base import Layer, Shape, layer_name
from tinygan.layers.doors import check_grad_y, check_input, check_shape_cache
from tinygan.layers.sequential import Combinator, Sequential


class Residual(Combinator):
    """y = x + f(x), where f is the Sequential of its layers (He et al. 2016, eq. 1).

    Parameters
    ----------
    *layers : Layer
        In the order in which x meets them; f(x) has the shape of x.

    Attributes
    ----------
    layers : tuple of Layer
    branch : Sequential
        f, the Sequential of these layers.

    Raises
    ------
    TypeError
        If something is not a layer.
    ValueError
        If there are no layers, or f changes the shape.

    See Also
    --------
    Fork : Several functions of x, side by side.

    Notes
    -----
    J = I + J_f, so grad_x = J^T grad_y = grad_y + J_f^T grad_y: the gradient comes back on both paths, and the identity
    path never weakens it. The identity learns nothing, so all parameters and their gradients are those of f.

    References
    ----------
    He, Zhang, Ren and Sun 2016, Deep Residual Learning for Image Recognition.

    Examples
    --------
    >>> import numpy as np
    >>> from tinygan.layers import LeakyReLU
    >>> residual = Residual(LeakyReLU(0.1))
    >>> y, cache = residual.forward(np.array([[-1.0, 2.0]]))
    >>> y
    array([[-1.1,  4. ]])
    >>> residual.backward_input(np.array([[1.0, 1.0]]), cache)
    array([[1.1, 2. ]])
    """

    def __init__(self, *layers: Layer) -> None:
        super().__init__(*layers)
        self.branch = Sequential(*layers)
        self.output_shape(None)

    def __call__(self, x: Array) -> Array:
        """Return x + f(x), with f in evaluation."""
        return self._sum(x, self.branch(x))

    def forward(self, x: Array, *, rng: RngLike = None) -> tuple[Array, Any]:
        """Return x + f(x), and the cache of f."""
        f, cache = self.branch.forward(x, rng=rng)
        return self._sum(x, f), cache

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return dL/dx = dL/dy + J_f^T dL/dy."""
        return grad_y + self.branch.backward_input(grad_y, cache)

    def backward_params(self, grad_y: Array, cache: Any) -> None:
        """Accumulate the gradients of f, from dL/dy as it is."""
        self.branch.backward_params(grad_y, cache)

    def input_shape(self) -> Shape:
        """Return the shape of one example that f takes."""
        return self.branch.input_shape()

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of the input; raise a ValueError if f returns another one."""
        shape = input_shape or self.input_shape()
        if (returned := self.branch.output_shape(shape)) not in (None, shape) and shape is not None:
            raise ValueError(f"{layer_name(self)} adds x and f(x), but f turns shape {shape} into {returned}")
        return shape

    def shapes_inside(self, input_shape: Shape) -> list[Shape]:
        """Return the shape of one example of what each layer of f gets."""
        return self.branch.shapes_inside(input_shape)

    def _sum(self, x: Array, f: Array) -> Array:
        if f.shape != x.shape:
            raise ValueError(f"{layer_name(self)} adds x and f(x), but x has shape {x.shape} and f(x) {f.shape}")
        return x + f


class Fork(Combinator):
    """y = [f(x), g(x), ...], side by side along the last axis.

    With `Columns`, it can lead a part of x past a layer, such as the label of an image.

    Parameters
    ----------
    *layers : Layer
        Each of them gets x.

    Raises
    ------
    TypeError
        If something is not a layer.
    ValueError
        If there are no layers, or the shapes that they take or return do not fit together.

    See Also
    --------
    Columns : Some of the columns of x.

    Notes
    -----
    J is J_f on top of J_g, so grad_x = J_f^T grad_f + J_g^T grad_g, where grad_f and grad_g are the columns of grad_y
    that belong to f and g. Both functions use x, so x gets the sum of both gradients.

    Examples
    --------
    >>> import numpy as np
    >>> from tinygan.layers import Linear, Sequential, constant
    >>> double_first = Sequential(Columns(0, 1), Linear(1, 1, weight_init=constant(2.0)))
    >>> fork = Fork(double_first, Columns(1, 3))
    >>> y, cache = fork.forward(np.array([[1.0, 5.0, 6.0]]))
    >>> y
    array([[2., 5., 6.]])
    >>> fork.backward_input(np.array([[1.0, 3.0, 4.0]]), cache)
    array([[2., 3., 4.]])
    """

    def __init__(self, *layers: Layer) -> None:
        super().__init__(*layers)
        self.output_shape(None)

    def __call__(self, x: Array) -> Array:
        """Return what all layers return in evaluation, side by side."""
        return self._side_by_side([layer(x) for layer in self.layers])

    def forward(self, x: Array, *, rng: RngLike = None) -> tuple[Array, Any]:
        """Return y, and as the cache the shape and the cache of every part; the layers draw from rng in order."""
        rng = None if rng is None else as_rng(rng)
        passes = [layer.forward(x, rng=rng) for layer in self.layers]
        return self._side_by_side([y for y, _ in passes]), [(y.shape, cache) for y, cache in passes]

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return dL/dx, the sum of the gradients that all layers send back."""
        grads = self._grads(grad_y, cache)
        back = [layer.backward_input(*grad) for layer, grad in zip(self.layers, grads, strict=True)]
        return sum(back[1:], start=back[0])

    def backward_params(self, grad_y: Array, cache: Any) -> None:
        """Accumulate the gradients of every layer, each from its own columns of dL/dy."""
        for layer, grad in zip(self.layers, self._grads(grad_y, cache), strict=True):
            layer.backward_params(*grad)

    def input_shape(self) -> Shape:
        """Return the shape that the layers take, or None if none states it; raise a ValueError if they differ."""
        shapes = {shape for layer in self.layers if (shape := layer.input_shape()) is not None}
        if len(shapes) > 1:
            raise ValueError(f"{layer_name(self)} gives one x to layers that take the shapes {sorted(shapes)}")
        return next(iter(shapes), None)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of one example of y, with all their columns; raise a ValueError if the other axes differ."""
        shape = input_shape or self.input_shape()
        shapes = [layer.output_shape(shape) for layer in self.layers]
        known = [shape for shape in shapes if shape is not None]
        self._check_alike(known)
        return (*known[0][:-1], sum(shape[-1] for shape in known)) if len(known) == len(shapes) else None

    def _side_by_side(self, parts: list[Array]) -> Array:
        self._check_alike([part.shape for part in parts])
        return get_array_module(*parts).concatenate(parts, axis=-1)

    def _check_alike(self, shapes: list[tuple[int, ...]]) -> None:
        if len({shape[:-1] for shape in shapes}) > 1:
            raise ValueError(f"{layer_name(self)} joins the last axes of the shapes {shapes}; the others must be alike")

    def _grads(self, grad_y: Array, cache: Any) -> list[tuple[Array, Any]]:
        """Return each layer's columns of grad_y, with its cache."""
        self._check_cache(cache)
        shapes, caches = zip(*cache, strict=True)
        widths = [shape[-1] for shape in shapes]
        check_grad_y(self, grad_y, (*shapes[0][:-1], sum(widths)))
        columns = [grad_y[..., stop - n : stop] for n, stop in zip(widths, accumulate(widths), strict=True)]
        return list(zip(columns, caches, strict=True))


class Columns(Layer):
    """y = x[..., start:stop]: some columns of x, such as a label.

    Parameters
    ----------
    start, stop : int
        The first column, counted from 0, and the column after the last.

    Raises
    ------
    TypeError, ValueError
        If they are not ints with 0 <= start < stop; from `forward`, if x has no such columns.

    See Also
    --------
    Fork : Puts columns together.

    Notes
    -----
    dy_j/dx_k is 1 where k = start + j, and 0 elsewhere; so grad_x is grad_y at these columns and 0 at the others.

    Examples
    --------
    >>> import numpy as np
    >>> y, cache = Columns(1, 3).forward(np.array([[4.0, 5.0, 6.0, 7.0]]))
    >>> y
    array([[5., 6.]])
    >>> Columns(1, 3).backward_input(np.array([[1.0, 2.0]]), cache)
    array([[0., 1., 2., 0.]])
    """

    def __init__(self, start: int, stop: int) -> None:
        self.start, self.stop = check_count("Columns got start", start, least=0), check_count("Columns got stop", stop)
        if self.start >= self.stop:
            raise ValueError(f"Columns got start={start}, stop={stop}; it takes start < stop")

    def forward(self, x: Array, *, rng: RngLike = None) -> tuple[Array, Any]:
        """Return the columns of x, and the shape of x as the cache."""
        check_input(self, x)
        self.output_shape(x.shape[1:])
        return x[..., self.start : self.stop], x.shape

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return dL/dx: dL/dy at these columns, and 0 at the others."""
        check_shape_cache(self, cache)
        check_grad_y(self, grad_y, (*cache[:-1], self.stop - self.start))
        grad_x = get_array_module(grad_y).zeros(cache, grad_y.dtype)
        grad_x[..., self.start : self.stop] = grad_y
        return grad_x

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of the input with stop - start columns; raise a ValueError if it has too few."""
        if input_shape is None:
            return None
        if input_shape[-1] < self.stop:
            raise ValueError(f"{layer_name(self)} takes x of at least {self.stop} columns, not {input_shape[-1]}")
        return (*input_shape[:-1], self.stop - self.start)
