"""Find the arrays inside nested lists, dictionaries and objects, each by its path."""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np

from tinygan.backend import Array

Path: TypeAlias = tuple[str, ...]
# What is no container of a layer's own arrays.
FOREIGN = (type, ModuleType, np.random.Generator)


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Array]]:
    """Yield every array of floats with its path, each array once.

    Examples
    --------
    >>> [path for path, _ in leaves({"params": [np.ones(2), {"W": np.ones(3)}], "n": 7})]
    [('params', '0'), ('params', '1', 'W')]
    """
    seen: set[int] = set()

    def walk(value: Any, path: Path) -> Iterator[tuple[Path, Array]]:
        if id(value) in seen:
            return
        if isinstance(value, np.ndarray):
            seen.add(id(value))
            if value.dtype.kind == "f":
                yield path, value
            return
        for key, child in children(value):
            seen.add(id(value))
            yield from walk(child, (*path, key))

    yield from walk(value, path)


def children(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the parts of a dictionary, a list or an object, each with its key, index or attribute."""
    if isinstance(value, Mapping):
        parts: Any = value.items()
    elif isinstance(value, (list, tuple)):
        parts = enumerate(value)
    elif isinstance(value, FOREIGN) or (isinstance(value, Callable) and not hasattr(value, "backward")):  # type: ignore[arg-type]
        return
    else:
        parts = getattr(value, "__dict__", {}).items()
    for key, child in list(parts):
        yield str(key), child


def copied(value: Any, arrays: Mapping[int, Array]) -> Any:
    """Return a deep copy in which other arrays stand for some, which are known by their identity.

    Examples
    --------
    >>> w = np.ones(2)
    >>> copied({"w": w, "same": w}, {id(w): np.zeros(2)})
    {'w': array([0., 0.]), 'same': array([0., 0.])}
    """
    return deepcopy(value, dict(arrays))
