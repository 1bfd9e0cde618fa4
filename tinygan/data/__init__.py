"""Data: toy distributions with exact densities, and images."""

from tinygan.data.cifar10 import load_cifar10
from tinygan.data.digits import Digits, mnist_or_glyphs
from tinygan.data.distributions import (
    Distribution,
    Exponential,
    Gaussian,
    Gumbel,
    Laplace,
    Mixture,
    Uniform,
)
from tinygan.data.folders import fetch
from tinygan.data.glyphs import glyphs, random_factors
from tinygan.data.images import Labelled, Splits, load_fashion_mnist, load_mnist
from tinygan.data.own_images import load_images
from tinygan.data.parse_distribution import parse_distribution
from tinygan.data.planar import Ring
from tinygan.data.preprocessing import ScaledImages, marginal_mean, normalize_contrast, scale_to_unit
from tinygan.data.tfd import load_tfd

__all__ = [
    "Digits",
    "Distribution",
    "Exponential",
    "Gaussian",
    "Gumbel",
    "Labelled",
    "Laplace",
    "Mixture",
    "Ring",
    "ScaledImages",
    "Splits",
    "Uniform",
    "fetch",
    "glyphs",
    "load_cifar10",
    "load_fashion_mnist",
    "load_images",
    "load_mnist",
    "load_tfd",
    "marginal_mean",
    "mnist_or_glyphs",
    "normalize_contrast",
    "parse_distribution",
    "random_factors",
    "scale_to_unit",
]
