"""Take the first Ctrl-C, SIGTERM or SIGHUP (a closed terminal) as a polite request, and the second as an order."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

# Windows has no SIGHUP.
REQUESTS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


@dataclass
class Request:
    """The request to stop.

    Attributes
    ----------
    signal_number : int or None
        The signal that came; None if there was none.
    """

    signal_number: int | None = None


@contextmanager
def polite_interrupts() -> Iterator[Request]:
    """Yield a request that notes the first signal, and let the second signal raise a KeyboardInterrupt.

    Outside the main thread nothing is noted, since Python handles signals only in the main thread.

    Examples
    --------
    >>> with polite_interrupts() as request:
    ...     signal.raise_signal(signal.SIGTERM)
    ...     request.signal_number == signal.SIGTERM
    True
    """
    request = Request()

    def note(number: int, frame: FrameType | None) -> None:
        if request.signal_number is not None:
            raise KeyboardInterrupt
        request.signal_number = number

    numbers = [n for n in REQUESTS if signal.getsignal(n) != signal.SIG_IGN]  # nohup ignores one
    if threading.current_thread() is not threading.main_thread():
        numbers = []
    before = {number: signal.signal(number, note) for number in numbers}
    try:
        yield request
    finally:
        for number, handler in before.items():
            if handler is not None:  # None for a handler that is not Python's
                signal.signal(number, handler)
