"""Read idx files, the format of MNIST, compressed by gzip or not."""

import gzip
import math
import zlib
from pathlib import Path
from typing import Protocol

import numpy as np

from tinygan.backend import Array
from tinygan.data.kinds import existing_file

GZIP_MAGIC = b"\x1f\x8b"
UNSIGNED_BYTE = 0x08
TYPES = {0x08: "uint8", 0x09: "int8", 0x0B: "int16", 0x0C: "int32", 0x0D: "float32", 0x0E: "float64"}
KINDS = {1: "labels", 3: "images"}
PIECE = 1 << 20


def read_idx(path: str | Path, *, ndim: int | None = None) -> Array:
    """Return the array of bytes in an idx file.

    Parameters
    ----------
    path : str or Path
        The file. Its first bytes tell whether it is compressed by gzip.
    ndim : int, optional
        The number of dimensions that the array must have: 3 for images, 1 for labels.

    Returns
    -------
    ndarray of uint8
        The array, in the shape that the file states.

    Raises
    ------
    ValueError
        If the file is empty, cut off, too long, of another type or of another number of dimensions, or if its gzip
        stream is damaged. The message names the file, what was found and what was expected.
    OSError
        If the file is missing, a folder, or cannot be read.

    Notes
    -----
    An idx file starts with two zero bytes, a byte for the type (8 is uint8), a byte for the number of dimensions, and
    then one big-endian 32-bit integer for each dimension. The numbers follow; the last index changes fastest.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "labels-idx1-ubyte")
    ...     _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4]))
    ...     read_idx(path, ndim=1)
    array([5, 0, 4], dtype=uint8)
    """
    path = existing_file(path)
    with open(path, "rb") as raw:
        first = raw.read(2)
        raw.seek(0)
        if not first:
            raise ValueError(f"{path} is empty; it takes an idx file")
        if first != GZIP_MAGIC:
            if path.suffix == ".gz":
                raise ValueError(f"{path} is named .gz, but starts with {first.hex(' ')} and not with gzip's 1f 8b")
            return _read(raw, path, ndim)
        try:
            with gzip.open(raw) as file:
                return _read(file, path, ndim)
        except EOFError:
            raise ValueError(f"{path} is cut off: its gzip stream ends too early") from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise ValueError(f"{path} is damaged: its gzip stream cannot be unpacked ({error})") from None


class _Readable(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


def _read(file: _Readable, path: Path, ndim: int | None) -> Array:
    shape = _shape(file, path, ndim)
    size = math.prod(shape)
    body = _at_most(file, size + 1)
    if len(body) < size:
        raise ValueError(f"{path} is cut off: its header states {_shaped(shape)}, but only {len(body):,} bytes follow")
    if len(body) > size:
        raise ValueError(f"{path} is too long: its header states {_shaped(shape)}, but more follow")
    return np.frombuffer(body, np.uint8).reshape(shape)


def _shape(file: _Readable, path: Path, ndim: int | None) -> tuple[int, ...]:
    magic = file.read(4)
    if len(magic) < 4:
        raise ValueError(f"{path} is cut off: it has {len(magic)} of the 4 bytes that open an idx file")
    zeros, kind, n_dimensions = magic[:2], magic[2], magic[3]
    wanted = f"00 00 08 0{ndim or 3}"
    if zeros != b"\0\0" or kind not in TYPES or not n_dimensions:
        what = "it holds a web page" if magic.startswith(b"<") else f"it starts with {magic.hex(' ')}"
        raise ValueError(f"{path} is not an idx file: {what}, where {wanted} belongs")
    if kind != UNSIGNED_BYTE:
        raise ValueError(f"{path} holds {TYPES[kind]} (idx type 0x{kind:02x}); it takes uint8 (0x08)")
    if ndim is not None and n_dimensions != ndim:
        raise ValueError(
            f"{path} holds {_kind(n_dimensions)} ({magic.hex(' ')}), where {_kind(ndim)} ({wanted}) belong"
        )
    header = _at_most(file, 4 * n_dimensions)
    if len(header) < 4 * n_dimensions:
        raise ValueError(f"{path} is cut off in its header: {len(header)} of {4 * n_dimensions} bytes for the shape")
    return tuple(int(n) for n in np.frombuffer(header, ">u4"))


def _at_most(file: _Readable, n: int) -> bytearray:
    """Return up to n bytes, read piece by piece, since a damaged header may ask for more than the memory holds."""
    body = bytearray()
    while len(body) < n and (piece := file.read(min(PIECE, n - len(body)))):
        body += piece
    return body


def _kind(ndim: int) -> str:
    return KINDS.get(ndim, f"an array of {ndim} dimensions")


def _shaped(shape: tuple[int, ...]) -> str:
    return f"{' x '.join(f'{n:,}' for n in shape)} = {math.prod(shape):,} bytes"
