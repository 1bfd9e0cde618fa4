"""Dropout: silence each input with a fixed probability while training."""

from typing import Any

from tinygan.arguments import check_share
from tinygan.backend import Array, RngLike, as_rng, get_array_module
from tinygan.backend.fused import fused
from tinygan.backend.streams import bits
from tinygan.layers.base import layer_name
from tinygan.layers.doors import check_input
from tinygan.layers.elementwise import Elementwise


class Dropout(Elementwise):
    """y = x mask, where mask is 0 with probability rate, and 1 / (1 - rate) otherwise; in evaluation y = x.

    Parameters
    ----------
    rate : float
        The probability of dropping, in [0, 1). The paper's D drops .2 of its input and .5 of each later layer's input.

    Raises
    ------
    TypeError, ValueError
        If the rate is not a number in [0, 1); from `forward`, if rng is missing.

    Notes
    -----
    E[mask] = (1 - rate) / (1 - rate) = 1, so evaluation needs no correction. The mask is drawn in forward and is a
    constant in backward: dy/dx = mask. An entry is dropped if 16 random bits, read as a number, are below rate 2^16,
    so the rate is right to 1 / 2^17.

    References
    ----------
    Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov 2014, Dropout: a simple way to prevent neural networks
    from overfitting.

    Examples
    --------
    >>> import numpy as np
    >>> dropout = Dropout(0.5)
    >>> dropout(np.ones((1, 4), np.float32))
    array([[1., 1., 1., 1.]], dtype=float32)
    >>> y, mask = dropout.forward(np.ones((1, 4), np.float32), rng=0)
    >>> y
    array([[0., 0., 2., 0.]], dtype=float32)
    """

    def __init__(self, rate: float) -> None:
        self.rate = check_share("Dropout got rate", rate)

    def __call__(self, x: Array) -> Array:
        """Return x: evaluation drops nothing."""
        check_input(self, x)
        return x

    def forward(self, x: Array, *, rng: RngLike = None) -> tuple[Array, Any]:
        """Return x mask and the mask, drawn from rng, as the cache."""
        check_input(self, x)
        if rng is None:
            raise ValueError(
                f"{layer_name(self)}.forward got no rng, and dropout draws; "
                "pass rng=np.random.default_rng(seed), or call layer(x) to evaluate"
            )
        mask, y = _dropped(x, bits(as_rng(rng), x), round(self.rate * 2**16), 1 / (1 - self.rate))
        return y, mask

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return dL/dx = dL/dy mask."""
        self._check_backward(grad_y, cache)
        return grad_y * cache


@fused("mask = bits >= threshold ? scale : 0; y = x * mask")
def _dropped(x: Array, bits: Array, threshold: int, scale: float) -> tuple[Array, Array]:
    xp = get_array_module(x)
    mask = xp.greater_equal(bits, threshold, out=xp.empty_like(x))  # lies in memory as x does
    mask *= scale
    return mask, x * mask
