"""How many threads a matrix product gets: if the cores have other work, a small one is many times faster on one."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from tinygan.arguments import check_count

# By these a user sets the number of threads of a BLAS; the particular ones come first.
PINS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "OMP_NUM_THREADS")

SMALL = 2**24  # multiplications, which take a core half a millisecond
N_UNITS, N_PRODUCTS = 1200, 20  # of the MNIST networks; a tenth of a second

# The numbers that are asked for by the blas_threads that are not over yet, the latest last; and the numbers before the
# first of these. Several threads of Python may train at once, and end in any order.
_asked: dict[object, int] = {}
_before: list[int] = []
_changing = Lock()


@contextmanager
def blas_threads(n: int) -> Iterator[None]:
    """Run the matrix products inside on n threads, in this whole process; training chooses no other number there.

    Parameters
    ----------
    n : int
        At least 1.

    Raises
    ------
    TypeError, ValueError
        If n is not an int >= 1.

    Notes
    -----
    It takes some microseconds, so it may stand inside a loop.

    Examples
    --------
    >>> x = np.ones((100, 32), np.float32)
    >>> with blas_threads(1):
    ...     y = x @ x.T
    """
    n, me = check_count("blas_threads got n", n), object()
    with _changing:
        if not _asked:
            _before[:] = _numbers()
        _asked[me] = n
        _set([n] * len(_before))
    try:
        yield
    finally:
        with _changing:
            del _asked[me]
            _set([[*_asked.values()][-1]] * len(_before) if _asked else _before)


@contextmanager
def threads_for(n_multiplications: float) -> Iterator[None]:
    """Run the matrix products inside on one thread if the largest is small and the user has chosen no number.

    A user chooses by `blas_threads`, or by a variable such as ``OPENBLAS_NUM_THREADS``.

    Examples
    --------
    >>> x = np.ones((100, 32), np.float32)
    >>> with threads_for(x.size * 100):
    ...     y = x @ x.T
    """
    if n_multiplications >= SMALL or _asked or _is_pinned() or _numbers() != _first_numbers():
        yield
    else:
        with blas_threads(1):
            yield


def resolved_threads(asked: int | str, batch_size: int, largest_weight: float = N_UNITS**2) -> int:
    """Return the number asked for; for "auto" one or all, whichever multiplies a minibatch faster right now.

    For "auto", small products get one thread without a measurement.

    Parameters
    ----------
    asked : int or "auto"
        At least 1, and no more than the machine has cores.
    batch_size : int
        m.
    largest_weight : float
        How many entries the largest weight of a network has.

    Raises
    ------
    TypeError, ValueError
        If the number asked for is not an int from 1 to the number of cores.

    Examples
    --------
    >>> resolved_threads(1, batch_size=100), resolved_threads("auto", batch_size=100, largest_weight=32 * 32)
    (1, 1)
    """
    if asked != "auto":
        if (asked := check_count("threads", asked)) > (n_cores := os.cpu_count() or asked):
            raise ValueError(f"threads={asked}, but this machine has {n_cores} cores")
        return asked
    if batch_size * largest_weight < SMALL:
        return 1
    return min((1, max(_first_numbers(), default=1)), key=lambda n: _seconds(n, batch_size))


def _seconds(threads: int, batch_size: int) -> float:
    x, weight = np.ones((batch_size, N_UNITS), np.float32), np.ones((N_UNITS, N_UNITS), np.float32)
    with blas_threads(threads):
        x @ weight
        start = time.perf_counter()
        for _ in range(N_PRODUCTS):
            x @ weight
        return time.perf_counter() - start


@cache
def _libraries() -> list[Any]:
    """Return the BLAS libraries of NumPy; looking for them takes half a millisecond."""
    return ThreadpoolController().select(user_api="blas").lib_controllers  # type: ignore[no-any-return]


def _numbers() -> list[int]:
    return [library.get_num_threads() for library in _libraries()]


def _set(numbers: list[int]) -> None:
    for library, n in zip(_libraries(), numbers, strict=True):
        library.set_num_threads(n)


@cache
def _first_numbers() -> list[int]:
    return _numbers()


@cache
def _is_pinned() -> bool:
    """Return whether a variable says how many threads there are; the libraries read it when they were loaded."""
    return any(os.environ.get(name) for name in PINS)
