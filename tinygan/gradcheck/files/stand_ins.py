"""Stand in for libraries that are not installed, so that a file that only mentions them can be imported."""

import contextlib
import sys
from collections.abc import Iterator
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

# What `past` and `six` have for Python 2.
OLD = {"xrange": range, "range": range, "unicode": str, "basestring": str, "raw_input": input, "long": int}


class Absent:
    """Something of a library that is not installed: it can be named and decorated with, and not used in a check."""

    def __init__(self, name: str, used: list[str]) -> None:
        self._name, self._used = name, used

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return OLD.get(name, Absent(f"{self._name}.{name}", self._used))

    def __call__(self, *arguments: Any, **more: Any) -> Any:
        """Return what is decorated, or itself; raise an ImportError once the import is over."""
        if not self._used:
            raise ImportError(f"{self._name.partition('.')[0]} is not installed")
        return arguments[0] if len(arguments) == 1 and not more and callable(arguments[0]) else self

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        """Stand for no base class."""
        return ()


class AbsentModule(ModuleType):
    """A module that is not installed, or a part of one."""

    def __init__(self, name: str, used: list[str]) -> None:
        super().__init__(name)
        self._used, self.__all__ = used, list[str]()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return OLD.get(name, Absent(f"{self.__name__}.{name}", self._used))


class StandIns(MetaPathFinder, Loader):
    """A finder of modules that are not installed, and whose names are listed."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.importing = ["yes"]

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Return a spec if the library is one of those listed."""
        return ModuleSpec(name, self, is_package=True) if name.partition(".")[0] in self.names else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return an empty module."""
        return AbsentModule(spec.name, self.importing)

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing."""


@contextlib.contextmanager
def stand_ins() -> Iterator[StandIns]:
    """For the time of a with block, import nothing instead of the libraries whose names are added to ``.names``."""
    finder = StandIns()
    sys.meta_path.append(finder)
    try:
        yield finder
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if name.partition(".")[0] in finder.names]:
            del sys.modules[name]
