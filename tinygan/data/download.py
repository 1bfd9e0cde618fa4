"""Download one file from the first mirror that gives it; the file arrives whole and checked, or not at all."""

import hashlib
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any, TypeAlias

from tinygan.files import as_path, new_folder, whole_file

# A function that takes the name of the file, the bytes that have arrived, and the bytes that are expected.
ShowProgress: TypeAlias = Callable[[str, int, int], None]

SECONDS_OF_SILENCE = 30
PIECE = 1 << 16


def user_cache() -> Path:
    """Return the folder in which this user's downloads are kept.

    Examples
    --------
    >>> user_cache().is_absolute()
    True
    """
    return Path(_pooch().os_cache("tinygan"))


def _pooch() -> Any:
    """Import pooch, silently: the bar of progress that it imports, and we do not use, warns in a plain notebook."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "IProgress not found")
        import pooch
    return pooch


def download(
    urls: Sequence[str], path: str | Path, *, size: int, sha256: str, progress: ShowProgress | None = None
) -> None:
    """Download a file from the first address that gives all of it.

    The file gets its own name only after all of it has arrived, its SHA-256 is right, and it is written to the disk.

    Parameters
    ----------
    urls : sequence of str
        Addresses of the same file, tried in this order.
    path : str or Path
        Where to put the file. A missing folder is made, and removed again if the download fails.
    size : int
        The expected number of bytes.
    sha256 : str
        The expected SHA-256, in hexadecimal digits.
    progress : callable, optional
        Called whenever bytes arrive, with (name of the file, bytes that have arrived, bytes expected).

    Raises
    ------
    ConnectionError
        If no address gave the file. The message says what went wrong at each address.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> download([], "labels.gz", size=8, sha256="")
    Traceback (most recent call last):
    ConnectionError: no address for labels.gz
    """
    path = as_path(path)
    refusals = []
    with new_folder(path.parent):
        for url in urls:
            try:
                with whole_file(path) as temporary, open(temporary, "wb") as file:
                    sink = _Sink(file, path.name, size, progress)
                    _pour(url, sink)
                    sink.check(sha256)
                return
            except _UnfitError as why:
                refusals.append(f"{url} {why}")
        raise ConnectionError("; ".join(refusals) or f"no address for {path.name}")


class _UnfitError(Exception):
    """An address did not send the expected file; the message says what it did instead."""


class _Sink:
    """A file to write to: it counts the bytes, sums their SHA-256, reports progress and remembers a failed write."""

    def __init__(self, file: IO[bytes], name: str, size: int, progress: ShowProgress | None) -> None:
        self.file, self.name, self.size, self.progress = file, name, size, progress
        self.n_bytes, self.sha256 = 0, hashlib.sha256()
        self.failure: OSError | None = None

    def write(self, piece: bytes) -> None:
        self.n_bytes += len(piece)
        if self.n_bytes > self.size:
            raise _UnfitError(f"sent more than the {self.size:,} bytes expected")
        self.sha256.update(piece)
        try:
            self.file.write(piece)
        except OSError as failure:  # a full disk is no fault of the address, and the next one would not help
            self.failure = failure
            raise
        if self.progress is not None:
            self.progress(self.name, self.n_bytes, self.size)

    def flush(self) -> None:
        """Do nothing, since pooch flushes after every piece and that only takes time."""

    def check(self, sha256: str) -> None:
        if self.n_bytes < self.size:
            raise _UnfitError(f"sent {self.n_bytes:,} of {self.size:,} bytes")
        if (found := self.sha256.hexdigest()) != sha256:
            raise _UnfitError(f"sent another file: its SHA-256 is {found[:12]}..., where {sha256[:12]}... belongs")


def _pour(url: str, sink: _Sink) -> None:
    responses: list[Any] = []
    pour = _pooch().HTTPDownloader(
        chunk_size=PIECE,
        timeout=SECONDS_OF_SILENCE,
        hooks={"response": lambda response, **_: responses.append(response)},
    )
    try:
        pour(url, sink, None)
    except (OSError, ValueError) as error:  # every error of requests is an OSError
        if sink.failure is not None:
            raise sink.failure from None
        raise _UnfitError(_reason(error, sink)) from error
    finally:
        for response in responses:
            response.close()


def _reason(error: Exception, sink: _Sink) -> str:
    response = getattr(error, "response", None)
    if response is not None:
        return f"answered {response.status_code} {response.reason}".rstrip()
    if sink.n_bytes:
        return f"broke off after {sink.n_bytes:,} of {sink.size:,} bytes"
    if "Timeout" in type(error).__name__:
        return f"did not answer for {SECONDS_OF_SILENCE} seconds"
    return "cannot be reached"
