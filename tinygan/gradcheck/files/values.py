"""What the arguments of forward and of a constructor may be: arrays of a scene, settings, sizes, or words."""

import inspect
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygan.gradcheck.files.scenes import Scene, role_of
from tinygan.gradcheck.files.settings import DICTIONARY, FUNCTIONS, SETTINGS, SIDES, WINDOW_KEYS
from tinygan.gradcheck.subjects.passes import Passes

SIZE = re.compile(
    r"[ndmDMVH]|(n|num|d|dim|fan|in|out|input|output|hidden)(_[a-z]+)?"
    r"|([a-z]+_)*(size|dim|width|features|channels|units|filters|neurons|depth)|n_?\w+",
    re.I,
)
OUTWARD = re.compile(r".*(out|hidden|filters|neurons|units|depth).*", re.I)
INPUT_SHAPE = re.compile(r"(input_|in_|x_)?shape", re.I)
# What a constructor gets as an array, by its name.
LEARNED = ("weight", "bias", "scale", "from_x", "from_h")
# How many combinations of values are tried in one scene.
MOST = 48


@dataclass(frozen=True)
class Guesses:
    """What arguments may be in one scene, with windows of one kind.

    Attributes
    ----------
    scene : Scene
    way : dict from str to int
        The settings of windows, which also replace the defaults of arguments; empty if there are no windows.
    words : sequence of str
        The words in the code, which may be keys of dictionaries and values of arguments.
    seed : int
    """

    scene: Scene
    way: Mapping[str, int]
    words: Sequence[str]
    seed: int

    def combinations(self, passes: Passes, kind: type | None) -> Iterator[dict[str, Any]]:
        """Yield values of the arguments of forward, and of the constructor under names that start with a dot."""
        parameters = dict(inspect.signature(passes.forward).parameters)
        parameters.pop(passes.owner or "", None)
        roles = [role_of(name) for name in parameters]
        if self.scene.needs and self.scene.needs not in roles:
            return
        options = {
            name: list(self._of_forward(name, is_loss="target" in roles))
            for name, parameter in parameters.items()
            if self._is_given(name, parameter)
        }
        if kind is not None and passes.owner is not None:
            xs = (values[0] for name, values in options.items() if values and role_of(name) == "x")
            shape = np.shape(next(xs, np.ones((5, self.scene.width))))
            options |= {f".{name}": values for name, values in self._of_constructor(kind, shape)}
        for values in itertools.islice(itertools.product(*options.values()), MOST):
            yield dict(zip(options, values, strict=True))

    def _is_given(self, name: str, parameter: inspect.Parameter) -> bool:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD) or name == "rng":
            return False
        return parameter.default is parameter.empty or (name in self.way and not isinstance(parameter.default, str))

    def _of_forward(self, name: str, *, is_loss: bool) -> Iterator[Any]:
        if DICTIONARY.fullmatch(name):
            firsts = {key: next(self._known(key), None) for key in self.words}
            yield {key: value for key, value in firsts.items() if value is not None}
            return
        known = list(self._known(name))
        yield from reversed(known) if is_loss and role_of(name) == "prediction" else known
        if not known and role_of(name) is None:
            yield from self.scene.draws("x", self.seed)
            yield from (word for word in self.words if word.isalpha())
            yield 2

    def _known(self, name: str) -> Iterator[Any]:
        """Yield the setting of this name, and the arrays of its role."""
        settings = {**SETTINGS, **self.way}
        if name in settings:
            yield settings[name]
        yield from self.scene.draws(name, self.seed)

    def _of_constructor(self, kind: type, shape: tuple[int, ...]) -> Iterator[tuple[str, list[Any]]]:
        """Yield each argument of a constructor with its values, for an x of this shape."""
        sizes, widths = itertools.chain([self.scene.out], itertools.count(7, 5)), iter([self.scene.width])
        for name, parameter in constructor_of(kind).items():
            if not self._is_given(name, parameter):
                continue
            if SIZE.fullmatch(name) and not self._settled(name, shape):
                yield name, [next(sizes) if OUTWARD.fullmatch(name) else next(widths, None) or next(sizes)]
            else:
                yield name, self._settled(name, shape) or self._unknown(name, parameter)

    def _settled(self, name: str, shape: tuple[int, ...]) -> list[Any]:
        """Return the values of an argument of a constructor whose name says what it is, though not a size."""
        settings = {**SETTINGS, **self.way}
        if name in FUNCTIONS:
            return [FUNCTIONS[name], *(word for word in self.words if word.isalpha())]
        if name in WINDOW_KEYS:
            return [settings[name], (settings[name],) * 2]
        if name in SIDES:
            square = (settings["kernel_size"],) * 2
            return [square, (*square, self.scene.width, self.scene.out)]
        if name in settings:
            return [settings[name]]
        if INPUT_SHAPE.fullmatch(name):
            return [shape[1:], shape]
        return list(self.scene.draws(name, self.seed)) if role_of(name) in LEARNED else []

    def _unknown(self, name: str, parameter: inspect.Parameter) -> list[Any]:
        if parameter.annotation in (int, "int"):
            return [7]
        return [0.3] if parameter.annotation in (float, "float") else [*self.scene.draws(name, self.seed), 2, 0.3]


def constructor_of(kind: type) -> dict[str, inspect.Parameter]:
    """Return the arguments of a constructor by name; none if they cannot be told."""
    try:
        return dict(inspect.signature(kind).parameters)
    except (TypeError, ValueError):
        return {}


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


def in_code(name: str, scene: Scene, words: Sequence[str]) -> str:
    """Return Python code for what an argument may be, or three dots.

    Examples
    --------
    >>> from tinygan.gradcheck.files.scenes import SCENES
    >>> in_code("x", SCENES[1], []), in_code("stride", SCENES[1], []), in_code("wiring", SCENES[1], [])
    ('rng.normal(size=(5, 4))', '2', '...')
    """
    if DICTIONARY.fullmatch(name):
        return f"{{{', '.join(f'{key!r}: {in_code(key, scene, ())}' for key in words)}}}"
    if SIZE.fullmatch(name) and role_of(name) is None and name not in SETTINGS:
        return str(scene.out if OUTWARD.fullmatch(name) else scene.width)
    value = SETTINGS.get(name, next(scene.draws(name, 0), None))
    if isinstance(value, np.ndarray):
        return f"rng.integers(3, size={value.shape})" if value.dtype.kind == "i" else f"rng.normal(size={value.shape})"
    return repr(value) if isinstance(value, (bool, int, float, str)) else "..."
