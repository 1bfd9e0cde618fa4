"""How good are the samples: the paper's Parzen-window log-likelihood, and nearest training examples."""

from tinygan.evaluation.bandwidth import FINE_BANDWIDTHS, PAPER_BANDWIDTHS, BandwidthSearch, search_bandwidth
from tinygan.evaluation.collapse import find_collapse
from tinygan.evaluation.k_means import k_means
from tinygan.evaluation.neighbours import nearest_neighbours
from tinygan.evaluation.parzen import LogLikelihood, ParzenWindow, parzen_log_likelihood
from tinygan.evaluation.standard_error import mean_and_standard_error
from tinygan.evaluation.sums import KernelSums, kernel_sums

__all__ = [
    "FINE_BANDWIDTHS",
    "PAPER_BANDWIDTHS",
    "BandwidthSearch",
    "KernelSums",
    "LogLikelihood",
    "ParzenWindow",
    "find_collapse",
    "k_means",
    "kernel_sums",
    "mean_and_standard_error",
    "nearest_neighbours",
    "parzen_log_likelihood",
    "search_bandwidth",
]
