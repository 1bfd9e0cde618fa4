"""Prints that stop nothing: signs that a terminal lacks are spelled out, and what cannot be written is dropped."""

import codecs
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import Any

# For encodings without these signs; any other sign becomes an escape, such as \xe9.
SPELLED = {"±": "+-", "σ": "sigma"}


def _spell_out(error: UnicodeError) -> tuple[str, int]:
    """Return what stands for signs that cannot be encoded, and where to go on, as `codecs.register_error` asks for."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    return "".join(SPELLED.get(sign) or sign.encode("ascii", "backslashreplace").decode() for sign in signs), error.end


codecs.register_error("tinygan.spell_out", _spell_out)


def spelled(text: str, stream: Any = None) -> str:
    r"""Return text as a stream, stdout by default, will show it. A table is spelled out before it is aligned.

    Examples
    --------
    >>> import io
    >>> spelled("225 ± 2 cafés", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    '225 +- 2 caf\\xe9s'
    """
    encoding = getattr(stream or sys.stdout, "encoding", None) or "utf-8"
    return text.encode(encoding, "tinygan.spell_out").decode(encoding)


class Outlet:
    """A stream for people that never raises; after a first failure it writes nothing more.

    Attributes
    ----------
    failure : Exception or None
        Why something could not be written, as to a full disk, or to a terminal or a reader that has gone.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.failure: Exception | None = None

    def write(self, text: str) -> int:
        """Write text if possible, and return its length."""
        self._attempt(lambda: self._stream.write(spelled(text, self._stream)))
        return len(text)

    def flush(self) -> None:
        """Flush if possible."""
        self._attempt(self._stream.flush)

    def _attempt(self, act: Callable[[], Any]) -> None:
        if self.failure is not None:
            return
        try:
            act()
        except (OSError, ValueError) as error:  # a ValueError of a closed stream
            self.failure = error
            with suppress(OSError, ValueError):  # or what it still holds would fail again when the process ends
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def outlets() -> Iterator[Outlet]:
    """Put an outlet before stdout and one before stderr, and give the one before stdout."""
    with ExitStack() as held:
        nowhere = held.enter_context(open(os.devnull, "w"))  # for one that a shell has closed, as 2>&- does
        out, err = Outlet(sys.stdout or nowhere), Outlet(sys.stderr or nowhere)
        held.enter_context(redirect_stdout(out))
        held.enter_context(redirect_stderr(err))
        yield out
