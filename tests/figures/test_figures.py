"""What is in the pictures of Figure 1."""

from dataclasses import replace

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.text import Text
from support.frames import FRAMES, PANELS, Z, make_frame

from tinygan.data import Exponential, Gaussian, Mixture, Uniform
from tinygan.figures.figure1 import Figure1Plot, panels_figure
from tinygan.figures.panel import NEGLIGIBLE
from tinygan.figures.saving import draw_panels


def text_of(figure):
    return " ".join(text.get_text() for text in figure.findobj(Text))


def test_curves_look_as_in_the_paper():
    lines = Figure1Plot(FRAMES).panel.lines
    looks = {name: (to_hex(line.get_color()), line.is_dashed(), line.get_linewidth()) for name, line in lines.items()}
    assert looks["p_data"] == ("#000000", True, 2.6)
    assert looks["p_g"] == ("#009e73", False, 2.6)
    assert looks["D"] == ("#0072b2", True, 2.4)
    assert looks["D_star"] == ("#eebf99", False, 6.0)  # a band behind D
    (dots, _), (dashes, _) = (lines[name]._unscaled_dash_pattern[1] for name in ("p_data", "D"))
    assert dots < 1.5 < 3 < dashes


def test_curves_follow_the_frame_on_their_axes():
    plot = Figure1Plot(FRAMES)
    for frame in (FRAMES[0], FRAMES[-1]):
        plot.draw(FRAMES[: FRAMES.index(frame) + 1])
        lines = plot.panel.lines
        for name, y in {"p_data": frame.p_data, "p_g": frame.p_g, "D": frame.d}.items():
            np.testing.assert_array_equal(lines[name].get_xydata(), np.stack([frame.x, y], axis=1))
        assert lines["p_g"].axes is plot.panel.density_axes
        assert lines["D_star"].get_transform() == lines["D"].get_transform() == plot.panel.d_axes.transData
        seen = lines["D_star"].get_ydata()
        is_alive = frame.p_data + frame.p_g > NEGLIGIBLE * frame.p_data.max()
        np.testing.assert_array_equal(seen[is_alive], frame.d_star[is_alive])
        assert 0 < is_alive.sum() < len(seen)
        assert np.isnan(seen[~is_alive]).all()


def test_arrows_lead_from_z_to_g_of_z():
    plot = Figure1Plot(FRAMES)
    plot.draw(FRAMES[:3])
    arrows, low, high = plot.panel.arrows, plot.panel.low, plot.panel.high
    start = np.asarray(arrows.get_offsets())
    np.testing.assert_allclose(start[:, 0] + arrows.U, FRAMES[2].g_z)
    np.testing.assert_array_equal(start[:, 1] + arrows.V, 1)
    np.testing.assert_allclose(start[[0, -1], 0], [low + 0.06 * (high - low), high - 0.06 * (high - low)])
    assert [text.get_text() for text in plot.panel.z_ends] == ["−1", "1"]


@pytest.mark.parametrize(("first", "last"), [(3.0, 5.0), (0.0, 5.0), (3.0, 9.0), (0.0, 9.0)])
def test_the_sides_where_p_g_has_ended_are_shaded(first, last):
    frame = make_frame()
    panel = Figure1Plot([frame]).panel
    p_g = np.where((frame.x >= first) & (frame.x <= last), frame.p_g, 0.0)
    panel.draw(replace(frame, p_g=p_g))
    left, right = ((shade.get_x(), shade.get_x() + shade.get_width()) for shade in panel.shades)
    step = frame.x[1] - frame.x[0]
    d_star = panel.lines["D_star"].get_ydata()
    for end in (first, last):  # D* jumps there, and no line joins what it is on either side
        if panel.low < end < panel.high:
            assert np.isnan(d_star[abs(frame.x - end) < 1.001 * step]).sum() == 2
    np.testing.assert_allclose(left, (panel.low, max(panel.low, first)), atol=step)
    np.testing.assert_allclose(right, (min(panel.high, last), panel.high), atol=step)


def test_arrows_are_as_thick_in_every_format(tmp_path):
    figure = panels_figure(PANELS)
    arrows = next(axes.collections[0] for axes in figure.axes if axes.collections)
    assert arrows.units == "inches"  # savefig changes the dots of an inch


def test_past_is_drawn_up_to_now_in_fixed_limits():
    plot = Figure1Plot(FRAMES)
    limits = []
    for n in (1, 4):
        plot.draw(FRAMES[:n])
        for name, (line, point) in plot.past.items():
            values = [getattr(frame, name) for frame in FRAMES[:n]]
            np.testing.assert_array_equal(line.get_xydata(), [[100 * i, value] for i, value in enumerate(values)])
            np.testing.assert_array_equal(point.get_xydata(), [[100 * (n - 1), values[-1]]])
        limits.append([(axes.get_xlim(), axes.get_ylim()) for axes in plot.figure.axes])
    assert limits[0] == limits[1]
    assert plot.value_axes.get_xlim() == (0, 300)
    assert plot.value_axes.get_ylim()[0] < -np.log(4) < max(f.criterion for f in FRAMES) < plot.value_axes.get_ylim()[1]
    assert plot.title.get_text() == "iteration 300"


def test_words_in_the_picture():
    plot = Figure1Plot(FRAMES)
    plot.draw(FRAMES)
    words = text_of(plot.figure)
    for word in (
        "density", "$D(x)$", "½", "$x$", "$z$", "nats", "iteration", "$V(G, D)$", "$C(G)$", "−log 4",
        "$|D - D^*|$", r"$p_\mathrm{data}$", "$p_g$", r"$D^*(x) = p_\mathrm{data}\,/\,(p_\mathrm{data} + p_g)$",
    ):  # fmt: skip
        assert word in words


@pytest.mark.parametrize(
    "data", [Gaussian(4, 0.5), Gaussian(-3, 0.3), Mixture([(-2, 1), (2, 1)]), Uniform(-1, 1), Exponential(1)], ids=repr
)
def test_densities_fill_the_panel_for_every_target(data):
    frame = make_frame(data=data)
    panel = Figure1Plot([frame]).panel
    low, high = panel.density_axes.get_ylim()
    assert 0.5 < frame.p_data.max() / high < 0.8
    np.testing.assert_allclose(low / high, np.divide(*panel.d_axes.get_ylim()))  # the zeros share a height
    mass = np.trapezoid(frame.p_data[is_inside := (frame.x > panel.low) & (frame.x < panel.high)], frame.x[is_inside])
    assert mass > 0.99
    assert panel.arrow_axes.get_xlim() == panel.density_axes.get_xlim() == (panel.low, panel.high)


def delta(frame, where):
    p_g = np.zeros_like(frame.x)
    p_g[np.abs(frame.x - where).argmin()] = 1 / (frame.x[1] - frame.x[0])
    return p_g


FRAME = make_frame(mean=3.6, std=0.5)
EXTREMES = {
    "collapsed": (replace(FRAME, p_g=delta(FRAME, 4.0), g_z=np.full(9, 4.0)), "$p_g$: up to 40"),
    "at the left edge": (replace(FRAME, p_g=delta(FRAME, 2.2), g_z=np.full(9, 2.2)), "$p_g$: up to 40"),
    "far right": (replace(FRAME, p_g=0 * FRAME.x, g_z=100 + Z), "$p_g$: 100% further right →"),
    "far left": (replace(FRAME, p_g=0 * FRAME.x, g_z=Z - 100), "$p_g$: 100% further left ←"),
    "on both sides": (replace(FRAME, p_g=FRAME.p_g / 2, g_z=1e6 * Z), "$p_g$: 50% further out ↔"),
    "spike and side": (replace(FRAME, p_g=delta(FRAME, 4) / 2, g_z=9 + 6 * Z), "$p_g$: up to 20, 50% further right →"),
    "saturated": (replace(FRAME, d=np.where(FRAME.x < 3, 0.0, 1.0), value=-700.0), ""),
    "without a value": (replace(FRAME, value=-np.inf, error=0.0), ""),
}


@pytest.mark.parametrize("name", EXTREMES)
def test_extreme_frames_stay_readable(name):
    extreme, note = EXTREMES[name]
    usual = make_frame(mean=4, std=0.5)
    plot = Figure1Plot([usual, extreme])
    plot.draw([usual, extreme])
    FigureCanvasAgg(plot.figure).draw()
    assert plot.panel.note.get_text() == note
    alone = Figure1Plot([usual]).panel.density_axes
    assert plot.panel.density_axes.get_ylim() == alone.get_ylim()
    assert plot.panel.density_axes.get_xlim() == alone.get_xlim()
    low, high = plot.value_axes.get_ylim()
    assert -4.5 < low < -1.4 < high < 1
    box = plot.panel.note.get_window_extent()
    assert plot.panel.density_axes.bbox.x0 - 1 <= box.x0 <= box.x1 <= plot.panel.density_axes.bbox.x1 + 1


def test_panels_share_limits_and_one_legend():
    figure = panels_figure(PANELS)
    assert len(figure.legends) == 1
    densities, ds, arrows = (figure.axes[i::3] for i in (1, 2, 0))
    assert len(densities) == 4
    assert len({(axes.get_xlim(), axes.get_ylim()) for axes in densities}) == 1
    assert [bool(axes.get_ylabel()) for axes in densities] == [True, False, False, False]
    assert ["$D(x)$" in [text.get_text() for text in axes.texts] for axes in ds] == [False, False, False, True]
    assert all(len(axes.collections[0].U) == 5 for axes in arrows)
    captions = [" ".join(text.get_text().split()) for text in figure.texts]
    assert captions[0] == r"(a) $p_g$, $p_\mathrm{data}$ D near $D^*$"
    with pytest.raises(ValueError, match="takes at least one"):
        panels_figure([])


@pytest.mark.parametrize("make", [panels_figure, None], ids=["panels", "animation"])
def test_no_text_overlaps_or_leaves_the_picture(make, monkeypatch):
    if make is None:
        plot = Figure1Plot(FRAMES)
        plot.draw(FRAMES)
        figure = plot.figure
    else:
        figure = make(PANELS)
    drawn = []  # not every text is: there are spare ticks outside of the axes
    monkeypatch.setattr(Text, "draw", lambda text, _: drawn.append(text))
    FigureCanvasAgg(figure).draw()
    boxes = [(text.get_text(), text.get_window_extent()) for text in drawn if text.get_visible() and text.get_text()]
    assert len(boxes) > 20
    for i, (words, box) in enumerate(boxes):
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1, words
        assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1, words
        assert not [other for other, its in boxes[:i] if box.overlaps(its)], words


def test_users_settings_change_nothing(tmp_path):
    draw_panels(PANELS, tmp_path / "usual.png")
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red", "savefig.bbox": "tight"}):
        draw_panels(PANELS, tmp_path / "strange.png")
        assert matplotlib.rcParams["font.size"] == 30
    assert (tmp_path / "usual.png").read_bytes() == (tmp_path / "strange.png").read_bytes()
