"""Data: toy distributions with exact densities."""

from tinygan.data.distributions import (
    Distribution,
    Exponential,
    Gaussian,
    Gumbel,
    Laplace,
    Mixture,
    Uniform,
)
from tinygan.data.planar import Ring
from tinygan.data.spec import parse_distribution

__all__ = [
    "Distribution",
    "Exponential",
    "Gaussian",
    "Gumbel",
    "Laplace",
    "Mixture",
    "Ring",
    "Uniform",
    "parse_distribution",
]
