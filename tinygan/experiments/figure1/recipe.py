"""What Figure 1 is trained with: the two networks, and one set of hyper-parameters for every distribution."""

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
    """The hyper-parameters, one set for every distribution. The paper states none for its Figure 1: these are ours.

    We found them by trying some dozens of others, four to twenty seeds a target, and then on 280 runs. What mattered,
    in this order: that the mean of D's squared gradients forgets fast (rms_decay_d; at 0.99, D lags behind G), that the
    first layer of D has large weights (it has to see the edges of p_g), that G starts as a rising function, that it
    waits for D at the start, and that the rates fall, that of D not too far. Noise on the inputs of D, wider networks,
    other k and averaging the iterates brought nothing.

    Without the wait, one Laplace run in twenty ended with the line folded, at a JSD of 0.036.

    G starts two deviations to the left of the data, so that you see it walk. If the data are a mixture, it starts in
    the middle: from the side, it mostly found only one of two well separated modes. A steep G loses its shape on the
    way: with twice the weights in its first layer, and from 2.5 deviations beside, panel (c) came near on 9 seeds of
    20, against 19. A flat G needs a higher rate to reach the tails: it ended at a JSD of 0.008 with a rate of 0.005,
    and at 0.005 with 0.008.

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
    start : float
        Where G starts, in standard deviations beside the mean of the data. If the data are a mixture, it starts at 0.
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
    """Return G: one number in, two tanh layers of 16 units, one number out, about `start` before it has learned.

    All weights start positive, so that G starts as a rising function: one that folds the line at first may never unfold
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
    """Return the learning rates of D and G after so many iterations.

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
