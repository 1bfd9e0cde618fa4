"""The prior p_z: the noise that G turns into samples."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygan.arguments import check_choice, check_count
from tinygan.backend import Array, RngLike, as_rng, module_of
from tinygan.backend.streams import gaussian, uniform
from tinygan.layers import Layer

KINDS = ("uniform", "gaussian", "spherical")


class NoisePrior:
    """p_z over vectors of latent_dim numbers.

    Parameters
    ----------
    kind : {"uniform", "gaussian", "spherical"}
        U(low, high) in every coordinate, N(0, I), or uniform on the unit sphere.
    latent_dim : int
        Length of a noise vector.
    low, high : float
        Bounds of the uniform prior. The paper's MNIST network takes -sqrt(3) and sqrt(3).

    Raises
    ------
    TypeError, ValueError
        If the kind is unknown, latent_dim is not an int >= 1, low is not below high, or the sphere has one dimension.

    Examples
    --------
    >>> NoisePrior("uniform", 100).sample(64, rng=0).shape
    (64, 100)
    """

    def __init__(self, kind: str, latent_dim: int, *, low: float = -1.0, high: float = 1.0) -> None:
        check_choice("NoisePrior got kind", kind, KINDS)
        self.kind = kind
        self.latent_dim = check_count("NoisePrior got latent_dim", latent_dim)
        if kind == "spherical" and self.latent_dim == 1:
            raise ValueError(
                "NoisePrior got a spherical prior of one dimension, where the sphere is two points, -1 and 1; "
                "it takes latent_dim >= 2, or the uniform or gaussian prior"
            )
        if not -math.inf < low < high < math.inf:
            raise ValueError(f"NoisePrior got low={low!r}, high={high!r}; it takes finite numbers with low < high")
        self.low, self.high = float(low), float(high)

    def sample(self, m: int, *, rng: RngLike = None, dtype: Any = np.float32, device: str = "cpu") -> Array:
        """Return m draws.

        Parameters
        ----------
        m : int
            How many, at least 1.
        rng : numpy.random.Generator, int or None
            Source of the draws.
        dtype : {numpy.float32, numpy.float64}
            Their precision.
        device : str
            Where to put them, as `tinygan.backend.device_of` names it. A seed gives the same draws on every device: to
            the last bit for the uniform prior, and up to rounding for the others.

        Returns
        -------
        ndarray of shape (m, latent_dim)
        """
        shape = (check_count("NoisePrior.sample got m", m), self.latent_dim)
        rng, xp = as_rng(rng), module_of(device)
        if self.kind == "uniform":
            return uniform(rng, shape, dtype, self.low, self.high, xp)
        z = gaussian(rng, shape, dtype, xp)
        if self.kind == "spherical":
            z /= xp.linalg.norm(z, axis=1, keepdims=True)
        return z

    def cells(self, n_cells: int) -> tuple[Array, Array]:
        """Return a fine z grid and the probability of each of its cells, for a prior of one dimension.

        Parameters
        ----------
        n_cells : int
            How many cells.

        Returns
        -------
        edges : ndarray of shape (n_cells + 1,)
            Rising. For a Gaussian they run from -8 to 8, and about 1e-15 of its probability lies beyond.
        probability : ndarray of shape (n_cells,)
            Sums to 1.

        Raises
        ------
        ValueError
            If latent_dim is not 1.

        Examples
        --------
        >>> NoisePrior("uniform", 1).cells(2)
        (array([-1.,  0.,  1.]), array([0.5, 0.5]))
        """
        if self.latent_dim != 1:
            raise ValueError(f"NoisePrior.cells needs latent_dim 1, but this prior has latent_dim {self.latent_dim}")
        n_cells = check_count("NoisePrior.cells got n_cells", n_cells)
        if self.kind == "uniform":
            return np.linspace(self.low, self.high, n_cells + 1), np.full(n_cells, 1 / n_cells)
        edges = np.linspace(-8.0, 8.0, n_cells + 1)
        cdf = np.array([0.5 * math.erfc(-z / math.sqrt(2)) for z in edges])
        return edges, np.diff(cdf) / (cdf[-1] - cdf[0])

    def __repr__(self) -> str:
        bounds = f", low={self.low:g}, high={self.high:g}" if self.kind == "uniform" else ""
        return f"NoisePrior({self.kind!r}, {self.latent_dim}{bounds})"


def check_prior(function: str, G: Layer, prior: NoisePrior) -> None:
    """Raise unless the prior makes noise that G takes; the error begins with `function`."""
    if not hasattr(prior, "sample") or not hasattr(prior, "latent_dim"):
        what = f"the prior {prior!r}" if isinstance(prior, str | int) else f"a prior of type {type(prior).__name__}"
        raise TypeError(f"{function} got {what}; it takes a NoisePrior, such as NoisePrior('uniform', 100)")
    wanted, made = G.input_shape(), (prior.latent_dim,)
    if wanted not in (None, made):
        raise ValueError(
            f"{function} got a G that takes noise of shape {of_rows(wanted)}, "
            f"and a prior that makes {of_rows(made)}: {prior!r}"
        )


def of_rows(shape: Sequence[int] | None) -> str:
    """Return the shape of m examples, each of the shape given, as an error writes it.

    Examples
    --------
    >>> of_rows((3,)), of_rows(())
    ('(m, 3)', '(m,)')
    """
    return str(("m", *(shape or ()))).replace("'", "")
