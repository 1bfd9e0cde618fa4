"""Figure 1 of the paper: a game in one dimension, how it is played, what is drawn of it, and what it missed."""

from tinygan.experiments.figure1.drawing import draw_figure1
from tinygan.experiments.figure1.game import Game, Measures
from tinygan.experiments.figure1.moments import Moment, moments
from tinygan.experiments.figure1.play import Figure1Recipe, play

__all__ = ["Figure1Recipe", "Game", "Measures", "Moment", "draw_figure1", "moments", "play"]
