"""Check a layer that is written as two functions, forward and backward, as in CS231n and many later courses."""

import inspect
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import numpy as np

from tinygan.arguments import check_positive
from tinygan.backend import Array, RngLike, as_rng, device_of, get_array_module, is_finite
from tinygan.backend.arrays import check_arrays
from tinygan.gradcheck.check import report_on
from tinygan.gradcheck.report import Report
from tinygan.gradcheck.subjects.lines import line_of_returned
from tinygan.gradcheck.subjects.subject import Subject, checked_gradient, checked_result, location


def check_functions(
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    arguments: Mapping[str, Any] | Sequence[Any],
    *,
    rng: RngLike = None,
    tolerance: float = 1e-6,
) -> Report:
    """Return whether a backward function is right at the given arguments, and if not, what is wrong with it.

    Parameters
    ----------
    forward : callable
        Returns ``(out, cache)``, where out is an array of floats, or a loss, which is one number.
    backward : callable
        Takes ``(dout, cache)`` and returns the gradients of all arguments of forward that are arrays of floats, in
        their order: an array if there is one such argument, else a tuple.
    arguments : tuple, or dict from str
        The arguments of forward, by position or by name; not changed. The first axis of the first array of floats is
        the batch. Other arguments, such as labels and settings, have no gradient. Leave out an argument called ``rng``:
        the check passes a generator that replays its draws, so a random function has the same mask in every evaluation.
    rng : numpy.random.Generator, int or None
        For the upstream gradient, the choice of entries in large arrays, and the forward function's own draws.
    tolerance : float
        The largest relative error that still counts as right.

    Returns
    -------
    Report
        ``report.ok`` says whether all is right, ``report.suspects`` what is probably wrong;
        ``print(report)`` shows both.

    Raises
    ------
    TypeError, ValueError
        If the arguments do not fit forward, if none of them is an array of floats, if one is not finite, if forward
        does not return (out, cache), or if backward does not return one gradient for each array of floats.

    See Also
    --------
    check_gradients : The same for a layer or a network.

    Examples
    --------
    >>> def affine_forward(x, w, b):
    ...     return x @ w + b, (x, w)
    >>> def affine_backward(dout, cache):
    ...     x, w = cache
    ...     return dout @ w.T, x.T @ dout, dout.sum(axis=1)
    >>> rng = np.random.default_rng(0)
    >>> arguments = rng.normal(size=(5, 4)), rng.normal(size=(4, 2)), np.ones(2)
    >>> report = check_functions(affine_forward, affine_backward, arguments, rng=0)
    >>> report.ok, report.suspects[0].code, report.suspects[0].tensor
    (False, 'summed_axis', 'b')
    """
    tolerance = check_positive("check_functions got tolerance", tolerance)
    subject = FunctionSubject(forward, backward, arguments)
    for name, array in subject.inputs.items():
        if not is_finite(array):
            raise ValueError(f"{forward.__name__} got {name} with NaN or infinite entries; a check takes finite values")
    rng = as_rng(rng)
    return report_on(subject, int(rng.integers(2**63)), rng, tolerance)


class FunctionSubject(Subject):
    """A pair of functions: forward returns (out, cache), backward takes (dout, cache) and returns gradients.

    Arguments that are arrays of floats have gradients, in their order. An argument called ``rng`` gets a generator that
    replays its draws.

    Examples
    --------
    >>> def scale_forward(x, c):
    ...     return c * x, c
    >>> def scale_backward(dout, c):
    ...     return c * dout
    >>> subject = FunctionSubject(scale_forward, scale_backward, (np.ones((2, 3)), 2.0))
    >>> subject.name, list(subject.tensors), subject.numbers
    ('scale', ['x'], {'c': 2.0})
    """

    parameters: Mapping[str, Any] = {}
    is_homework = True

    def __init__(
        self,
        forward: Callable[..., Any],
        backward: Callable[..., Any],
        arguments: Mapping[str, Any] | Sequence[Any],
    ) -> None:
        self._forward, self._backward = forward, backward
        self.name = backward.__name__.replace("_backward", "")
        self.grad_name = next(iter(inspect.signature(backward).parameters), "grad_y")
        self._signature = inspect.signature(forward)
        given = self._named(arguments)
        check_arrays(forward.__name__, **given)
        for key, value in given.items():
            if get_array_module(value) is not np:
                raise TypeError(
                    f"{forward.__name__} got {key} on {device_of(value)}; functions are checked on arrays of NumPy, "
                    "see tinygan.backend.to_host"
                )
        is_float = {key: isinstance(value, np.ndarray) and value.dtype.kind == "f" for key, value in given.items()}
        self.inputs = {key: given[key].astype(np.float64, order="C") for key in given if is_float[key]}
        self._others = {key: given[key] for key in given if not is_float[key]}
        if not self.inputs:
            kinds = ", ".join(f"{key} is {_kind(value)}" for key, value in given.items()) or "there are no arguments"
            raise TypeError(f"{forward.__name__} got no array of floats, so nothing has a gradient: {kinds}")
        self.numbers = dict(_numbers(self._others))
        self._returns_number = False

    def _named(self, arguments: Mapping[str, Any] | Sequence[Any]) -> dict[str, Any]:
        words = f"{self._forward.__name__}{self._signature}"
        bind = self._signature.bind_partial
        try:
            given = bind(**arguments) if isinstance(arguments, Mapping) else bind(*arguments)
        except TypeError as error:
            raise TypeError(f"{words} does not take these arguments: {error}") from None
        given.arguments.pop("rng", None)
        missing = [
            name
            for name, parameter in self._signature.parameters.items()
            if parameter.default is parameter.empty
            and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
            and name not in (*given.arguments, "rng")
        ]
        if missing:
            raise TypeError(f"{words} got no {' and no '.join(missing)}")
        return given.arguments

    @property
    def m(self) -> int:
        """The length of the first array, be it of floats or of indices."""
        return len(next(iter(self._arrays().values())))

    @contextmanager
    def first_examples(self, n: int) -> Iterator[None]:
        """Cut every array of m rows, such as labels, to its first n; if forward then fails, cut the first one alone."""
        kept = self.inputs, self._others
        batches = [name for name, array in self._arrays().items() if len(array) == self.m]
        try:
            self._cut(batches, n)
            try:
                self.y(0)
            except Exception:  # whatever the code under check raises
                self.inputs, self._others = kept
                self._cut(batches[:1], n)
            yield
        finally:
            self.inputs, self._others = kept

    def _arrays(self) -> dict[str, Array]:
        given = self.inputs | self._others
        names = [name for name in self._signature.parameters if name in given]
        return {name: given[name] for name in names if isinstance(given[name], np.ndarray) and given[name].ndim}

    def _cut(self, names: Sequence[str], n: int) -> None:
        self.inputs, self._others = (
            {name: array[:n] if name in names else array for name, array in arrays.items()}
            for arrays in (self.inputs, self._others)
        )

    def forward(self, seed: int) -> tuple[Array, Any]:
        """Return y and the cache; a loss, which is one number, becomes an array of shape (1,)."""
        call = inspect.BoundArguments(self._signature, OrderedDict())
        call.arguments |= {
            **deepcopy(self._others),
            **self.fresh(),
        }  # a copy, as forward may write to a dict of settings
        if "rng" in self._signature.parameters:
            call.arguments["rng"] = as_rng(seed)
        result = self._forward(*call.args, **call.kwargs)
        if isinstance(result, tuple) and len(result) == 2 and isinstance(result[0], float):
            result = (np.float64(result[0]), *result[1:])
        y, cache = checked_result(self._forward.__name__, result)
        self._returns_number = y.ndim == 0
        return np.atleast_1d(y), cache

    def backward(self, grad_y: Array, cache: Any) -> dict[str, Any]:
        """Call the backward function, and return its gradients by name."""
        gradients = self._backward(grad_y[0] if self._returns_number else grad_y, cache)
        if not isinstance(gradients, (tuple, list)):
            gradients = (gradients,)
        if len(gradients) != len(self.inputs):
            found = "1 gradient" if len(gradients) == 1 else f"{len(gradients)} gradients"
            raise ValueError(
                f"{self._backward.__name__} returned {found}; it takes one for each argument of forward that is an "
                f"array of floats, in their order: {', '.join(self.inputs)}"
            )
        what = f"{self._backward.__name__}, for {{}},"
        return {
            name: checked_gradient(what.format(name), gradient)
            for name, gradient in zip(self.inputs, gradients, strict=True)
        }

    def where(self, tensor: str) -> str:
        """Return file and line of what computes the gradient: one statement, or if there are several, the function."""
        position = list(self.inputs).index(tensor) if tensor in self.inputs else 0
        return line_of_returned(self._backward, position) or location(self._backward)


def _numbers(arguments: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield the numbers among the arguments, and those in arguments that are dicts of settings."""
    for name, value in arguments.items():
        if isinstance(value, Mapping):
            yield from _numbers(value)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            yield str(name), float(value)


def _kind(value: Any) -> str:
    return f"an array of {value.dtype}" if isinstance(value, np.ndarray) else f"of type {type(value).__name__}"
