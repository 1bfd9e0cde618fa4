"""The processes that mpiexec started together: how they average, send each other data, and stop."""

import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import numpy as np

from tinygan.backend import Array, get_array_module, to_host
from tinygan.ranks.launcher import started_size

# Seconds that mpiexec gets to pass on what a rank printed last, before an abort stops mpiexec as well.
PASSING_ON = 0.5


class Elsewhere(Exception):
    """Raised by `Ranks.together` on the other ranks if one rank failed; that rank raises the error itself."""


class Ranks:
    """Processes that do one thing together, each with a number; or this process alone, which never waits.

    All ranks must call the same methods in the same order, since each rank waits for the others there.

    Parameters
    ----------
    comm : mpi4py.MPI.Comm, optional
        The group of processes; without it, this process is alone.
    local : int
        The number of this rank among those on its machine.

    Attributes
    ----------
    rank, size : int
        The number of this process, from 0, and how many there are. Rank 0 writes the files and the messages.
    local : int
    prefix : str
        The beginning of every message of this rank; empty if it is alone.

    Examples
    --------
    >>> alone = Ranks()
    >>> alone.rank, alone.size
    (0, 1)
    >>> gradient = np.ones(3)
    >>> alone.average(gradient, 1.0)
    >>> gradient
    array([1., 1., 1.])
    """

    def __init__(self, comm: Any = None, local: int = 0) -> None:
        self._comm, self.local = comm, local
        self.rank, self.size = (0, 1) if comm is None else (int(comm.Get_rank()), int(comm.Get_size()))
        self.prefix = "" if self.size == 1 else f"rank {self.rank} of {self.size}: "
        self._all_know = self.size == 1
        self._rooms: dict[tuple[int, Any], tuple[Array, Array]] = {}

    def average(self, array: Array, weight: float) -> None:
        """Replace the array of every rank by the sum of all ranks' arrays, each times the weight of its rank.

        Parameters
        ----------
        array : ndarray
            It has the same shape and precision on every rank. An array on a GPU goes through the host, so that any
            MPI can send it.
        weight : float
            The share of this rank's rows in the minibatch; all weights add up to 1.

        Notes
        -----
        Every rank must end with the same bits, or the networks would drift apart. A sum of floats depends on its order,
        and MPI leaves the order of an ``MPI_Allreduce`` to the library. So this is an all-reduce of our own, made of
        the two halves that libraries use for long arrays. First each of n ranks gets one n-th of every rank's array,
        and adds these pieces up in the order of the ranks (``MPI_Alltoall``). Then the finished pieces are copied to
        all ranks (``MPI_Allgather``). Each number is added up on one rank only, so all ranks get the same bits. The
        order is fixed, so the next run gets them too, with any library. It moves as many bytes as the best all-reduce.
        """
        if self.size == 1:
            return
        length = -(-array.size // self.size)  # the variants of MPI for pieces of several lengths take twice the time
        weighted, parts = self._room(length, array.dtype)
        np.multiply(to_host(array).ravel(), weight, out=weighted[: array.size])
        self._comm.Alltoall(weighted, parts)
        total = parts[0]
        for part in parts[1:]:
            total += part
        self._comm.Allgather(total, weighted)
        _put(weighted[: array.size].reshape(array.shape), array)

    def all_gather(self, array: Array) -> list[Array]:
        """Return the arrays of all ranks, in their order, on this rank's device; all must have one shape and dtype."""
        if self.size == 1:
            return [array]
        host = np.ascontiguousarray(to_host(array))
        arrays = np.empty((self.size, *host.shape), host.dtype)
        self._comm.Allgather(host, arrays)
        return [*get_array_module(array).asarray(arrays)]

    def broadcast(self, array: Array) -> None:
        """Replace the array of every rank by the array of rank 0."""
        if self.size > 1:
            host = np.ascontiguousarray(to_host(array))
            self._comm.Bcast(host)
            _put(host, array)

    def told(self, text: str) -> str:
        """Return the text of rank 0 on every rank; the text of the others is dropped."""
        return self.told_bytes(text.encode()).decode()

    def told_bytes(self, content: bytes) -> bytes:
        """Return the bytes of rank 0 on every rank."""
        if self.size == 1:
            return content
        length = np.array([len(content)])
        self.broadcast(length)
        room = np.frombuffer(content, np.uint8).copy() if self.rank == 0 else np.empty(int(length[0]), np.uint8)
        self.broadcast(room)
        return room.tobytes()

    def largest(self, number: int) -> int:
        """Return the largest of the numbers of all ranks."""
        return max(self._numbers(number))

    def _room(self, length: int, dtype: Any) -> tuple[Array, Array]:
        """Return two arrays for one piece a rank, end to end and one a row; they are the same ones every time."""
        key = length, np.dtype(dtype)
        if key not in self._rooms:
            self._rooms[key] = np.zeros(self.size * length, dtype), np.empty((self.size, length), dtype)
        return self._rooms[key]

    def _numbers(self, here: int) -> list[int]:
        return [int(there[0]) for there in self.all_gather(np.array([here], np.int64))]

    @contextmanager
    def together(self) -> Iterator[None]:
        """Do what is inside on every rank; if one fails, raise its error there, and `Elsewhere` on all other ranks.

        If several ranks fail, only the first raises its error, since all of them may fail for the same reason. Inside,
        no rank may wait for another, which might have failed before.
        """
        failure: Exception | None = None
        try:
            yield
        except Exception as error:
            failure = error
        failed = self._numbers(failure is not None)
        if not any(failed):
            return
        self._all_know = True
        if failure is not None and failed.index(1) == self.rank:
            raise failure
        raise Elsewhere

    def abort(self, status: int) -> None:
        """Stop all ranks, because this one goes no further; do nothing if they all know, or if it is alone.

        What they are writing stays half done. Files of `tinygan.files.whole_file` keep their old content then.
        """
        if not self._all_know:
            sys.stdout.flush()
            sys.stderr.flush()
            time.sleep(PASSING_ON)
            self._comm.Abort(status)


# This process alone.
ALONE = Ranks()


def find_ranks() -> Ranks:
    """Return the processes that mpiexec started, or this one alone if it was started in any other way.

    mpi4py is imported only under mpiexec, and MPI with it. From then on, an exception that nobody catches stops all
    ranks, and not only its own.

    Raises
    ------
    RuntimeError
        If mpiexec started this process, but there is no mpi4py that can talk to the others.

    Examples
    --------
    >>> find_ranks().size
    1
    """
    n_started = started_size()
    if n_started == 1:
        return ALONE
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError) as error:
        raise RuntimeError(
            f"mpiexec started this, but mpi4py cannot be imported ({error}); pip install mpi4py brings it"
        ) from None
    comm = MPI.COMM_WORLD
    if comm.Get_size() == 1:
        raise RuntimeError(
            f"mpiexec started {n_started} processes, but mpi4py finds only one: it belongs to another MPI; "
            "start them with the mpiexec of that one"
        )
    ranks = Ranks(comm, int(comm.Split_type(MPI.COMM_TYPE_SHARED).Get_rank()))

    def stop_all(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        lines = traceback.format_exception(kind, error, trace)
        print(f"{ranks.prefix}this exception stops them all\n{''.join(lines)}", end="", file=sys.stderr)
        ranks.abort(1)

    sys.excepthook = stop_all
    return ranks


def _put(host: Array, array: Array) -> None:
    """Copy an array of the host into one on any device, unless it is the same."""
    if host is not array:
        array[...] = get_array_module(array).asarray(host)
