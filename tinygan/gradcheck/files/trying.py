"""Find arguments that code accepts, by trying: scene by scene, until forward and backward both run."""

import inspect
import itertools
import re
import traceback
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from typing import Any

import numpy as np

from tinygan.backend import Array, as_rng
from tinygan.gradcheck.files.scenes import SCENES, Scene, role_of
from tinygan.gradcheck.files.settings import DICTIONARY, SETTINGS, SIDES, WINDOW_KEYS, WINDOWS, words_in
from tinygan.gradcheck.subjects.gradient_names import gradient_of
from tinygan.gradcheck.subjects.leaves import leaves
from tinygan.gradcheck.subjects.passes import Passes
from tinygan.gradcheck.subjects.seeding import global_seed
from tinygan.gradcheck.subjects.written import BackwardRaised, Written

SIZE = re.compile(
    r"[ndmDMVH]|(n|num|d|dim|fan|in|out|input|output|hidden)(_[a-z]+)?"
    r"|([a-z]+_)*(size|dim|width|features|channels|units|filters|neurons|depth)|n_?\w+",
    re.I,
)
OUTWARD = re.compile(r".*(out|hidden|filters|neurons|units|depth).*", re.I)
INPUT_SHAPE = re.compile(r"(input_|in_|x_)?shape", re.I)
# Methods that some layers want to be called before forward.
PREPARATIONS = ("set_input_shape", "initialize", "build")
# How many combinations of values are tried in one scene.
MOST = 48


class Nothing(ValueError):
    """No arguments were found with which forward runs; the cause is the first error of the scene that came furthest."""


def readings_with_inputs(
    name: str, readings: Sequence[Passes], kind: type | None, seed: int
) -> Iterator[list[Written]]:
    """Yield, for each way of inputs, the subjects whose forward and backward run: one for each reading of the code.

    Code with windows gets several ways of inputs: strides, margins and sides that differ. All other code gets one.

    Raises
    ------
    Nothing
        If forward never runs.
    BackwardRaised
        If forward runs, but backward never does.
    """
    words = words_in(readings[0].forward)
    needed = {*words, *inspect.signature(readings[0].forward).parameters}
    if kind is not None:
        needed |= set(_signature(kind))
    ways = WINDOWS if needed & WINDOW_KEYS else ({},)
    errors: list[BaseException] = []
    found = False
    for way in ways:
        subjects = _accepted(name, readings, kind, {**SETTINGS, **way}, bool(way), words, seed, errors)
        if subjects:
            found = True
            yield subjects
    if not found:
        raised = next((error for error in errors if isinstance(error, BackwardRaised)), None)
        if raised is not None:
            raise raised
        raise Nothing("no inputs work") from max(errors, key=lambda e: _progress(e, readings[0].forward), default=None)


def _progress(error: BaseException, forward: Callable[..., Any]) -> tuple[bool, int]:
    """Return how much an error tells: most if something is not there, else by how far forward came."""
    lines = [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code is forward.__code__]
    return isinstance(error, (NameError, ImportError, NotImplementedError)), max(lines, default=0)


def running(name: str, readings: Sequence[Passes], given: dict[str, Any], seed: int) -> list[Written]:
    """Return the subjects whose passes run with what is given; if there is none, raise the first error."""
    subjects: list[Written] = []
    errors: list[BaseException] = []
    for passes in readings:
        try:
            subject = Written(name, passes, given, seed)
            if subject.y(seed).size:
                subjects.append(subject)
        except (Exception, SystemExit) as error:
            errors.append(error)
    if not subjects and errors:
        raise errors[0]
    return subjects


def _accepted(
    name: str,
    readings: Sequence[Passes],
    kind: type | None,
    settings: dict[str, Any],
    has_windows: bool,
    words: list[str],
    seed: int,
    errors: list[BaseException],
) -> list[Written]:
    """Return the subjects of the first scene in which forward and backward run."""
    for scene in SCENES:
        for given in _combinations(readings[0], kind, scene, settings, has_windows, words, seed):
            try:
                with np.errstate(all="ignore"):
                    subjects = running(name, readings, _with_object(readings[0], kind, given, seed), seed)
            except (Exception, SystemExit) as error:
                errors.append(error)
                continue
            for subject in subjects:
                subject.words, subject.axis = in_words(given), scene.axis
            if subjects:
                return subjects
    return []


def _combinations(
    passes: Passes,
    kind: type | None,
    scene: Scene,
    settings: dict[str, Any],
    has_windows: bool,
    words: list[str],
    seed: int,
) -> Iterator[dict[str, Any]]:
    """Yield values for the arguments of forward, and of the constructor (under names that start with a dot)."""
    parameters = dict(inspect.signature(passes.forward).parameters)
    parameters.pop(passes.owner or "", None)
    options: dict[str, list[Any]] = {}
    for name, parameter in parameters.items():
        if _is_given(name, parameter, settings, has_windows):
            options[name] = list(_values(name, scene, settings, words, seed))
    if scene.needs and scene.needs not in map(role_of, options):
        return
    if kind is not None and passes.owner is not None:
        sizes = itertools.chain([scene.out], itertools.count(7, 5))
        widths = iter([scene.width])
        x = next(
            (value[0] for name, value in options.items() if value and role_of(name) == "x"), np.ones((5, scene.width))
        )
        for name, parameter in _signature(kind).items():
            if _is_given(name, parameter, settings, has_windows):
                options[f".{name}"] = list(
                    _constructor_values(name, parameter, scene, settings, x, widths, sizes, seed)
                )
    if all(options.values()):
        names = list(options)
        for values in itertools.islice(itertools.product(*options.values()), MOST):
            yield dict(zip(names, values, strict=True))


def _is_given(name: str, parameter: inspect.Parameter, settings: dict[str, Any], has_windows: bool) -> bool:
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD) or name == "rng":
        return False
    return parameter.default is parameter.empty or (has_windows and name in WINDOW_KEYS)


def _values(name: str, scene: Scene, settings: dict[str, Any], words: list[str], seed: int) -> Iterator[Any]:
    """Yield what an argument of forward may be: arrays of the scene, a setting, a dictionary, or what is not known."""
    if DICTIONARY.fullmatch(name):
        yield {
            key: value for key in words if (value := next(iter(_known(key, scene, settings, seed)), None)) is not None
        }
        return
    known = list(_known(name, scene, settings, seed))
    yield from known
    if not known and role_of(name) is None:
        yield from scene.draws("x", seed)
        yield from (word for word in words if word.isalpha())
        yield 2


def _known(name: str, scene: Scene, settings: dict[str, Any], seed: int) -> Iterator[Any]:
    if name in settings:
        yield settings[name]
    yield from scene.draws(name, seed)


def _constructor_values(
    name: str,
    parameter: inspect.Parameter,
    scene: Scene,
    settings: dict[str, Any],
    x: Any,
    widths: Iterator[int],
    sizes: Iterator[int],
    seed: int,
) -> Iterator[Any]:
    if name in WINDOW_KEYS:
        yield settings[name]
        yield (settings[name], settings[name])
    elif name in SIDES:
        yield (settings["kernel_size"], settings["kernel_size"])
        yield (settings["kernel_size"], settings["kernel_size"], scene.width, scene.out)
    elif name in settings:
        yield settings[name]
    elif INPUT_SHAPE.fullmatch(name):
        yield x.shape[1:]
        yield x.shape
    elif role_of(name) in ("weight", "bias", "scale", "from_x", "from_h") or parameter.annotation is np.ndarray:
        yield from scene.draws(name, seed)
    elif SIZE.fullmatch(name) or parameter.annotation in (int, "int"):
        yield next(sizes) if OUTWARD.fullmatch(name) else next(widths, None) or next(sizes)
    elif parameter.annotation in (float, "float"):
        yield 0.3
    else:
        yield from scene.draws(name, seed)
        yield 2
        yield 0.3


def _signature(kind: type) -> dict[str, inspect.Parameter]:
    try:
        return dict(inspect.signature(kind).parameters)
    except (TypeError, ValueError):
        return {}


def _with_object(passes: Passes, kind: type | None, given: dict[str, Any], seed: int) -> dict[str, Any]:
    """Build the object from the values of the constructor, and put it beside the arguments of forward."""
    arguments = {name: value for name, value in given.items() if not name.startswith(".")}
    if kind is None or passes.owner is None:
        return arguments
    values = {name[1:]: deepcopy(value) for name, value in given.items() if name.startswith(".")}
    with global_seed(seed):
        built = kind(**values, **({"rng": as_rng(seed)} if "rng" in _signature(kind) else {}))
        x = next((value for value in arguments.values() if isinstance(value, np.ndarray)), np.ones((5, 4)))
        _prepare(built, x)
    built = _settled(built, passes, arguments, seed)
    _stir(built, seed)
    return {passes.owner: built, **arguments}


def _prepare(built: Any, x: Array) -> None:
    """Call the methods that some layers want before forward, if they take a shape or an optimiser."""
    for name in PREPARATIONS:
        method = getattr(built, name, None)
        if callable(method):
            values = {
                key: x.shape[1:] if INPUT_SHAPE.fullmatch(key) else SETTINGS.get(key)
                for key, parameter in inspect.signature(method).parameters.items()
                if parameter.default is parameter.empty
            }
            method(**values)


def _settled(built: Any, passes: Passes, arguments: dict[str, Any], seed: int) -> Any:
    """Return an object that has its parameters: some make them only when forward sees its first x.

    What forward makes, whatever x is, are parameters. An attribute of which nothing lasts is of the call, and is put
    back.
    """
    assert passes.owner is not None
    once, other = deepcopy(built), deepcopy(built)
    with global_seed(seed):
        passes.go_forward({**deepcopy(arguments), passes.owner: once})
    kept, made = dict(leaves(built)), dict(leaves(once))
    if made.keys() == kept.keys():
        return built
    with global_seed(seed):
        passes.go_forward({**{name: _other(value) for name, value in arguments.items()}, passes.owner: other})
    later = dict(leaves(other))
    lasting = {path[0] for path in made if _same(made[path], later.get(path))}
    for name in {path[0] for path in {*made, *later}} - lasting:
        before = vars(built).get(name)
        vars(once)[name] = deepcopy(before) if before else _emptied(vars(once)[name])
    return once if lasting - {path[0] for path in kept} else built


def _emptied(value: Any) -> Any:
    """Return a container without the arrays of a call, but with its keys."""
    if isinstance(value, dict):
        return {key: _emptied(inner) for key, inner in value.items()}
    return [] if isinstance(value, list) else None


def _other(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return value * 0.9
    return deepcopy(value)


def _same(one: Array | None, other: Array | None) -> bool:
    return one is not None and other is not None and np.array_equal(one, other)


def _stir(built: Any, seed: int) -> None:
    """Move the parameters a little, so that none is zero and no copy of one is still equal to it."""
    rng = np.random.default_rng(seed)
    for path, array in leaves(built):
        if gradient_of(path) is None and array.flags.writeable:
            array += (0.1 * rng.normal(size=array.shape)).astype(array.dtype)


def in_words(given: dict[str, Any]) -> str:
    """Return the shapes of the arrays and the settings, such as "x (2, 4, 7, 9), stride 2"."""
    words = []
    for name, value in given.items():
        name = name.lstrip(".")
        if isinstance(value, np.ndarray):
            words.append(f"{name} {value.shape}")
        elif isinstance(value, dict):
            words.append(f"{name} {{{in_words(value)}}}")
        elif isinstance(value, (bool, int, float, str, tuple)):
            words.append(f"{name} {value}")
    return ", ".join(words)
