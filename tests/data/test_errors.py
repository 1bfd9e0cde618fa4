"""Wrong input to distributions: every error names what it got and says what it takes."""

import re

import numpy as np
import pytest
from support.errors import assert_answered, wrong_input

from tinygan.data import Exponential, Gaussian, Gumbel, Laplace, Mixture, Ring, Uniform, parse_distribution

# fmt: off
CASES = [
    ("no deviation", lambda: Gaussian(0, 0), ValueError, r"^Gaussian got std=0; it takes a finite number > 0$"),
    ("NaN as mean", lambda: Gaussian(float("nan"), 1), ValueError,
     r"^Gaussian got mean=nan; it takes a finite number$"),
    ("uniform without width", lambda: Uniform(1, 1), ValueError, r"^Uniform got low=1, high=1; it takes low < high$"),
    ("negative scale", lambda: Exponential(-1), ValueError,
     r"^Exponential got scale=-1; it takes a finite number > 0$"),
    ("infinite scale", lambda: Laplace(0, np.inf), ValueError,
     r"^Laplace got scale=inf; it takes a finite number > 0$"),
    ("infinite location", lambda: Gumbel(np.inf, 1), ValueError, r"^Gumbel got loc=inf; it takes a finite number$"),
    ("no components", lambda: Mixture([]), ValueError,
     r"^Mixture got no components; it takes at least one \(mean, std\)$"),
    ("weight missing", lambda: Mixture([(0, 1), (1, 1)], [1]), ValueError,
     r"got 2 components and 1 weights; it takes one weight e"),
    ("negative weight", lambda: Mixture([(0, 1)], [-1]), ValueError,
     r"^Mixture got weight=-1; it takes a finite number > 0$"),
    ("no modes", lambda: Ring(0), ValueError, r"^Ring got n_modes=0; it takes an int >= 1$"),
    ("no radius", lambda: Ring(8, radius=0), ValueError, r"^Ring got radius=0; it takes a finite number > 0$"),
    ("sample of nothing", lambda: Gaussian(4, 0.5).sample(0), ValueError,
     r"^Gaussian\(4, 0\.5\)\.sample got n=0; it takes an int >= 1$"),
    ("seed of a distribution", lambda: Gaussian(0, 1).sample(1, rng=-3), ValueError,
     r"^rng got the seed -3; it takes an int >= 0"),
    ("mean in words", lambda: Gaussian("a", 1), TypeError, r"^Gaussian got mean='a'; it takes a finite number$"),
    ("std in words", lambda: Gaussian(0, "b"), TypeError, r"^Gaussian got std='b'; it takes a finite number > 0$"),
    ("endless uniform", lambda: Uniform(-1e308, 1e308), ValueError,
     r"^Uniform got high - low=inf; it takes a finite number$"),
    ("half a mode", lambda: Ring(2.5), TypeError, r"^Ring got n_modes=2\.5; it takes an int >= 1$"),
]
# fmt: on


@wrong_input(CASES)
def test_wrong_input_is_answered_in_words_that_help(call, error, message):
    assert_answered(call, error, message)


SPECS = {
    "": r"^'' names no distribution; it takes one of gaussian:MEAN,STD, .*",
    "gausian:4,0.5": r"names no distribution, did you mean gaussian\? It takes one of",
    "cauchy:0,1": r"^'cauchy:0,1' names no distribution; it takes one of ",
    "gaussian": r"^'gaussian' cannot be read as gaussian:MEAN,STD: read '' where a number belongs",
    "gaussian:4": r"read 1 number where 2 belong",
    "gaussian:4,1,2": r"read 3 numbers where 2 belong",
    "gaussian:4;1": r"read '4;1' where a number belongs",
    "gaussian:four,1": r"read 'four' where a number belongs",
    "gaussian:4,0": r"Gaussian got std=0\.0; it takes a finite number > 0",
    "gaussian:nan,1": r"Gaussian got mean=nan; it takes a finite number",
    "uniform:1,-1": r"Uniform got low=1\.0, high=-1\.0; it takes low < high",
    "exponential:": r"read '' where a number belongs",
    "exponential:-1": r"Exponential got scale=-1\.0",
    "laplace:0": r"cannot be read as laplace:MEAN,SCALE: read 1 number where 2 belong",
    "gumbel:0,inf": r"Gumbel got scale=inf",
    "mixture:": r"cannot be read as mixture:MEAN,STD;MEAN,STD;\.\.\.: read '' where a number belongs",
    "mixture:-2,1;2": r"read components of 2, 1 numbers, where all take two \(MEAN,STD\) or all take three",
    "mixture:-2,1,1;2,1": r"read components of 3, 2 numbers",
    "mixture:-2,1,0;2,1,1": r"Mixture got weight=0\.0",
    "mixture:-2,-1;2,1": r"Gaussian got std=-1\.0",
}


@pytest.mark.parametrize("spec", SPECS)
def test_a_distribution_that_cannot_be_read_is_answered_with_an_example_that_can(spec):
    with pytest.raises(ValueError, match=SPECS[spec]) as caught:
        parse_distribution(spec)
    message = str(caught.value)
    assert message.startswith(repr(spec))
    example = re.fullmatch(r".*; for example (\S+)", message).group(1)
    assert np.isfinite(parse_distribution(example).sample(3, rng=0)).all()
    family = spec.partition(":")[0]
    assert example.startswith(family if family in ("gaussian", "mixture", "uniform") else "")
