"""Draw the panels of a training run over its epochs: the losses, the outputs of D, and the log-likelihood."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter, MaxNLocator

from tinygan.arguments import check_finite
from tinygan.backend import Array
from tinygan.figures.still import DPI
from tinygan.figures.style import BLACK, BLUE, CURVES, GREEN, VERMILION

KEYS = ("epoch", "loss_d", "loss_g", "d_real", "d_fake")
PARZEN_KEYS = ("bandwidth", "mean", "standard_error")
# Curves with up to this number of points have each point marked.
FEW = 40
DASHES, DOTS = CURVES["D"]["linestyle"], CURVES["p_data"]["linestyle"]

Metrics = Sequence[Mapping[str, Any]]


def check_metrics(what: str, metrics: Metrics) -> None:
    """Raise an error that begins with `what` unless every epoch has its finite numbers.

    Examples
    --------
    >>> check_metrics("draw_curves got", [{"epoch": 1, "loss_d": 0.7}])
    Traceback (most recent call last):
    ...
    ValueError: draw_curves got metrics[0] without 'loss_g'; it takes epoch, loss_d, loss_g, d_real and d_fake
    """
    for i, one in enumerate(metrics):
        _check_keys(f"{what} metrics[{i}]", one, KEYS)
        for name, estimate in (one.get("parzen") or {}).items():
            _check_keys(f"{what} metrics[{i}]['parzen'][{name!r}]", estimate, PARZEN_KEYS)


def draw_losses(axes: Axes, metrics: Metrics) -> None:
    """Draw J_D and J_G over the epochs."""
    epochs = [one["epoch"] for one in metrics]
    draw_line(axes, epochs, [one["loss_d"] for one in metrics], label="$J_D$", color=BLUE, linestyle=DASHES)
    draw_line(axes, epochs, [one["loss_g"] for one in metrics], label="$J_G$", color=GREEN)
    if not metrics:
        axes.set_ylim(0, 2)
    axes.set_ylabel("loss (nats)")
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    finish(axes, n_columns=2)


def draw_outputs(axes: Axes, metrics: Metrics) -> None:
    """Draw the means of D(x) and D(G(z)) over the epochs, and the line 1/2, where D cannot tell them apart."""
    epochs = [one["epoch"] for one in metrics]
    real, fake = ([one[key] for one in metrics] for key in ("d_real", "d_fake"))
    draw_line(axes, epochs, real, label="mean $D(x)$", color=BLACK, linestyle=DOTS)
    draw_line(axes, epochs, fake, label="mean $D(G(z))$", color=GREEN)
    if all(0 <= d <= 1 for d in real + fake):
        axes.axhline(0.5, color="0.6", linewidth=1, zorder=1)
        axes.set_ylim(-0.04, 1.04)
        axes.set_yticks([0, 0.5, 1], ["0", "½", "1"])
        axes.set_ylabel("probability")
    else:  # the output of a critic has no bounds
        axes.set_ylabel("output of $D$")
    finish(axes, n_columns=2)


def draw_parzen(axes: Axes, metrics: Metrics) -> None:
    """Draw the Parzen estimates of the log-likelihood over the epochs that have them."""
    estimates = {
        name: [(one["epoch"], one["parzen"][name]) for one in metrics if name in (one.get("parzen") or {})]
        for name in ("fixed", "best")
    }
    looks = {"fixed": {"color": BLACK, "linestyle": DASHES}, "best": {"color": VERMILION, "marker": "s"}}
    means, errors = [], []
    for name, series in estimates.items():
        if series:
            epochs, every = zip(*series, strict=True)
            mean, error = (np.array([one[key] for one in every], float) for key in ("mean", "standard_error"))
            last, sigma = f"last: {minus(mean[-1], '.1f')} ± {error[-1]:.1f}", f"{every[-1]['bandwidth']:.3g}"
            label = f"σ = {sigma} ({last})" if name == "fixed" else f"best σ ({last} at {sigma})"
            draw_band(axes, epochs, mean, error, label=label, **looks[name])
            means.append(mean)
            errors.append(error)
    finish_log_likelihood(axes, np.concatenate(means), np.concatenate(errors), "quick log-likelihood (nats)")
    finish(axes, n_columns=2)


def draw_line(axes: Axes, x: Sequence[float], y: Sequence[float], *, marker: str = "o", **look: Any) -> None:
    """Draw a curve, and mark its points if they are few."""
    axes.plot(x, y, **{"linewidth": 2.4, "markersize": 6, **look}, marker=marker if len(x) <= FEW else "")


def draw_band(axes: Axes, x: Sequence[float], mean: Array, error: Array, **look: Any) -> None:
    """Draw a curve with a band of two standard errors on either side."""
    draw_line(axes, x, mean, **look)
    if len(x) <= FEW:
        axes.errorbar(x, mean, 2 * error, fmt="none", ecolor=look["color"], elinewidth=1.4, capsize=4)
    else:
        axes.fill_between(x, mean - 2 * error, mean + 2 * error, color=look["color"], alpha=0.25, linewidth=0)


def finish(axes: Axes, *, n_columns: int) -> None:
    """Put the legend above the curves, where it covers none of them, and set what all panels share."""
    axes.spines["right"].set_visible(False)
    axes.margins(x=0.02)
    axes.grid(axis="y", color="0.9")
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=n_columns, borderaxespad=0.1, handlelength=2.6, columnspacing=1.8
    )


def finish_log_likelihood(
    axes: Axes, values: Array, errors: Array | None, label: str, *, low: float | None = None
) -> None:
    """Choose limits that keep the best log-likelihoods apart, and note in the panel what lies below them.

    Parameters
    ----------
    axes : Axes
        The axes that hold the curves.
    values : ndarray of shape (n,)
        All log-likelihoods that were drawn, in nats.
    errors : ndarray of shape (n,) or None
        Their standard errors, if they were drawn.
    label : str
        Label of the y axis.
    low : float, optional
        The lower limit. By default, the values below the first quartile get twice the room of the values above it.
    """
    top, quartile = float(values.max()), float(np.quantile(values, 0.25))
    low = max(float(values.min()), quartile - 2 * (top - quartile) if low is None else low)
    margin = max(0.06 * (top - low), 2.2 * float(np.median(errors)) if errors is not None else 0.0) or 1.0
    axes.set_ylim(low - margin, top + margin)
    notes = ["± 2 standard errors"] if errors is not None else []
    if n_hidden := int((values < low - margin).sum()):
        notes.append(f"↓ {n_hidden} values not shown, down to {minus(values.min(), ',.0f')}")
    axes.annotate(
        ", ".join(notes), (0, 0), (0, -25), xycoords="axes fraction", textcoords="offset points", va="top", fontsize=12
    )
    axes.set_ylabel(label)
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: minus(y, ",.10g")))


def set_epoch_axis(axes: Axes) -> None:
    """Label the x axis as epochs, with ticks at whole numbers only."""
    low, high = axes.get_xlim()
    if high - low < 1:  # one epoch, or none
        middle = (low + high) / 2
        axes.set_xlim(max(middle - 1, 0), middle + 1)
    axes.set_xlabel("epoch", loc="right")
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, steps=[1, 2, 5, 10]))


def minus(number: float, form: str) -> str:
    """Return a number in a format, with a true minus sign instead of a hyphen."""
    return format(number, form).replace("-", "−")


def new_figure(height: float, title: str | None) -> Figure:
    """Return a figure of this height in inches, which makes room for the text around its panels."""
    figure = Figure(figsize=(9.5, height), dpi=DPI, layout=ConstrainedLayoutEngine(h_pad=0.1, w_pad=0.1))
    if title:
        figure.suptitle(title, fontsize=17)
    return figure


def _check_keys(what: str, one: Mapping[str, Any], keys: tuple[str, ...]) -> None:
    for key in keys:
        if key not in one:
            raise ValueError(f"{what} without {key!r}; it takes {', '.join(keys[:-1])} and {keys[-1]}")
        check_finite(f"{what}[{key!r}]", one[key])
