"""Ctrl-C and SIGTERM as a polite request at first, and as an order the second time."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType


@dataclass
class Request:
    """What has been asked for.

    Attributes
    ----------
    signal_number : int or None
        The signal that came, if one has.
    """

    signal_number: int | None = None


@contextmanager
def polite_interrupts() -> Iterator[Request]:
    """Give a request that notes the first signal, and let the second one raise a KeyboardInterrupt.

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

    numbers = [n for n in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(n) != signal.SIG_IGN]  # as under nohup
    before = {number: signal.signal(number, note) for number in numbers}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
