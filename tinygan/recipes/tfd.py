"""The Toronto Face Database, the paper's second experiment, trained in two stages: Table 1 and Figure 2b."""

from dataclasses import dataclass
from typing import Any, ClassVar

from tinygan.arguments import check_finite
from tinygan.backend import Array, RngLike, as_rng
from tinygan.layers import Layer, Linear, ReLU, Sequential, Sigmoid, constant, marginal_bias, sparse_normal, uniform
from tinygan.recipes.base import Recipe


@dataclass(frozen=True, kw_only=True)
class TFD(Recipe):
    """The recipe of stage 1: G has a ReLU layer, a sigmoid layer and a sigmoid a pixel; D has two layers of maxout.

    The numbers come from ``tfd_pretrain/pretrain.yaml`` in the released code.

    Attributes
    ----------
    relu_units, sigmoid_units : int
        Units of the two hidden layers of G.
    sigmoid_bias : float
        The first bias of the hidden sigmoid units; it is negative, so that they start mostly off.
    output_weights : int
        Each pixel starts with this number of weights drawn from N(0, 1); its other weights start at 0.

    Examples
    --------
    >>> import numpy as np
    >>> len(TFD().scaled(0.01).generator(np.full(48 * 48, 0.5), rng=0))
    6
    """

    n_epochs: int = 50
    learning_rate: float = 0.05
    noise_prior: str = "gaussian"
    discriminator_units: int = 1200
    max_col_norm: float | None = 1.9365
    relu_units: int = 8000
    sigmoid_units: int = 8000
    sigmoid_bias: float = -2.0
    output_weights: int = 100

    widths: ClassVar[tuple[str, ...]] = ("discriminator_units", "relu_units", "sigmoid_units")
    checks: ClassVar[dict[str, Any]] = {**Recipe.checks, "sigmoid_bias": check_finite}

    def generator(self, pixel_mean: Array, *, rng: RngLike = None) -> Sequential:
        """Return G; the first bias of its output makes it start at the mean of every pixel."""
        return Sequential(*self.upper_layers(self.latent_dim, pixel_mean, rng=rng))

    def upper_layers(self, n_in: int, pixel_mean: Array, *, rng: RngLike = None) -> list[Layer]:
        """Return the layers from n_in numbers to an image: all of G in stage 1, and its upper half in stage 2."""
        rng = as_rng(rng)
        init, sparse = uniform(self.irange_g), sparse_normal(self.output_weights)
        return [
            Linear(n_in, self.relu_units, weight_init=init, rng=rng),
            ReLU(),
            Linear(
                self.relu_units, self.sigmoid_units, weight_init=init, bias_init=constant(self.sigmoid_bias), rng=rng
            ),
            Sigmoid(),
            Linear(
                self.sigmoid_units, len(pixel_mean), weight_init=sparse, bias_init=marginal_bias(pixel_mean), rng=rng
            ),
            Sigmoid(),
        ]


@dataclass(frozen=True, kw_only=True)
class TFDStage2(TFD):
    """The recipe of stage 2: two new layers turn z into the noise of stage 1, all of G trains on, and D is new.

    The numbers come from ``tfd_pretrain/train.yaml`` in the released code.

    Attributes
    ----------
    lower_units : int
        Rectified linear units of the first new layer.
    code_units : int
        Sigmoid units of the second new layer, as many as the latent_dim of stage 1.

    Examples
    --------
    >>> import numpy as np
    >>> len(TFDStage2().scaled(0.01).generator(np.full(48 * 48, 0.5), rng=0))
    10
    """

    n_epochs: int = 22
    lower_units: int = 8000
    code_units: int = 100

    widths: ClassVar[tuple[str, ...]] = (*TFD.widths, "lower_units")

    def generator(self, pixel_mean: Array, *, rng: RngLike = None) -> Sequential:
        """Return G before the parameters of stage 1 are copied into its upper half."""
        rng = as_rng(rng)
        init = uniform(self.irange_g)
        return Sequential(
            Linear(self.latent_dim, self.lower_units, weight_init=init, rng=rng),
            ReLU(),
            Linear(self.lower_units, self.code_units, weight_init=init, bias_init=constant(self.sigmoid_bias), rng=rng),
            Sigmoid(),
            *self.upper_layers(self.code_units, pixel_mean, rng=rng),
        )
