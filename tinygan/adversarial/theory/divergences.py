"""How far two densities are from each other: KL, JSD and W1, on a grid."""

import numpy as np

from tinygan.adversarial.theory.grid import integral, normalise, times_log
from tinygan.backend import Array


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
        Nats; inf if q vanishes at a point where p does not.

    Raises
    ------
    ValueError
        If the shapes differ, the grid does not rise, or one is not a density.

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
        If the shapes differ, the grid does not rise, or one is not a density.

    See Also
    --------
    virtual_criterion : What the game is worth if D is the best, -log 4 + 2 JSD.

    Examples
    --------
    >>> x = np.linspace(0, 1, 11)
    >>> jensen_shannon_divergence(x, x, x)
    0.0
    """
    p, q = normalise("jensen_shannon_divergence", x, p=p, q=q)
    total = p + q  # not its half: half of the smallest float is 0, and its logarithm -inf
    p_to_middle = times_log(p, 2 * p) - times_log(p, total)
    q_to_middle = times_log(q, 2 * q) - times_log(q, total)
    return integral(p_to_middle + q_to_middle, x) / 2


def wasserstein_distance(p: Array, q: Array, x: Array) -> float:
    """Return W1(p, q), how far mass must travel on average to turn p into q.

    It takes the same arguments and raises the same errors as `jensen_shannon_divergence`.

    Returns
    -------
    float
        In the units of x.

    Notes
    -----
    In one dimension W1 is the area between the two distribution functions.

    References
    ----------
    Vallender 1974, Calculation of the Wasserstein distance between probability distributions on the line.

    Examples
    --------
    >>> x = np.linspace(-8, 9, 2001)
    >>> p, q = np.exp(-(x**2) / 2), np.exp(-((x - 1) ** 2) / 2)
    >>> round(wasserstein_distance(p, q, x), 4)
    1.0
    """
    p, q = normalise("wasserstein_distance", x, p=p, q=q)
    difference = p - q
    steps = (difference[1:] + difference[:-1]) / 2 * np.diff(x)
    return integral(np.abs(np.concatenate([[0.0], np.cumsum(steps)])), x)
