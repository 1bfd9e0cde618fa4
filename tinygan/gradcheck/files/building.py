"""Build an object of a class from values of its constructor, and give it its parameters before the check."""

import inspect
from copy import deepcopy
from typing import Any

import numpy as np

from tinygan.backend import Array, as_rng
from tinygan.gradcheck.files.settings import SETTINGS
from tinygan.gradcheck.files.values import INPUT_SHAPE, constructor_of
from tinygan.gradcheck.subjects.gradient_names import gradient_of
from tinygan.gradcheck.subjects.leaves import leaves
from tinygan.gradcheck.subjects.passes import Passes
from tinygan.gradcheck.subjects.seeding import global_seed

# Methods that some layers want to be called before forward.
PREPARATIONS = ("set_input_shape", "initialize", "build")


def with_object(passes: Passes, kind: type | None, given: dict[str, Any], seed: int) -> dict[str, Any]:
    """Build the object from the values of the constructor, and put it beside the arguments of forward."""
    arguments = {name: value for name, value in given.items() if not name.startswith(".")}
    if kind is None or passes.owner is None:
        return arguments
    values = {name[1:]: deepcopy(value) for name, value in given.items() if name.startswith(".")}
    with global_seed(seed):
        built = kind(**values, **({"rng": as_rng(seed)} if "rng" in constructor_of(kind) else {}))
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
        is_empty = before is None or (isinstance(before, (dict, list)) and not before)
        vars(once)[name] = _emptied(vars(once)[name]) if is_empty else deepcopy(before)
    return once if lasting - {path[0] for path in kept} else built


def _emptied(value: Any) -> Any:
    """Return a container without the arrays of a call, but with its keys."""
    if isinstance(value, dict):
        return {key: _emptied(inner) for key, inner in value.items()}
    return [] if isinstance(value, list) else None


def _other(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return 0.9 * np.roll(value, 1, axis=0)
    return deepcopy(value)


def _same(one: Array | None, other: Array | None) -> bool:
    return one is not None and other is not None and np.array_equal(one, other)


def _stir(built: Any, seed: int) -> None:
    """Move the parameters a little, so that none is zero and no copy of one is still equal to it."""
    rng = np.random.default_rng(seed)
    for path, array in leaves(built):
        if gradient_of(path) is None and array.flags.writeable:
            array += (0.1 * rng.normal(size=array.shape)).astype(array.dtype)
