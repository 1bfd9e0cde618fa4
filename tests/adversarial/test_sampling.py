"""`generate`: the samples are G of the noise, however many go through G at once; a broken G is named."""

import numpy as np
import pytest

from tinygan.adversarial import NoisePrior, generate
from tinygan.layers import Dropout, Linear, Sequential, Tanh


def generator(dtype=np.float32):
    return Sequential(Linear(3, 4, rng=0, dtype=dtype), Tanh(), Dropout(0.5), Linear(4, 2, rng=1, dtype=dtype))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", ["uniform", "gaussian"])
def test_the_samples_are_g_of_the_noise(kind, dtype):
    G, prior = generator(dtype), NoisePrior(kind, 3)
    samples = generate(G, prior, 10, rng=7)
    np.testing.assert_array_equal(samples, G(prior.sample(10, rng=7, dtype=dtype)), strict=True)


@pytest.mark.parametrize("chunk", [1, 3, 10, 11])
def test_the_samples_do_not_depend_on_how_many_are_made_at_once(chunk):
    sizes = []

    class Watched(Linear):
        def forward(self, x, *, rng=None):
            sizes.append(len(x))
            return super().forward(x, rng=rng)

    G, prior = Watched(3, 2, rng=0), NoisePrior("gaussian", 3)
    np.testing.assert_allclose(generate(G, prior, 10, chunk=chunk, rng=7), generate(G, prior, 10, rng=7), rtol=1e-6)
    assert sum(sizes) == 20
    assert max(sizes[:-1]) == min(chunk, 10)


def test_a_prior_of_one_s_own_needs_to_know_of_no_device():
    class Ones:
        latent_dim = 3

        def sample(self, m, *, rng, dtype):
            return np.ones((m, 3), dtype)

    G = generator()
    np.testing.assert_allclose(generate(G, Ones(), 4, chunk=3), G(np.ones((4, 3), np.float32)), rtol=1e-6)


def test_images_keep_their_shape():
    class AsImage(Linear):
        def forward(self, x, *, rng=None):
            y, cache = super().forward(x, rng=rng)
            return y.reshape(len(y), 2, 3, 1), cache

    assert generate(AsImage(3, 6, rng=0), NoisePrior("uniform", 3), 5, chunk=2, rng=0).shape == (5, 2, 3, 1)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_generator_that_returns_nan_is_refused_and_the_parameter_named(value):
    G = generator()
    G[3].bias.data[1] = value
    with pytest.raises(ValueError, match=r"^generate got a G that returns NaN or infinity: its 3\.bias is not finite$"):
        generate(G, NoisePrior("uniform", 3), 5)


def test_a_generator_that_overflows_is_refused():
    G = Linear(3, 2, rng=0)
    G.weight.data[:] = np.finfo(np.float32).max
    with (
        np.errstate(over="ignore", invalid="ignore"),
        pytest.raises(ValueError, match=r"infinity: though all its parameters are finite$"),
    ):
        generate(G, NoisePrior("gaussian", 3), 50, rng=0)


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"n": 0}, ValueError, r"^generate got n=0; it takes an int >= 1$"),
        ({"n": 2.0}, TypeError, r"^generate got n=2\.0; it takes an int >= 1$"),
        ({"chunk": 0}, ValueError, r"^generate got chunk=0; it takes an int >= 1$"),
        ({"prior": "uniform"}, TypeError, r"^generate got the prior 'uniform'; it takes a NoisePrior"),
        ({"prior": NoisePrior("uniform", 4)}, ValueError,
         r"^generate got a G that takes noise of shape \(m, 3\), and a prior that makes \(m, 4\): NoisePrior\('uni"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_named(wrong, error, words):
    with pytest.raises(error, match=words):
        generate(generator(), **({"prior": NoisePrior("uniform", 3), "n": 1} | wrong))


def test_what_is_no_network_is_refused():
    with pytest.raises(TypeError, match=r"^G is of type str; it takes a network"):
        generate("G", NoisePrior("uniform", 3), 1)
