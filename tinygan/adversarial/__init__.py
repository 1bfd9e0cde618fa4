"""The paper: the prior, the two objectives, Algorithm 1, and the theory that says where it ends."""

from tinygan.adversarial.algorithm1 import discriminator_step, generator_step
from tinygan.adversarial.objectives import (
    LEAST_SQUARES,
    MINIMAX,
    NON_SATURATING,
    WASSERSTEIN,
    Objective,
    discriminator_loss,
    generator_loss,
)
from tinygan.adversarial.prior import NoisePrior
from tinygan.adversarial.simultaneous import simultaneous_step
from tinygan.adversarial.theory.density import pushforward_density
from tinygan.adversarial.theory.divergences import discriminator_error, wasserstein_distance
from tinygan.adversarial.theory.value import (
    AffineGenerator,
    jensen_shannon_divergence,
    kullback_leibler,
    optimal_discriminator,
    value_from_logits,
    value_function,
    virtual_criterion,
)
from tinygan.adversarial.training.state import TrainingState
from tinygan.adversarial.training.train import Iteration, Training, train

__all__ = [
    "LEAST_SQUARES",
    "MINIMAX",
    "NON_SATURATING",
    "WASSERSTEIN",
    "AffineGenerator",
    "Iteration",
    "NoisePrior",
    "Objective",
    "Training",
    "TrainingState",
    "discriminator_error",
    "discriminator_loss",
    "discriminator_step",
    "generator_loss",
    "generator_step",
    "jensen_shannon_divergence",
    "kullback_leibler",
    "optimal_discriminator",
    "pushforward_density",
    "simultaneous_step",
    "train",
    "value_from_logits",
    "value_function",
    "virtual_criterion",
    "wasserstein_distance",
]
