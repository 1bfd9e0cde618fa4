"""The value of the game: the best D, the value that it reaches, and how far another D is from it."""

import math

import numpy as np

from tinygan.adversarial.theory.divergences import jensen_shannon_divergence
from tinygan.adversarial.theory.grid import check_densities, check_on_grid, integral, normalise, times_log
from tinygan.backend import Array
from tinygan.backend.arrays import check_arrays
from tinygan.functional import softplus


def optimal_discriminator(p_data: Array, p_g: Array) -> Array:
    """Return D* = p_data / (p_data + p_g), Proposition 1 of the paper.

    Parameters
    ----------
    p_data, p_g : ndarray of one shape
        Densities at the same points, both on the same scale; they need not be normalised.

    Returns
    -------
    ndarray of that shape, float64
        1/2 where both vanish: V does not depend on D there.

    Raises
    ------
    ValueError
        If the shapes differ or a density is negative or not finite.

    See Also
    --------
    value_function : V for any D.
    discriminator_error : How far a D is from this one.

    Notes
    -----
    At every x, V's integrand p_data log D + p_g log(1 - D) is concave in D. Its derivative p_data / D - p_g / (1 - D)
    is 0 where p_data (1 - D) = p_g D, which gives D*.

    References
    ----------
    Goodfellow et al. 2014, Generative adversarial nets, Proposition 1, arXiv:1406.2661.

    Examples
    --------
    >>> optimal_discriminator(np.array([3.0, 0.0, 0.0]), np.array([1.0, 2.0, 0.0]))
    array([0.75, 0.  , 0.5 ])
    """
    p_data, p_g = check_densities("optimal_discriminator", p_data=p_data, p_g=p_g)
    larger = np.maximum(p_data, p_g)
    larger = np.where(larger > 0, larger, 1)
    p_data, p_g = p_data / larger, p_g / larger  # no sum of these can overflow
    total = p_data + p_g
    return np.where(total > 0, p_data / np.where(total > 0, total, 1), 0.5)


def value_function(d: Array, p_data: Array, p_g: Array, x: Array) -> float:
    """Return V(D, G), eq. (1) of the paper, by quadrature.

    Parameters
    ----------
    d : ndarray of shape (n,)
        D(x), probabilities.
    p_data, p_g : ndarray of shape (n,)
        Densities on the grid, normalised on it.
    x : ndarray of shape (n,)
        The grid, rising.

    Returns
    -------
    float
        Nats: E over p_data of log D + E over p_g of log(1 - D). It is -inf if D is 0 where p_data is not, or 1 where
        p_g is not, even if D only rounds to these values; `value_from_logits` has no such rounding.

    Raises
    ------
    ValueError
        If the shapes differ, the grid does not rise, one is not a density, or d is outside [0, 1].

    See Also
    --------
    virtual_criterion : The value for the best D.

    Examples
    --------
    >>> x = np.linspace(0, 1, 11)
    >>> round(value_function(np.full(11, 0.5), np.ones(11), np.ones(11), x), 4)  # -log 4
    -1.3863
    """
    p_data, p_g = normalise("value_function", x, p_data=p_data, p_g=p_g)
    (d,) = check_densities("value_function", d=d)
    check_on_grid("value_function", "d", d, x)
    if d.max() > 1:
        raise ValueError(f"value_function got d up to {d.max():g}; it takes probabilities, at most 1")
    return integral(times_log(p_data, d) + times_log(p_g, 1 - d), x)


def value_from_logits(logits: Array, p_data: Array, p_g: Array, x: Array) -> float:
    """Return V(D, G) for D = sigmoid(logits), finite also where D rounds to 0 or 1.

    It takes the same arguments and raises the same errors as `value_function`, with logits in place of d.

    Examples
    --------
    >>> x = np.linspace(0, 1, 11)
    >>> round(value_from_logits(np.full(11, 50.0), np.ones(11), np.ones(11), x), 4)  # log 1 + log(1 - sigmoid(50))
    -50.0
    """
    p_data, p_g = normalise("value_from_logits", x, p_data=p_data, p_g=p_g)
    check_arrays("value_from_logits", logits=logits)
    logits = np.asarray(logits, np.float64)
    check_on_grid("value_from_logits", "logits", logits, x)
    if np.isnan(logits).any():
        raise ValueError("value_from_logits got logits with NaN; it takes numbers, which may be infinite")
    logits_real = np.where(p_data > 0, logits, 0)  # infinite logits do not matter where the density is 0
    logits_fake = np.where(p_g > 0, logits, 0)
    return -integral(p_data * softplus(-logits_real) + p_g * softplus(logits_fake), x)


def virtual_criterion(p_data: Array, p_g: Array, x: Array) -> float:
    """Return C(G) = max over D of V(D, G) = -log 4 + 2 JSD, Theorem 1 of the paper.

    It takes the same arguments and raises the same errors as `jensen_shannon_divergence`, and returns nats.

    Examples
    --------
    >>> x = np.linspace(0, 1, 11)
    >>> round(virtual_criterion(np.ones(11), np.ones(11), x), 4)
    -1.3863
    """
    return -math.log(4) + 2 * jensen_shannon_divergence(p_data, p_g, x)


def discriminator_error(d: Array, target: Array | float, p_data: Array, p_g: Array, x: Array) -> float:
    """Return the mean of abs(D - target) over (p_data + p_g) / 2, the examples that D meets.

    Parameters
    ----------
    d, target : ndarray of shape (n,)
        D(x), and what it should be: D*, or 1/2 as at the end of the game.
    p_data, p_g : ndarray of shape (n,)
        Densities on the grid, normalised on it.
    x : ndarray of shape (n,)
        The grid, rising.

    Returns
    -------
    float
        From 0 to 1.

    Examples
    --------
    >>> x = np.linspace(0, 1, 11)
    >>> round(discriminator_error(np.full(11, 0.6), 0.5, np.ones(11), np.ones(11), x), 4)
    0.1
    """
    p_data, p_g = normalise("discriminator_error", x, p_data=p_data, p_g=p_g)
    (d,) = check_densities("discriminator_error", d=d)
    check_on_grid("discriminator_error", "d", d, x)
    check_arrays("discriminator_error", target=target)
    if np.ndim(target) > 0:
        check_on_grid("discriminator_error", "target", np.asarray(target), x)
    return integral(np.abs(d - target) * (p_data + p_g) / 2, x)
