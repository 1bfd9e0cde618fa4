"""How to call code that goes forward and backward: what backward takes, and where it puts the gradients."""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from tinygan.backend import Array
from tinygan.gradcheck.subjects.gradient_names import gradient_of, returned_names
from tinygan.gradcheck.subjects.leaves import Path, children, leaves

# Arguments that are data or statistics, and have no gradient.
DATA = re.compile(r"y|t|ts|y_?true|y_real|labels?|targets?|target_index|actual|\w*masks?|running_\w+|moving_\w+", re.I)
# Names of a second or third gradient that comes from above, of what forward kept, and of a step size.
UPSTREAM = re.compile(r"d(?!ata)[A-Za-z_]\w*|\w*grad\w*|delta\w*|\w*error|upstream\w*|top_diff", re.I)
KEPT = re.compile(r"caches?|ctx|memory|saved|stored", re.I)
STEP = re.compile(r"lr|eta|learning_?rate|step_?size|alpha", re.I)
# Where an object keeps its output if forward returns nothing.
OUTPUTS = ("output", "out", "y", "a")

Gradients: TypeAlias = list[tuple[Path, Any]]


class Called(NamedTuple):
    """What a forward pass was given, the outputs that have a gradient, and all else that it returned."""

    given: dict[str, Any]
    outputs: list[Array]
    rest: list[Any]


@dataclass(frozen=True)
class Passes:
    """Two functions, or two methods of a class, that go forward and backward.

    Attributes
    ----------
    forward : callable
        A method takes the object as its first argument.
    backward : callable or None
        None if forward itself returns the gradients behind its result, as a loss often does.
    takes_upstream : bool
        Whether backward takes the gradient of what forward returned. If not, it gives the gradient of forward itself,
        as the slope of an activation or the gradient of a loss.
    total : str
        ``"mean"`` or ``"sum"`` if the gradient is that of the mean or the sum of what forward returns.
    on_output : bool
        Whether backward takes what forward returned where it would take what forward got, as a sigmoid's slope may.
    """

    forward: Callable[..., Any]
    backward: Callable[..., Any] | None
    takes_upstream: bool = True
    total: str = ""
    on_output: bool = False

    @cached_property
    def owner(self) -> str | None:
        """The name of the argument that is the object, usually self; None for functions."""
        is_method = "." in self.forward.__qualname__.rpartition("<locals>.")[2]
        first = next(iter(signature_of(self.forward).parameters), None)
        return first if is_method and first in ("self", "this") else None

    @cached_property
    def n_upstream(self) -> int:
        """How many gradients from above backward takes."""
        if self.backward is None or not self.takes_upstream:
            return 0
        parameters = signature_of(self.backward).parameters
        names = [name for name in parameters if name != self.owner]
        others = [name for name in names[1:] if UPSTREAM.fullmatch(name) and _is_required(parameters[name])]
        return 1 + len(others) if names and not KEPT.fullmatch(names[0]) else 0

    @cached_property
    def takes_cache(self) -> bool:
        """Whether backward takes something that forward has returned."""
        if self.backward is None:
            return False
        known = {*signature_of(self.forward).parameters, self.owner}
        parameters = signature_of(self.backward).parameters.items()
        left = [name for name, parameter in parameters if name not in known and _is_required(parameter)]
        return len([name for name in left if not STEP.fullmatch(name)]) > self.n_upstream

    @property
    def grad_name(self) -> str:
        """What backward calls the gradient from above."""
        names = [] if self.backward is None else list(signature_of(self.backward).parameters)
        return next((name for name in names if name != self.owner), "grad_y") if self.n_upstream else "grad_y"

    def go_forward(self, given: dict[str, Any]) -> Called:
        """Call forward, and tell the outputs from what it keeps for backward."""
        call = signature_of(self.forward).bind_partial()
        call.arguments |= given
        result = self.forward(*call.args, **call.kwargs)
        if result is None and self.owner is not None:
            result = next(
                (found for name in OUTPUTS if (found := getattr(given[self.owner], name, None)) is not None), None
            )
        parts = list(result) if isinstance(result, tuple) else [result]
        n = max(1, self.n_upstream) if self.backward is not None else 1
        is_output = [is_number_or_floats(part) for part in parts]
        outputs = [part for part, is_one in zip(parts, is_output, strict=True) if is_one][:n]
        if not parts or not is_output[0]:
            raise TypeError(f"{self.forward.__name__} returned {_kind(parts)}; it takes an array of floats first")
        rest = [part for part in parts if not any(part is output for output in outputs)]
        if self.total:
            outputs = [getattr(np, self.total)(outputs[0])]
        return Called(given, [np.asarray(output) for output in outputs], rest)

    def go_backward(self, grads: list[Array], called: Called) -> Gradients:
        """Call backward, and return all gradients that can be seen afterwards, each with its name."""
        if self.backward is None:
            gradients = list(_flat(called.rest, returned_names(self.forward)[1:]))
            return [(path, _scaled(gradient, grads[0])) for path, gradient in gradients]
        owner = called.given.get(self.owner) if self.owner else None
        prefix = (self.owner or "",)
        before = {path: array.copy() for path, array in leaves(owner, prefix)}
        arguments, has_step = self._arguments(grads, called)
        result = self.backward(**arguments)
        is_tuple = isinstance(result, (tuple, list))
        gradients = (
            [] if result is None else list(_flat(result if is_tuple else [result], returned_names(self.backward)))
        )
        after = list(leaves(owner, prefix))
        gradients += [(path, array) for path, array in after if gradient_of(path)]
        if has_step:
            steps = {path: before[path] - array for path, array in after if path in before}
            gradients += [((*path, "grad"), step) for path, step in steps.items() if step.any()]
        if not self.n_upstream:
            return [(path, _scaled(gradient, grads[0])) for path, gradient in gradients]
        return gradients

    def _arguments(self, grads: list[Array], called: Called) -> tuple[dict[str, Any], bool]:
        """Fill the arguments of backward: gradients from above, what forward got and kept, and a step size of 1."""
        assert self.backward is not None
        above, kept = iter(grads[: self.n_upstream]), _kept(called.rest)
        positions = [value for name, value in called.given.items() if name != self.owner]
        arguments: dict[str, Any] = {}
        has_step = False
        for name, parameter in signature_of(self.backward).parameters.items():
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                continue
            is_first = not arguments or list(arguments) == [self.owner]
            if name == self.owner:
                arguments[name] = called.given[name]
            elif self.n_upstream and (is_first or (UPSTREAM.fullmatch(name) and _is_required(parameter))):
                arguments[name] = next(above)
            elif self.on_output and positions:
                arguments[name] = getattr(arguments.get(self.owner or ""), "output", called.outputs[0])
                positions = []
            elif name in called.given:
                arguments[name] = called.given[name]
            elif STEP.fullmatch(name):
                arguments[name], has_step = 1.0, True
            elif parameter.default is not parameter.empty:
                continue
            elif kept:
                arguments[name] = kept.pop(0)
            elif not self.n_upstream and positions:
                arguments[name] = positions.pop(0)
            else:
                arguments[name] = called.outputs[0]
        return arguments, has_step


@cache
def signature_of(function: Callable[..., Any]) -> inspect.Signature:
    """Return the signature of a function, which is asked for in every evaluation."""
    return inspect.signature(function)


def _is_required(parameter: inspect.Parameter) -> bool:
    return parameter.default is parameter.empty


def is_number_or_floats(value: Any) -> bool:
    """Return whether something can be an output with a gradient."""
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "fc"
    return isinstance(value, (float, np.floating))


def _kept(rest: list[Any]) -> list[Any]:
    """Return what forward kept for backward: what is no array comes first, as in (out, cache, mean, var)."""
    return sorted(rest, key=lambda part: isinstance(part, np.ndarray))


def _flat(value: Any, names: list[str]) -> Iterator[tuple[Path, Any]]:
    """Yield the gradients in nested tuples, lists and dictionaries."""
    for i, (key, part) in enumerate(children(value)):
        name = names[i] if i < len(names) and names[i] else key
        if isinstance(part, (Mapping, list, tuple)):
            yield from (((name, *path), inner) for path, inner in _flat(part, []))
        else:
            yield (name,), part


def _scaled(gradient: Any, grad_y: Array) -> Any:
    """Return the gradient of sum(grad_y y) from that of y: of one number, or entry by entry."""
    if gradient is None or (not is_number_or_floats(gradient) and not isinstance(gradient, np.ndarray)):
        return gradient
    if grad_y.size == 1:
        return gradient * grad_y.reshape(())
    return gradient * grad_y.reshape(grad_y.shape + (1,) * max(0, np.ndim(gradient) - grad_y.ndim))


def _kind(parts: list[Any]) -> str:
    first = parts[0] if parts else None
    return f"an array of {first.dtype}" if isinstance(first, np.ndarray) else type(first).__name__


def readings_of(forward: Callable[..., Any], backward: Callable[..., Any]) -> tuple[Passes, ...]:
    """Return the ways in which two passes may be meant, the likeliest first; those that do not run are dropped later.

    A backward pass may be the derivative itself if it names an argument of forward, takes nothing, belongs to a loss,
    or has a default for what it takes, as ``backward(self, dout=1)``. If there is a loss of each example, the gradient
    may be that of their mean or of their sum.

    Examples
    --------
    >>> def tanh(x): ...
    >>> def tanh_prime(x): ...
    >>> [(passes.takes_upstream, passes.on_output) for passes in readings_of(tanh, tanh_prime)]
    [(False, False), (False, True)]
    """
    plain = Passes(forward, backward)
    given = [name for name in signature_of(forward).parameters if name != plain.owner]
    taken = [name for name in signature_of(backward).parameters if name not in (plain.owner, "kwargs", "args")]
    is_slope = not taken or taken[0] in given
    is_loss = any(DATA.fullmatch(name) for name in given)
    slopes = [Passes(forward, backward, False, total) for total in (("", "mean", "sum") if is_loss else ("",))]
    if len(given) == len(taken) and (len(given) == 1 or is_loss):
        slopes.append(Passes(forward, backward, False, on_output=True))
    if is_slope:
        return tuple(slopes)
    is_derivative = not any(word in backward.__name__ for word in ("back", "bprop"))
    has_default = not _is_required(signature_of(backward).parameters[taken[0]])
    return (plain, *slopes) if is_loss or is_derivative or has_default else (plain,)
