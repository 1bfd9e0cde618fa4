"""How many threads the matrix products of a training should have."""

import time

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

from tinygan.arguments import check_count

N_UNITS, N_PRODUCTS = 1200, 20  # of the MNIST networks; a tenth of a second


def resolved_threads(asked: int | str, batch_size: int) -> int:
    """Return the number asked for, or for "auto" one or all, whichever multiplies a minibatch faster right now.

    Parameters
    ----------
    asked : int or "auto"
        At least 1.
    batch_size : int
        m.

    Examples
    --------
    >>> resolved_threads(2, batch_size=100)
    2
    """
    if asked != "auto":
        return check_count("resolved_threads got threads", asked)
    most = max((pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"), default=1)
    return min((1, most), key=lambda n: _seconds(n, batch_size))


def _seconds(threads: int, batch_size: int) -> float:
    x, weight = np.ones((batch_size, N_UNITS), np.float32), np.ones((N_UNITS, N_UNITS), np.float32)
    with threadpool_limits(threads, "blas"):
        x @ weight
        start = time.perf_counter()
        for _ in range(N_PRODUCTS):
            x @ weight
        return time.perf_counter() - start
