"""Draw one panel of Figure 1: the densities and D over x, and below them the arrows from z up to x = G(z)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Annotation
from matplotlib.ticker import FuncFormatter, MaxNLocator

from tinygan.backend import Array
from tinygan.figures.frame import Frame
from tinygan.figures.style import BLACK, BLUE, CURVES, GREEN, LABELS, SHADE

# D = 0 is as high as density 0, and D = 1 is as high as this density, in peaks of p_data.
PEAKS_AT_ONE = 1.4
BELOW, ABOVE = -0.03, 1.08
# The space between the curves and the x axis, in inches.
TICK_LABELS = 0.42
# The z axis is shorter than the x axis by this share of it on either side.
Z_INSET = 0.06
# The picture reaches from the first x where p_data exceeds this share of its peak to the last, and so much further.
NEGLIGIBLE = 3e-3
MARGIN = 0.15
# If more than this share of p_g lies outside the picture, the picture says so.
OUTSIDE = 0.01
SIDES = {"left": "←", "right": "→", "out": "↔"}


class Panel:
    """The artists of one panel, which are made once and then moved from frame to frame.

    Parameters
    ----------
    figure : Figure
        The figure to draw in.
    box : tuple of four floats
        (left, bottom, width, height) of the panel in shares of the figure, from the z axis to the top of the curves.
    frames : sequence of Frame
        The frames whose p_data fixes the limits: where it is and how high it goes. p_g and D do not change the limits.
    is_first, is_last : bool
        Whether to label the axis of densities on the left, and the axis of D on the right.
    arrow_step : int
        Draw only every arrow_step-th arrow.

    Notes
    -----
    D is a probability and p_data is a density, so each has its own axis. Their zeros have the same height, and D = 1 is
    as high as 1.4 peaks of p_data. Where p_g leaves the picture it is cut, and a note says how high it goes, or how
    much of it lies to the side. D* is drawn where p_data + p_g is not negligible; elsewhere V does not depend on D.
    The panel is shaded beyond the ends of p_g, where all examples are real and D* is 1. A uniform z has ends, and so
    has p_g.
    """

    def __init__(
        self,
        figure: Figure,
        box: tuple[float, float, float, float],
        frames: Sequence[Frame],
        *,
        is_first: bool = True,
        is_last: bool = True,
        arrow_step: int = 1,
    ) -> None:
        left, bottom, width, height = box
        self.figure = figure
        self.low, self.high = _interesting(frames)
        self.peak = max(float(frame.p_data.max()) for frame in frames) or 1.0
        self.arrow_step = arrow_step
        gap = TICK_LABELS / figure.get_figheight()
        arrow_height = 0.28 * (height - gap)
        self.arrow_axes = figure.add_axes((left, bottom, width, arrow_height))
        self.density_axes = figure.add_axes((left, bottom + arrow_height + gap, width, height - gap - arrow_height))
        self.d_axes = self.density_axes.twinx()
        self._set_density_axes(is_first)
        self._set_d_axes(is_last)
        self._set_arrow_axes()
        self.lines = self._make_lines()
        self.shades = [
            self.density_axes.add_patch(
                Rectangle((self.low, 0), 0, 1, transform=self.density_axes.get_xaxis_transform(),
                          label="$p_g = 0$", zorder=0, **SHADE)
            )
            for _ in range(2)
        ]  # fmt: skip
        n_arrows = len(frames[0].z[::arrow_step])
        self.arrows = self.arrow_axes.quiver(
            *np.zeros((3, n_arrows)), np.ones(n_arrows), angles="xy", scale_units="xy", scale=1,
            units="inches", width=0.013, headwidth=6, headlength=8, headaxislength=7, color=GREEN,
        )  # fmt: skip
        self.note_end = 0.8 if is_last else 1.0  # the label of the axis of D is to the right of the note
        self.note = self.d_axes.text(0, ABOVE + 0.06, "", color=GREEN, fontsize=12, va="center")

    @property
    def handles(self) -> list[Artist]:
        """Return the four curves and the shade, for a legend."""
        return [*self.lines.values(), self.shades[0]]

    @property
    def moving(self) -> list[Artist]:
        """Return the artists that `draw` changes, from the back to the front."""
        curves = sorted(self.lines.values(), key=Line2D.get_zorder)
        return [*self.shades, *curves, self.note, self.arrows, *self.z_ends]

    def draw(self, frame: Frame) -> None:
        """Move every artist to its place in this frame."""
        is_alive = frame.p_data + frame.p_g > NEGLIGIBLE * self.peak
        is_reached = frame.p_g > 0
        d_star = np.where(is_alive, frame.d_star, np.nan)
        d_star[_jumps(is_reached)] = np.nan
        for name, y in {"p_data": frame.p_data, "p_g": frame.p_g, "D": frame.d, "D_star": d_star}.items():
            self.lines[name].set_data(frame.x, y)
        reached = frame.x[is_reached] if is_reached.any() else np.full(1, self.high)
        ends = [(self.low, max(float(reached[0]), self.low)), (min(float(reached[-1]), self.high), self.high)]
        for shade, (start, end) in zip(self.shades, ends, strict=True):
            shade.set(x=start, width=max(end - start, 0.0))
        z, g_z = frame.z[:: self.arrow_step], frame.g_z[:: self.arrow_step]
        start = self._along_z((z - frame.z[0]) / (frame.z[-1] - frame.z[0]))
        self.arrows.set_offsets(np.stack([start, np.zeros(len(z))], axis=1))
        self.arrows.set_UVC(g_z - start, np.ones(len(z)))
        for text, end in zip(self.z_ends, (frame.z[0], frame.z[-1]), strict=True):
            text.set_text(_plain(round(end, 2)))
        self._note(frame)

    def _along_z(self, share: Array) -> Array:
        return self.low + (self.high - self.low) * (Z_INSET + (1 - 2 * Z_INSET) * share)

    def _note(self, frame: Frame) -> None:
        """Write above the curves which part of p_g lies outside the picture."""
        is_inside = (frame.x >= self.low) & (frame.x <= self.high)
        x, p_g = frame.x[is_inside], frame.p_g[is_inside]
        words, place = [], 0.5
        if p_g.max() > ABOVE * PEAKS_AT_ONE * self.peak:
            words.append(f"up to {p_g.max():.3g}")
            place = float((x[p_g.argmax()] - self.low) / (self.high - self.low))
        outside = 1 - float(np.trapezoid(p_g, x))
        if outside > OUTSIDE:
            is_left, is_right = (frame.g_z < self.low).any(), (frame.g_z > self.high).any()
            side, place = ("out", 0.5) if is_left == is_right else ("left", 0.0) if is_left else ("right", 1.0)
            words.append(f"{outside:.0%} further {side} {SIDES[side]}")
        self.note.set_text("$p_g$: " + ", ".join(words) if words else "")
        ha = "left" if place < 0.25 else "right" if place > 0.65 else "center"
        self.note.set(ha=ha, x=self.low + min(place, self.note_end) * (self.high - self.low))

    def _make_lines(self) -> dict[str, Line2D]:
        where = {"p_data": self.density_axes, "p_g": self.density_axes, "D": self.d_axes, "D_star": self.density_axes}
        lines = {
            name: Line2D([], [], label=LABELS[name], zorder=2 + i, **CURVES[name])
            for i, name in enumerate(["D_star", "p_g", "p_data", "D"])
        }
        lines["D_star"].set_transform(self.d_axes.transData)  # behind the densities, but as high as D
        for name, line in lines.items():
            where[name].add_line(line)
        return {name: lines[name] for name in LABELS}

    def _set_density_axes(self, is_labelled: bool) -> None:
        axes = self.density_axes
        axes.set_xlim(self.low, self.high)
        axes.set_ylim(BELOW * PEAKS_AT_ONE * self.peak, ABOVE * PEAKS_AT_ONE * self.peak)
        axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10], min_n_ticks=3))
        axes.yaxis.set_major_formatter(FuncFormatter(_plain))
        axes.tick_params(bottom=False, labelbottom=False, labelleft=is_labelled)
        axes.axhline(PEAKS_AT_ONE * self.peak / 2, color="0.8", linewidth=1)
        if is_labelled:
            axes.set_ylabel("density")

    def _set_d_axes(self, is_labelled: bool) -> None:
        axes = self.d_axes
        axes.set_ylim(BELOW, ABOVE)
        axes.set_yticks([0, 0.5, 1], ["0", "½", "1"])
        axes.tick_params(axis="y", color=BLUE, labelcolor=BLUE, labelright=is_labelled)
        if is_labelled:
            axes.annotate("$D(x)$", (1, 1), (0, 5), xycoords="axes fraction", textcoords="offset points",
                          ha="center", va="bottom", color=BLUE, fontsize=14)  # fmt: skip

    def _set_arrow_axes(self) -> None:
        axes = self.arrow_axes
        axes.set_xlim(self.low, self.high)
        axes.set_ylim(0, 1)
        axes.set_yticks([])
        axes.xaxis.tick_top()
        inches = axes.get_position().width * self.figure.get_figwidth()
        axes.xaxis.set_major_locator(MaxNLocator(min(int(inches / 0.65), 6), steps=[1, 2, 5, 10], min_n_ticks=3))
        axes.xaxis.set_major_formatter(FuncFormatter(_plain))
        for side in ("left", "right", "bottom"):
            axes.spines[side].set_visible(False)
        axes.spines["top"].set(visible=True, color=BLACK, linewidth=1.6)
        low, high = map(float, self._along_z(np.array([0.0, 1.0])))
        axes.plot([low, high], [0, 0], color=BLACK, linewidth=1.6, clip_on=False)
        self.z_ends = [_annotate(axes, "", (end, 0), (0, -5), "center", "top") for end in (low, high)]
        _annotate(axes, "$x$", (self.high, 1), (6, 0), "left", "center", fontsize=16)
        _annotate(axes, "$z$", ((low + high) / 2, 0), (0, -4), "center", "top", fontsize=16)


def _interesting(frames: Sequence[Frame]) -> tuple[float, float]:
    """Return where the picture begins and ends: around the bulk of p_data, and within the grid."""
    alive = [frame.x[frame.p_data > NEGLIGIBLE * frame.p_data.max()] for frame in frames]
    low, high = min(x.min() for x in alive), max(x.max() for x in alive)
    margin = MARGIN * (high - low)
    return float(max(low - margin, frames[0].x[0])), float(min(high + margin, frames[0].x[-1]))


def _jumps(is_reached: Array) -> Array:
    """Return the indices on both sides of every end of p_g."""
    before = np.flatnonzero(np.diff(is_reached))
    return np.concatenate([before, before + 1])


def _plain(number: float, _: int | None = None) -> str:
    return f"{number:.10g}".replace("-", "−")


def _annotate(
    axes: Axes, text: str, point: tuple[float, float], offset: tuple[float, float], ha: str, va: str, **style: Any
) -> Annotation:
    return axes.annotate(text, point, offset, textcoords="offset points", ha=ha, va=va, **style)
