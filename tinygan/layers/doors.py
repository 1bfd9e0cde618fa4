"""Checks at the doors of a layer: of x in its forward pass, and of grad_y and the cache in its backward passes."""

import math
from typing import Any

import numpy as np

from tinygan.backend import Array, device_of
from tinygan.backend.arrays import array_kind, is_float_array
from tinygan.layers.base import Layer, Shape, layer_name


def check_input(layer: Layer, x: Array, width: int | None = None) -> None:
    """Raise unless x is a non-empty batch of floats, of shape (m, width) if a width is given.

    Parameters
    ----------
    layer : Layer
        The layer that the error names.
    x : ndarray of shape (m, ...)
        What its forward pass got.
    width : int, optional
        How many columns the layer takes; x then has two axes.

    Raises
    ------
    TypeError
        If x is not an array of float32 or float64.
    ValueError
        If it has another shape, or no rows.

    Examples
    --------
    >>> import numpy as np
    >>> from tinygan.layers import Tanh
    >>> check_input(Tanh(), np.ones((4, 3), int))
    Traceback (most recent call last):
    TypeError: Tanh() got x of dtype int64; it takes float32 or float64, for example x.astype(np.float32)
    """
    if not is_float_array(x):
        raise TypeError(f"{layer_name(layer)} got x of {array_kind(x)}")
    fits = x.ndim >= 2 if width is None else x.ndim == 2 and x.shape[1] == width
    wanted = "(m, ...)" if width is None else f"(m, {width})"
    if not fits:
        raise ValueError(f"{layer_name(layer)} got x of shape {x.shape}; it takes {wanted}{_reshape_hint(x, width)}")
    if len(x) == 0:
        raise ValueError(f"{layer_name(layer)} got x of shape {x.shape}, an empty batch; it takes {wanted} with m >= 1")


def check_cache(layer: Layer, cache: Any, *, axis: int = 0, size: int | None = None) -> None:
    """Raise unless the cache is an array, and of the right size along the axis if a size is given."""
    if not hasattr(cache, "shape"):
        found = f"type {type(cache).__name__}"
    elif size is not None and cache.shape[axis : axis + 1] != (size,):
        found = f"shape {cache.shape}, where {size} belongs on axis {axis}"
    else:
        return
    raise wrong_cache(layer_name(layer), found)


def check_shape_cache(layer: Layer, cache: Any) -> None:
    """Raise unless the cache is a tuple, as the shape of x is."""
    if not isinstance(cache, tuple):
        raise wrong_cache(layer_name(layer), f"type {type(cache).__name__}")


def wrong_cache(layer: str, found: str) -> ValueError:
    """Return the error for a cache that the layer's forward did not return."""
    return ValueError(f"{layer} got a cache of {found}; pass the one that its forward returned together with y")


def check_grad_y(layer: Layer, grad_y: Array, shape: tuple[int, ...]) -> None:
    """Raise unless grad_y is a float array of this shape, which is the shape of y."""
    if not is_float_array(grad_y):
        raise TypeError(f"{layer_name(layer)} got grad_y of {array_kind(grad_y, 'grad_y')}")
    if grad_y.shape != shape:
        raise ValueError(
            f"{layer_name(layer)} got grad_y of shape {grad_y.shape}, but the y of this cache has shape {shape}; "
            "is it the cache of another call?"
        )


def check_precision(what: str, dtype: Any) -> None:
    """Raise an error that begins with `what` unless parameters can have this dtype."""
    if np.dtype(dtype).char not in "fd":
        raise TypeError(f"{what} got dtype {np.dtype(dtype)}; it takes float32 or float64")


def of_examples(shape: Shape) -> str:
    """Return the shape of a batch as an error writes it.

    Examples
    --------
    >>> of_examples((28, 28, 1)), of_examples((784,))
    ('(m, 28, 28, 1)', '(m, 784)')
    """
    return f"(m, {', '.join(map(str, shape or ('...',)))})"


def check_device(layer: Layer, x: Array) -> None:
    """Raise unless x is on the device of the layer's parameters."""
    if (here := device_of(layer)) != (there := device_of(x)):
        raise TypeError(
            f"{layer_name(layer)} got x on {there}, but what it learns is on {here}; "
            f'see tinygan.backend.to_device, as in to_device(x, "{here}")'
        )


def _reshape_hint(x: Array, width: int | None) -> str:
    if x.ndim == 1 and width in (None, len(x)):
        return ". Did you mean x[None, :], a batch of one?"
    if x.ndim == 1 and width == 1:
        return ". Did you mean x[:, None]?"
    if x.ndim > 2 and math.prod(x.shape[1:]) == width:
        return ". Did you mean x.reshape(len(x), -1)?"
    return ""
