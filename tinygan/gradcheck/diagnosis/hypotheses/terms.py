"""Hypotheses on the parts of a wrong gradient: a wrong slope, a wrong mask, or a missing term."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from tinygan.backend import Array
from tinygan.gradcheck.diagnosis.case import Case
from tinygan.gradcheck.diagnosis.closeness import ratio, same
from tinygan.gradcheck.diagnosis.hypotheses.finding import Finding
from tinygan.gradcheck.diagnosis.hypotheses.normalisation import mixture_of
from tinygan.gradcheck.diagnosis.hypotheses.relations import multiple_of_right
from tinygan.gradcheck.numerical import numerical_gradient

# Terms that are a whole path by themselves: past the layer, or through one factor of the product x f(x).
ALONE = ("grad_y", "grad_y * y / x")


def wrong_slope(case: Case) -> Finding:
    """The gradient is right on one side of 0 and has a wrong slope on the other."""
    slopes = _slopes(case)
    if slopes is None:
        return None
    wrong, right, x = slopes
    if not (x > 0).any() or not (x < 0).any():
        return None
    for side, other, words in ((x > 0, x < 0, "x < 0"), (x < 0, x > 0, "x > 0")):
        if (
            np.allclose(wrong[side], right[side], atol=1e-5)
            and _is_constant(wrong[other])
            and _is_constant(right[other])
        ):
            found, wanted = float(wrong[other].mean()), float(right[other].mean())
            if abs(found - wanted) > 1e-5:
                return "wrong_slope", (
                    f"the gradient is right on one side of 0 and not where {words}: there the slope that backward uses "
                    f"is {found:.4g}, and the slope of forward is {wanted:.4g}. Do both use the same slope?"
                )
    return None


def mask(case: Case) -> Finding:
    """The gradient has the mask of forward without its scale, or another mask."""
    slopes = _slopes(case)
    if slopes is None or not case.subject.is_random(case.seed):
        return None
    wrong, right, _ = slopes
    kept = np.abs(right) > 1e-6
    if not kept.any() or kept.all() or not _is_constant(right[kept]):
        return None
    scale = float(right[kept].mean())
    used = np.abs(wrong) > 1e-6
    if used.all():
        return None  # no mask at all
    if (used == kept).all() and np.allclose(wrong[kept], 1.0, atol=1e-5) and abs(scale - 1) > 1e-5:
        return "unscaled_mask", (
            f"backward drops what forward dropped, but does not scale what is kept: forward multiplies by {scale:.4g}, "
            f"that is 1 / (1 - {1 - 1 / scale:.3g}), and backward by 1. The cache should hold the scaled mask."
        )
    if (used != kept).any() and used.any() and _is_constant(wrong[used]):
        return "redrawn_mask", (
            f"backward drops other units than forward did: {int((used != kept).sum())} of {len(kept)} differ. It draws "
            "a mask of its own. Draw it once, in forward, and hand it over in the cache."
        )
    return None


def missing_term(case: Case) -> Finding:
    """The gradient lacks one term that can be named, or consists of one term out of several."""
    if not case.has_shape or not case.is_whole or case.numerical.at_kink.any() or multiple_of_right(case) is not None:
        return None
    rest = case.whole_right - case.wrong
    for term, words in _terms(case):
        if term.shape != rest.shape or not np.abs(term).max(initial=0.0) > case.margin:
            continue
        c = ratio(rest, term, case.margin)
        if c is not None and abs(c) > 1e-3:
            return "missing_term", (
                f"the gradient of {case.tensor} lacks one term: {c:.4g} times {words}. y depends on {case.tensor} by "
                "more than one path, and the gradients of all paths add up."
            )
        c = ratio(case.wrong, term, case.margin)
        if c is not None and abs(c) > 1e-3 and words in ALONE:
            return "missing_term", (
                f"the gradient of {case.tensor} is {c:.4g} times {words} and nothing else: only that path is there. "
                f"y depends on {case.tensor} by another one as well, and the gradients of all paths add up."
            )
    return _missing_moments(case, rest) or _diagonal(case)


def _terms_of_a_loss(case: Case) -> Iterator[tuple[Array, str]]:
    """Yield what often stands in the gradient of a loss: 1 at the label of each example, and probabilities."""
    x = case.subject.tensors[case.tensor]
    for name, data in case.subject.data.items():
        if is_label(data, x):
            yield one_hot(data, x), f"1 at the label {name} of each example"
        if data.shape == x.shape:
            yield data.astype(float), name
            yield 1.0 - data, f"1 - {name}"
            yield 1 - 2.0 * data, f"1 - 2 {name}, so {name} and 1 - {name} have changed places"
    if x.ndim == 2:
        exp = np.exp(x - x.max(axis=1, keepdims=True))
        yield exp / exp.sum(axis=1, keepdims=True), f"the softmax of {case.tensor}"
    yield 1 / (1 + np.exp(-x)), f"the sigmoid of {case.tensor}"


def wrong_at_labels(case: Case) -> Finding:
    """The gradient of a loss is right but for one entry of each example: that of its label."""
    if not case.has_shape or not case.is_whole or case.numerical.at_kink.any():
        return None
    x = case.subject.tensors[case.tensor]
    wrong = np.abs(case.wrong - case.whole_right) > case.margin
    for name, data in case.subject.data.items():
        if is_label(data, x) and not (wrong & (one_hot(data, x) == 0)).any():
            return "missing_term", (
                f"the gradient of {case.tensor} is right but at the label {name} of each example, where a term is "
                "missing or wrong: the score of the label stands in the loss by itself, and in every other term."
            )
    return None


def is_label(data: Array, x: Array) -> bool:
    """Return whether an array holds one class for each row of x, or for each of its steps."""
    if x.ndim < 2 or data.shape != x.shape[:-1] or data.dtype.kind not in "iu":
        return False
    return bool(((data >= 0) & (data < x.shape[-1])).all())


def one_hot(labels: Array, x: Array) -> Array:
    """Return an array of the shape of x with 1 at the label of each row."""
    return np.eye(x.shape[-1])[labels]


def _missing_moments(case: Case, rest: Array) -> Finding:
    """The missing term along an axis is a constant or a multiple of x minus its mean, as in a normalisation.

    It may also be a constant times the slopes that backward has, if a function comes before the mean.
    """
    x, grad_y = case.subject.tensors[case.tensor], case.trial.grad_y
    mixture = mixture_of(case)
    slopes = case.wrong / grad_y if x.shape == grad_y.shape and grad_y.all() else np.ones_like(x)
    for axis in range(x.ndim):
        centred = x - x.mean(axis=axis, keepdims=True)
        square = (centred**2).sum(axis=axis, keepdims=True)
        if mixture is not None and mixture.by_forward != [axis]:
            continue
        if x.shape[axis] < 4 or not (square > 0).all():
            continue
        mean = rest.mean(axis=axis, keepdims=True)
        along_x = centred * ((rest * centred).sum(axis=axis, keepdims=True) / square)
        weights = (slopes**2).sum(axis=axis, keepdims=True)
        before = slopes * (rest * slopes).sum(axis=axis, keepdims=True) / np.where(weights > 0, weights, 1.0)
        parts = (
            ("the mean", mean),
            ("the mean", before),
            ("the variance", along_x),
            ("the mean and the path through the variance", mean + along_x),
        )
        for words, part in parts:
            if same(rest, part, case.margin):
                return "missing_term", (
                    f"the gradient of {case.tensor} lacks the path through {words} over axis {axis}: what is missing "
                    "is one number for all of that axis, times the slope or the centred input. Forward normalises by "
                    "numbers that depend on the input too, and the gradients of all paths add up."
                )
    return None


def _diagonal(case: Case) -> Finding:
    """The gradient is grad_y times the diagonal of the Jacobian, as if each y depended only on the x at its place."""
    x, grad_y = case.subject.tensors[case.tensor], case.trial.grad_y
    if case.tensor not in case.subject.inputs or x.shape != grad_y.shape:
        return None
    diagonal, y = np.empty(x.size), partial(case.subject.y, case.seed)
    for entry in range(x.size):
        own = np.zeros_like(grad_y)
        own.reshape(-1)[entry] = grad_y.reshape(-1)[entry]
        diagonal[entry] = numerical_gradient(y, own, x, np.array([entry])).gradient[0]
    if not case.explains(diagonal.reshape(x.shape)):
        return None
    return "missing_term", (
        f"the gradient of {case.tensor} has the diagonal of the Jacobian alone: the path from each entry of "
        f"{case.tensor} to the y in the same place. But y depends on other entries of {case.tensor} as well, and the "
        "gradients of all paths add up: sum grad_y dy/dx over every y, not only over one."
    )


def _is_constant(values: Array) -> bool:
    return len(values) > 0 and float(np.ptp(values)) < 1e-5 * max(1.0, float(np.abs(values).max()))


def _slopes(case: Case) -> tuple[Array, Array, Array] | None:
    """Return dy/dx according to backward, dy/dx according to forward, and x, if y is an elementwise function of x."""
    x = case.subject.tensors[case.tensor]
    grad_y = case.trial.grad_y
    if case.tensor not in case.subject.inputs or not case.has_shape or x.shape != grad_y.shape:
        return None
    grads = case.at_entries(grad_y)
    big = np.abs(grads) > 1e-3
    if not big.any():
        return None
    return case.at_entries(case.wrong)[big] / grads[big], case.right[big] / grads[big], case.at_entries(x)[big]


def _terms(case: Case) -> Iterator[tuple[Array, str]]:
    """Yield arrays that are often a term of a gradient, in the shape of the tensor if they fit."""
    grad_y, y = case.trial.grad_y, case.trial.y
    x = case.subject.tensors[case.tensor]
    yield grad_y, "grad_y"
    if y.size == 1:
        yield from _terms_of_a_loss(case)
    if y.shape == x.shape:
        if np.all(x):
            yield grad_y * y / x, "grad_y * y / x"
        yield grad_y * y, "grad_y * y"
        yield grad_y * x, "grad_y * x"
        yield y * (grad_y * y).sum(axis=-1, keepdims=True), "y * sum(grad_y * y), over the last axis"
        for axis in (0, -1):
            yield (
                np.broadcast_to(grad_y.mean(axis=axis, keepdims=True), x.shape),
                f"the mean of grad_y over axis {axis}",
            )
            share = (grad_y * y).mean(axis=axis, keepdims=True)
            yield y * share, f"y * mean(grad_y * y), over axis {axis}"
