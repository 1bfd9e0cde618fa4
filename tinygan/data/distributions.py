"""Toy distributions on the line, with samples and exact densities."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygan.arguments import check_count, check_finite, check_positive
from tinygan.backend import Array, RngLike, as_rng
from tinygan.backend.arrays import check_arrays

# About this much of the mass lies outside the support on each side.
TAIL = 1e-7


class Distribution(ABC):
    """A distribution p_data that can be sampled and whose density is known.

    See Also
    --------
    parse_distribution : Reads a distribution from a short text.

    Examples
    --------
    >>> for p_data in (Gaussian(0, 1), Uniform(0, 2)):
    ...     print(p_data, p_data.sample(5, rng=0).shape, p_data.support)
    Gaussian(0, 1) (5, 1) (-5.5, 5.5)
    Uniform(0, 2) (5, 1) (0.0, 2.0)
    """

    def sample(self, n: int, *, rng: RngLike = None) -> Array:
        """Return n draws, of shape (n, 1), or (n, 2) for the distributions in the plane; float64."""
        return self._draw(check_count(f"{self}.sample got n", n), as_rng(rng))

    @property
    @abstractmethod
    def support(self) -> tuple[Any, Any]:
        """The interval (low, high), outside which less than 1e-6 of the mass lies; in the plane, one pair an axis."""

    def pdf(self, x: Array) -> Array:
        """Return the density at x in float64, with the shape of x; in the plane, points (..., 2) give shape (...)."""
        check_arrays(f"{self}.pdf", x=x)
        return self._density(np.asarray(x, np.float64))

    @abstractmethod
    def _density(self, x: Array) -> Array: ...

    @abstractmethod
    def _draw(self, n: int, rng: np.random.Generator) -> Array: ...

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{v:g}' for v in vars(self).values())})"


class Gaussian(Distribution):
    """The normal distribution N(mean, std^2).

    Examples
    --------
    >>> Gaussian(4, 0.5).sample(3, rng=0).shape
    (3, 1)
    >>> Gaussian(0, 1).pdf(np.array([0.0]))
    array([0.39894228])
    """

    def __init__(self, mean: float, std: float) -> None:
        self.mean, self.std = check_finite("Gaussian got mean", mean), check_positive("Gaussian got std", std)

    @property
    def support(self) -> tuple[float, float]:
        """The interval (low, high) that holds all but 1e-6 of the mass."""
        return self.mean - 5.5 * self.std, self.mean + 5.5 * self.std

    def _density(self, x: Array) -> Array:
        return np.exp(-0.5 * ((x - self.mean) / self.std) ** 2) / (self.std * math.sqrt(2 * math.pi))

    def _draw(self, n: int, rng: np.random.Generator) -> Array:
        return rng.normal(self.mean, self.std, (n, 1))


class Mixture(Distribution):
    """A mixture of Gaussians.

    Parameters
    ----------
    components : sequence of (mean, std)
        At least one.
    weights : sequence of float, optional
        One positive weight for each component. They are divided by their sum. By default, all are equal.

    Raises
    ------
    TypeError, ValueError
        If there is no component, the numbers of components and weights differ, or a number is out of its range.

    Examples
    --------
    >>> Mixture([(-2, 1), (2, 1)], [1, 3])
    Mixture([(-2.0, 1.0), (2.0, 1.0)], [0.25, 0.75])
    """

    def __init__(self, components: Sequence[tuple[float, float]], weights: Sequence[float] | None = None) -> None:
        if len(components) == 0:
            raise ValueError("Mixture got no components; it takes at least one (mean, std)")
        self.components = [Gaussian(mean, std) for mean, std in components]
        if weights is None:
            weights = [1.0] * len(components)
        if len(weights) != len(components):
            raise ValueError(
                f"Mixture got {len(components)} components and {len(weights)} weights; it takes one weight each"
            )
        self.weights = np.array([check_positive("Mixture got weight", weight) for weight in weights])
        self.weights /= self.weights.max()  # or the sum could overflow
        self.weights /= self.weights.sum()

    @property
    def support(self) -> tuple[float, float]:
        """The interval (low, high) that holds all but 1e-6 of the mass."""
        lows, highs = zip(*(component.support for component in self.components), strict=True)
        return min(lows), max(highs)

    def _density(self, x: Array) -> Array:
        terms = [w * component.pdf(x) for w, component in zip(self.weights, self.components, strict=True)]
        return np.sum(terms, axis=0)

    def _draw(self, n: int, rng: np.random.Generator) -> Array:
        which = rng.choice(len(self.weights), size=(n, 1), p=self.weights)
        means = np.array([component.mean for component in self.components])
        stds = np.array([component.std for component in self.components])
        return rng.normal(means[which], stds[which])

    def __repr__(self) -> str:
        pairs = [(component.mean, component.std) for component in self.components]
        return f"Mixture({pairs}, {[float(f'{w:.6g}') for w in self.weights]})"


class Uniform(Distribution):
    """The uniform distribution U(low, high).

    Examples
    --------
    >>> Uniform(0, 2).pdf(np.array([-1.0, 1.0]))
    array([0. , 0.5])
    """

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = check_finite("Uniform got low", low), check_finite("Uniform got high", high)
        if not self.low < self.high:
            raise ValueError(f"Uniform got low={low!r}, high={high!r}; it takes low < high")
        check_finite("Uniform got high - low", self.high - self.low)

    @property
    def support(self) -> tuple[float, float]:
        """The interval (low, high) that holds all but 1e-6 of the mass."""
        return self.low, self.high

    def _density(self, x: Array) -> Array:
        inside = (x >= self.low) & (x <= self.high)
        return inside / (self.high - self.low)

    def _draw(self, n: int, rng: np.random.Generator) -> Array:
        return rng.uniform(self.low, self.high, (n, 1))


class Exponential(Distribution):
    """The density exp(-x / scale) / scale for x >= 0; scale is both its mean and its standard deviation.

    Examples
    --------
    >>> Exponential(2).pdf(np.array([-1.0, 0.0]))
    array([0. , 0.5])
    """

    def __init__(self, scale: float) -> None:
        self.scale = check_positive("Exponential got scale", scale)

    @property
    def support(self) -> tuple[float, float]:
        """The interval (low, high) that holds all but 1e-6 of the mass."""
        return 0.0, -self.scale * math.log(TAIL)

    def _density(self, x: Array) -> Array:
        return np.where(x >= 0, np.exp(-np.maximum(x, 0) / self.scale) / self.scale, 0.0)

    def _draw(self, n: int, rng: np.random.Generator) -> Array:
        return rng.exponential(self.scale, (n, 1))


class Laplace(Distribution):
    """The density exp(-abs(x - mean) / scale) / (2 scale); its standard deviation is scale sqrt(2).

    Examples
    --------
    >>> Laplace(0, 1).pdf(np.array([0.0]))
    array([0.5])
    """

    def __init__(self, mean: float, scale: float) -> None:
        self.mean, self.scale = check_finite("Laplace got mean", mean), check_positive("Laplace got scale", scale)

    @property
    def support(self) -> tuple[float, float]:
        """The interval (low, high) that holds all but 1e-6 of the mass."""
        reach = -self.scale * math.log(2 * TAIL)
        return self.mean - reach, self.mean + reach

    def _density(self, x: Array) -> Array:
        return np.exp(-np.abs(x - self.mean) / self.scale) / (2 * self.scale)

    def _draw(self, n: int, rng: np.random.Generator) -> Array:
        return rng.laplace(self.mean, self.scale, (n, 1))


class Gumbel(Distribution):
    """The density exp(-(t + exp(-t))) / scale with t = (x - loc) / scale; it is skewed to the right.

    Examples
    --------
    >>> Gumbel(0, 1).pdf(np.array([0.0])).round(4)
    array([0.3679])
    """

    def __init__(self, loc: float, scale: float) -> None:
        self.loc, self.scale = check_finite("Gumbel got loc", loc), check_positive("Gumbel got scale", scale)

    @property
    def support(self) -> tuple[float, float]:
        """The interval (low, high) that holds all but 1e-6 of the mass."""
        return self.loc - self.scale * math.log(-math.log(TAIL)), self.loc - self.scale * math.log(-math.log1p(-TAIL))

    def _density(self, x: Array) -> Array:
        t = np.maximum((x - self.loc) / self.scale, -500.0)  # exp(500) is finite, and the density there is 0
        return np.exp(-(t + np.exp(-t))) / self.scale

    def _draw(self, n: int, rng: np.random.Generator) -> Array:
        return rng.gumbel(self.loc, self.scale, (n, 1))
