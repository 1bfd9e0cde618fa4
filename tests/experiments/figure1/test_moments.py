"""Moments of a game, its panels, and the picture of any game: what lessons call."""

from itertools import takewhile

import numpy as np
import pytest
from support.games import game_of

from tinygan.adversarial import NoisePrior
from tinygan.data import Exponential, Gaussian, Mixture, Uniform
from tinygan.experiments.figure1 import Figure1Recipe, Moment, draw_figure1, draw_play, four_panels, play, start_game
from tinygan.experiments.figure1.moments import frame_iterations, view
from tinygan.layers import Linear, Sequential, Tanh, constant

DATA = Uniform(-1, 1)


SHORT = Figure1Recipe(n_iterations=5)


def test_moments_are_copies_of_the_game_as_it_was():
    moments = list(play(Gaussian(4, 0.5), SHORT, rng=0))
    assert [moment.iteration for moment in moments] == [0, 1, 2, 3, 4, 5]
    assert all(moment.measures == moment.game.measure() for moment in moments)
    assert len({moment.measures.jsd for moment in moments}) == 6
    game, iterations = start_game(Gaussian(4, 0.5), SHORT, rng=0)
    assert game.measure() == moments[0].measures
    assert [record.iteration for record in iterations] == [1, 2, 3, 4, 5]
    assert game.measure() == moments[-1].measures


def test_nothing_is_played_before_it_is_asked_for_and_wrong_arguments_are_said_at_once():
    seen = []

    def progress(iterations, total):
        seen.append(total)
        return iterations

    moments = play(Gaussian(4, 0.5), SHORT, rng=0, progress=progress)
    next(moments)
    assert seen == []
    next(moments)
    assert seen == [5]
    with pytest.raises(ValueError, match="objective"):
        play(Gaussian(4, 0.5), Figure1Recipe(objective="wasserstein"))


def test_p_g_starts_beside_the_data_but_amid_a_mixture():
    beside = next(play(Gaussian(40, 5), SHORT, rng=0)).game.generate(np.linspace(-1, 1, 101))
    assert beside.mean() == pytest.approx(30, abs=4)
    amid = next(play(Mixture([(-2, 1), (2, 1)]), SHORT, rng=0)).game.generate(np.linspace(-1, 1, 101))
    assert amid.mean() == pytest.approx(0, abs=1.5)


@pytest.mark.parametrize("n_iterations", [1, 2, 10, 60, 2400, 100_000])
def test_frames_begin_with_0_and_end_with_the_last_iteration(n_iterations):
    iterations = frame_iterations(n_iterations)
    assert iterations[0] == 0
    assert iterations[-1] == n_iterations
    assert len(iterations) <= 60
    assert (np.diff(iterations) > 0).all()


@pytest.mark.parametrize(
    "data", [Gaussian(-3, 0.3), Uniform(0, 1), Exponential(2), Mixture([(-3, 0.3), (3, 0.3)])], ids=repr
)
def test_the_view_shows_nearly_all_of_p_data_and_little_else(data):
    x = view(data)
    inside = np.trapezoid(data.pdf(x), x)
    assert inside > 0.99
    core = np.abs(np.cumsum(data.pdf(x)) / data.pdf(x).sum() - 0.5) < 0.499
    assert np.ptp(x[core]) > 0.4 * np.ptp(x)


def test_a_frame_shows_the_game():
    game = game_of(Gaussian(1, 2), slope_g=2.0, offset_g=1.0, slope_d=1.0)
    frame = Moment.of(game, 7).frame
    assert frame.iteration == 7
    np.testing.assert_allclose(frame.p_g, frame.p_data, atol=1e-3)
    np.testing.assert_allclose(frame.d, 1 / (1 + np.exp(-frame.x)))
    np.testing.assert_allclose(frame.g_z, 2 * frame.z + 1)
    assert frame.d_star[len(frame.x) // 2] == pytest.approx(0.5, abs=1e-3)
    assert frame.error == game.measure().discriminator_error
    assert (frame.value, frame.criterion) == (game.measure().value, game.measure().bound)


def test_the_panels_play_on_with_copies_as_the_caption_of_the_paper_says():
    moments = list(takewhile(lambda moment: moment.iteration < 100, play(Gaussian(4, 0.5), rng=0)))
    before = [theta.data.copy() for moment in moments for theta in moment.game.D.parameters + moment.game.G.parameters]
    (_, near), (_, optimal), (_, moved), (_, end) = panels = list(four_panels(moments))
    assert [caption.split("\n")[0] for caption, _ in panels] == [
        f"(a) iteration {near.iteration}", "(b) D alone learned", "(c) then G alone", f"(d) iteration {end.iteration}",
    ]  # fmt: skip
    assert 0.2 < jsd(near) < 0.3  # p_g is on its way
    np.testing.assert_array_equal(near.p_g, optimal.p_g)  # G was held
    assert optimal.error < 0.02 < near.error
    np.testing.assert_array_equal(optimal.d, moved.d)  # D was held
    assert jsd(moved) < 0.7 * jsd(near)
    assert end is moments[-1].frame
    after = [theta.data for moment in moments for theta in moment.game.D.parameters + moment.game.G.parameters]
    for theta, kept in zip(after, before, strict=True):
        np.testing.assert_array_equal(theta, kept)


def jsd(frame):
    return (frame.criterion + np.log(4)) / 2


@pytest.mark.parametrize(("name", "steps"), [("a.html", 6), ("a.svg", 4)])
def test_a_whole_game_is_drawn_and_its_progress_told(name, steps, tmp_path, monkeypatch):
    monkeypatch.setattr("tinygan.experiments.figure1.panels.D_UPDATES", 1)
    told = []

    def progress(items, total):
        told.append(total)
        for item in items:
            told.append(item)
            yield item

    draw_play(list(play(Gaussian(4, 0.5), SHORT, rng=0)), tmp_path / name, progress=progress)
    assert told[0] == steps == len(told) - 1
    assert (tmp_path / name).stat().st_size > 10_000


def test_a_game_of_no_moments_cannot_be_drawn(tmp_path):
    with pytest.raises(ValueError, match="four_panels got no moments; it takes those that play"):
        draw_play([], tmp_path / "a.png")
    with pytest.raises(ValueError, match="save_animation got no frames"):
        draw_play([], tmp_path / "a.gif")


@pytest.mark.parametrize("name", ["a.png", "a.svg", "a.pdf"])
def test_any_game_can_be_drawn(name, tmp_path):
    G = Linear(1, 1, weight_init=constant(0.5))
    D = Sequential(Linear(1, 4, rng=0), Tanh(), Linear(4, 1, rng=1))
    figure = draw_figure1(D, G, NoisePrior("uniform", 1, low=-2, high=2), DATA, tmp_path / name, caption="by hand")
    assert (tmp_path / name).stat().st_size > 1000
    _, density_axes, d_axes = figure.axes
    p_g = next(line for line in density_axes.lines if line.get_label() == "$p_g$")
    np.testing.assert_allclose(p_g.get_ydata()[abs(p_g.get_xdata()) < 0.9], 0.5, rtol=1e-6)  # z / 2 for z from -2 to 2
    x, d = d_axes.lines[0].get_data()
    np.testing.assert_allclose(d, 1 / (1 + np.exp(-D(x[:, None])[:, 0])), rtol=1e-6)
    arrows = figure.axes[0].collections[0]
    np.testing.assert_allclose((np.asarray(arrows.get_offsets())[:, 0] + arrows.U)[[0, -1]], [-1, 1])  # all of z


def test_what_cannot_be_drawn_is_said(tmp_path):
    D = G = Linear(1, 1, rng=0)
    with pytest.raises(ValueError, match=r"a\.gif ends in \.gif"):
        draw_figure1(D, G, NoisePrior("gaussian", 1), DATA, tmp_path / "a.gif")
    with pytest.raises(ValueError, match="latent_dim 2"):
        draw_figure1(D, Linear(2, 1, rng=0), NoisePrior("gaussian", 2), DATA)
    with pytest.raises(TypeError, match="draw_figure1 got data of type ndarray; it takes a distribution"):
        draw_figure1(D, G, NoisePrior("gaussian", 1), np.zeros(10))
