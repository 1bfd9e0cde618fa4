"""The pictures of the lessons: an empty figure to draw in, and its PNG."""

import io
from typing import Any

from matplotlib import style
from matplotlib.figure import Figure

from tinygan.figures.style import SETTINGS

WIDTH = 6.4  # inches: at 100 pixels each, what a page has room for


def picture(n_columns: int = 1, n_rows: int = 1, *, height: float = 3.2) -> tuple[Figure, Any]:
    """Return a new figure and its axes, in the style of our pictures; the style holds for the rest of the process.

    Parameters
    ----------
    n_columns, n_rows : int
        How many axes beside and below each other.
    height : float
        Of one row, in inches; the figure is 6.4 inches wide, or 4.2 for each of several columns.

    Returns
    -------
    (matplotlib.figure.Figure, matplotlib.axes.Axes or ndarray of them)

    Examples
    --------
    >>> figure, axes = picture(2)
    >>> len(axes)
    2
    """
    style.use(SETTINGS)
    width = WIDTH if n_columns == 1 else 4.2 * n_columns
    figure = Figure(figsize=(width, height * n_rows), layout="constrained")
    return figure, figure.subplots(n_rows, n_columns)


def png(figure: Figure) -> bytes:
    """Return a figure as the bytes of a PNG.

    Examples
    --------
    >>> figure, axes = picture()
    >>> png(figure)[1:4]
    b'PNG'
    """
    written = io.BytesIO()
    figure.savefig(written, format="png", dpi=100)
    return written.getvalue()
