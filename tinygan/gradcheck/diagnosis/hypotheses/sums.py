"""Hypotheses on the axes over which a gradient is summed."""

from collections.abc import Iterable
from itertools import combinations

import numpy as np

from tinygan.backend import Array
from tinygan.gradcheck.diagnosis.case import Case
from tinygan.gradcheck.diagnosis.closeness import same
from tinygan.gradcheck.diagnosis.hypotheses.finding import Finding, axes_in_words


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
