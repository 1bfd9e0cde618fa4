"""Random words from a stream: the same ones on every device, and for every way to split a batch between processes."""

import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tinygan.backend.fused import fused, launch
from tinygan.backend.modules import Array, get_array_module

# Philox4x64 makes four words of 64 bits at a time.
BLOCK = 4

PHILOX = Path(__file__).with_name("philox.cu").read_text(encoding="utf-8")


class SharedStream(np.random.Generator):
    """A Philox stream that several processes share: each takes its own rows of every batch.

    Together they get the numbers that one process would draw for the whole batch.

    Attributes
    ----------
    start, n_rows, total : int
        This process takes n_rows of the total rows, from row start on. Set them before every batch.

    Examples
    --------
    >>> whole = np.random.Generator(np.random.Philox(0))
    >>> shared = SharedStream(np.random.Philox(0))
    >>> shared.start, shared.n_rows, shared.total = 2, 2, 4
    >>> bool((draw(shared, 2, 3) == draw(whole, 4, 3)[2:]).all())
    True
    """

    start, n_rows, total = 0, 1, 1

    def __init__(self, bit_generator: np.random.BitGenerator) -> None:
        if not isinstance(bit_generator, np.random.Philox):
            raise TypeError(
                f"SharedStream got a {type(bit_generator).__name__}; it takes a Philox, whose words can be counted"
            )
        super().__init__(bit_generator)

    def random(self, *arguments: Any, **options: Any) -> Any:
        """Raise a TypeError: these draws know nothing of rows, so every process would get the same ones."""
        raise TypeError(
            "this stream is shared by several processes; draw from it by uniform, gaussian or bits of "
            "tinygan.backend.streams, which give each process its own rows"
        )

    integers = normal = standard_normal = permutation = choice = shuffle = random

    def __reduce__(self) -> tuple[Any, ...]:
        """Make a copy that is shared as well; a copy as a plain Generator would draw for the whole batch."""
        return _shared, (self.bit_generator, self.start, self.n_rows, self.total)


class Span(NamedTuple):
    """Where the words of some rows lie in a Philox stream.

    Word j of row i is number ``start + (i // group * stride + i % group) * per_row + j`` of the stream, from 0.

    Attributes
    ----------
    key : tuple of int
        Two words.
    start : int
        Number of the first word of row 0.
    group, stride : int
        How many rows follow each other, and how many rows lie between the first rows of two groups.
    """

    key: tuple[int, int]
    start: int
    group: int
    stride: int


def draw(rng: np.random.Generator, rows: int, per_row: int, xp: Any = np) -> Array:
    """Return the next random words of the stream, of shape (rows, per_row).

    Parameters
    ----------
    rng : numpy.random.Generator
        A Philox stream gives the same words on every device. Any other draws on the host, and its words are copied.
    rows, per_row : int
        How many rows, and words in a row. Rows are drawn one after another, so a batch may be drawn in parts.
    xp : module
        NumPy, or CuPy for its current device.

    Examples
    --------
    >>> whole, parts = (np.random.Generator(np.random.Philox(0)) for _ in range(2))
    >>> both = np.concatenate([draw(parts, 1, 3), draw(parts, 4, 3)])
    >>> bool((draw(whole, 5, 3) == both).all())
    True
    """
    shape = rows, per_row
    if isinstance(rng, SharedStream):
        span = _taken(rng, rng.start, rng.n_rows, rng.total, rows // rng.n_rows, per_row)
        return _read(span, shape) if xp is np else _philox(span, shape, xp)
    if xp is np or not isinstance(rng.bit_generator, np.random.Philox):
        return xp.asarray(_raw(rng, shape))
    return _philox(_taken(rng, 0, rows, rows, 1, per_row), shape, xp)


def uniform(
    rng: np.random.Generator, shape: tuple[int, int], dtype: Any, low: float = 0.0, high: float = 1.0, xp: Any = np
) -> Array:
    """Return draws from U(low, high), each made of one word: its upper 24 bits in float32, its upper 53 in float64.

    Examples
    --------
    >>> x = uniform(np.random.Generator(np.random.Philox(0)), (1000, 2), np.float32, -1.0, 1.0)
    >>> x.dtype, bool((abs(x) <= 1).all())
    (dtype('float32'), True)
    """
    x = xp.empty(shape, dtype)
    digits = np.finfo(dtype).nmant + 1
    _scale(x, draw(rng, *shape, xp), 64 - digits, 2.0**-digits, float(low), float(high - low))
    return x


@fused("x = (REAL)(words >> shift) * ulp * width + low")
def _scale(x: Array, words: Array, shift: int, ulp: float, low: float, width: float) -> None:
    x[...] = words >> np.uint64(shift)
    x *= ulp
    x *= width
    x += low


def gaussian(rng: np.random.Generator, shape: tuple[int, int], dtype: Any, xp: Any = np) -> Array:
    """Return draws from N(0, 1), two from every two words.

    Notes
    -----
    Let u and v be uniform on [0, 1). Then sqrt(-2 log(1 - u)) is the distance of a Gaussian point of the plane from the
    origin, and 2 pi v is its direction. Other methods reject some words; this one takes the same number of words for
    every row, so rows can be drawn apart. Host and GPU differ by the rounding of log, sin and cos.

    References
    ----------
    Box and Muller 1958, A note on the generation of random normal deviates.

    Examples
    --------
    >>> z = gaussian(np.random.Generator(np.random.Philox(0)), (100_000, 1), np.float32)
    >>> abs(z.mean()) < 0.01, abs(z.std() - 1) < 0.01
    (np.True_, np.True_)
    """
    rows, columns = shape
    pairs = -(-columns // 2)
    u = uniform(rng, (rows, 2 * pairs), np.float64, xp=xp)
    radius, angle = xp.sqrt(-2 * xp.log1p(-u[:, :pairs])), 2 * math.pi * u[:, pairs:]
    z = xp.empty((rows, 2, pairs), dtype)
    z[:, 0], z[:, 1] = radius * xp.cos(angle), radius * xp.sin(angle)
    return z.reshape(rows, 2 * pairs)[:, :columns]


def bits(rng: np.random.Generator, x: Array) -> Array:
    """Return 16 random bits for every entry of a batch; a random layer draws by this, for example its mask.

    The same seed gives each row the same bits on every device, and for every way to share the batch.

    Parameters
    ----------
    rng : numpy.random.Generator
    x : ndarray of shape (m, ...)
        The batch.

    Returns
    -------
    ndarray of uint16, of the shape of x
        On its device.

    Examples
    --------
    >>> bits(np.random.Generator(np.random.Philox(0)), np.ones((1, 3)))
    array([[12201,  8888, 58802]], dtype=uint16)
    """
    width = math.prod(x.shape[1:])
    words = draw(rng, len(x), -(-width // BLOCK), get_array_module(x))
    return words.view(np.uint16)[:, :width].reshape(x.shape)  # the last word of a row may have bits left over


def _shared(bit_generator: Any, start: int, n_rows: int, total: int) -> SharedStream:
    stream = SharedStream(bit_generator)
    stream.start, stream.n_rows, stream.total = start, n_rows, total
    return stream


def _raw(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Return the next words of any generator, also of one that makes smaller ones."""
    if isinstance(rng.bit_generator, np.random.Philox):
        return rng.bit_generator.random_raw(math.prod(shape)).reshape(shape)  # the same, and faster
    return rng.integers(0, 2**64, shape, np.uint64)


def _taken(rng: np.random.Generator, start: int, group: int, stride: int, n_groups: int, per_row: int) -> Span:
    """Return the span of rows from start on in n_groups batches of stride rows, and move the stream past them all."""
    state = rng.bit_generator.state
    counter = sum(int(word) << (64 * i) for i, word in enumerate(state["state"]["counter"]))
    position = BLOCK * counter - (BLOCK - state["buffer_pos"])  # NumPy counts a block when it makes it
    _seek(rng.bit_generator, state, position + n_groups * stride * per_row)
    key = tuple(int(word) for word in state["state"]["key"])
    return Span((key[0], key[1]), position + start * per_row, group, stride)


def _seek(generator: Any, state: Any, position: int) -> None:
    """Set a Philox generator so that it draws the word of this number next; `state` is its present state."""
    block = max(position - 1, 0) // BLOCK
    state["state"]["counter"] = np.array(_counter(block), np.uint64)
    generator.state = state | {"buffer_pos": BLOCK}
    generator.random_raw(position - BLOCK * block)  # leaves the last of the blocks in its buffer


def _read(span: Span, shape: tuple[int, int]) -> Array:
    """Return the words of a span on the host."""
    generator = np.random.Philox(key=np.array(span.key, np.uint64))  # as a tuple it may be rounded to float64
    rows, per_row = shape
    groups = []
    for i in range(rows // span.group):
        _seek(generator, generator.state, span.start + i * span.stride * per_row)
        groups.append(generator.random_raw(span.group * per_row))
    return np.concatenate(groups).reshape(shape)


def _philox(span: Span, shape: tuple[int, int], xp: Any) -> Array:
    """Return the words of a span on a GPU. NumPy numbers its blocks from 1."""
    words = xp.empty(shape, np.uint64)
    numbers = [np.uint64(word) for word in (*span.key, *_counter(span.start // BLOCK + 1))]
    places = [np.int64(place) for place in (span.start % BLOCK, span.group, span.stride, shape[1])]
    launch(PHILOX, "philox", words.size, words, *numbers, *places, like=xp.empty(0, np.float32))
    return words


def _counter(block: int) -> list[int]:
    """Return the number of a block as Philox counts it: four words of 64 bits, the lowest first."""
    return [(block >> (64 * i)) & (2**64 - 1) for i in range(4)]
