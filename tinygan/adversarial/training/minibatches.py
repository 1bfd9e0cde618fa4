"""Where the minibatches of p_data come from: an array, shuffled anew every epoch, or anything that can be sampled."""

from collections.abc import Iterator
from typing import Any, TypeAlias

from tinygan.adversarial.prior import NoisePrior
from tinygan.adversarial.training.state import TrainingState
from tinygan.backend import Array, as_rng, is_finite, module_of, to_device
from tinygan.backend.arrays import array_kind, check_arrays, is_float_array
from tinygan.data import ScaledImages

# An array of shape (n, ...), ScaledImages, or an object with .sample(m, rng=) such as the toys of tinygan.data.
Source: TypeAlias = Any


class Minibatches:
    """What Algorithm 1 samples: m examples of p_data with m noise vectors of p_z, and m noise vectors alone.

    Parameters
    ----------
    x : ndarray of shape (n, ...), or an object with .sample(m, rng=)
        An array is taken in a new random order every epoch; the last minibatch of an epoch may be short.
    prior : NoisePrior
        p_z.
    batch_size : int
        m.
    state : TrainingState
        Its streams draw the order of the examples, or the examples themselves, and the noise. Its position says where
        in an array to go on. Its share says which rows of every minibatch to return.
    dtype : {numpy.float32, numpy.float64}
        Precision of examples and noise.
    device : str
        Where to put them; an array is there already.

    Examples
    --------
    >>> import numpy as np
    >>> prior, state = NoisePrior("uniform", 3), TrainingState(0)
    >>> batches = Minibatches(np.arange(5.0)[:, None], prior, 2, state=state, dtype=np.float32)
    >>> [(x.shape, z.shape) for x, z in (batches.pair() for _ in range(3))]
    [((2, 1), (2, 3)), ((2, 1), (2, 3)), ((1, 1), (1, 3))]
    >>> batches.noise().shape
    (2, 3)
    """

    def __init__(
        self, x: Source, prior: NoisePrior, batch_size: int, *, state: TrainingState, dtype: Any, device: str = "cpu"
    ) -> None:
        self.x, self.prior, self.batch_size = x, prior, batch_size
        self.state, self.dtype, self.device = state, dtype, device
        self._place = {} if device == "cpu" else {"device": device}  # your own prior may take no device
        self._examples = self._draws() if is_sampler(x) else self._epochs()

    def pair(self) -> tuple[Array, Array]:
        """Return the next minibatch of examples, and as many noise vectors.

        Raises
        ------
        TypeError, ValueError
            If a sampler returns anything but finite floats.
        """
        x = next(self._examples)
        return x, self._noise(len(x))

    def noise(self) -> Array:
        """Return a minibatch of noise."""
        self.state.draw_for(self.batch_size)
        return self._noise(len(self.state.share.of(self.batch_size)))

    def _noise(self, n_rows: int) -> Array:
        return self.prior.sample(n_rows, rng=self.state.noise, dtype=self.dtype, **self._place)

    def _draws(self) -> Iterator[Array]:
        while True:
            batch = checked_examples(self.x.sample(self.batch_size, rng=self.state.data), self.dtype)
            yield self._ours(batch)

    def _epochs(self) -> Iterator[Array]:
        state = self.state
        while True:
            order = state.order(len(self.x))
            while state.position < len(self.x):
                chosen = order[state.position : state.position + self.batch_size]
                state.position += len(chosen)
                yield self.x[self._ours(chosen)].astype(self.dtype, copy=False)
            state.position = 0

    def _ours(self, batch: Array) -> Array:
        """Return this process's rows of a minibatch, or of the indices of one, on the device."""
        self.state.draw_for(len(batch))
        rows = self.state.share.of(len(batch))
        return module_of(self.device).asarray(batch[rows.start : rows.stop])


def prepared(x: Source, dtype: Any, device: str) -> tuple[Source, Array]:
    """Return x, checked and, if it is an array, cast and moved to the device; and one example of it.

    A sampler's draws are checked and moved when they come.

    Examples
    --------
    >>> import numpy as np
    >>> prepared(np.ones((3, 2)), np.float32, "cpu")[1]
    array([[1., 1.]], dtype=float32)
    """
    if isinstance(x, ScaledImages):
        x = x.on(device)
    else:
        check_arrays("train", x=x)  # a pandas table has a method sample, too
        if not is_sampler(x):
            x = to_device(checked_examples(x, dtype), device)
    example = checked_examples(x.sample(1, rng=as_rng(0)) if is_sampler(x) else x[:1], dtype)
    return x, to_device(example, device)


def is_sampler(x: Source) -> bool:
    """Return whether x can be sampled; if not, it is an array."""
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
