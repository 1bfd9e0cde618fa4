"""What has gone wrong with a generator is named, on made samples and on real games, and what has not is not."""

import numpy as np
import pytest
from support.pictures import real_folder

from tinygan.adversarial import NoisePrior, train
from tinygan.data import Ring, ScaledImages, load_mnist
from tinygan.evaluation import find_collapse
from tinygan.layers import Linear, ReLU, Sequential, Tanh, he
from tinygan.optim import RMSProp

WON = "D has won"
MEAN = "all samples look like the mean of the data"
ALIKE = "all samples look alike"
REPEATS = "G repeats itself"


def causes(*arguments, **options):
    """Return how each sentence begins."""
    found = find_collapse(*arguments, **options)
    assert all("; " in sentence and "\n" not in sentence for sentence in found)  # with what to try
    return [next(cause for cause in (WON, MEAN, ALIKE, REPEATS) if sentence.startswith(cause)) for sentence in found]


@pytest.fixture
def examples(rng):
    """Return points of three clusters."""
    return (5 * rng.integers(0, 3, (800, 1)) + rng.normal(size=(800, 6))).astype(np.float32)


def test_samples_like_the_examples_are_well(examples):
    assert causes(examples[400:], examples[:400]) == []
    assert causes(examples[400:], examples[:400], d_real=0.9, d_fake=0.1) == []


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_the_unit_does_not_matter(examples, scale, rng):
    good, alike = scale * examples[400:], scale * (np.full((400, 6), 9.0) + 0.1 * rng.normal(size=(400, 6)))
    assert causes(good, scale * examples[:400]) == []
    assert causes(alike, scale * examples[:400]) == [ALIKE]


@pytest.mark.parametrize(("d_real", "d_fake", "has_won"), [
    (1.0, 0.0, True), (0.985, 0.01, True), (0.97, 0.0, False), (1.0, 0.03, False),
    (None, 0.0, False), (1.0, None, False), (7.0, 0.0, False), (1.0, -7.0, False),
])  # fmt: skip
def test_a_d_that_tells_all_apart_has_won(examples, d_real, d_fake, has_won):
    assert causes(examples, examples, d_real=d_real, d_fake=d_fake) == ([WON] if has_won else [])


def test_equal_samples_are_alike(examples):
    assert causes(np.zeros((100, 6), np.float32) + examples[:1], examples) == [ALIKE]
    assert causes(np.full((100, 6), 7.0), examples, d_real=1.0, d_fake=0.0) == [WON, ALIKE]


def test_the_mean_of_the_data_is_named_as_such(examples, rng):
    mean = examples.mean(axis=0, keepdims=True)
    assert causes(np.repeat(mean, 50, axis=0), examples) == [MEAN]
    assert causes(mean + rng.normal(scale=0.3, size=(50, 6)), examples) == [MEAN]
    assert causes(mean + 5 + rng.normal(scale=0.3, size=(50, 6)), examples) == [ALIKE]


@pytest.mark.parametrize("n_different", [2, 20, 100])
def test_a_few_samples_again_and_again_are_repeats(examples, n_different, rng):
    few = examples[rng.integers(0, n_different, 1000)] + rng.normal(scale=0.01, size=(1000, 6))
    assert causes(few, examples) == [REPEATS]


@pytest.mark.parametrize(("share", "found"), [(0.3, []), (0.7, [REPEATS])])
def test_half_of_the_samples_may_have_a_twin(examples, share, found, rng):
    samples = np.concatenate(
        [examples[rng.integers(0, 20, int(1000 * share))], examples[20 : 1020 - int(1000 * share)]]
    )
    assert causes(rng.permutation(samples), examples) == found


def test_one_mode_of_three_is_alike(examples):
    assert causes(examples[examples.mean(axis=1) < 2.5], examples) == [ALIKE]


def test_one_sample_and_equal_examples_prove_nothing(examples):
    assert causes(examples[:1], examples) == []
    assert causes(np.zeros((10, 6)), np.zeros((10, 6))) == []
    assert causes(examples[:2], examples[:3]) == []


def test_images_that_stay_bytes_are_examples(rng):
    images = rng.integers(0, 256, (200, 4, 4)).astype(np.uint8)
    x = ScaledImages(images)
    assert causes(x[100:], x) == []
    assert causes(np.ones((200, 16), np.float32), x) == [ALIKE]


@pytest.mark.parametrize(("samples", "error", "message"), [
    (np.zeros((3, 5)), ValueError, r"find_collapse got examples of shape \(800, 6\); it takes \(n, 5\)"),
    (np.full((3, 6), np.nan), ValueError, "find_collapse got samples with NaN"),
    (np.zeros((0, 6)), ValueError, "empty"),
    (np.zeros((3, 6), np.uint8), TypeError, "find_collapse got samples of dtype uint8"),
])  # fmt: skip
def test_what_are_no_samples_is_refused(examples, samples, error, message):
    with pytest.raises(error, match=message):
        find_collapse(samples, examples)


def played(activation, latent_dim, *, rates, momentum, n_iterations, seed):
    """Return samples of a G that has played against D for a ring of eight modes, and examples."""
    rng, ring = np.random.Generator(np.random.Philox(seed)), Ring(8, 2.0, 0.1)
    prior = NoisePrior("gaussian", latent_dim)

    def network(n_in, n_out):
        layers = [Linear(n, m, weight_init=he, rng=rng) for n, m in ((n_in, 32), (32, 32), (32, n_out))]
        return Sequential(layers[0], activation(), layers[1], activation(), layers[2])

    D, G = network(2, 1), network(latent_dim, 2)
    optimizer_d, optimizer_g = (
        RMSProp(player.parameters, rate, momentum, decay=0.9) for player, rate in zip((D, G), rates, strict=True)
    )
    for _ in train(
        D, G, ring, prior, optimizer_d=optimizer_d, optimizer_g=optimizer_g,
        n_iterations=n_iterations, batch_size=64, rng=seed,
    ):  # fmt: skip
        pass
    return G(prior.sample(1000, rng=0)), ring.sample(1000, rng=1).astype(np.float32)


def test_games_that_collapsed_are_named():
    games = [played(ReLU, 16, rates=(1e-4, 5e-3), momentum=0.5, n_iterations=600, seed=seed) for seed in range(3)]
    assert sum(bool({MEAN, ALIKE, REPEATS} & {*causes(*game)}) for game in games) >= 2


def test_a_game_that_went_well_is_not():
    assert causes(*played(Tanh, 2, rates=(1e-3, 1e-3), momentum=0.0, n_iterations=1500, seed=0)) == []


@pytest.mark.data
def test_digits_are_well_and_their_mean_is_not():
    x = ScaledImages(load_mnist(real_folder("mnist")).train.images[:3000])
    assert causes(x[1000:2000], x) == []
    assert causes(np.repeat(x[:].mean(axis=0, keepdims=True), 30, axis=0), x) == [MEAN]
    assert causes(np.tile(x[:5], (6, 1)), x) == [REPEATS]
