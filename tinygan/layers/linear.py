"""The affine layer y = x W + b."""

from functools import partial
from typing import Any

import numpy as np

from tinygan.arguments import check_count
from tinygan.backend import Array, RngLike, as_rng, get_array_module
from tinygan.layers.base import Layer, Shape, layer_name
from tinygan.layers.contents import layer_table
from tinygan.layers.doors import check_cache, check_device, check_grad_y, check_input, check_precision, of_examples
from tinygan.layers.initializers import Initializer, glorot, initialized, zeros
from tinygan.layers.parameter import Parameter


class Linear(Layer):
    """y = x W + b.

    Parameters
    ----------
    n_in, n_out : int
        Columns of x and of y.
    weight_init, bias_init : initializer
        What gives the first values: `glorot`, `he`, `uniform(0.05)`, ..., or a function of (shape, rng, dtype). If it
        has arguments fan_in or fan_out, it gets n_in or n_out as well.
    rng : numpy.random.Generator, int or None
        Where random first values come from.
    dtype : {numpy.float32, numpy.float64}
        Precision of the parameters.

    Attributes
    ----------
    weight : Parameter of shape (n_in, n_out)
    bias : Parameter of shape (n_out,)

    Raises
    ------
    TypeError, ValueError
        If a size is not an int >= 1 or dtype is neither float32 nor float64; from the passes, if an array does not fit.

    Notes
    -----
    With L a scalar that depends on y, and y_ij = sum_k x_ik W_kj + b_j:

    dL/dx_ik = sum_j dL/dy_ij W_kj, so grad_x = grad_y W^T;
    dL/dW_kj = sum_i x_ik dL/dy_ij, so grad_W = x^T grad_y;
    dL/db_j = sum_i dL/dy_ij, so grad_b sums grad_y over the batch.

    Examples
    --------
    >>> import numpy as np
    >>> layer = Linear(3, 2, rng=0)
    >>> y, cache = layer.forward(np.ones((5, 3), np.float32))
    >>> y.shape
    (5, 2)
    >>> layer.backward(np.ones_like(y), cache).shape
    (5, 3)
    >>> layer.bias.grad
    array([5., 5.], dtype=float32)
    >>> layer
    layer         output shape  parameters
    Linear(3, 2)  (m, 2)                 8
    """

    def __init__(
        self,
        n_in: int,
        n_out: int,
        *,
        weight_init: Initializer = glorot,
        bias_init: Initializer = zeros,
        rng: RngLike = None,
        dtype: Any = np.float32,
    ) -> None:
        self.n_in = check_count("Linear got n_in", n_in)
        self.n_out = check_count("Linear got n_out", n_out)
        check_precision("Linear", dtype)
        rng = as_rng(rng)
        begin = partial(initialized, rng=rng, dtype=dtype, fan_in=self.n_in, fan_out=self.n_out)
        self.weight = Parameter(begin("Linear got weight_init", weight_init, (self.n_in, self.n_out)), "weight")
        self.bias = Parameter(begin("Linear got bias_init", bias_init, (self.n_out,)), "bias")
        self.parameters = (self.weight, self.bias)

    def forward(self, x: Array, *, rng: RngLike = None) -> tuple[Array, Any]:
        """Return y = x W + b, of shape (m, n_out), and x as the cache."""
        check_input(self, x, self.n_in)
        check_device(self, x)
        y = x @ self.weight.data
        y += self.bias.data
        return y, x

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return dL/dx = (dL/dy) W^T, of shape (m, n_in)."""
        self._check_backward(grad_y, cache)
        return grad_y @ self.weight.data.T

    def backward_params(self, grad_y: Array, cache: Any) -> None:
        """Accumulate dL/dW = x^T (dL/dy) and dL/db, the sum of dL/dy over the batch."""
        self._check_backward(grad_y, cache)
        x = cache
        self.weight.accumulate(x.T @ grad_y)
        self.bias.accumulate(grad_y.sum(axis=0))

    def input_shape(self) -> Shape:
        """Return (n_in,)."""
        return (self.n_in,)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (n_out,); raise a ValueError if the input is known and is not (n_in,)."""
        if input_shape is not None and input_shape != (self.n_in,):
            raise ValueError(f"{layer_name(self)} takes (m, {self.n_in}), not {of_examples(input_shape)}")
        return (self.n_out,)

    def __repr__(self) -> str:
        return layer_table(self)

    def _check_backward(self, grad_y: Array, cache: Any) -> None:
        check_cache(self, cache, axis=1, size=self.n_in)
        check_grad_y(self, grad_y, (len(cache), self.n_out))
        get_array_module(grad_y, cache)  # raises if they are on two devices
