"""Batch normalisation: each feature gets mean 0 and variance 1 over the batch, then a shift and a scale it learns."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygan.arguments import check_count, check_positive
from tinygan.backend import Array, RngLike, get_array_module, is_finite
from tinygan.layers.base import Layer, Shape, layer_name
from tinygan.layers.contents import layer_table, named_layers
from tinygan.layers.doors import check_device, check_grad_y, check_input, check_precision, of_examples, wrong_cache
from tinygan.layers.parameter import Buffer, Parameter


class BatchNorm(Layer):
    """y = gamma (x - mean) / sqrt(variance + epsilon) + beta, with mean and variance over the batch.

    It works on the last axis: on the features of rows (m, n_units), or on the channels of images (m, height, width,
    n_units). Mean and variance are taken over all other axes.

    Parameters
    ----------
    n_units : int
        How many features or channels.
    epsilon : float
        Keeps the division finite where a feature hardly varies.
    dtype : {numpy.float32, numpy.float64}
        Precision of the parameters.

    Attributes
    ----------
    gamma, beta : Parameter of shape (n_units,)
        They begin as ones and zeros.
    mean, variance : Buffer of shape (n_units,)
        The statistics for evaluation, which `calibrate` sets; NaN before that.

    Raises
    ------
    TypeError, ValueError
        If a number is out of range; from the passes, if an array does not fit; from evaluation, if it was not
        calibrated.

    See Also
    --------
    calibrate : Sets the statistics for evaluation.

    Notes
    -----
    `forward` uses the statistics of its batch, so every row of y depends on every row of x: the layer ``mixes_rows``.
    Real and generated examples never share a forward pass, so both steps of Algorithm 1 are right. Evaluation,
    ``layer(x)``, uses the statistics of `calibrate`, and does not mix rows. On a GPU it waits for the device, to see
    whether they are there.

    Per feature, let N numbers x_i have the mean mu and the variance v = sum_i (x_i - mu)^2 / N, and let
    scale = 1 / sqrt(v + epsilon), x_hat_i = scale (x_i - mu), y_i = gamma x_hat_i + beta. Then

    dL/dgamma = sum_i dL/dy_i x_hat_i,   dL/dbeta = sum_i dL/dy_i.

    For dL/dx write g_i = gamma dL/dy_i, which is dL/dx_hat_i. The number x_k reaches all x_hat_i, by itself, by mu and
    by v: dmu/dx_k = 1 / N and dv/dx_k = 2 (x_k - mu) / N, so that dscale/dx_k = -scale^3 (x_k - mu) / N and

    dx_hat_i/dx_k = scale ([i = k] - 1/N) + (x_i - mu) dscale/dx_k = scale ([i = k] - 1/N - x_hat_i x_hat_k / N);
    dL/dx_k = sum_i g_i dx_hat_i/dx_k = scale (g_k - mean(g) - x_hat_k mean(g x_hat)).

    From g it takes away what would only shift or stretch the batch, which y does not feel. In a batch of one row x_hat
    is 0, and so is dL/dx.

    References
    ----------
    Ioffe and Szegedy 2015, Batch normalization, arXiv:1502.03167, algorithms 1 and 2.

    Examples
    --------
    >>> import numpy as np
    >>> layer = BatchNorm(2)
    >>> x = np.array([[1.0, 10.0], [3.0, 50.0]], np.float32)
    >>> y, cache = layer.forward(x)
    >>> y.round(3)
    array([[-1., -1.],
           [ 1.,  1.]], dtype=float32)
    >>> layer(x)
    Traceback (most recent call last):
    ValueError: BatchNorm(2) was not calibrated; after training, calibrate(network, x) sets what it evaluates with
    >>> calibrate(layer, x)
    >>> layer(x[:1]).round(3)
    array([[-1., -1.]], dtype=float32)
    """

    mixes_rows = True

    def __init__(self, n_units: int, *, epsilon: float = 1e-5, dtype: Any = np.float32) -> None:
        self.n_units = check_count("BatchNorm got n_units", n_units)
        self.epsilon = check_positive("BatchNorm got epsilon", epsilon)
        check_precision("BatchNorm", dtype)
        self.gamma = Parameter(np.ones(self.n_units, dtype), "gamma")
        self.beta = Parameter(np.zeros(self.n_units, dtype), "beta")
        self.parameters = (self.gamma, self.beta)
        self.mean, self.variance = (Buffer(np.full(self.n_units, np.nan, dtype), name) for name in ("mean", "variance"))
        self.buffers = (self.mean, self.variance)

    def __call__(self, x: Array) -> Array:
        """Return y in evaluation, with the statistics that `calibrate` has set."""
        self._check_input(x)
        mean, variance = self.mean.data, self.variance.data
        if not is_finite(variance):
            raise ValueError(
                f"{layer_name(self)} was not calibrated; after training, calibrate(network, x) sets what it evaluates "
                "with"
            )
        return self.gamma.data * ((x - mean) * self._scale(variance)) + self.beta.data

    def forward(self, x: Array, *, rng: RngLike = None) -> tuple[Array, Any]:
        """Return y, with the statistics of x, and (x_hat, scale) as the cache."""
        self._check_input(x)
        mean, variance = _statistics(x)
        scale = self._scale(variance)
        x_hat = (x - mean) * scale
        return self.gamma.data * x_hat + self.beta.data, (x_hat, scale)

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return dL/dx = scale (g - mean(g) - x_hat mean(g x_hat)), where g = gamma dL/dy."""
        x_hat, scale = self._checked(grad_y, cache)
        axes, g = _batch_axes(grad_y), self.gamma.data * grad_y
        return scale * (g - g.mean(axis=axes) - x_hat * (g * x_hat).mean(axis=axes))

    def backward_params(self, grad_y: Array, cache: Any) -> None:
        """Accumulate dL/dgamma, the sum of dL/dy x_hat, and dL/dbeta, the sum of dL/dy."""
        x_hat, _ = self._checked(grad_y, cache)
        axes = _batch_axes(grad_y)
        self.gamma.accumulate((grad_y * x_hat).sum(axis=axes))
        self.beta.accumulate(grad_y.sum(axis=axes))

    def measure(self, x: Array) -> None:
        """Set the statistics for evaluation to those of x."""
        self._check_input(x)
        self.mean.data[...], self.variance.data[...] = _statistics(x)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of the input; raise a ValueError if it has not n_units features or channels."""
        if input_shape is not None and input_shape[-1] != self.n_units:
            raise ValueError(f"{layer_name(self)} takes (m, ..., {self.n_units}), not {of_examples(input_shape)}")
        return input_shape

    def __repr__(self) -> str:
        return layer_table(self)

    def _scale(self, variance: Array) -> Array:
        return 1 / get_array_module(variance).sqrt(variance + self.epsilon)

    def _check_input(self, x: Array) -> None:
        check_input(self, x)
        if x.shape[-1] != self.n_units:
            raise ValueError(f"{layer_name(self)} got x of shape {x.shape}; it takes (m, ..., {self.n_units})")
        check_device(self, x)

    def _checked(self, grad_y: Array, cache: Any) -> tuple[Array, Array]:
        """Return x_hat and scale from the cache, or raise if something does not fit."""
        if not (isinstance(cache, tuple) and len(cache) == 2):
            raise wrong_cache(layer_name(self), f"type {type(cache).__name__}")
        x_hat, scale = cache
        check_grad_y(self, grad_y, x_hat.shape)
        get_array_module(grad_y, x_hat)  # raises if they are on two devices
        return x_hat, scale


def calibrate(network: Layer, x: Array) -> None:
    """Set the statistics that the network evaluates with to those of x, in every layer inside it that has some.

    Parameters
    ----------
    network : Layer
        Its `BatchNorm` layers are calibrated from the lowest to the highest: each gets what the layers below return in
        evaluation, so without dropout. A layer of your own is calibrated if it has `buffers` and a method `measure`.
    x : ndarray of shape (m, ...)
        Many examples, a thousand say: of the data for D, of the prior for G. They pass through the network at once.

    Notes
    -----
    Ioffe and Szegedy (algorithm 2) average the statistics of many minibatches, and multiply variances by m / (m - 1).
    Here x is one large batch, and there is nothing to correct. After more training, call it again.

    Examples
    --------
    >>> import numpy as np
    >>> from tinygan.layers import Linear, Sequential
    >>> network = Sequential(Linear(3, 4, rng=0), BatchNorm(4), Linear(4, 1, rng=1))
    >>> x = np.random.default_rng(0).normal(size=(1000, 3)).astype(np.float32)
    >>> calibrate(network, x)
    >>> y, _ = network.forward(x)
    >>> bool(np.allclose(network(x), y, atol=1e-5))
    True
    """
    kinds = {id(layer): (layer, type(layer)) for _, layer in named_layers(network) if layer.buffers}
    try:
        for layer, kind in kinds.values():
            layer.__class__ = _calibrating(kind)
        network(x)
    finally:
        for layer, kind in kinds.values():
            layer.__class__ = kind


def _calibrating(kind: Any) -> Any:
    """Return a subclass that measures what it is about to evaluate."""
    evaluate: Callable[[Layer, Array], Array] = kind.__call__

    def __call__(self: Any, x: Array) -> Array:
        self.measure(x)
        return evaluate(self, x)

    return type(kind.__name__, (kind,), {"__call__": __call__})


def _batch_axes(x: Array) -> tuple[int, ...]:
    """Return all axes but the last."""
    return tuple(range(x.ndim - 1))


def _statistics(x: Array) -> tuple[Array, Array]:
    """Return mean and variance over all axes but the last."""
    mean = x.mean(axis=_batch_axes(x))
    centred = x - mean
    return mean, (centred * centred).mean(axis=_batch_axes(x))
