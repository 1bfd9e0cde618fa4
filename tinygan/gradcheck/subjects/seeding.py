"""Make code that draws from `np.random` or `random` repeatable, and leave their states as they were."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np


@contextmanager
def global_seed(seed: int) -> Iterator[None]:
    """Seed the two global generators for the time of a with block, and restore them at the end.

    Examples
    --------
    >>> with global_seed(3):
    ...     one = np.random.rand()
    >>> with global_seed(3):
    ...     one == np.random.rand()
    True
    """
    kept, kept_array = random.getstate(), np.random.get_state()  # noqa: NPY002
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(kept)
        np.random.set_state(kept_array)  # noqa: NPY002
