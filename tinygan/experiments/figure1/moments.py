"""The moments at which Figure 1 looks at a game, and what it keeps and shows of each."""

import copy
from typing import NamedTuple

import numpy as np

from tinygan.adversarial import optimal_discriminator
from tinygan.backend import Array
from tinygan.data import Distribution
from tinygan.experiments.figure1.game import Game, Measures, grid
from tinygan.figures.frame import Frame

N_FRAMES = 60
N_ARROWS = 25
GAUSSIAN_RANGE = (-2.6, 2.6)  # the z of the arrows if z is Gaussian; a uniform z has its own ends


class Moment(NamedTuple):
    """A game as it stood after some iterations.

    Attributes
    ----------
    iteration : int
        The number of iterations done.
    game : Game
        A copy of the game.
    measures : Measures
        Its JSD and W1, and how far D is from D* and from 1/2.
    frame : Frame
        What Figure 1 shows of the game.
    """

    iteration: int
    game: Game
    measures: Measures
    frame: Frame

    @classmethod
    def of(cls, game: Game, iteration: int = 0) -> "Moment":
        """Return the present moment of a game.

        Raises
        ------
        FloatingPointError
            If D is no longer finite.
        """
        measures, x, prior = game.measure(), view(game.source.data), game.prior
        p_data, p_g = game.source.data.pdf(x), game.p_g(x)
        z = np.linspace(*((prior.low, prior.high) if prior.kind == "uniform" else GAUSSIAN_RANGE), N_ARROWS)
        frame = Frame(
            iteration=iteration,
            x=x,
            p_data=p_data,
            p_g=p_g,
            d=game.d(x),
            d_star=optimal_discriminator(p_data, p_g),
            z=z,
            g_z=game.generate(z),
            value=measures.value,
            criterion=measures.bound,
            error=measures.discriminator_error,
        )
        return cls(iteration, copy.deepcopy(game), measures, frame)


def frame_iterations(n_iterations: int) -> list[int]:
    """Return the iterations to look at, from 0 to the last; they are closer at the start, where most happens.

    Examples
    --------
    >>> frame_iterations(2400)[:5], frame_iterations(2400)[-2:]
    ([0, 1, 3, 4, 6], [2280, 2400])
    """
    progress = np.linspace(0, 1, N_FRAMES)
    return sorted({round(n_iterations * float(t) ** 3) for t in progress})


def view(data: Distribution) -> Array:
    """Return the grid to draw on: it holds all but two thousandths of p_data, and some room at the sides.

    Examples
    --------
    >>> from tinygan.data import Uniform
    >>> view(Uniform(0, 1))[[0, -1]].round(2)
    array([-0.3,  1.3])
    """
    x = grid(data, *data.support, 4001)
    cdf = np.cumsum(data.pdf(x) * np.gradient(x))
    low, high = np.interp([0.001, 0.999], cdf / cdf[-1], x)
    room = 0.3 * (high - low)
    return grid(data, low - room, high + room, 501)
