"""The two networks of Figure 1, and one set of hyper-parameters for every distribution."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygan.backend import Array, RngLike, as_rng
from tinygan.layers import Linear, Sequential, Tanh, constant, normal, uniform
from tinygan.layers.initializers import Initializer
from tinygan.optim import exponential_decay


@dataclass(frozen=True)
class Figure1Recipe:
    """The hyper-parameters of Figure 1, one set for every distribution; the paper states none, so these are ours.

    We tried some dozens of sets, with four to twenty seeds for each distribution, and then made 280 runs. These choices
    mattered, the most important first:

    - The mean of D's squared gradients forgets fast (rms_decay_d). At 0.99, D lags behind G.
    - The first layer of D has large weights, since D has to see the edges of p_g.
    - G starts as a rising function.
    - G waits for D at the start. Without the wait, one Laplace run in twenty ended with the line folded, at a JSD of
      0.036.
    - The learning rates fall; D's rate must not fall too far.

    Noise on the inputs of D, wider networks, other k and averaging the iterates brought nothing.

    G starts two deviations to the left of the data, so that you see it walk. If the data are a mixture, it starts in
    the middle: from the side, it mostly found only one of two well separated modes. A steep G loses its shape on the
    way: with twice the weights in its first layer, and from 2.5 deviations beside the data, panel (c) came near p_data
    on 9 seeds of 20, against 19. A flat G needs a higher rate to reach the tails: it ended at a JSD of 0.008 with a
    rate of 0.005, and at a JSD of 0.005 with a rate of 0.008.

    Attributes
    ----------
    n_iterations, batch_size, discriminator_steps : int
        The number of iterations, and m and k of Algorithm 1.
    learning_rate_d, learning_rate_g : float
        The learning rates of RMSProp at the start.
    rms_decay_d, rms_decay_g : float
        The decays of the mean squares in RMSProp.
    rate_decay_d, rate_decay_g : float
        The rates at the end, as a share of the rates at the start. The rates are constant for a quarter of the
        iterations and then fall exponentially. Without this fall the end jitters.
    warmup : float
        The share of the iterations in which the rate of G first rises from 0, so that D learns where the data are.
    start : float
        Where G starts, in standard deviations from the mean of the data. If the data are a mixture, it starts at 0.
    momentum : float
        The momentum of both players.
    objective, updates : str
        See `tinygan.adversarial.train`.
    noise_prior : str
        p_z.
    n_standardise : int
        The number of draws from which the mean and deviation of the data are estimated.
    """

    n_iterations: int = 2400
    batch_size: int = 256
    discriminator_steps: int = 4
    learning_rate_d: float = 0.005
    learning_rate_g: float = 0.008
    rms_decay_d: float = 0.9
    rms_decay_g: float = 0.99
    rate_decay_d: float = 0.3
    rate_decay_g: float = 0.01
    warmup: float = 0.04
    start: float = -2.0
    momentum: float = 0.0
    objective: str = "non_saturating"
    updates: str = "alternating"
    noise_prior: str = "uniform"
    n_standardise: int = 10_000


def generator(start: float = 0.0, *, rng: RngLike = None) -> Sequential:
    """Return G: one number in, two tanh layers of 16 units, one number out, which is near `start` before training.

    All weights start positive, so that G starts as a rising function. A G that folds the line at first may never unfold
    it.

    Examples
    --------
    >>> from tinygan.adversarial import NoisePrior, generate
    >>> x = generate(generator(-2.0, rng=0), NoisePrior("uniform", 1), 1000, rng=0)
    >>> bool(-2.5 < x.mean() < -1.5)
    True
    """
    rng = as_rng(rng)
    return Sequential(
        Linear(1, 16, weight_init=half_normal(1.0), bias_init=uniform(1.0), rng=rng),
        Tanh(),
        Linear(16, 16, weight_init=half_normal(3 / 16), rng=rng),
        Tanh(),
        Linear(16, 1, weight_init=half_normal(2 / 16), bias_init=constant(start), rng=rng),
    )


def discriminator(*, rng: RngLike = None) -> Sequential:
    """Return D: one number in, two tanh layers of 32 units, one logit out.

    Examples
    --------
    >>> discriminator(rng=0)(np.zeros((5, 1), np.float32)).shape
    (5, 1)
    """
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
    """Return the learning rates of D and G after `done` iterations.

    Examples
    --------
    >>> rates(Figure1Recipe(), 0)[0], rates(Figure1Recipe(), 600)
    (0.005, (0.005, 0.008))
    """
    progress = done / recipe.n_iterations
    late = max(progress - 0.25, 0) / 0.75
    begun = min((done + 1) / max(recipe.warmup * recipe.n_iterations, 1), 1)
    return (
        exponential_decay(recipe.learning_rate_d, recipe.rate_decay_d, late),
        exponential_decay(recipe.learning_rate_g, recipe.rate_decay_g, late) * begun,
    )
