"""Maxout: the largest of several pieces, each an affine function of the layer below."""

from pathlib import Path
from typing import Any

import numpy as np

from tinygan.arguments import check_count
from tinygan.backend import Array, RngLike, get_array_module
from tinygan.backend.fused import launch, on_gpu
from tinygan.layers.base import Layer, Shape, layer_name
from tinygan.layers.doors import check_cache, check_grad_y, check_input, of_examples, wrong_cache

CUDA = Path(__file__).with_suffix(".cu").read_text(encoding="utf-8")


class Maxout(Layer):
    """y_u = max over p of x_pu, where piece p of unit u is column p n_units + u of x.

    It has no parameters: the maxout layer of the paper with 240 units of 5 pieces is ``Linear(784, 240 * 5),
    Maxout(5)``. The columns are those of the last axis: the channels, if x holds images.

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

    `forward` compares the pieces in order: ``won``, of the shape of x, says where piece p beat all pieces before it.
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
        """Return y, of shape (m, ..., n_units), and won, of shape (m, ..., n_pieces n_units), as the cache."""
        check_input(self, x)
        if x.shape[-1] % self.n_pieces:
            raise ValueError(f"{layer_name(self)} got x of shape {x.shape}; it takes {self._wanted(x.ndim)}")
        return _largest_piece(x, self.n_pieces)

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return dL/dx, of the shape of x: dL/dy at the piece that won, and 0 at the others."""
        check_cache(self, cache)
        n_units, left = divmod(cache.shape[-1], self.n_pieces)
        if left:
            found = f"shape {cache.shape}, whose last axis is no multiple of {self.n_pieces}"
            raise wrong_cache(layer_name(self), found)
        check_grad_y(self, grad_y, (*cache.shape[:-1], n_units))
        return _maxout_slope(grad_y, cache)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of the input with n_units columns; raise a ValueError if n_pieces does not divide them."""
        if input_shape is None:
            return None
        if input_shape[-1] % self.n_pieces:
            wanted = self._wanted(1 + len(input_shape))
            raise ValueError(f"{layer_name(self)} takes {wanted}, not {of_examples(input_shape)}")
        return (*input_shape[:-1], input_shape[-1] // self.n_pieces)

    def _wanted(self, ndim: int) -> str:
        return f"(m, {'..., ' * (ndim > 2)}{self.n_pieces} * n_units)"


def _largest_piece_on_gpu(x: Array, n_pieces: int) -> tuple[Array, Array]:
    xp, n_units = get_array_module(x), x.shape[-1] // n_pieces
    y, won = xp.empty((*x.shape[:-1], n_units), x.dtype), xp.empty(x.shape, bool)
    arrays = xp.ascontiguousarray(x), y, won
    launch(CUDA, "largest_piece", y.size, *arrays, np.int64(n_units), np.int64(n_pieces), like=x)
    return y, won


def _slope_on_gpu(grad_y: Array, won: Array) -> Array:
    xp, n_units = get_array_module(grad_y), grad_y.shape[-1]
    grad_x = xp.empty(won.shape, grad_y.dtype)
    arrays = xp.ascontiguousarray(grad_y), xp.ascontiguousarray(won), grad_x
    launch(CUDA, "slope", grad_y.size, *arrays, np.int64(n_units), np.int64(won.shape[-1] // n_units), like=grad_y)
    return grad_x


@on_gpu(_largest_piece_on_gpu)
def _largest_piece(x: Array, n_pieces: int) -> tuple[Array, Array]:
    """Return y, and where each piece beat all pieces before it."""
    xp, won = get_array_module(x), get_array_module(x).empty_like(x, dtype=bool)  # lies in memory as x does
    first, *others = zip(_pieces(x, n_pieces), _pieces(won, n_pieces), strict=True)
    y = first[0].copy(order="K")
    first[1][...] = True
    for piece, piece_won in others:
        xp.greater(piece, y, out=piece_won)
        xp.maximum(piece, y, out=y)
    return y, won


@on_gpu(_slope_on_gpu)
def _maxout_slope(grad_y: Array, won: Array) -> Array:
    """Return grad_y at the piece that won, from the last piece to the first, and 0 at the others."""
    xp, n_pieces, rest = get_array_module(grad_y), won.shape[-1] // grad_y.shape[-1], grad_y.copy(order="K")
    grad_x = xp.empty_like(won, dtype=grad_y.dtype)
    first, *others = zip(_pieces(grad_x, n_pieces), _pieces(won, n_pieces), strict=True)
    for grad_piece, piece_won in reversed(others):
        rest -= xp.multiply(rest, piece_won, out=grad_piece)
    first[0][...] = rest
    return grad_x


def _pieces(x: Array, n_pieces: int) -> list[Array]:
    """Return the pieces of x as views: piece p is columns p n_units to (p + 1) n_units of the last axis."""
    n_units = x.shape[-1] // n_pieces
    return [x[..., p * n_units : (p + 1) * n_units] for p in range(n_pieces)]
