"""A toy distribution in the plane, with samples and an exact density."""

import math

import numpy as np

from tinygan.arguments import check_count, check_positive
from tinygan.backend import Array
from tinygan.data.distributions import Distribution


class Ring(Distribution):
    """A mixture of equal round Gaussians, evenly spaced on a circle in the plane.

    Parameters
    ----------
    n_modes : int
        Number of Gaussians, at least 1.
    radius, std : float
        Radius of the circle, and standard deviation of every Gaussian; both positive.

    Examples
    --------
    >>> Ring(8, 2.0, 0.1).sample(5, rng=0).shape
    (5, 2)
    """

    def __init__(self, n_modes: int = 8, radius: float = 2.0, std: float = 0.1) -> None:
        self.n_modes = check_count("Ring got n_modes", n_modes)
        self.radius, self.std = check_positive("Ring got radius", radius), check_positive("Ring got std", std)

    @property
    def centers(self) -> Array:
        """The means of the Gaussians, of shape (n_modes, 2)."""
        angle = 2 * math.pi * np.arange(self.n_modes) / self.n_modes
        return self.radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)

    @property
    def support(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """The intervals (low, high) of both axes, which hold all but 1e-6 of the mass."""
        reach = self.radius + 5.5 * self.std
        return (-reach, reach), (-reach, reach)

    def _density(self, x: Array) -> Array:
        squares = ((x[..., None, :] - self.centers) ** 2).sum(axis=-1)
        return np.exp(-0.5 * squares / self.std**2).mean(axis=-1) / (2 * math.pi * self.std**2)

    def _draw(self, n: int, rng: np.random.Generator) -> Array:
        return self.centers[rng.integers(self.n_modes, size=n)] + self.std * rng.standard_normal((n, 2))
