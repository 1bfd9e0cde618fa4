"""What the paper's experiments share: how they train, their discriminator, and numbers that the paper omits."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Self

from tinygan.adversarial import NoisePrior
from tinygan.adversarial.objectives import OBJECTIVES
from tinygan.adversarial.prior import KINDS
from tinygan.adversarial.training.train import UPDATES
from tinygan.arguments import alternatives, check_choice, check_count, check_positive, check_share, check_size
from tinygan.backend import Array, RngLike, as_rng
from tinygan.data import scale_to_unit
from tinygan.layers import Dropout, Linear, Maxout, Sequential, uniform
from tinygan.optim import SGD, column_norms, exponential_decay, linear_ramp


def check_decay(what: str, value: Any) -> None:
    """Raise an error that begins with `what` unless value is a number that a rate may be divided by at every step."""
    if check_positive(what, value) < 1:
        raise ValueError(f"{what}={value!r}; it takes a number >= 1")


@dataclass(frozen=True, kw_only=True)
class Recipe(ABC):
    """The hyper-parameters that all experiments have, with the default values that all of them share.

    The paper states almost none of them. They come from the code that its authors released,
    https://github.com/goodfeli/adversarial.

    Attributes
    ----------
    n_epochs : int
        Length of the training; an epoch has one iteration for each minibatch of the training images.
    batch_size : int
        Examples in a minibatch, m in the paper.
    learning_rate, learning_rate_decay, learning_rate_floor : float
        Learning rate of both players after t updates: learning_rate / learning_rate_decay^t, not below the floor.
    momentum, final_momentum, momentum_epochs : float, float, int
        Momentum of both players: it rises in a straight line from the first to the second over this number of epochs.
    discriminator_factor : float
        J_D is multiplied by this factor before D learns from it. The released code has 1/2: it takes the mean of two
        costs where Algorithm 1 takes their sum. For gradient descent that halves the learning rate. The J_D that is
        reported does not include the factor.
    updates : {"simultaneous", "alternating"}
        Both players at once, as in the released code, or Algorithm 1 as printed.
    discriminator_steps : int
        Steps of D in each iteration, k in the paper; the paper takes 1.
    objective : {"non_saturating", "minimax", "least_squares", "wasserstein"}
        The paper's section 3 and the released code take the first.
    noise_prior : {"uniform", "gaussian", "spherical"}
        p_z; the uniform one goes from -sqrt(3) to sqrt(3), so that its variance is 1.
    latent_dim : int
        Length of z.
    irange_g, irange_d : float
        The first weights of each player are drawn from U(-irange, irange).
    discriminator_units, n_pieces : int
        Units of each hidden layer of D, and linear pieces of each unit.
    input_dropout, hidden_dropout : float
        Rates at which D drops its input, and the outputs of its hidden layers.
    max_col_norm : float or None
        Largest L2 norm of the incoming weights of a unit, in both players.

    References
    ----------
    Goodfellow et al. 2014, Generative Adversarial Nets, section 5; Goodfellow et al. 2013, Maxout Networks.
    """

    n_epochs: int
    learning_rate: float
    noise_prior: str
    discriminator_units: int
    max_col_norm: float | None
    batch_size: int = 100
    learning_rate_decay: float = 1.000004
    learning_rate_floor: float = 1e-6
    momentum: float = 0.5
    final_momentum: float = 0.7
    momentum_epochs: int = 249
    discriminator_factor: float = 0.5
    updates: str = "simultaneous"
    discriminator_steps: int = 1
    objective: str = "non_saturating"
    latent_dim: int = 100
    irange_g: float = 0.05
    irange_d: float = 0.005
    n_pieces: int = 5
    input_dropout: float = 0.2
    hidden_dropout: float = 0.5

    optimizer: ClassVar[type[SGD]] = SGD
    widths: ClassVar[tuple[str, ...]] = ("discriminator_units",)
    checks: ClassVar[dict[str, Any]] = {
        "learning_rate": check_positive,
        "learning_rate_decay": check_decay,
        "momentum": check_share,
        "final_momentum": check_share,
        "discriminator_factor": check_positive,
        "input_dropout": check_share,
        "hidden_dropout": check_share,
    }
    choices: ClassVar[dict[str, tuple[str, ...]]] = {
        "updates": UPDATES,
        "objective": tuple(OBJECTIVES),
        "noise_prior": KINDS,
    }

    def __post_init__(self) -> None:
        for field in fields(self):
            value, what = getattr(self, field.name), f"the recipe got {field.name}"
            if field.name in self.choices:
                check_choice(what, value, self.choices[field.name])
            elif field.type is int:
                check_count(what, value)
            elif field.type is float:
                self.checks.get(field.name, check_size)(what, value)
            elif value is not None:
                check_positive(what, value)
        if self.updates == "simultaneous" and self.discriminator_steps > 1:
            raise ValueError(
                f"the recipe got discriminator_steps={self.discriminator_steps} with simultaneous updates, where both "
                "players move at once; it takes updates=alternating with that"
            )
        if self.objective == "wasserstein" and self.max_col_norm is None:
            raise ValueError(
                "the recipe got objective='wasserstein', whose critic needs a limit on its weights; "
                "it takes max_col_norm with that, such as max_col_norm=1"
            )

    @staticmethod
    def preprocess(images: Array) -> Array:
        """Return images of bytes as rows in [0, 1], not binarised; D sees such rows, and G learns to draw them."""
        return scale_to_unit(images)

    @staticmethod
    def to_images(rows: Array, image_shape: Sequence[int]) -> Array:
        """Return rows, as G draws or learns from, as images to look at, from 0 for black to 1 for white."""
        return rows.reshape(-1, *image_shape)

    @abstractmethod
    def generator(self, pixel_mean: Array, *, rng: RngLike = None) -> Sequential:
        """Return G with its first weights, for data whose columns have these means."""

    def discriminator(self, n_pixels: int, *, rng: RngLike = None) -> Sequential:
        """Return D: two maxout layers and a linear layer with one logit, with dropout before each of the three."""
        rng = as_rng(rng)
        init, units, pieces = uniform(self.irange_d), self.discriminator_units, self.n_pieces
        return Sequential(
            Dropout(self.input_dropout),
            Linear(n_pixels, units * pieces, weight_init=init, rng=rng),
            Maxout(pieces),
            Dropout(self.hidden_dropout),
            Linear(units, units * pieces, weight_init=init, rng=rng),
            Maxout(pieces),
            Dropout(self.hidden_dropout),
            Linear(units, 1, weight_init=init, rng=rng),
        )

    def prior(self) -> NoisePrior:
        """Return p_z."""
        return NoisePrior(self.noise_prior, self.latent_dim, low=-math.sqrt(3), high=math.sqrt(3))

    def optimizers(self, D: Sequential, G: Sequential) -> tuple[SGD, SGD]:
        """Return the optimisers of D and of G, with their settings at the start."""
        constraint = None if self.max_col_norm is None else column_norms(self.max_col_norm)
        optimizer_d, optimizer_g = (
            self.optimizer(player.parameters, self.learning_rate, self.momentum, constraint=constraint)
            for player in (D, G)
        )
        return optimizer_d, optimizer_g

    def schedule(self, optimizer_d: SGD, optimizer_g: SGD, *, iteration: int, epoch: int) -> None:
        """Set the learning rates and momentum for the next iteration, given how many iterations and epochs are done."""
        rate = exponential_decay(
            self.learning_rate, 1 / self.learning_rate_decay, iteration, floor=self.learning_rate_floor
        )
        optimizer_d.learning_rate, optimizer_g.learning_rate = self.discriminator_factor * rate, rate
        momentum = linear_ramp(self.momentum, self.final_momentum, self.momentum_epochs, epoch)
        optimizer_d.momentum = optimizer_g.momentum = momentum

    def iterations_per_epoch(self, n_images: int) -> int:
        """Return the number of minibatches in an epoch of n_images images."""
        return -(-n_images // self.batch_size)

    def scaled(self, scale: float) -> Self:
        """Return the recipe with `scale` times as many units in each hidden layer.

        Raises
        ------
        ValueError
            If a layer would be left without a unit.

        Examples
        --------
        >>> from tinygan.recipes.mnist import MNIST
        >>> small = MNIST().scaled(0.05)
        >>> small.generator_units, small.discriminator_units
        (60, 12)
        """
        check_positive("the recipe got scale", scale)
        widths = {name: getattr(self, name) for name in self.widths}
        if scale * min(widths.values()) < 1:
            raise ValueError(
                f"the recipe got scale={scale:g}, which leaves a layer without a unit; "
                f"it takes 1/{min(widths.values())} or more"
            )
        return replace(self, **{name: round(scale * width) for name, width in widths.items()})


def recipe_with(kind: type[Recipe], settings: Mapping[str, Any]) -> Recipe:
    """Return a recipe with some of its numbers changed.

    ``updates="alternating"`` is Algorithm 1 as printed, which has no factor 1/2. So it also sets discriminator_factor
    to 1, unless the settings contain discriminator_factor.

    Parameters
    ----------
    kind : type
        A recipe class, such as `tinygan.recipes.mnist.MNIST`.
    settings : mapping
        The new values of attributes, by name.

    Raises
    ------
    TypeError, ValueError
        If a name is unknown (the message lists the known ones), or a value is out of its range.

    Examples
    --------
    >>> from tinygan.recipes.mnist import MNIST
    >>> recipe_with(MNIST, {"updates": "alternating", "momentum": 0.0}).discriminator_factor
    1.0
    >>> recipe_with(MNIST, {"momentun": 0.9})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: the recipe of MNIST has no momentun, did you mean momentum? It takes one of batch_size, ...
    """
    known = [field.name for field in fields(kind)]
    for name in settings:
        if name not in known:
            raise ValueError(f"the recipe of {kind.__name__} has no {name}{alternatives(name, sorted(known))}")
    factor = {"discriminator_factor": 1.0} if settings.get("updates") == "alternating" else {}
    return kind(**{**factor, **settings})
