"""Hypotheses on the paths from a tensor to y: backward keeps the last of several, lacks some, or has too many."""

from collections.abc import Iterator
from itertools import combinations, permutations

import numpy as np

from tinygan.backend import Array
from tinygan.gradcheck.diagnosis.case import Case
from tinygan.gradcheck.diagnosis.closeness import same
from tinygan.gradcheck.diagnosis.hypotheses.finding import Finding, axes_in_words
from tinygan.gradcheck.diagnosis.jacobians import Jacobians, by_forward
from tinygan.gradcheck.numerical import numerical_gradient


def not_accumulated(case: Case) -> Finding:
    """Of the shares that should add up, only those of the last window, example, step or index are there."""
    paths = case.jacobians
    if paths is None or _stay_in_place(case, paths) or not np.array_equal(paths.is_taken, paths.is_share):
        return None
    for axes in _subsets(len(paths.y_shape)):
        order = np.zeros((len(paths.is_path), 1), int)
        for axis in axes:
            order = order * paths.y_shape[axis] + paths.along_y(axis)
        for place, words in ((order, "last"), (-order, "first")):
            if words == "first" and min(paths.y_shape[axis] for axis in axes) < 3:
                continue  # of two places, a loop that ends too early also leaves the first
            if _only_last(case, paths, place):
                return "not_accumulated", (
                    f"the gradient of {case.tensor} holds only the share of the {words} place along "
                    f"{axes_in_words(axes)} of y that uses it. Entries of {case.tensor} are used more than once, and "
                    "their shares add up: is there an = where a += belongs, or a loop that ends early? An index that "
                    "repeats needs np.add.at."
                )
    return None


def _only_last(case: Case, paths: Jacobians, place: Array) -> bool:
    """Return whether each entry has only the share of the last place that uses it.

    An entry may have none if what comes last only overwrites: the last of all places, at a weight that sees a border
    there, or a place that has selected another entry.
    """
    last = np.where(paths.is_path, place, place.min() - 1).max(axis=0)
    some = paths.is_share.any(axis=0)
    if not np.array_equal(paths.is_share, paths.is_path & (place == last) & some):
        return False
    loses = some & (paths.is_path & ~paths.is_share).any(axis=0)
    lacking = paths.is_path.any(axis=0) & ~some
    is_overwritten = len(set(last[some])) == 1 or (lacking.any() and _leads_elsewhere(case, ~paths.is_path))
    return bool(loses.any()) and (not lacking.any() or is_overwritten)


def not_summed_over_steps(case: Case) -> Finding:
    """The gradient is the share of one step alone: it vanishes if the input of that step is 0, or belongs to it."""
    if case.tensor in case.subject.batches or not case.has_shape:
        return None
    for name, x in case.subject.inputs.items():
        if name == case.tensor or x.ndim != 3 or x.shape[1] != (*case.trial.y.shape, 0, 0)[1] or x.shape[1] < 2:
            continue
        for step, words in ((0, "first"), (x.shape[1] - 1, "last")):
            without = x.copy()
            without[:, step] = 0
            if case.vanishes_with({name: without}) or _is_of_step(case, name, step):
                return _of_one_step(case, words)
    for name, state in case.subject.inputs.items():
        is_state = state.ndim == len(case.shape) == 2 and state.shape[1] == case.shape[0] and case.trial.y.ndim == 3
        if is_state and case.vanishes_with({name: 0 * state}):
            return _of_one_step(case, "first")
    return None


def _of_one_step(case: Case, which: str) -> tuple[str, str]:
    return "not_accumulated", (
        f"the gradient of {case.tensor} holds the share of the {which} step alone. {case.tensor} is used at every "
        "step, and the shares add up: is there an = where a += belongs?"
    )


def _is_of_step(case: Case, name: str, step: int) -> bool:
    """Return whether a wrong gradient of a bias, passed back through a weight, gives that of x at one step."""
    x, subject = case.subject.inputs[name], case.subject
    entries = np.arange(x.size).reshape(x.shape)[:, step]
    for weight in subject.tensors.values():
        if weight.shape == (x.shape[2], *case.shape) and case.is_whole:
            found = numerical_gradient(
                lambda: subject.y(case.seed), case.trial.grad_y, subject.tensors[name], entries.reshape(-1)
            )
            of_step = found.gradient.reshape(entries.shape).sum(axis=0)
            if same(case.wrong @ weight.T, of_step, 10 * case.margin):
                return True
    return False


def other_order_of_y(case: Case) -> Finding:
    """The gradient is right for a grad_y whose axes are swapped or reversed."""
    paths = case.jacobians
    if paths is None or len(paths.y_shape) < 2:
        return None
    rows = np.arange(len(paths.forward)).reshape(paths.y_shape)
    for words, moved in _orders(rows):
        if any(paths.explains(paths.forward[order]) for order in (moved.reshape(-1), np.argsort(moved.reshape(-1)))):
            return "permuted", (
                f"the gradient of {case.tensor} is what comes out if {words}. Look for an index, a reshape or a loop "
                "that forward does otherwise."
            )
    return None


def missing_mask(case: Case) -> Finding:
    """Backward lets the gradient through where forward has let nothing through."""
    paths = case.jacobians
    if paths is None or not paths.is_path.any() or not paths.is_taken[paths.is_path].all():
        return None
    leaks = paths.is_taken & ~paths.is_path
    is_even = _is_constant(paths.forward[paths.is_path]) and _is_constant(paths.backward[paths.is_taken])
    is_added = np.array_equal(paths.is_kept, paths.is_path) and _leads_elsewhere(case, leaks)
    if not leaks.any() or not (is_even or is_added):
        return None
    return "missing_mask", (
        f"backward lets the gradient through to entries of {case.tensor} on which y does not depend: on "
        f"{int(leaks.sum())} of {int(paths.is_taken.sum())} paths, forward has dropped or passed over the entry. "
        "Multiply by the mask that forward used."
    )


def _leads_elsewhere(case: Case, leaks: Array) -> bool:
    """Return whether, at other inputs, y does depend on what it does not depend on here: forward selects."""
    rng = np.random.default_rng(case.seed)
    others = {name: x + rng.normal(size=x.shape) for name, x in case.subject.inputs.items()}
    try:
        with case.subject.varied(others, {}):
            paths = by_forward(case.subject, case.tensor, case.entries[case.usable], case.trial.y, case.seed)
    except Exception:  # whatever the code under check raises
        return False
    return paths is not None and paths.shape == leaks.shape and bool((np.abs(paths[leaks]) > case.margin).any())


def unused_paths(case: Case) -> Finding:
    """Every path that backward has is right, and others are missing, such as those to other steps."""
    paths = case.jacobians
    if paths is None or not _some_are_lost(paths):
        return None
    for axis in _shared_axes(case, paths):
        here = paths.along_y(axis) == paths.places[axis]
        if np.array_equal(paths.is_kept, paths.is_path & here):
            return "missing_term", (
                f"the gradient of {case.tensor} has only the paths to the y at the same place along axis {axis}. y "
                "depends on it at other places too, as in a recurrence or a sum, and the gradients of all paths add up."
            )
    for axis, length in enumerate(paths.y_shape):
        lost = np.array([not paths.is_kept[paths.along_y(axis)[:, 0] == i].any() for i in range(length)])
        if lost.any() and np.array_equal(paths.is_kept, paths.is_path & ~lost[paths.along_y(axis)]):
            return "missing_term", (
                f"the gradient of {case.tensor} has no share of the y at {', '.join(map(str, np.flatnonzero(lost)))} "
                f"along axis {axis}, and is right otherwise. Do the loops of backward go as far as those of forward?"
            )
    n, n_all = int((paths.is_path & ~paths.is_kept).sum()), int(paths.is_path.sum())
    return "missing_term", (
        f"{n} of the {n_all} paths from {case.tensor} to y are missing from its gradient, and all others are right. "
        "Which entries does a mask, an index or a loop of backward leave out, or an = overwrite?"
    )


def other_entries(case: Case) -> Finding:
    """Every y hands its gradient on, unchanged, but to other entries than those from which it came."""
    paths = case.jacobians
    if paths is None or len(case.entries) < np.prod(case.shape) or not case.usable.all():
        return None
    if not np.allclose(np.sort(paths.forward, axis=1), np.sort(paths.backward, axis=1), atol=paths.margin):
        return None
    return "permuted", (
        f"every y hands on the right values, but to other entries of {case.tensor} than those that forward took. Look "
        "for a mask or an index that is not that of forward."
    )


def too_many_paths(case: Case) -> Finding:
    """Backward has every path of forward, and others besides."""
    paths = case.jacobians
    if paths is None or not np.array_equal(paths.is_kept, paths.is_path) or not paths.is_path.any():
        return None
    n = int((paths.is_taken & ~paths.is_path).sum())
    return "extra_term", (
        f"backward has all paths from {case.tensor} to y, and {n} besides: on these, y does not depend on "
        f"{case.tensor}. Something that forward takes as given counts as a function of {case.tensor}."
    )


def _some_are_lost(paths: Jacobians) -> bool:
    """Return whether every path is either right or missing, and some of both."""
    return (
        np.array_equal(paths.is_taken, paths.is_kept)
        and bool(paths.is_kept.any())
        and not np.array_equal(paths.is_kept, paths.is_path)
    )


def _shared_axes(case: Case, paths: Jacobians) -> Iterator[int]:
    """Yield the axes that the tensor and y have in common, if the tensor is as large as a batch."""
    if case.tensor in case.subject.inputs:
        for axis, (one, other) in enumerate(zip(case.shape, paths.y_shape, strict=False)):
            if axis and one == other > 1:
                yield axis


def _stay_in_place(case: Case, paths: Jacobians) -> bool:
    """Return whether the paths kept are those to the same place along an axis, which is another mistake."""
    return any(
        np.array_equal(paths.is_kept, paths.is_path & (paths.along_y(axis) == paths.places[axis]))
        for axis in _shared_axes(case, paths)
    )


def _subsets(n: int) -> Iterator[tuple[int, ...]]:
    for size in range(1, n + 1):
        yield from combinations(range(n), size)


def _orders(rows: Array) -> Iterator[tuple[str, Array]]:
    for axes in permutations(range(rows.ndim)):
        if list(axes) != sorted(axes):
            yield f"the axes of grad_y are taken in the order {axes}", rows.transpose(axes).reshape(rows.shape)
    for axis in range(rows.ndim):
        if rows.shape[axis] > 1:
            yield f"grad_y is read backwards along axis {axis}", np.flip(rows, axis)
            yield f"grad_y is shifted by one along axis {axis}", np.roll(rows, 1, axis)
            yield f"grad_y is shifted by one along axis {axis}", np.roll(rows, -1, axis)


def _is_constant(values: Array) -> bool:
    return float(np.ptp(values)) < 1e-5 * max(1.0, float(np.abs(values).max()))
