"""The four panels of a game, as the paper prints its Figure 1."""

import copy
from collections.abc import Iterator, Sequence

import numpy as np

from tinygan.adversarial import discriminator_step, generator_step
from tinygan.adversarial.objectives import NON_SATURATING, Objective
from tinygan.backend import as_rng, device_of, to_device
from tinygan.experiments.figure1.game import Game
from tinygan.experiments.figure1.moments import Moment
from tinygan.figures.frame import Frame
from tinygan.optim import SGD, RMSProp, exponential_decay

# Panel (a) is the moment nearest to this JSD, in nats: p_g stands about one deviation beside p_data. A game that
# begins nearer is looked at when it has come this share of its way.
BESIDE, SHARE = 0.25, 0.7
# Panel (b): updates of a copy of D, with G fixed. Panel (c): updates of a copy of G, with D fixed.
D_UPDATES, G_UPDATES = 2000, 20
PANEL_BATCH_SIZE = 512
# The rate of D falls far, since D has to settle. G takes plain gradient steps.
D_RATE, D_RATE_DECAY, G_RATE = 0.005, 0.02, 0.05


def four_panels(
    moments: Sequence[Moment], *, objective: Objective | str = NON_SATURATING
) -> Iterator[tuple[str, Frame]]:
    """Yield the captions and frames of the paper's panels (a) to (d).

    In panel (a), p_g is on its way to p_data. Panels (b) and (c) go on from there with copies of the players, so that
    the game itself does not change. For (b), D alone is trained until it has settled on D*. For (c), G alone is trained
    against this D; the panel shows p_g at its nearest to p_data. Panel (d) is the end of the game.

    Parameters
    ----------
    moments : sequence of Moment
        The moments of the game, in order, as `play` yields them.
    objective : Objective or str
        The objective that the players were trained with.

    Yields
    ------
    (str, Frame)
        The caption and the frame of one panel.

    Raises
    ------
    ValueError
        If there is no moment.

    Examples
    --------
    >>> from tinygan.data import Gaussian
    >>> from tinygan.experiments.figure1 import Figure1Recipe, play
    >>> moments = list(play(Gaussian(4, 0.5), Figure1Recipe(n_iterations=5), rng=0))
    >>> [caption.splitlines()[0] for caption, frame in four_panels(moments)][1:]
    ['(b) D alone learned', '(c) then G alone', '(d) iteration 5']
    """
    if not moments:
        raise ValueError("four_panels got no moments; it takes those that play(...) yields")
    wanted = min(BESIDE, SHARE * moments[0].measures.jsd)
    near = min(moments[:-1] or moments, key=lambda moment: abs(moment.measures.jsd - wanted))
    yield f"(a) iteration {near.iteration:,}\n{_distances(near)}", near.frame
    game = copy.deepcopy(near.game)
    _train_discriminator(game, objective)
    optimal = Moment.of(game, near.iteration)
    yield f"(b) D alone learned\n{_distances(optimal)}", optimal.frame
    moved = Moment.of(_train_generator(game, objective), near.iteration)
    yield f"(c) then G alone\n{_distances(moved)}", moved.frame
    end = moments[-1]
    gap = end.measures.discriminator_gap
    yield f"(d) iteration {end.iteration:,}\nJSD = {end.measures.jsd:.3f}\n|D − ½| = {gap:.3f}", end.frame


def _distances(moment: Moment) -> str:
    return f"JSD = {moment.measures.jsd:.3f}\n|D − D*| = {moment.measures.discriminator_error:.3f}"


def _train_discriminator(game: Game, objective: Objective | str) -> None:
    rng, device = as_rng(0), device_of(game.D)
    optimizer = RMSProp(game.D.parameters, D_RATE, decay=0.9)
    for t in range(D_UPDATES):
        optimizer.learning_rate = exponential_decay(D_RATE, D_RATE_DECAY, t / D_UPDATES)
        x = to_device(game.source.sample(PANEL_BATCH_SIZE, rng=rng).astype(np.float32), device)
        z = game.prior.sample(PANEL_BATCH_SIZE, rng=rng, device=device)
        discriminator_step(game.D, game.G, x, z, optimizer, objective=objective)


def _train_generator(game: Game, objective: Objective | str) -> Game:
    """Return the game after the update of G that brought p_g nearest to p_data."""
    rng = as_rng(1)
    optimizer = SGD(game.G.parameters, G_RATE)
    best, lowest = copy.deepcopy(game), game.measure().jsd
    for _ in range(G_UPDATES):
        z = game.prior.sample(PANEL_BATCH_SIZE, rng=rng, device=device_of(game.G))
        generator_step(game.D, game.G, z, optimizer, objective=objective)
        if (jsd := game.measure().jsd) < lowest:
            best, lowest = copy.deepcopy(game), jsd
    return best
