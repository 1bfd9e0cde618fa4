"""The theory of section 4: D*, V(D, G), C(G) and the divergences on a grid, and a generator with a known density."""

import math
from typing import Any

import numpy as np

from tinygan.adversarial.theory.grid import check_densities, check_on_grid, integral, normalise, times_log
from tinygan.backend import Array
from tinygan.functional import softplus


def optimal_discriminator(p_data: Array, p_g: Array) -> Array:
    """Return D* = p_data / (p_data + p_g), Proposition 1 of the paper.

    Parameters
    ----------
    p_data, p_g : ndarray of one shape
        Densities at the same points; they need not be normalised, but on one scale.

    Returns
    -------
    ndarray of that shape, float64
        1/2 where both vanish: V does not depend on D there.

    Raises
    ------
    ValueError
        If the shapes differ or a density is negative or not finite.

    Notes
    -----
    At every x, V's integrand p_data log D + p_g log(1 - D) has the derivative p_data / D - p_g / (1 - D) and is
    concave in D. It is 0 where p_data (1 - D) = p_g D.

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
        Nats: E over p_data of log D + E over p_g of log(1 - D); -inf where D excludes what happens, also where it only
        rounds to 0 or 1: `value_from_logits` does not.

    Raises
    ------
    ValueError
        If the shapes differ, the grid does not rise, a density is no density, or d is outside [0, 1].

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

    Parameters and errors are those of `value_function`, with the logits of D in place of its probabilities.

    Examples
    --------
    >>> x = np.linspace(0, 1, 11)
    >>> round(value_from_logits(np.full(11, 50.0), np.ones(11), np.ones(11), x), 4)  # log 1 + log(1 - sigmoid(50))
    -50.0
    """
    p_data, p_g = normalise("value_from_logits", x, p_data=p_data, p_g=p_g)
    logits = np.asarray(logits, np.float64)
    check_on_grid("value_from_logits", "logits", logits, x)
    if np.isnan(logits).any():
        raise ValueError("value_from_logits got logits with NaN; it takes numbers, which may be infinite")
    logits_real = np.where(p_data > 0, logits, 0)  # infinite logits do not matter where nothing happens
    logits_fake = np.where(p_g > 0, logits, 0)
    return -integral(p_data * softplus(-logits_real) + p_g * softplus(logits_fake), x)


def virtual_criterion(p_data: Array, p_g: Array, x: Array) -> float:
    """Return C(G) = max over D of V(D, G) = -log 4 + 2 JSD, Theorem 1 of the paper.

    Parameters and errors are those of `jensen_shannon_divergence`. Nats.

    Examples
    --------
    >>> x = np.linspace(0, 1, 11)
    >>> round(virtual_criterion(np.ones(11), np.ones(11), x), 4)
    -1.3863
    """
    return -math.log(4) + 2 * jensen_shannon_divergence(p_data, p_g, x)


def kullback_leibler(p: Array, q: Array, x: Array) -> float:
    """Return KL(p || q), the mean over p of log(p / q), by quadrature.

    Parameters
    ----------
    p, q : ndarray of shape (n,)
        Densities on the grid, normalised on it.
    x : ndarray of shape (n,)
        The grid, rising.

    Returns
    -------
    float
        Nats; inf where q vanishes and p does not.

    Raises
    ------
    ValueError
        If the shapes differ, the grid does not rise, or a density is no density.

    Examples
    --------
    >>> x = np.linspace(0, 1, 1001)
    >>> round(kullback_leibler(2 * x, np.ones(1001), x), 4)  # log 2 - 1/2
    0.1931
    """
    p, q = normalise("kullback_leibler", x, p=p, q=q)
    return integral(times_log(p, p) - times_log(p, q), x)


def jensen_shannon_divergence(p: Array, q: Array, x: Array) -> float:
    """Return JSD(p || q) = 1/2 KL(p || (p + q) / 2) + 1/2 KL(q || (p + q) / 2), by quadrature.

    Parameters
    ----------
    p, q : ndarray of shape (n,)
        Densities on the grid, normalised on it.
    x : ndarray of shape (n,)
        The grid, rising.

    Returns
    -------
    float
        Nats, from 0 (p = q) to log 2 (nothing in common).

    Raises
    ------
    ValueError
        If the shapes differ, the grid does not rise, or a density is no density.

    Examples
    --------
    >>> x = np.linspace(0, 1, 11)
    >>> jensen_shannon_divergence(x, x, x)
    0.0
    """
    p, q = normalise("jensen_shannon_divergence", x, p=p, q=q)
    total = p + q  # not its half: that of the smallest float is 0, and its logarithm -inf
    p_to_middle = times_log(p, 2 * p) - times_log(p, total)
    q_to_middle = times_log(q, 2 * q) - times_log(q, total)
    return integral(p_to_middle + q_to_middle, x) / 2


class AffineGenerator:
    """The naive generator x = mu + L z with L L^T = Sigma: a generator whose p_g one can write down.

    Parameters
    ----------
    mean : ndarray of shape (d,)
        mu.
    covariance : ndarray of shape (d, d)
        Sigma, symmetric and positive definite; L is its Cholesky factor.

    Raises
    ------
    ValueError
        If the shapes do not fit or the covariance is not symmetric and positive definite.

    Notes
    -----
    For z from N(0, I), x is Gaussian with mean mu and covariance E[L z z^T L^T] = L L^T = Sigma. By the change of
    variables p_g(x) = p_z(L^-1 (x - mu)) / det L, and det L is the product of its diagonal.

    Examples
    --------
    >>> G = AffineGenerator([1.0, 0.0], [[4.0, 2.0], [2.0, 3.0]])
    >>> G(np.zeros((1, 2)))
    array([[1., 0.]])
    >>> G.pdf(np.array([[1.0, 0.0]])).round(6)  # 1 / (2 pi sqrt(det Sigma))
    array([0.05627])
    """

    def __init__(self, mean: Any, covariance: Any) -> None:
        self.mean, covariance = np.asarray(mean, np.float64), np.asarray(covariance, np.float64)
        if self.mean.ndim != 1 or covariance.shape != (len(self.mean), len(self.mean)):
            raise ValueError(
                f"AffineGenerator got a mean of shape {self.mean.shape} and a covariance of shape {covariance.shape}; "
                "it takes (d,) and (d, d)"
            )
        if not np.isfinite(covariance).all() or not np.isfinite(self.mean).all():
            raise ValueError("AffineGenerator got a mean or a covariance with NaN or infinite entries")
        if not np.allclose(covariance, covariance.T) or np.linalg.eigvalsh(covariance)[0] <= 0:
            raise ValueError("AffineGenerator got a covariance that is not symmetric and positive definite")
        self.factor = np.linalg.cholesky(covariance)

    def __call__(self, z: Array) -> Array:
        """Return x = mu + L z for noise of shape (m, d)."""
        return self.mean + z @ self.factor.T

    def pdf(self, x: Array) -> Array:
        """Return p_g at points of shape (m, d), for z from N(0, I)."""
        z = np.linalg.solve(self.factor, (np.asarray(x, np.float64) - self.mean).T)
        log_det = np.log(np.diag(self.factor)).sum()
        return np.exp(-0.5 * (z**2).sum(axis=0) - log_det - 0.5 * len(self.mean) * math.log(2 * math.pi))
