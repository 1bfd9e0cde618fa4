"""MNIST, the paper's first experiment: the network behind Table 1 and Figures 2a and 3."""

from dataclasses import dataclass
from typing import ClassVar

from tinygan.backend import Array, RngLike, as_rng
from tinygan.experiments.recipe import Recipe
from tinygan.layers import Linear, ReLU, Sequential, Sigmoid, marginal_bias, uniform


@dataclass(frozen=True)
class MNIST(Recipe):
    """G: z, two layers of rectified linear units, and a sigmoid a pixel; D: two layers of maxout.

    The released code left the number of epochs to a search that it does not record; by 250, momentum has reached its
    end. `Recipe` says what the other numbers are.

    Attributes
    ----------
    generator_units : int
        Units of both hidden layers of G.

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
    """

    noise_prior: str = "uniform"
    generator_units: int = 1200

    widths: ClassVar[tuple[str, ...]] = ("discriminator_units", "generator_units")

    def generator(self, pixel_mean: Array, *, rng: RngLike = None) -> Sequential:
        """Return G; the bias of its output starts it at the mean of every pixel."""
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
