"""The generators that lesson 11 ships: small, without pickle, and trained."""

import numpy as np
import pytest

from tinygan.adversarial import NoisePrior
from tinygan.data import mnist_or_glyphs, scale_to_unit
from tinygan.evaluation import find_collapse
from tinygan.functional import sigmoid
from tinygan.lessons.catalog import folder

FOLDER = folder() / "generators"
NAMES = ("glyphs", "mnist")


def weights_of(name):
    with np.load(FOLDER / f"{name}.npz", allow_pickle=False) as file:
        return {key: file[key] for key in file.files}


def samples_of(name, n=500):
    weights = {key: half.astype(np.float32) for key, half in weights_of(name).items()}
    h = NoisePrior("uniform", len(weights["G.0.weight"]), low=-np.sqrt(3), high=np.sqrt(3)).sample(n, rng=0)
    for layer in (0, 2):
        h = np.maximum(h @ weights[f"G.{layer}.weight"] + weights[f"G.{layer}.bias"], 0)
    return sigmoid(h @ weights["G.4.weight"] + weights["G.4.bias"])


@pytest.mark.parametrize("name", NAMES)
def test_they_are_small(name):
    assert (FOLDER / f"{name}.npz").stat().st_size < 700_000


@pytest.mark.parametrize("name", NAMES)
def test_they_hold_finite_halves(name):
    weights = weights_of(name)
    assert sorted(weights) == [f"G.{layer}.{what}" for layer in (0, 2, 4) for what in ("bias", "weight")]
    assert all(array.dtype == np.float16 and np.isfinite(array).all() for array in weights.values())


@pytest.mark.parametrize("name", NAMES)
def test_their_samples_are_many_and_black_and_white(name):
    samples = samples_of(name)
    assert samples.shape == (500, 784)
    assert (4 * samples * (1 - samples)).mean() < 0.1
    assert 0.05 < samples.mean() < 0.25
    digits = mnist_or_glyphs(500)
    if digits.name.lower() == name:
        assert find_collapse(samples, scale_to_unit(digits.train.images)) == []
