"""Convolution and transposed convolution: each is the other's gradient with respect to its input."""

from abc import abstractmethod
from functools import partial
from typing import Any

import numpy as np

from tinygan.arguments import check_count
from tinygan.backend import Array, RngLike, as_rng, get_array_module
from tinygan.layers.base import Layer, Shape, layer_name
from tinygan.layers.contents import layer_table
from tinygan.layers.doors import check_cache, check_device, check_grad_y, check_precision
from tinygan.layers.images.correlation import correlate, spread, weight_gradient
from tinygan.layers.images.doors import check_image_shape, check_images, check_padding, check_side
from tinygan.layers.images.layout import as_images, in_rows, y_side
from tinygan.layers.initializers import Initializer, glorot, initialized, zeros
from tinygan.layers.parameter import Parameter


class Convolution(Layer):
    """What `Conv2D` and `ConvTranspose2D` have in common: a weight of square kernels, a bias, and the checks."""

    def __init__(
        self,
        n_in: int,
        n_out: int,
        size: int,
        *,
        stride: int = 1,
        padding: int = 0,
        bias_shape: tuple[int, int, int] | None = None,
        weight_init: Initializer = glorot,
        bias_init: Initializer = zeros,
        rng: RngLike = None,
        dtype: Any = np.float32,
    ) -> None:
        name = type(self).__name__
        self.n_in, self.n_out = check_count(f"{name} got n_in", n_in), check_count(f"{name} got n_out", n_out)
        self.size, self.stride = check_count(f"{name} got size", size), check_count(f"{name} got stride", stride)
        self.padding = check_padding(name, padding, self.size)
        self.bias_shape = bias_shape and tuple(check_count(f"{name} got bias_shape with", side) for side in bias_shape)
        if self.bias_shape and (len(self.bias_shape) != 3 or self.bias_shape[2] != self.n_out):
            raise ValueError(f"{name} got bias_shape={self.bias_shape}; it takes (height, width, {self.n_out})")
        check_precision(name, dtype)
        shape, unit_axis, fan_in, fan_out = self._weight()
        begin = partial(initialized, rng=as_rng(rng), dtype=dtype, fan_in=fan_in, fan_out=fan_out)
        self.weight = Parameter(begin(f"{name} got weight_init", weight_init, shape), "weight", unit_axis=unit_axis)
        bias = begin(f"{name} got bias_init", bias_init, self.bias_shape or (self.n_out,))
        self.bias = Parameter(bias, "bias", unit_axis=None if self.bias_shape else -1)
        self.parameters = (self.weight, self.bias)

    @abstractmethod
    def _weight(self) -> tuple[tuple[int, ...], int, int, int]:
        """Return the shape of the weight, the axis that counts its units, and fan_in and fan_out."""

    @abstractmethod
    def _y_side(self, side: int) -> int:
        """Return the height of y for images of this height, or the width for this width."""

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (y_height, y_width, n_out), or None if it is not known; raise a ValueError if x does not fit."""
        check_image_shape(self, input_shape, self.n_in)
        if input_shape is None:
            return self.bias_shape
        shape = (*map(self._y_side, input_shape[:2]), self.n_out)
        if self.bias_shape not in (None, shape):
            raise ValueError(
                f"{layer_name(self)} returns images {shape} for images {input_shape}; it takes bias_shape={shape}, or "
                "other images"
            )
        return shape

    def __repr__(self) -> str:
        return layer_table(self)

    def _check_forward(self, x: Array) -> tuple[int, ...]:
        """Raise unless x fits; return the shape of y."""
        check_images(self, x, self.n_in)
        check_device(self, x)
        return (len(x), *(self.output_shape(x.shape[1:]) or ()))

    def _check_backward(self, grad_y: Array, cache: Any) -> None:
        check_cache(self, cache, axis=3, size=self.n_in)
        check_grad_y(self, grad_y, (len(cache), *(self.output_shape(cache.shape[1:]) or ())))
        get_array_module(grad_y, cache)  # raises if they are on two devices

    def _accumulate(self, grad_weight: Array, grad_y: Array) -> None:
        """Accumulate the gradient of the weight, and that of the bias: dL/dy, summed where one number was added."""
        self.weight.accumulate(grad_weight)
        self.bias.accumulate(grad_y.sum(axis=0 if self.bias_shape else (0, 1, 2)))


class Conv2D(Convolution):
    """y = correlate(x, W) + b: each pixel of y is an affine function of a window of x, the same one everywhere.

    ::

        x (m, height, width, n_in)             W (size, size, n_in, n_out)       y (m, y_height, y_width, n_out)

        . . . . . .       a window of          n_out kernels of
        . [ . . . ] .     size x size pixels   size x size x n_in numbers        . . . .
        . [ . . . ] .   ------------------------------------------------------>  . o . .   one pixel of y,
        . [ . . . ] .                                                            . . . .   n_out numbers
        . . . . . .                                                              . . . .

    Parameters
    ----------
    n_in, n_out : int
        Channels of x and of y.
    size : int
        Height and width of the window.
    stride : int
        How far the window moves from one pixel of y to the next.
    padding : int
        How many pixels of zeros are put around x, less than size.
    bias_shape : tuple of int, optional
        None ties the bias: one number a channel. (y_height, y_width, n_out) gives every pixel of y a number of its own.
    weight_init, bias_init : initializer
        As in `Linear`. A unit of y sums up fan_in = size^2 n_in numbers; a number of x goes, on average and away from
        the edges, to fan_out = (size / stride)^2 n_out.
    rng : numpy.random.Generator, int or None
        Where random first values come from.
    dtype : {numpy.float32, numpy.float64}
        Precision of the parameters.

    Attributes
    ----------
    weight : Parameter of shape (size, size, n_in, n_out)
    bias : Parameter of shape (n_out,) or bias_shape

    Raises
    ------
    TypeError, ValueError
        If a number is out of range, such as a stride of 0; from the passes, if an array does not fit.

    See Also
    --------
    ConvTranspose2D : The same three functions with the roles of x and y exchanged.

    Notes
    -----
    y_height = floor((height + 2 padding - size) / stride) + 1, and y_width likewise. Pixels at the lower and right edge
    that no window reaches are not used, and their gradient is 0.

    With s = stride, p = padding, L a scalar that depends on y, and x 0 outside the image:

    y_hv = sum_ij x_(hs+i-p, vs+j-p) W_ij + b,

    where h, v count the pixels of y, i, j those of the window, and W_ij is a matrix (n_in, n_out). For one pair (i, j)
    this is a `Linear` on pixels, and so are the gradients; they add up over all pairs that use the same number:

    dL/dx_kl = sum of dL/dy_hv W_ij^T over all (h, v, i, j) with hs+i-p = k and vs+j-p = l: `spread`;
    dL/dW_ij = sum_hv x_(hs+i-p, vs+j-p)^T dL/dy_hv, summed over the batch as well: `weight_gradient`;
    dL/db = sum_hv dL/dy_hv, or dL/dy_hv for each pixel if the bias is not tied, summed over the batch.

    The kernels are not flipped. So it is a correlation, which everyone calls a convolution.

    Examples
    --------
    >>> import numpy as np
    >>> layer = Conv2D(3, 8, 5, stride=2, padding=2, rng=0)
    >>> y, cache = layer.forward(np.ones((4, 32, 32, 3), np.float32))
    >>> y.shape
    (4, 16, 16, 8)
    >>> layer.backward(np.ones_like(y), cache).shape
    (4, 32, 32, 3)
    >>> layer.bias.grad  # 4 images of 16 x 16 pixels
    array([1024., 1024., 1024., 1024., 1024., 1024., 1024., 1024.],
          dtype=float32)
    """

    def forward(self, x: Array, *, rng: RngLike = None) -> tuple[Array, Any]:
        """Return y, of shape (m, y_height, y_width, n_out), and x as the cache."""
        self._check_forward(x)
        x = as_images(in_rows(x))  # so that backward_params need not bring it into this order again
        y = correlate(x, self.weight.data, self.stride, self.padding)
        y += self.bias.data
        return y, x

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return dL/dx, of the shape of x: each pixel of dL/dy spread over the window that it saw."""
        self._check_backward(grad_y, cache)
        return spread(grad_y, self.weight.data, self.stride, self.padding, cache.shape)

    def backward_params(self, grad_y: Array, cache: Any) -> None:
        """Accumulate dL/dW: what each pixel of y saw, times its dL/dy; and dL/db, the sum of dL/dy."""
        self._check_backward(grad_y, cache)
        self._accumulate(weight_gradient(cache, grad_y, self.size, self.stride, self.padding), grad_y)

    def _weight(self) -> tuple[tuple[int, ...], int, int, int]:
        shape = (self.size, self.size, self.n_in, self.n_out)
        return shape, -1, self.size**2 * self.n_in, _spread_fan(self, self.n_out)

    def _y_side(self, side: int) -> int:
        check_side(self, side, self.size - 2 * self.padding)
        return y_side(side, self.size, self.stride, self.padding)


class ConvTranspose2D(Convolution):
    """y = spread(x, W) + b: each pixel of x is spread over a window of y, by the same kernels everywhere.

    ::

        x (m, height, width, n_in)             W (size, size, n_out, n_in)       y (m, y_height, y_width, n_out)

                                                                                 . . . . . .
        . . . .                                                                  . [ . . . ] .
        . o . .       one pixel of x,          a window of size x size pixels    . [ . . . ] .
        . . . .       n_in numbers           ----------------------------------> . [ . . . ] .
        . . . .                                where windows overlap, they add   . . . . . .

    It is what some call a deconvolution, although it undoes no convolution: it is the gradient of `Conv2D` with respect
    to its input, used as a layer. With stride 2 it makes images of twice the size.

    Parameters
    ----------
    n_in, n_out : int
        Channels of x and of y.
    size : int
        Height and width of the window.
    stride : int
        How far the window moves in y from one pixel of x to the next.
    padding : int
        How many pixels are cut off y on each side, less than size.
    bias_shape : tuple of int, optional
        None ties the bias: one number a channel. (y_height, y_width, n_out) gives every pixel of y a number of its own,
        as in the CIFAR-10 generator of the paper.
    weight_init, bias_init : initializer
        As in `Linear`. On average and away from the edges, a unit of y sums up fan_in = (size / stride)^2 n_in numbers;
        a number of x goes to fan_out = size^2 n_out.
    rng : numpy.random.Generator, int or None
        Where random first values come from.
    dtype : {numpy.float32, numpy.float64}
        Precision of the parameters.

    Attributes
    ----------
    weight : Parameter of shape (size, size, n_out, n_in)
        As the weight of the `Conv2D` from y to x. So the axis that counts its units is the third.
    bias : Parameter of shape (n_out,) or bias_shape

    Raises
    ------
    TypeError, ValueError
        If a number is out of range, such as a stride of 0; from the passes, if an array does not fit.

    See Also
    --------
    Conv2D : Where the three functions are derived.

    Notes
    -----
    y_height = (height - 1) stride + size - 2 padding, and y_width likewise.

    Let C be the matrix of the `Conv2D` with this weight, which takes images like y to images like x, all as vectors.
    This layer is y = C^T x + b. So dL/dx = C dL/dy, a convolution: the forward pass of one layer is `backward_input` of
    the other, and the reverse. dL/dW is that of (dL/dy)^T (C^T x) = (C dL/dy)^T x: here C acts on dL/dy, and x stands
    where the gradient stands in a convolution. So it is ``weight_gradient(grad_y, x)``.

    If stride does not divide size, windows overlap more often at some pixels than at others, and untrained kernels draw
    a checkerboard (Odena, Dumoulin and Olah 2016).

    References
    ----------
    Zeiler, Krishnan, Taylor and Fergus 2010, Deconvolutional networks. Odena, Dumoulin and Olah 2016, Deconvolution and
    checkerboard artifacts.

    Examples
    --------
    >>> import numpy as np
    >>> layer = ConvTranspose2D(8, 3, 4, stride=2, padding=1, rng=0)
    >>> y, cache = layer.forward(np.ones((4, 16, 16, 8), np.float32))
    >>> y.shape
    (4, 32, 32, 3)
    >>> conv = Conv2D(3, 8, 4, stride=2, padding=1)
    >>> conv.weight.data = layer.weight.data
    >>> _, cache = conv.forward(y)
    >>> bool((conv.backward_input(np.ones((4, 16, 16, 8), np.float32), cache) == y).all())
    True
    """

    def forward(self, x: Array, *, rng: RngLike = None) -> tuple[Array, Any]:
        """Return y, of shape (m, y_height, y_width, n_out), and x as the cache."""
        shape = self._check_forward(x)
        x = as_images(in_rows(x))
        y = spread(x, self.weight.data, self.stride, self.padding, shape)
        y += self.bias.data
        return y, x

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return dL/dx, of the shape of x: the convolution of dL/dy."""
        self._check_backward(grad_y, cache)
        return correlate(grad_y, self.weight.data, self.stride, self.padding)

    def backward_params(self, grad_y: Array, cache: Any) -> None:
        """Accumulate dL/dW: the dL/dy of what each pixel of x was spread over, times x; and dL/db, the sum of dL/dy."""
        self._check_backward(grad_y, cache)
        self._accumulate(weight_gradient(grad_y, cache, self.size, self.stride, self.padding), grad_y)

    def _weight(self) -> tuple[tuple[int, ...], int, int, int]:
        shape = (self.size, self.size, self.n_out, self.n_in)
        return shape, -2, _spread_fan(self, self.n_in), self.size**2 * self.n_out

    def _y_side(self, side: int) -> int:
        excess = 2 * self.padding - self.size  # by which the padding of both sides exceeds the window of one pixel
        check_side(self, side, 2 + excess // self.stride if excess >= 0 else 1)
        return (side - 1) * self.stride - excess


def _spread_fan(layer: Convolution, n_channels: int) -> int:
    """Return in how many windows a pixel lies on average, at least one, times the channels."""
    return round(max(1, (layer.size / layer.stride) ** 2) * n_channels)
