"""Hypotheses on the factors of a wrong gradient: one that is known is missing, too many, or another array."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from tinygan.backend import Array
from tinygan.gradcheck.diagnosis.case import Case
from tinygan.gradcheck.diagnosis.closeness import same
from tinygan.gradcheck.diagnosis.hypotheses.finding import Finding, axes_in_words
from tinygan.gradcheck.diagnosis.hypotheses.slopes import elementwise
from tinygan.gradcheck.diagnosis.jacobians import Jacobians


def known_factor(case: Case) -> Finding:
    """The gradient lacks one factor that can be named, or has it once too often."""
    paths = case.jacobians
    if paths is None or paths.forward.size == 0:
        return None
    for array, words in _known_factors(case, paths):
        with np.errstate(all="ignore"):
            if not np.isfinite(array).all() or np.ptp(array) < 1e-3 * np.abs(array).max() or not array.all():
                continue
        if paths.explains(paths.forward / array):
            return "missing_term", (
                f"the gradient of {case.tensor} lacks a factor, {words}: multiplied by it, it is right. By the chain "
                "rule, every factor between this tensor and y belongs in it."
            )
        if paths.explains(paths.forward * array):
            return "extra_term", (
                f"the gradient of {case.tensor} has a factor too many, {words}: divided by it, it is right."
            )
        for power, way in (
            (-2.0, "divided by it where it should be multiplied"),
            (2.0, "multiplied, not divided by it"),
        ):
            if paths.explains(paths.forward * array**power):
                return "missing_term", f"in the gradient of {case.tensor}, {words} stands in the wrong place: {way}."
    return None


def other_operand(case: Case) -> Finding:
    """Backward multiplies grad_y by one array where forward has multiplied the tensor by another."""
    paths = case.jacobians
    if paths is None or case.tensor in case.subject.batches or not case.is_whole or len(paths.y_shape) < 2:
        return None
    known = {name: array for name, array in case.subject.inputs.items() if array.ndim == 2}
    known |= {"y": case.trial.y} if case.trial.y.ndim == 2 else {}
    if len(case.shape) == 1 and (paths.is_path.sum(axis=1) <= 1).all() and (paths.is_taken.sum(axis=1) <= 1).all():
        multiplier = paths.backward.sum(axis=1).reshape(paths.y_shape)
        for name, array in ({**known, "1": np.ones(paths.y_shape)}).items():
            if array.shape == multiplier.shape and same(array, multiplier, paths.margin):
                return _multiplied(case, "missing_term" if name == "1" else "wrong_argument", name)
    if len(case.shape) != 2 or len(paths.y_shape) != 2:
        return None
    (m, n_out), (n_in, width) = paths.y_shape, case.shape
    if width != n_out:
        return None
    own = np.arange(n_out)
    forward = paths.forward.reshape(m, n_out, n_in, n_out)[:, own, :, own]  # (n_out, m, n_in)
    backward = paths.backward.reshape(m, n_out, n_in, n_out)[:, own, :, own]
    fitting = [(name, array) for name, array in known.items() if array.shape == (m, n_in) and array.all()]
    for right_name, right in fitting:
        for wrong_name, wrong in fitting:
            if right_name != wrong_name and same(forward / right * wrong, backward, 10 * paths.margin):
                return "wrong_argument", (
                    f"the gradient of {case.tensor} is what it would be if {wrong_name} stood where {right_name} "
                    f"stands: forward multiplies {right_name} by {case.tensor}, so {right_name} belongs here."
                )
    return None


def _multiplied(case: Case, code: str, name: str) -> tuple[str, str]:
    by = "no other array" if name == "1" else name
    return code, (
        f"the gradient of {case.tensor} is grad_y times {by}, summed. Forward multiplies {case.tensor} by something "
        "else, and that belongs here."
    )


def _known_factors(case: Case, paths: Jacobians) -> Iterator[tuple[Array, str]]:
    """Yield arrays that stretch over the Jacobian, with their names: tensors, spreads of x, y, and the slopes at y."""
    x, y, entries = case.subject.tensors[case.tensor], case.trial.y, case.entries[case.usable]
    for name, array in case.subject.tensors.items():
        if (own := _stretched(array, x.shape)) is not None:
            yield own.reshape(1, -1)[:, entries], name if name != case.tensor else f"{name} itself"
        if array.ndim and (over := _stretched(array, y.shape)) is not None:
            yield over.reshape(-1, 1), name
    slopes = elementwise(case)
    if slopes is not None and slopes[1].all():
        yield slopes[1][None], "the slope of forward"
    if y.size > 1:
        yield y.reshape(-1, 1), "y"
        yield 1 - y.reshape(-1, 1), "1 - y"
    if y.size > 1 and x.shape == y.shape:
        yield y.reshape(1, -1)[:, entries], "y"
    if y.size == 1:
        s = 1 / (1 + np.exp(-x.reshape(1, -1)[:, entries]))
        yield s * (1 - s), f"the slope of a sigmoid of {case.tensor}"
    for name, array in case.subject.inputs.items():
        for axes in _sums(array.ndim):
            spread = np.broadcast_to(array.std(axis=axes, keepdims=True), array.shape)
            size = np.broadcast_to(np.sqrt((array**2).sum(axis=axes, keepdims=True)), array.shape)
            for sizes, words in ((spread, "standard deviation"), (size, "length")):
                for power, which in ((sizes, words), (sizes * sizes, f"square of the {words}")):
                    label = f"the {which} of {name} over {axes_in_words(axes)}"
                    if name == case.tensor:
                        yield 1 / power.reshape(1, -1)[:, entries], f"1 / {label}"
                    elif array.shape == y.shape:
                        yield 1 / power.reshape(-1, 1), f"1 / {label}"


def _sums(n: int) -> Iterator[tuple[int, ...]]:
    for size in range(1, n + 1):
        yield from combinations(range(n), size)


def _stretched(array: Array, shape: tuple[int, ...]) -> Array | None:
    """Return an array as large as a shape, such as a vector of one number for every channel."""
    if array.shape == shape:
        return array
    if array.ndim == 1 and len(shape) > 1:
        fitting = [axis for axis in (len(shape) - 1, 1) if shape[axis] == array.size > 1]
        if fitting:
            ones = [1] * len(shape)
            ones[fitting[0]] = array.size
            return np.broadcast_to(array.reshape(ones), shape)
    return None
