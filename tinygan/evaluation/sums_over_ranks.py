"""The sums behind a Parzen window on several ranks: each adds up some of the samples, and their sums are merged."""

from collections.abc import Sequence
from functools import reduce

import numpy as np

from tinygan.backend import Array
from tinygan.evaluation.distances import check_points
from tinygan.evaluation.sums import Evaluator, KernelSums, check_bandwidths
from tinygan.ranks.group import Ranks


class SharedEvaluator(Evaluator):
    """An evaluator on one of several ranks: it adds up its share of the samples, and gets the sums over all of them.

    Parameters
    ----------
    samples, x : ndarray of shape (m, d) and (n, d)
        The same ones on every rank.
    sigmas : ndarray of shape (B,)
    ranks : Ranks
        The processes that share the work; all of them ask for the same sums.

    Notes
    -----
    Centre, unit and precision come from all samples, so every distance is rounded as in one process. The merge
    takes the least of the minima, and scales and adds the sums in float64. But each rank counts the kernels of its
    share from its own nearest sample, in float32, so a sum differs from the sum in one process by about 1e-7 of itself.
    All ranks end with the same bits.
    """

    def __init__(self, samples: Array, x: Array, sigmas: Array, ranks: Ranks) -> None:
        super().__init__(samples, x, sigmas)
        self._ranks = ranks
        if ranks.size > 1:
            self._samples = samples[share(len(samples), ranks)]
            self._centred = {}

    def sums(self, dtype: type | None, rows: Array | None = None) -> KernelSums:
        """Return the sums over the samples of all ranks."""
        return merged(super().sums(dtype, rows), self._ranks)


def shared_kernel_sums(samples: Array, x: Array, bandwidths: Sequence[float] | Array, ranks: Ranks) -> KernelSums:
    """Return what `kernel_sums` returns, on every rank, while all of them share the work.

    Examples
    --------
    >>> shared_kernel_sums(np.array([[0.0], [1.0]]), np.array([[0.0]]), [1.0], Ranks()).sums.round(4)
    array([[1.6065]])
    """
    check_points("kernel_sums", "samples", samples)
    check_points("kernel_sums", "x", x, samples.shape[1], samples)
    evaluator = SharedEvaluator(samples, x, check_bandwidths("kernel_sums", bandwidths), ranks)
    return evaluator.sums(evaluator.dtype)


def share(n: int, ranks: Ranks) -> slice:
    """Return which of n samples are this rank's; it may be none if there are more ranks than samples.

    Examples
    --------
    >>> share(10_000, Ranks())
    slice(0, 10000, None)
    """
    start, stop = (-(-n * rank // ranks.size) for rank in (ranks.rank, ranks.rank + 1))
    return slice(start, stop)


def merged(here: KernelSums, ranks: Ranks) -> KernelSums:
    """Return the merged sums of all ranks, on each of them; a rank without samples has sums of 0 at infinity."""
    if ranks.size == 1:
        return here
    parts = zip(
        ranks.all_gather(here.nearest),
        ranks.all_gather(here.sums),
        ranks.all_gather(np.array([here.count])),
        strict=True,
    )
    return reduce(
        KernelSums.merge,
        (KernelSums(here.bandwidths, nearest, sums, int(n), here.dimension) for nearest, sums, (n,) in parts),
    )
