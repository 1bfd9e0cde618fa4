"""The two players in JAX: a whole iteration, its random numbers included, is one jitted function."""

import os
from typing import Any

import numpy as np

# Read when XLA starts. It would run a product on all cores; peers on one thread is what is compared.
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import jax
import jax.numpy as jnp

from benchmarks.peers import Order
from tinygan.layers import Sequential
from tinygan.recipes.mnist import MNIST

# The parameters of a player: weight, bias, weight, bias, ...
Values = list[jax.Array]


class Jitted:
    """Algorithm 1 as two pure functions, of a batch and of the number of an iteration, both compiled once."""

    def __init__(
        self, recipe: MNIST, D: Sequential, G: Sequential, images: np.ndarray, seed: int, device: str = "cpu"
    ) -> None:
        if device != "cpu":
            raise ValueError(f"the JAX peer got device {device!r}; it takes cpu")
        self.recipe, self.prior = recipe, recipe.prior()
        thetas = [[jnp.array(theta.data) for theta in player.parameters] for player in (D, G)]
        velocities = [[jnp.zeros_like(theta) for theta in player] for player in thetas]
        self.state = (*thetas, *velocities)
        self.key, self.images = jax.random.key(seed), jnp.asarray(images)
        self.order = Order(len(images), recipe.batch_size, seed)
        # The old values are given up, so that the new ones can take their place.
        self._update = jax.jit(self._updated, donate_argnums=0)
        self._iterate = jax.jit(self._iterated, donate_argnums=(0, 1))

    def update(self, x: Any, z_d: Any, z_g: Any) -> tuple[Any, Any]:
        """Update D, then G; return J_D and J_G."""
        self.state, losses = self._update(self.state, self.key, *map(jnp.asarray, (x, z_d, z_g)))
        return losses

    def parameters(self) -> list[np.ndarray]:
        """Return copies of the parameters of D, then of G."""
        return [np.array(theta) for player in self.state[:2] for theta in player]

    def __call__(self) -> object:
        """Do a whole iteration, and wait for its end."""
        self.state, self.key, losses = self._iterate(self.state, self.key, self.images, self.order())
        return jax.block_until_ready(losses)

    def _iterated(self, state: Any, key: Any, images: Any, indices: Any) -> Any:
        key, key_d, key_g, key_masks = jax.random.split(key, 4)
        x = images[indices].astype(jnp.float32) / 255
        shape, low, high = (len(x), self.prior.latent_dim), self.prior.low, self.prior.high
        z_d, z_g = (jax.random.uniform(k, shape, minval=low, maxval=high) for k in (key_d, key_g))
        state, losses = self._updated(state, key_masks, x, z_d, z_g)
        return state, key, losses

    def _updated(self, state: Any, key: Any, x: Any, z_d: Any, z_g: Any) -> Any:
        D, G, v_d, v_g = state
        key_d, key_g = jax.random.split(key)

        def loss_d(D: Values) -> jax.Array:
            logits = self._judged(D, jnp.concatenate([x, _generated(G, z_d)]), key_d)
            return jax.nn.softplus(-logits[: len(x)]).mean() + jax.nn.softplus(logits[len(x) :]).mean()

        value_d, grads = jax.value_and_grad(loss_d)(D)
        D, v_d = self._moved(D, v_d, grads)

        def loss_g(G: Values) -> jax.Array:
            return jax.nn.softplus(-self._judged(D, _generated(G, z_g), key_g)).mean()

        value_g, grads = jax.value_and_grad(loss_g)(G)
        G, v_g = self._moved(G, v_g, grads)
        return (D, G, v_d, v_g), (value_d, value_g)

    def _judged(self, D: Values, x: jax.Array, key: Any) -> jax.Array:
        w1, c1, w2, c2, w3, c3 = D
        keys, hidden = jax.random.split(key, 3), self.recipe.hidden_dropout
        b1 = self._maxout(_dropped(x, self.recipe.input_dropout, keys[0]) @ w1 + c1)
        b2 = self._maxout(_dropped(b1, hidden, keys[1]) @ w2 + c2)
        return _dropped(b2, hidden, keys[2]) @ w3 + c3

    def _maxout(self, a: jax.Array) -> jax.Array:
        return a.reshape(len(a), self.recipe.n_pieces, -1).max(1)

    def _moved(self, thetas: Values, velocities: Values, grads: Values) -> tuple[Values, Values]:
        rate, momentum = self.recipe.learning_rate, self.recipe.momentum
        velocities = [momentum * v - rate * g for v, g in zip(velocities, grads, strict=True)]
        return [theta + v for theta, v in zip(thetas, velocities, strict=True)], velocities


def _generated(G: Values, z: jax.Array) -> jax.Array:
    u1, c1, u2, c2, u3, c3 = G
    return jax.nn.sigmoid(jax.nn.relu(jax.nn.relu(z @ u1 + c1) @ u2 + c2) @ u3 + c3)


def _dropped(x: jax.Array, rate: float, key: Any) -> jax.Array:
    """Return x with entries dropped by 16 random bits each, which is faster than ``jax.random.bernoulli``."""
    if rate == 0:
        return x
    return jnp.where(jax.random.bits(key, x.shape, jnp.uint16) >= round(rate * 2**16), x * (1 / (1 - rate)), 0)


VARIANTS = {"JAX, one jitted function": Jitted}
