"""Draw the paper's Figure 2, samples beside their nearest training images, and its Figure 3, straight lines in z."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from tinygan.arguments import check_count
from tinygan.backend import Array
from tinygan.figures.mosaic import fit, grid, mosaic, to_pixels
from tinygan.figures.output import FIGURE3, STILL, check_output
from tinygan.figures.sheet import sheet_figure
from tinygan.figures.still import write_figure
from tinygan.figures.style import BLACK, BLUE, VERMILION, picture_style
from tinygan.files import whole_file

FRAMES_PER_SECOND = 12
GIF_PIXELS = 640
GIF_COLORS = 48


def draw_samples(
    images: Array,
    path: str | Path,
    *,
    n_columns: int | None = None,
    neighbours: Array | None = None,
    title: str | None = None,
) -> None:
    """Draw samples in a grid; with neighbours, each row ends with one beside its last sample, as in Figure 2.

    Parameters
    ----------
    images : ndarray of shape (n, height, width) or (n, height, width, 3)
        Samples, row by row: floats from 0 for black to 1 for white, clipped to this range; or uint8.
    path : str or Path
        The .png, .svg or .pdf file to write.
    n_columns : int, optional
        Samples in a row. By default, as many as make the grid square, or as fit the number of neighbours.
    neighbours : ndarray of shape (n_rows, height, width) or (n_rows, height, width, 3), optional
        For the last sample of each row, the training example nearest to it.
    title : str, optional
        Title above the picture.

    Raises
    ------
    TypeError, ValueError
        If an array is empty, not finite, on a GPU, or of the wrong shape or dtype; the numbers of neighbours and rows
        differ; or the suffix is another one.
    OSError
        If the file cannot be written; its old contents are then untouched.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     draw_samples(np.zeros((6, 28, 28)), Path(folder, "samples.png"), neighbours=np.ones((2, 28, 28)))
    """
    path = check_output(path, STILL)
    tiles = to_pixels("draw_samples got images", images)
    if n_columns is not None:
        check_count("draw_samples got n_columns", n_columns)
    if neighbours is None:
        write_figure(sheet_figure(grid(tiles, n_columns), title), path)
        return
    nearest = to_pixels("draw_samples got neighbours", neighbours)
    n_columns = n_columns or max(1, len(tiles) // len(nearest))
    if len(tiles) != n_columns * len(nearest) or tiles.shape[1:] != nearest.shape[1:]:
        raise ValueError(
            f"draw_samples got neighbours of shape {np.shape(neighbours)} for images of shape {np.shape(images)} in "
            f"{n_columns} columns; it takes one neighbour a row, of the same size, and rows that are full"
        )
    write_figure(_figure2(tiles, nearest, n_columns, title), path)


def draw_interpolation(images: Array, path: str | Path, *, title: str | None = None) -> None:
    """Draw straight lines in z, each as a row as in the paper's Figure 3, or all of them together as an animation.

    Parameters
    ----------
    images : ndarray of shape (n_lines, n_steps, height, width) or (n_lines, n_steps, height, width, 3)
        G(z) along each line, from one end to the other: floats from 0 for black to 1 for white, clipped to this range;
        or uint8.
    path : str or Path
        The file to write: .png, .svg or .pdf for the rows, .gif for the animation, which plays forwards and backwards.
    title : str, optional
        Title above the picture.

    Raises
    ------
    TypeError, ValueError
        If the array is empty, not finite, on a GPU, or of the wrong shape or dtype, or the suffix is another one.
    OSError
        If the file cannot be written; its old contents are then untouched.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     draw_interpolation(np.zeros((2, 7, 28, 28)), Path(folder, "lines.pdf"))
    """
    path = check_output(path, FIGURE3)
    lines = to_pixels("draw_interpolation got images", images, n_axes=2)
    if lines.shape[1] < 2:
        raise ValueError(f"draw_interpolation got images of shape {images.shape}; it takes at least 2 steps a line")
    if path.suffix.lower() == ".gif":
        _write_gif(lines, path, title)
    else:
        write_figure(_figure3(lines, title), path)


def _figure2(tiles: Array, nearest: Array, n_columns: int, title: str | None) -> Figure:
    scale, gap = fit(len(nearest), n_columns + 1, tiles.shape[1:])
    border = 2 * gap
    samples = mosaic(tiles, n_columns, scale, gap, border=border)[:, border:]
    framed = mosaic(nearest, 1, scale, gap, border=border, color=_bytes(VERMILION))
    words = {"left": ("samples", BLACK), "right": ("nearest training image", VERMILION)}
    return sheet_figure(np.hstack([samples, framed]), title, words)


def _figure3(lines: Array, title: str | None) -> Figure:
    n_lines, n_steps, *shape = lines.shape
    scale, gap = fit(n_lines, n_steps, tuple(shape))
    parts = [mosaic(lines[:, i], 1, scale, gap, border=gap, color=_bytes(BLUE)) for i in (0, -1)]
    if n_steps > 2:
        between = lines[:, 1:-1].reshape(-1, *shape)
        parts.insert(1, mosaic(between, n_steps - 2, scale, gap, border=gap))
    words = {"left": ("$G(z_0)$", BLUE), "center": ("straight lines in $z$", BLACK), "right": ("$G(z_1)$", BLUE)}
    return sheet_figure(np.hstack(parts), title, words)


def _write_gif(lines: Array, path: Path, title: str | None) -> None:
    sheets = [grid(lines[:, step], pixels=GIF_PIXELS) for step in range(lines.shape[1])]
    figure = sheet_figure(sheets[0], title)
    canvas: Any = FigureCanvasAgg(figure)  # without types in matplotlib
    with picture_style():
        canvas.draw()
    frames = np.repeat(np.asarray(canvas.buffer_rgba())[None, ..., :3], len(sheets), axis=0)
    box = figure.axes[0].get_window_extent()
    top, left = frames.shape[1] - round(box.y1), round(box.x0)
    frames[:, top : top + len(sheets[0]), left : left + sheets[0].shape[1]] = sheets
    colors = Image.fromarray(frames.reshape(-1, *frames.shape[2:])).quantize(GIF_COLORS)
    table = [Image.fromarray(frame).quantize(palette=colors, dither=Image.Dither.NONE) for frame in frames]
    film = [*table, *table[-2:0:-1]]  # forwards and backwards
    with whole_file(path) as temporary:
        film[0].save(
            temporary,
            "GIF",
            save_all=True,
            append_images=film[1:],
            duration=1000 // FRAMES_PER_SECOND,
            loop=0,
            optimize=True,
        )


def _bytes(color: str) -> tuple[int, ...]:
    return tuple(round(255 * share) for share in to_rgb(color))
