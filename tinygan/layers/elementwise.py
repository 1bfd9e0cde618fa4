"""What all layers that change each number on its own have in common."""

from typing import Any

from tinygan.backend import Array, get_array_module
from tinygan.layers.base import Layer, Shape
from tinygan.layers.doors import check_cache, check_grad_y


class Elementwise(Layer):
    """A layer whose y has the shape of x, and whose cache is an array of that shape.

    Examples
    --------
    >>> import numpy as np
    >>> from tinygan.layers import check_input
    >>> class Square(Elementwise):
    ...     def forward(self, x, *, rng=None):
    ...         check_input(self, x)
    ...         return x * x, x
    ...     def backward_input(self, grad_y, cache):
    ...         return grad_y * 2 * cache
    >>> y, cache = Square().forward(np.array([[3.0]]))
    >>> y, Square().backward_input(np.array([[1.0]]), cache)
    (array([[9.]]), array([[6.]]))
    """

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of the input."""
        return input_shape

    def _check_backward(self, grad_y: Array, cache: Any) -> None:
        """Raise unless grad_y fits the cache, in shape and device; every backward pass begins with it."""
        check_cache(self, cache)
        check_grad_y(self, grad_y, cache.shape)
        get_array_module(grad_y, cache)  # raises if they are on two devices
