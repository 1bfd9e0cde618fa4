"""The toy distributions against scipy.stats, and the short texts that name them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from tinygan.data import Exponential, Gaussian, Gumbel, Laplace, Mixture, Ring, Uniform, parse_distribution

places = st.floats(-50, 50)
scales = st.floats(0.05, 20)


class OracleMixture:
    """A mixture of normals, from scipy's normal."""

    def __init__(self, components, weights):
        self.components = [stats.norm(mean, std) for mean, std in components]
        self.weights = np.array(weights) / sum(weights)

    def pdf(self, x):
        return sum(w * component.pdf(x) for w, component in zip(self.weights, self.components, strict=True))

    def cdf(self, x):
        return sum(w * component.cdf(x) for w, component in zip(self.weights, self.components, strict=True))


@st.composite
def mixtures(draw):
    components = draw(st.lists(st.tuples(places, scales), min_size=1, max_size=5))
    weights = draw(st.lists(st.floats(0.01, 10), min_size=len(components), max_size=len(components)))
    return Mixture(components, weights), OracleMixture(components, weights)


# ours, and scipy's
on_the_line = st.one_of(
    st.tuples(places, scales).map(lambda a: (Gaussian(*a), stats.norm(*a))),
    mixtures(),
    st.tuples(places, scales).map(lambda a: (Uniform(a[0], a[0] + a[1]), stats.uniform(a[0], (a[0] + a[1]) - a[0]))),
    scales.map(lambda a: (Exponential(a), stats.expon(scale=a))),
    st.tuples(places, scales).map(lambda a: (Laplace(*a), stats.laplace(*a))),
    st.tuples(places, scales).map(lambda a: (Gumbel(*a), stats.gumbel_r(*a))),
)

EXAMPLES = {
    "Gaussian": (Gaussian(4, 0.5), stats.norm(4, 0.5)),
    "Mixture": (
        Mixture([(5, 0.2), (-2, 0.5), (1, 1)], [2, 1, 3]),
        OracleMixture([(5, 0.2), (-2, 0.5), (1, 1)], [2, 1, 3]),
    ),
    "Mixture of equals": (Mixture([(-2, 0.5), (2, 1)]), OracleMixture([(-2, 0.5), (2, 1)], [1, 1])),
    "Uniform": (Uniform(-1, 3), stats.uniform(-1, 4)),
    "Exponential": (Exponential(1.5), stats.expon(scale=1.5)),
    "Laplace": (Laplace(-1, 0.7), stats.laplace(-1, 0.7)),
    "Gumbel": (Gumbel(1, 2), stats.gumbel_r(1, 2)),
}
every_example = pytest.mark.parametrize(("ours", "oracle"), EXAMPLES.values(), ids=EXAMPLES.keys())

# --- densities --------------------------------------------------------------------------------------------------------


@given(both=on_the_line, reach=st.floats(0, 3))
def test_the_density_agrees_with_scipy_inside_the_support_and_far_outside(both, reach):
    ours, oracle = both
    low, high = ours.support
    width = (high - low) * (1 + 1e-7)  # nothing exactly at an end
    x = np.linspace(low - reach * width, high + (reach + 0.01) * width, 203)
    np.testing.assert_allclose(ours.pdf(x), oracle.pdf(x), rtol=1e-9, atol=1e-300)


@given(both=on_the_line)
def test_less_than_1e_6_of_the_mass_lies_outside_the_support(both):
    ours, oracle = both
    low, high = ours.support
    assert low < high
    assert oracle.cdf(low) + (1 - oracle.cdf(high)) < 1e-6


@every_example
def test_the_density_integrates_to_1_over_the_support(ours, oracle):
    low, high = ours.support
    kinks = [getattr(ours, "mean", (low + high) / 2)]
    mass, error = integrate.quad(ours.pdf, low, high, points=kinks, limit=200)
    assert error < 1e-7
    assert abs(mass - 1) < 1e-6


@every_example
def test_the_density_keeps_the_shape_of_x(ours, oracle):
    for shape in ((), (5,), (5, 1), (2, 3)):
        x = np.full(shape, 0.5)
        assert np.shape(ours.pdf(x)) == shape
        np.testing.assert_allclose(ours.pdf(x), oracle.pdf(x), rtol=1e-12)


def test_densities_far_away_are_0_without_a_warning():
    for ours, _ in EXAMPLES.values():
        np.testing.assert_array_equal(ours.pdf(np.array([-1e100, 1e100])), 0)


# --- draws ------------------------------------------------------------------------------------------------------------


@every_example
def test_draws_follow_the_distribution(ours, oracle):
    x = ours.sample(20_000, rng=5)
    assert stats.kstest(x[:, 0], oracle.cdf).pvalue > 0.01


@every_example
def test_draws_are_a_float64_column(ours, oracle):
    for n in (1, 7):
        x = ours.sample(n, rng=0)
        assert x.shape == (n, 1)
        assert x.dtype == np.float64


SAMPLERS = {name: ours for name, (ours, _) in EXAMPLES.items()} | {"Ring": Ring(5, 2.0, 0.3)}
every_sampler = pytest.mark.parametrize("ours", SAMPLERS.values(), ids=SAMPLERS.keys())


@every_sampler
def test_the_same_seed_gives_the_same_draws_and_a_stream_goes_on(ours):
    np.testing.assert_array_equal(ours.sample(5, rng=3), ours.sample(5, rng=3))
    assert (ours.sample(5, rng=3) != ours.sample(5, rng=4)).any()
    rng = np.random.default_rng(0)
    assert (ours.sample(5, rng=rng) != ours.sample(5, rng=rng)).any()


@every_sampler
def test_the_global_random_state_is_left_alone(ours):
    before = np.random.get_state()[1].copy()  # noqa: NPY002  the very thing that must not move
    ours.sample(5)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


@every_sampler
@pytest.mark.parametrize("n", [0, -1])
def test_no_draws_at_all_are_refused(ours, n):
    with pytest.raises(ValueError, match=f"sample got n={n}"):
        ours.sample(n)


# --- mixtures ---------------------------------------------------------------------------------------------------------


@given(weights=st.lists(st.floats(0.01, 100), min_size=1, max_size=6), factor=st.floats(0.01, 100))
def test_only_the_proportions_of_weights_count(weights, factor):
    components = [(float(i), 1.0) for i in range(len(weights))]
    plain, scaled = Mixture(components, weights), Mixture(components, [factor * w for w in weights])
    assert abs(plain.weights.sum() - 1) < 1e-14
    np.testing.assert_allclose(plain.weights, np.array(weights) / sum(weights), rtol=1e-12)
    np.testing.assert_allclose(plain.weights, scaled.weights, rtol=1e-12)
    x = np.linspace(-3, 8, 20)
    np.testing.assert_allclose(plain.pdf(x), scaled.pdf(x), rtol=1e-12)


def test_weights_are_equal_where_they_are_not_given():
    np.testing.assert_allclose(Mixture([(0, 1), (3, 1), (6, 1)]).weights, 1 / 3)


def test_components_are_drawn_as_often_as_they_weigh():
    n = 20_000
    x = Mixture([(-100, 1), (0, 1), (100, 1)], [1, 2, 5]).sample(n, rng=0)[:, 0]
    counts, _ = np.histogram(x, [-150, -50, 50, 150])
    shares = np.array([1, 2, 5]) / 8
    assert (np.abs(counts - n * shares) < 5 * np.sqrt(n * shares * (1 - shares))).all()


# --- the ring in the plane --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ring", [Ring(), Ring(1, 1.0, 0.5), Ring(3, 2.0, 0.8)], ids=repr)
def test_the_density_of_the_ring_integrates_to_1_over_its_support(ring):
    (low, high), (bottom, top) = ring.support
    x, y = np.linspace(low, high, 401), np.linspace(bottom, top, 403)
    density = ring.pdf(np.stack(np.meshgrid(x, y), axis=-1))
    assert density.shape == (403, 401)
    mass = integrate.trapezoid(integrate.trapezoid(density, x, axis=1), y)
    assert abs(mass - 1) < 1e-6


def test_the_density_of_the_ring_is_that_of_its_normals():
    ring = Ring(3, 2.0, 0.8)
    x = np.random.default_rng(0).normal(0, 2, (30, 2))
    angles = 2 * math.pi * np.arange(3) / 3
    normals = [stats.multivariate_normal([2 * math.cos(a), 2 * math.sin(a)], 0.8**2) for a in angles]
    np.testing.assert_allclose(ring.pdf(x), sum(normal.pdf(x) for normal in normals) / 3, rtol=1e-12)
    assert ring.pdf(x[0]).shape == ()


def test_the_ring_has_its_modes_on_the_circle_evenly():
    centers = Ring(8, 2.5, 0.1).centers
    assert centers.shape == (8, 2)
    np.testing.assert_allclose(np.linalg.norm(centers, axis=1), 2.5)
    np.testing.assert_allclose(np.linalg.norm(centers - np.roll(centers, 1, axis=0), axis=1), 5 * math.sin(math.pi / 8))


def test_draws_from_the_ring_lie_around_its_modes_as_often_as_not():
    ring, n = Ring(8, 2.0, 0.1), 16_000
    x = ring.sample(n, rng=1)
    assert x.shape == (n, 2)
    offsets = x[:, None, :] - ring.centers
    nearest = np.linalg.norm(offsets, axis=-1).argmin(axis=1)
    assert (np.abs(np.bincount(nearest, minlength=8) - n / 8) < 5 * math.sqrt(n / 8)).all()
    own_offset = offsets[np.arange(n), nearest]
    for coordinate in own_offset.T:
        assert stats.kstest(coordinate, stats.norm(0, 0.1).cdf).pvalue > 0.01
    assert abs(np.corrcoef(own_offset.T)[0, 1]) < 5 / math.sqrt(n)


# --- texts ------------------------------------------------------------------------------------------------------------


def test_reprs_read_like_the_calls_that_build_them():
    for text in (
        "Gaussian(4, 0.5)",
        "Mixture([(-2.0, 1.0), (2.0, 1.0)], [0.25, 0.75])",
        "Uniform(-1, 3)",
        "Exponential(1.5)",
        "Laplace(0, 1)",
        "Gumbel(-1, 2)",
        "Ring(8, 2, 0.1)",
    ):
        assert repr(eval(text)) == text


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ("gaussian:4,0.5", Gaussian(4, 0.5)),
        ("mixture:-2,1;2,0.5", Mixture([(-2, 1), (2, 0.5)])),
        ("mixture:-2,1,1;2,0.5,3", Mixture([(-2, 1), (2, 0.5)], [1, 3])),
        ("mixture:0,1", Mixture([(0, 1)])),
        ("uniform:-1,3", Uniform(-1, 3)),
        ("exponential:2", Exponential(2)),
        ("laplace:0.5,1", Laplace(0.5, 1)),
        ("gumbel:0,1", Gumbel(0, 1)),
        ("  Gaussian : 4 ,  0.5  ", Gaussian(4, 0.5)),
        ("MIXTURE: -2, 1 ; 2, 0.5", Mixture([(-2, 1), (2, 0.5)])),
        ("gaussian:1e1,5E-2", Gaussian(10, 0.05)),
        ("exponential:+2.5e+0", Exponential(2.5)),
        ("laplace:-.5,1.", Laplace(-0.5, 1)),
    ],
)
def test_a_text_names_a_distribution(spec, wanted):
    got = parse_distribution(spec)
    assert type(got) is type(wanted)
    assert repr(got) == repr(wanted)
    x = np.linspace(-5, 12, 50)
    np.testing.assert_array_equal(got.pdf(x), wanted.pdf(x))
    np.testing.assert_array_equal(got.sample(3, rng=0), wanted.sample(3, rng=0))


@given(mean=st.floats(-1e6, 1e6), scale=st.floats(1e-6, 1e6))
def test_numbers_survive_being_written_and_read(mean, scale):
    for family, build in (("gaussian", Gaussian), ("laplace", Laplace), ("gumbel", Gumbel)):
        assert vars(parse_distribution(f"{family}:{mean!r},{scale!r}")) == vars(build(mean, scale))
    mixture = parse_distribution(f"mixture:{mean!r},{scale!r};0,1")
    assert vars(mixture.components[0]) == vars(Gaussian(mean, scale))


@pytest.mark.parametrize(
    ("spec", "words", "example"),
    [
        ("", "names no distribution", "gaussian:4,0.5"),
        ("cauchy:0,1", "names no distribution", "gaussian:4,0.5"),
        ("gaussian", "read '' where a number belongs", "gaussian:4,0.5"),
        ("gaussian:4", "read 1 number where 2 belong", "gaussian:4,0.5"),
        ("gaussian:4,0.5,1", "read 3 numbers where 2 belong", "gaussian:4,0.5"),
        ("gaussian:4;0.5", "read '4;0.5' where a number belongs", "gaussian:4,0.5"),
        ("gaussian:four,0.5", "read 'four' where a number belongs", "gaussian:4,0.5"),
        ("gaussian:4,-1", "got std=-1.0", "gaussian:4,0.5"),
        ("gaussian:nan,1", "got mean=nan", "gaussian:4,0.5"),
        ("gaussian:0,inf", "got std=inf", "gaussian:4,0.5"),
        ("uniform:1,-1", "got low=1.0, high=-1.0", "uniform:-1,1"),
        ("uniform:-inf,1", "got low=-inf", "uniform:-1,1"),
        ("exponential:0", "got scale=0.0", "exponential:1"),
        ("laplace:0,0", "got scale=0.0", "laplace:0,1"),
        ("gumbel:0,1,2", "read 3 numbers where 2 belong", "gumbel:0,1"),
        ("mixture:", "read '' where a number belongs", "mixture:-2,1;2,1"),
        ("mixture:0,1;", "read '' where a number belongs", "mixture:-2,1;2,1"),
        ("mixture:0,1;2", "read components of 2, 1 numbers", "mixture:-2,1;2,1"),
        ("mixture:0,1,1;2,1", "read components of 3, 2 numbers", "mixture:-2,1;2,1"),
        ("mixture:0,1,0;2,1,1", "got weight=0.0", "mixture:-2,1;2,1"),
    ],
)
def test_an_unreadable_text_is_quoted_and_an_example_given_that_works(spec, words, example):
    with pytest.raises(ValueError, match="for example") as error:
        parse_distribution(spec)
    message = str(error.value)
    assert repr(spec) in message
    assert words in message
    assert message.endswith(example)
    parse_distribution(example)


def test_the_largest_weights_are_normalised():
    np.testing.assert_array_equal(Mixture([(0, 1), (5, 1)], [1e308, 1e308]).weights, [0.5, 0.5])
