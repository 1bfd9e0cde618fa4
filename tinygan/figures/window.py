"""The live window, which shows each frame as it comes, if there is a display, and never stops the training."""

import warnings
from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
from matplotlib import rc_context
from matplotlib.figure import Figure

from tinygan.figures.figure1 import SIZE, Figure1Plot
from tinygan.figures.frame import Frame
from tinygan.figures.style import picture_style


class LiveWindow:
    """A window that shows the latest frame; `open_window` makes one.

    Parameters
    ----------
    figure : Figure
        An empty figure of an interactive backend of pyplot.
    n_iterations : int
        Where the axis of iterations ends.
    """

    def __init__(self, figure: Figure, n_iterations: int) -> None:
        self.figure, self.n_iterations = figure, n_iterations
        self.is_open = True
        self._plot: Figure1Plot | None = None
        figure.canvas.mpl_connect("close_event", self._on_close)

    def show(self, past: Sequence[Frame]) -> None:
        """Show the last of these frames in the panel and all of them in the curves, unless the window is closed."""
        if not self.is_open:
            return
        if self._plot is None:
            self._plot = Figure1Plot(past, n_iterations=self.n_iterations, figure=self.figure)
            self._plot.draw(past)
            with rc_context({"figure.raise_window": False}):  # do not take the keyboard from another window
                self.figure.show()
        else:
            self._plot.fit(past)
            self._plot.draw(past)
        try:
            with picture_style():
                self.figure.canvas.draw_idle()
                self.figure.canvas.flush_events()
        except Exception as error:  # such as a toolkit whose display is gone; the training goes on
            self.is_open = False
            warnings.warn(f"the live window stopped: {error}", RuntimeWarning, stacklevel=2)

    def hold(self) -> None:
        """Wait until the user closes the window."""
        if self.is_open and self._plot is not None:
            plt.show(block=True)

    def close(self) -> None:
        """Close the window."""
        self.is_open = False
        plt.close(self.figure)

    def _on_close(self, _: Any) -> None:
        self.is_open = False


def open_window(n_iterations: int) -> LiveWindow | None:
    """Return a window for the frames to come, or None if there is no display.

    The toolkit is the one that MPLBACKEND names, or else the one that matplotlib chooses. A toolkit without windows,
    such as Agg, counts as no display.

    Parameters
    ----------
    n_iterations : int
        The number of iterations of the training.

    Examples
    --------
    >>> open_window(1000) is None  # with MPLBACKEND=Agg
    True
    """
    try:
        with picture_style():
            figure = plt.figure("tinygan: Figure 1", figsize=SIZE, dpi=100)
    except Exception:  # a toolkit without a display raises errors of its own; the training needs no window
        return None
    if figure.canvas.required_interactive_framework is None:
        plt.close(figure)
        return None
    return LiveWindow(figure, n_iterations)
