"""Curves of training and evaluation: the numbers that are drawn, and what is said of those that are not."""

import errno
import os

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from PIL import Image

from tinygan.figures import curves, likelihoods
from tinygan.figures.curves import draw_curves, draw_live
from tinygan.figures.likelihoods import draw_bandwidths, draw_likelihoods
from tinygan.figures.mosaic import grid, to_pixels
from tinygan.figures.output import PICTURES
from tinygan.figures.sheet import MARGIN


def make_epoch(epoch, mean=None, **changed):
    one = {"epoch": epoch, "loss_d": 1 + epoch / 100, "loss_g": 3 - epoch / 100, "d_real": 0.9, "d_fake": epoch / 200}
    if mean is not None:
        best = {"bandwidth": 0.17, "mean": mean + 9, "standard_error": 1.5}
        one["parzen"] = {"fixed": {"bandwidth": 0.2, "mean": mean, "standard_error": 2.0}, "best": best}
    return one | changed


# From epoch 10 on, so that an index is not an epoch; an estimate every second epoch.
METRICS = [make_epoch(epoch, 200 - 4000 / epoch if epoch % 2 else None) for epoch in range(10, 31)]
SEARCHES = {
    "G": ([0.1, 0.2, 0.4], [-6e5, 212.5, 30.0]),
    "real": (np.array([0.1, 0.17, 0.4]), np.array([-5e4, 241.2, 20.0])),
}
SERIES = {
    "simultaneous": ([1, 5, 9], [-900.0, 150.0, 210.0], [9.0, 3.0, 2.0]),
    "Algorithm 1": (np.arange(60), np.linspace(100, 190, 60), np.full(60, 2.5)),
}
IMAGES = np.random.default_rng(0).uniform(size=(5, 6, 4))
DRAW = {
    "curves": lambda path: draw_curves(METRICS, path, title="title"),
    "one epoch": lambda path: draw_curves([make_epoch(1, 100.0)], path),
    "bandwidths": lambda path: draw_bandwidths(SEARCHES, path, title="title"),
    "likelihoods": lambda path: draw_likelihoods(SERIES, path, levels={"paper, 225": 225, "close": 224.5, "low": 0}),
    "live": lambda path: draw_live(IMAGES, METRICS, path, title="title"),
    "live before the first epoch": lambda path: draw_live(IMAGES, [], path),
}


@pytest.fixture
def figure_of(monkeypatch, tmp_path):
    """Return a function that calls another with a path and returns the figure that was to be written there."""

    def drawn(draw):
        figures = []
        for module in (curves, likelihoods):
            monkeypatch.setattr(module, "write_figure", lambda figure, path: figures.append(figure))
        draw(tmp_path / "f.png")
        FigureCanvasAgg(figures[0]).draw()
        return figures[0]

    return drawn


def lines_of(axes):
    return {line.get_label(): line for line in axes.lines if not line.get_label().startswith("_")}


def text_of(figure):
    return " ".join(text.get_text() for text in figure.findobj(Text))


def test_curves_show_every_number_at_its_epoch(figure_of):
    losses, outputs, parzen = figure_of(DRAW["curves"]).axes
    wanted = {
        (losses, "$J_D$"): "loss_d",
        (losses, "$J_G$"): "loss_g",
        (outputs, "mean $D(x)$"): "d_real",
        (outputs, "mean $D(G(z))$"): "d_fake",
    }
    for (axes, label), key in wanted.items():
        np.testing.assert_allclose(lines_of(axes)[label].get_xydata(), [[one["epoch"], one[key]] for one in METRICS])
    rows = [(one["epoch"], one["parzen"]) for one in METRICS if "parzen" in one]
    assert list(lines_of(parzen)) == ["σ = 0.2 (last: 62.1 ± 2.0)", "best σ (last: 71.1 ± 1.5 at 0.17)"]
    for line, name in zip(lines_of(parzen).values(), ("fixed", "best"), strict=True):
        np.testing.assert_allclose(line.get_xydata(), [[epoch, every[name]["mean"]] for epoch, every in rows])
    bars = parzen.collections[1].get_segments()
    np.testing.assert_allclose(bars[0], [[11, 209 - 4000 / 11 - 3], [11, 209 - 4000 / 11 + 3]])  # two standard errors
    assert 0.5 in [line.get_ydata()[0] for line in outputs.lines if line.get_label().startswith("_")]
    assert losses.get_xlim() == outputs.get_xlim() == parzen.get_xlim()


def test_the_output_of_a_critic_is_shown_whole_and_is_called_no_probability(figure_of):
    metrics = [make_epoch(1), make_epoch(2, d_real=-3.0, d_fake=7.5)]
    _, outputs = figure_of(lambda path: draw_curves(metrics, path)).axes
    low, high = outputs.get_ylim()
    assert low <= -3 < 7.5 <= high
    assert outputs.get_ylabel() == "output of $D$"
    assert 0.5 not in [line.get_ydata()[0] for line in outputs.lines]


def test_curves_differ_without_colour(figure_of):
    for draw in ("curves", "bandwidths", "likelihoods"):
        for axes in figure_of(DRAW[draw]).axes:
            looks = [line._unscaled_dash_pattern for line in lines_of(axes).values()]
            assert len(looks) == 2
            assert looks[0] != looks[1]


def test_parzen_is_left_out_where_there_is_none(figure_of):
    assert len(figure_of(lambda path: draw_curves([make_epoch(1), make_epoch(2, parzen=None)], path)).axes) == 2


def test_one_estimate_alone_is_drawn(figure_of):
    one = make_epoch(3, 50.0)
    del one["parzen"]["fixed"]
    assert list(lines_of(figure_of(lambda path: draw_curves([one], path)).axes[2])) == [
        "best σ (last: 59.0 ± 1.5 at 0.17)"
    ]


def test_a_single_epoch_is_marked(figure_of):
    for axes in figure_of(DRAW["one epoch"]).axes:
        assert axes.get_xlim() == (0, 2)
        assert {line.get_marker() for line in lines_of(axes).values()} <= {"o", "s"}


def test_the_first_epochs_do_not_squash_the_rest(figure_of):
    means = [-6e5, -3000, -300, *np.linspace(100, 220, 40)]
    figure = figure_of(lambda path: draw_curves([make_epoch(i, mean) for i, mean in enumerate(means)], path))
    low, high = figure.axes[2].get_ylim()
    assert -300 < low < 100
    assert 229 < high < 260
    assert "± 2 standard errors, ↓ 6 values not shown, down to −600,000" in text_of(figure)


def test_where_all_is_shown_nothing_is_said(figure_of):
    assert "not shown" not in text_of(
        figure_of(lambda path: draw_curves([make_epoch(1, 90.0), make_epoch(2, 99.0)], path))
    )


def test_bandwidths_show_their_maxima(figure_of):
    figure = figure_of(DRAW["bandwidths"])
    (axes,) = figure.axes
    assert list(lines_of(axes)) == ["G: 212.5 at σ = 0.2", "real: 241.2 at σ = 0.17"]
    rings = [line.get_xydata().tolist() for line in axes.lines if line.get_label().startswith("_")]
    assert rings == [[[0.2, 212.5]], [[0.17, 241.2]]]
    assert axes.get_xscale() == "log"
    low, high = axes.get_ylim()
    assert -150 < low < 0 < 241.2 < high < 300
    left, right = axes.get_xlim()
    assert 0.1 < left < 0.17 < 0.4 < right < 1
    assert "↓ 2 values not shown, down to −600,000" in text_of(figure)


def test_likelihoods_show_runs_and_levels(figure_of):
    figure = figure_of(DRAW["likelihoods"])
    (axes,) = figure.axes
    assert list(lines_of(axes)) == list(SERIES)
    for label, (epochs, means, _) in SERIES.items():
        np.testing.assert_array_equal(lines_of(axes)[label].get_xydata(), np.stack([epochs, means], axis=1))
    band = axes.collections[-1].get_paths()[0].vertices
    assert band[:, 1].min() == 95
    assert band[:, 1].max() == 195
    heights = sorted(
        line.get_ydata()[0] for line in axes.lines if line.get_linestyle() == "--" and len(line.get_xdata()) == 2
    )
    assert {0, 224.5, 225} <= set(heights)
    low, high = axes.get_ylim()
    assert low < 0 < 225 < high
    places = {text.get_text(): text.get_position()[1] for text in axes.texts}
    assert places["low"] == 0
    assert places["close"] == 224.5
    assert places["paper, 225"] > 230


@pytest.mark.parametrize("name", DRAW)
def test_no_text_overlaps_or_leaves_the_picture(name, figure_of, monkeypatch):
    drawn = []
    draw = Text.draw
    monkeypatch.setattr(Text, "draw", lambda text, renderer: drawn.append(text) or draw(text, renderer))
    figure = figure_of(DRAW[name])
    boxes = {text: text.get_window_extent() for text in drawn if text.get_visible() and text.get_text()}
    assert len(boxes) > 5
    for i, (text, box) in enumerate(boxes.items()):
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1, text
        assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1, text
        inside = [other for other in list(boxes)[:i] if boxes[other].padded(-1).overlaps(box.padded(-1))]
        assert not inside, (text, inside)


def test_live_has_the_samples_pixel_for_pixel(tmp_path):
    draw_live(IMAGES, METRICS, tmp_path / "live.png", title="title")
    sheet = grid(to_pixels("test", IMAGES), pixels=600)
    with Image.open(tmp_path / "live.png") as image:
        picture = np.asarray(image.convert("RGB"))
    bottom = len(picture) - MARGIN
    np.testing.assert_array_equal(picture[bottom - len(sheet) : bottom, MARGIN : MARGIN + sheet.shape[1]], sheet)


def test_live_shows_the_run(figure_of):
    _, losses, outputs = figure_of(DRAW["live"]).axes
    assert lines_of(losses)["$J_D$"].get_xydata()[0].tolist() == [10, 1.1]
    assert lines_of(outputs)["mean $D(G(z))$"].get_xydata()[-1].tolist() == [30, 0.15]
    assert losses.get_xlim() == outputs.get_xlim()


@pytest.mark.slow
@pytest.mark.parametrize("suffix", PICTURES)
@pytest.mark.parametrize("name", ["curves", "bandwidths", "likelihoods", "live"])
def test_same_numbers_give_the_same_bytes(name, suffix, tmp_path):
    for stem, settings in (("one", {}), ("two", {"font.size": 30, "axes.facecolor": "red", "savefig.bbox": "tight"})):
        with matplotlib.rc_context(settings):
            DRAW[name](tmp_path / f"{stem}{suffix}")
    assert (tmp_path / f"one{suffix}").read_bytes() == (tmp_path / f"two{suffix}").read_bytes()


def test_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "f.png").write_text("old")
    monkeypatch.setattr(os, "fsync", full)
    for draw in DRAW.values():
        with pytest.raises(OSError, match="No space left"):
            draw(tmp_path / "f.png")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("f.png", "old")]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda f: draw_curves([], f), ValueError, "draw_curves got no metrics; it takes at least one epoch"),
        (lambda f: draw_curves([{"epoch": 1}], f), ValueError, r"metrics\[0\] without 'loss_d'; it takes epoch"),
        (lambda f: draw_curves([make_epoch(1, d_fake=np.nan)], f), ValueError, r"metrics\[0\]\['d_fake'\]=nan"),
        (lambda f: draw_curves([make_epoch(1, loss_g="1")], f), TypeError, r"\['loss_g'\]='1'; it takes a finite"),
        (lambda f: draw_curves([make_epoch(1, np.inf)], f), ValueError, r"\['fixed'\]\['mean'\]=inf; it takes"),
        (lambda f: draw_curves([make_epoch(1, parzen={"best": {}})], f), ValueError, r"\['best'\] without 'bandwidth'"),
        (lambda f: draw_curves(METRICS, f.with_suffix(".gif")), ValueError, r"it takes \.png, \.svg or \.pdf"),
        (lambda f: draw_bandwidths({}, f), ValueError, "searches that are empty; it takes at least one"),
        (lambda f: draw_bandwidths({"a": ([0.0], [1])}, f), ValueError, "bandwidth <= 0; it takes positive ones"),
        (
            lambda f: draw_bandwidths({"a": ([0.1, 0.2], [1])}, f),
            ValueError,
            r"searches\['a'\] of shapes \(2,\), \(1,\); it takes bandwidths and curve of one shape \(n,\), n >= 1",
        ),
        (lambda f: draw_bandwidths({"a": ([0.1], [np.nan])}, f), ValueError, r"searches\['a'\] with NaN or infinity"),
        (lambda f: draw_bandwidths(SEARCHES, f.with_suffix(".mp4")), ValueError, "it takes"),
        (lambda f: draw_likelihoods({"a": ([1], [2])}, f), ValueError, "it takes epochs, means and standard_errors"),
        (lambda f: draw_likelihoods({"a": ([], [], [])}, f), ValueError, "n >= 1"),
        (lambda f: draw_likelihoods(SERIES, f, levels={"p": np.nan}), ValueError, r"levels\['p'\]=nan; it takes"),
        (lambda f: draw_live(np.zeros((3, 4)), [], f), ValueError, r"draw_live got images of shape \(3, 4\); it takes"),
        (lambda f: draw_live(IMAGES, [{}], f), ValueError, r"draw_live got metrics\[0\] without 'epoch'"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_named(call, error, message, tmp_path):
    with pytest.raises(error, match=message):
        call(tmp_path / "f.png")
    assert not list(tmp_path.iterdir())
