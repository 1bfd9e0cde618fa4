"""How good are the samples: the paper's Parzen-window log-likelihood, and nearest training examples."""

from tinygan.evaluation.kernels import KernelSums, kernel_sums
from tinygan.evaluation.neighbours import nearest_neighbours
from tinygan.evaluation.parzen import LogLikelihood, ParzenWindow, parzen_log_likelihood
from tinygan.evaluation.search import FINE_BANDWIDTHS, PAPER_BANDWIDTHS, BandwidthSearch, search_bandwidth

__all__ = [
    "FINE_BANDWIDTHS",
    "PAPER_BANDWIDTHS",
    "BandwidthSearch",
    "KernelSums",
    "LogLikelihood",
    "ParzenWindow",
    "kernel_sums",
    "nearest_neighbours",
    "parzen_log_likelihood",
    "search_bandwidth",
]
