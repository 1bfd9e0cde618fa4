"""Find what can be checked in a module: its layers, and its pairs of functions that go forward and backward."""

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any, TypeAlias

from tinygan.gradcheck.files.source import is_stub, returns_gradients
from tinygan.gradcheck.subjects.subject import location
from tinygan.layers import Layer

# affine_forward; conv_forward_naive, of a variant
PASS = re.compile(r"(?P<name>\w+)_(?P<way>forward|backward)(?P<variant>_\w+)?")
# The slope of sigmoid; forward_sigmoid and backward_sigmoid.
SLOPE = re.compile(
    r"(?P<name>\w+)_(backward|backprop|derivative|deriv|der|prime|grad|gradient)|d_?(?P<other>\w+)", re.I
)
# A loss, even if it returns nothing but itself.
LONELY = re.compile(r"[a-zA-Z]\w*(loss|cross_entropy)(_\w+)?|loss", re.I)
REVERSED = re.compile(r"backward_(?P<name>\w+)")
# Methods that go forward and backward, the likeliest first.
FORWARD = (
    *("forward", "forward_pass", "forward_prop", "forward_propagation", "feedforward", "feed_forward", "fprop"),
    *("__call__", "fn", "loss", "function", "activate", "apply", "call", "evaluate", "f"),
)
BACKWARD = (
    *("backward", "backward_pass", "backward_prop", "backward_propagation", "backpropagation", "backpropagate"),
    *("backprop", "bprop", "gradient", "grad", "derivative", "prime", "df", "d"),
)


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
class LossFunction:
    """A function that returns a loss and its gradients."""

    name: str
    function: Callable[..., Any]
    check_inputs: Callable[[], Any] | None

    @property
    def where(self) -> str:
        """File and line of the function."""
        return location(self.function)


@dataclass(frozen=True)
class PlainClass:
    """A class that derives from nothing of this library, with a method that goes forward and one that goes back."""

    kind: type
    forward: Callable[..., Any]
    backward: Callable[..., Any]
    check_inputs: Callable[[], Any] | None

    @property
    def name(self) -> str:
        """The name of the class."""
        return self.kind.__name__

    @property
    def where(self) -> str:
        """File and line of forward."""
        return location(self.forward)


@dataclass(frozen=True)
class Stub:
    """A pass in which nothing is written yet."""

    name: str
    where: str


@dataclass(frozen=True)
class Half:
    """A layer or function that has a forward or a backward pass, but lacks the other."""

    name: str
    where: str
    lacks: str


Found: TypeAlias = LayerClass | FunctionPair | LossFunction | PlainClass | Stub | Half


def find_checkable(module: ModuleType, name: str = "") -> list[Found]:
    """Return what can be checked in a module or a package, without what it imports from elsewhere.

    What a module imports counts too if a function ``check_inputs_name`` in it says what to check it with.

    Parameters
    ----------
    module : module
        The imported module.
    name : str
        If given, find only this: the name of a class, of a pair such as ``"affine"``, or of a function of a pair.

    Returns
    -------
    list of LayerClass, FunctionPair, LossFunction, PlainClass, Stub or Half
        Every subclass of Layer that is not abstract; every other class with a method such as forward and one such as
        backward; every pair of functions such as ``affine_forward`` and ``affine_backward``, ``relu`` and
        ``relu_backward``, or ``tanh`` and ``tanh_prime``; every function that returns a loss and its gradients; what is
        not written yet; and the halves of pairs. The name of a variant follows at the end, as in
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
    things = [thing for thing in vars(module).values() if _is_defined_in(module, thing) or _has_inputs(module, thing)]
    things = list({id(thing): thing for thing in things}.values())  # once each, even under two names
    found = [*_layers(things), *_plain_classes(module, things), *_pairs(module, things), *_losses(module, things)]
    found = [Stub(thing.name, thing.where) if any(map(is_stub, _code(thing))) else thing for thing in found]
    file = getattr(module, "__file__", None) or module.__name__
    if not found:
        raise ValueError(
            f"{file} defines nothing to check: neither a class with forward and backward, nor a pair of functions "
            f"name_forward and name_backward, nor a loss that returns its gradient{_near_misses(things)}"
        )
    found += _lonely(things, found)
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


def _has_inputs(module: ModuleType, thing: Any) -> bool:
    """Return whether a module imports something and says what to check it with, as an adapter does."""
    if not (inspect.isclass(thing) or inspect.isfunction(thing)):
        return False
    match = PASS.fullmatch(thing.__name__)
    names = (thing.__name__, f"{match['name']}{match['variant'] or ''}" if match else "")
    return any(name and _stated(module, name) is not None for name in names)


def _layers(things: list[Any]) -> Iterator[Found]:
    kinds = [thing for thing in things if inspect.isclass(thing) and issubclass(thing, Layer)]
    for kind in kinds:
        if not inspect.isabstract(kind):
            yield LayerClass(kind)
        elif len(kind.__abstractmethods__) == 1 and not any(issubclass(k, kind) for k in kinds if k is not kind):
            (lacks,) = kind.__abstractmethods__
            has = ({"forward", "backward_input"} - {lacks}).pop()
            yield Half(kind.__name__, location(getattr(kind, has)), f"{kind.__name__}.{lacks}")


def _plain_classes(module: ModuleType, things: list[Any]) -> Iterator[Found]:
    kinds = [thing for thing in things if inspect.isclass(thing) and not issubclass(thing, Layer)]
    bases = {base for kind in kinds for base in kind.__mro__[1:]}
    for kind in kinds:
        forward, backward = (
            next((found for name in names if (found := _method(kind, name))), None) for names in (FORWARD, BACKWARD)
        )
        if forward is None or backward is None:
            continue
        if not (kind in bases and (is_stub(forward) or is_stub(backward))):
            yield PlainClass(kind, forward, backward, _stated(module, kind.__name__))


def _method(kind: type, name: str) -> Callable[..., Any] | None:
    found = inspect.getattr_static(kind, name, None)
    found = getattr(found, "__func__", found) if isinstance(found, staticmethod) else found
    return found if inspect.isfunction(found) else None


def _pairs(module: ModuleType, things: list[Any]) -> Iterator[Found]:
    functions = {thing.__name__: thing for thing in things if inspect.isfunction(thing)}
    partners = {name: forward for name in functions if (forward := _forward_of(name, functions))}
    for name, forward in partners.items():
        yield FunctionPair(_pair_name(name), functions[forward], functions[name], _stated(module, _pair_name(name)))
    paired = {*partners, *partners.values()}
    for name in functions:
        match = PASS.fullmatch(name)
        if match is not None and name not in paired:
            other = {"forward": "backward", "backward": "forward"}[match["way"]]
            yield Half(name, location(functions[name]), f"{match['name']}_{other}{match['variant'] or ''}")


def _forward_of(name: str, functions: dict[str, Any]) -> str | None:
    """Return the name of the function whose backward pass has this name, if there is one."""
    wanted: list[str] = []
    if (match := PASS.fullmatch(name)) is not None and match["way"] == "backward":
        wanted = [f"{match['name']}_forward{match['variant'] or ''}", f"{match['name']}_forward"]
    if (match := REVERSED.fullmatch(name)) is not None:
        wanted.append(f"forward_{match['name']}")
    if (match := SLOPE.fullmatch(name)) is not None:
        wanted.append(match["name"] or match["other"])
    return next((forward for forward in wanted if forward in functions and forward != name), None)


def _pair_name(backward: str) -> str:
    match = PASS.fullmatch(backward)
    return backward if match is None else f"{match['name']}{match['variant'] or ''}"


def _losses(module: ModuleType, things: list[Any]) -> Iterator[Found]:
    for thing in things:
        if inspect.isfunction(thing) and not PASS.fullmatch(thing.__name__) and returns_gradients(thing):
            yield LossFunction(thing.__name__, thing, _stated(module, thing.__name__))


def _lonely(things: list[Any], found: list[Found]) -> Iterator[Half]:
    """Yield classes that go forward and never back, and losses that have no gradient, if no pair has them."""
    names = {name for thing in found for name in _names(thing)}
    bases = {base for thing in things if inspect.isclass(thing) for base in thing.__mro__[1:]}
    for thing in things:
        if thing.__name__ in names or thing in bases:
            continue
        if inspect.isclass(thing):
            forward = None if issubclass(thing, Layer) else _method(thing, "forward")
            if forward is None or is_stub(forward):
                continue
            yield Half(thing.__name__, location(forward), f"{thing.__name__}.backward")
        elif LONELY.fullmatch(thing.__name__) and not is_stub(thing):
            yield Half(thing.__name__, location(thing), f"{thing.__name__}_backward, and it returns no gradient")


def _stated(module: ModuleType, name: str) -> Callable[[], Any] | None:
    found: Callable[[], Any] | None = vars(module).get(f"check_inputs_{name}")
    return found


def _code(found: Found) -> tuple[Callable[..., Any], ...]:
    """Return the functions of something that must be written before it can be checked."""
    if isinstance(found, (FunctionPair, PlainClass)):
        return found.forward, found.backward
    return (found.function,) if isinstance(found, LossFunction) else ()


def _names(found: Found) -> tuple[str, ...]:
    if isinstance(found, FunctionPair):
        return found.name, found.forward.__name__, found.backward.__name__
    return (found.name,)


def _near_misses(things: list[Any]) -> str:
    names = [thing.__name__ for thing in things if inspect.isclass(thing) and hasattr(thing, "forward")]
    return f". {', '.join(names)} would need a method backward" if names else ""
