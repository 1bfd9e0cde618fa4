"""Colour and progress bars, which are shown only if a person is looking."""

import os
import sys
from collections.abc import Iterable
from typing import TypeVar

from tinygan.ranks.launcher import started_size

T = TypeVar("T")

# Colours of the terminal's own palette. A colour is never the only sign of a result.
CODES = {"good": "36", "bad": "33"}


def painted(text: str, mood: str) -> str:
    """Return the text in the colour of a mood, ``"good"`` or ``"bad"``, if stdout is a terminal that wants colour.

    Any non-empty ``NO_COLOR`` switches colour off, as no-color.org asks. So does mpiexec, since some versions of it
    give each process its own terminal and write the output to a file.
    """
    unwanted = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or started_size() > 1
    if unwanted or not sys.stdout.isatty():
        return text
    return f"\x1b[{CODES[mood]}m{text}\x1b[0m"


def progress(items: Iterable[T], *, total: int, label: str, quiet: bool) -> Iterable[T]:
    """Return the items with a progress bar on stderr, which appears only on a terminal and not when quiet."""
    if quiet or not sys.stderr.isatty():
        return items
    from tqdm import tqdm

    bar: Iterable[T] = tqdm(items, total=total, desc=label, unit="it", dynamic_ncols=True, file=sys.stderr)
    return bar
