"""Functions and classes that know nothing of this library, as subjects of a check."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from types import FunctionType
from typing import Any

import numpy as np

from tinygan.backend import Array, as_rng
from tinygan.gradcheck.subjects.gradient_names import PLAIN, matched
from tinygan.gradcheck.subjects.leaves import Path, children, copied, leaves
from tinygan.gradcheck.subjects.lines import line_of_kept, line_of_returned
from tinygan.gradcheck.subjects.passes import DATA, Called, Gradients, Passes, signature_of
from tinygan.gradcheck.subjects.seeding import global_seed
from tinygan.gradcheck.subjects.subject import Subject, location

# Backward draws other numbers than forward, so that a mask that is drawn again shows.
OTHER_SEED = 20140610


class Written(Subject):
    """A forward and a backward pass of any convention, with all that they are given.

    Every evaluation gets a fresh copy of what it is given, an object included, so that no call sees what another one
    left behind. It seeds the global generators, and restores them afterwards.

    Attributes
    ----------
    names : dict from tuple of str to str
        The name of each tensor, by its path, such as ``("self", "W")``.
    words : str
        The inputs in words, if they were guessed.

    Examples
    --------
    >>> class Scale:
    ...     def __init__(self, w):
    ...         self.w = w
    ...     def forward(self, x):
    ...         self.x = x
    ...         return self.w * x
    ...     def backward(self, dout):
    ...         self.dw = (self.x * dout).sum(axis=0)
    ...         return self.w * dout
    >>> passes = Passes(Scale.forward, Scale.backward)
    >>> subject = Written("Scale", passes, {"self": Scale(np.ones(3)), "x": np.ones((2, 3))})
    >>> list(subject.tensors)
    ['x', 'w']
    """

    parameters: Mapping[str, Any] = {}
    is_homework = True

    def __init__(self, name: str, passes: Passes, given: Mapping[str, Any], seed: int = 0) -> None:
        self.name, self.passes = name, passes
        self.words, self.axis, self.grad_name = "", 0, passes.grad_name
        self._given = copied(dict(given), {id(array): _float64(array) for _, array in leaves(dict(given))})
        self._leaves = dict(leaves(self._given))
        self.inputs: dict[str, Array] = {}
        self.names: dict[Path, str] = {}
        self._gradients: dict[str, Path] = {}
        self.numbers = dict(_numbers(given))
        self._latest: Any = None
        y, cache = self.forward(seed)
        try:
            found = self._passed_back(as_rng(seed).normal(size=y.shape), cache)
        except (Exception, SystemExit) as error:
            raise BackwardRaised(str(error)) from error
        self._match(found)
        self.unlooked = [name_of(path) for path in self._without_gradient() if self._matters(path, y, seed)]

    def _arguments(self) -> list[Path]:
        """Return where the arrays of floats are that may need a gradient: not in the object, and not data."""
        paths = [path for path in self._leaves if path[0] != self.passes.owner]
        return [path for path in paths if not DATA.fullmatch(path[-1])] or paths

    def _without_gradient(self) -> Iterator[Path]:
        """Yield where arrays of floats are that should have a gradient: those of an object, or arguments of a pair."""
        if self.passes.backward is not None and self.passes.takes_upstream:
            owner = self.passes.owner
            for path in self._leaves:
                is_own = owner in (None, path[0])
                if is_own and path not in self.names and not DATA.fullmatch(path[-1]):
                    yield path

    def _match(self, gradients: Gradients) -> None:
        """Find out which gradient belongs to which tensor, and keep the tensors that have one."""
        arguments = {path: self._leaves[path] for path in self._arguments()}
        others = [path for path in self._leaves if path not in arguments]
        owner = self.passes.owner
        returned = {path: gradient for path, gradient in gradients if path[0] != owner}
        kept = {path: gradient for path, gradient in gradients if path[0] == owner}
        pairs = matched(arguments, others, returned, kept)
        if not pairs:
            raise BackwardRaised("backward gives nothing that can be the gradient of something")
        found = dict(gradients)
        fits = all(self._leaves[path].shape == np.shape(found[pairs[path]]) for path in pairs)
        if len(returned) > len(self._leaves) and not fits:
            raise BackwardRaised(f"backward returns {len(returned)} gradients for {len(arguments)} arrays of floats")
        for path in (*arguments, *others):
            if path in pairs:
                name = name_of(path) if name_of(path) not in self.inputs else ".".join(path)
                self.inputs[name], self.names[path] = self._leaves[path], name
                self._gradients[name] = pairs[path]

    def _matters(self, path: Path, y: Array, seed: int) -> bool:
        """Return whether y depends on an array."""
        array = self._leaves[path]
        kept = array.copy()
        array += 0.1 + 0.1 * array
        try:
            return not np.array_equal(self.forward(seed)[0], y)
        finally:
            array[...] = kept

    @property
    def m(self) -> int:
        """The length of the first array that forward gets, be it of floats or of indices."""
        return int(next(iter(self._batches().values())).shape[self.axis])

    @contextmanager
    def first_examples(self, n: int) -> Iterator[None]:
        """Cut every array of m examples, such as labels, to its first n; if forward then fails, the first one alone."""
        kept = self._given, self._leaves, self.inputs
        names = [name for name, array in self._batches().items() if array.shape[self.axis] == self.m]
        try:
            self._cut(names, n)
            try:
                self.y(0)
            except Exception:  # whatever the code under check raises
                self._given, self._leaves, self.inputs = kept
                self._cut(names[:1], n)
            yield
        finally:
            self._given, self._leaves, self.inputs = kept

    @property
    def functions(self) -> Mapping[str, FunctionType]:
        """Both passes, as far as they are written in Python."""
        both = {"forward": self.passes.forward, "backward": self.passes.backward}
        return {name: found for name, found in both.items() if isinstance(found, FunctionType)}

    @property
    def data(self) -> Mapping[str, Array]:
        """The arrays that backward gives no gradient of, such as labels."""
        arrays = {name: value for name, value in self._given.items() if isinstance(value, np.ndarray)}
        return {name: array for name, array in arrays.items() if name not in self.inputs}

    @contextmanager
    def _set_numbers(self, numbers: Mapping[str, float]) -> Iterator[None]:
        settings = [value for value in self._given.values() if isinstance(value, dict)]
        kept = [(holder, dict(holder)) for holder in (self._given, *settings)]
        for holder, before in kept:
            holder.update({name: type(before[name])(numbers[name]) for name in before if name in numbers})
        try:
            yield
        finally:
            for holder, before in kept:
                holder.update(before)

    def _batches(self) -> dict[str, Array]:
        return {name: a for name, a in self._given.items() if isinstance(a, np.ndarray) and a.ndim > self.axis}

    def _cut(self, names: Sequence[str], n: int) -> None:
        self._given = {name: self._first(n, a) if name in names else a for name, a in self._given.items()}
        self._leaves = dict(leaves(self._given))
        shapes = {name: self._leaves[path].shape for path, name in self.names.items()}
        self.inputs = {name: a if a.shape == shapes[name] else self._first(n, a) for name, a in self.inputs.items()}

    def _first(self, n: int, array: Array) -> Array:
        return array[(slice(None),) * self.axis + (slice(n),)]

    def forward(self, seed: int) -> tuple[Array, Any]:
        """Return y, in which several outputs stand side by side, and all that backward needs."""
        owner, fresh = self.passes.owner, self.fresh()
        given = copied(self._given, {id(self._leaves[path]): fresh[name] for path, name in self.names.items()})
        if "rng" in signature_of(self.passes.forward).parameters:
            given["rng"] = as_rng(seed)
        with global_seed(seed):
            called = self.passes.go_forward(given)
        self._latest = given.get(owner)
        return _packed(called.outputs), called

    def backward(self, grad_y: Array, cache: Any) -> dict[str, Any]:
        """Call backward, and return the gradient of every tensor."""
        found = dict(self._passed_back(grad_y, cache))
        return {name: found.get(path) for name, path in self._gradients.items()}

    def _passed_back(self, grad_y: Array, called: Called) -> Gradients:
        """Call backward on a copy of the object: of the latest one if forward hands over a cache, which must do."""
        given, owner = dict(called.given), self.passes.owner
        if owner in given:
            given[owner] = deepcopy(self._latest if called.rest and self.passes.takes_cache else given[owner])
        with global_seed(OTHER_SEED):
            return self.passes.go_backward(_unpacked(grad_y, called.outputs), called._replace(given=given))

    def where(self, tensor: str) -> str:
        """Return file and line of what computes the gradient: one statement, or if there are several, the function."""
        function, name = self.passes.backward or self.passes.forward, self._gradients.get(tensor, ("0",))[-1]
        line = line_of_kept(function, name) if name.isidentifier() else line_of_returned(function, int(name))
        return line or location(function)

    def where_changed(self, name: str) -> str:
        """Return file and line of the one statement that changes an argument in place, or of a backward pass."""
        name = self.grad_name if name == "grad_y" else name
        passes = [function for function in (self.passes.backward, self.passes.forward) if function is not None]
        lines = (line_of_kept(function, name) for function in passes)
        return next((line for line in lines if line), None) or super().where_changed(name)


class BackwardRaised(Exception):
    """Forward works, and backward raises the error that is the cause of this one."""


def _packed(outputs: list[Array]) -> Array:
    """Return one array that holds all outputs, with one example a row if each of them has."""
    if len(outputs) == 1:
        return np.atleast_1d(outputs[0])
    if all(output.ndim and len(output) == len(outputs[0]) for output in outputs):
        return np.concatenate([output.reshape(len(output), -1) for output in outputs], axis=1)
    return np.concatenate([output.reshape(-1) for output in outputs])


def _unpacked(grad_y: Array, outputs: list[Array]) -> list[Array]:
    if len(outputs) == 1:
        return [grad_y.reshape(outputs[0].shape)]
    ends = np.cumsum([output.size // len(grad_y) if grad_y.ndim == 2 else output.size for output in outputs])[:-1]
    parts = np.split(grad_y, ends, axis=grad_y.ndim - 1)
    return [part.reshape(output.shape) for part, output in zip(parts, outputs, strict=True)]


def name_of(path: Path) -> str:
    """Return the name of a tensor in reports: its path without words such as self and params.

    Examples
    --------
    >>> name_of(("self", "params", "W"))
    'W'
    """
    if len(path) > 1 and path[-1].isdigit():
        return f"{path[-2]}[{path[-1]}]"
    parts = [part for part in path if not PLAIN.fullmatch(part)]
    return ".".join(parts or path)


def _float64(array: Array) -> Array:
    return array.astype(np.float64, order="C")


def _numbers(given: Any) -> Iterator[tuple[str, float]]:
    """Yield the numbers in what is given, also those inside dictionaries of settings."""
    for name, value in children(given):
        if isinstance(value, Mapping):
            yield from _numbers(value)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            yield name, float(value)
