"""How much memory an answer takes: some are right, and fit into no machine."""

import tracemalloc
from typing import Any

from tinygan.lessons.exercise import Answer, Inputs, call


def with_memory(function: Answer, inputs: Inputs) -> tuple[Any, bool]:
    """Return what a function of two sets of points gives, and whether it held all their differences at once.

    Parameters
    ----------
    function : callable
    inputs : dict
        Two arrays, of shape (m, d) and (n, d). Half of m n d numbers or more count as all.

    Examples
    --------
    >>> import numpy as np
    >>> x, others = np.ones((30, 40)), np.ones((50, 40))
    >>> with_memory(lambda x, others: ((x[:, None] - others) ** 2).sum(), {"x": x, "others": others})
    (np.float64(0.0), True)
    """
    x, others = inputs.values()
    tracemalloc.start()
    try:
        result = call(function, inputs)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return result, peak > x.nbytes * len(others) / 2
