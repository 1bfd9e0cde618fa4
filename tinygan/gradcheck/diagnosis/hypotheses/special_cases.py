"""Hypotheses that a gradient is right in a special case: a square image, stride 1, one example, or without an eps."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import CodeType, FunctionType
from typing import TypeAlias

import numpy as np

from tinygan.backend import Array
from tinygan.gradcheck.diagnosis.case import Case
from tinygan.gradcheck.diagnosis.hypotheses.finding import Finding

# A number this small, which forward adds to what it divides by or takes the logarithm of.
LARGEST_EPS = 1e-2

# Other inputs and other numbers.
Change: TypeAlias = tuple[Mapping[str, Array], Mapping[str, float]]
AS_IT_IS: Change = ({}, {})


def special_setting(case: Case) -> Finding:
    """The gradient is right for a square image, or with one setting such as the stride at its simplest value."""
    for words, simplest, controls in _simpler(case):
        if case.is_right_with(*simplest) and any(case.is_right_with(*control) is False for control in controls):
            return "special_case", f"the gradient of {case.tensor} is right {words}."
    return None


def without_other_input(case: Case) -> Finding:
    """The gradient is right where another input is 0."""
    for name, x in case.subject.inputs.items():
        if name != case.tensor and x.any() and case.is_right_with({name: 0 * x}, {}):
            return "special_case", (
                f"the gradient of {case.tensor} is right where {name} is 0, and wrong otherwise. Look at the term with "
                f"{name}: it is missing, or another one stands in its place."
            )
    return None


def single_example(case: Case) -> Finding:
    """The gradient is right for one example, or for one step of a time series."""
    batch = case.subject.batches[0]
    x = case.subject.inputs[batch]
    if case.m > 1 and case.is_right_with_examples(1):
        return "special_case", (
            f"the gradient of {case.tensor} is right for a batch of one example, and wrong for {case.m}. Something "
            "is mixed up between the examples: an axis, a sum over the batch, or a mean."
        )
    is_series = x.ndim == 3 and x.shape[1] == (*case.trial.y.shape, 0, 0)[1] > 1
    if is_series and case.is_right_with({batch: x[:, :1].copy()}, {}):
        return "special_case", (
            f"the gradient of {case.tensor} is right for one step, and wrong for {x.shape[1]}. Look at what one step "
            "hands to the step before: its gradient has to be added."
        )
    return None


def one_sided_eps(case: Case) -> Finding:
    """Without the small constant of forward, or that of backward, the gradient is right."""
    for name, value in case.subject.numbers.items():
        if 0 < value <= LARGEST_EPS and case.is_right_with({}, {name: 0.0}):
            return "one_sided_eps", _of_eps(case, f"with {name} = 0 in place of {value:g}")
    for place, function in _with_called(case.subject.functions).items():
        for value in _small_constants(function.__code__):
            with _without(function, value):
                if case.is_right_with({}, {}):
                    return "one_sided_eps", _of_eps(case, f"without the {value:g} of {place}")
    return None


def _with_called(functions: Mapping[str, FunctionType]) -> dict[str, FunctionType]:
    """Return functions together with the user's functions that they call, those of other files included."""
    found = dict(functions)
    for function in functions.values():
        for name in function.__code__.co_names:
            called = function.__globals__.get(name)
            if isinstance(called, FunctionType) and str(called.__module__).partition(".")[0] not in (
                "numpy",
                "tinygan",
            ):
                found.setdefault(name, called)
    return found


def _of_eps(case: Case, words: str) -> str:
    return (
        f"the gradient of {case.tensor} is right {words}: this small number stands on one side only. Differentiate "
        "what forward computes, with the same number in the same place."
    )


def _small_constants(code: CodeType) -> list[float]:
    return [value for value in code.co_consts if isinstance(value, float) and 0 < value <= LARGEST_EPS]


@contextmanager
def _without(function: FunctionType, constant: float) -> Iterator[None]:
    """Put 0 for a constant of a function, for the time of a with block."""
    kept = function.__code__
    constants = tuple(0.0 if isinstance(value, float) and value == constant else value for value in kept.co_consts)
    function.__code__ = kept.replace(co_consts=constants)
    try:
        yield
    finally:
        function.__code__ = kept


def _simpler(case: Case) -> Iterator[tuple[str, Change, list[Change]]]:
    """Yield words, a change after which the gradient may be right, and changes after one of which it must be wrong."""
    numbers = case.subject.numbers
    for name, value in numbers.items():
        for kind, simplest in (("stride", 1.0), ("dilation", 1.0), ("pad", 0.0)):
            if kind in name and value != simplest:
                words = f"with {name} = {simplest:g}, and wrong with {value:g}: backward forgets the {kind} somewhere"
                yield words, ({}, {name: simplest}), [AS_IT_IS]
        width = name.replace("height", "width")
        if numbers.get(width, value) != value:
            smaller = min(value, numbers[width])
            words = "for square windows, and wrong for others: backward takes their height for their width"
            yield words, ({}, {name: smaller, width: smaller}), [AS_IT_IS]
    batch = case.subject.batches[0]
    image = case.subject.inputs[batch]
    for axes in {3: [(1, 2)], 4: [(2, 3), (1, 2)]}.get(image.ndim, []):
        size = min(image.shape[axis] for axis in axes)
        if size > 1 and image.shape[axes[0]] != image.shape[axes[1]]:
            words = (
                "for a square image, and wrong for one of another shape: backward takes the height for the width, or "
                "the width for the height"
            )
            cut: list[Change] = [
                ({batch: _cropped(image, axes, sizes)}, {})
                for sizes in ((size, size), (size, size - 1), (size - 1, size))
            ]
            yield words, cut[0], cut[1:]


def _cropped(image: Array, axes: tuple[int, int], sizes: tuple[int, int]) -> Array:
    for axis, size in zip(axes, sizes, strict=True):
        image = image.take(range(size), axis)
    return np.ascontiguousarray(image)
