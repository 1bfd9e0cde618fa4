"""Hypothesis strategies for the distributions of tinygan.data, and for pairs of them on one grid."""

import numpy as np
from hypothesis import strategies as st

from tinygan.data import Exponential, Gaussian, Gumbel, Laplace, Mixture, Uniform

places = st.floats(-4, 4)
scales = st.floats(0.2, 2.5)


@st.composite
def mixtures(draw):
    components = draw(st.lists(st.tuples(places, scales), min_size=1, max_size=4))
    weights = draw(st.lists(st.floats(0.1, 5), min_size=len(components), max_size=len(components)))
    return Mixture(components, draw(st.sampled_from([None, weights])))


gaussians = st.builds(Gaussian, places, scales)
distributions = st.one_of(
    gaussians,
    mixtures(),
    st.builds(lambda low, width: Uniform(low, low + width), places, scales),
    st.builds(Exponential, scales),
    st.builds(Laplace, places, scales),
    st.builds(Gumbel, places, scales),
)


class Pair(tuple):
    """(p_data, p_g, x): two densities on a grid that both are normalised on. It prints what it was made of."""

    def __new__(cls, p_data, p_g, x, made_of):
        pair = super().__new__(cls, (p_data, p_g, x))
        pair.x, pair.made_of = x, made_of
        return pair

    def __repr__(self):
        return f"Pair of {self.made_of}"


def grid_over(*members, n=801):
    """Return a grid, finer in its middle, over everything that the members cover and a little more."""
    low = min(member.support[0] for member in members)
    high = max(member.support[1] for member in members)
    s = np.linspace(-1, 1, n)
    return (low + high) / 2 + (high - low) * 0.55 * (0.7 * s + 0.3 * s**3)


def on_grid(distribution, x):
    density = distribution.pdf(x)
    return density / np.trapezoid(density, x)


@st.composite
def pairs(draw):
    """Any two distributions, near or far, which may exclude each other's places altogether."""
    members = draw(distributions), draw(distributions)
    x = grid_over(*members)
    return Pair(*(on_grid(member, x) for member in members), x, members)


@st.composite
def overlapping_pairs(draw):
    """Two distributions mixed with each other, so that D* keeps away from 0 and 1."""
    pair = draw(pairs())
    share = draw(st.floats(0.02, 0.5))
    p_data, p_g, x = pair
    both = (p_data + p_g) / 2
    made_of = f"{pair.made_of}, each with {share:g} of both"
    return Pair((1 - share) * p_data + share * both, (1 - share) * p_g + share * both, x, made_of)
