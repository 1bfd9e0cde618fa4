"""A one-dimensional game, whose players are seen in the units of the data and compared with the theory."""

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tinygan.adversarial import (
    NoisePrior,
    discriminator_error,
    jensen_shannon_divergence,
    optimal_discriminator,
    pushforward_density,
    value_from_logits,
    value_function,
    virtual_criterion,
    wasserstein_distance,
)
from tinygan.backend import Array, RngLike, device_of, is_finite, to_host
from tinygan.data import Distribution, Mixture
from tinygan.functional import sigmoid
from tinygan.layers import Layer

N_GRID, N_MODE_GRID = 2001, 201


@dataclass(frozen=True)
class Measures:
    """How far a game has come, measured against the theory of the paper's section 4.

    Attributes
    ----------
    jsd : float
        JSD(p_data || p_g), in nats.
    wasserstein : float
        W1(p_data, p_g), in the units of the data.
    discriminator_error, discriminator_gap : float
        Means of abs(D - D*) and of abs(D - 1/2) over the density (p_data + p_g) / 2.
    value, bound : float
        V(G, D) of eq. (1), and its maximum over D, -log 4 + 2 JSD (Theorem 1), in nats.
    """

    jsd: float
    wasserstein: float
    discriminator_error: float
    discriminator_gap: float
    value: float
    bound: float


@dataclass(frozen=True)
class Standardised:
    """Standardised data, as the networks see it: x becomes (x - center) / scale.

    Attributes
    ----------
    data : Distribution
        The data in their own units.
    center, scale : float
        The mean and the standard deviation of a sample of the data.
    """

    data: Distribution
    center: float = 0.0
    scale: float = 1.0

    @classmethod
    def from_sample(cls, data: Distribution, n: int, *, rng: RngLike = None) -> "Standardised":
        """Return the data, standardised by the mean and deviation of n draws.

        Raises
        ------
        ValueError
            If the numbers are too large or too close together for floating-point arithmetic.
        """
        with np.errstate(all="ignore"):
            x = data.sample(n, rng=rng)
            center, scale = float(x.mean()), float(x.std())
        if not (math.isfinite(center) and 1e-6 * abs(center) < scale < 1e100 and scale > 1e-100):
            raise ValueError(
                f"{data} cannot be standardised: {n:,} draws have mean {center:g} and standard deviation {scale:g}; "
                "it takes finite numbers that differ by more than a millionth of their size, such as gaussian:4,0.5"
            )
        narrowest = min((mode.std for mode in data.components), default=scale) if isinstance(data, Mixture) else scale
        if narrowest < 1e-6 * scale:
            raise ValueError(
                f"{data} has a mode of standard deviation {narrowest:g} where all data have {scale:g}, "
                "too narrow to be seen; it takes modes wider than a millionth of the whole, such as mixture:-2,1;2,1"
            )
        return cls(data, center, scale)

    def standardise(self, x: Array) -> Array:
        """Return x in the units that the networks see, float64."""
        return (np.asarray(x, np.float64) - self.center) / self.scale

    def sample(self, n: int, *, rng: RngLike = None) -> Array:
        """Return n draws, standardised, of shape (n, 1)."""
        return self.standardise(self.data.sample(n, rng=rng))


def grid(data: Distribution, low: float, high: float, n: int) -> Array:
    """Return n evenly spaced points from low to high, and more inside the modes of a mixture, which may be narrow.

    Examples
    --------
    >>> from tinygan.data import Gaussian
    >>> grid(Gaussian(0, 1), -1, 1, 5)
    array([-1. , -0.5,  0. ,  0.5,  1. ])
    """
    even = np.linspace(low, high, n)
    modes = data.components if isinstance(data, Mixture) else []
    x = np.sort(np.concatenate([even, *(np.linspace(*mode.support, N_MODE_GRID) for mode in modes)]))
    return x[np.concatenate([[True], np.diff(x) > 1e-9 * (x[-1] - x[0])])]


@dataclass(frozen=True)
class Game:
    """The two players, the prior and the data.

    The methods take and return arrays on the host.

    Attributes
    ----------
    D, G : Layer
        The players, on any device. D takes standardised numbers, and G makes them.
    prior : NoisePrior
        p_z, of one dimension.
    source : Standardised
        p_data, with its mean and its scale.
    output : callable
        Turns the logit into the probability D(x), see `tinygan.adversarial.Objective`.
    """

    D: Layer
    G: Layer
    prior: NoisePrior
    source: Standardised
    output: Callable[[Array], Array] = sigmoid

    def logits(self, x: Array) -> Array:
        """Return the logits of D at points x of shape (n,), in the units of the data."""
        logits = _on_host(self.D)(self.source.standardise(x)[:, None])[:, 0]
        if not is_finite(logits):
            raise FloatingPointError("training diverged: the logits of D are no longer finite")
        return logits

    def d(self, x: Array) -> Array:
        """Return D(x) at points x of shape (n,), in the units of the data."""
        return self.output(self.logits(x))

    def p_g(self, x: Array) -> Array:
        """Return the exact density of G(z) on the grid x, in the units of the data."""
        return pushforward_density(_on_host(self.G), self.prior, self.source.standardise(x)) / self.source.scale

    def generate(self, z: Array) -> Array:
        """Return G(z) for z of shape (n,), in the units of the data."""
        return self.source.center + self.source.scale * _on_host(self.G)(np.asarray(z, np.float64)[:, None])[:, 0]

    def grid(self) -> Array:
        """Return a fine grid over all x that p_data and G reach."""
        reach = self.generate(self.prior.cells(N_GRID)[0])
        low, high = self.source.data.support
        return grid(self.source.data, min(low, reach.min()), max(high, reach.max()), N_GRID)

    def measure(self) -> Measures:
        """Return the measures of the game at this moment."""
        x = self.grid()
        p_data, p_g, logits = self.source.data.pdf(x), self.p_g(x), self.logits(x)
        d = self.output(logits)
        value = (
            value_from_logits(logits, p_data, p_g, x) if self.output is sigmoid else value_function(d, p_data, p_g, x)
        )
        return Measures(
            jsd=jensen_shannon_divergence(p_data, p_g, x),
            wasserstein=wasserstein_distance(p_data, p_g, x),
            discriminator_error=discriminator_error(d, optimal_discriminator(p_data, p_g), p_data, p_g, x),
            discriminator_gap=discriminator_error(d, 0.5, p_data, p_g, x),
            value=value,
            bound=virtual_criterion(p_data, p_g, x),
        )


def _on_host(network: Layer) -> Layer:
    """Return the network, or a copy on the host if it is on a GPU."""
    host: Layer = network if device_of(network) == "cpu" else to_host(copy.deepcopy(network))
    return host
