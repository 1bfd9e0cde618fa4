"""One row of Table 1: the log-likelihood of the test images, estimated from samples, with sigma from two grids."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygan.backend import Array
from tinygan.evaluation import (
    FINE_BANDWIDTHS,
    PAPER_BANDWIDTHS,
    BandwidthSearch,
    LogLikelihood,
    mean_and_standard_error,
    search_bandwidth,
)
from tinygan.evaluation.sums_over_ranks import shared_kernel_sums
from tinygan.experiments.table1.images import HeldOut
from tinygan.ranks.group import ALONE, Ranks

# The number of samples that the released evaluator takes.
N_SAMPLES = 10_000

GRIDS = {"paper_grid": PAPER_BANDWIDTHS, "fine_grid": FINE_BANDWIDTHS}


@dataclass(frozen=True)
class Score:
    """One row of Table 1, as `score` returns it.

    Attributes
    ----------
    model : str
    paper_grid, fine_grid : LogLikelihood
        The result with sigma from `PAPER_BANDWIDTHS`, and with sigma from `FINE_BANDWIDTHS`, in steps of a factor of
        1.026.
    n_samples, n_validation, n_test : int
        The numbers of samples, of images on which sigma was chosen, and of test images.
    """

    model: str
    paper_grid: LogLikelihood
    fine_grid: LogLikelihood
    n_samples: int
    n_validation: int
    n_test: int

    def __str__(self) -> str:
        return f"{self.model}: {self.paper_grid}; on the fine grid {self.fine_grid}"

    def as_dict(self) -> dict[str, Any]:
        """Return the numbers of a row of Table 1 by name."""
        return {"model": self.model, "n_samples": self.n_samples} | {
            f"{name}_{field}": getattr(getattr(self, name), field)
            for name in GRIDS
            for field in ("mean", "standard_error", "bandwidth")
        }


def score(model: str, samples: Array, images: HeldOut, *, ranks: Ranks = ALONE) -> Score:
    """Return the row of Table 1 for samples, on both grids.

    Parameters
    ----------
    model : str
        The name of the row.
    samples : ndarray of shape (n, d)
        Rows like the images, float32 or float64; the released evaluator takes 10,000.
    images : HeldOut
        The images that judge the samples, on the same device.
    ranks : Ranks
        The processes that share the work; each of them has all samples.

    Raises
    ------
    TypeError, ValueError
        If samples are not a non-empty, finite float array of the images' width.

    See Also
    --------
    tinygan.evaluation.parzen_log_likelihood : The same estimate on one grid.

    Notes
    -----
    Two calls of `tinygan.evaluation.parzen_log_likelihood` give the same, to 1e-3 nats. This function is faster: it
    computes the distances to the validation images once for all sigmas of both grids, and the distances to the test
    images once for both chosen sigmas.

    Examples
    --------
    >>> samples, validation, test = np.random.default_rng(0).normal(0.5, 0.2, size=(3, 300, 4))
    >>> found = score("G", samples, HeldOut(validation, test))
    >>> round(found.paper_grid.bandwidth, 3), round(found.fine_grid.bandwidth, 3)
    (0.129, 0.117)
    """
    curve = search_bandwidth(samples, images.validation, np.concatenate(list(GRIDS.values())), ranks=ranks).curve
    curves = np.split(curve, np.cumsum([len(grid) for grid in GRIDS.values()])[:-1])
    searches = [BandwidthSearch(float(g[c.argmax()]), g, c) for g, c in zip(GRIDS.values(), curves, strict=True)]
    sigmas = [search.bandwidth for search in searches]
    log_densities = shared_kernel_sums(samples, images.test, sigmas, ranks).log_density()
    means, standard_errors = map(np.ndarray.tolist, mean_and_standard_error(log_densities))
    paper_grid, fine_grid = map(LogLikelihood, means, standard_errors, sigmas, searches)
    return Score(model, paper_grid, fine_grid, len(samples), len(images.validation), len(images.test))
