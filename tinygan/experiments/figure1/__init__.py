"""Figure 1 of the paper, a game in one dimension: play it, draw it, and say what it missed."""

from tinygan.experiments.figure1.diagnosis import missed
from tinygan.experiments.figure1.drawing import draw_figure1, draw_play
from tinygan.experiments.figure1.game import Game, Measures, Standardised
from tinygan.experiments.figure1.moments import Moment
from tinygan.experiments.figure1.panels import four_panels
from tinygan.experiments.figure1.playing import play, start_game
from tinygan.experiments.figure1.recipe import Figure1Recipe, discriminator, generator

__all__ = [
    "Figure1Recipe",
    "Game",
    "Measures",
    "Moment",
    "Standardised",
    "discriminator",
    "draw_figure1",
    "draw_play",
    "four_panels",
    "generator",
    "missed",
    "play",
    "start_game",
]
