"""Adds up kernels and scores samples, on the share of this rank or alone: scoring.py FOLDER N_SAMPLES DIMENSION."""

import sys
from pathlib import Path

import numpy as np

from tinygan.evaluation import FINE_BANDWIDTHS, parzen_log_likelihood
from tinygan.evaluation.sums_over_ranks import shared_kernel_sums
from tinygan.ranks.group import find_ranks


def made(n, d):
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, d)).astype(np.float32), rng.normal(size=(300, d)).astype(np.float32)


def scored_sums(ranks, n, d):
    return shared_kernel_sums(*made(n, d), [0.1, 1.0, 10.0], ranks)


def scored(ranks, n, d):
    samples, x = made(n, d)
    sums = scored_sums(ranks, n, d)
    likelihood = parzen_log_likelihood(samples, x, x[::-1], FINE_BANDWIDTHS, ranks=ranks)
    return {
        "nearest": sums.nearest,
        "sums": sums.sums,
        "count": np.array(sums.count),
        "likelihood": np.array([likelihood.mean, likelihood.standard_error, likelihood.bandwidth]),
        "curve": likelihood.search.curve,
    }


if __name__ == "__main__":
    together = find_ranks()
    found = scored(together, *map(int, sys.argv[2:]))
    np.savez(Path(sys.argv[1], f"{together.size}-{together.rank}.npz"), **found)
