"""Which training example is nearest to a sample: the last column of the paper's Figure 2."""

import math

import numpy as np

from tinygan.backend import Array, get_array_module
from tinygan.data import ScaledImages
from tinygan.evaluation.distances import (
    CHUNK,
    Centred,
    Expansion,
    check_points,
    error_bound,
    mean_point,
    squared_differences,
    tiles,
)

# Examples that are turned into floats and looked through at once.
N_AT_ONCE = 10_000

# If more candidates are left than one a row and this share of a tile, float32 is too coarse and float64 takes over.
FEW = 0.01


def nearest_neighbours(x: Array, examples: Array | ScaledImages) -> tuple[Array, Array]:
    """Return for each row of x the nearest of the examples, in L2, and how far it is.

    Parameters
    ----------
    x : ndarray of shape (n, d)
        For example samples of a generator, float32 or float64.
    examples : ndarray of shape (m, d), or ScaledImages
        For example training images, on the same device.

    Returns
    -------
    indices : ndarray of shape (n,)
        Integers; the first if several examples are equally near.
    distances : ndarray of shape (n,)
        L2 distances, float64.

    Raises
    ------
    TypeError, ValueError
        If x or examples is not a non-empty, finite float array of shape (n, d).

    Notes
    -----
    A matrix product gives rough squared distances that err by at most e (`error_bound`). So the nearest example is
    among those within 2 e of the least rough distance. Only these candidates, one or two for a photograph, are
    subtracted in float64. The examples are taken 10,000 at a time, so that `ScaledImages` stay bytes. Memory holds
    centred copies of x and of these 10,000, and the tiles.

    Examples
    --------
    >>> import numpy as np
    >>> examples = np.array([[0.0, 0.0], [3.0, 4.0]])
    >>> nearest_neighbours(np.array([[0.0, 1.0], [3.0, 4.5]]), examples)
    (array([0, 1]), array([1. , 0.5]))
    """
    first = examples[:N_AT_ONCE] if isinstance(examples, ScaledImages) else examples
    check_points("nearest_neighbours", "examples", first)
    check_points("nearest_neighbours", "x", x, first.shape[1], first)
    xp = get_array_module(x)
    indices, distances = xp.zeros(len(x), int), xp.full(len(x), xp.inf)
    for start in range(0, len(examples), N_AT_ONCE):
        some = examples[start : start + N_AT_ONCE]
        found, apart = _search(x, some, mean_point(some), np.float32)
        indices = xp.where(apart < distances, found + start, indices)
        distances = xp.minimum(apart, distances)
    return indices, distances


def _search(x: Array, examples: Array, centre: Array, dtype: type) -> tuple[Array, Array]:
    """Return the result, found with rough distances in this dtype, or in float64 if float32 proves too coarse."""
    xp = get_array_module(x)
    points, others = Centred(x, centre, 1.0, dtype), Centred(examples, centre, 1.0, dtype)
    error = error_bound(points, others)
    if not math.isfinite(error):
        raise ValueError("nearest_neighbours got points so far apart that squared distances overflow")
    if dtype is np.float32 and not 1e-30 < error < 1e30:  # near the ends of its range, squares vanish or overflow
        return _search(x, examples, centre, np.float64)
    slack = error * float(np.finfo(dtype).eps)  # 2 e
    indices, squares = xp.zeros(len(x), int), xp.full(len(x), xp.inf)
    for rows, columns, piece in Expansion(points, others).pieces():
        least = xp.minimum(squares[rows] - points.squares[rows], piece.min(axis=1))
        near = piece <= (least + slack)[:, None]
        if dtype is np.float32 and near.sum() > len(near) + FEW * near.size:
            return _search(x, examples, centre, np.float64)
        exact = _exact(x[rows], examples[columns], near)
        best = exact.argmin(axis=1)  # the first of equals
        least = exact[xp.arange(len(exact)), best]
        closer = least < squares[rows]
        indices[rows] = xp.where(closer, best + columns.start, indices[rows])
        squares[rows] = xp.where(closer, least, squares[rows])
    return indices, xp.sqrt(squares)


def _exact(x: Array, examples: Array, near: Array) -> Array:
    """Return the squared distances of the pairs that are marked as near, and inf for all others."""
    xp = get_array_module(x)
    squares = xp.full(near.shape, xp.inf)
    i, j = xp.nonzero(near)
    for part, _ in tiles(len(i), 1, (max(1, CHUNK // x.shape[1]), 1)):
        squares[i[part], j[part]] = squared_differences(x[i[part]], examples[j[part]])
    return squares
