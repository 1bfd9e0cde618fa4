"""How much memory an answer takes: some are right, and fit into no machine."""

import tracemalloc
from typing import Any

from tinygan.lessons.exercise import Answer, Inputs, call

OUR_OWN = "tinygan.lessons.exercises."
ALL_AT_ONCE = "broadcast"  # the one of our own answers that holds all differences


def with_memory(function: Answer, inputs: Inputs) -> tuple[Any, bool]:
    """Return what a function of two sets of points gives, and whether it held all their differences at once.

    Only a student's function is measured. Python measures a whole process, and a student's function has one to itself.
    Our own answers also run in a grader, several at the same time. So they are known by their names.

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
    if str(getattr(function, "__module__", "")).startswith(OUR_OWN):
        return call(function, inputs), function.__name__ == ALL_AT_ONCE
    x, others = inputs.values()
    tracemalloc.start()
    try:
        result = call(function, inputs)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return result, peak > x.nbytes * len(others) / 2
