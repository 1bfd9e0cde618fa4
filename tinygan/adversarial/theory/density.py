"""The exact density of G(z) in one dimension."""

import numpy as np

from tinygan.adversarial.prior import NoisePrior, check_prior
from tinygan.adversarial.theory.grid import check_grid
from tinygan.backend import Array
from tinygan.layers import Layer


def pushforward_density(G: Layer, prior: NoisePrior, x: Array, *, n_cells: int = 2048) -> Array:
    """Return p_g, the exact density of G(z), on the grid x; mass is conserved where G folds.

    Parameters
    ----------
    G : Layer
        A generator that turns one number into one number.
    prior : NoisePrior
        p_z, of latent_dim 1.
    x : ndarray of shape (n,)
        The grid, rising.
    n_cells : int
        How many cells the z grid has.

    Returns
    -------
    ndarray of shape (n,), float64
        At each grid point, the mean of p_g between the midpoints to its neighbours. Mass that G sends beyond the grid
        is left out.

    Raises
    ------
    ValueError
        If the grid does not rise, the prior or G is not one-dimensional, or G is not finite.

    Notes
    -----
    Every cell [z_i, z_i+1] spreads its probability evenly over [G(z_i), G(z_i+1)]. The distribution function of p_g
    at a point is the mass below it: each cell adds its probability times the share of its interval that lies below the
    point. Differences of this function between midpoints are masses, so no mass is lost, however often G turns back.

    Examples
    --------
    >>> from tinygan.layers import Linear, constant
    >>> double = Linear(1, 1, weight_init=constant(2.0))
    >>> pushforward_density(double, NoisePrior("uniform", 1), np.linspace(-3, 3, 5))  # U(-2, 2)
    array([0.        , 0.20833333, 0.25      , 0.20833333, 0.        ])
    """
    x = check_grid("pushforward_density", x)
    z, probability = prior.cells(n_cells)
    if isinstance(G, Layer):
        check_prior("pushforward_density", G, prior)
    images = np.asarray(G(z[:, None]), np.float64)
    if images.shape != (n_cells + 1, 1):
        raise ValueError(f"pushforward_density got a G that returns {images.shape[1:]} numbers for one; it takes one")
    if not np.isfinite(images).all():
        raise ValueError("pushforward_density got a G that returns NaN or infinite values")
    low, high = np.sort(np.stack([images[:-1, 0], images[1:, 0]]), axis=0)
    middles = (x[1:] + x[:-1]) / 2
    edges = np.concatenate([[1.5 * x[0] - 0.5 * x[1]], middles, [1.5 * x[-1] - 0.5 * x[-2]]])
    return np.diff(_distribution_function(edges, low, high, probability)) / np.diff(edges)


def _distribution_function(edges: Array, low: Array, high: Array, probability: Array) -> Array:
    """Return, at every edge, the mass below it of cells that lie evenly over [low, high]."""
    first_inside: Array = np.searchsorted(edges, low, side="right")
    first_above: Array = np.searchsorted(edges, high, side="left")
    whole_cells = np.bincount(first_above, probability, minlength=len(edges) + 1)[: len(edges)].cumsum()
    n_inside = np.maximum(first_above - first_inside, 0)  # the edges that cut a cell in two
    cell = np.repeat(np.arange(len(low)), n_inside)
    edge = np.arange(len(cell)) - np.repeat(n_inside.cumsum() - n_inside, n_inside) + first_inside[cell]
    share_below = (edges[edge] - low[cell]) / (high[cell] - low[cell])
    return whole_cells + np.bincount(edge, probability[cell] * share_below, minlength=len(edges))
