"""Find what can be checked in a module: its layers, and its pairs of functions that go forward and backward."""

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any, TypeAlias

from tinygan.gradcheck.subjects.subject import location
from tinygan.layers import Layer

# affine_forward; conv_forward_naive, of a variant
PASS = re.compile(r"(?P<name>\w+)_(?P<way>forward|backward)(?P<variant>_\w+)?")


@dataclass(frozen=True)
class LayerClass:
    """A class of layers."""

    kind: type[Layer]

    @property
    def name(self) -> str:
        """The name of the class."""
        return self.kind.__name__

    @property
    def where(self) -> str:
        """File and line of its forward pass."""
        return location(self.kind.forward)


@dataclass(frozen=True)
class FunctionPair:
    """Two functions such as ``affine_forward`` and ``affine_backward``, and the function that gives inputs, if any."""

    name: str
    forward: Callable[..., Any]
    backward: Callable[..., Any]
    check_inputs: Callable[[], Any] | None

    @property
    def where(self) -> str:
        """File and line of forward."""
        return location(self.forward)


@dataclass(frozen=True)
class Half:
    """A layer or function that has a forward or a backward pass, but lacks the other."""

    name: str
    where: str
    lacks: str


Found: TypeAlias = LayerClass | FunctionPair | Half


def find_checkable(module: ModuleType, name: str = "") -> list[Found]:
    """Return what can be checked in a module or a package, without what it imports from elsewhere.

    Parameters
    ----------
    module : module
        The imported module.
    name : str
        If given, find only this: the name of a class, of a pair such as ``"affine"``, or of a function of a pair.

    Returns
    -------
    list of LayerClass, FunctionPair or Half
        Every subclass of Layer that is not abstract; every pair of functions whose names end with ``_forward`` and
        ``_backward``; and the halves of pairs. The name of a variant follows this ending, as in
        ``conv_forward_naive`` and ``conv_backward_naive``. A variant of backward without its own forward goes with the
        plain forward.

    Raises
    ------
    ValueError
        If there is nothing to check, or nothing of this name. The message then says what there is.

    Examples
    --------
    >>> import tinygan.layers.activations
    >>> [found.name for found in find_checkable(tinygan.layers.activations)]
    ['ReLU', 'LeakyReLU', 'Sigmoid', 'Tanh']
    """
    things = [thing for thing in vars(module).values() if _is_defined_in(module, thing)]
    things = list({id(thing): thing for thing in things}.values())  # once each, even under two names
    found = [*_layers(things), *_pairs(module, things)]
    file = getattr(module, "__file__", None) or module.__name__
    if not found:
        raise ValueError(
            f"{file} defines nothing to check: neither a subclass of tinygan.layers.Layer nor a pair of functions "
            f"name_forward and name_backward{_near_misses(things)}"
        )
    if name:
        chosen = [thing for thing in found if name in _names(thing)]
        if not chosen:
            raise ValueError(f"{file} has no {name} to check; it has {', '.join(thing.name for thing in found)}")
        return chosen
    return found


def _is_defined_in(module: ModuleType, thing: Any) -> bool:
    home = getattr(thing, "__module__", None)
    is_inside = hasattr(module, "__path__") and str(home).startswith(f"{module.__name__}.")
    return (inspect.isclass(thing) or inspect.isfunction(thing)) and (home == module.__name__ or is_inside)


def _layers(things: list[Any]) -> Iterator[Found]:
    kinds = [thing for thing in things if inspect.isclass(thing) and issubclass(thing, Layer)]
    for kind in kinds:
        if not inspect.isabstract(kind):
            yield LayerClass(kind)
        elif len(kind.__abstractmethods__) == 1 and not any(issubclass(k, kind) for k in kinds if k is not kind):
            (lacks,) = kind.__abstractmethods__
            has = ({"forward", "backward_input"} - {lacks}).pop()
            yield Half(kind.__name__, location(getattr(kind, has)), f"{kind.__name__}.{lacks}")


def _pairs(module: ModuleType, things: list[Any]) -> Iterator[Found]:
    functions = {thing.__name__: thing for thing in things if inspect.isfunction(thing)}
    passes = {name: match for name in functions if (match := PASS.fullmatch(name))}
    paired = set()
    for name, match in passes.items():
        if match["way"] == "forward":
            continue
        variant = match["variant"] or ""
        wanted = f"{match['name']}_forward{variant}"
        forward = wanted if wanted in functions else f"{match['name']}_forward"
        if forward in functions:
            paired |= {name, forward}
            check_inputs = vars(module).get(f"check_inputs_{match['name']}{variant}")
            yield FunctionPair(f"{match['name']}{variant}", functions[forward], functions[name], check_inputs)
    for name, match in passes.items():
        if name not in paired:
            other = {"forward": "backward", "backward": "forward"}[match["way"]]
            lacks = f"{match['name']}_{other}{match['variant'] or ''}"
            yield Half(name, location(functions[name]), lacks)


def _names(found: Found) -> tuple[str, ...]:
    if isinstance(found, FunctionPair):
        return found.name, found.forward.__name__, found.backward.__name__
    return (found.name,)


def _near_misses(things: list[Any]) -> str:
    names = [
        thing.__name__
        for thing in things
        if inspect.isclass(thing) and not issubclass(thing, Layer) and hasattr(thing, "forward")
    ]
    return f". {', '.join(names)} would have to derive from Layer" if names else ""
