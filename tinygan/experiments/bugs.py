"""Show what a bug of the gallery does to a training: play a much shorter game of Figure 1 with and without it."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygan.adversarial import NoisePrior, discriminator_step, generator_step, jensen_shannon_divergence, train
from tinygan.adversarial.training.watch import check_parameters
from tinygan.backend import Array, RngLike, as_rng, spawn_rngs
from tinygan.data import Distribution, Gaussian
from tinygan.experiments.figure1.game import Game, Standardised
from tinygan.experiments.figure1.recipe import Figure1Recipe, generator, rates
from tinygan.gradcheck.gallery import Bug
from tinygan.layers import Combinator, Layer, Linear, Maxout, Sequential, Tanh, normal, uniform
from tinygan.optim import RMSProp

SHORT = Figure1Recipe(n_iterations=600, batch_size=128, discriminator_steps=2)
DATA: Distribution = Gaussian(4, 0.5)
N_MEASURES = 40
# A picture passes for Figure 1 up to this JSD, in nats: p_g lies on p_data, though one still sees the difference.
LOOKS_GOOD = 0.05


@dataclass(frozen=True)
class Curve:
    """How one training went.

    Attributes
    ----------
    iterations : list of int
        The iterations after which the training was measured, from 0.
    jsd : list of float
        JSD(p_data || p_g) after each of them, in nats.
    x, p_data, p_g : ndarray of shape (n,)
        The grid and the densities at the end.
    stopped : str or None
        Why the training ended early, if it did.
    """

    iterations: list[int]
    jsd: list[float]
    x: Array
    p_data: Array
    p_g: Array
    stopped: str | None = None

    @property
    def looks_good(self) -> bool:
        """Whether the training came to its end, and its picture passes for Figure 1."""
        return self.stopped is None and self.jsd[-1] <= LOOKS_GOOD


class Rows(Combinator):
    """A layer on images or sequences of 4 rows, in a network whose units stand in one row.

    Examples
    --------
    >>> Rows(Tanh())(np.zeros((2, 32))).shape
    (2, 32)
    """

    def __init__(self, layer: Layer) -> None:
        super().__init__(layer)

    def forward(self, x: Array, *, rng: RngLike = None) -> tuple[Array, Any]:
        """Return the layer's y, in one row."""
        y, cache = self.layers[0].forward(_in_rows(x), rng=rng)
        return y.reshape(x.shape), cache

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return the layer's gradient, in one row."""
        return self.layers[0].backward_input(_in_rows(grad_y), cache).reshape(grad_y.shape)

    def backward_params(self, grad_y: Array, cache: Any) -> None:
        """Let the layer accumulate."""
        self.layers[0].backward_params(_in_rows(grad_y), cache)


def _in_rows(x: Array) -> Array:
    return x.reshape(len(x), 4, -1)


def train_with(bug: Bug, *, is_wrong: bool, recipe: Figure1Recipe = SHORT, rng: RngLike = None) -> Curve:
    """Play the game with the bug or with its right version, from the same weights and the same samples.

    Parameters
    ----------
    bug : Bug
        A wrong layer is put into the networks, see `players`. A wrong step replaces the right one in Algorithm 1.
    is_wrong : bool
        Whether to play with the bug.
    recipe : Figure1Recipe
        The hyper-parameters, as in Figure 1; updates and objective must be those of Algorithm 1.
    rng : numpy.random.Generator, int or None
        Draws the weights, examples, noise and dropout.

    Examples
    --------
    >>> from tinygan.gradcheck.gallery import GALLERY
    >>> recipe = Figure1Recipe(n_iterations=10, batch_size=16, discriminator_steps=1)
    >>> len(train_with(GALLERY["lost_gradient"], is_wrong=True, recipe=recipe, rng=0).jsd)
    11
    """
    rng_players, rng_standardise, rng_train = spawn_rngs(as_rng(rng), 3)
    D, G = players(bug, is_wrong=is_wrong, rng=rng_players)
    source = Standardised.from_sample(DATA, recipe.n_standardise, rng=rng_standardise)
    game = Game(D, G, NoisePrior(recipe.noise_prior, 1), source)
    optimizer_d = RMSProp(D.parameters, recipe.learning_rate_d, recipe.momentum, decay=recipe.rms_decay_d)
    optimizer_g = RMSProp(G.parameters, recipe.learning_rate_g, recipe.momentum, decay=recipe.rms_decay_g)
    records = train(
        D,
        G,
        source,
        game.prior,
        optimizer_d=optimizer_d,
        optimizer_g=optimizer_g,
        n_iterations=recipe.n_iterations,
        batch_size=recipe.batch_size,
        discriminator_steps=recipe.discriminator_steps,
        discriminator_step=bug.wrong if is_wrong and bug.right is discriminator_step else discriminator_step,
        generator_step=bug.wrong if is_wrong and bug.right is generator_step else generator_step,
        rng=rng_train,
    )

    def iterate() -> Iterator[int]:
        yield 0
        for done in range(recipe.n_iterations):
            optimizer_d.learning_rate, optimizer_g.learning_rate = rates(recipe, done)
            yield next(records).iteration

    return _measured(game, iterate(), max(recipe.n_iterations // N_MEASURES, 1))


def players(bug: Bug, *, is_wrong: bool, rng: RngLike = None) -> tuple[Sequential, Sequential]:
    """Return D and G of Figure 1, with the bug or with its right version.

    A wrong Linear or Tanh replaces every layer of its kind in both players, or only the square ones if it fits no
    other. Other wrong nonlinearities replace the tanh of D, and what is none follows it. A layer on images or
    sequences reads the 32 units as 4 rows of 8.

    Examples
    --------
    >>> from tinygan.gradcheck.gallery import GALLERY
    >>> players(GALLERY["forgotten_leak"], is_wrong=True, rng=0)[0]
    layer                  output shape  parameters
    0  Linear(1, 32)       (m, 32)               64
    1  ForgottenLeak(0.2)  (m, 32)                0
    2  Linear(32, 32)      (m, 32)            1,056
    3  ForgottenLeak(0.2)  (m, 32)                0
    4  Linear(32, 1)       (m, 1)                33
    total                                     1,153
    """
    rng_g, rng_d = spawn_rngs(as_rng(rng), 2)
    part: Callable[..., Layer] = bug.wrong if is_wrong else bug.right
    G = generator(SHORT.start, rng=rng_g)
    if bug.kind == "step" or bug.right in (Linear, Tanh):
        D = _discriminator(lambda: [Tanh()], rng=rng_d)
        if bug.kind == "step":
            return D, G
        return _replaced(D, bug, part), _replaced(G, bug, part)
    follows = [Tanh()] if bug.follows else []
    if len(bug.shape) == 3:
        return _discriminator(lambda: [*follows, Rows(part(**bug.arguments))], rng=rng_d), G
    n_pieces = bug.arguments["n_pieces"] if bug.right is Maxout else 1
    return _discriminator(lambda: [*follows, part(**bug.arguments)], n_pieces, rng=rng_d), G


def _discriminator(
    nonlinearity: Callable[[], list[Layer]], n_pieces: int = 1, *, rng: np.random.Generator
) -> Sequential:
    """Return D of Figure 1 with another nonlinearity."""
    return Sequential(
        Linear(1, 32 * n_pieces, weight_init=normal(4.0), bias_init=uniform(6.0), rng=rng),
        *nonlinearity(),
        Linear(32, 32 * n_pieces, weight_init=normal(2 / math.sqrt(32)), rng=rng),
        *nonlinearity(),
        Linear(32, 1, weight_init=normal(0.5 / math.sqrt(32)), rng=rng),
    )


def _replaced(network: Sequential, bug: Bug, part: Callable[..., Layer]) -> Sequential:
    """Return the network with another layer in place of every Linear, or of every Tanh."""

    def replacement(layer: Layer) -> Layer:
        if bug.right is Tanh:
            return part() if isinstance(layer, Tanh) else layer
        if not isinstance(layer, Linear) or (bug.is_square and layer.n_in != layer.n_out):
            return layer
        weight, bias = layer.weight.data, layer.bias.data
        return part(layer.n_in, layer.n_out, weight_init=lambda *_: weight, bias_init=lambda *_: bias)

    return Sequential(*map(replacement, network))


def _measured(game: Game, iterations: Iterator[int], every: int) -> Curve:
    """Play, and measure the game every few iterations."""
    done, jsd, stopped = [], [], None
    with np.errstate(all="ignore"):
        try:
            for iteration in iterations:
                if iteration % every == 0:
                    check_parameters(iteration, D=game.D, G=game.G)
                    x, p_data, p_g = _densities(game)
                    done.append(iteration)
                    jsd.append(jensen_shannon_divergence(p_data, p_g, x))
        except (FloatingPointError, ValueError) as error:  # it diverges, or the optimiser refuses the gradient
            stopped = str(error)
    return Curve(done, jsd, x, p_data, p_g, stopped)


def _densities(game: Game) -> tuple[Array, Array, Array]:
    x = game.grid()
    return x, game.source.data.pdf(x), game.p_g(x)
