"""Write a figure to a file in the format of its suffix; the same figure gives the same bytes."""

from pathlib import Path

from matplotlib.figure import Figure

from tinygan.figures.style import picture_style
from tinygan.files import whole_file

# A power of two: widths in inches are then exact, and the pixels of an image stay squares.
DPI = 128

# Metadata that would differ from day to day, or from one release of matplotlib to the next.
_UNSAID = {".png": "Software", ".svg": "Date", ".pdf": "CreationDate"}


def write_figure(figure: Figure, path: Path) -> None:
    """Write the figure to a .png, .svg or .pdf file, whole or not at all."""
    suffix = path.suffix.lower()
    with picture_style(), whole_file(path) as temporary:
        figure.savefig(temporary, format=suffix[1:], metadata={_UNSAID[suffix]: None})
