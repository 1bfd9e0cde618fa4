"""Hypotheses on how the wrong gradient is made from the right one: negated, multiplied, or that of another tensor."""

from collections.abc import Iterator

import numpy as np

from tinygan.gradcheck.diagnosis.case import Case
from tinygan.gradcheck.diagnosis.closeness import ratio, same
from tinygan.gradcheck.diagnosis.hypotheses.finding import Finding
from tinygan.gradcheck.numerical import numerical_gradient

# The largest other tensor whose gradient is compared.
LARGEST_OTHER = 512


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
