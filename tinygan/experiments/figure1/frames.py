"""What Figure 1 shows of a game: frames along the way, and the four printed panels."""

import copy
import math
from collections.abc import Iterator

import numpy as np

from tinygan.adversarial import discriminator_step, generator_step, optimal_discriminator
from tinygan.backend import Array, as_rng, device_of, to_device
from tinygan.data import Distribution
from tinygan.experiments.figure1.game import Game, grid
from tinygan.figures.frame import Frame
from tinygan.functional import sigmoid
from tinygan.optim import RMSProp, exponential_decay

N_FRAMES = 60
N_ARROWS = 25
GAUSSIAN_RANGE = (-2.6, 2.6)  # of the arrows' z; a uniform z has ends of its own

# Panel (a) is the moment nearest to this JSD, in nats: p_g has found p_data, and one still sees the difference.
NEAR_CONVERGENCE = 0.05
# Panel (b): so many updates of a copy of D with G held. Panel (c): at most so many of a copy of G with D held.
D_UPDATES, G_UPDATES = 2000, 20
PANEL_BATCH_SIZE = 512
# The rate of D falls far: D has to settle. That of G is small, or the first step would already lead too far.
D_RATE, D_RATE_DECAY, G_RATE = 0.005, 0.02, 0.002


def frame_iterations(n_iterations: int) -> list[int]:
    """Return the iterations to draw, from 0 to the last: close together at the start, where most happens.

    Examples
    --------
    >>> frame_iterations(2400)[:5], frame_iterations(2400)[-2:]
    ([0, 1, 3, 4, 6], [2280, 2400])
    """
    progress = np.linspace(0, 1, N_FRAMES)
    return sorted({round(n_iterations * float(t) ** 3) for t in progress})


def view(data: Distribution) -> Array:
    """Return the grid to draw on: all but two thousandths of p_data, and some room at the sides.

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


def draw_frame(game: Game, iteration: int) -> Frame:
    """Return the frame of a game as it stands."""
    x = view(game.source.data)
    p_data, p_g = game.source.data.pdf(x), game.p_g(x)
    prior = game.prior
    z = np.linspace(*((prior.low, prior.high) if prior.kind == "uniform" else GAUSSIAN_RANGE), N_ARROWS)
    measures = game.measure()
    return Frame(
        iteration=iteration,
        x=x,
        p_data=p_data,
        p_g=p_g,
        d=sigmoid(game.logits(x)),
        d_star=optimal_discriminator(p_data, p_g),
        z=z,
        g_z=game.generate(z),
        value=measures.value,
        criterion=measures.bound,
        error=measures.discriminator_error,
    )


def four_panels(moments: list[tuple[Game, Frame]], objective: str) -> Iterator[tuple[str, Frame]]:
    """Yield the captions and frames of the paper's panels (a) to (d).

    Panel (a) is the moment of the game that is near convergence. (b) and (c) play on from there with copies, so that
    the game itself never sees them: first D alone, then G alone for as long as the D that is held still leads it
    nearer to p_data. (d) is the end of the game.

    Parameters
    ----------
    moments : list of (Game, Frame)
        Copies of the game along the way, and their frames, in order.
    objective : str
        Of G.

    Yields
    ------
    (str, Frame)
    """
    game, near = min(moments[:-1] or moments, key=lambda moment: abs(_jsd(moment[1]) - NEAR_CONVERGENCE))
    yield f"(a) iteration {near.iteration:,}\nJSD = {_jsd(near):.3f}\n|D − D*| = {near.error:.3f}", near
    game = copy.deepcopy(game)
    _train_discriminator(game)
    optimal = draw_frame(game, near.iteration)
    yield f"(b) D alone learned\nJSD = {_jsd(optimal):.3f}\n|D − D*| = {optimal.error:.3f}", optimal
    moved = draw_frame(_train_generator(game, objective), near.iteration)
    yield f"(c) then G alone\nJSD = {_jsd(moved):.3f}\n|D − D*| = {moved.error:.3f}", moved
    last, end = moments[-1]
    gap = last.measure().discriminator_gap
    yield f"(d) iteration {end.iteration:,}\nJSD = {_jsd(end):.3f}\n|D − ½| = {gap:.3f}", end


def _jsd(frame: Frame) -> float:
    return (frame.criterion + math.log(4)) / 2


def _train_discriminator(game: Game) -> None:
    rng, device = as_rng(0), device_of(game.D)
    optimizer = RMSProp(game.D.parameters, D_RATE, decay=0.9)
    for t in range(D_UPDATES):
        optimizer.learning_rate = exponential_decay(D_RATE, D_RATE_DECAY, t / D_UPDATES)
        x = to_device(game.source.sample(PANEL_BATCH_SIZE, rng=rng).astype(np.float32), device)
        z = game.prior.sample(PANEL_BATCH_SIZE, rng=rng, device=device)
        discriminator_step(game.D, game.G, x, z, optimizer)


def _train_generator(game: Game, objective: str) -> Game:
    """Return the game as it was before the first update of G that led away from p_data."""
    rng = as_rng(1)
    optimizer = RMSProp(game.G.parameters, G_RATE, decay=0.99)
    best, lowest = copy.deepcopy(game), game.measure().jsd
    for _ in range(G_UPDATES):
        z = game.prior.sample(PANEL_BATCH_SIZE, rng=rng, device=device_of(game.G))
        generator_step(game.D, game.G, z, optimizer, objective=objective)
        jsd = game.measure().jsd
        if jsd >= lowest:
            break
        best, lowest = copy.deepcopy(game), jsd
    return best
