"""One interface for everything that is checked: arrays go in, y and a cache come out, and gradients come back."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FunctionType
from typing import Any

import numpy as np

from tinygan.backend import Array, as_rng, get_array_module, is_finite, to_host
from tinygan.gradcheck.subjects.lines import line_of_kept, line_of_returned
from tinygan.gradcheck.subjects.on_device import place_of
from tinygan.gradcheck.subjects.place import brought_home, is_array
from tinygan.layers import Layer, named_parameters
from tinygan.layers.base import layer_name


class Subject(ABC):
    """A forward pass with a backward pass that claims to be its derivative.

    Attributes
    ----------
    name : str
        Its name in reports.
    inputs : dict from str to ndarray of float64
        Its inputs, by name. The first axis of the first input is the batch.
    parameters : dict from str to Parameter
        Its parameters; empty for functions.
    handed : dict from str to ndarray
        The copies of the inputs that the last forward pass got.
    numbers : dict from str to float
        Its hyper-parameters. A wrong gradient may be wrong by one of them as a factor.
    unlooked : sequence of str
        Arrays of floats that y depends on, and of which there is no gradient to check.
    grad_name : str
        What the code under check calls the gradient that backward gets: ``"grad_y"``, or for example ``"dout"``.
    takes_grad_y : bool
        Whether the backward pass gets grad_y; a step of Algorithm 1 has its own.
    axis : int
        The axis of the examples in the batch: 0 if each has a row, 1 if each has a column.
    is_homework : bool
        Whether it stands alone. The protocol of our layers and steps forbids side effects; homework may have them, as
        long as its gradients are right.
    """

    name: str
    inputs: dict[str, Array]
    handed: dict[str, Array]
    parameters: Mapping[str, Any]
    numbers: Mapping[str, float]
    unlooked: Sequence[str] = ()
    grad_name = "grad_y"
    takes_grad_y = True
    is_homework = False
    axis = 0

    @property
    def tensors(self) -> dict[str, Array]:
        """The tensors whose gradients are checked, inputs first; they may be changed in place."""
        return {**self.inputs, **{name: theta.data for name, theta in self.parameters.items()}}

    @property
    def learned(self) -> Mapping[str, Any]:
        """The parameters that the backward pass itself writes to, by name."""
        return self.parameters

    @property
    def batches(self) -> list[str]:
        """The inputs whose first axis is the batch."""
        return [next(iter(self.inputs))]

    @property
    def m(self) -> int:
        """The number of examples in the batch; y may have fewer rows, since a loss has one or none."""
        return len(self.inputs[self.batches[0]])

    @contextmanager
    def first_examples(self, n: int) -> Iterator[None]:
        """Cut the batch to its first n examples for the time of a with block."""
        kept = dict(self.inputs)
        if any(len(kept[name]) != self.m for name in self.batches):
            raise ValueError(f"the batches of {self.name} have different lengths")
        self.inputs |= {name: kept[name][:n] for name in self.batches}
        try:
            yield
        finally:
            self.inputs |= kept

    @property
    def functions(self) -> Mapping[str, FunctionType]:
        """The functions of the code under check, by the words for them: those that hold its forward and backward."""
        return {}

    @property
    def data(self) -> Mapping[str, Array]:
        """The arrays that forward gets and that have no gradient, such as labels."""
        return {}

    @contextmanager
    def varied(self, inputs: Mapping[str, Array], numbers: Mapping[str, float]) -> Iterator[None]:
        """Put other inputs and hyper-parameters in the place of some for the time of a with block."""
        kept = self.inputs
        self.inputs = {**kept, **inputs}
        try:
            with self._set_numbers(numbers):
                yield
        finally:
            self.inputs = kept

    @contextmanager
    def _set_numbers(self, numbers: Mapping[str, float]) -> Iterator[None]:
        if numbers:
            raise ValueError(f"the numbers of {self.name} cannot be changed")
        yield

    @abstractmethod
    def forward(self, seed: int) -> tuple[Array, Any]:
        """Return y and the cache; the same seed gives the same draws. The code under check gets `fresh` inputs."""

    @abstractmethod
    def backward(self, grad_y: Array, cache: Any) -> dict[str, Any]:
        """Run the backward pass and return the gradients of the inputs; the parameters keep their own."""

    @abstractmethod
    def where(self, tensor: str) -> str:
        """Return file and line of the code that computes the gradient of a tensor."""

    def where_changed(self, name: str) -> str:
        """Return file and line of the code that changes an argument in place, or of a backward pass."""
        return self.where(next(iter(self.tensors)))

    def fresh(self) -> dict[str, Array]:
        """Return new copies of the inputs, so that no two forward passes share an array, and nobody changes ours."""
        self.handed = {name: x.copy() for name, x in self.inputs.items()}
        return self.handed

    def y(self, seed: int) -> Array:
        """Return a copy of y, or raise an error unless it is real and finite."""
        y = self.forward(seed)[0].copy()
        if y.dtype.kind == "c":
            raise TypeError(f"{self.name} returned complex numbers from real ones; it takes an array of floats")
        if not is_finite(y):
            raise ValueError(
                f"{self.name} returned NaN or infinite values from finite input; no gradient can be checked"
            )
        return y

    def is_random(self, seed: int) -> bool:
        """Return whether other draws give another y."""
        return not np.array_equal(self.y(seed), self.y(seed + 1))

    def replayed_y(self, seed: int) -> Array:
        """Return y, or raise a ValueError if a second run with the same seed gives another y."""
        y = self.y(seed)
        if not np.array_equal(y, self.y(seed)):
            raise ValueError(
                f"{self.name}: called twice with the same input and the same rng, forward returns two results, and "
                "cannot be compared with itself. It draws from elsewhere, such as np.random.rand, or remembers the "
                "first call. Draw from rng, and keep nothing on self."
            )
        return y


class LayerSubject(Subject):
    """A layer or a network, at x.

    Attributes
    ----------
    place : Place
        The place of the layer and x.

    Examples
    --------
    >>> from tinygan.layers import Linear
    >>> list(LayerSubject(Linear(3, 2, rng=0), np.ones((4, 3))).tensors)
    ['x', 'weight', 'bias']
    """

    def __init__(self, layer: Layer, x: Array) -> None:
        self.layer, self.name = layer, layer_name(layer)
        self.place = place_of(self.name, dict(named_parameters(layer)), x=x)
        self.inputs = {"x": to_host(x).astype(np.float64, order="C")}
        self.parameters = self.place.parameters
        self.numbers = {
            name: float(value)
            for name, value in vars(layer).items()
            if isinstance(value, (int, float)) and not isinstance(value, bool) and not name.startswith("_")
        }

    @property
    def learned(self) -> Mapping[str, Any]:
        """The parameters on the layer's device."""
        return self.place.learned

    @property
    def functions(self) -> Mapping[str, FunctionType]:
        """The passes of the layer's class."""
        kind = type(self.layer)
        passes = ("forward", "backward_input", "backward_params")
        return {name: found for name in passes if isinstance(found := getattr(kind, name), FunctionType)}

    @contextmanager
    def _set_numbers(self, numbers: Mapping[str, float]) -> Iterator[None]:
        kept = {name: vars(self.layer)[name] for name in numbers}
        vars(self.layer).update({name: type(kept[name])(value) for name, value in numbers.items()})
        try:
            yield
        finally:
            vars(self.layer).update(kept)

    def forward(self, seed: int) -> tuple[Array, Any]:
        """Return y and the cache, whose arrays stay on the layer's device."""
        what = f"{self.name}.forward"
        with self.place.lending(self.fresh()["x"]) as (x,):
            y, cache = checked_result(what, self.layer.forward(x, rng=as_rng(seed)))
        return brought_home(what, y, self.place.device), cache

    def backward(self, grad_y: Array, cache: Any) -> dict[str, Any]:
        """Call both backward passes, first the one for the input."""
        what = f"{self.name}.backward_input"
        with self.place.lending(grad_y) as (grad_there,):
            grad_x = checked_gradient(what, self.layer.backward_input(grad_there, cache))
            self.layer.backward_params(grad_there, cache)
        return {"x": brought_home(what, grad_x, self.place.device)}

    def where(self, tensor: str) -> str:
        """Return file and line of what computes the gradient: one statement, or if there are several, the method."""
        kind = type(self.layer)
        if tensor == "x":
            return line_of_returned(kind.backward_input) or location(kind.backward_input)
        return line_of_kept(kind.backward_params, tensor.rpartition(".")[2]) or location(kind.backward_params)


def checked_result(what: str, result: Any) -> tuple[Array, Any]:
    """Return the result of a forward pass, or raise a TypeError unless it is (y, cache)."""
    if not isinstance(result, tuple) or len(result) != 2:
        found = f"a tuple of {len(result)}" if isinstance(result, tuple) else type(result).__name__
        raise TypeError(f"{what} returned {found}; it takes a pair, (y, cache)")
    y, cache = result
    if not (is_array(y) or isinstance(y, np.inexact)) or y.dtype.kind not in "fc":
        raise TypeError(f"{what} returned y of {getattr(y, 'dtype', type(y).__name__)}; it takes an array of floats")
    return get_array_module(y).asarray(y), cache


def checked_gradient(what: str, gradient: Any) -> Any:
    """Return a gradient, or raise a TypeError unless it is an array, a single number or None."""
    if gradient is None or is_array(gradient) or isinstance(gradient, (np.number, float)):
        return gradient
    raise TypeError(f"{what} returned a gradient of type {type(gradient).__name__}; it takes an array")


def location(function: Callable[..., Any]) -> str:
    """Return the file and the line of a function, such as ``layers.py:12``.

    Examples
    --------
    >>> location(location).startswith("/") and "subject.py:" in location(location)
    True
    """
    code = getattr(inspect.unwrap(function), "__code__", None)
    return "unknown" if code is None else f"{code.co_filename}:{code.co_firstlineno}"


def arrays_in(value: Any) -> Sequence[Array]:
    """Return all arrays in a cache, also those inside nested tuples, lists and dicts.

    Examples
    --------
    >>> len(arrays_in((np.ones(2), [np.ones(3), {"mask": np.ones(1)}], 7)))
    3
    """
    if is_array(value):
        return [value]
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (tuple, list)):
        return [array for item in value for array in arrays_in(item)]
    return []
