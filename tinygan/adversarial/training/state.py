"""The state of a training, from which it can go on later as if it had never stopped."""

import copy
from typing import Any, NamedTuple

from tinygan.backend import Array, RngLike, as_rng, spawn_rngs
from tinygan.backend.streams import SharedStream


class Share(NamedTuple):
    """One process's part of every minibatch, when several processes train together.

    Attributes
    ----------
    rank, n_ranks : int
        The number of this process, from 0, and how many there are.

    Examples
    --------
    >>> [Share(rank, 3).of(100) for rank in range(3)]
    [range(0, 33), range(33, 66), range(66, 100)]
    """

    rank: int = 0
    n_ranks: int = 1

    def of(self, m: int) -> range:
        """Return this process's rows of a minibatch of m."""
        if m < self.n_ranks:
            raise ValueError(f"{self.n_ranks} processes cannot share a minibatch of {m}; it takes a row for each")
        return range(m * self.rank // self.n_ranks, m * (self.rank + 1) // self.n_ranks)


class TrainingState:
    """Three independent random streams, a place in the data, and how many iterations are done.

    `train` updates it. To go on later, bit for bit, copy it between two iterations, together with the networks and
    their optimisers.

    Parameters
    ----------
    rng : numpy.random.Generator, int or None
        Seeds the three streams.

    Attributes
    ----------
    data, noise, dropout : numpy.random.Generator
        The streams for the examples or their order, for z, and for the masks of dropout. More draws from one leave the
        others alone.
    iteration : int
        Iterations done.
    epoch, position : int
        How many walks through the data have begun, and how many examples the last walk has used.
    epoch_start : dict or None
        State of the data stream before it drew the permutation of this epoch, to draw it again.
    share : Share
        This process's part of every minibatch: all of it, unless `take_share` says otherwise.
    weight : float
        The fraction of the last minibatch that this part was.

    Examples
    --------
    >>> state = TrainingState(0)
    >>> state.iteration, state.epoch, state.position
    (0, 0, 0)
    """

    def __init__(self, rng: RngLike = None) -> None:
        self.data, self.noise, self.dropout = spawn_rngs(as_rng(rng), 3)
        self.iteration = self.epoch = self.position = 0
        self.epoch_start: Any = None
        self.share, self.weight = Share(), 1.0

    def take_share(self, rank: int, n_ranks: int) -> None:
        """Train on a share of every minibatch, noise and masks included; together, all processes do what one would do.

        Examples
        --------
        >>> state = TrainingState(0)
        >>> state.take_share(1, 3)
        >>> state.share.of(100)
        range(33, 66)
        """
        self.share = Share(rank, n_ranks)
        self.noise, self.dropout = SharedStream(self.noise.bit_generator), SharedStream(self.dropout.bit_generator)

    def draw_for(self, m: int) -> None:
        """Get ready to draw noise and masks for a minibatch of m, of which each process draws its own rows."""
        rows = self.share.of(m)
        self.weight = len(rows) / m
        for stream in (self.noise, self.dropout):
            if isinstance(stream, SharedStream):
                stream.start, stream.n_rows, stream.total = rows.start, len(rows), m

    def order(self, n: int) -> Array:
        """Return this epoch's permutation of n examples; draw a new one if the epoch begins."""
        if self.position == 0:
            self.epoch += 1
            self.epoch_start = copy.deepcopy(dict(self.data.bit_generator.state))
        else:
            self.data.bit_generator.state = self.epoch_start
        return self.data.permutation(n)
