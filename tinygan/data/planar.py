"""A toy distribution in the plane with an exact density."""

import math

import numpy as np

from tinygan.arguments import check_count, check_positive
from tinygan.backend import Array
from tinygan.data.distributions import Distribution


class Ring(Distribution):
    """Equal round Gaussians on a circle in the plane.

    Parameters
    ----------
    n_modes : int
        How many, at least 1.
    radius, std : float
        Radius of the circle, and standard deviation of every Gaussian; positive.

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
        """Means of the modes, of shape (n_modes, 2)."""
        angle = 2 * math.pi * np.arange(self.n_modes) / self.n_modes
        return self.radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)

    @property
    def support(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Where all but 1e-6 of the mass lies."""
        reach = self.radius + 5.5 * self.std
        return (-reach, reach), (-reach, reach)

    def _density(self, x: Array) -> Array:
        squares = ((x[..., None, :] - self.centers) ** 2).sum(axis=-1)
        return np.exp(-0.5 * squares / self.std**2).mean(axis=-1) / (2 * math.pi * self.std**2)

    def _draw(self, n: int, rng: np.random.Generator) -> Array:
        return self.centers[rng.integers(self.n_modes, size=n)] + self.std * rng.standard_normal((n, 2))
