"""Hypotheses on layers that normalise: which places backward mixes, and how large each of their paths is."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tinygan.backend import Array
from tinygan.gradcheck.diagnosis.case import Case
from tinygan.gradcheck.diagnosis.closeness import same
from tinygan.gradcheck.diagnosis.relations import Finding, axes_in_words


@dataclass(frozen=True)
class _Mixture:
    """x and y of the same shape, and the axes along which the places of one y and of the x it depends on differ."""

    x: Array
    forward: Array
    backward: Array
    margin: float
    by_forward: list[int]
    by_backward: list[int]


def other_axes(case: Case) -> Finding:
    """Backward mixes the entries of x along other axes than forward."""
    mixture = _mixture(case)
    if mixture is None or not mixture.by_forward or not mixture.by_backward:
        return None
    if mixture.by_forward == mixture.by_backward:
        return None
    return "summed_axis", (
        f"y depends on the {case.tensor} at other places along {axes_in_words(mixture.by_forward)}, and backward mixes "
        f"places along {axes_in_words(mixture.by_backward)}. Sum over the same axes as forward."
    )


def weighted_paths(case: Case) -> Finding:
    """Each path of a normalisation is there, but one of them is missing, too large, or has the wrong sign."""
    mixture = _mixture(case)
    if mixture is None or not (mixture.by_forward or mixture.by_backward) or _is_diagonal_alone(mixture):
        return None
    axes = sorted({*mixture.by_forward, *mixture.by_backward})
    for names, columns in _bases(mixture.x, case.trial.y, axes):
        right, wrong = (_weights(jacobian, columns, mixture, axes) for jacobian in (mixture.forward, mixture.backward))
        if right is None or wrong is None:
            continue
        size = np.abs(right).max(axis=(0, 1))  # of each path, in any row
        unequal = [i for i in range(len(names)) if np.abs(wrong - right)[..., i].max() > 1e-4 * max(size[i], 1e-3)]
        if 0 < len(unequal) < len(names):  # a factor of all paths is another matter
            return _told(case, [names[i] for i in unequal], wrong[..., unequal], right[..., unequal], axes)
    return None


def _is_diagonal_alone(mixture: _Mixture) -> bool:
    """Return whether backward has the diagonal of the Jacobian of forward, all paths at once, and nothing else."""
    diagonals = (np.diagonal(mixture.backward), np.diagonal(mixture.forward))
    return not mixture.by_backward and same(*diagonals, mixture.margin)


def _told(case: Case, names: list[str], wrong: Array, right: Array, axes: list[int]) -> tuple[str, str]:
    which, over = " and ".join(names), axes_in_words(axes)
    is_, has = ("is", "has") if len(names) == 1 else ("are", "have")
    start = f"the gradient of {case.tensor} is a sum of paths, one to the y in the same place and others over {over}: "
    small = 1e-4 * max(1.0, float(np.abs(right).max()))
    if np.abs(wrong).max() < small:
        return "missing_term", (
            f"{start}{which} {is_} missing. What forward computes with depends on {case.tensor} too, so it is no "
            "constant, and the gradients of all paths add up."
        )
    if np.abs(right).max() < small:
        return "extra_term", (
            f"backward has {which} over {over}, and forward has not: its numbers do not depend on {case.tensor}, as "
            "those of a normalisation at test time. They are constants here."
        )
    ratios = wrong[np.abs(right) > small] / right[np.abs(right) > small]
    if np.ptp(ratios) > 1e-4 * np.abs(ratios).max():
        return "missing_term", f"{start}{which} {has} a wrong factor, and the rest is right."
    c = float(ratios.mean())
    if abs(c + 1) < 1e-4:
        return "sign", f"{start}{which} {has} the wrong sign, and the rest is right."
    return "factor", f"{start}{which} {is_} {c:.4g} times as large as it should be, and the rest is right."


def _mixture(case: Case) -> _Mixture | None:
    x, paths = case.subject.tensors[case.tensor], case.jacobians
    if paths is None or x.shape != case.trial.y.shape or not case.is_whole or not case.usable.all():
        return None
    return _Mixture(x, paths.forward, paths.backward, paths.margin,
                    _mixed(paths.is_path, x.shape), _mixed(paths.is_taken, x.shape))  # fmt: skip


def _mixed(paths: Array, shape: tuple[int, ...]) -> list[int]:
    """Return the axes along which some path leads to another place."""
    there, here = np.nonzero(paths)
    ends, starts = np.unravel_index(there, shape), np.unravel_index(here, shape)
    return [axis for axis in range(len(shape)) if (ends[axis] != starts[axis]).any()]


def _bases(x: Array, y: Array, axes: list[int]) -> Iterator[tuple[list[str], list[Array]]]:
    """Yield the names of paths, and the share that each entry has in them."""
    along = tuple(axes)
    if np.prod([x.shape[axis] for axis in axes]) < 4:
        return
    centred = x - x.mean(axis=along, keepdims=True)
    direct = "the path to the same place"
    yield [direct, "the path through the mean", "the path through the variance"], [np.ones_like(x), centred]
    yield [direct, "the path through the sum"], [y]
    yield [direct, "the path through the length"], [x]


def _weights(jacobian: Array, columns: list[Array], mixture: _Mixture, axes: list[int]) -> Array | None:
    """Return the weight of each path in every row, shape (n_groups, n, n_paths), if rows are made of these paths."""
    groups = _groups(mixture.x.shape, axes)  # (n_groups, n)
    n = groups.shape[1]
    found = np.empty((*groups.shape, 1 + len(columns)))
    for i, group in enumerate(groups):
        for j in range(n):
            own = np.zeros(n)
            own[j] = 1.0
            basis = np.stack([own, *(column.reshape(-1)[group] for column in columns)], axis=1)
            row = jacobian[group[j], group]
            found[i, j] = np.linalg.lstsq(basis, row, rcond=None)[0]
            if np.abs(basis @ found[i, j] - row).max() > 3 * mixture.margin:
                return None
    return found


def _groups(shape: tuple[int, ...], axes: list[int]) -> Array:
    """Return the flat positions of the entries that are normalised together, a row for each group."""
    positions = np.arange(int(np.prod(shape))).reshape(shape)
    rest = [axis for axis in range(len(shape)) if axis not in axes]
    return positions.transpose(*rest, *axes).reshape(-1, int(np.prod([shape[axis] for axis in axes])))
