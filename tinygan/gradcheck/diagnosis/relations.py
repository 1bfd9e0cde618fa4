"""Hypotheses on how the wrong gradient is made from the right one: negated, multiplied, or in other places."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, permutations
from typing import TypeAlias

import numpy as np

from tinygan.backend import Array
from tinygan.gradcheck.diagnosis.case import Case
from tinygan.gradcheck.diagnosis.closeness import ratio, same
from tinygan.gradcheck.numerical import numerical_gradient

TRANSPOSED = (
    "transposed. With y = x W, it is grad_y W^T; where W is square, the wrong one has the right shape, and nothing "
    "complains."
)
# The longest shift that is tried.
MOST_SHIFTED = 3
# The largest other tensor whose gradient is compared.
LARGEST_OTHER = 512
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


def multiple_at_some(case: Case) -> Finding:
    """The gradient is right at some entries, and a multiple of the right one at all others."""
    if not case.has_shape or len(case.right) < 4:
        return None
    wrong, right = case.at_entries(case.wrong), case.right
    off = np.abs(wrong - right) > case.margin
    n_right = int((~off & (np.abs(right) > case.margin)).sum())
    c = ratio(wrong[off], right[off], case.margin) if off.any() else None
    if c is None or abs(c) < 1e-6 or min(n_right, int(off.sum())) < 2:
        return None
    where = f"at {int(off.sum())} of {len(right)} entries, and is right at the others"
    if _near(c, -1.0):
        return "sign", (
            f"the gradient of {case.tensor} has the wrong sign {where}. A term that counts only there has its sign "
            "turned round."
        )
    return "factor", (
        f"the gradient of {case.tensor} is {c:.4g} times the right one {where}. Which branch, which term or which "
        "channel has another factor in forward?"
    )


def batch_size(case: Case) -> Finding:
    """The gradient is too large or too small by m, the batch size, a factor that changes when m does."""
    c, n = multiple_of_right(case), case.m - 1
    c_smaller = None if c is None or n < 1 else _constant_of_first(case, n)
    if c is None or c_smaller is None or abs(c - c_smaller) < 1e-6 * abs(c):
        return None
    if not _near(c / c_smaller, case.m / n, n / case.m) or not _near(c, float(case.m), 1 / case.m):
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


def other_tensor(case: Case) -> Finding:
    """The gradient is that of another tensor, or its sum."""
    subject, grad_y = case.subject, case.trial.grad_y
    for name, tensor in subject.tensors.items():
        if name == case.tensor or tensor.size > LARGEST_OTHER:
            continue
        found = numerical_gradient(lambda: subject.y(case.seed), grad_y, tensor, np.arange(tensor.size))
        if found.at_kink.any():
            continue
        other = found.gradient.reshape(tensor.shape)
        margin = max(case.margin, 1e-5 * float(np.abs(other).max()))
        own = case.trial.gradients[name]
        is_right_itself = isinstance(own, np.ndarray) and own.shape == other.shape and same(own, other, margin)
        if not is_right_itself and case.wrong.shape == other.shape and same(case.wrong, other, margin):
            return "other_tensor", (
                f"what comes back for {case.tensor} is the gradient of {name}. Are the gradients returned in the order "
                "of the arguments of forward?"
            )
        sums = (other.sum(axis=axis) for axis in range(other.ndim)) if other.ndim > 1 else ()
        if any(case.wrong.shape == total.shape and same(case.wrong, total, margin) for total in sums):
            return "other_tensor", (
                f"what comes back for {case.tensor} is the gradient of {name}, summed. {case.tensor} has a gradient of "
                "its own: it comes from grad_y, as that of every tensor."
            )
    return None


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


def summed_axis(case: Case) -> Finding:
    """The gradient is summed over other axes than it should be, over all, or over none."""
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
    if any(case.explains(prediction) for prediction in predictions) or _sums_up(case, grad_y, range(1, grad_y.ndim)):
        return "summed_axis", (
            f"the gradient of {case.tensor} is summed over the wrong axis. {case.tensor} is used once for every "
            f"example, so the shares of the {m} examples add up: sum over axis 0, the batch."
        )
    return _summed_over_some(case)


def _sums_up(case: Case, shares: Array, axes: Iterable[int]) -> bool:
    """Return whether the wrong gradient is the sum of some shares over one of these axes."""
    return case.shape == shares.shape[1:] and any(case.explains(shares.sum(axis=axis)) for axis in axes)


def _summed_over_some(case: Case) -> Finding:
    """Each y depends on one entry, as on a bias, and the shares are summed over some axes of y and not over others."""
    paths = case.forward_paths
    if paths is None or ((np.abs(paths) > case.margin).sum(axis=1) > 1).any() or case.tensor in case.subject.batches:
        return None
    grad_y, wrong = case.trial.grad_y, np.squeeze(case.wrong)
    shares = grad_y * paths.sum(axis=1).reshape(grad_y.shape)
    right = [axis for axis in range(grad_y.ndim) if not _is_channel(paths, grad_y.shape, axis)]
    for n in range(grad_y.ndim + 1):
        for axes in combinations(range(grad_y.ndim), n):
            total = np.squeeze(shares.sum(axis=axes))
            if list(axes) != right and total.shape == wrong.shape and same(total, wrong, case.margin):
                over = f"over {axes_in_words(axes)} of y alone" if axes else "over no axis"
                return "summed_axis", (
                    f"the gradient of {case.tensor} has shape {case.wrong.shape}: it is summed {over}. {case.tensor} "
                    f"is used at every place along {axes_in_words(right)}, and all these shares add up: sum over "
                    f"{axes_in_words(right)}."
                )
    return None


def _is_channel(paths: Array, shape: tuple[int, ...], axis: int) -> bool:
    """Return whether the place along an axis of y says which entry y depends on."""
    by_place = np.moveaxis(np.abs(paths).reshape(*shape, -1), axis, 0)
    users = by_place.reshape(shape[axis], -1, paths.shape[1]).any(axis=1)  # (places, entries)
    return shape[axis] > 1 and bool((users.sum(axis=1) == 1).all()) and users.shape[1] > 1


def axes_in_words(axes: Sequence[int]) -> str:
    """Return axes as words.

    Examples
    --------
    >>> axes_in_words([0]), axes_in_words([0, 2, 3])
    ('axis 0', 'axes 0, 2, 3')
    """
    return f"axis {axes[0]}" if len(axes) == 1 else f"axes {', '.join(map(str, axes))}"


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


def factor_by_place(case: Case) -> Finding:
    """The gradient is the right one times a number that depends on the place along one axis alone."""
    if not case.has_shape or not case.is_whole or not case.usable.all():
        return None
    for axis, length in enumerate(case.shape):
        pairs = zip(np.moveaxis(case.wrong, axis, 0), np.moveaxis(case.whole_right, axis, 0), strict=True)
        found = [ratio(wrong, right, case.margin) for wrong, right in pairs if right.size > 1]
        factors = [c for c in found if c is not None]
        if len(factors) == length > 1:
            return "factor", (
                f"the gradient of {case.tensor} is the right one times a number, another for each place along axis "
                f"{axis}: from {min(factors):.3g} to {max(factors):.3g}. What does forward multiply by or divide by "
                "there, such as a scale or a standard deviation?"
            )
    return None


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


def _known_numbers(case: Case) -> Iterator[tuple[float, str]]:
    m = case.m
    yield 0.5, ": a half, as the derivative of a square or a mean of two brings it"
    yield 2.0, ": twice, as the derivative of a square brings it"
    for name, value in case.subject.numbers.items():
        if value not in (0.0, 1.0):
            for number, words in ((value, name), (1 / value, f"1 / {name}"), (1 - value, f"1 - {name}")):
                yield number, f", and that is {words}"
            yield 1 / (1 - value), f", and that is 1 / (1 - {name})"
    for name, array in {"y": case.trial.y, **case.subject.inputs}.items():
        for axis, length in enumerate(array.shape):
            if length > 2 and (axis or length != m):
                yield float(length), f", and that is the length of axis {axis} of {name}"
                yield 1 / length, f", and that is 1 / the length of axis {axis} of {name}"
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
