"""Squared distances between many points and many others, a tile at a time, with a bound on their rounding errors."""

import math
from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np

from tinygan.backend import Array, get_array_module, is_finite
from tinygan.backend.arrays import check_arrays

# One matrix product, rows times columns: 16 MiB in float32.
TILE = (2048, 2048)

# The most rows and columns whose distances are handed out at a time: 512 KiB in float32 stay in a core's cache.
PIECE = (64, TILE[1])

# How many float64 numbers a temporary array for centring or subtracting should hold: 2 MiB.
CHUNK = 2**18

# Some rows, some columns, and the distances between them, in an array that the next piece may overwrite.
Piece: TypeAlias = tuple[slice, slice, Array]


class Centred:
    """Points relative to a centre, in a unit of length.

    Attributes
    ----------
    values : ndarray of shape (n, d)
        (x - centre) / unit in the dtype asked for.
    squares : ndarray of shape (n,)
        The squared lengths of (x - centre) / unit in float64; inf where they overflow.
    """

    def __init__(self, x: Array, centre: Array, unit: float, dtype: type) -> None:
        xp = get_array_module(x)
        self.values, self.squares = xp.empty(x.shape, dtype), xp.empty(len(x))
        height = max(1, CHUNK // x.shape[1])
        with np.errstate(over="ignore"):
            for rows, _ in tiles(len(x), 1, (height, 1)):
                block = x[rows] - centre
                block *= 1 / unit
                self.values[rows] = block
                self.squares[rows] = xp.einsum("ij,ij->i", block, block)

    @property
    def reach(self) -> float:
        """The length of the longest point."""
        return math.sqrt(float(self.squares.max()))


class Expansion:
    """Squared distances by matrix products: |x - mu|² = |x|² + (|mu|² - 2 x·mu).

    Attributes
    ----------
    offset : ndarray of shape (n,)
        |x|² in float64, which the pieces leave out.
    """

    def __init__(self, x: Centred, others: Centred) -> None:
        self._x, self._others = x, others
        self.offset = x.squares

    def pieces(self) -> Iterator[Piece]:
        """Yield |mu|² - 2 x·mu, some rows and columns at a time."""
        x, others = self._x.values, self._others.values * -2  # exact
        xp = get_array_module(x)
        squares, buffer = self._others.squares.astype(x.dtype), xp.empty(math.prod(TILE), x.dtype)
        for rows, columns in tiles(len(x), len(others)):
            left, right = x[rows], others[columns]
            product = buffer[: len(left) * len(right)].reshape(len(left), len(right))
            xp.matmul(left, right.T, out=product)
            for strip, _ in tiles(len(left), 1, (PIECE[0], 1)):
                piece = product[strip]
                piece += squares[columns]
                yield slice(rows.start + strip.start, rows.start + strip.stop), columns, piece


class Differences:
    """Squared distances by subtraction in float64: slow, but right where an `Expansion` is too coarse.

    Attributes
    ----------
    offset : ndarray of shape (n,)
        0: the pieces are complete.
    """

    def __init__(self, x: Array, others: Array, unit: float) -> None:
        self._x, self._others, self._unit = x, others, unit
        self.offset = get_array_module(x).zeros(len(x))

    def pieces(self) -> Iterator[Piece]:
        """Yield |x - mu|² in units squared, a row and some columns at a time."""
        width = min(PIECE[1], max(1, CHUNK // self._x.shape[1]))
        for rows, columns in tiles(len(self._x), len(self._others), (1, width)):
            yield rows, columns, squared_differences(self._x[rows], self._others[columns], self._unit)[None, :]


def squared_differences(x: Array, other: Array, unit: float = 1.0) -> Array:
    """Return |x - other|² / unit² along the last axis, in float64."""
    xp = get_array_module(x)
    difference = xp.subtract(x, other, dtype=np.float64)
    difference /= unit
    return xp.einsum("...k,...k->...", difference, difference)


def error_bound(x: Centred, others: Centred) -> float:
    """Return e such that no distance of an `Expansion` errs by more than u e, with u half an ulp of 1 in its dtype.

    Notes
    -----
    Write A for the longest x and B for the longest mu, centred and in units. The true |x - mu|² is at
    most (A + B)². To first order in u:

    - Storing x and mu (a subtraction, two products, a cast) moves each coordinate by at most 4 u of itself, and so
      2 x·mu by at most 16 u A B <= 4 u (A + B)²; |x|² and |mu|² likewise by at most 8 u (A² + B²) <= 8 u (A + B)².
    - A product of d terms, summed in any order, errs by at most d u A B (Higham, Accuracy and Stability of Numerical
      Algorithms, section 3.1); twice that is at most d u (A + B)² / 2.
    - |x|² + |mu|² err by at most d u (A² + B²) <= d u (A + B)², if they are summed in the same precision.
    - Casting |mu|², adding it, taking a minimum off the result and scaling it: at most 4 u (A + B)².

    Together (3 d / 2 + 16) u (A + B)². A log-density is -log of a mean of exp(-|x - mu|²), with 2 sigma² as unit
    squared: it moves by no more than the distances in it, so this is a bound in nats as well.
    """
    reach = x.reach + others.reach
    dimension: int = x.values.shape[1]
    return (1.5 * dimension + 16) * reach * reach


def mean_point(x: Array) -> Array:
    """Return the mean over the rows in float64."""
    return x.mean(axis=0, dtype=np.float64)


def tiles(n: int, m: int, shape: tuple[int, int] | None = None) -> Iterator[tuple[slice, slice]]:
    """Yield the tiles of an (n, m) array as two slices, row by row; those at its ends may be smaller than the rest."""
    height, width = shape or TILE
    for row in range(0, n, height):
        for column in range(0, m, width):
            yield slice(row, min(row + height, n)), slice(column, min(column + width, m))


def check_points(function: str, name: str, x: Any, width: int | None = None, like: Array = None) -> None:
    """Raise unless x is a non-empty finite float array of shape (n, width), on the same device as `like`."""
    check_arrays(function, **{name: x})
    if not hasattr(x, "ndim") or not hasattr(x, "dtype"):
        raise TypeError(f"{function} got {name} of type {type(x).__name__}; it takes an array of float32 or float64")
    if x.dtype.char not in "fd":
        hint = f". Did you mean {name}.astype(np.float32) / 255?" if x.dtype == np.uint8 else ""
        raise TypeError(f"{function} got {name} of dtype {x.dtype}; it takes float32 or float64{hint}")
    if like is not None and get_array_module(x) is not get_array_module(like):
        raise TypeError(f"{function} got {name} on another device than the rest; see tinygan.backend.to_device")
    wanted = f"(n, {'d' if width is None else width})"
    if x.ndim != 2 or x.shape[1] == 0 or width not in (None, x.shape[1]):
        hint = ""
        if x.ndim > 2 and width in (None, math.prod(x.shape[1:])):
            hint = f". Did you mean {name}.reshape(len({name}), -1)?"
        elif x.ndim == 1:
            hint = f". Did you mean {name}[None, :], one point, or {name}[:, None], many in one dimension?"
        raise ValueError(f"{function} got {name} of shape {x.shape}; it takes {wanted}{hint}")
    if len(x) == 0:
        raise ValueError(f"{function} got {name} of shape {x.shape}, empty; it takes {wanted} with n >= 1")
    if not is_finite(x):
        raise ValueError(f"{function} got {name} with NaN or infinite entries; it takes finite values")
