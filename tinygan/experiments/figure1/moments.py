"""A game of Figure 1 along the way: a copy of it at each iteration that is drawn."""

import copy
from collections.abc import Iterator
from typing import NamedTuple

from tinygan.adversarial import Iteration
from tinygan.adversarial.training.watch import check_parameters
from tinygan.experiments.figure1.frames import draw_frame, frame_iterations
from tinygan.experiments.figure1.game import Game, Measures
from tinygan.figures.frame import Frame


class Moment(NamedTuple):
    """A copy of the game after an iteration.

    Attributes
    ----------
    iteration : int
        Iterations done.
    game : Game
        The copy: whoever plays on with it does not change the game.
    measures : Measures
        Where it stands.
    frame : Frame or None
        What to draw of it, if it is to be drawn.
    """

    iteration: int
    game: Game
    measures: Measures
    frame: Frame | None


def moments(
    game: Game, iterations: Iterator[Iteration], n_iterations: int, *, with_frames: bool = True
) -> Iterator[Moment]:
    """Play a game to its end, and yield some sixty moments of it, the first before the first iteration.

    Parameters
    ----------
    game : Game
        At its start.
    iterations : iterator of Iteration
        What plays it, as `play` returns it.
    n_iterations : int
        How many there will be.
    with_frames : bool
        Whether the moments are to be drawn.

    Yields
    ------
    Moment

    Raises
    ------
    FloatingPointError
        If training diverges.

    Examples
    --------
    >>> from tinygan.data import Gaussian
    >>> from tinygan.experiments.figure1 import Figure1Recipe, play
    >>> game, iterations = play(Gaussian(4, 0.5), Figure1Recipe(n_iterations=20), rng=0)
    >>> [moment.iteration for moment in moments(game, iterations, 20)][-3:]
    [18, 19, 20]
    """

    def moment(iteration: int) -> Moment:
        check_parameters(iteration, D=game.D, G=game.G)
        frame = draw_frame(game, iteration) if with_frames else None
        return Moment(iteration, copy.deepcopy(game), game.measure(), frame)

    wanted = set(frame_iterations(n_iterations))
    yield moment(0)
    for record in iterations:
        if record.iteration in wanted:
            yield moment(record.iteration)
