"""Pooling: of each window of an image, channel by channel, the largest number, or the mean."""

from abc import abstractmethod
from typing import Any

from tinygan.arguments import check_count
from tinygan.backend import Array, RngLike, get_array_module
from tinygan.layers.base import Layer, Shape, layer_name
from tinygan.layers.doors import check_grad_y, wrong_cache
from tinygan.layers.images.doors import check_image_shape, check_images, check_side
from tinygan.layers.images.layout import as_images, in_rows

WIDTH, HEIGHT = 2, 0  # the axes of images that lie as (height, channels, width, m)


class Pool2D(Layer):
    """What `MaxPool2D` and `AveragePool2D` have in common: their windows, and one pass along each side of the image.

    Parameters
    ----------
    size : int
        Height and width of the windows.
    stride : int, optional
        How far apart the windows begin; by default size, so that they lie side by side.

    Notes
    -----
    The largest number of a window is the largest of those of its rows, and its mean is the mean of those of its rows.
    So a first pass goes along the width of the image and a second along its height. For a pixel of y, both together
    look at 2 size numbers, where a window has size^2.
    """

    def __init__(self, size: int, stride: int | None = None) -> None:
        name = type(self).__name__
        self.size = check_count(f"{name} got size", size)
        self.stride = self.size if stride is None else check_count(f"{name} got stride", stride)

    @abstractmethod
    def _pool(self, x: Array) -> tuple[Array, Any]:
        """Return x pooled along its first axis, and a cache."""

    @abstractmethod
    def _pool_back(self, grad_y: Array, cache: Any, n: int) -> Array:
        """Return the gradient with respect to x, whose first axis had n entries."""

    def forward(self, x: Array, *, rng: RngLike = None) -> tuple[Array, Any]:
        """Return y, (m, y_height, y_width, channels), and as the cache the shape of x and what both passes kept."""
        check_images(self, x)
        self.output_shape(x.shape[1:])
        y, kept = in_rows(x), []
        for axis in (WIDTH, HEIGHT):
            y, cache = self._pool(y.swapaxes(0, axis))
            y = y.swapaxes(0, axis)
            kept.append(cache)
        return as_images(y), (x.shape, kept)

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return dL/dx, of the shape of x: both passes back, in the reverse order."""
        if not isinstance(cache, tuple):
            raise wrong_cache(layer_name(self), f"type {type(cache).__name__}")
        (m, height, width, channels), kept = cache
        check_grad_y(self, grad_y, (m, self._y_side(height), self._y_side(width), channels))
        grad = in_rows(grad_y)
        for axis, n, pass_cache in ((HEIGHT, height, kept[1]), (WIDTH, width, kept[0])):
            grad = self._pool_back(grad.swapaxes(0, axis), pass_cache, n).swapaxes(0, axis)
        return as_images(grad)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (y_height, y_width, channels), or None if x is not known; raise a ValueError if it does not fit."""
        check_image_shape(self, input_shape)
        if input_shape is None:
            return None
        height, width, channels = input_shape
        return (self._y_side(height), self._y_side(width), channels)

    def _y_side(self, side: int) -> int:
        check_side(self, side, self.size)
        return _n_windows(side, self.size, self.stride)


class MaxPool2D(Pool2D):
    """y = the largest number of each window, for every channel.

    ::

        x (m, height, width, channels)     size 2, stride 2     y (m, y_height, y_width, channels)

        1  3 | 2  0 | 4                                         5  2  4
        5  0 | 1  2 | 0                  ---------------->      7  0  1
        ------------------
        7  0 | 0  0 | 1                                         the last windows hang over the edge

    Parameters
    ----------
    size : int
        Height and width of the windows.
    stride : int, optional
        How far apart the windows begin; by default size, so that they lie side by side. If it is smaller, they overlap.

    Raises
    ------
    TypeError, ValueError
        If a number is not an int >= 1; from the passes, if x holds no images, or smaller ones than a window.

    See Also
    --------
    AveragePool2D : The mean of each window.

    Notes
    -----
    The windows cover the whole image: y_height = ceil((height - size) / stride) + 1, as the paper's nets have it, and
    those at the lower and right edge may be cut off there. No window begins outside.

    dy/dx is 1 for the number that won its window and 0 for the others. A number that won several windows gets the sum
    of their gradients. On a tie the first wins, in the order in which one reads, and it alone gets the gradient.

    Each pass compares a window's numbers in order, as `Maxout` does with its pieces: ``won[i - 1]`` says where number i
    beat all before it. Back it goes from the last number to the first: each takes the gradient where it has won, and
    leaves the rest to those before it. If the stride divides the size, a window is made of whole strides: a pass then
    looks for the largest of each stride first, and compares these.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[1.0, 3, 2, 0, 4], [5, 0, 1, 2, 0], [7, 0, 0, 0, 1]])[None, :, :, None]
    >>> y, cache = MaxPool2D(2).forward(x)
    >>> y[0, :, :, 0]
    array([[5., 2., 4.],
           [7., 0., 1.]])
    >>> MaxPool2D(2).backward_input(np.ones_like(y), cache)[0, :, :, 0]
    array([[0., 0., 1., 0., 1.],
           [1., 0., 0., 0., 0.],
           [1., 0., 1., 0., 1.]])
    """

    def _pool(self, x: Array) -> tuple[Array, Any]:
        kept = []
        for size, stride in self._stages():
            n = len(x)
            x, won = _largest(x, size, stride)
            kept.append((n, won))
        return x, kept

    def _pool_back(self, grad_y: Array, cache: Any, n: int) -> Array:
        for (_, stride), (n_before, won) in zip(reversed(self._stages()), reversed(cache), strict=True):
            grad_y = _largest_back(grad_y, won, stride, n_before)
        return grad_y

    def _stages(self) -> list[tuple[int, int]]:
        """Return size and stride of the windows in each stage of a pass."""
        if self.size % self.stride:
            return [(self.size, self.stride)]
        return [(self.stride, self.stride), (self.size // self.stride, 1)]


class AveragePool2D(Pool2D):
    """y = the mean of each window, for every channel.

    Parameters
    ----------
    size : int
        Height and width of the windows.
    stride : int, optional
        How far apart the windows begin; by default size, so that they lie side by side.

    Raises
    ------
    TypeError, ValueError
        If a number is not an int >= 1; from the passes, if x holds no images, or smaller ones than a window.

    See Also
    --------
    MaxPool2D : The largest of each window, of the same windows.

    Notes
    -----
    A window that hangs over an edge has fewer numbers; y is the mean of those that it has. With n numbers in a window,
    dy/dx is 1/n for each of them. So grad_x adds up grad_y / n over the windows that a number lies in.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(9.0).reshape(1, 3, 3, 1)
    >>> y, cache = AveragePool2D(2).forward(x)
    >>> y[0, :, :, 0]
    array([[2. , 3.5],
           [6.5, 8. ]])
    >>> AveragePool2D(2).backward_input(np.ones_like(y), cache)[0, :, :, 0]
    array([[0.25, 0.25, 0.5 ],
           [0.25, 0.25, 0.5 ],
           [0.5 , 0.5 , 1.  ]])
    """

    def _pool(self, x: Array) -> tuple[Array, Any]:
        xp, n_windows = get_array_module(x), _n_windows(len(x), self.size, self.stride)
        y = xp.zeros_like(x, shape=(n_windows, *x.shape[1:]))
        for i in range(self.size):
            part = x[i :: self.stride][:n_windows]
            y[: len(part)] += part
        self._divide(y, len(x))
        return y, None

    def _pool_back(self, grad_y: Array, cache: Any, n: int) -> Array:
        grad_x, share = (
            get_array_module(grad_y).zeros_like(grad_y, shape=(n, *grad_y.shape[1:])),
            grad_y.copy(order="K"),
        )
        self._divide(share, n)
        for i in range(self.size):
            grad_part = grad_x[i :: self.stride][: len(share)]
            grad_part += share[: len(grad_part)]
        return grad_x

    def _divide(self, y: Array, n: int) -> None:
        """Divide each window of y, in place, by how many of the n entries it has."""
        n_whole = (n - self.size) // self.stride + 1
        y[:n_whole] /= self.size
        for i in range(n_whole, len(y)):
            y[i] /= n - i * self.stride


def _n_windows(n: int, size: int, stride: int) -> int:
    """Return how many windows cover n entries: the last one may hang over, but none begins outside."""
    return min(-(-(n - size) // stride) + 1, -(-n // stride))


def _largest(x: Array, size: int, stride: int) -> tuple[Array, list[Array]]:
    """Return the largest entry of each window along the first axis, and where entry i beat all before it."""
    xp, n_windows, won = get_array_module(x), _n_windows(len(x), size, stride), []
    y = x[::stride][:n_windows].copy(order="K")
    for i in range(1, size):
        part = x[i::stride][:n_windows]  # shorter than y where the last windows hang over
        best = y[: len(part)]
        won.append(part > best)
        xp.maximum(part, best, out=best)
    return y, won


def _largest_back(grad_y: Array, won: list[Array], stride: int, n: int) -> Array:
    """Return grad_y at the entry that won each window, from the last entry to the first, and 0 at the others."""
    grad_x, rest = get_array_module(grad_y).zeros_like(grad_y, shape=(n, *grad_y.shape[1:])), grad_y.copy(order="K")
    for i in range(len(won), 0, -1):
        grad_part = rest[: len(won[i - 1])] * won[i - 1]
        rest[: len(grad_part)] -= grad_part
        grad_x[i::stride][: len(grad_part)] += grad_part
    grad_x[::stride][: len(rest)] += rest
    return grad_x
