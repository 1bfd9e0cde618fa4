"""How far p_g still is from p_data, and D from its target."""

import numpy as np

from tinygan.adversarial.theory.grid import check_densities, check_on_grid, integral, normalise
from tinygan.backend import Array


def wasserstein_distance(p: Array, q: Array, x: Array) -> float:
    """Return W1(p, q), how far mass must travel on average to turn p into q.

    Parameters and errors are those of `tinygan.adversarial.jensen_shannon_divergence`.

    Returns
    -------
    float
        In the units of x.

    Notes
    -----
    In one dimension W1 is the area between the two distribution functions.

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


def discriminator_error(d: Array, target: Array | float, p_data: Array, p_g: Array, x: Array) -> float:
    """Return the mean of abs(D - target) over (p_data + p_g) / 2, the examples that D meets.

    Parameters
    ----------
    d, target : ndarray of shape (n,)
        D(x), and what it should be: D*, or 1/2 at the end of the game.
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
    if np.ndim(target) > 0:
        check_on_grid("discriminator_error", "target", np.asarray(target), x)
    return integral(np.abs(d - target) * (p_data + p_g) / 2, x)
