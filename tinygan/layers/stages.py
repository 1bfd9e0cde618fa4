"""What runs as one in a Sequential: a Linear and the activation above it, which adds the bias on its way."""

from collections.abc import Sequence
from typing import Any

from tinygan.backend import Array, RngLike
from tinygan.layers.activations import ReLU, Sigmoid
from tinygan.layers.base import Layer
from tinygan.layers.linear import Linear
from tinygan.layers.maxout import Maxout

# Those that have forward_biased. Classes derived from them may mean something else by forward.
TAKE_A_BIAS = (ReLU, Sigmoid, Maxout)


class Stage:
    """One layer, or two that run as one; it gives what the layers give one after another, bit for bit.

    Attributes
    ----------
    layers : tuple of Layer

    Examples
    --------
    >>> import numpy as np
    >>> linear = Linear(2, 3, rng=0)
    >>> y, caches = Stage(linear, ReLU()).forward(np.ones((1, 2), np.float32), rng=None)
    >>> bool((y == ReLU()(linear(np.ones((1, 2), np.float32)))).all()), len(caches)
    (True, 2)
    """

    def __init__(self, *layers: Layer) -> None:
        self.layers = layers

    def __call__(self, x: Array) -> Array:
        """Return y, evaluated."""
        if self._is_one:
            return self._biased(x)[0]
        for layer in self.layers:
            x = layer(x)
        return x

    def forward(self, x: Array, *, rng: RngLike) -> tuple[Array, list[Any]]:
        """Return y and the caches of the layers."""
        if self._is_one:
            y, cache = self._biased(x)
            return y, [x, cache]
        caches = []
        for layer in self.layers:
            x, cache = layer.forward(x, rng=rng)
            caches.append(cache)
        return x, caches

    @property
    def _is_one(self) -> bool:
        """Return whether two run as one; not if somebody has put another forward on one of them, to look inside."""
        return len(self.layers) == 2 and not any("forward" in vars(layer) for layer in self.layers)

    def _biased(self, x: Array) -> tuple[Array, Any]:
        linear, activation = self.layers
        assert isinstance(linear, Linear)
        assert isinstance(activation, TAKE_A_BIAS)
        return activation.forward_biased(linear.product(x), linear.bias.data)


def stages(layers: Sequence[Layer]) -> list[Stage]:
    """Return the layers in their order, as stages.

    Examples
    --------
    >>> [len(stage.layers) for stage in stages([Linear(2, 3), ReLU(), Linear(3, 1)])]
    [2, 1]
    """
    found: list[Stage] = []
    for layer in layers:
        below = found[-1].layers if found else ()
        if type(layer) in TAKE_A_BIAS and [*map(type, below)] == [Linear]:
            found[-1] = Stage(*below, layer)
        else:
            found.append(Stage(layer))
    return found
