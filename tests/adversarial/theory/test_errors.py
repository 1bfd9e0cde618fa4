"""Wrong input to the theory: every error names what it got and says what it takes."""

import numpy as np
from support.errors import assert_answered, wrong_input

from tinygan.adversarial import (
    NoisePrior,
    discriminator_error,
    jensen_shannon_divergence,
    kullback_leibler,
    optimal_discriminator,
    pushforward_density,
    value_from_logits,
    value_function,
)
from tinygan.layers import Linear

X = np.ones((4, 3), np.float32)
GRID = np.linspace(0, 1, 5)
FLAT = np.ones(5)
WITHOUT_MASS = np.zeros(5)
NEGATIVE = np.array([1, 1, -1, 1, 1.0])

# fmt: off
CASES = [
    ("densities of two shapes", lambda: optimal_discriminator(FLAT, FLAT[:3]), ValueError,
     r"p_data \(5,\), p_g \(3,\); it takes one"),
    ("negative density", lambda: optimal_discriminator(FLAT, NEGATIVE), ValueError,
     r"got p_g with negative, .*; it takes finite v"),
    ("NaN as density", lambda: optimal_discriminator(np.nan * FLAT, FLAT), ValueError,
     r"p_data with negative, NaN or infinite"),
    ("grid that falls", lambda: jensen_shannon_divergence(FLAT, FLAT, GRID[::-1]), ValueError,
     r"it takes .* finite and rising$"),
    ("grid of one point", lambda: kullback_leibler(FLAT, FLAT, GRID[:1]), ValueError,
     r"shape \(1,\); it takes \(n,\) with n >= 2"),
    ("grid of two dimensions", lambda: kullback_leibler(FLAT, FLAT, GRID[:, None]), ValueError,
     r"shape \(5, 1\); it takes \(n,\)"),
    ("grid of another length", lambda: kullback_leibler(FLAT, FLAT, GRID[:3]), ValueError,
     r"p of shape \(5,\); it takes \(3,\), as"),
    ("no mass", lambda: kullback_leibler(FLAT, WITHOUT_MASS, GRID), ValueError,
     r"^kullback_leibler got q without any mass on the"),
    ("D above 1", lambda: value_function(2 * FLAT, FLAT, FLAT, GRID), ValueError,
     r"^value_function got d up to 2; it takes probabilities, at most 1$"),
    ("D below 0", lambda: value_function(NEGATIVE, FLAT, FLAT, GRID), ValueError,
     r"^value_function got d with negative, NaN"),
    ("D of another shape", lambda: value_function(FLAT[:3], FLAT, FLAT, GRID), ValueError,
     r"got d of shape \(3,\).*it takes \(5,\)"),
    ("logits of another shape", lambda: value_from_logits(X, FLAT, FLAT, GRID), ValueError,
     r"logits of shape \(4, 3\); it takes \(5,"),
    ("pushforward of two dimensions", lambda: pushforward_density(Linear(2, 1), NoisePrior("uniform", 2), GRID),
     ValueError, r"needs latent_dim 1, but this prior has latent_dim 2"),
    ("pushforward to two dimensions", lambda: pushforward_density(Linear(1, 2), NoisePrior("uniform", 1), GRID),
     ValueError, r"^pushforward_density got a G that returns \(2,\) numbers for one; it takes one$"),
    ("pushforward by a G of two dimensions", lambda: pushforward_density(Linear(2, 1), NoisePrior("uniform", 1), GRID),
     ValueError, r"^pushforward_density got a G that takes noise of shape \(m, 2\), and a prior that makes \(m, 1\): "),
    ("pushforward of NaN", lambda: pushforward_density(lambda z: z * np.nan, NoisePrior("uniform", 1), GRID),
     ValueError, r"^pushforward_density got a G that returns NaN or infinite values$"),
    ("target on another grid", lambda: discriminator_error(FLAT, np.ones(3), FLAT, FLAT, GRID), ValueError,
     r"^discriminator_error got target of shape \(3,\); it takes \(5,\), as the grid x$"),
    ("D on another grid", lambda: discriminator_error(np.ones(3), 0.5, FLAT, FLAT, GRID), ValueError,
     r"^discriminator_error got d of shape \(3,\); it takes \(5,\), as the grid x$"),
    ("NaN from D", lambda: discriminator_error(FLAT * np.nan, 0.5, FLAT, FLAT, GRID), ValueError,
     r"^discriminator_error got d with negative, NaN or infinite values"),
]
# fmt: on


@wrong_input(CASES)
def test_wrong_input_is_answered_in_words_that_help(call, error, message):
    assert_answered(call, error, message)
