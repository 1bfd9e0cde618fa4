"""Names that Python and NumPy have dropped since much homework was written."""

import builtins
import collections
import collections.abc
import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

OLD_NAMES: tuple[tuple[Any, str, Any], ...] = (
    *((np, name, getattr(builtins, name)) for name in ("int", "float", "bool", "object")),
    *((collections, name, getattr(collections.abc, name)) for name in ("Hashable", "Iterable", "Mapping", "Sequence")),
    (builtins, "xrange", range),
)


@contextlib.contextmanager
def old_names() -> Iterator[None]:
    """Bring the names back for the time of a with block.

    Examples
    --------
    >>> with old_names():
    ...     list(xrange(2))
    [0, 1]
    """
    given = [(home, name) for home, name, value in OLD_NAMES if name not in vars(home)]
    for home, name, value in OLD_NAMES:
        if (home, name) in given:
            setattr(home, name, value)
    try:
        yield
    finally:
        for home, name in given:
            delattr(home, name)
