"""Draw a training with a bug beside one without: how the divergence falls, and the densities at the end."""

import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from tinygan.backend import Array
from tinygan.figures.host import check_on_host
from tinygan.figures.output import STILL, check_output
from tinygan.figures.still import write_figure
from tinygan.figures.style import BLACK, CURVES, GREEN, VERMILION, picture_style

LEAST = 0.002  # nats, where the axis starts unless a curve falls lower
TICKS = {0.003: "0.003", 0.01: "0.01", 0.03: "0.03", 0.1: "0.1", 0.3: "0.3", math.log(2): "log 2"}
STYLES: dict[str, dict[str, Any]] = {
    "right": {"color": GREEN, "linewidth": 5.0, "alpha": 0.55, "solid_capstyle": "round"},
    "wrong": {"color": VERMILION, "linewidth": 2.4},
}
OUTSIDE = 0.05  # share of p_g, above which the picture says so
LABEL_GAP = 0.085  # between two labels, as a share of the axis


class DrawnTraining(NamedTuple):
    """The numbers to draw of one training: its JSD in nats at some iterations, and p_g on a grid x at the end."""

    iterations: list[int]
    jsd: list[float]
    x: Array
    p_g: Array


def draw_comparison(
    title: str, right: DrawnTraining, wrong: DrawnTraining, p_data: Array, bar: float, path: str | Path
) -> None:
    """Draw a training with a bug beside one without, to a .png, .svg or .pdf file.

    Parameters
    ----------
    title : str
        What the bug is, in words.
    right, wrong : DrawnTraining
        The training without the bug, and the one with it.
    p_data : ndarray of shape (n,)
        The density of the data on the grid of `right`.
    bar : float
        The JSD, in nats, below which a training has arrived.
    path : str or Path
        The file to write.

    Raises
    ------
    TypeError
        If an array is on a GPU.
    ValueError
        If the suffix is another one.
    OSError
        If the file cannot be written; its old contents are then untouched.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> x = np.linspace(0, 1, 11)
    >>> run = DrawnTraining([0, 10], [0.5, 0.1], x, 0 * x + 1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     draw_comparison("nothing is wrong", run, run, 2 * x, 0.03, Path(folder, "one.svg"))
    """
    path = check_output(path, STILL)
    arrays = {"right.x": right.x, "right.p_g": right.p_g, "wrong.x": wrong.x, "wrong.p_g": wrong.p_g, "p_data": p_data}
    for name, array in arrays.items():
        check_on_host(f"draw_comparison got {name}", array)
    with picture_style():
        figure = Figure(figsize=(11, 4.6), dpi=100)
        figure.suptitle(title, x=0.075, ha="left", fontsize=16)
        curves, densities = figure.add_axes((0.075, 0.15, 0.4, 0.67)), figure.add_axes((0.64, 0.15, 0.335, 0.67))
        _draw_curves(curves, right, wrong, bar)
        _draw_densities(densities, right, wrong, p_data)
    write_figure(figure, path)


def _draw_curves(axes: Axes, right: DrawnTraining, wrong: DrawnTraining, bar: float) -> None:
    axes.set_yscale("log")
    low = min(LEAST, *right.jsd, *wrong.jsd)
    axes.set_ylim(max(low, 1e-5) * 0.9, 0.8)
    axes.set_xlim(0, right.iterations[-1])
    axes.yaxis.set_major_locator(FixedLocator(list(TICKS)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_yticklabels(TICKS.values())
    axes.set_xlabel("iterations")
    axes.set_title("JSD$(p_\\mathrm{data}, p_g)$, in nats", loc="left", fontsize=14)
    axes.spines["right"].set_visible(False)
    axes.axhline(math.log(2), color="0.75", linewidth=1)
    axes.axhspan(axes.get_ylim()[0], bar, color="0.94", zorder=0)
    axes.text(0.02, 0.03, "looks good", color="0.4", transform=axes.transAxes)
    ends = {}
    for name, run in (("right", right), ("wrong", wrong)):
        axes.plot(run.iterations, run.jsd, **STYLES[name])
        ends[name] = float(axes.transAxes.inverted().transform(axes.transData.transform((0, run.jsd[-1])))[1])
    _label(axes, ends, wrong.iterations[-1] < right.iterations[-1])


def _label(axes: Axes, ends: dict[str, float], is_stopped: bool) -> None:
    """Write the names of the curves at their right ends, and move names apart that are too close."""
    lower, upper = sorted(ends, key=lambda name: ends[name])
    middle, half = (ends[lower] + ends[upper]) / 2, max(ends[upper] - ends[lower], LABEL_GAP) / 2
    words = {"right": "without the bug", "wrong": "with the bug" + (",\nstopped" if is_stopped else "")}
    for name, height in ((lower, middle - half), (upper, middle + half)):
        axes.text(1.02, height, words[name], color=STYLES[name]["color"], transform=axes.transAxes, va="center")


def _draw_densities(axes: Axes, right: DrawnTraining, wrong: DrawnTraining, p_data: Array) -> None:
    high = 1.6 * float(p_data.max())
    alive = right.x[p_data > 1e-3 * p_data.max()]
    margin = 0.15 * float(alive[-1] - alive[0])
    axes.set_xlim(float(alive[0]) - margin, float(alive[-1]) + margin)
    axes.set_ylim(-0.02 * high, high)
    axes.set_yticks([])
    for side in ("left", "right"):
        axes.spines[side].set_visible(False)
    axes.set_title("where it ends", loc="left", fontsize=14)
    axes.set_xlabel("$x$")
    axes.plot(right.x, right.p_g, **STYLES["right"])
    axes.plot(wrong.x, wrong.p_g, **STYLES["wrong"])
    axes.plot(right.x, p_data, **CURVES["p_data"])
    labels = {
        "$p_\\mathrm{data}$": BLACK,
        "$p_g$ without" + _outside(axes, right): GREEN,
        "$p_g$ with" + _outside(axes, wrong): VERMILION,
    }
    for place, (words, color) in enumerate(labels.items()):
        text = axes.text(1, 0.98 - 0.1 * place, words, color=color, transform=axes.transAxes, ha="right", va="top")
        text.set_bbox({"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1})


def _outside(axes: Axes, run: DrawnTraining) -> str:
    """Return a note of how much of p_g lies beside the picture, or nothing if it is little."""
    low, high = axes.get_xlim()
    is_inside = (run.x >= low) & (run.x <= high)
    share = 1 - float(np.trapezoid(np.where(is_inside, run.p_g, 0), run.x))
    return f", {min(share, 1):.0%} outside" if share > OUTSIDE else ""
