"""MNIST, the paper's first experiment: the networks behind Table 1 and Figures 2a and 3."""

from dataclasses import dataclass
from typing import ClassVar

from tinygan.backend import Array, RngLike, as_rng
from tinygan.layers import Linear, ReLU, Sequential, Sigmoid, marginal_bias, uniform
from tinygan.recipes.base import Recipe


@dataclass(frozen=True, kw_only=True)
class MNIST(Recipe):
    """The recipe of MNIST: G has two ReLU layers and a sigmoid for each pixel, and D has two layers of maxout.

    The numbers come from ``mnist.yaml`` in the released code. The authors searched for the number of epochs and did not
    record it; after 250, the momentum has reached its final value. `Recipe` explains each number.

    Attributes
    ----------
    generator_units : int
        Units of each hidden layer of G.

    Examples
    --------
    >>> import numpy as np
    >>> MNIST().generator(np.full(784, 0.1), rng=0)
    layer                  output shape  parameters
    0  Linear(100, 1200)   (m, 1200)        121,200
    1  ReLU()              (m, 1200)              0
    2  Linear(1200, 1200)  (m, 1200)      1,441,200
    3  ReLU()              (m, 1200)              0
    4  Linear(1200, 784)   (m, 784)         941,584
    5  Sigmoid()           (m, 784)               0
    total                                 2,503,984
    >>> MNIST().discriminator(784, rng=0)
    layer                 output shape  parameters
    0  Dropout(0.2)       (m, 784)               0
    1  Linear(784, 1200)  (m, 1200)        942,000
    2  Maxout(5)          (m, 240)               0
    3  Dropout(0.5)       (m, 240)               0
    4  Linear(240, 1200)  (m, 1200)        289,200
    5  Maxout(5)          (m, 240)               0
    6  Dropout(0.5)       (m, 240)               0
    7  Linear(240, 1)     (m, 1)               241
    total                                1,231,441
    """

    n_epochs: int = 250
    learning_rate: float = 0.1
    noise_prior: str = "uniform"
    generator_units: int = 1200
    discriminator_units: int = 240
    max_col_norm: float | None = None

    widths: ClassVar[tuple[str, ...]] = ("discriminator_units", "generator_units")

    def generator(self, pixel_mean: Array, *, rng: RngLike = None) -> Sequential:
        """Return G; the first bias of its output makes it start at the mean of every pixel."""
        rng = as_rng(rng)
        init, units = uniform(self.irange_g), self.generator_units
        return Sequential(
            Linear(self.latent_dim, units, weight_init=init, rng=rng),
            ReLU(),
            Linear(units, units, weight_init=init, rng=rng),
            ReLU(),
            Linear(units, len(pixel_mean), weight_init=init, bias_init=marginal_bias(pixel_mean), rng=rng),
            Sigmoid(),
        )
