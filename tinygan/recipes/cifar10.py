"""CIFAR-10 with fully connected networks, the paper's third experiment: Figure 2c."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from tinygan.backend import Array, RngLike, as_rng
from tinygan.data import normalize_contrast
from tinygan.layers import Linear, ReLU, Sequential, Sigmoid, uniform
from tinygan.recipes.base import Recipe


@dataclass(frozen=True, kw_only=True)
class CIFAR10(Recipe):
    """The recipe of CIFAR-10: G has a ReLU, a sigmoid and a linear output layer, and D has two layers of maxout.

    The numbers come from ``cifar10_fully_connected.yaml`` in the released code. It does not record the number of
    epochs; we take 250, as for MNIST.

    Attributes
    ----------
    relu_units, sigmoid_units : int
        Units of the two hidden layers of G.
    irange_output : float
        The first weights of the output of G are drawn from U(-irange_output, irange_output).

    Examples
    --------
    >>> import numpy as np
    >>> len(CIFAR10().scaled(0.01).generator(np.zeros(32 * 32 * 3), rng=0))
    5
    """

    n_epochs: int = 250
    learning_rate: float = 0.025
    noise_prior: str = "gaussian"
    discriminator_units: int = 1600
    max_col_norm: float | None = None
    relu_units: int = 8000
    sigmoid_units: int = 8000
    irange_output: float = 0.5

    widths: ClassVar[tuple[str, ...]] = ("discriminator_units", "relu_units", "sigmoid_units")

    @staticmethod
    def preprocess(images: Array) -> Array:
        """Return images of bytes as rows of mean 0 and L2 norm 55."""
        return normalize_contrast(images)

    @staticmethod
    def to_images(rows: Array, image_shape: Sequence[int]) -> Array:
        """Return rows as images; the mean of a row becomes middle grey, and its largest deviation white or black."""
        largest = abs(rows).max(axis=1, keepdims=True)
        return (0.5 + rows / (2 * largest + 1e-12)).reshape(-1, *image_shape)

    def generator(self, pixel_mean: Array, *, rng: RngLike = None) -> Sequential:
        """Return G, whose output starts around 0, the mean of every preprocessed image."""
        rng = as_rng(rng)
        init, wide = uniform(self.irange_g), uniform(self.irange_output)
        return Sequential(
            Linear(self.latent_dim, self.relu_units, weight_init=init, rng=rng),
            ReLU(),
            Linear(self.relu_units, self.sigmoid_units, weight_init=init, rng=rng),
            Sigmoid(),
            Linear(self.sigmoid_units, len(pixel_mean), weight_init=wide, rng=rng),
        )
