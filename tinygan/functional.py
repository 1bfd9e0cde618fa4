"""Sigmoid, softplus and log-mean-exp, right over the whole range of a float."""

import numpy as np

from tinygan.backend import Array, get_array_module
from tinygan.backend.arrays import check_arrays
from tinygan.backend.fused import fused


@fused("REAL e = exp(-fabs(x)); y = fmax(e, (REAL)(x >= 0)) / (1 + e)")
def sigmoid(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)), to a few ulp for every float.

    Parameters
    ----------
    x : ndarray of any shape
        Logits, float32 or float64.

    Returns
    -------
    ndarray of the shape and dtype of x
        Probabilities.

    Notes
    -----
    For x >= 0 the definition is safe. For x < 0, exp(-x) can overflow, so both sides of the fraction are multiplied by
    exp(x): exp(x) / (exp(x) + 1). With e = exp(-abs(x)), the two forms are 1 / (1 + e) and e / (1 + e). Since e <= 1,
    both have the numerator max(e, (x >= 0)), where (x >= 0) counts as 1 or 0.

    The popular tanh(x / 2) / 2 + 1 / 2 never overflows either, but it returns 0 where the answer is 1e-9. The
    saturating objective depends on such small probabilities.

    Examples
    --------
    >>> import numpy as np
    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    check_arrays("sigmoid", x=x)
    xp = get_array_module(x)
    e = xp.exp(-xp.abs(x))
    return xp.maximum(e, x >= 0) / (1 + e)


@fused("y = fmax(x, (REAL)0) + log1p(exp(-fabs(x)))")
def softplus(x: Array) -> Array:
    """Return log(1 + exp(x)), to a few ulp for every float.

    softplus(-a) is -log D and softplus(a) is -log(1 - D) for a discriminator D = sigmoid(a): both objectives of the
    paper are sums of it.

    Parameters
    ----------
    x : ndarray of any shape
        Logits, float32 or float64.

    Returns
    -------
    ndarray of the shape and dtype of x
        Nats.

    Notes
    -----
    log(1 + exp(x)) = log(exp(x) (exp(-x) + 1)) = x + log(1 + exp(-x)). The side with the negative exponent never
    overflows, so this is computed as max(x, 0) + log1p(exp(-abs(x))).

    Examples
    --------
    >>> import numpy as np
    >>> softplus(np.array([-50.0, 0.0, 1000.0]))
    array([1.92874985e-22, 6.93147181e-01, 1.00000000e+03])
    """
    check_arrays("softplus", x=x)
    xp = get_array_module(x)
    return xp.maximum(x, 0) + xp.log1p(xp.exp(-xp.abs(x)))


def log_mean_exp(a: Array, axis: int = -1) -> Array:
    """Return log(mean(exp(a))) along an axis, without overflow or underflow.

    Parameters
    ----------
    a : ndarray of shape (..., n, ...)
        Log-densities in nats; -inf is a density of 0.
    axis : int
        The axis that the mean runs over; it must not be empty.

    Returns
    -------
    ndarray
        Nats, without that axis.

    Raises
    ------
    ValueError
        If the axis is empty.

    Notes
    -----
    mean(exp(a)) = exp(peak) mean(exp(a - peak)) for every number peak. The peak taken is the largest a, so that one of
    the terms is exp(0) = 1.

    Examples
    --------
    >>> import numpy as np
    >>> log_mean_exp(np.array([-1000.0, -1000.0]))
    np.float64(-1000.0)
    """
    check_arrays("log_mean_exp", a=a)
    xp = get_array_module(a)
    if a.shape[axis] == 0:
        raise ValueError(
            f"log_mean_exp got a of shape {a.shape}, empty along axis {axis}; a mean needs at least one term"
        )
    peak = a.max(axis=axis, keepdims=True)
    peak = xp.where(xp.isfinite(peak), peak, 0)  # exp(-inf - -inf) would be NaN
    with np.errstate(over="ignore"):  # a - peak may overflow to -inf, and exp(a) to inf beside inf or NaN: both right
        terms = xp.exp(a - peak).mean(axis=axis)
    log_terms = xp.log(xp.maximum(terms, xp.finfo(terms.dtype).tiny))
    return xp.where(terms == 0, -xp.inf, log_terms)[()] + peak.squeeze(axis)
