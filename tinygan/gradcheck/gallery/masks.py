"""Wrong dropout: another mask, no scale, the scale twice, a mask of the wrong type."""

from typing import Any

import numpy as np

from tinygan.backend import Array, RngLike, as_rng
from tinygan.gradcheck.gallery.bug import Bug
from tinygan.layers import Dropout


class RedrawnMask(Dropout):
    """Draws a mask of its own in backward, because forward did not keep the one that it drew.

    "It is random anyway." Units that took part in the output go without gradient, and units that took no part get
    some. On average over many steps a part of the signal comes through, and the rest looks like the noise that
    dropout is expected to bring. Diagnosis: redrawn_mask.
    """

    def forward(self, x: Array, *, rng: RngLike = None) -> tuple[Array, Any]:
        """Return the masked x, and rng as the cache."""
        rng = as_rng(rng)
        return super().forward(x, rng=rng)[0], rng

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return grad_y times a new mask."""
        return super().forward(grad_y, rng=cache)[0]


class NoMask(Dropout):
    """Passes the whole gradient on, also to the units that forward has dropped.

    Backward was written before dropout was switched on. A unit that took no part in the output is told how to change
    it, by a gradient that belongs to the others. Diagnosis: missing_mask.
    """

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return grad_y."""
        return grad_y.copy()


class UnscaledMask(Dropout):
    """Drops in backward what forward dropped, but forgets that forward has scaled the rest.

    Old dropout scaled at test time; inverted dropout scales in training, and then in both directions. Inverted
    dropout with the backward pass of the old one passes on only 1 - rate of every gradient. With rates of 0.2 that
    is hard to see. Diagnosis: unscaled_mask.
    """

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return grad_y where the mask is not 0."""
        return grad_y * (cache != 0)


class ScaledTwice(Dropout):
    """Divides by 1 - rate again in backward, though the mask in the cache has been divided already.

    Written by somebody who knew that the scale is easily forgotten, and did not look at what the cache holds.
    The layers below a dropout of 1/2 learn twice as fast, below two of them four times. Diagnosis: factor.
    """

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return grad_y mask / (1 - rate)."""
        return grad_y * cache / (1 - self.rate)


class DoubleMask(Dropout):
    """Divides a mask of booleans by a number, which gives float64 in NumPy and makes all that it touches float64.

    Every gradient is right, and a gradient check, which runs in float64, sees nothing at all. In training everything
    after the layer computes in double precision, at twice the cost, and on most GPUs far more. Diagnosis: precision.
    """

    def forward(self, x: Array, *, rng: RngLike = None) -> tuple[Array, Any]:
        """Return x mask and the mask, both float64."""
        mask = (as_rng(rng).random(x.shape, dtype=x.dtype) >= self.rate) / np.float64(1 - self.rate)
        return x * mask, mask

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return grad_y mask."""
        return grad_y * cache


BUGS = [
    Bug("redrawn_mask", "redrawn_mask", "dropout draws a new mask in backward", RedrawnMask, Dropout,
        {"rate": 0.3}, follows=True),
    Bug("no_mask", "missing_mask", "dropout that drops only in forward", NoMask, Dropout,
        {"rate": 0.3}, follows=True),
    Bug("unscaled_mask", "unscaled_mask", "dropout scales only in forward", UnscaledMask, Dropout,
        {"rate": 0.3}, follows=True),
    Bug("scaled_twice", "factor", "dropout scales twice in backward", ScaledTwice, Dropout,
        {"rate": 0.3}, follows=True),
    Bug("double_mask", "precision", "mask that turns float32 into float64", DoubleMask, Dropout,
        {"rate": 0.3}, follows=True),
]  # fmt: skip
