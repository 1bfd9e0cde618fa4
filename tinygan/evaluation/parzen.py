"""How likely are test examples under the samples of a generator: the paper's evaluator, a Gaussian Parzen window."""

import numbers
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tinygan.backend import Array
from tinygan.evaluation.bandwidth import PAPER_BANDWIDTHS, BandwidthSearch, search_bandwidth
from tinygan.evaluation.distances import check_points
from tinygan.evaluation.standard_error import mean_and_standard_error
from tinygan.evaluation.sums import check_bandwidths, kernel_sums
from tinygan.evaluation.sums_over_ranks import shared_kernel_sums
from tinygan.ranks.group import ALONE, Ranks


class ParzenWindow:
    """A Gaussian of width sigma on every sample: p(x) = 1/n sum_j N(x; mu_j, sigma² I).

    Parameters
    ----------
    samples : ndarray of shape (n, d)
        The centres mu_j, float32 or float64. For an image model they are its outputs, without noise added.
    bandwidth : float
        sigma > 0.

    Raises
    ------
    TypeError, ValueError
        If samples is not a non-empty, finite float array of shape (n, d), or bandwidth is not a finite number > 0.

    See Also
    --------
    search_bandwidth : Chooses the bandwidth on validation examples.
    parzen_log_likelihood : The score of the paper's Table 1.

    Notes
    -----
    log p(x) = log mean_j exp(-||x - mu_j||² / (2 sigma²)) - d log(sigma sqrt(2 pi)), evaluated by tiles in constant
    memory. This is the estimator of Goodfellow et al. 2014, section 5. It ranks models badly, as Theis et al. 2016
    show: k-means centroids score better than real images. Report it, and do not trust it alone.

    References
    ----------
    Goodfellow et al. 2014, Generative adversarial nets, section 5, arXiv:1406.2661.

    Theis, van den Oord and Bethge 2016, A note on the evaluation of generative models, arXiv:1511.01844.

    Examples
    --------
    >>> import numpy as np
    >>> ParzenWindow(np.array([[0.0]]), 1.0).log_density(np.array([[0.0], [2.0]])).round(4)
    array([-0.9189, -2.9189])
    """

    def __init__(self, samples: Array, bandwidth: float) -> None:
        check_points("ParzenWindow", "samples", samples)
        self.samples = samples
        self.bandwidth = _check_bandwidth("ParzenWindow", bandwidth)

    def log_density(self, x: Array) -> Array:
        """Return log p(x) in nats, right to 1e-3 at every point.

        Parameters
        ----------
        x : ndarray of shape (n, d)
            The points, float32 or float64, on the device of the samples.

        Returns
        -------
        ndarray of shape (n,)
            float64.

        Raises
        ------
        TypeError, ValueError
            If x is not a non-empty, finite float array of shape (n, d).
        """
        check_points("ParzenWindow.log_density", "x", x, self.samples.shape[1], self.samples)
        return kernel_sums(self.samples, x, [self.bandwidth]).log_density()[:, 0]

    def __repr__(self) -> str:
        n, d = self.samples.shape
        return f"ParzenWindow({n:,} samples in {d} dimensions, bandwidth {self.bandwidth:g})"


@dataclass(frozen=True, eq=False)
class LogLikelihood:
    """A row of Table 1.

    Attributes
    ----------
    mean : float
        The mean log-likelihood of the test examples, in nats.
    standard_error : float
        Standard error of the mean over the test examples: their standard deviation (``ddof=0``) / sqrt(n).
    bandwidth : float
        sigma, chosen on the validation examples.
    search : BandwidthSearch
        How it was chosen.
    """

    mean: float
    standard_error: float
    bandwidth: float
    search: BandwidthSearch

    def __str__(self) -> str:
        return f"{self.mean:.1f} ± {self.standard_error:.1f} nats (sigma {self.bandwidth:.4g})"


def parzen_log_likelihood(
    samples: Array,
    test: Array,
    validation: Array,
    bandwidths: Sequence[float] | Array = PAPER_BANDWIDTHS,
    *,
    ranks: Ranks = ALONE,
) -> LogLikelihood:
    """Return the mean log-likelihood of the test examples and its standard error, as in the paper's Table 1.

    Parameters
    ----------
    samples : ndarray of shape (n, d)
        What the generator drew, float32 or float64; the paper's evaluator takes 10,000.
    test : ndarray of shape (m, d)
        The examples whose log-likelihood is reported.
    validation : ndarray of shape (k, d)
        The examples on which the bandwidth is chosen.
    bandwidths : sequence of float
        What to choose from: `PAPER_BANDWIDTHS` by default; `FINE_BANDWIDTHS` shows what so coarse a choice costs.
    ranks : Ranks
        The processes that share the work. Each has all arrays, adds up the kernels of its samples, and gets the result.

    Raises
    ------
    TypeError, ValueError
        If an array is not a non-empty, finite float array of shape (n, d), or a bandwidth is not a finite number > 0.

    See Also
    --------
    search_bandwidth : The choice of the bandwidth alone.
    ParzenWindow : The density at one bandwidth.

    Examples
    --------
    >>> import numpy as np
    >>> samples, test, validation = np.random.default_rng(0).normal(size=(3, 500, 2))
    >>> print(parzen_log_likelihood(samples, test, validation))
    -2.9 ± 0.0 nats (sigma 0.3594)
    """
    check_points("parzen_log_likelihood", "samples", samples)
    check_points("parzen_log_likelihood", "test", test, samples.shape[1], samples)
    check_points("parzen_log_likelihood", "validation", validation, samples.shape[1], samples)
    check_bandwidths("parzen_log_likelihood", bandwidths)
    search = search_bandwidth(samples, validation, bandwidths, ranks=ranks)
    log_density = shared_kernel_sums(samples, test, [search.bandwidth], ranks).log_density()[:, 0]
    mean, standard_error = mean_and_standard_error(log_density)
    return LogLikelihood(float(mean), float(standard_error), search.bandwidth, search)


def _check_bandwidth(function: str, bandwidth: Any) -> float:
    if isinstance(bandwidth, bool) or not isinstance(bandwidth, numbers.Real):
        raise TypeError(f"{function} got bandwidth={bandwidth!r}; it takes a number > 0")
    return float(check_bandwidths(function, [bandwidth])[0])
