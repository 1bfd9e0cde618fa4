"""Run something for some seconds at most, without a word on the screen."""

import ctypes
import io
import math
import sys
import threading
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from types import FrameType
from typing import Any

import numpy as np

# How often a thread that takes too long is told to stop, every tenth of a second.
TRIES = 20
# Threads that did not stop. While one of them lives, nothing is profiled: CPython 3.11 would wait for ever.
_running_on: list[threading.Thread] = []


class TooSlow(BaseException):
    """Raised inside a call that takes too long; no ``except Exception`` stops it."""


def within(
    seconds: float, work: Callable[[], Any], profile: Callable[[FrameType, str, Any], None] | None = None
) -> tuple[Any, BaseException | None, int]:
    """Return what the work gives, what it raises, and how many characters it prints; stop it after some seconds.

    It runs in a thread, as only a thread can be stopped on every system and in a notebook.

    Parameters
    ----------
    seconds : float
        If this is infinite, the work runs in this thread: no other one is started.
    work : callable
    profile : callable, optional
        As `sys.setprofile` takes it.

    Examples
    --------
    >>> within(1.0, lambda: print("Hello"))
    (None, None, 6)
    """
    result: list[Any] = [None]
    errors: list[BaseException] = []
    printed = _Counter()

    def target() -> None:
        sys.setprofile(None if any(thread.is_alive() for thread in _running_on) else profile)
        try:
            with np.errstate(all="ignore"):  # it holds for one thread only
                result[0] = work()
        except BaseException as error:
            sys.setprofile(None)
            errors.append(error)
        finally:
            sys.setprofile(None)

    with redirect_stdout(printed), redirect_stderr(printed):
        if seconds == math.inf:
            target()
            return result[0], errors[0] if errors else None, printed.count
        thread = threading.Thread(target=target, daemon=True)
        thread.start()
        try:
            thread.join(seconds)
        except BaseException:  # the user interrupts the check
            _stop(thread)
            raise
        if thread.is_alive():
            _stop(thread)
            return None, TooSlow(), printed.count
    return result[0], errors[0] if errors else None, printed.count


def _stop(thread: threading.Thread) -> None:
    """Raise TooSlow in a thread, and again if its code catches it; one that catches all of them goes on in vain."""
    for _ in range(TRIES):
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(TooSlow))
        thread.join(0.1)
        if not thread.is_alive():
            return
    _running_on.append(thread)


class _Counter(io.TextIOBase):
    """A stream that keeps nothing but how much was written to it."""

    count = 0

    def write(self, text: str) -> int:
        self.count += len(text)
        return len(text)
