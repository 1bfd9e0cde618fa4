"""Hypotheses on how the wrong gradient is made from the right one: negated, multiplied, or in other places."""

from collections.abc import Iterator
from itertools import permutations
from typing import TypeAlias

import numpy as np

from tinygan.backend import Array
from tinygan.gradcheck.diagnosis.case import Case
from tinygan.gradcheck.diagnosis.closeness import ratio, same

# What a hypothesis found: its code and its message. None if it does not explain the wrong gradient.
Finding: TypeAlias = tuple[str, str] | None


def zero(case: Case) -> Finding:
    """The gradient is all zeros, but the right one is not."""
    if np.any(case.wrong) or not np.any(np.abs(case.right) > case.margin):
        return None
    return "zero", (
        f"the gradient of {case.tensor} is 0 everywhere, and it should not be: it is never computed, or it is computed "
        "and lost on the way. The layers below it will not learn. Is the result returned, or added to .grad?"
    )


def sign(case: Case) -> Finding:
    """The gradient is the negative of the right one."""
    if not case.is_right(-case.wrong):
        return None
    return "sign", (
        f"the gradient of {case.tensor} is right but for its sign: a step along it climbs where it should descend. "
        "Look for a minus too many or too few, as in the derivative of -log or of 1 - D."
    )


def batch_size(case: Case) -> Finding:
    """The gradient is too large or too small by m, the batch size, a factor that changes when m does."""
    c, n = multiple_of_right(case), case.m - 1
    if c is None or not _near(c, float(case.m), 1 / case.m):
        return None
    c_smaller = _constant_of_first(case, n)
    if c_smaller is None or not _near(c_smaller, float(n) if c > 1 else 1 / n):
        return None
    if c > 1:
        return "missing_mean", (
            f"the gradient of {case.tensor} is m times too large: {case.m} times with {case.m} examples, "
            f"{f'{n} times with {n}' if n > 1 else 'right with 1'}. Forward takes a mean over the batch, and backward "
            "a sum. Divide by m once."
        )
    return "extra_mean", (
        f"the gradient of {case.tensor} is m times too small: 1/{case.m} of the right one with {case.m} examples, "
        f"{f'1/{n} with {n}' if n > 1 else 'right with 1'}. Backward divides by m, but forward takes no mean, or the "
        "loss has divided already: grad_y brings it along."
    )


def transposed(case: Case) -> Finding:
    """The gradient is the right one transposed, or the one that a transposed weight would give."""
    if case.wrong.ndim == 2 and case.is_right(case.wrong.T):
        return "transposed", (
            f"the gradient of {case.tensor} is the transpose of the right one. With y = x W, it is x^T grad_y for W, "
            "in this order, and grad_y W^T for x."
        )
    for name, theta in _square(case) if case.has_shape else ():
        kept = theta.copy()

        def turn(theta: Array = theta, kept: Array = kept) -> None:
            theta[...] = kept.T

        def back(theta: Array = theta, kept: Array = kept) -> None:
            theta[...] = kept

        found = case.gradient_elsewhere(turn, back)
        if found is not None and same(case.at_entries(case.wrong), found[case.usable], case.margin):
            return "transposed", (
                f"the gradient of {case.tensor} is what it would be if {name} were transposed. With y = x W, it is "
                f"grad_y W^T; as {name} is square, the wrong one has the right shape."
            )
    return None


def summed_axis(case: Case) -> Finding:
    """The gradient is summed over another axis than the batch, over all axes, or over none."""
    if not case.is_whole or case.numerical.at_kink.any():
        return None
    shares, grad_y = case.numerical.by_example, case.trial.grad_y
    m, n = shares.shape
    if m > 1 and case.explains(shares.reshape(m, *case.shape)):
        return "summed_axis", (
            f"the gradient of {case.tensor} has shape {case.wrong.shape}, a row for every example: it is not summed. "
            f"{case.tensor} is used once for every example, so their shares add up: sum over axis 0, the batch."
        )
    predictions = [shares.sum(axis=1), shares.sum(axis=1, keepdims=True)]
    if n > 1:
        predictions.append(np.full(case.wrong.shape, shares.sum()))
    if case.shape == grad_y.shape[1:]:
        predictions += [grad_y.sum(axis=axis) for axis in range(1, grad_y.ndim)]
    if any(case.explains(prediction) for prediction in predictions):
        return "summed_axis", (
            f"the gradient of {case.tensor} is summed over the wrong axis. {case.tensor} is used once for every "
            f"example, so the shares of the {m} examples add up: sum over axis 0, the batch."
        )
    return None


def permuted(case: Case) -> Finding:
    """The gradient has the right values in the wrong places."""
    if not case.has_shape or not case.is_whole or case.numerical.at_kink.any():
        return None
    wrong, right = case.wrong, case.whole_right
    for axis in range(wrong.ndim):
        rows, wanted = (np.moveaxis(array, axis, 0).reshape(array.shape[axis], -1) for array in (wrong, right))
        order = _matching(rows, wanted, case.margin)
        if order is not None and order != list(range(len(order))):
            words = f": what belongs to {order[0]} stands at 0" if order[0] else ""
            return "permuted", (
                f"the gradient of {case.tensor} has the right values along axis {axis}, but in the wrong places{words}."
                " Look for a reshape, a transpose or an index that forward does otherwise."
            )
    for order_of_axes in permutations(range(right.ndim)):
        moved = right.transpose(order_of_axes).reshape(right.shape)
        if list(order_of_axes) != sorted(order_of_axes) and same(wrong, moved, case.margin):
            return "permuted", (
                f"the gradient of {case.tensor} has the right values in the wrong places: its axes were reshaped where "
                "they should have been transposed, or the other way round."
            )
    if wrong.size > 2 and same(np.sort(wrong.reshape(-1)), np.sort(right.reshape(-1)), case.margin):
        return "permuted", (
            f"the gradient of {case.tensor} has the right values in the wrong places, along no single axis. Look for a "
            "reshape or a flattened index that forward does otherwise."
        )
    return None


def reshaped(case: Case) -> Finding:
    """The gradient has the right values in another shape."""
    if case.has_shape or case.wrong.size != np.prod(case.shape) or not case.is_right(case.wrong.reshape(case.shape)):
        return None
    return "permuted", (
        f"the gradient of {case.tensor} has the right values, in shape {case.wrong.shape}, and {case.tensor} has "
        f"{case.shape}: a reshape is missing. Forward takes it apart; give it back as grad.reshape({case.shape})."
    )


def factor(case: Case) -> Finding:
    """The gradient is a constant times the right one."""
    c = multiple_of_right(case)
    if c is None or _near(c, 1.0, -1.0) or abs(c) < 1e-6:
        return None
    if len(case.right) == 1:  # one number is always a multiple of another, so try another batch
        c_smaller = _constant_of_first(case, case.m - 1)
        if c_smaller is None or not _near(c, c_smaller):
            return None
    words = next((words for number, words in _known_numbers(case) if _near(c, number)), "")
    return "factor", (
        f"the gradient of {case.tensor} is {c:.6g} times the right one, everywhere{words}. Look for a constant that "
        "forward has and backward has not, or the other way round."
    )


def multiple_of_right(case: Case) -> float | None:
    """Return c if the wrong gradient is c times the right one."""
    if not case.has_shape or not np.any(np.abs(case.right) > case.margin):
        return None
    return ratio(case.at_entries(case.wrong), case.right, case.margin)


def _constant_of_first(case: Case, n: int) -> float | None:
    """Return c as `multiple_of_right` does, but for the first n examples alone."""
    smaller = case.with_first_examples(n)
    return None if smaller is None else ratio(*smaller, case.margin)


def _near(c: float, *numbers: float) -> bool:
    return any(abs(c - number) <= 1e-4 * abs(number) for number in numbers)


def _square(case: Case) -> Iterator[tuple[str, Array]]:
    for name, array in case.subject.tensors.items():
        if name != case.tensor and array.ndim == 2 and array.shape[0] == array.shape[1] > 1:
            yield name, array


def _known_numbers(case: Case) -> Iterator[tuple[float, str]]:
    m = case.m
    yield 0.5, ": a half, as the derivative of a square or a mean of two brings it"
    yield 2.0, ": twice, as the derivative of a square brings it"
    for name, value in case.subject.numbers.items():
        if value not in (0.0, 1.0):
            for number, words in ((value, name), (1 / value, f"1 / {name}"), (1 - value, f"1 - {name}")):
                yield number, f", and that is {words}"
            yield 1 / (1 - value), f", and that is 1 / (1 - {name})"
    yield float(m), f", and that is the batch size m = {m}"
    yield 1 / m, f", and that is 1 / m for the batch size m = {m}"


def _matching(rows: Array, wanted: Array, margin: float) -> list[int] | None:
    """Return the index of the wanted row that each row equals, if that is a permutation."""
    order: list[int] = []
    for row in rows:
        fits = [i for i, other in enumerate(wanted) if i not in order and same(row, other, margin)]
        if not fits:
            return None
        order.append(len(order) if len(order) in fits else fits[0])
    return order
