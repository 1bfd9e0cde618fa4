"""Put images as tiles side by side into one array of pixels."""

import math
from typing import Any

import numpy as np

from tinygan.backend import Array, is_finite
from tinygan.figures.host import check_on_host

# The longer side of a picture of tiles is about this long: enough for print, and for every tile to be seen from afar.
PIXELS = 1200
WHITE = (255, 255, 255)

_SHAPES = {
    1: "(n, height, width) or (n, height, width, 3)",
    2: "(n_lines, n_steps, height, width) or (n_lines, n_steps, height, width, 3)",
}


def to_pixels(what: str, images: Array, *, n_axes: int = 1) -> Array:
    """Return images as red, green and blue from 0 to 255, or raise an error that begins with `what`.

    Parameters
    ----------
    what : str
        The function and its argument, such as "draw_samples got images".
    images : ndarray of shape (..., height, width) or (..., height, width, 3)
        Floats from 0 for black to 1 for white, clipped to this range; or uint8.
    n_axes : int
        The number of axes before the height.

    Returns
    -------
    ndarray of shape (..., height, width, 3)
        uint8.

    Raises
    ------
    TypeError, ValueError
        If images is not a non-empty, finite array of floats or uint8 of such a shape, on the host.

    Examples
    --------
    >>> to_pixels("f got images", np.array([[[0.0, 0.5, 7.0]]]))[0, 0]
    array([[  0,   0,   0],
           [128, 128, 128],
           [255, 255, 255]], dtype=uint8)
    >>> to_pixels("f got images", np.zeros((3, 784)))
    Traceback (most recent call last):
    ...
    ValueError: f got images of shape (3, 784); it takes (n, height, width) or (n, height, width, 3)
    """
    check_on_host(what, images)
    if not isinstance(images, np.ndarray):
        raise TypeError(f"{what} of type {type(images).__name__}; it takes an array of shape {_SHAPES[n_axes]}")
    is_grey = images.ndim == n_axes + 2
    if images.size == 0 or not (is_grey or (images.ndim == n_axes + 3 and images.shape[-1] == 3)):
        raise ValueError(
            f"{what} of shape {images.shape}; it takes {_SHAPES[n_axes]}{', not empty' * (not images.size)}"
        )
    if images.dtype != np.uint8:
        if not np.issubdtype(images.dtype, np.floating):
            raise TypeError(f"{what} of dtype {images.dtype}; it takes floats from 0 to 1, or uint8")
        if not is_finite(images):
            raise ValueError(f"{what} with NaN or infinity in them; it takes finite numbers")
        images = np.rint(255 * images.clip(0, 1)).astype(np.uint8)
    return np.repeat(images[..., None], 3, axis=-1) if is_grey else images


def fit(n_rows: int, n_columns: int, tile: tuple[int, ...], pixels: int = PIXELS) -> tuple[int, int]:
    """Return the factor that enlarges tiles of shape (height, width, 3) for a grid, and the width of the grid's gaps.

    Examples
    --------
    >>> fit(10, 10, (28, 28, 3)), fit(5, 15, (28, 28, 3)), fit(100, 100, (28, 28, 3))
    ((4, 4), (3, 3), (1, 1))
    """
    height, width, _ = tile
    scale = max(1, round(pixels / max(n_rows * height, n_columns * width)))
    return scale, max(1, scale * max(height, width) // 28)


def mosaic(tiles: Array, n_columns: int, scale: int, gap: int, *, border: int = 0, color: Any = WHITE) -> Array:
    """Return tiles of shape (n, height, width, 3) enlarged in a grid, row by row, with a color between and around them.

    Examples
    --------
    >>> tiles = np.arange(3, dtype=np.uint8)[:, None, None, None] * np.ones((1, 1, 2, 3), np.uint8)
    >>> mosaic(tiles, 2, scale=1, gap=1)[..., 0]
    array([[  0,   0, 255,   1,   1],
           [255, 255, 255, 255, 255],
           [  2,   2, 255, 255, 255]], dtype=uint8)
    """
    tiles = tiles.repeat(scale, axis=1).repeat(scale, axis=2)
    n, height, width, _ = tiles.shape
    step_y, step_x = height + gap, width + gap
    size = (math.ceil(n / n_columns) * step_y - gap + 2 * border, n_columns * step_x - gap + 2 * border, 3)
    sheet = np.full(size, color, np.uint8)
    for i, tile in enumerate(tiles):
        y, x = border + i // n_columns * step_y, border + i % n_columns * step_x
        sheet[y : y + height, x : x + width] = tile
    return sheet


def grid(tiles: Array, n_columns: int | None = None, pixels: int = PIXELS) -> Array:
    """Return tiles of shape (n, height, width, 3) in a grid about `pixels` pixels long; by default it is square.

    Examples
    --------
    >>> grid(np.zeros((6, 28, 28, 3), np.uint8), pixels=84).shape
    (57, 86, 3)
    """
    n_columns = n_columns or math.ceil(math.sqrt(len(tiles)))
    return mosaic(tiles, n_columns, *fit(math.ceil(len(tiles) / n_columns), n_columns, tiles.shape[1:], pixels))
