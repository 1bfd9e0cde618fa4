"""One row of Table 1: the log-likelihood of the test images under samples, with sigma from two grids."""

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
    """What `score` found.

    Attributes
    ----------
    model : str
    paper_grid, fine_grid : LogLikelihood
        With sigma from `PAPER_BANDWIDTHS`, and from `FINE_BANDWIDTHS`, in steps of a factor of 1.026.
    n_samples, n_validation, n_test : int
        How many samples were scored, and how many images chose sigma and judged.
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
        What to call it.
    samples : ndarray of shape (n, d)
        Rows like the images, float32 or float64; the released evaluator takes 10,000.
    images : HeldOut
        What to judge them by, on the same device.
    ranks : Ranks
        The processes that share the work; each of them has all samples.

    Raises
    ------
    TypeError, ValueError
        If samples are not a non-empty, finite float array of the images' width.

    Notes
    -----
    The same as `tinygan.evaluation.parzen_log_likelihood` twice, to 1e-3 nats, but with one pass over the distances to
    the validation images for all sigmas of both grids, and one over those to the test images for both chosen ones.

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
