"""How a parameter begins: functions of (shape, rng, dtype) that return its first values."""

import functools
import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygan.arguments import check_count, check_size
from tinygan.backend import Array
from tinygan.backend.arrays import check_arrays

# Called as init(shape, rng, dtype). If it has arguments fan_in or fan_out, it gets these by name as well: how many
# inputs a unit of the layer sums up, and to how many units an input goes. Values are drawn in float64 and rounded, so
# that a seed gives the same weights in both precisions.
Initializer = Callable[..., Array]


def _without_settings(initialize: Initializer) -> Initializer:
    """Let an initializer without settings be passed either as ``zeros`` or, like one with settings, as ``zeros()``."""

    @functools.wraps(initialize)
    def either(*arguments: Any, **fans: int) -> Any:
        if len(arguments) == 1:
            raise TypeError(
                f"{initialize.__name__} takes no settings, got {arguments[0]!r}; pass {initialize.__name__} itself"
            )
        return initialize(*arguments, **fans) if arguments else either

    return either


@_without_settings
def zeros(shape: tuple[int, ...], rng: np.random.Generator, dtype: Any) -> Array:
    """Return zeros, the usual first bias.

    Examples
    --------
    >>> zeros((2,), np.random.default_rng(0), np.float32)
    array([0., 0.], dtype=float32)
    """
    return np.zeros(shape, dtype)


def constant(value: float) -> Initializer:
    """Return an initializer that fills an array with one value, for example a bias of -2 before a sigmoid.

    Examples
    --------
    >>> constant(-2.0)((2,), np.random.default_rng(0), np.float32)
    array([-2., -2.], dtype=float32)
    """

    def initialize(shape: tuple[int, ...], rng: np.random.Generator, dtype: Any) -> Array:
        return np.full(shape, value, dtype)

    return initialize


def uniform(irange: float) -> Initializer:
    """Return an initializer that draws from U(-irange, irange), as all four experiments of the paper do.

    Parameters
    ----------
    irange : float
        Half the width of the interval, at least 0. The name comes from the paper's code.

    Raises
    ------
    TypeError, ValueError
        If irange is not a number, is negative or is not finite.

    Examples
    --------
    >>> bool(abs(uniform(0.05)((100,), np.random.default_rng(0), np.float32)).max() <= 0.05)
    True
    """
    check_size("uniform got irange", irange)

    def initialize(shape: tuple[int, ...], rng: np.random.Generator, dtype: Any) -> Array:
        return rng.uniform(-irange, irange, shape).astype(dtype)

    return initialize


def normal(std: float) -> Initializer:
    """Return an initializer that draws from N(0, std^2).

    Parameters
    ----------
    std : float
        The standard deviation, at least 0.

    Raises
    ------
    TypeError, ValueError
        If std is not a number, is negative or is not finite.

    Examples
    --------
    >>> normal(0.1)((2, 3), np.random.default_rng(0), np.float32).shape
    (2, 3)
    """
    check_size("normal got std", std)

    def initialize(shape: tuple[int, ...], rng: np.random.Generator, dtype: Any) -> Array:
        return (std * rng.standard_normal(shape)).astype(dtype)

    return initialize


def marginal_bias(mean: Array) -> Initializer:
    """Return an initializer for the bias before a sigmoid that starts every output at its mean over the data.

    Parameters
    ----------
    mean : ndarray of shape (n_out,)
        Mean of every pixel, in [0, 1], as `tinygan.data.marginal_mean` returns it.

    Raises
    ------
    ValueError
        If a mean is outside [0, 1].

    See Also
    --------
    tinygan.data.marginal_mean : The mean of every pixel.

    Notes
    -----
    b = log(p / (1 - p)), so that sigmoid(b) = p, where p is the mean, kept at least 1e-7 away from 0 and 1. The paper's
    code does the same.

    Examples
    --------
    >>> marginal_bias(np.array([0.5, 0.75]))((2,), np.random.default_rng(0), np.float32)
    array([0.       , 1.0986123], dtype=float32)
    """
    check_arrays("marginal_bias", mean=mean)
    mean = np.asarray(mean, np.float64)
    if not ((mean >= 0) & (mean <= 1)).all():
        raise ValueError(f"marginal_bias got means from {mean.min()} to {mean.max()}; it takes numbers in [0, 1]")
    p = np.clip(mean, 1e-7, 1 - 1e-7)

    def initialize(shape: tuple[int, ...], rng: np.random.Generator, dtype: Any) -> Array:
        return np.log(p / (1 - p)).astype(dtype)

    return initialize


def sparse_normal(n_nonzero: int) -> Initializer:
    """Return an initializer that draws a few weights of every unit from N(0, 1), and leaves the rest at 0.

    Parameters
    ----------
    n_nonzero : int
        How many weights of each column are drawn, at least 1; all of them if a column has fewer.

    Raises
    ------
    TypeError, ValueError
        If n_nonzero is not an int >= 1; from the initializer, if the weight is not of shape (n_in, n_out).

    References
    ----------
    Martens 2010, Deep learning via Hessian-free optimization.

    Examples
    --------
    >>> weight = sparse_normal(2)((5, 3), np.random.default_rng(0), np.float32)
    >>> (weight != 0).sum(axis=0)
    array([2, 2, 2])
    """
    check_count("sparse_normal got n_nonzero", n_nonzero)

    def initialize(shape: tuple[int, ...], rng: np.random.Generator, dtype: Any) -> Array:
        if len(shape) != 2:
            raise ValueError(f"sparse_normal got shape {shape}; it takes that of a Linear, (n_in, n_out)")
        weight = np.zeros(shape, dtype)
        for column in weight.T:
            chosen = rng.permutation(len(column))[:n_nonzero]
            column[chosen] = rng.standard_normal(len(chosen))
        return weight

    return initialize


@_without_settings
def he(shape: tuple[int, ...], rng: np.random.Generator, dtype: Any, *, fan_in: int) -> Array:
    """Return draws from N(0, 2 / fan_in), which keep the size of activations through ReLUs (He et al. 2015, eq. 10).

    Parameters
    ----------
    shape : tuple of int
    rng : numpy.random.Generator
    dtype : {numpy.float32, numpy.float64}
    fan_in : int
        How many inputs a unit sums up. The layer gives this number, since the axes of a convolution are not those of a
        Linear.

    References
    ----------
    He, Zhang, Ren and Sun 2015, Delving deep into rectifiers, arXiv:1502.01852.

    Examples
    --------
    >>> he((8, 4), np.random.default_rng(0), np.float32, fan_in=8).shape
    (8, 4)
    """
    return normal(math.sqrt(2 / fan_in))(shape, rng, dtype)


@_without_settings
def glorot(shape: tuple[int, ...], rng: np.random.Generator, dtype: Any, *, fan_in: int, fan_out: int) -> Array:
    """Return draws from U(-r, r), r = sqrt(6 / (fan_in + fan_out)), made for tanh (Glorot and Bengio 2010, eq. 16).

    Parameters
    ----------
    shape : tuple of int
    rng : numpy.random.Generator
    dtype : {numpy.float32, numpy.float64}
    fan_in, fan_out : int
        How many inputs a unit sums up, and to how many units an input goes. The layer gives these numbers.

    References
    ----------
    Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward neural networks.

    Examples
    --------
    >>> glorot((8, 4), np.random.default_rng(0), np.float32, fan_in=8, fan_out=4).shape
    (8, 4)
    """
    return uniform(math.sqrt(6 / (fan_in + fan_out)))(shape, rng, dtype)


# Functions that make an initializer from settings and are not initializers themselves, by an example of a call.
MADE_WITH = {
    "constant(0.1)": constant,
    "marginal_bias(mean)": marginal_bias,
    "normal(0.1)": normal,
    "sparse_normal(15)": sparse_normal,
    "uniform(0.05)": uniform,
}


def initialized(
    what: str, init: Any, shape: tuple[int, ...], rng: np.random.Generator, dtype: Any, *, fan_in: int, fan_out: int
) -> Array:
    """Return the values that an initializer gives, in a new array, or raise an error that begins with `what`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> initialized("Linear got bias_init", constant(2.0), (3,), rng, np.float32, fan_in=4, fan_out=3)
    array([2., 2., 2.], dtype=float32)
    """
    for example, maker in MADE_WITH.items():
        if init is maker:
            raise TypeError(f"{what}={maker.__name__}, which makes an initializer; did you mean {example}?")
    if not callable(init):
        raise TypeError(f"{what}={init!r}; it takes an initializer, such as glorot or uniform(0.05)")
    fans = {"fan_in": fan_in, "fan_out": fan_out}
    wanted = inspect.signature(init).parameters
    values = init(shape, rng, dtype, **{name: fan for name, fan in fans.items() if name in wanted})
    if np.shape(values) != shape:
        raise ValueError(f"{what} that returns shape {np.shape(values)}; it takes one that returns {shape}")
    return np.array(values, dtype)
