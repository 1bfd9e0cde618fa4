"""The game of Figure 1: its recipe, its measures, and what it says when it misses."""

import dataclasses
import re

import numpy as np
import pytest
from support.games import affine, game_of

from tinygan.adversarial import NoisePrior, discriminator_error, value_function
from tinygan.data import Exponential, Gaussian, Laplace, Mixture, Uniform
from tinygan.experiments.figure1 import Figure1Recipe, Game, Moment, Standardised, missed, play, playing, start_game
from tinygan.layers import Linear, ReLU, Sequential, constant


@pytest.mark.slow
@pytest.mark.parametrize(
    "data", [Gaussian(4, 0.5), Exponential(1), Laplace(0, 1), Mixture([(-2, 1), (2, 1)])], ids=repr
)
def test_the_default_recipe_arrives(data):
    *_, (_, game, measures, _) = play(data, rng=0)
    assert measures.jsd < 0.015
    assert measures.discriminator_error < 0.03
    assert measures.discriminator_gap < 0.05
    assert missed(game, measures) == []


def test_play_begins_with_random_weights_and_standardised_samples():
    game, iterations = start_game(Gaussian(40, 5), Figure1Recipe(n_iterations=3), rng=0)
    other, _ = start_game(Gaussian(40, 5), Figure1Recipe(n_iterations=3), rng=1)
    assert (game.G[0].weight.data != other.G[0].weight.data).any()
    assert game.source.center == pytest.approx(40, abs=0.3)
    assert game.source.scale == pytest.approx(5, rel=0.05)
    assert abs(game.source.sample(1000, rng=0).mean()) < 0.2
    assert [record.iteration for record in iterations] == [1, 2, 3]


def test_the_weights_do_not_depend_on_the_hyper_parameters_of_training():
    game, _ = start_game(Gaussian(0, 1), Figure1Recipe(), rng=0)
    other, _ = start_game(Gaussian(0, 1), Figure1Recipe(batch_size=3, discriminator_steps=1), rng=0)
    for theta, same in zip(game.D.parameters + game.G.parameters, other.D.parameters + other.G.parameters, strict=True):
        np.testing.assert_array_equal(theta.data, same.data)


def test_the_rates_fall_as_the_recipe_says(monkeypatch):
    rates = []

    class Recorder:
        def __init__(self, parameters, learning_rate, momentum, **_):
            self.parameters, self.learning_rate = parameters, learning_rate
            rates.append(self)

        def step(self):
            self.at = getattr(self, "at", [])
            self.at.append(self.learning_rate)

    monkeypatch.setattr(playing, "RMSProp", Recorder)
    recipe = Figure1Recipe(n_iterations=100, discriminator_steps=1, batch_size=2)
    _, iterations = start_game(Gaussian(0, 1), recipe, rng=0)
    for _ in iterations:
        pass
    rates_d, rates_g = rates[0].at, rates[1].at
    assert rates_d[:25] == [recipe.learning_rate_d] * 25
    assert rates_g[:4] == pytest.approx([recipe.learning_rate_g * share for share in (0.25, 0.5, 0.75, 1)])
    assert rates_g[4:25] == [recipe.learning_rate_g] * 21
    assert rates_d[-1] == pytest.approx(recipe.learning_rate_d * recipe.rate_decay_d ** (74 / 75))
    assert rates_g[-1] == pytest.approx(recipe.learning_rate_g * recipe.rate_decay_g ** (74 / 75))
    assert all(np.diff(rates_d[25:]) < 0)


def test_the_recipe_reaches_the_training(monkeypatch):
    seen, optimizers = {}, []

    class Recorder:
        def __init__(self, parameters, *arguments, **options):
            optimizers.append((arguments, options))

    monkeypatch.setattr(playing, "RMSProp", Recorder)
    monkeypatch.setattr(playing, "train", lambda *_, **options: seen.update(options) or iter(()))
    recipe = Figure1Recipe(7, 3, 1, 0.1, 0.2, 0.3, 0.4, momentum=0.5, objective="minimax", updates="simultaneous")
    start_game(Gaussian(0, 1), recipe, rng=0)
    assert optimizers == [((0.1, 0.5), {"decay": 0.3}), ((0.2, 0.5), {"decay": 0.4})]
    told = {name: seen[name] for name in ("n_iterations", "batch_size", "discriminator_steps", "objective", "updates")}
    assert told == {
        "n_iterations": 7, "batch_size": 3, "discriminator_steps": 1, "objective": "minimax", "updates": "simultaneous",
    }  # fmt: skip


def test_the_gap_of_d_is_weighted_by_both_densities():
    """D is 1/2 on p_data = U(-1, 0) and about 1 on p_g = U(1, 2): the gap is 1/2 on one half of what D meets."""
    game = game_of(Uniform(-1, 0), slope_g=0.5, offset_g=1.5, prior="uniform")
    step = Sequential(Linear(1, 1, weight_init=constant(1.0), bias_init=constant(-0.5), dtype=np.float64), ReLU(),
                      Linear(1, 1, weight_init=constant(100.0), dtype=np.float64))  # fmt: skip
    assert dataclasses.replace(game, D=step).measure().discriminator_gap == pytest.approx(0.25, abs=1e-3)


def test_a_narrow_mode_is_not_lost_between_the_points_of_the_grid():
    data = Mixture([(0, 0.001), (100, 1)])
    game = game_of(data)
    x = game.grid()
    assert np.trapezoid(data.pdf(x) * (x < 50), x) == pytest.approx(0.5, abs=1e-3)
    frame = Moment.of(game).frame
    assert frame.p_data.max() == pytest.approx(data.pdf(0.0), rel=0.05)


@pytest.mark.parametrize(
    "data", [Gaussian(1e20, 1), Gaussian(0, 1e200), Gaussian(0, 1e-300), Exponential(1e308)], ids=repr
)
def test_data_beyond_floating_point_is_refused(data):
    with pytest.raises(ValueError, match=r"cannot be standardised: .* such as gaussian:4,0\.5"):
        play(data, Figure1Recipe(), rng=0)


def test_a_mode_too_narrow_to_be_seen_is_refused():
    with pytest.raises(ValueError, match=r"mode of standard deviation 1 .* too narrow to be seen"):
        play(Mixture([(-1e9, 1), (1e9, 1)]), Figure1Recipe(), rng=0)


def test_a_mode_of_no_weight_is_not_missed():
    game = game_of(Mixture([(0, 1), (5, 1)], [1e-6, 1]), offset_g=5.0)
    assert missed(game, game.measure()) == []


def test_a_missed_mode_is_said_even_where_the_divergence_is_small():
    """The second mode holds so little of p_data that the JSD without it is within the bar."""
    game = game_of(Mixture([(0, 1), (8, 0.3)], [0.97, 0.03]))
    measures = game.measure()
    assert measures.jsd < 0.03
    assert "p_g has missed the mode at 8" in missed(game, measures)[0]


def test_a_perfect_game_measures_as_one():
    measures = game_of(Gaussian(0, 1)).measure()
    assert measures.jsd == pytest.approx(0, abs=1e-6)
    assert measures.wasserstein == pytest.approx(0, abs=1e-3)
    assert measures.discriminator_gap == 0
    assert measures.discriminator_error == pytest.approx(0, abs=1e-3)
    assert measures.value == pytest.approx(-np.log(4))
    assert measures.bound == pytest.approx(-np.log(4), abs=1e-5)


def test_measures_of_a_shifted_generator():
    measures = game_of(Gaussian(0, 1), offset_g=1.0).measure()
    assert measures.wasserstein == pytest.approx(1, abs=1e-2)
    assert measures.bound == pytest.approx(-np.log(4) + 2 * measures.jsd)
    assert measures.discriminator_gap == 0  # D is flat, and yet p_g is wrong
    assert measures.discriminator_error > 0.1


def test_measures_do_not_depend_on_the_units():
    def in_units(center, scale):
        source = Standardised(Gaussian(center, scale), center, scale)
        return Game(affine(0.3), affine(0.8, 0.2), NoisePrior("gaussian", 1), source).measure()

    here, there = in_units(0.0, 1.0), in_units(40.0, 5.0)
    for name in ("jsd", "discriminator_error", "discriminator_gap", "value", "bound"):
        assert getattr(here, name) == pytest.approx(getattr(there, name), abs=1e-6)
    assert 5 * here.wasserstein == pytest.approx(there.wasserstein, rel=1e-4)


def test_measures_stay_finite_when_d_is_certain():
    measures = game_of(Gaussian(0, 1), slope_d=1e6).measure()
    assert np.isfinite(dataclasses.astuple(measures)).all()


@pytest.mark.parametrize(
    ("game", "words"),
    [
        (game_of(Gaussian(3, 1), slope_g=1e-3, offset_g=3.0), r"p_g has collapsed onto 3, .* G maps many z to one x"),
        (game_of(Mixture([(-4, 1), (4, 1)]), offset_g=4.0), r"p_g has missed the mode at -4: 0.0% of its mass"),
        (game_of(Gaussian(0, 1), offset_g=9.0, slope_d=-9.0, offset_d=40.0), "D is saturated: it tells real from fake"),
        (game_of(Mixture([(-4, 0.5), (4, 0.5)]), slope_g=4.0), "of its mass between the modes"),
        (game_of(Gaussian(0, 1), offset_g=9.0), "G has left the data: the mean of p_g is 9, that of p_data"),
        (game_of(Gaussian(0, 1), offset_g=1.0), r"p_g is still 0.\d+ nats \(JSD\) from p_data"),
        (game_of(Gaussian(0, 1), slope_d=1.0), r"D has not settled on D\*"),
    ],
    ids=["collapsed", "missed a mode", "saturated", "between the modes", "gone", "far", "unsettled"],
)
def test_a_miss_is_said_in_words(game, words):
    said = missed(game, game.measure())
    assert any(re.search(words, sentence) for sentence in said), said


def test_only_what_is_wrong_is_said():
    game = game_of(Gaussian(0, 1), offset_g=1.0)
    said = " ".join(missed(game, game.measure()))
    assert "collapsed" not in said
    assert "mode" not in said
    assert "saturated" not in said
    assert missed(game_of(Gaussian(0, 1)), game_of(Gaussian(0, 1)).measure()) == []


def test_a_d_that_still_tells_them_apart_is_said_where_all_else_is_right():
    game = game_of(Gaussian(0, 1))
    measures = dataclasses.replace(game.measure(), discriminator_gap=0.06)
    assert missed(game, measures) == ["D still tells p_g from p_data: mean |D - 1/2| = 0.060"]


def test_an_objective_without_probabilities_is_refused():
    with pytest.raises(ValueError, match=r"^play got objective 'wasserstein', in which D is no probability .*least_sq"):
        play(Gaussian(0, 1), Figure1Recipe(objective="wasserstein"), rng=0)


def test_a_game_of_least_squares_reads_its_logit_as_the_probability():
    game, records = start_game(Gaussian(0, 1), Figure1Recipe(n_iterations=1, objective="least_squares"), rng=0)
    next(records)
    x = game.grid()
    p_data, p_g, d = game.source.data.pdf(x), game.p_g(x), np.clip(game.logits(x), 0, 1)
    measures = game.measure()
    np.testing.assert_array_equal(game.d(x), d)
    assert measures.value == value_function(d, p_data, p_g, x)
    assert measures.discriminator_gap == discriminator_error(d, 0.5, p_data, p_g, x)
