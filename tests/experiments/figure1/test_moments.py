"""Moments of a game, and the picture of any game: what lessons call."""

import numpy as np
import pytest

from tinygan.adversarial import NoisePrior
from tinygan.data import Gaussian, Uniform
from tinygan.experiments.figure1 import Figure1Recipe, draw_figure1, moments, play
from tinygan.layers import Linear, Sequential, Tanh, constant

DATA = Uniform(-1, 1)


def test_moments_are_copies_of_the_game_as_it_was():
    game, iterations = play(Gaussian(4, 0.5), Figure1Recipe(n_iterations=5), rng=0)
    found = list(moments(game, iterations, 5, with_frames=False))
    assert [moment.iteration for moment in found] == [0, 1, 2, 3, 4, 5]
    assert {moment.frame for moment in found} == {None}
    assert found[0].measures == found[0].game.measure() != found[-1].measures == game.measure()


def test_nothing_is_played_before_it_is_asked_for():
    game, iterations = play(Gaussian(4, 0.5), Figure1Recipe(n_iterations=3), rng=0)
    before = game.measure()
    next(moments(game, iterations, 3, with_frames=False))
    assert game.measure() == before


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
