"""Wrong layers on images: windows that overlap, a window turned round, a border, and pooling without a mask."""

from typing import Any

import numpy as np

from tinygan.backend import Array, RngLike
from tinygan.gradcheck.gallery.bug import Bug
from tinygan.layers import Layer, Parameter


class Convolution(Layer):
    """One window of 3 x 3 weights, which stand `dilation` pixels apart, slides over images with a border of zeros."""

    def __init__(self, dilation: int = 1) -> None:
        self.dilation = dilation
        self.window = Parameter(np.random.default_rng(0).normal(size=(3, 3)), "window")
        self.parameters = (self.window,)

    def forward(self, x: Array, *, rng: RngLike = None) -> tuple[Array, Any]:
        """Return images of the same size, and x with its border as the cache."""
        (_, height, width), d = x.shape, self.dilation
        padded = np.pad(x, ((0, 0), (d, d), (d, d)))
        y = np.zeros_like(x)
        for i, j in np.ndindex(3, 3):
            y += self.window.data[i, j].astype(x.dtype) * padded[:, i * d : i * d + height, j * d : j * d + width]
        return y, padded

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Add the share of every weight at the pixels that it has seen, and cut off the border."""
        (_, height, width), d = grad_y.shape, self.dilation
        grad_padded = np.zeros_like(cache)
        for i, j in np.ndindex(3, 3):
            grad_padded[:, i * d : i * d + height, j * d : j * d + width] += self.window.data[i, j] * grad_y
        return grad_padded[:, d:-d, d:-d]

    def backward_params(self, grad_y: Array, cache: Any) -> None:
        """Accumulate, for every weight, the sum of grad_y times the pixels that it has seen."""
        (_, height, width), d = grad_y.shape, self.dilation
        grad = np.zeros_like(self.window.data)
        for i, j in np.ndindex(3, 3):
            grad[i, j] = (grad_y * cache[:, i * d : i * d + height, j * d : j * d + width]).sum()
        self.window.accumulate(grad)


class OverwrittenWindows(Convolution):
    """Writes ``=`` where ``+=`` belongs, so that each pixel keeps the share of the last weight that has seen it.

    As long as windows lie side by side, both are the same, and a first test often has stride 2 and windows of 2.
    Where they overlap, eight of nine shares are lost. Diagnosis: not_accumulated.
    """

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return the last share of every pixel."""
        (_, height, width), d = grad_y.shape, self.dilation
        grad_padded = np.zeros_like(cache)
        for i, j in np.ndindex(3, 3):
            grad_padded[:, i * d : i * d + height, j * d : j * d + width] = self.window.data[i, j] * grad_y
        return grad_padded[:, d:-d, d:-d]


class ForgottenDilation(Convolution):
    """Gives the weights the pixels of windows that are not dilated.

    With dilation 1, where it is tested, it is right. The same happens to strides: one ``i * d`` of four is an
    ``i``, and no shape says so. Diagnosis: special_case.
    """

    def backward_params(self, grad_y: Array, cache: Any) -> None:
        """Accumulate the sums over the wrong pixels."""
        _, height, width = grad_y.shape
        grad = np.zeros_like(self.window.data)
        for i, j in np.ndindex(3, 3):
            grad[i, j] = (grad_y * cache[:, i : i + height, j : j + width]).sum()
        self.window.accumulate(grad)


class TurnedWindow(Convolution):
    """Slides the same window over grad_y, where it has to be turned by half a turn.

    "The gradient of a convolution is a convolution", but what forward computes is a correlation, and its gradient
    is the other one. A window that is symmetric hides it. Diagnosis: transposed.
    """

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return the same correlation of grad_y."""
        return self.forward(grad_y)[0]


class WrongBorder(Convolution):
    """Cuts off the border on one side only, twice as much.

    ``[:height, :width]`` has the right shape, and moves every pixel's gradient to its neighbour. In pictures that
    vary slowly, a neighbour's gradient is not so bad. Diagnosis: permuted.
    """

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return the gradient of the border above and to the left, and of all but the last pixels."""
        (_, height, width), d = grad_y.shape, self.dilation
        grad_padded = np.zeros_like(cache)
        for i, j in np.ndindex(3, 3):
            grad_padded[:, i * d : i * d + height, j * d : j * d + width] += self.window.data[i, j] * grad_y
        return grad_padded[:, :height, :width]


class MaxPool(Layer):
    """The largest of each pixel and its right neighbour; windows overlap, and images keep their size."""

    def forward(self, x: Array, *, rng: RngLike = None) -> tuple[Array, Any]:
        """Return y, and where the right neighbour has won as the cache."""
        right = np.concatenate([x[:, :, 1:], x[:, :, -1:]], axis=2)
        return np.maximum(x, right), right > x

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Give grad_y to the winner of every window."""
        grad_x = grad_y * ~cache
        grad_x[:, :, 1:] += (grad_y * cache)[:, :, :-1]
        return grad_x


class EveryWinner(MaxPool):
    """Gives the gradient of a window to all its pixels, as if they had all won.

    Without the mask the layer is a sum on its way back. What lost the comparison is told to grow as well, until the
    layer below cannot tell winners from losers. Diagnosis: missing_mask.
    """

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Give grad_y to both pixels of every window."""
        grad_x = grad_y.copy()
        grad_x[:, :, 1:] += grad_y[:, :, :-1]
        return grad_x


SHAPE = (2, 4, 5)
BUGS = [
    Bug("overwritten_windows", "not_accumulated", "= for += where windows overlap", OverwrittenWindows, Convolution,
        shape=SHAPE, follows=True),
    Bug("forgotten_dilation", "special_case", "convolution that forgets its dilation", ForgottenDilation, Convolution,
        {"dilation": 2}, SHAPE, follows=True),
    Bug("turned_window", "transposed", "convolution whose window is not turned", TurnedWindow, Convolution,
        shape=SHAPE, follows=True),
    Bug("wrong_border", "permuted", "border cut off on one side only", WrongBorder, Convolution,
        shape=SHAPE, follows=True),
    Bug("every_winner", "missing_mask", "max pooling without its mask", EveryWinner, MaxPool,
        shape=SHAPE, follows=True),
]  # fmt: skip
