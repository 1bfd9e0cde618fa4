"""Reshape and Flatten: rows of numbers become images, and images rows."""

import math
from typing import Any

from tinygan.arguments import check_count
from tinygan.backend import Array, RngLike
from tinygan.layers.base import Layer, Shape, layer_name
from tinygan.layers.doors import check_grad_y, check_input, check_shape_cache, of_examples


class Reshape(Layer):
    """y = x, each row of x laid out in another shape, such as (height, width, channels).

    Parameters
    ----------
    *shape : int
        The shape of one example of y.

    Attributes
    ----------
    shape : tuple of int

    Raises
    ------
    TypeError, ValueError
        If the shape is empty or holds something that is not an int >= 1; from `forward`, if a row of x has more or
        fewer numbers.

    See Also
    --------
    Flatten : The way back.

    Notes
    -----
    Column k of x is entry (i, j, c) of y with k = (i width + j) channels + c: the last axis runs fastest. Each number
    only moves, so its gradient moves back: grad_x is grad_y in the shape of x.

    Examples
    --------
    >>> import numpy as np
    >>> y, cache = Reshape(2, 2, 1).forward(np.array([[1.0, 2.0, 3.0, 4.0]]))
    >>> y[0, :, :, 0]
    array([[1., 2.],
           [3., 4.]])
    >>> Reshape(2, 2, 1).backward_input(y, cache)
    array([[1., 2., 3., 4.]])
    """

    def __init__(self, *shape: int) -> None:
        if not shape:
            raise ValueError("Reshape got no shape; it takes that of one example, as in Reshape(28, 28, 1)")
        self.shape = tuple(check_count("Reshape got a size", size) for size in shape)

    def forward(self, x: Array, *, rng: RngLike = None) -> tuple[Array, Any]:
        """Return x with rows of the new shape, and the shape of x as the cache."""
        check_input(self, x, math.prod(self.shape))
        return x.reshape(len(x), *self.shape), x.shape

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return dL/dx: dL/dy as rows."""
        check_shape_cache(self, cache)
        check_grad_y(self, grad_y, (cache[0], *self.shape))
        return grad_y.reshape(cache)

    def input_shape(self) -> Shape:
        """Return the width of a row."""
        return (math.prod(self.shape),)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the new shape; raise a ValueError if the input is known and has another width."""
        if input_shape not in (None, self.input_shape()):
            raise ValueError(f"{layer_name(self)} takes (m, {math.prod(self.shape)}), not {of_examples(input_shape)}")
        return self.shape


class Flatten(Layer):
    """y = x, each example of x laid out as one row.

    See Also
    --------
    Reshape : The way back.

    Notes
    -----
    Entry (i, j, c) of an example of x is column (i width + j) channels + c of y, as in `Reshape`; grad_x is grad_y in
    the shape of x.

    Examples
    --------
    >>> import numpy as np
    >>> y, cache = Flatten().forward(np.array([[[1.0, 2.0], [3.0, 4.0]]]))
    >>> y
    array([[1., 2., 3., 4.]])
    >>> Flatten().backward_input(y, cache)
    array([[[1., 2.],
            [3., 4.]]])
    """

    def forward(self, x: Array, *, rng: RngLike = None) -> tuple[Array, Any]:
        """Return x as rows, and the shape of x as the cache."""
        check_input(self, x)
        return x.reshape(len(x), -1), x.shape

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return dL/dx: dL/dy in the shape of x."""
        check_shape_cache(self, cache)
        check_grad_y(self, grad_y, (cache[0], math.prod(cache[1:])))
        return grad_y.reshape(cache)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return how many numbers an example has, or None if its shape is not known."""
        return None if input_shape is None else (math.prod(input_shape),)
