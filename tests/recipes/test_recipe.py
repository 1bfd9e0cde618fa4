"""The recipes against what is known of the paper's experiments, and the schedule that they share."""

import math
from dataclasses import asdict

import numpy as np
import pytest

from tinygan.functional import sigmoid
from tinygan.layers import Dropout, Linear, Maxout, ReLU, Sigmoid, marginal_bias, sparse_normal
from tinygan.recipes.base import recipe_with
from tinygan.recipes.cifar10 import CIFAR10
from tinygan.recipes.mnist import MNIST
from tinygan.recipes.tfd import TFD, TFDStage2

KINDS = {"mnist": MNIST, "tfd": TFD, "tfd-stage-2": TFDStage2, "cifar10": CIFAR10}
N_PIXELS = {"mnist": 784, "tfd": 2304, "tfd-stage-2": 2304, "cifar10": 3072}
every_recipe = pytest.mark.parametrize("name", KINDS)


def small(name):
    """Return both players, a hundredth as wide, and the pixel means that they were made for."""
    recipe = KINDS[name]().scaled(0.01)
    means = np.linspace(0, 1, N_PIXELS[name])
    return recipe.discriminator(N_PIXELS[name], rng=1), recipe.generator(means, rng=0), means


def linears(network):
    return [layer for layer in network if isinstance(layer, Linear)]


# the networks


@pytest.mark.parametrize(
    ("name", "n_g", "n_d"),
    [
        ("mnist", 2_503_984, 1_231_441),
        # by hand: a layer from a to b numbers has (a + 1) b parameters, five pieces of maxout as many times b
        ("tfd", 101 * 8000 + 8001 * 8000 + 8001 * 2304, 2305 * 6000 + 1201 * 6000 + 1201),
        ("tfd-stage-2", 101 * 8000 + 8001 * 100 + 101 * 8000 + 8001 * 8000 + 8001 * 2304, 2305 * 6000 + 1201 * 6001),
        ("cifar10", 101 * 8000 + 8001 * 8000 + 8001 * 3072, 3073 * 8000 + 1601 * 8000 + 1601),
    ],
)
def test_the_networks_have_the_sizes_of_the_paper(name, n_g, n_d, monkeypatch):
    def unallocated(what, init, shape, **settings):
        return np.broadcast_to(np.float32(0), shape)

    monkeypatch.setattr("tinygan.layers.linear.initialized", unallocated)  # full widths without their memory
    recipe = KINDS[name]()
    G = recipe.generator(np.full(N_PIXELS[name], 0.5), rng=0)
    D = recipe.discriminator(N_PIXELS[name], rng=0)
    assert [sum(theta.data.size for theta in player.parameters) for player in (G, D)] == [n_g, n_d]
    rounded = {"tfd-stage-2": (84.9, None), "cifar10": (89.4, 37.4)}.get(name, (None, None))
    for n, millions in zip((n_g, n_d), rounded, strict=True):
        assert millions is None or round(n / 1e6, 1) == millions


@pytest.mark.parametrize(
    ("name", "kinds", "shapes"),
    [
        ("mnist", [Linear, ReLU, Linear, ReLU, Linear, Sigmoid], [(100, 12), (12, 12), (12, 784)]),
        ("tfd", [Linear, ReLU, Linear, Sigmoid, Linear, Sigmoid], [(100, 80), (80, 80), (80, 2304)]),
        ("tfd-stage-2", [Linear, ReLU, Linear, Sigmoid, Linear, ReLU, Linear, Sigmoid, Linear, Sigmoid],
         [(100, 80), (80, 100), (100, 80), (80, 80), (80, 2304)]),
        ("cifar10", [Linear, ReLU, Linear, Sigmoid, Linear], [(100, 80), (80, 80), (80, 3072)]),
    ],
)  # fmt: skip
def test_g_has_the_layers_of_the_paper(name, kinds, shapes):
    _, G, _ = small(name)
    assert [type(layer) for layer in G] == kinds
    assert [layer.weight.data.shape for layer in linears(G)] == shapes


@pytest.mark.parametrize(("name", "units"), [("mnist", 2), ("tfd", 12), ("tfd-stage-2", 12), ("cifar10", 16)])
def test_d_is_two_layers_of_maxout_with_dropout_below_each_layer(name, units):
    D, _, _ = small(name)
    assert [type(layer) for layer in D] == [Dropout, Linear, Maxout, Dropout, Linear, Maxout, Dropout, Linear]
    assert [layer.rate for layer in D if isinstance(layer, Dropout)] == [0.2, 0.5, 0.5]
    assert [layer.n_pieces for layer in D if isinstance(layer, Maxout)] == [5, 5]
    assert [layer.weight.data.shape for layer in linears(D)] == [
        (N_PIXELS[name], 5 * units), (units, 5 * units), (units, 1)
    ]  # fmt: skip


@every_recipe
def test_first_weights_fill_their_range_and_no_more(name):
    D, G, _ = small(name)
    for layer in linears(D):
        assert 0.003 < abs(layer.weight.data).max() <= 0.005
        assert not layer.bias.data.any()
    ranges = [0.05] * (len(linears(G)) - 1) + {"mnist": [0.05], "cifar10": [0.5]}.get(name, [])
    for layer, irange in zip(linears(G), ranges, strict=False):
        assert 0.95 * irange < abs(layer.weight.data).max() <= irange
        assert abs(layer.weight.data.mean()) < 0.1 * irange
    assert all(theta.data.dtype == np.float32 for theta in D.parameters + G.parameters)


@pytest.mark.parametrize("name", ["mnist", "tfd", "tfd-stage-2"])
def test_g_starts_at_the_mean_of_every_pixel(name):
    _, G, means = small(name)
    found = sigmoid(G[-2].bias.data.astype(np.float64))
    np.testing.assert_allclose(found, np.clip(means, 1e-7, 1 - 1e-7), rtol=1e-5)
    assert found[0] == pytest.approx(1e-7)  # a pixel that is always black is kept off -inf
    assert found[-1] < 1


def test_the_other_biases_of_g():
    assert [set(layer.bias.data) for layer in linears(small("mnist")[1])[:-1]] == [{0}, {0}]
    assert [set(layer.bias.data) for layer in linears(small("tfd")[1])[:-1]] == [{0}, {-2}]
    assert [set(layer.bias.data) for layer in linears(small("tfd-stage-2")[1])[:-1]] == [{0}, {-2}, {0}, {-2}]
    assert [set(layer.bias.data) for layer in linears(small("cifar10")[1])] == [{0}, {0}, {0}]


def test_every_pixel_of_tfd_hears_a_hundred_units():
    weight = TFD(relu_units=3, sigmoid_units=400).generator(np.full(300, 0.5), rng=0)[4].weight.data
    assert set((weight != 0).sum(axis=0)) == {100}
    drawn = weight[weight != 0].astype(np.float64)
    assert abs(drawn.mean()) < 0.02
    assert abs(drawn.std() - 1) < 0.02
    rows = (weight != 0).sum(axis=1)
    assert rows.min() > 40  # of 75 on average: no unit is left out
    assert rows.max() < 120


def test_sparse_normal_where_there_are_fewer_weights_than_it_draws(rng):
    weight = sparse_normal(100)((7, 3), rng, np.float32)
    assert weight.all()
    assert weight.dtype == np.float32
    with pytest.raises(ValueError, match="sparse_normal got n_nonzero=0; it takes an int >= 1"):
        sparse_normal(0)


@pytest.mark.parametrize("means", [[-0.1, 0.5], [0.5, 1.1], [np.nan, 0.5]])
def test_a_mean_is_a_share(means):
    with pytest.raises(ValueError, match="marginal_bias got means"):
        marginal_bias(np.array(means))


def test_the_noise_of_mnist_is_uniform_with_variance_1_and_that_of_the_others_gaussian(rng):
    z = MNIST().prior().sample(2000, rng=rng)
    assert (z.shape, z.dtype) == ((2000, 100), np.float32)
    assert abs(z).max() <= np.float32(math.sqrt(3))
    assert abs(z).max() > 1.731
    assert abs(z.var() - 1) < 0.02
    for name in ("tfd", "tfd-stage-2", "cifar10"):
        z = KINDS[name]().prior().sample(2000, rng=rng)
        assert z.shape == (2000, 100)
        assert abs(z).max() > 3.5
        assert abs(z.var() - 1) < 0.02


@every_recipe
def test_equal_seeds_give_equal_networks(name):
    recipe = KINDS[name]().scaled(0.01)
    means = np.full(12, 0.5)
    first, again, other = (recipe.generator(means, rng=seed) for seed in (0, 0, 1))
    for a, b in zip(first.parameters, again.parameters, strict=True):
        assert a.data.tobytes() == b.data.tobytes()
    assert first.parameters[0].data.tobytes() != other.parameters[0].data.tobytes()


# the numbers


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("mnist", {"learning_rate": 0.1, "max_col_norm": None}),
        ("tfd", {"learning_rate": 0.05, "max_col_norm": 1.9365, "n_epochs": 50}),
        ("tfd-stage-2", {"learning_rate": 0.05, "max_col_norm": 1.9365, "n_epochs": 22}),
        ("cifar10", {"learning_rate": 0.025, "max_col_norm": None}),
    ],
)
def test_the_numbers_are_those_of_the_released_code(name, numbers):
    common = {
        "batch_size": 100, "learning_rate_decay": 1.000004, "learning_rate_floor": 1e-6, "momentum": 0.5,
        "final_momentum": 0.7, "momentum_epochs": 249, "discriminator_factor": 0.5, "updates": "simultaneous",
        "discriminator_steps": 1, "objective": "non_saturating", "latent_dim": 100, "irange_g": 0.05, "irange_d": 0.005,
        "n_pieces": 5, "input_dropout": 0.2, "hidden_dropout": 0.5,
    }  # fmt: skip
    recipe = asdict(KINDS[name]())
    assert {key: recipe[key] for key in common | numbers} == common | numbers


def players(recipe):
    D, G = recipe.discriminator(6, rng=1), recipe.generator(np.full(6, 0.5), rng=0)
    return D, G, *recipe.optimizers(D, G)


@pytest.mark.parametrize(
    ("iteration", "epoch", "rate", "momentum"),
    [
        (0, 0, 0.1, 0.5),
        (1, 0, 0.1 / 1.000004, 0.5),
        (499, 0, 0.1 / 1.000004**499, 0.5),
        (500, 1, 0.1 / 1.000004**500, 0.5 + 0.2 / 249),
        (62_250, 124.5, 0.1 / 1.000004**62_250, 0.6),
        (124_500, 249, 0.1 / 1.000004**124_500, 0.7),
        (500_000, 1000, 0.1 / 1.000004**500_000, 0.7),
        (10_000_000, 20_000, 1e-6, 0.7),
    ],
)
def test_the_schedule_is_that_of_the_released_code(iteration, epoch, rate, momentum):
    recipe = MNIST().scaled(0.01)
    *_, optimizer_d, optimizer_g = players(recipe)
    recipe.schedule(optimizer_d, optimizer_g, iteration=iteration, epoch=epoch)
    assert optimizer_g.learning_rate == pytest.approx(rate, rel=1e-9)
    assert optimizer_d.learning_rate == pytest.approx(rate / 2, rel=1e-9)  # J_D carries a factor 1/2
    assert optimizer_g.momentum == optimizer_d.momentum == pytest.approx(momentum, rel=1e-12)


def test_every_number_of_the_schedule_can_be_set():
    recipe = MNIST(
        learning_rate=0.3, learning_rate_decay=2.0, learning_rate_floor=0.01, momentum=0.1, final_momentum=0.3,
        momentum_epochs=4, discriminator_factor=3.0,
    ).scaled(0.01)  # fmt: skip
    *_, optimizer_d, optimizer_g = players(recipe)
    recipe.schedule(optimizer_d, optimizer_g, iteration=2, epoch=1)
    assert (optimizer_g.learning_rate, optimizer_g.momentum) == pytest.approx((0.075, 0.15))
    assert optimizer_d.learning_rate == pytest.approx(0.225)
    recipe.schedule(optimizer_d, optimizer_g, iteration=20, epoch=9)
    assert (optimizer_g.learning_rate, optimizer_g.momentum) == pytest.approx((0.01, 0.3))


@every_recipe
def test_a_scaled_recipe_has_narrower_layers_and_nothing_else(name):
    kind = KINDS[name]
    full, half = asdict(kind()), asdict(kind().scaled(0.5))
    widths = {key for key in full if half[key] != full[key]}
    assert widths == {key for key in full if key.endswith("_units")} - {"code_units"}
    assert all(half[key] * 2 == full[key] for key in widths)
    assert type(kind().scaled(0.5)) is kind
    assert asdict(kind().scaled(2)) == full | {key: 2 * full[key] for key in widths}


@pytest.mark.parametrize("scale", [0, -1, math.nan, math.inf])
def test_a_scale_is_positive(scale):
    with pytest.raises(ValueError, match="the recipe got scale="):
        MNIST().scaled(scale)


@every_recipe
def test_a_scale_that_leaves_a_layer_without_a_unit_is_refused_with_the_least_one(name):
    kind = KINDS[name]
    least = 1 / min(getattr(kind(), key) for key in kind.widths)
    with pytest.raises(ValueError, match=f"leaves a layer without a unit; it takes 1/{1 / least:.0f} or more"):
        kind().scaled(0.99 * least)
    narrowest = kind().scaled(least)
    assert min(getattr(narrowest, key) for key in kind.widths) == 1


# a recipe with other numbers


def test_an_unknown_name_lists_the_known_ones_and_the_nearest():
    with pytest.raises(ValueError, match=r"recipe of TFD has no learning_rat, did you mean learning_rate\?") as e:
        recipe_with(TFD, {"learning_rat": 1})
    assert str(e.value).endswith(", ".join(sorted(asdict(TFD()))))
    with pytest.raises(ValueError, match=r"the recipe of MNIST has no sigmoid_units; it takes one of batch_size, "):
        recipe_with(MNIST, {"sigmoid_units": 1})


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"n_epochs": 0}, ValueError, "n_epochs=0; it takes an int >= 1"),
        ({"n_epochs": 1.5}, TypeError, "n_epochs=1.5; it takes an int >= 1"),
        ({"batch_size": -1}, ValueError, "batch_size=-1; it takes an int >= 1"),
        ({"learning_rate": 0.0}, ValueError, "learning_rate=0.0; it takes a finite number > 0"),
        ({"learning_rate": math.nan}, ValueError, "learning_rate=nan; it takes a finite number > 0"),
        ({"learning_rate": "0.1"}, TypeError, "learning_rate='0.1'; it takes a finite number > 0"),
        ({"learning_rate_decay": 0.999}, ValueError, "learning_rate_decay=0.999; it takes a number >= 1"),
        ({"learning_rate_decay": math.inf}, ValueError, "learning_rate_decay=inf; it takes a finite number > 0"),
        ({"learning_rate_floor": -1e-6}, ValueError, "learning_rate_floor=-1e-06; it takes a finite number >= 0"),
        ({"momentum": 1.0}, ValueError, r"momentum=1.0; it takes a number in \[0, 1\)"),
        ({"final_momentum": -0.1}, ValueError, "final_momentum=-0.1; it takes"),
        ({"discriminator_factor": 0}, ValueError, "discriminator_factor=0; it takes"),
        ({"input_dropout": 1}, ValueError, r"input_dropout=1; it takes a number in \[0, 1\)"),
        ({"hidden_dropout": 1.5}, ValueError, "hidden_dropout=1.5; it takes"),
        ({"irange_d": -0.005}, ValueError, "irange_d=-0.005; it takes a finite number >= 0"),
        ({"max_col_norm": 0.0}, ValueError, "max_col_norm=0.0; it takes a finite number > 0"),
        ({"updates": "both"}, ValueError, "updates 'both'; it takes one of 'alternating', 'simultaneous'"),
        ({"objective": "hinge"}, ValueError, "objective 'hinge'; it takes one of"),
        (
            {"objective": "wasserstein"},
            ValueError,
            "objective='wasserstein', whose critic needs a limit .*, such as max_col_norm=1",
        ),
        ({"noise_prior": "normal"}, ValueError, "noise_prior 'normal'; it takes one of"),
        ({"discriminator_steps": 2}, ValueError, "discriminator_steps=2 with simultaneous updates, .* it takes upd"),
    ],
    ids=lambda value: repr(value)[:40] if isinstance(value, dict) else None,
)
def test_a_value_out_of_range_is_refused_by_name(settings, error, words):
    with pytest.raises(error, match=f"^the recipe got {words}"):
        recipe_with(MNIST, settings)


@pytest.mark.parametrize(
    ("settings", "factor"),
    [
        ({}, 0.5),
        ({"updates": "simultaneous"}, 0.5),
        ({"updates": "alternating"}, 1.0),  # Algorithm 1 has no factor 1/2
        ({"updates": "alternating", "discriminator_factor": 0.5}, 0.5),
        ({"discriminator_factor": 2.0}, 2.0),
    ],
)
def test_algorithm_1_has_no_factor_unless_it_is_asked_for(settings, factor):
    assert recipe_with(TFD, settings) == TFD(**{**settings, "discriminator_factor": factor})


# max_col_norm


def norms(weight):
    return np.linalg.norm(weight.astype(np.float64), axis=0)


def test_a_recipe_limits_both_players():
    D, G, *_ = players(TFD(max_col_norm=0.01).scaled(0.01))
    for layer in [*linears(D), *linears(G)]:
        assert norms(layer.weight.data).max() <= 0.01 + 1e-8
    assert linears(G)[1].bias.data.max() == -2
    assert players(MNIST().scaled(0.01))[2].constraint is None


# what goes in and what comes out


def test_images_in_bytes_become_rows_in_0_to_1_and_back(rng):
    images = rng.integers(0, 256, (4, 6, 5), np.uint8)
    rows = MNIST.preprocess(images)
    assert (rows.shape, rows.dtype) == ((4, 30), np.float32)
    np.testing.assert_allclose(MNIST.to_images(rows, (6, 5)), images / 255, rtol=1e-6)


def test_colours_become_rows_of_mean_0_and_norm_55_and_a_picture_around_grey(rng):
    images = rng.integers(0, 256, (4, 6, 5, 3), np.uint8)
    rows = CIFAR10.preprocess(images)
    np.testing.assert_allclose(rows.mean(axis=1), 0, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 55, rtol=1e-5)
    pictures = CIFAR10.to_images(rows, (6, 5, 3))
    assert pictures.shape == images.shape
    assert ((pictures >= 0) & (pictures <= 1)).all()
    means = images.mean(axis=(1, 2, 3), keepdims=True)
    assert (((pictures - 0.5) * (images - means)) >= -1e-4).all()  # what is lighter than the mean stays so
    np.testing.assert_array_equal(CIFAR10.to_images(np.zeros((1, 12)), (2, 2, 3)), 0.5)
