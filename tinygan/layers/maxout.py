"""Maxout: the largest of several pieces, each an affine function of the layer below."""

from pathlib import Path
from typing import Any

import numpy as np

from tinygan.arguments import check_count
from tinygan.backend import Array, RngLike, get_array_module
from tinygan.backend.fused import launch, on_gpu
from tinygan.layers.base import Layer, Shape, layer_name
from tinygan.layers.doors import check_cache, check_grad_y, check_input

CUDA = Path(__file__).with_suffix(".cu").read_text(encoding="utf-8")


class Maxout(Layer):
    """y_u = max over p of x_pu, where piece p of unit u is column p n_units + u of x.

    It has no parameters: the maxout layer of the paper with 240 units of 5 pieces is ``Linear(784, 240 * 5),
    Maxout(5)``.

    Parameters
    ----------
    n_pieces : int
        How many columns of x compete for one column of y.

    Raises
    ------
    TypeError, ValueError
        If n_pieces is not an int >= 1; from `forward`, if it does not divide the width of x.

    Notes
    -----
    dy_u/dx_pu is 1 for the piece that won and 0 for the others. On a tie the first of the largest wins, and it alone
    gets the gradient.

    `forward` compares the pieces in order: ``won[p - 1]`` says where piece p beat all pieces before it.
    `backward_input` walks back from the last piece: each piece takes the gradient where it has won, and leaves the rest
    to the pieces before it.

    References
    ----------
    Goodfellow, Warde-Farley, Mirza, Courville and Bengio 2013, Maxout networks, arXiv:1302.4389.

    Examples
    --------
    >>> import numpy as np
    >>> y, cache = Maxout(2).forward(np.array([[1.0, 2.0, 3.0, 0.0]]))
    >>> y
    array([[3., 2.]])
    >>> Maxout(2).backward_input(np.array([[5.0, 7.0]]), cache)
    array([[0., 7., 5., 0.]])
    """

    def __init__(self, n_pieces: int) -> None:
        self.n_pieces = check_count("Maxout got n_pieces", n_pieces)

    def forward(self, x: Array, *, rng: RngLike = None) -> tuple[Array, Any]:
        """Return y, of shape (m, n_units), and won, of shape (n_pieces - 1, m, n_units), as the cache."""
        check_input(self, x)
        if x.ndim != 2 or x.shape[1] % self.n_pieces:
            raise ValueError(f"{layer_name(self)} got x of shape {x.shape}; it takes (m, {self.n_pieces} * n_units)")
        return _largest_piece(x, self.n_pieces)

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return dL/dx, of shape (m, n_pieces n_units): dL/dy at the piece that won, and 0 at the others."""
        check_cache(self, cache, axis=0, size=self.n_pieces - 1)
        check_grad_y(self, grad_y, cache.shape[1:])
        return _maxout_slope(grad_y, cache)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (n_units,); raise a ValueError if the known width is no multiple of n_pieces."""
        if input_shape is None:
            return None
        width = input_shape[-1]
        if width % self.n_pieces:
            raise ValueError(f"{layer_name(self)} takes (m, {self.n_pieces} * n_units), not (m, {width})")
        return (width // self.n_pieces,)


def _largest_piece_on_gpu(x: Array, n_pieces: int) -> tuple[Array, Array]:
    xp, shape = get_array_module(x), (len(x), x.shape[1] // n_pieces)
    y, won = xp.empty(shape, x.dtype), xp.empty((n_pieces - 1, *shape), bool)
    arrays = xp.ascontiguousarray(x), y, won
    launch(CUDA, "largest_piece", y.size, *arrays, np.int64(shape[1]), np.int64(n_pieces), like=x)
    return y, won


def _slope_on_gpu(grad_y: Array, won: Array) -> Array:
    xp, n_pieces, (m, n_units) = get_array_module(grad_y), len(won) + 1, grad_y.shape
    grad_x = xp.empty((m, n_pieces * n_units), grad_y.dtype)
    arrays = xp.ascontiguousarray(grad_y), won, grad_x
    launch(CUDA, "slope", grad_y.size, *arrays, np.int64(n_units), np.int64(n_pieces), like=grad_y)
    return grad_x


@on_gpu(_largest_piece_on_gpu)
def _largest_piece(x: Array, n_pieces: int) -> tuple[Array, Array]:
    """Return y, and where each piece beat all pieces before it."""
    xp = get_array_module(x)
    pieces = x.reshape(len(x), n_pieces, -1)
    y = pieces[:, 0].copy()
    won = xp.empty((n_pieces - 1, *y.shape), bool)
    for p in range(1, n_pieces):
        xp.greater(pieces[:, p], y, out=won[p - 1])
        xp.maximum(pieces[:, p], y, out=y)
    return y, won


@on_gpu(_slope_on_gpu)
def _maxout_slope(grad_y: Array, won: Array) -> Array:
    """Return grad_y at the piece that won, from the last piece to the first, and 0 at the others."""
    xp, n_pieces, rest = get_array_module(grad_y), len(won) + 1, grad_y.copy()
    grad_pieces = xp.empty((len(grad_y), n_pieces, grad_y.shape[1]), grad_y.dtype)
    for p in range(n_pieces - 1, 0, -1):
        rest -= xp.multiply(rest, won[p - 1], out=grad_pieces[:, p])
    grad_pieces[:, 0] = rest
    return grad_pieces.reshape(len(grad_y), -1)
