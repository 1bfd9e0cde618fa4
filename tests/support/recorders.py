"""Sources of randomness that keep what they gave, so that a test can replay it or compare it."""

import itertools

import numpy as np

from tinygan.adversarial import NoisePrior
from tinygan.layers import Dropout


class RecordingDropout(Dropout):
    """Dropout that keeps every mask it draws, in order, for the reference to replay."""

    def __init__(self, rate, masks):
        super().__init__(rate)
        self.masks = masks

    def forward(self, x, *, rng=None):
        y, mask = super().forward(x, rng=rng)
        self.masks.append(mask.copy())
        return y, mask


class RecordingPrior(NoisePrior):
    """A prior that keeps what it draws, in order."""

    def __init__(self, *args):
        super().__init__(*args)
        self.batches = []

    def sample(self, m, *, rng=None, dtype=np.float32):
        z = super().sample(m, rng=rng, dtype=dtype)
        self.batches.append(z.copy())
        return z


class RecordingSampler:
    """Passes another source's draws on and keeps them."""

    def __init__(self, source):
        self.source, self.batches = source, []

    def sample(self, n, *, rng):
        self.batches.append(self.source.sample(n, rng=rng))
        return self.batches[-1]


def all_different(arrays):
    return all((a != b).any() for a, b in itertools.combinations(arrays, 2) if a.shape == b.shape)
