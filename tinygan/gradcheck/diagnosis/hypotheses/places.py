"""Hypotheses on right values in wrong places: transposed, turned round, reshaped, shifted."""

from collections.abc import Iterator
from itertools import combinations, permutations

import numpy as np

from tinygan.backend import Array
from tinygan.gradcheck.diagnosis.case import Case
from tinygan.gradcheck.diagnosis.closeness import same
from tinygan.gradcheck.diagnosis.hypotheses.finding import Finding, axes_in_words

TRANSPOSED = (
    "transposed. With y = x W, it is grad_y W^T; where W is square, the wrong one has the right shape, and nothing "
    "complains."
)
# The longest shift that is tried.
MOST_SHIFTED = 3


def transposed(case: Case) -> Finding:
    """The gradient is the right one transposed, or the one that a transposed weight would give."""
    if case.wrong.ndim == 2 and case.is_right(case.wrong.T):
        return "transposed", (
            f"the gradient of {case.tensor} is the transpose of the right one. With y = x W, it is x^T grad_y for W, "
            "in this order, and grad_y W^T for x."
        )
    for name, theta, moved, words in _moved(case) if case.has_shape else ():
        kept = theta.copy()

        def change(theta: Array = theta, moved: Array = moved) -> None:
            theta[...] = moved

        def back(theta: Array = theta, kept: Array = kept) -> None:
            theta[...] = kept

        found = case.gradient_elsewhere(change, back)
        if found is not None and same(case.at_entries(case.wrong), found[case.usable], case.margin):
            return "transposed", f"the gradient of {case.tensor} is what it would be if {name} were {words}"
    for name, theta in _weights_between(case):
        paths = case.jacobians
        assert paths is not None  # or else there are no such weights
        turned = np.tile(theta / theta.T, (case.m, case.m))  # (m n_out, m n_in): entry (h, k) has W[h, k] for W[k, h]
        if paths.explains(paths.forward * turned):
            return "transposed", f"the gradient of {case.tensor} is what it would be if {name} were {TRANSPOSED}"
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
    """The gradient has the right values in another shape, in a wider one, or shifted."""
    wrong, shape = case.wrong, case.shape
    if not case.has_shape and wrong.size == np.prod(shape) and case.is_right(wrong.reshape(shape)):
        return "permuted", (
            f"the gradient of {case.tensor} has the right values, in shape {wrong.shape}, and {case.tensor} has "
            f"{shape}: a reshape is missing. Forward takes it apart; give it back as grad.reshape({shape})."
        )
    if wrong.ndim != len(shape) or not case.is_whole or case.numerical.at_kink.any():
        return None
    for axes in permutations(range(wrong.ndim)) if wrong.ndim > 2 and sorted(wrong.shape) == sorted(shape) else ():
        if list(axes) != sorted(axes) and case.is_right(wrong.transpose(axes)):
            return "permuted", (
                f"the gradient of {case.tensor} has its axes in another order: transpose{axes} makes it right. Which "
                "order undoes that of forward?"
            )
    can_be_spread = all(n in (1, wide) for n, wide in zip(wrong.shape, shape, strict=True))
    if not case.has_shape and can_be_spread and case.is_right(np.broadcast_to(wrong, shape)):
        return "permuted", (
            f"the gradient of {case.tensor} has the right values, but each of them once, in shape {wrong.shape}; "
            f"{case.tensor} has {shape}. Give every entry its own, as np.broadcast_to does."
        )
    borders = [(larger - smaller) // 2 for larger, smaller in zip(wrong.shape, shape, strict=True)]
    if any(borders) and min(borders) >= 0:
        inside = wrong[tuple(slice(b, b + n) for b, n in zip(borders, shape, strict=True))]
        if case.is_right(inside):
            return "permuted", (
                f"the gradient of {case.tensor} has shape {wrong.shape}, the right values with a border around them: "
                "the padding of forward is not cut off."
            )
    return _shifted(case) if case.has_shape else None


def _shifted(case: Case) -> Finding:
    wrong, right = case.wrong, case.whole_right
    for shift in range(1, MOST_SHIFTED + 1):
        for axes in (axes for n in range(1, wrong.ndim + 1) for axes in combinations(range(wrong.ndim), n)):
            if any(wrong.shape[axis] < shift + 2 for axis in axes):
                continue
            here, there = (
                tuple(cut if axis in axes else slice(None) for axis in range(wrong.ndim))
                for cut in (slice(shift, None), slice(None, -shift))
            )
            for one, other, way in ((here, there, "on"), (there, here, "back")):
                if np.ptp(right[other]) > case.margin and same(wrong[one], right[other], case.margin):
                    return "permuted", (
                        f"the gradient of {case.tensor} has the right values, moved {way} by {shift} along "
                        f"{axes_in_words(axes)}. Forward adds a border of zeros; is it cut off on both sides?"
                    )
    return None


def _moved(case: Case) -> Iterator[tuple[str, Array, Array, str]]:
    """Yield weights with their entries moved: a square matrix transposed, the windows of a convolution turned."""
    for name, array in case.subject.tensors.items():
        if name == case.tensor or array.size == 1:
            continue
        if array.ndim == 2 and array.shape[0] == array.shape[1]:
            yield name, array, array.T, TRANSPOSED
        if case.trial.y.ndim >= 3 and array.ndim >= 2 and name not in case.subject.batches:
            for axes in (*combinations(range(array.ndim), 2), *((axis,) for axis in range(array.ndim))):
                words = f"turned round along {axes_in_words(axes)}"
                yield name, array, np.flip(array, axes), f"{words}. Which entry of the window meets which of x?"
                if len(axes) == 2 and array.shape[axes[0]] == array.shape[axes[1]]:
                    words = f"transposed along {axes_in_words(axes)}. Which of them is the height?"
                    yield name, array, array.swapaxes(*axes), words


def _weights_between(case: Case) -> Iterator[tuple[str, Array]]:
    """Yield the square matrices that may stand between a batch of rows and y, if y is more than a product with them."""
    y = case.trial.y
    if case.jacobians is None or not case.is_whole or case.numerical.at_kink.any() or case.shape != y.shape:
        return
    for name, array in case.subject.tensors.items():
        if name != case.tensor and array.shape == 2 * y.shape[1:] and y.ndim == 2 and array.all():
            yield name, array


def _matching(rows: Array, wanted: Array, margin: float) -> list[int] | None:
    """Return the index of the wanted row that each row equals, if that is a permutation."""
    order: list[int] = []
    for row in rows:
        fits = [i for i, other in enumerate(wanted) if i not in order and same(row, other, margin)]
        if not fits:
            return None
        order.append(len(order) if len(order) in fits else fits[0])
    return order
