"""Other libraries that play the same game from the same weights: which are there, and whether they compute the same."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module
from typing import Any, Protocol

import numpy as np

from tinygan.adversarial import discriminator_step, generator_step
from tinygan.layers import Sequential
from tinygan.recipes.mnist import MNIST

# What two float32 programs may be apart, see `disagreement`.
AGREEMENT = 1e-4

# A peer's package, its module here, and the variants that it has: how a line of the table calls them.
PEERS = {
    "torch": (
        "benchmarks.peers_torch",
        ("PyTorch eager, as tutorials write it", "PyTorch eager, tuned", "PyTorch eager, tuned further"),
    ),
    "jax": ("benchmarks.peers_jax", ("JAX, one jitted function",)),
}


class Peer(Protocol):
    """One library's version of the two players."""

    def update(self, x: Any, z_d: Any, z_g: Any) -> tuple[Any, Any]:
        """Update D, then G, on these examples and this noise; return J_D and J_G before the updates."""

    def parameters(self) -> list[np.ndarray]:
        """Return copies of the parameters of D, then of G, weights of shape (n_in, n_out)."""

    def __call__(self) -> object:
        """Do one iteration of Algorithm 1 with k = 1: draw examples, noise and masks, and update both players."""


# Takes the recipe, D, G, images of bytes of shape (n, n_pixels), a seed and a device ("cpu" or "gpu").
Factory = Callable[[MNIST, Sequential, Sequential, np.ndarray, int, str], Peer]


def find_peers() -> tuple[dict[str, Factory], dict[str, str]]:
    """Return the variants of the peers that are installed, and for those of the others a sentence that says so."""
    found: dict[str, Factory] = {}
    absent: dict[str, str] = {}
    for package, (module, names) in PEERS.items():
        try:
            variants: Mapping[str, Factory] = import_module(module).VARIANTS
        except ImportError as error:
            absent |= dict.fromkeys(names, f"{package} is not installed: {error}")
        else:
            found |= {name: variants[name] for name in names}
    return found, absent


def disagreement(factory: Factory, recipe: MNIST, n_pixels: int, *, device: str = "cpu") -> float:
    """Return how far a peer is from tinygan after three iterations on the same batches and noise, without dropout.

    The largest of: the differences of the losses, in nats; and for every parameter, the largest difference relative to
    how far that parameter of tinygan has moved at most. The sizes and rates are not those that are timed: the rate and
    the weights of D are large enough that every parameter moves far beyond its rounding, also the last bias of D,
    whose gradients from real and from fake examples cancel where D is 1/2; and so few units and examples hardly ever
    meet two pieces of a maxout that tie but for rounding, where the gradients may differ.
    """
    sizes = {"batch_size": 10, "irange_d": 0.1, "learning_rate": 1.0, "input_dropout": 0.0, "hidden_dropout": 0.0}
    recipe = replace(recipe.scaled(0.1), **sizes)
    D, G = players(recipe, n_pixels)
    D.parameters[-1].data += 1
    optimizer_d, optimizer_g = recipe.optimizers(D, G)
    rng, prior, m = np.random.default_rng(0), recipe.prior(), recipe.batch_size
    peer = factory(recipe, D, G, np.zeros((m, n_pixels), np.uint8), 0, device)
    thetas = D.parameters + G.parameters
    first = [theta.data.copy() for theta in thetas]
    errors = []
    for _ in range(3):
        x = rng.random((m, n_pixels), np.float32)
        z_d, z_g = prior.sample(m, rng=rng), prior.sample(m, rng=rng)
        loss_d = discriminator_step(D, G, x, z_d, optimizer_d, rng=0)
        loss_g = generator_step(D, G, z_g, optimizer_g, rng=0)
        its_d, its_g = peer.update(x, z_d, z_g)
        errors += [abs(float(its_d) - float(loss_d)), abs(float(its_g) - float(loss_g))]
    for theta, start, its in zip(thetas, first, peer.parameters(), strict=True):
        errors.append(float(abs(its - theta.data).max() / abs(theta.data - start).max()))
    return max(errors)


def players(recipe: MNIST, n_pixels: int) -> tuple[Sequential, Sequential]:
    """Return D and G with their first weights."""
    return recipe.discriminator(n_pixels, rng=1), recipe.generator(np.full(n_pixels, 0.1), rng=2)


class Order:
    """The order of the examples: a fresh permutation every epoch, a batch at a time, short ones left out.

    Examples
    --------
    >>> order = Order(4, 2, seed=0)
    >>> sorted([*order(), *order()])
    [0, 1, 2, 3]
    """

    def __init__(self, n: int, batch_size: int, seed: int) -> None:
        self._rng, self._n, self._batch_size = np.random.default_rng(seed), n, batch_size
        self._left = np.empty(0, np.int64)

    def __call__(self) -> np.ndarray:
        """Return the indices of the next batch."""
        if len(self._left) < self._batch_size:
            self._left = self._rng.permutation(self._n)
        batch, self._left = np.split(self._left, [self._batch_size])
        return batch
