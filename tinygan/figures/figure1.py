"""Draw one frame of the animation of Figure 1, or its four panels as the paper prints them."""

import math
import re
from collections.abc import Sequence
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullLocator

from tinygan.figures.frame import Frame
from tinygan.figures.panel import Panel
from tinygan.figures.style import BLACK, BLUE, CURVES, GREEN, LABELS, VERMILION, picture_style

MINUS_LOG_4 = -math.log(4)
# Sizes of the animation and the window, in inches.
SIZE = (9.0, 7.5)
MATHEMATICS = {
    "p_data": LABELS["p_data"], "p_g": LABELS["p_g"], "|D − D*|": "$|D - D^*|$", "|D − ½|": "$|D - ½|$", "D*": "$D^*$",
}  # fmt: skip


class Figure1Plot:
    """The panel of one moment, and below it the curves of V, C and the error of D up to this moment.

    The figure is made once, and `draw` moves its artists. The limits are fixed, so that nothing jumps.

    Parameters
    ----------
    frames : sequence of Frame
        All frames that will be drawn, or those that are known already; the limits are chosen to hold them.
    n_iterations : int, optional
        Where the axis of iterations ends. By default, at the last frame.
    figure : Figure, optional
        An empty figure to draw in, such as the figure of a window. By default, a new one of 900 x 750 pixels.

    Examples
    --------
    >>> import numpy as np
    >>> x, z = np.linspace(0, 1, 11), np.linspace(-1, 1, 5)
    >>> frame = Frame(20, x, 1 + 0 * x, 2 * x, 0 * x + 0.5, 1 / (1 + 2 * x), z, z**2, -1.4, -1.3, 0.1)
    >>> plot = Figure1Plot([frame])
    >>> plot.draw([frame])
    >>> plot.title.get_text()
    'iteration 20'
    """

    def __init__(
        self, frames: Sequence[Frame], *, n_iterations: int | None = None, figure: Figure | None = None
    ) -> None:
        with picture_style():
            self.figure = figure if figure is not None else Figure(figsize=SIZE, dpi=100)
            self.panel = Panel(self.figure, (0.09, 0.335, 0.82, 0.53), frames)
            self.title = self.figure.text(0.5, 0.985, "", ha="center", va="top", fontsize=17)
            self.figure.legend(
                handles=self.panel.handles, loc="upper center", bbox_to_anchor=(0.47, 0.957), ncols=5,
                columnspacing=1.0, handlelength=1.7, handletextpad=0.4, fontsize=13,
            )  # fmt: skip
            self.value_axes = self.figure.add_axes((0.09, 0.09, 0.47, 0.165))
            self.error_axes = self.figure.add_axes((0.72, 0.09, 0.19, 0.165))
            last = n_iterations if n_iterations is not None else frames[-1].iteration
            for axes in (self.value_axes, self.error_axes):
                axes.set_xscale("symlog", linthresh=10)  # most happens at the start
                axes.set_xlim(0, max(last, 1))
                axes.xaxis.set_major_formatter(FuncFormatter(lambda n, _: _thousands(n)))
                axes.xaxis.set_major_locator(FixedLocator([0, *(10**n for n in range(1, 9))]))
                axes.xaxis.set_minor_locator(NullLocator())
                axes.set_xlabel("iteration", labelpad=2)
                axes.spines["right"].set_visible(False)
            self.past = {
                "value": self._make_past(
                    self.value_axes, "$V(G, D)$", BLUE, linewidth=2, linestyle=CURVES["D"]["linestyle"], zorder=3
                ),
                "criterion": self._make_past(self.value_axes, "$C(G)$", GREEN, linewidth=2),
                "error": self._make_past(self.error_axes, "", VERMILION, linewidth=2),
            }
            self._set_value_axes()
            self._set_error_axes()
            self.fit(frames)

    def fit(self, frames: Sequence[Frame]) -> None:
        """Choose the limits of the lower strip so that they hold these frames."""
        values = [v for frame in frames for v in (frame.value, frame.criterion) if math.isfinite(v)]
        low = max(min(values, default=MINUS_LOG_4), -4.0)
        self.value_axes.set_ylim(min(low, MINUS_LOG_4 - 0.3) - 0.1, max([MINUS_LOG_4 + 0.3, *values]) + 0.1)
        errors = [frame.error for frame in frames if frame.error > 0]
        self.error_axes.set_ylim(10 ** max(math.floor(math.log10(min(errors, default=1.0) / 1.1)), -4), 1.0)

    def draw(self, past: Sequence[Frame]) -> None:
        """Show the last of these frames in the panel, and all of them in the curves."""
        self.panel.draw(past[-1])
        self.title.set_text(f"iteration {_thousands(past[-1].iteration)}")
        iterations = [frame.iteration for frame in past]
        for name, (line, point) in self.past.items():
            values = [getattr(frame, name) for frame in past]
            line.set_data(iterations, values)
            point.set_data(iterations[-1:], values[-1:])

    @property
    def moving(self) -> list[Artist]:
        """Return the artists that `draw` changes, from the back to the front."""
        past = [artist for pair in self.past.values() for artist in pair]
        return [self.title, *self.panel.moving, *sorted(past, key=Artist.get_zorder)]

    def _make_past(self, axes: Axes, label: str, color: str, **style: Any) -> tuple[Any, Any]:
        (line,) = axes.plot([], [], color=color, label=label, **style)
        (point,) = axes.plot([], [], "o", color=color, markersize=6, clip_on=False)
        return line, point

    def _set_value_axes(self) -> None:
        axes = self.value_axes
        axes.axhline(MINUS_LOG_4, color=BLACK, linestyle=(0, (1, 1.4)), linewidth=1.4, zorder=1)
        axes.annotate("−log 4", (1, MINUS_LOG_4), (9, 0), xycoords=("axes fraction", "data"),
                      textcoords="offset points", ha="left", va="center", fontsize=12)  # fmt: skip
        axes.set_ylabel("nats")
        axes.yaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 0.94), ncols=2, columnspacing=1.6, handlelength=1.9)

    def _set_error_axes(self) -> None:
        axes = self.error_axes
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(10, numticks=4))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.set_title("$|D - D^*|$", color=VERMILION, fontsize=14, pad=9)


def panels_figure(panels: Sequence[tuple[str, Frame]]) -> Figure:
    """Return a figure of panels side by side, as the paper prints Figure 1.

    Parameters
    ----------
    panels : sequence of (str, Frame)
        A short caption, such as "(a) near convergence", and the frame of its panel. The caller breaks long captions
        into lines. p_data, p_g and D* in a caption are set as mathematics.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there is no panel.

    Examples
    --------
    >>> import numpy as np
    >>> x, z = np.linspace(0, 1, 11), np.linspace(-1, 1, 5)
    >>> frame = Frame(20, x, 1 + 0 * x, 2 * x, 0 * x + 0.5, 1 / (1 + 2 * x), z, z**2, -1.4, -1.3, 0.1)
    >>> panels_figure([("(a) p_g rises", frame)] * 4).get_size_inches()
    array([11.2,  4.9])
    """
    if not panels:
        raise ValueError("panels_figure got no panels; it takes at least one (caption, frame)")
    n = len(panels)
    frames = [frame for _, frame in panels]
    size = (2.5 * n + 1.2, 4.9)
    left, right, gap = (inches / size[0] for inches in (0.86, 0.6, 0.3))
    width = (1 - left - right - gap * (n - 1)) / n
    with picture_style():
        figure = Figure(figsize=size, dpi=150)
        for i, (caption, frame) in enumerate(panels):
            box = (left + i * (width + gap), 0.335, width, 0.525)
            panel = Panel(figure, box, frames, is_first=i == 0, is_last=i == n - 1, arrow_step=2)
            panel.draw(frame)
            figure.text(box[0] + width / 2, 0.23, _with_mathematics(caption), ha="center", va="top", fontsize=16)
        figure.legend(handles=panel.handles, loc="upper center", ncols=5, columnspacing=1.5, handlelength=1.9)
    return figure


def _with_mathematics(caption: str) -> str:
    return re.sub("|".join(map(re.escape, MATHEMATICS)), lambda found: MATHEMATICS[found[0]], caption)


def _thousands(n: float) -> str:
    return f"{n:,.0f}"
