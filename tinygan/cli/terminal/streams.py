"""Print without errors: spell out characters that a terminal lacks, and drop what cannot be written."""

import codecs
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import Any

# Replacements for encodings without these characters; any other character becomes an escape, such as \xe9.
SPELLED = {"±": "+-", "σ": "sigma"}


def _spell_out(error: UnicodeError) -> tuple[str, int]:
    """Return a replacement for characters that cannot be encoded, and where to go on, for `codecs.register_error`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    return "".join(SPELLED.get(sign) or sign.encode("ascii", "backslashreplace").decode() for sign in signs), error.end


codecs.register_error("tinygan.spell_out", _spell_out)


def spelled(text: str, stream: Any = None) -> str:
    r"""Return text as a stream, by default stdout, will show it; apply this to a table before aligning it.

    Examples
    --------
    >>> import io
    >>> spelled("225 ± 2 cafés", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    '225 +- 2 caf\\xe9s'
    """
    encoding = getattr(stream or sys.stdout, "encoding", None) or "utf-8"
    return text.encode(encoding, "tinygan.spell_out").decode(encoding)


class Outlet:
    """A stream for people that never raises an error; after a first failure it writes nothing more.

    Attributes
    ----------
    failure : Exception or None
        Why something could not be written, such as a full disk, a closed terminal, or a reader that has gone.
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
        except (OSError, ValueError) as error:  # a closed stream raises a ValueError
            self.failure = error
            with suppress(OSError, ValueError):  # else the rest would fail again when the process ends
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def outlets() -> Iterator[Outlet]:
    """Put one outlet in place of stdout and one in place of stderr, and yield the one for stdout."""
    with ExitStack() as held:
        nowhere = held.enter_context(open(os.devnull, "w"))  # for a stream that a shell has closed, as 2>&- does
        out, err = Outlet(sys.stdout or nowhere), Outlet(sys.stderr or nowhere)
        held.enter_context(redirect_stdout(out))
        held.enter_context(redirect_stderr(err))
        yield out
