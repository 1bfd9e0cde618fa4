"""Games in one dimension whose players are affine."""

import numpy as np

from tinygan.adversarial import NoisePrior
from tinygan.experiments.figure1 import Game, Standardised
from tinygan.layers import Linear, Sequential, constant


def affine(slope, offset=0.0):
    return Sequential(
        Linear(1, 1, weight_init=constant(slope), bias_init=constant(offset), dtype=np.float64),
    )


def game_of(data, *, slope_g=1.0, offset_g=0.0, slope_d=0.0, offset_d=0.0, prior="gaussian"):
    """A game whose players are affine, in the data's own units."""
    return Game(
        affine(slope_d, offset_d), affine(slope_g, offset_g), NoisePrior(prior, 1), Standardised(data, 0.0, 1.0)
    )
