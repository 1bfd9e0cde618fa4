"""The paper: the prior, the objectives, Algorithm 1, and the theory that says where it ends."""

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
from tinygan.adversarial.sampling import generate
from tinygan.adversarial.simultaneous import simultaneous_step
from tinygan.adversarial.theory import (
    discriminator_error,
    jensen_shannon_divergence,
    kullback_leibler,
    optimal_discriminator,
    pushforward_density,
    value_from_logits,
    value_function,
    virtual_criterion,
    wasserstein_distance,
)
from tinygan.adversarial.training.state import TrainingState
from tinygan.adversarial.training.train import Iteration, Training, train

__all__ = [
    "LEAST_SQUARES",
    "MINIMAX",
    "NON_SATURATING",
    "WASSERSTEIN",
    "Iteration",
    "NoisePrior",
    "Objective",
    "Training",
    "TrainingState",
    "discriminator_error",
    "discriminator_loss",
    "discriminator_step",
    "generate",
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
