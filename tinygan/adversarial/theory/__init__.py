"""Section 4 of the paper: the value of the game, its optimum, and the density of G(z) in one dimension."""

from tinygan.adversarial.theory.density import pushforward_density
from tinygan.adversarial.theory.divergences import jensen_shannon_divergence, kullback_leibler, wasserstein_distance
from tinygan.adversarial.theory.value import (
    discriminator_error,
    optimal_discriminator,
    value_from_logits,
    value_function,
    virtual_criterion,
)

__all__ = [
    "discriminator_error",
    "jensen_shannon_divergence",
    "kullback_leibler",
    "optimal_discriminator",
    "pushforward_density",
    "value_from_logits",
    "value_function",
    "virtual_criterion",
    "wasserstein_distance",
]
