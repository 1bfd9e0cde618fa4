"""What the evaluator is held against: all differences in float64, and SciPy's logsumexp."""

import math

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import logsumexp


def log_densities(samples, x, bandwidths):
    """Return log p(x) for every bandwidth, of shape (n, B)."""
    n, d = samples.shape
    squares = cdist(np.asarray(x, np.float64), np.asarray(samples, np.float64), "sqeuclidean")
    columns = [
        logsumexp(-squares / (2 * sigma**2), axis=1) - math.log(n) - d * math.log(sigma * math.sqrt(2 * math.pi))
        for sigma in bandwidths
    ]
    return np.stack(columns, axis=1)
