"""What the sandbox sends back: a row of frames, each a letter, a length and as many bytes.

Whoever reads them does not trust them. So the format is as plain as can be, and nothing is parsed but numbers.
"""

import math
import struct
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from tinygan.backend import Array

READ = b"R"  # JSON: what the file says, written before any of the student's code has run
FAILURE = b"F"  # a state and a sentence, on two lines
ARRAY = b"A"  # number of axes, shape, values as float64
DIAGNOSIS = b"D"  # a sentence of the gradient checker

_HEAD = struct.Struct("<cQ")
MANY_AXES = 32


def write(stream: BinaryIO, letter: bytes, content: bytes) -> None:
    """Write one frame.

    Examples
    --------
    >>> import io
    >>> stream = io.BytesIO()
    >>> write(stream, DIAGNOSIS, b"the sign")
    >>> list(frames(stream.getvalue()))
    [(b'D', b'the sign')]
    """
    stream.write(_HEAD.pack(letter, len(content)) + content)
    stream.flush()


def frames(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield letter and content of each frame that is complete.

    Examples
    --------
    >>> list(frames(b"D"))
    []
    """
    at = 0
    while at + _HEAD.size <= len(data):
        letter, length = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        if at + length > len(data):
            return
        yield letter, data[at : at + length]
        at += length


def packed(array: Array) -> bytes:
    """Return an array of numbers as the content of a frame.

    Examples
    --------
    >>> len(packed(np.zeros((2, 3))))
    72
    """
    values: bytes = array.astype("<f8").tobytes()
    return struct.pack(f"<{array.ndim + 1}Q", array.ndim, *array.shape) + values


def unpacked(content: bytes) -> Array:
    """Return the array that a frame holds.

    Parameters
    ----------
    content : bytes

    Raises
    ------
    ValueError
        If the shape that it names does not fit what it holds; this is found out before memory is taken.

    Examples
    --------
    >>> unpacked(packed(np.array([1.0, 2.0])))
    array([1., 2.])
    """
    try:
        (n_axes,) = struct.unpack_from("<Q", content)
        shape = struct.unpack_from(f"<{min(n_axes, MANY_AXES)}Q", content, 8)
    except struct.error:
        raise ValueError("the frame of an array is too short") from None
    values = content[8 + 8 * len(shape) :]
    if n_axes > MANY_AXES or 8 * math.prod(shape) != len(values):
        raise ValueError("the frame of an array does not hold what its shape says")
    return np.frombuffer(values, "<f8").reshape(shape)
