"""Make a figure of one array of pixels, none of them blurred, with words above."""

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tinygan.backend import Array
from tinygan.figures.still import DPI
from tinygan.figures.style import picture_style

# In pixels: the margin around a picture with words, the heights of the words, and the width that two headings need.
MARGIN, TITLE, HEADING, NARROWEST = 24, 48, 44, 450
# The distance from a picture up to the foot of a heading.
ABOVE = 12


def sheet_figure(sheet: Array, title: str | None, words: Mapping[str, tuple[str, str]] | None = None) -> Figure:
    """Return a figure of one array of pixels, with a title and headings above.

    Parameters
    ----------
    sheet : ndarray of shape (height, width, 3)
        uint8; each of its pixels becomes one pixel of the figure.
    title : str, optional
        Title in the middle at the top.
    words : mapping from str to (str, str), optional
        For "left", "center" and "right", the text to write there just above the sheet, and its color.

    Returns
    -------
    Figure
    """
    height, width, _ = sheet.shape
    margin = MARGIN if title or words else 0
    total_width = max(width, NARROWEST if words else 0) + 2 * margin
    total_height = height + 2 * margin + (TITLE if title else 0) + (HEADING if words else 0)
    with picture_style():
        figure = Figure(figsize=(total_width / DPI, total_height / DPI), dpi=DPI)
        place(figure, sheet, (total_width - width) // 2, margin)
        if title:
            figure.text(0.5, 1 - margin / total_height, title, ha="center", va="top", fontsize=17)
        for side, (word, color) in (words or {}).items():
            x = {"left": margin, "center": total_width / 2, "right": total_width - margin}[side] / total_width
            y = (margin + height + ABOVE) / total_height
            figure.text(x, y, word, ha=side, va="baseline", color=color, fontsize=15)
    return figure


def add_axes(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Add axes whose box is given in pixels."""
    across, up = figure.bbox.size
    return figure.add_axes((left / across, bottom / up, width / across, height / up))


def place(figure: Figure, sheet: Array, left: int, bottom: int) -> None:
    """Put an array of shape (height, width, 3) into a figure, pixel for pixel, with its lower left corner given."""
    axes = add_axes(figure, left, bottom, sheet.shape[1], sheet.shape[0])
    axes.imshow(sheet, aspect="auto", interpolation="nearest")
    axes.set_axis_off()
