"""What layers that turn every number by itself have in common."""

import functools
from collections.abc import Callable
from typing import Any

from tinygan.backend import Array, get_array_module
from tinygan.layers.base import Layer, Shape
from tinygan.layers.doors import check_cache, check_grad_y


class Elementwise(Layer):
    """A layer whose y has the shape of x, and whose cache is an array of that shape.

    Its `backward_input` is only called with a grad_y that fits the cache; anything else is refused before.

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

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "backward_input" in vars(cls):
            cls.backward_input = _checked(cls.backward_input)  # type: ignore[method-assign]

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of the input."""
        return input_shape


def _checked(backward_input: Callable[..., Array]) -> Callable[..., Array]:
    """Let a backward pass refuse what does not fit: another cache, another shape, another device."""

    @functools.wraps(backward_input)
    def checked(self: Elementwise, grad_y: Array, cache: Any) -> Array:
        check_cache(self, cache)
        check_grad_y(self, grad_y, cache.shape)
        get_array_module(grad_y, cache)  # which raises where they are on two devices
        return backward_input(self, grad_y, cache)

    return checked
