"""Calls the kernels of kernels.cu for functions that are marked as fused, where their arrays are on a GPU."""

import functools
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np

from tinygan.backend import Array, get_array_module

F = TypeVar("F", bound=Callable[..., Any])

THREADS = 256  # of a block

SOURCE = Path(__file__).with_suffix(".cu").read_text(encoding="utf-8")


def options(real: str) -> tuple[str, ...]:
    """Return how `SOURCE` is compiled for float or double."""
    return ("--std=c++17", "--fmad=false", f"-DREAL={real}")


def fused(kernel: Callable[..., Any]) -> Callable[[F], F]:
    """Mark a function of arrays as one that a kernel computes where they are on a GPU, of one float type.

    Parameters
    ----------
    kernel : callable
        Takes the same arguments and does the same. It may return NotImplemented for those that it does not take.

    Examples
    --------
    >>> @fused(relu_slope)
    ... def slope(grad_y, y):
    ...     return grad_y * (y > 0)
    >>> slope(np.array([5.0, 5.0]), np.array([0.0, 1.0]))
    array([0., 5.])
    """

    def mark(definition: F) -> F:
        @functools.wraps(definition)
        def run(*arguments: Any) -> Any:
            if "cupy" in sys.modules:
                arrays = [argument for argument in arguments if hasattr(argument, "dtype")]
                if get_array_module(*arrays) is not np and len({a.dtype for a in arrays if a.dtype.kind == "f"}) == 1:
                    result = kernel(*arguments)
                    if result is not NotImplemented:
                        return result
            return definition(*arguments)

        return cast("F", run)

    return mark


def philox(draw: Any, xp: Any) -> Array:
    """Return the words of a draw that has a span."""
    words = xp.empty(draw.shape, np.uint64)
    _launch("philox", words.size, words, *_span(draw), like=xp.empty(0, np.float32))
    return words


def uniform(x: Array, draw: Any, low: float, high: float) -> Any:
    """Fill x, of the shape of a draw that has a span, with draws from U(low, high)."""
    if draw.span is None:
        return NotImplemented
    real = x.dtype.type
    _launch("uniform", x.size, x, real(low), real(high - low), *_span(draw), like=x)
    return x


def dropout(x: Array, draw: Any, rate: float) -> Any:
    """Return x mask and the mask, made of the bits of a draw that has a span."""
    if draw.span is None:
        return NotImplemented
    x, xp = _contiguous(x)
    y, mask = xp.empty_like(x), xp.empty_like(x)
    real = x.dtype.type
    threshold, scale = np.int32(round(rate * 2**16)), real(1 / (1 - rate))
    _launch("dropout", x.size, x, y, mask, np.int64(x.size // len(x)), threshold, scale, *_span(draw), like=x)
    return y, mask


def relu_slope(grad_y: Array, y: Array) -> Array:
    """Return grad_y where y > 0, and 0 elsewhere."""
    grad_y, xp = _contiguous(grad_y)
    grad_x = xp.empty_like(grad_y)
    _launch("relu_slope", y.size, grad_y, _contiguous(y)[0], grad_x, like=y)
    return grad_x


def sigmoid(x: Array) -> Array:
    """Return 1 / (1 + exp(-x))."""
    x, xp = _contiguous(x)
    y = xp.empty_like(x)
    _launch("sigmoid", x.size, x, y, like=x)
    return y


def sigmoid_slope(grad_y: Array, x: Array) -> Array:
    """Return grad_y times the derivative of the sigmoid at x."""
    grad_y, xp = _contiguous(grad_y)
    grad_x = xp.empty_like(grad_y)
    _launch("sigmoid_slope", x.size, grad_y, _contiguous(x)[0], grad_x, like=x)
    return grad_x


def maxout(x: Array, n_pieces: int) -> tuple[Array, Array]:
    """Return the largest piece of x, and where each piece beat those before it."""
    x, xp = _contiguous(x)
    shape = len(x), x.shape[1] // n_pieces
    y, won = xp.empty(shape, x.dtype), xp.empty((n_pieces - 1, *shape), bool)
    _launch("maxout", y.size, x, y, won, np.int64(shape[1]), np.int32(n_pieces), like=x)
    return y, won


def maxout_slope(grad_y: Array, won: Array) -> Array:
    """Return grad_y at the piece that won, and 0 at the others."""
    grad_y, xp = _contiguous(grad_y)
    n_pieces, (m, n_units) = len(won) + 1, grad_y.shape
    grad_x = xp.empty((m, n_pieces * n_units), grad_y.dtype)
    _launch("maxout_slope", grad_y.size, grad_y, won, grad_x, np.int64(n_units), np.int32(n_pieces), like=grad_y)
    return grad_x


def minus_log_d(logits: Array) -> tuple[Array, Array]:
    """Return softplus(-a) and its derivative."""
    return _loss_and_slope("minus_log_d", logits)


def minus_log_not_d(logits: Array) -> tuple[Array, Array]:
    """Return softplus(a) and its derivative."""
    return _loss_and_slope("minus_log_not_d", logits)


def log_not_d(logits: Array) -> tuple[Array, Array]:
    """Return -softplus(a) and its derivative."""
    return _loss_and_slope("log_not_d", logits)


def _loss_and_slope(name: str, logits: Array) -> tuple[Array, Array]:
    logits, xp = _contiguous(logits)
    loss, slope = xp.empty_like(logits), xp.empty_like(logits)
    _launch(name, logits.size, logits, loss, slope, like=logits)
    return loss, slope


def momentum_step(data: Array, velocity: Array, grad: Array, learning_rate: float, momentum: float) -> Any:
    """Update velocity and data in place."""
    if not (data.flags.c_contiguous and velocity.flags.c_contiguous):
        return NotImplemented
    real, (grad, _) = data.dtype.type, _contiguous(grad)
    _launch("momentum_step", data.size, data, velocity, grad, real(learning_rate), real(momentum), like=data)
    return None


def counter_words(block: int) -> list[int]:
    """Return the number of a block as Philox counts it: four words of 64 bits, the lowest first."""
    return [(block >> (64 * i)) & (2**64 - 1) for i in range(4)]


def _span(draw: Any) -> list[Any]:
    """Return the arguments SPAN of a kernel. NumPy numbers its blocks from 1."""
    key, start, group, stride = draw.span
    words = [np.uint64(word) for word in (*key, *counter_words(start // 4 + 1))]
    return [*words, *map(np.int64, (start % 4, group, stride, draw.shape[1]))]


def _contiguous(array: Array) -> tuple[Array, Any]:
    """Return the array as a kernel can read it, and its module."""
    xp = get_array_module(array)
    return xp.ascontiguousarray(array), xp


def _launch(name: str, n: int, *arguments: Any, like: Array) -> None:
    """Run a kernel on n threads, compiled for the float type of an array."""
    kernel = _kernel(get_array_module(like), {"f": "float", "d": "double"}[like.dtype.char], name)
    kernel((math.ceil(n / THREADS),), (THREADS,), (*arguments, np.int64(n)))


@functools.cache
def _kernel(cupy: Any, real: str, name: str) -> Any:
    return _module(cupy, real).get_function(name)


@functools.cache
def _module(cupy: Any, real: str) -> Any:
    return cupy.RawModule(code=SOURCE, options=options(real))
