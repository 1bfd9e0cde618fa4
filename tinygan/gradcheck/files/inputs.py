"""Make the inputs of a check: those that the author gives, or else those that the names of the arguments suggest."""

import inspect
import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias, TypeVar

import numpy as np

from tinygan.backend import Array, as_rng
from tinygan.backend.arrays import array_kind, is_float_array
from tinygan.gradcheck.files.discovery import FunctionPair, LossFunction, PlainClass
from tinygan.gradcheck.files.scenes import SCENES
from tinygan.gradcheck.files.settings import SETTINGS, WINDOW_KEYS, WINDOWS, words_in
from tinygan.gradcheck.files.trying import Nothing, readings_with_inputs, running
from tinygan.gradcheck.files.values import in_code, in_words
from tinygan.gradcheck.functions import named_arguments
from tinygan.gradcheck.subjects.passes import Passes, readings_of
from tinygan.gradcheck.subjects.seeding import global_seed
from tinygan.gradcheck.subjects.subject import location
from tinygan.gradcheck.subjects.written import Written
from tinygan.layers import Combinator, Layer, Linear, Tanh

# Shapes of x, in the order in which they are tried. Where possible, no two axes have the same length, so that a mix-up
# of axes shows: m is 5, and no width is 5. Maxout of 3 pieces takes 12 columns; sequences come as (m, steps, width),
# images as (m, channels, height, width), or with their channels last. Of each shape, the axis that holds the width.
SHAPES = {(5, 4): 1, (5, 12): 1, (5, 6, 4): 2, (5, 3, 6, 8): 1, (5, 3, 6, 6): 1, (5, 7, 9, 4): 3}
SIZE = re.compile(
    r"[ndmDM]|(n|num|d|dim|fan|in|out|input|output|hidden)(_[a-z]+)?"
    r"|([a-z]+_)*(size|dim|width|features|channels|units|filters)"
)
OUTWARD = re.compile(r".*(out|hidden|filters).*")
T = TypeVar("T")
Shape: TypeAlias = tuple[int, ...]


class NoInputs(ValueError):
    """No inputs for the check could be made; the message says what to add to the user's file."""


def layers_and_x(kind: type[Layer], seed: int) -> Iterator[tuple[Layer, Array, str]]:
    """Yield instances of a class of layers, each with an x that its forward takes, and both in words if guessed.

    The class may have ``check_inputs()``, which returns ``(layer, x)`` or x alone. What it does not give is made here:
    the names of the constructor's arguments tell sizes and other numbers, arguments with a default keep it, and x has
    the first of `SHAPES` that the layer takes. A layer with windows comes once for each of `WINDOWS`, in place of
    defaults too.

    Raises
    ------
    NoInputs
        If no such inputs work. Its message ends with the lines to add to the class.
    """
    if hasattr(kind, "check_inputs"):
        yield *_stated(kind, seed), ""
        return

    def attempt(shape: Shape, way: Mapping[str, Any]) -> tuple[Layer, Array, str]:
        arguments = _arguments(kind, shape, seed, way)
        layer, x = _built(kind, shape, seed, arguments), as_rng(seed).normal(size=shape)
        layer.forward(x.copy(), rng=as_rng(seed))
        return layer, x, in_words({**arguments, "x": x})

    has_windows = not WINDOW_KEYS.isdisjoint(inspect.signature(kind).parameters)
    refused, n_found = None, 0
    for way in WINDOWS if has_windows else ({},):
        try:
            yield _first(partial(attempt, way=way), list(SHAPES), _class_snippet(kind))
            n_found += 1
        except NoInputs as error:
            refused = refused or error
    if refused is not None and not n_found:
        raise refused


def subjects_of(found: FunctionPair | LossFunction | PlainClass, seed: int) -> Iterator[list[Written]]:
    """Yield the subjects to check: for each way of inputs, one for each reading of the code.

    The file may have ``check_inputs_name()`` beside ``name_forward`` or beside a class. It returns the arguments of
    forward: a dict by name, a tuple by position, or one array; for a class, an object and such arguments.

    Raises
    ------
    NoInputs
        If no inputs work. Its message ends with the lines to add to the file.
    """
    readings = _readings(found)
    forward = readings[0].forward
    kind = found.kind if isinstance(found, PlainClass) else None
    if found.check_inputs is None:
        try:
            yield from readings_with_inputs(found.name, readings, kind, seed)
        except Nothing as error:
            snippet = _snippet(found.name, forward, kind, readings[0].owner)
            raise NoInputs(f"No inputs that were tried suit it. {snippet}") from error.__cause__
        return
    given = _given(found.name, forward, found.check_inputs, readings[0].owner, seed)
    yield running(found.name, readings, given, seed)


def _readings(found: FunctionPair | LossFunction | PlainClass) -> tuple[Passes, ...]:
    if isinstance(found, LossFunction):
        return (Passes(found.function, None),)
    return readings_of(found.forward, found.backward)


def _given(
    name: str, forward: Callable[..., Any], check_inputs: Callable[[], Any], owner: str | None, seed: int
) -> dict[str, Any]:
    with global_seed(seed):
        stated = check_inputs()
    if owner is not None and isinstance(stated, tuple) and len(stated) == 2:
        built, x = stated
        (_, first, *_) = inspect.signature(forward).parameters
        return {owner: built, **(x if isinstance(x, Mapping) else {first: x})}
    if isinstance(stated, np.ndarray):
        stated = (stated,)
    if isinstance(stated, (tuple, Mapping)):
        return named_arguments(forward, stated)
    raise NoInputs(
        f"{location(check_inputs)}: check_inputs_{name} returned {type(stated).__name__}; it returns the arguments "
        "of forward, as a tuple or as a dict"
    )


def _required(function: Any) -> list[str]:
    return [name for name, parameter in inspect.signature(function).parameters.items() if _is_required(parameter)]


def _stated(kind: Any, seed: int) -> tuple[Layer, Array]:
    stated, where = kind.check_inputs(), location(kind.check_inputs)
    if is_float_array(stated):
        return _built(kind, stated.shape, seed, _arguments(kind, stated.shape, seed, {})), stated
    if not isinstance(stated, tuple) or len(stated) != 2 or not isinstance(stated[0], Layer):
        found = array_kind(stated) if isinstance(stated, np.ndarray) else type(stated).__name__
        raise NoInputs(f"{where}: check_inputs returned {found}. {_class_snippet(kind)}")
    layer, x = stated
    if type(layer) is not kind:
        raise NoInputs(
            f"{where}: check_inputs returned a {type(layer).__name__}, not a {kind.__name__}; with @classmethod, and "
            "cls in place of the name, it builds a layer of every class that inherits it"
        )
    return layer, x


def _built(kind: type[Layer], shape: Shape, seed: int, arguments: Mapping[str, Any]) -> Layer:
    """Return an instance; a combinator gets some small layers."""
    if issubclass(kind, Combinator) and [*inspect.signature(kind).parameters] == ["layers"]:
        return _network(kind, _width(shape), seed)
    call = inspect.signature(kind).bind_partial()
    call.arguments |= arguments
    return kind(*call.args, **call.kwargs)


def _arguments(kind: type[Layer], shape: Shape, seed: int, way: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments of a constructor, whose sizes fit an x of this shape, and whose windows are of one way."""
    widths, outputs = iter([_width(shape)]), itertools.count(2, 5)
    arguments: dict[str, Any] = {}
    for name, parameter in inspect.signature(kind).parameters.items():
        if name == "rng":
            arguments[name] = as_rng(seed)
        elif name in way and (name in WINDOW_KEYS or _is_required(parameter)):
            arguments[name] = way[name]
        elif parameter.kind is parameter.VAR_POSITIONAL and parameter.annotation in (int, "int"):
            arguments[name] = (2, _width(shape) // 2)  # the sides of something that has the width of x
        elif not _is_required(parameter):
            continue
        elif name in SETTINGS:
            arguments[name] = SETTINGS[name]
        elif SIZE.fullmatch(name) or parameter.annotation in (int, "int"):
            arguments[name] = next(outputs) if OUTWARD.fullmatch(name) else next(widths, None) or next(outputs)
        elif parameter.annotation in (float, "float"):
            arguments[name] = 0.3
        else:
            words = f"no rule says what {name} of its constructor may be"
            raise NoInputs(f"{location(kind.__init__)}: {words}. {_class_snippet(kind)}")
    return arguments


def _network(kind: type[Combinator], width: int, seed: int) -> Layer:
    """Return a small network with layers in a row, if they may change the width, or else with layers side by side."""
    try:
        return kind(Linear(width, 3, rng=seed), Tanh(), Linear(3, width, rng=seed + 1))
    except ValueError:
        return kind(Linear(width, 3, rng=seed), Tanh())


def _is_required(parameter: inspect.Parameter) -> bool:
    is_one = parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    return is_one and parameter.default is parameter.empty and parameter.name != "rng"


def _width(shape: Shape) -> int:
    return shape[SHAPES.get(shape, -1 if len(shape) == 3 else 1)]


def _first(attempt: Callable[[Any], T], choices: Sequence[Any], snippet: str) -> T:
    """Return the result of the first choice that raises no error."""
    first: BaseException | None = None
    for choice in choices:
        try:
            return attempt(choice)
        except (NoInputs, NotImplementedError):
            raise
        except (Exception, SystemExit) as error:
            first = first or error
    raise NoInputs(f"Every x that was tried ended like this, of shape {choices[0]} and others. {snippet}") from first


def _class_snippet(kind: type[Layer]) -> str:
    parameters = inspect.signature(kind).parameters.items()
    words = [f"{name}=..." for name, parameter in parameters if _is_required(parameter)]
    words += ["..." for _, parameter in parameters if parameter.kind is parameter.VAR_POSITIONAL]
    return (
        f"Say what to check {kind.__name__} with:\n"
        "    @classmethod\n"
        "    def check_inputs(cls):\n"
        f"        return cls({', '.join(words)}), np.random.default_rng(0).normal(size=(5, 4))"
    )


def _snippet(name: str, forward: Callable[..., Any], kind: type | None, owner: str | None) -> str:
    """Return the four lines to add to the file, filled in for this very function or class as far as names tell."""
    words, rows = words_in(forward), next(scene for scene in SCENES if not scene.needs)
    names = [name for name in _required(forward) if name != owner]
    arguments = ", ".join(f"{key!r}: {in_code(key, rows, words)}" for key in names)
    given = f"{{{arguments}}}"
    if kind is not None and owner is not None:
        values = (f"{key}={in_code(key, rows, words)}" for key in _required(kind))
        given = f"{kind.__name__}({', '.join(values)}), {given}"
    return (
        f"Say what to check {name} with:\n"
        f"    def check_inputs_{name}():\n"
        "        rng = np.random.default_rng(0)\n"
        f"        return {given}"
    )
