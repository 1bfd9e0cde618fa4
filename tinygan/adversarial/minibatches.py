"""Where the minibatches of p_data come from: an array, shuffled anew every epoch, or anything that can be sampled."""

from collections.abc import Iterator
from typing import Any, TypeAlias

from tinygan.adversarial.state import TrainingState
from tinygan.backend import Array, is_finite
from tinygan.data import ScaledImages
from tinygan.layers.base import array_kind, is_float_array

# An array of shape (n, ...), ScaledImages, or an object with .sample(m, rng=) such as the toys of tinygan.data.
Source: TypeAlias = Any


def minibatches(x: Source, batch_size: int, *, state: TrainingState, dtype: Any) -> Iterator[Array]:
    """Yield minibatches without end.

    Parameters
    ----------
    x : ndarray of shape (n, ...), or an object with .sample(m, rng=)
        An array is walked through in a fresh permutation every epoch, and the last short batch of an epoch is kept.
    batch_size : int
        Examples a batch.
    state : TrainingState
        Its data stream gives the order or the draws, and its position says where in an array to go on.
    dtype : {numpy.float32, numpy.float64}
        What the draws of a sampler are cast to; an array is taken as it is.

    Raises
    ------
    TypeError, ValueError
        If a sampler returns something else than finite floats.

    Examples
    --------
    >>> import numpy as np
    >>> epoch = minibatches(np.arange(5.0)[:, None], 2, state=TrainingState(0), dtype=np.float32)
    >>> [next(epoch).shape for _ in range(4)]
    [(2, 1), (2, 1), (1, 1), (2, 1)]
    """
    if is_sampler(x):
        while True:
            yield checked_examples(x.sample(batch_size, rng=state.data), dtype)
    while True:
        order = state.order(len(x))
        while state.position < len(x):
            batch = x[order[state.position : state.position + batch_size]]
            state.position += len(batch)
            yield checked_examples(batch, dtype) if isinstance(x, ScaledImages) else batch
        state.position = 0


def is_sampler(x: Source) -> bool:
    """Return whether x is to be sampled; else it is an array."""
    return hasattr(x, "sample")


def checked_examples(x: Array, dtype: Any) -> Array:
    """Return x cast to dtype, or raise unless it is a non-empty batch of finite floats of at least two dimensions."""
    if not is_float_array(x):
        raise TypeError(f"train got x of {array_kind(x)}, or an object with .sample")
    if x.ndim < 2 or len(x) == 0:
        raise ValueError(f"train got x of shape {x.shape}; it takes (n, ...) with n >= 1, one example a row")
    if not is_finite(x):
        raise ValueError("train got x with NaN or infinite entries; it takes finite examples")
    return x.astype(dtype, copy=False)
