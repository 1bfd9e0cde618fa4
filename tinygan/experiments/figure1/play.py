"""Figure 1 of the paper: a game in one dimension, played by Algorithm 1 from random weights and raw samples."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygan.adversarial import Iteration, NoisePrior, train
from tinygan.adversarial.objectives import as_objective
from tinygan.backend import Array, RngLike, as_rng, spawn_rngs, to_device
from tinygan.data import Distribution
from tinygan.experiments.figure1.game import Game, Standardised
from tinygan.functional import sigmoid
from tinygan.layers import Linear, Sequential, Tanh, normal, uniform
from tinygan.layers.initializers import Initializer
from tinygan.optim import RMSProp, exponential_decay


@dataclass(frozen=True)
class Figure1Recipe:
    """The hyper-parameters, one set for every distribution. The paper states none for its Figure 1: these are ours.

    They were found by trying some dozens of others in a sketch, six to eight seeds a target, and then on 280 runs. What
    mattered, in this order: that the mean of D's squared gradients forgets fast (rms_decay_d; at 0.99, D lags behind
    G), that the first layer of D has large weights (it has to see the edges of p_g), that G starts as a rising
    function, that it waits for D at the start, and that the rates fall, that of D not too far.

    The wait is a trade: without warmup, one Laplace run in twenty ended with the line folded, at a JSD of 0.036, and
    with it none above 0.007; but three exponential runs in ten then end at 0.02, and without it none above 0.008. In
    the sketch, noise on the inputs of D, wider networks, other k and averaging the iterates brought nothing. Where G
    starts matters, too: two deviations to the left of the data, it mostly found only one of two well separated modes.

    Attributes
    ----------
    n_iterations, batch_size, discriminator_steps : int
        Iterations, m and k of Algorithm 1.
    learning_rate_d, learning_rate_g : float
        Rates of RMSProp at the start.
    rms_decay_d, rms_decay_g : float
        Decays of the mean squares of RMSProp.
    rate_decay_d, rate_decay_g : float
        What the rates have fallen to at the end, as a share of the start: constant for a quarter of the
        iterations, then exponential. Without it the end jitters.
    warmup : float
        Share of the iterations over which the rate of G first rises from 0, so that D knows where the data are.
    momentum : float
        Of both players.
    objective, updates : str
        See `tinygan.adversarial.train`.
    noise_prior : str
        p_z.
    n_standardise : int
        Draws from which the mean and deviation of the data are estimated.
    """

    n_iterations: int = 2400
    batch_size: int = 256
    discriminator_steps: int = 4
    learning_rate_d: float = 0.005
    learning_rate_g: float = 0.005
    rms_decay_d: float = 0.9
    rms_decay_g: float = 0.99
    rate_decay_d: float = 0.3
    rate_decay_g: float = 0.01
    warmup: float = 0.04
    momentum: float = 0.0
    objective: str = "non_saturating"
    updates: str = "alternating"
    noise_prior: str = "uniform"
    n_standardise: int = 10_000


def generator(*, rng: RngLike = None) -> Sequential:
    """Return G: one number in, two tanh layers of 16 units, one number out.

    All weights start positive, so that G starts as a rising function: one that folds the line at first may never unfold
    it.
    """
    rng = as_rng(rng)
    return Sequential(
        Linear(1, 16, weight_init=half_normal(2.0), bias_init=uniform(2.0), rng=rng),
        Tanh(),
        Linear(16, 16, weight_init=half_normal(2 / 16), rng=rng),
        Tanh(),
        Linear(16, 1, weight_init=half_normal(2 / 16), rng=rng),
    )


def discriminator(*, rng: RngLike = None) -> Sequential:
    """Return D: one number in, two tanh layers of 32 units, one logit out."""
    rng = as_rng(rng)
    return Sequential(
        Linear(1, 32, weight_init=normal(4.0), bias_init=uniform(6.0), rng=rng),
        Tanh(),
        Linear(32, 32, weight_init=normal(2 / math.sqrt(32)), rng=rng),
        Tanh(),
        Linear(32, 1, weight_init=normal(0.5 / math.sqrt(32)), rng=rng),
    )


def half_normal(std: float) -> Initializer:
    """Return an initializer that draws the absolute values of N(0, std^2)."""

    def initialize(shape: tuple[int, ...], rng: np.random.Generator, dtype: Any) -> Array:
        return np.abs(normal(std)(shape, rng, dtype))

    return initialize


def rates(recipe: Figure1Recipe, done: int) -> tuple[float, float]:
    """Return the learning rates of D and G after so many iterations.

    Examples
    --------
    >>> rates(Figure1Recipe(), 0)[0], rates(Figure1Recipe(), 600)
    (0.005, (0.005, 0.005))
    """
    progress = done / recipe.n_iterations
    late = max(progress - 0.25, 0) / 0.75
    begun = min((done + 1) / max(recipe.warmup * recipe.n_iterations, 1), 1)
    return (
        exponential_decay(recipe.learning_rate_d, recipe.rate_decay_d, late),
        exponential_decay(recipe.learning_rate_g, recipe.rate_decay_g, late) * begun,
    )


def play(
    data: Distribution, recipe: Figure1Recipe, *, rng: RngLike = None, device: str = "cpu"
) -> tuple[Game, Iterator[Iteration]]:
    """Return a game at its start and the iterator that plays it, one iteration of Algorithm 1 a turn.

    Parameters
    ----------
    data : Distribution
        p_data, in one dimension.
    recipe : Figure1Recipe
        The hyper-parameters.
    rng : numpy.random.Generator, int or None
        Spawns the streams for the initial weights of G and of D, for the sample that standardises the data and for
        training.
    device : str
        Where the players are, as `tinygan.backend.to_device` names it. They are too small for a GPU to be faster.

    Raises
    ------
    TypeError, ValueError, FloatingPointError
        As `tinygan.adversarial.train` raises them.
    RuntimeError, MemoryError
        As `tinygan.backend.to_device` raises them.

    Examples
    --------
    >>> from tinygan.data import Gaussian
    >>> game, iterations = play(Gaussian(4, 0.5), Figure1Recipe(n_iterations=20), rng=0)
    >>> before = game.measure().jsd
    >>> [record.iteration for record in iterations][-1]
    20
    >>> game.measure().jsd < before
    True
    """
    if as_objective("play", recipe.objective).output is not sigmoid:
        raise ValueError(
            f"play got objective {recipe.objective!r}, in which D is no probability to hold against D*; "
            "it takes 'non_saturating' or 'minimax'"
        )
    rng_g, rng_d, rng_standardise, rng_train = spawn_rngs(as_rng(rng), 4)
    source = Standardised.from_sample(data, recipe.n_standardise, rng=rng_standardise)
    D, G = to_device(discriminator(rng=rng_d), device), to_device(generator(rng=rng_g), device)
    game = Game(D, G, NoisePrior(recipe.noise_prior, 1), source)
    optimizer_d = RMSProp(game.D.parameters, recipe.learning_rate_d, recipe.momentum, decay=recipe.rms_decay_d)
    optimizer_g = RMSProp(game.G.parameters, recipe.learning_rate_g, recipe.momentum, decay=recipe.rms_decay_g)
    records = train(
        game.D,
        game.G,
        source,
        game.prior,
        optimizer_d=optimizer_d,
        optimizer_g=optimizer_g,
        n_iterations=recipe.n_iterations,
        batch_size=recipe.batch_size,
        discriminator_steps=recipe.discriminator_steps,
        objective=recipe.objective,
        updates=recipe.updates,
        rng=rng_train,
    )

    def iterate() -> Iterator[Iteration]:
        for done in range(recipe.n_iterations):
            optimizer_d.learning_rate, optimizer_g.learning_rate = rates(recipe, done)
            yield next(records)
        yield from records  # lets train look at the last update

    return game, iterate()
