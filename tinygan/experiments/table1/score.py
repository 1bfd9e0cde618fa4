"""Table 1's row: the log-likelihood of the test images under samples, on the paper's grid of sigmas and a fine one."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from tinygan.backend import Array
from tinygan.data import Splits
from tinygan.evaluation import FINE_BANDWIDTHS, PAPER_BANDWIDTHS, mean_and_standard_error, search_bandwidth
from tinygan.evaluation.sums_over_ranks import shared_kernel_sums
from tinygan.ranks.group import ALONE, Ranks
from tinygan.recipes.data_sets import RECIPES

# The released evaluator takes so many samples, and chooses sigma on so many validation images.
N_SAMPLES = 10_000
N_VALIDATION = 1000

GRIDS = {"paper_grid": PAPER_BANDWIDTHS, "fine_grid": FINE_BANDWIDTHS}

# What to do if a part of the data is missing.
_REMEDIES = {
    ("cifar10", "validation"): "put data_batch_5.bin beside the other batches",
    ("cifar10", "test"): "put test_batch.bin beside the other batches",
    ("tfd", "validation"): "mark the faces with 2 in the first column of folds",
    ("tfd", "test"): "mark the faces with 3 in the first column of folds",
}


class Published(NamedTuple):
    """A row of the paper's Table 1, in nats.

    Attributes
    ----------
    model : str
    mean, standard_error : float
        Over the test images of MNIST; over the five folds of TFD, each with its own sigma.
    """

    model: str
    mean: float
    standard_error: float


_MNIST = (
    Published("DBN", 138, 2),
    Published("Stacked CAE", 121, 1.6),
    Published("Deep GSN", 214, 1.1),
    Published("Adversarial nets", 225, 2),
)
_TFD = (
    Published("DBN", 1909, 66),
    Published("Stacked CAE", 2110, 50),
    Published("Deep GSN", 1890, 29),
    Published("Adversarial nets", 2057, 26),
)

# Table 1 as printed, by experiment.
PAPER = {"mnist": _MNIST, "mnist-quick": _MNIST, "tfd": _TFD, "tfd-stage-2": _TFD}


class HeldOut(NamedTuple):
    """What samples are judged by, as rows like those that G draws.

    Attributes
    ----------
    validation, test : ndarray of float32, shape (n, d)
        To choose sigma on, and to report on.
    """

    validation: Array
    test: Array


@dataclass(frozen=True, eq=False)
class OnGrid:
    """A log-likelihood, with sigma from one grid.

    Attributes
    ----------
    mean, standard_error : float
        Of the test images, in nats.
    bandwidth : float
        sigma, the best of the grid for the validation images.
    bandwidths, curve : ndarray of shape (B,)
        The grid, and the mean log-likelihood of the validation images for each of it, in nats.
    """

    mean: float
    standard_error: float
    bandwidth: float
    bandwidths: Array
    curve: Array

    @property
    def is_at_end(self) -> bool:
        """Whether sigma is the first or the last of the grid, and a better one may lie beyond."""
        return bool(self.curve.argmax() in (0, len(self.curve) - 1))


@dataclass(frozen=True)
class Row:
    """What `score` found.

    Attributes
    ----------
    model : str
    n_samples : int
    paper_grid, fine_grid : OnGrid
        For `PAPER_BANDWIDTHS`, and for `FINE_BANDWIDTHS`, of which each is 1.026 times the one before.
    """

    model: str
    n_samples: int
    paper_grid: OnGrid
    fine_grid: OnGrid


def held_out(experiment: str, splits: Splits) -> HeldOut:
    """Return the images that the paper's evaluator takes: 1,000 for validation (of TFD all), and the whole test.

    Parameters
    ----------
    experiment : str
        One of `RECIPES`.
    splits : Splits
        The images, as `tinygan.recipes.data_sets.load` returns them.

    Raises
    ------
    ValueError
        If there are none for validation, or none for the test; it says what is missing.

    Examples
    --------
    >>> from tinygan.data import Labelled
    >>> splits = Splits(*(Labelled(np.zeros((n, 28, 28), np.uint8), np.zeros(n, int)) for n in (5, 1200, 30)))
    >>> [rows.shape for rows in held_out("mnist", splits)]
    [(1000, 784), (30, 784)]
    """
    data_set = experiment.removesuffix("-stage-2")
    for part in ("validation", "test"):
        if not len(getattr(splits, part).images):
            raise ValueError(
                f"{experiment} has no {part} images to evaluate with: "
                f"{_REMEDIES.get((data_set, part), 'its data hold none')}"
            )
    validation = splits.validation.images
    if data_set != "tfd":
        validation = validation[:N_VALIDATION]
    preprocess = RECIPES[experiment].preprocess
    return HeldOut(preprocess(validation), preprocess(splits.test.images))


def score(model: str, samples: Array, images: HeldOut, *, ranks: Ranks = ALONE) -> Row:
    """Return the row of Table 1 for samples, on both grids.

    Parameters
    ----------
    model : str
        What to call it.
    samples : ndarray of shape (n, d)
        Rows like those of the images, float32 or float64; the released evaluator takes 10,000.
    images : HeldOut
        What to judge them by, on the same device.
    ranks : Ranks
        Who share the samples, all of which each of them has.

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
    >>> row = score("G", samples, HeldOut(validation, test))
    >>> round(row.paper_grid.bandwidth, 3), round(row.fine_grid.bandwidth, 3)
    (0.129, 0.117)
    """
    found = search_bandwidth(samples, images.validation, np.concatenate(list(GRIDS.values())), ranks=ranks)
    curves = np.split(found.curve, np.cumsum([len(grid) for grid in GRIDS.values()])[:-1])
    sigmas = [float(grid[curve.argmax()]) for grid, curve in zip(GRIDS.values(), curves, strict=True)]
    log_densities = shared_kernel_sums(samples, images.test, sigmas, ranks).log_density()
    means, standard_errors = mean_and_standard_error(log_densities)
    on_grids = {
        name: OnGrid(float(means[i]), float(standard_errors[i]), sigmas[i], grid, curves[i])
        for i, (name, grid) in enumerate(GRIDS.items())
    }
    return Row(model, len(samples), **on_grids)


def row_record(row: Row) -> dict[str, Any]:
    """Return the numbers of a row by name, without the curves.

    Examples
    --------
    >>> rows = np.random.default_rng(0).random((3, 50, 2))
    >>> row_record(score("G", rows[0], HeldOut(*rows[1:])))["n_samples"]
    50
    """
    return {"model": row.model, "n_samples": row.n_samples} | {
        f"{name}_{field}": getattr(getattr(row, name), field)
        for name in GRIDS
        for field in ("mean", "standard_error", "bandwidth")
    }
