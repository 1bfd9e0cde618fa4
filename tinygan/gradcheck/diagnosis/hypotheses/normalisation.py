"""Hypotheses on layers that normalise: which places backward mixes, and how large each of their paths is."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tinygan.backend import Array
from tinygan.gradcheck.diagnosis.case import Case
from tinygan.gradcheck.diagnosis.closeness import same
from tinygan.gradcheck.diagnosis.hypotheses.finding import Finding, axes_in_words


@dataclass(frozen=True)
class Mixture:
    """x and y of the same shape, and the axes along which the places of one y and of the x it depends on differ."""

    x: Array
    forward: Array
    backward: Array
    margin: float
    by_forward: list[int]
    by_backward: list[int]
    has_right_paths_only: bool


def other_axes(case: Case) -> Finding:
    """Backward mixes the entries of x along other axes than forward."""
    mixture = mixture_of(case)
    if mixture is None or not mixture.by_forward or not mixture.by_backward:
        return None
    if mixture.by_forward != mixture.by_backward and not mixture.has_right_paths_only:
        return "summed_axis", (
            f"y depends on the {case.tensor} at other places along {axes_in_words(mixture.by_forward)}, and backward "
            f"mixes places along {axes_in_words(mixture.by_backward)}. Sum over the same axes as forward."
        )
    return None


def weighted_paths(case: Case) -> Finding:
    """Each path of a normalisation is there, but one of them is missing, too large, or has the wrong sign."""
    mixture = mixture_of(case)
    if mixture is None or not (mixture.by_forward or mixture.by_backward) or _is_diagonal_alone(mixture):
        return None
    paths = case.jacobians
    assert paths is not None  # or else there is no mixture
    axes = sorted({*mixture.by_forward, *mixture.by_backward})
    groups = _groups(mixture, paths.is_path if mixture.by_forward else paths.is_taken)
    for names, columns in _bases(mixture, case.trial.y, groups) if groups is not None else ():
        right, wrong = (_weights(j, columns, groups, mixture.margin) for j in (mixture.forward, mixture.backward))
        if right is None or wrong is None:
            continue
        size = np.abs(right).max(axis=(0, 1))  # of each path, in any row
        unequal = [i for i in range(len(names)) if np.abs(wrong - right)[..., i].max() > 1e-4 * max(size[i], 1e-3)]
        if 0 < len(unequal) < len(names):  # a factor of all paths is another matter
            return _told(case, [names[i] for i in unequal], wrong[..., unequal], right[..., unequal], axes)
    return None


def sums_too_far(case: Case) -> Finding:
    """Backward mixes entries of x that are further apart than those that forward mixes."""
    mixture, paths = mixture_of(case), case.jacobians
    if mixture is None or paths is None or not mixture.by_forward or not paths.is_taken[paths.is_path].all():
        return None
    n = int((paths.is_taken & ~paths.is_path).sum())
    if n < 0.1 * paths.is_path.sum() or not (paths.is_path & ~paths.is_kept).any():  # a few may be 0 by chance
        return None
    return "summed_axis", (
        f"backward mixes entries of {case.tensor} that forward does not mix, on {n} paths: it "
        "sums over more of them, as over all groups where forward takes each by itself."
    )


def direct_path(case: Case) -> Finding:
    """Only the path from each entry to the y at the same place is missing or wrong, as that of a skip connection."""
    mixture = mixture_of(case)
    if mixture is None or not mixture.by_forward:
        return None
    rest = mixture.forward - mixture.backward
    own = np.diagonal(rest)
    if not same(rest, np.diag(own), mixture.margin) or (np.abs(own) <= mixture.margin).any():
        return None
    return "missing_term", (
        f"the path from each entry of {case.tensor} to the y at the same place is missing or wrong, and all others "
        "are right. Is there a direct connection in forward, as y = x + ... or (1 - z) x + ...?"
    )


def _is_diagonal_alone(mixture: Mixture) -> bool:
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


def mixture_of(case: Case) -> Mixture | None:
    """Return the evidence on a tensor of the shape of y, or None for any other."""
    x, paths = case.subject.tensors[case.tensor], case.jacobians
    if paths is None or x.shape != case.trial.y.shape or not case.is_whole or not case.usable.all():
        return None
    return Mixture(x, paths.forward, paths.backward, paths.margin,
                    _mixed(paths.is_path, x.shape), _mixed(paths.is_taken, x.shape),
                    np.array_equal(paths.is_taken, paths.is_kept))  # fmt: skip


def _mixed(paths: Array, shape: tuple[int, ...]) -> list[int]:
    """Return the axes along which some path leads to another place."""
    there, here = np.nonzero(paths)
    ends, starts = np.unravel_index(there, shape), np.unravel_index(here, shape)
    return [axis for axis in range(len(shape)) if (ends[axis] != starts[axis]).any()]


def _bases(mixture: Mixture, y: Array, groups: Array) -> Iterator[tuple[list[str], list[Array]]]:
    """Yield the names of paths, and the share that each entry has in them, one row for each group of entries."""
    x, own_y = mixture.x.reshape(-1)[groups], y.reshape(-1)[groups]
    direct = "the path to the same place"
    centred = x - x.mean(axis=1, keepdims=True)
    yield [direct, "the path through the mean", "the path through the variance"], [np.ones_like(x), centred]
    yield [direct, "the path through the sum"], [own_y]
    yield [direct, "the path through the length"], [x]


def _weights(jacobian: Array, columns: list[Array], groups: Array, margin: float) -> Array | None:
    """Return the weight of each path in every row, shape (n_groups, n, n_paths), if rows are made of these paths."""
    n = groups.shape[1]
    inside = np.zeros(jacobian.shape, bool)
    found = np.empty((*groups.shape, 1 + len(columns)))
    for i, group in enumerate(groups):
        inside[np.ix_(group, group)] = True
        for j in range(n):
            basis = np.stack([np.arange(n) == j, *(column[i] for column in columns)], axis=1).astype(float)
            row = jacobian[group[j], group]
            found[i, j] = np.linalg.lstsq(basis, row, rcond=None)[0]
            if np.abs(basis @ found[i, j] - row).max() > 3 * margin:
                return None
    return found if np.abs(jacobian[~inside]).max(initial=0.0) <= margin else None


def _groups(mixture: Mixture, paths: Array) -> Array | None:
    """Return the flat positions of the entries that are mixed with each other, a row for each group."""
    near = (paths | paths.T).astype(float)
    together = (near @ near) > 0  # a single path may be 0 by chance
    members = [tuple(np.flatnonzero(row)) for row in together]
    groups = sorted({group for group in members if group})
    if len({len(group) for group in groups}) != 1 or len(groups[0]) < 4:
        return None
    flat = np.array(groups)
    return flat if len(np.unique(flat)) == flat.size == mixture.x.size else None
