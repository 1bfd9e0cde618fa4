"""Digit-like strokes whose factors are known: which digit, how slanted, how thick, where."""

from itertools import pairwise
from typing import Any

import numpy as np

from tinygan.arguments import check_count
from tinygan.backend import Array, RngLike, as_rng

N_KINDS = 10


def _arc(x: float, y: float, width: float, height: float, start: float, stop: float, n: int) -> list[Any]:
    """Return n points on an ellipse around (x, y), from one angle to another; 0 degrees is right, 90 is up."""
    angles = np.radians(np.linspace(start, stop, n))
    return list(zip(x + width * np.cos(angles), y - height * np.sin(angles), strict=True))


# The pen's ways for each digit: points in the square from -1 to 1, in which y grows downwards.
STROKES = [
    [_arc(0, 0, 0.7, 1, 0, 360, 17)],
    [[(-0.35, -0.55), (0.1, -1), (0.1, 1)]],
    [[*_arc(0, -0.45, 0.6, 0.55, 160, -40, 9), (-0.65, 1), (0.7, 1)]],
    [[*_arc(-0.05, -0.5, 0.6, 0.5, 140, -90, 9), *_arc(-0.05, 0.5, 0.65, 0.5, 90, -140, 9)]],
    [[(0.35, 1), (0.35, -1), (-0.7, 0.35), (0.75, 0.35)]],
    [[(0.6, -1), (-0.45, -1), (-0.5, -0.15), *_arc(-0.05, 0.4, 0.65, 0.6, 130, -145, 10)]],
    [[(0.35, -1), (-0.35, -0.1), *_arc(0, 0.4, 0.6, 0.6, 165, -195, 15)]],
    [[(-0.65, -1), (0.65, -1), (-0.15, 1)]],
    [_arc(0, -0.5, 0.5, 0.5, 0, 360, 13), _arc(0, 0.5, 0.62, 0.5, 0, 360, 13)],
    [_arc(0, -0.45, 0.55, 0.55, 0, 360, 13), [(0.5, 0.1), (0.2, 1)]],
]


def glyphs(
    kind: Any,
    *,
    slant: Any = 0.0,
    thickness: Any = 0.1,
    dx: Any = 0.0,
    dy: Any = 0.0,
    size: Any = 0.7,
    angle: Any = 0.0,
    aspect: Any = 0.8,
    ink: Any = 1.0,
    side: int = 14,
) -> Array:
    """Return pictures of digit-like strokes, drawn from their factors.

    Each factor is a number for all pictures, or an array of shape (m,) with one for each. Lengths are shares of the
    side, so a glyph keeps its look whatever the number of pixels.

    Parameters
    ----------
    kind : int or ndarray of int, shape (m,)
        The digit, 0 to 9.
    slant : float or ndarray
        How far the top leans to the right, as a share of the height; negative leans left.
    thickness : float or ndarray
        Width of the stroke.
    dx, dy : float or ndarray
        How far the glyph is moved right and down.
    size : float or ndarray
        Its height.
    angle : float or ndarray
        By how much it is turned clockwise, in radians.
    aspect : float or ndarray
        Width over height, before it is slanted.
    ink : float or ndarray
        The brightness of the stroke, at most 1.
    side : int
        Pixels in a row and in a column.

    Returns
    -------
    ndarray of float32, shape (m, side * side)
        Rows of pixels, from 0 for black to 1 for white.

    Raises
    ------
    TypeError, ValueError
        If a kind is not an int from 0 to 9, a factor is not finite, or the shapes do not fit each other.

    Notes
    -----
    Each stroke is a chain of segments. An affine map takes its ends to the picture. A pixel is white where its centre
    is nearer to a segment than half the thickness; the edge fades over one pixel.

    Examples
    --------
    >>> for row in glyphs(7, thickness=0.2, side=8).reshape(8, 8):
    ...     print("".join(" .:#"[int(3.99 * pixel)] for pixel in row).rstrip())
      ::::
      ####
        ##
        #:
       .#.
       :#
       #:
       :
    """
    check_count("glyphs got side", side)
    kinds, *factors = _columns(
        kind=kind, slant=slant, thickness=thickness, dx=dx, dy=dy, size=size, angle=angle, aspect=aspect, ink=ink
    )
    rows = np.empty((len(kinds), side * side), np.float32)
    for k in np.unique(kinds):
        chosen = kinds == k
        rows[chosen] = _drawn(STROKES[k], side, *(column[chosen] for column in factors))
    return rows


def random_factors(n: int, *, rng: RngLike = None) -> dict[str, Array]:
    """Return factors drawn at random: ``glyphs(**random_factors(n))`` is a data set whose every cause is known.

    Parameters
    ----------
    n : int
        How many.
    rng : numpy.random.Generator, int or None

    Returns
    -------
    dict of ndarray of shape (n,)
        kind, slant, thickness, dx and dy, for `glyphs`; they are independent and uniform.

    Examples
    --------
    >>> factors = random_factors(100, rng=0)
    >>> list(factors)
    ['kind', 'slant', 'thickness', 'dx', 'dy']
    >>> glyphs(**factors).shape
    (100, 196)
    """
    check_count("random_factors got n", n)
    rng = as_rng(rng)
    return {
        "kind": rng.integers(N_KINDS, size=n),
        "slant": rng.uniform(-0.2, 0.5, n),
        "thickness": rng.uniform(0.06, 0.16, n),
        "dx": rng.uniform(-0.1, 0.1, n),
        "dy": rng.uniform(-0.07, 0.07, n),
    }


def _columns(**factors: Any) -> list[Array]:
    """Return the factors as arrays of one length, or raise unless they are such factors."""
    arrays = {name: np.atleast_1d(factor) for name, factor in factors.items()}
    m = max(array.size for array in arrays.values())
    for name, array in arrays.items():
        if array.shape not in ((1,), (m,)):
            raise ValueError(f"glyphs got {name} of shape {np.shape(factors[name])}; it takes a number or ({m},)")
        if name == "kind":
            if array.dtype.kind not in "iu":
                raise TypeError(f"glyphs got kind of dtype {array.dtype}; it takes ints from 0 to {N_KINDS - 1}")
            if array.size and not 0 <= array.min() <= array.max() < N_KINDS:
                raise ValueError(f"glyphs got kind from {array.min()} to {array.max()}; it takes 0 to {N_KINDS - 1}")
        elif array.dtype.kind not in "iuf" or not np.isfinite(array).all():
            raise ValueError(f"glyphs got {name}={factors[name]!r}; it takes finite numbers")
    return [np.broadcast_to(array, m) for array in arrays.values()]


def _drawn(
    strokes: list[list[Any]],
    side: int,
    slant: Array,
    thickness: Array,
    dx: Array,
    dy: Array,
    size: Array,
    angle: Array,
    aspect: Array,
    ink: Array,
) -> Array:
    """Return pictures of one kind."""

    def placed(x: float, y: float) -> tuple[Array, Array]:
        """Return where a point of a stroke lies in each picture, in sides from its upper left corner."""
        across = (aspect * x - slant * y) * size / 2
        down = y * size / 2
        cos, sin = np.cos(angle), np.sin(angle)
        return 0.5 + dx + cos * across - sin * down, 0.5 + dy + sin * across + cos * down

    centres = (np.arange(side, dtype=np.float32) + 0.5) / side
    squares = np.full((len(ink), side, side), np.inf, np.float32)
    for stroke in strokes:
        for start, end in pairwise(placed(*point) for point in stroke):
            np.minimum(squares, _squared_distances(centres, start, end), out=squares)
    distances = np.sqrt(squares).reshape(len(ink), -1)
    # How much of a pixel the stroke covers, as if its edge crossed the pixel straight.
    covered = np.clip(0.5 + side * (thickness[:, None] / 2 - distances), 0, 1)
    return ink[:, None] * covered


def _squared_distances(centres: Array, start: tuple[Array, Array], end: tuple[Array, Array]) -> Array:
    """Return how far each pixel is from a segment in each picture, squared, of shape (m, side, side)."""
    (x, y), (end_x, end_y) = ([c.astype(np.float32) for c in point] for point in (start, end))
    along_x, along_y = end_x - x, end_y - y
    right = centres[None, None, :] - x[:, None, None]  # (m, 1, side)
    below = centres[None, :, None] - y[:, None, None]  # (m, side, 1)
    along_x, along_y = along_x[:, None, None], along_y[:, None, None]
    squared_length = np.maximum(along_x**2 + along_y**2, np.float32(1e-12))  # or a point would divide 0 by 0
    # The nearest point of the segment, from 0 at its start to 1 at its end.
    t = np.clip((right * along_x + below * along_y) / squared_length, 0, 1)
    return (right - t * along_x) ** 2 + (below - t * along_y) ** 2
