"""Where the minibatches of p_data come from: an array, shuffled anew every epoch, or anything that can be sampled."""

from collections.abc import Iterator
from typing import Any, TypeAlias

from tinygan.adversarial.training.state import TrainingState
from tinygan.backend import Array, is_finite, module_of, to_device
from tinygan.data import ScaledImages
from tinygan.layers.base import array_kind, is_float_array

# An array of shape (n, ...), ScaledImages, or an object with .sample(m, rng=) such as the toys of tinygan.data.
Source: TypeAlias = Any


def minibatches(
    x: Source, batch_size: int, *, state: TrainingState, dtype: Any, device: str = "cpu"
) -> Iterator[Array]:
    """Yield minibatches without end.

    Parameters
    ----------
    x : ndarray of shape (n, ...), or an object with .sample(m, rng=)
        An array is walked through in a fresh permutation every epoch, and the last short batch of an epoch is kept.
    batch_size : int
        Examples a batch.
    state : TrainingState
        Its data stream gives the order or the draws, and its position says where in an array to go on. Of every
        minibatch, the rows are taken that are this process's share.
    dtype : {numpy.float32, numpy.float64}
        What they are cast to.
    device : str
        Where they are wanted, and where an array is already.

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
            batch = checked_examples(x.sample(batch_size, rng=state.data), dtype)
            yield module_of(device).asarray(_taken(batch, state.rows(len(batch))))
    while True:
        order = state.order(len(x))
        while state.position < len(x):
            chosen = order[state.position : state.position + batch_size]
            state.position += len(chosen)
            rows = module_of(device).asarray(_taken(chosen, state.rows(len(chosen))))
            yield x[rows].astype(dtype, copy=False)
        state.position = 0


def _taken(batch: Array, rows: range) -> Array:
    return batch[rows.start : rows.stop]


def prepared(x: Source, dtype: Any, device: str) -> tuple[Source, Array]:
    """Return x on a device, checked, cast if it is an array, and an example of it; draws of a sampler come later.

    Examples
    --------
    >>> import numpy as np
    >>> prepared(np.ones((3, 2)), np.float32, "cpu")[1]
    array([[1., 1.]], dtype=float32)
    """
    if isinstance(x, ScaledImages):
        x = x.on(device)
    elif not is_sampler(x):
        x = to_device(checked_examples(x, dtype), device)
    example = checked_examples(x.sample(1, rng=0) if is_sampler(x) else x[:1], dtype)
    return x, to_device(example, device)


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
