"""Draw the losses, the outputs of D and the log-likelihood of a training run, and a live picture of it."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from tinygan.backend import Array
from tinygan.figures.epochs import (
    Metrics,
    check_metrics,
    draw_losses,
    draw_outputs,
    draw_parzen,
    new_figure,
    set_epoch_axis,
)
from tinygan.figures.mosaic import grid, to_pixels
from tinygan.figures.output import STILL, check_output
from tinygan.figures.sheet import MARGIN, TITLE, add_axes, place
from tinygan.figures.still import DPI, write_figure
from tinygan.figures.style import picture_style

# Sizes in the live picture, in pixels: the samples, the panels beside them, the space between, above and below panels.
LIVE_SAMPLES, LIVE_PANELS, LIVE_GAP, LEGEND, AXIS = 600, 620, 130, 54, 62


def draw_curves(metrics: Metrics, path: str | Path, *, title: str | None = None) -> None:
    """Draw the losses, the means of D(x) and D(G(z)), and the log-likelihood over the epochs of a run.

    Parameters
    ----------
    metrics : sequence of mappings
        One mapping for each epoch. It has "epoch", "loss_d" and "loss_g" in nats, and "d_real" and "d_fake", the means
        of D(x) and D(G(z)). It may have "parzen", which maps "fixed", "best" or both to mappings with "bandwidth",
        "mean" and "standard_error", the last two in nats.
    path : str or Path
        The .png, .svg or .pdf file to write.
    title : str, optional
        Title above the panels.

    Raises
    ------
    TypeError, ValueError
        If there is no epoch, a number is missing or not finite, or the suffix is another one.
    OSError
        If the file cannot be written; its old contents are then untouched.

    See Also
    --------
    draw_live : Draws samples beside the curves.

    Examples
    --------
    >>> import tempfile
    >>> epoch = {"epoch": 1, "loss_d": 1.2, "loss_g": 0.8, "d_real": 0.6, "d_fake": 0.4}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     draw_curves([epoch], Path(folder, "curves.svg"))
    """
    path = check_output(path, STILL)
    if not metrics:
        raise ValueError("draw_curves got no metrics; it takes at least one epoch")
    check_metrics("draw_curves got", metrics)
    panels = [draw_losses, draw_outputs]
    if any(one.get("parzen") for one in metrics):
        panels.append(draw_parzen)
    with picture_style():
        figure = new_figure(0.5 + 2.75 * len(panels), title)
        rows = figure.subplots(len(panels), 1, sharex=True)
        for draw, axes in zip(panels, rows, strict=True):
            draw(axes, metrics)
        set_epoch_axis(rows[-1])
    write_figure(figure, path)


def draw_live(images: Array, metrics: Metrics, path: str | Path, *, title: str | None = None) -> None:
    """Draw samples beside the losses and the means of D(x) and D(G(z)), to watch a run while it trains.

    Parameters
    ----------
    images : ndarray of shape (n, height, width) or (n, height, width, 3)
        Samples, as for `draw_samples`.
    metrics : sequence of mappings
        As for `draw_curves`; it may be empty.
    path : str or Path
        The .png, .svg or .pdf file to write.
    title : str, optional
        Title above the picture.

    Raises
    ------
    TypeError, ValueError
        If images are not such an array, a number is missing or not finite, or the suffix is another one.
    OSError
        If the file cannot be written; its old contents are then untouched.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     draw_live(np.zeros((9, 28, 28)), [], Path(folder, "live.png"), title="epoch 0")
    """
    path = check_output(path, STILL)
    tiles = to_pixels("draw_live got images", images)
    check_metrics("draw_live got", metrics)
    sheet = grid(tiles, pixels=LIVE_SAMPLES)
    height = max(len(sheet), LIVE_SAMPLES)
    size = np.array([sheet.shape[1] + LIVE_GAP + LIVE_PANELS, height + TITLE * bool(title)]) + 2 * MARGIN
    with picture_style():
        figure = Figure(figsize=tuple(size / DPI), dpi=DPI)
        place(figure, sheet, MARGIN, MARGIN + (height - len(sheet)))
        left, tall = MARGIN + sheet.shape[1] + LIVE_GAP, (height - AXIS) / 2 - LEGEND
        upper, lower = (
            add_axes(figure, left, bottom, LIVE_PANELS, tall)
            for bottom in (MARGIN + AXIS + tall + LEGEND, MARGIN + AXIS)
        )
        draw_losses(upper, metrics)
        draw_outputs(lower, metrics)
        set_epoch_axis(lower)
        upper.sharex(lower)
        upper.tick_params(labelbottom=False)
        if title:
            figure.text(0.5, 1 - MARGIN / size[1], title, ha="center", va="top", fontsize=17)
    write_figure(figure, path)
