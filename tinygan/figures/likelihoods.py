"""Draw log-likelihoods over the bandwidth sigma, or over the epochs of several runs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from tinygan.arguments import check_finite
from tinygan.backend import Array, is_finite
from tinygan.figures.epochs import (
    DASHES,
    DOTS,
    draw_band,
    draw_line,
    finish,
    finish_log_likelihood,
    minus,
    new_figure,
    set_epoch_axis,
)
from tinygan.figures.host import check_on_host
from tinygan.figures.output import STILL, check_output
from tinygan.figures.still import write_figure
from tinygan.figures.style import BLACK, BLUE, GREEN, VERMILION, picture_style

# The picture of a bandwidth search ends this far below the best log-likelihood, in nats.
SPAN = 300
# The x axis reaches beyond the bandwidths that are seen by this factor, on either side.
MARGIN = 1.25
# The size of the picture, and the height that each row of the legend adds to it, in inches.
HEIGHT, LEGEND_ROW = 4.9, 0.3
# The least distance between the names of two levels, as a share of the height.
SPACING = 0.06

_COLORS, _MARKERS = (BLUE, VERMILION, GREEN, BLACK), ("o", "s", "^", "D")
_LINES: tuple[Any, ...] = ("-", DASHES, DOTS, "-.")


def draw_bandwidths(searches: Mapping[str, tuple[Array, Array]], path: str | Path, *, title: str | None = None) -> None:
    """Draw the log-likelihood over the bandwidth sigma, with the maximum of each search marked.

    Parameters
    ----------
    searches : mapping from str to (bandwidths, curve)
        For each label, two arrays of shape (n,): the sigmas, and the mean log-likelihoods that they give, in nats.
    path : str or Path
        The .png, .svg or .pdf file to write.
    title : str, optional
        Title above the picture.

    Raises
    ------
    TypeError
        If an array is on a GPU.
    ValueError
        If there is no search, arrays are empty, not finite or of unequal shapes, a bandwidth is not positive, or the
        suffix is another one.
    OSError
        If the file cannot be written; its old contents are then untouched.

    See Also
    --------
    tinygan.evaluation.search_bandwidth : Computes such a curve.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     draw_bandwidths({"G": ([0.1, 0.2, 0.4], [-900.0, 210.0, 30.0])}, Path(folder, "sigma.pdf"))
    """
    path = check_output(path, STILL)
    rows = _check_rows("draw_bandwidths got searches", searches, ("bandwidths", "curve"))
    if any((bandwidths <= 0).any() for bandwidths, _ in rows.values()):
        raise ValueError("draw_bandwidths got searches with a bandwidth <= 0; it takes positive ones")
    with picture_style():
        figure = new_figure(HEIGHT + LEGEND_ROW * len(rows), title)
        axes = figure.add_subplot()
        axes.set_xscale("log")
        for i, (label, (bandwidths, curve)) in enumerate(rows.items()):
            best, sigma, look = curve.max(), bandwidths[curve.argmax()], _look(i)
            draw_line(axes, bandwidths, curve, label=f"{label}: {minus(best, '.1f')} at σ = {sigma:.3g}", **look)
            ring = {"color": look["color"], "markerfacecolor": "none", "markersize": 15, "markeredgewidth": 2.4}
            axes.plot(sigma, best, look["marker"], **ring)
        axes.set_xlabel("σ", loc="right")
        axes.xaxis.set_major_locator(LogLocator(10, subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda sigma, _: f"{sigma:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        every, values = map(np.concatenate, zip(*rows.values(), strict=True))
        low = min(curve.max() for _, curve in rows.values()) - SPAN
        finish_log_likelihood(axes, values, None, "log-likelihood (nats)", low=low)
        finish(axes, n_columns=1)
        seen = every[values >= low]
        axes.set_xlim(seen.min() / MARGIN, seen.max() * MARGIN)
    write_figure(figure, path)


def draw_likelihoods(
    series: Mapping[str, tuple[Array, Array, Array]],
    path: str | Path,
    *,
    levels: Mapping[str, float] | None = None,
    title: str | None = None,
) -> None:
    """Draw test log-likelihoods, with two standard errors on either side, over the epochs of one or more runs.

    Parameters
    ----------
    series : mapping from str to (epochs, means, standard_errors)
        For each label, three arrays of shape (n,); the last two in nats.
    path : str or Path
        The .png, .svg or .pdf file to write.
    levels : mapping from str to float, optional
        Log-likelihoods to compare with, in nats. Each is drawn as a horizontal line.
    title : str, optional
        Title above the picture.

    Raises
    ------
    TypeError
        If an array is on a GPU.
    ValueError
        If there is no series, arrays are empty, not finite or of unequal shapes, or the suffix is another one.
    OSError
        If the file cannot be written; its old contents are then untouched.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     draw_likelihoods({"G": ([1, 2], [90, 140], [3, 2])}, Path(folder, "nats.svg"), levels={"paper": 225})
    """
    path = check_output(path, STILL)
    rows = _check_rows("draw_likelihoods got series", series, ("epochs", "means", "standard_errors"))
    for label, level in (levels or {}).items():
        check_finite(f"draw_likelihoods got levels[{label!r}]", level)
    with picture_style():
        figure = new_figure(HEIGHT + LEGEND_ROW * len(rows), title)
        axes = figure.add_subplot()
        for i, (label, (epochs, means, errors)) in enumerate(rows.items()):
            draw_band(axes, epochs, means, errors, label=label, **_look(i))
        _, means, errors = map(np.concatenate, zip(*rows.values(), strict=True))
        finish_log_likelihood(axes, means, errors, "test log-likelihood (nats)")
        finish(axes, n_columns=1)
        _draw_levels(axes, levels or {})
        set_epoch_axis(axes)
    write_figure(figure, path)


def _look(i: int) -> dict[str, Any]:
    """Return the look of the i-th curve; sixteen curves differ, and the first four differ in every respect."""
    return {"color": _COLORS[i % 4], "marker": _MARKERS[i % 4], "linestyle": _LINES[(i + i // 4) % 4]}


def _draw_levels(axes: Axes, levels: Mapping[str, float]) -> None:
    """Draw a horizontal line for each level, write its name at the right, and push apart names that are too close."""
    low, high = axes.get_ylim()
    margin = 0.06 * (high - low)
    axes.set_ylim(min([low, *(level - margin for level in levels.values())]),
                  max([high, *(level + margin for level in levels.values())]))  # fmt: skip
    low, high = axes.get_ylim()
    place = low
    for label, level in sorted(levels.items(), key=lambda pair: pair[1]):
        axes.axhline(level, color="0.35", linestyle=(0, (6, 2)), linewidth=1.4, zorder=1)
        place = max(level, place)
        axes.text(1.01, place, label, transform=axes.get_yaxis_transform(), va="center", fontsize=12)
        place += SPACING * (high - low)


def _check_rows(what: str, rows: Mapping[str, tuple[Array, ...]], names: tuple[str, ...]) -> dict[str, list[Array]]:
    """Return the arrays of each label as float64, or raise an error that begins with `what`."""
    if not rows:
        raise ValueError(f"{what} that are empty; it takes at least one")
    checked = {}
    for label, arrays in rows.items():
        for name, array in zip(names, arrays, strict=False):
            check_on_host(f"{what}[{label!r}] with {name}", array)
        columns = [np.asarray(array, float) for array in arrays]
        shapes = [column.shape for column in columns]
        if len(columns) != len(names) or len(set(shapes)) > 1 or columns[0].ndim != 1 or not columns[0].size:
            raise ValueError(
                f"{what}[{label!r}] of shapes {', '.join(map(str, shapes))}; it takes {', '.join(names[:-1])} and "
                f"{names[-1]} of one shape (n,), n >= 1"
            )
        if not all(map(is_finite, columns)):
            raise ValueError(f"{what}[{label!r}] with NaN or infinity in it; it takes finite numbers")
        checked[label] = columns
    return checked
