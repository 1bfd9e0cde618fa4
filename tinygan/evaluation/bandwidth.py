"""Which bandwidth makes validation examples most likely, searched over a grid in one pass over the distances."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tinygan.backend import Array, get_array_module, to_host
from tinygan.evaluation.distances import check_points
from tinygan.evaluation.sums import TOLERANCE, check_bandwidths
from tinygan.evaluation.sums_over_ranks import SharedEvaluator
from tinygan.ranks.group import ALONE, Ranks

# The bandwidths that the paper's evaluator tries. Each is 1.29 times the one before, which can cost tens of nats.
PAPER_BANDWIDTHS = np.logspace(-1, 0, 10)

# Nine more between each two of them. In d dimensions the best of these is at most about d (log(1.026) / 2)² nats below
# the optimum between them: .13 nats for d = 784.
FINE_BANDWIDTHS = np.logspace(-1, 0, 91)

PAPER_BANDWIDTHS.flags.writeable = FINE_BANDWIDTHS.flags.writeable = False

# Examples on which float32 is tried out.
TRIAL = 128


@dataclass(frozen=True, eq=False)
class BandwidthSearch:
    """What `search_bandwidth` found.

    Attributes
    ----------
    bandwidth : float
        The sigma with the highest mean log-likelihood; the first if several are equal.
    bandwidths : ndarray of shape (B,)
        All sigmas that were tried.
    curve : ndarray of shape (B,)
        The mean log-likelihood of the validation examples for each, in nats, on the host.
    """

    bandwidth: float
    bandwidths: Array
    curve: Array

    @property
    def is_at_end(self) -> bool:
        """Whether the bandwidth is the first or the last that was tried, so that a better one may lie beyond."""
        return bool(self.curve.argmax() in (0, len(self.curve) - 1))


def search_bandwidth(
    samples: Array,
    validation: Array,
    bandwidths: Sequence[float] | Array = PAPER_BANDWIDTHS,
    *,
    ranks: Ranks = ALONE,
) -> BandwidthSearch:
    """Return the bandwidth that makes the validation examples most likely, and the whole curve.

    The curve is right to 1e-3 nats, as far as a trial on 128 examples can tell; see the notes.

    Parameters
    ----------
    samples : ndarray of shape (n, d)
        The centres of the window, float32 or float64.
    validation : ndarray of shape (m, d)
        Examples that are neither training nor test examples; the paper's evaluator takes 1,000.
    bandwidths : sequence of float
        What to try, each > 0; the paper's ten by default.
    ranks : Ranks
        The processes that share the work; each of them has all samples.

    Raises
    ------
    TypeError, ValueError
        If an array is not a non-empty, finite float array of shape (n, d), or a bandwidth is not a finite number > 0.

    See Also
    --------
    parzen_log_likelihood : Searches the bandwidth, and judges test examples with it.
    ParzenWindow : The density at one bandwidth.

    Notes
    -----
    At d = 784 and sigma = .1, float32 products leave errors of about 1e-3 nats at a point. Errors that differ from
    point to point vanish from a mean over thousands of points. Errors that all points share do not; -9e-4 was seen on
    MNIST. So 128 examples are computed twice, in float32 and in the precision that `kernel_sums` would take. They are
    spread from the example nearest to the samples' mean to the farthest. The mean of their differences corrects the
    float32 mean over all examples. If three standard errors of this correction exceed 5e-4 nats for any sigma, float32
    is given up. This is an estimate, not a bound. Fewer than 257 examples get no such trial.

    Examples
    --------
    >>> import numpy as np
    >>> samples, validation = np.split(np.random.default_rng(0).normal(size=(400, 1)), 2)
    >>> found = search_bandwidth(samples, validation, [0.01, 0.3, 5.0])
    >>> found.bandwidth
    0.3
    >>> found.curve.round(1)
    array([-126. ,   -1.5,   -2.6])
    """
    check_points("search_bandwidth", "samples", samples)
    check_points("search_bandwidth", "validation", validation, samples.shape[1], samples)
    sigmas = check_bandwidths("search_bandwidth", bandwidths)
    curve = to_host(_mean_log_density(SharedEvaluator(samples, validation, sigmas, ranks), len(validation)))
    return BandwidthSearch(float(sigmas[curve.argmax()]), sigmas, curve)


def _mean_log_density(evaluator: SharedEvaluator, n: int) -> Array:
    """Return the mean of log p(x) over the n points x of an evaluator, for each sigma."""
    if evaluator.dtype is not np.float32 and n > 2 * TRIAL:
        some = _spread(evaluator.squares)
        with np.errstate(all="ignore"):  # an overflow ends as NaN, and NaN is not below the tolerance
            rough = evaluator.sums(np.float32, some).log_density()
            errors = rough - evaluator.sums(evaluator.dtype, some).log_density()
            doubt = 3 * errors.std(axis=0).max() / math.sqrt(TRIAL)
        if doubt <= TOLERANCE:
            return evaluator.sums(np.float32).log_density().mean(axis=0) - errors.mean(axis=0)
    return evaluator.sums(evaluator.dtype).log_density().mean(axis=0)


def _spread(squares: Array) -> Array:
    """Return the indices of TRIAL points, evenly spaced in the order of their squares, both ends among them."""
    xp = get_array_module(squares)
    return xp.argsort(squares)[xp.linspace(0, len(squares) - 1, TRIAL).astype(int)]
