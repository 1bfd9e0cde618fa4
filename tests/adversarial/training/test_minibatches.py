"""Minibatches and shares: what several processes sample is what one samples, row by row."""

import numpy as np
import pytest

from tinygan.adversarial import NoisePrior, TrainingState
from tinygan.adversarial.training.minibatches import Minibatches
from tinygan.data import Gaussian
from tinygan.layers import Dropout

DATA = {
    "sampler": lambda: Gaussian(2, 0.5),
    "array": lambda: np.random.default_rng(1).normal(2, 0.5, (20, 1)).astype(np.float32),
}


def sampled(x, state):
    """Return what five rounds of Algorithm 1 with k = 2 sample: x, z and masks of each step of D, z and masks of G."""
    batches = Minibatches(x, NoisePrior("uniform", 3), 8, state=state, dtype=np.float32)
    found = []
    for _ in range(5):
        for _ in range(2):
            x_real, z = batches.pair()
            found += [x_real, z, mask(len(z), state)]
        z = batches.noise()
        found += [z, mask(len(z), state)]
    return found


def mask(m, state):
    return Dropout(0.5).forward(np.ones((m, 4), np.float32), rng=state.dropout)[1]


@pytest.mark.parametrize("n_ranks", [1, 2, 3, 4])
@pytest.mark.parametrize("data", DATA.values(), ids=DATA.keys())
def test_processes_sample_together_what_one_samples(data, n_ranks):
    """20 rows in minibatches of 8: the last of an epoch is short."""
    whole = sampled(data(), TrainingState(3))
    parts = []
    for rank in range(n_ranks):
        state = TrainingState(3)
        state.take_share(rank, n_ranks)
        parts.append(sampled(data(), state))
    for wanted, *found in zip(whole, *parts, strict=True):
        np.testing.assert_array_equal(np.concatenate(found), wanted)


def test_the_weight_of_a_process_is_its_part_of_the_last_minibatch():
    state = TrainingState(0)
    state.take_share(0, 3)
    batches = Minibatches(np.zeros((13, 1), np.float32), NoisePrior("uniform", 1), 8, state=state, dtype=np.float32)
    weights = []
    for sample in (batches.pair, batches.pair, batches.noise):
        sample()
        weights.append(state.weight)
    assert weights == [2 / 8, 1 / 5, 2 / 8]
