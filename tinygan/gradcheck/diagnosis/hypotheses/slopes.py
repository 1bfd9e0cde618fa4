"""Hypotheses on a wrong slope: at a wrong place, of the last function, or of a function of each entry."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from tinygan.backend import Array
from tinygan.gradcheck.diagnosis.case import Case
from tinygan.gradcheck.diagnosis.closeness import same
from tinygan.gradcheck.diagnosis.hypotheses.finding import Finding
from tinygan.gradcheck.diagnosis.jacobians import Jacobians
from tinygan.gradcheck.numerical import numerical_gradient

# The fewest different numbers on which a formula is tried: two formulas agree by chance on one or two.
FEWEST = 4


def slope_of_y(case: Case) -> Finding:
    """The slope of a function is taken at y in place of x, f'(f(x)), or the reverse."""
    slopes = elementwise(case)
    if slopes is None:
        return None
    wrong, right, x, y = slopes
    margin = 1e-5 * max(1.0, float(np.abs(right).max()))
    at_y = _slopes_at(case, case.trial.y)
    if at_y is not None and same(wrong, at_y, margin) and not same(right, at_y, margin):
        return "wrong_argument", (
            f"the slope that backward uses is f'(y) where f'({case.tensor}) belongs: the function is applied once more "
            "to what forward returned. If the slope is written in terms of y, put y into it as it is."
        )
    powers = np.stack([np.ones_like(y), y, y * y], axis=1)
    in_y = np.linalg.lstsq(powers, right, rcond=None)[0]
    if not same(powers @ in_y, right, margin) or np.ptp(right) < margin:
        return None
    in_x = in_y[0] + in_y[1] * x + in_y[2] * x * x
    if same(wrong, in_x, margin * max(1.0, float(np.abs(in_x).max()))):
        return "wrong_argument", (
            f"in terms of y, the slope of forward is {_polynomial(in_y)}; backward puts {case.tensor} where y belongs. "
            "Keep y in the cache, and use it."
        )
    return None


def last_function(case: Case) -> Finding:
    """The last function is tanh or a sigmoid, and its slope is wrong in a way that is known."""
    paths = case.jacobians
    ratios = None if paths is None else _by_row(paths)
    if ratios is None or len(np.unique(ratios.round(9))) < FEWEST:
        return None
    assert paths is not None  # or else there are no ratios
    y = case.trial.y.reshape(-1)[paths.is_path.any(axis=1)]
    for name, slope, formula, others in _known_slopes(y):
        used = ratios * slope
        for code, other, words in others:
            if same(used, other, 1e-4 * max(1.0, float(np.abs(other).max()))):
                return code, (
                    f"the gradient of {case.tensor} {words}. Where y is {name} of something, the slope is {formula}."
                )
    return None


def factor_of_y(case: Case) -> Finding:
    """Every y hands on the right gradient times a number of its own, such as a wrong slope of the last function."""
    paths = case.jacobians
    ratios = None if paths is None else _by_row(paths)
    if paths is None or ratios is None or len(ratios) < FEWEST or not ratios.all():
        return None
    if np.ptp(ratios) < 1e-3 * np.abs(ratios).max() or paths.is_path.sum(axis=1).min() < 2:
        return None  # of a single path, anything is a multiple
    return "wrong_slope", (
        f"every y hands on the right gradient to {case.tensor} but for a factor of its own, from {ratios.min():.3g} to "
        f"{ratios.max():.3g}: a factor next to y, such as the slope of the last function, is missing or wrong."
    )


def slope_of_a_loss(case: Case) -> Finding:
    """The loss is a sum of functions of one entry each, and the slope of this function is wrong."""
    x, wrong = case.subject.tensors[case.tensor], case.wrong
    if case.trial.y.size > 1 or not case.has_shape or not case.is_whole or x.size < FEWEST or not case.usable.all():
        return None
    for part in (slice(None, None, 2), slice(1, None, 2)):  # move half of the entries, and look at the other half
        moved, rest = x.copy().reshape(-1), np.ones(x.size, bool)
        moved[part] *= 0.9
        rest[part] = False
        found = _gradient_at(case, moved.reshape(x.shape))
        if found is None or not same(found[rest], case.whole_right.reshape(-1)[rest], case.margin):
            return None
    worst = int(np.argmax(np.abs(wrong - case.whole_right)))
    return "wrong_slope", (
        f"the loss is a sum of functions of one entry of {case.tensor} each, and the slope in backward is wrong: "
        f"at {case.tensor} = {x.reshape(-1)[worst]:.3g} it is {wrong.reshape(-1)[worst]:.4g}, and it should be "
        f"{case.whole_right.reshape(-1)[worst]:.4g}."
    )


def any_slope(case: Case) -> Finding:
    """The function works entry by entry, and backward uses another slope."""
    slopes = elementwise(case)
    if slopes is None:
        return None
    wrong, right, x, _ = slopes
    worst = int(np.argmax(np.abs(wrong - right)))
    return "wrong_slope", (
        f"each y depends on one entry of {case.tensor} alone, and the slope that backward uses is wrong: at "
        f"{case.tensor} = {x[worst]:.3g} it is {wrong[worst]:.4g}, and the slope of forward is {right[worst]:.4g}."
    )


def elementwise(case: Case) -> tuple[Array, Array, Array, Array] | None:
    """Return the slopes of backward, the slopes of forward, x and y, if each y depends on the x at its place alone."""
    x, y, paths = case.subject.tensors[case.tensor], case.trial.y, case.jacobians
    if paths is None or case.tensor not in case.subject.inputs or x.shape != y.shape or not case.usable.any():
        return None
    entries = case.entries[case.usable]
    own = np.zeros(paths.forward.shape, bool)
    own[entries, np.arange(len(entries))] = True
    if (paths.is_path & ~own).any() or (paths.is_taken & ~own).any() or len(entries) < FEWEST:
        return None
    return paths.backward[own.nonzero()], paths.forward[own.nonzero()], x.reshape(-1)[entries], y.reshape(-1)[entries]


def _gradient_at(case: Case, x: Array) -> Array | None:
    """Return the right gradient at another x, or None if forward does not take it."""
    try:
        with case.subject.varied({case.tensor: x}, {}):
            tensor = case.subject.tensors[case.tensor]
            y = partial(case.subject.y, case.seed)
            return numerical_gradient(y, case.trial.grad_y, tensor, case.entries).gradient
    except Exception:  # whatever the code under check raises
        return None


def _slopes_at(case: Case, x: Array) -> Array | None:
    """Return the slopes of an elementwise forward at another x."""
    try:
        with case.subject.varied({case.tensor: x.copy()}, {}):
            tensor = case.subject.tensors[case.tensor]
            found = numerical_gradient(partial(case.subject.y, case.seed), np.ones_like(x), tensor, case.entries)
            return found.gradient[case.usable]
    except Exception:  # whatever the code under check raises
        return None


def _by_row(paths: Jacobians) -> Array | None:
    """Return r if every row of backward is r times that of forward, for the rows that are not 0."""
    rows = paths.is_path.any(axis=1)
    forward, backward = paths.forward[rows], paths.backward[rows]
    if not len(forward) or np.abs(paths.backward[~rows]).max(initial=0.0) > paths.margin:
        return None
    ratios: Array = (forward * backward).sum(axis=1) / (forward * forward).sum(axis=1)
    return ratios if same(backward, ratios[:, None] * forward, paths.margin * max(1.0, np.abs(ratios).max())) else None


def _known_slopes(y: Array) -> Iterator[tuple[str, Array, str, list[tuple[str, Array, str]]]]:
    """Yield a last function, its slope in terms of y, and the wrong slopes that people write for it."""
    passed_on = ("missing_term", np.ones_like(y), "lacks the slope of the last function: grad_y is passed on as it is")
    if (np.abs(y) < 1).all():
        tanh = np.tanh(y)
        yield (
            "tanh",
            1 - y * y,
            "1 - y^2",
            [
                passed_on,
                ("missing_term", 1 - y, "has the slope 1 - y: the square is missing"),
                ("wrong_argument", 1 - tanh * tanh, "has the slope 1 - tanh(y)^2: tanh is applied once more"),
                ("extra_term", (1 - y * y) ** 2, "has the slope of tanh twice"),
                ("wrong_slope", y * (1 - y), "has the slope of a sigmoid, y (1 - y)"),
                ("wrong_slope", y * y, "has the slope y^2"),
                ("wrong_slope", y, "has y itself for a slope"),
            ],
        )
    if (y > 0).all() and (y < 1).all():
        again = 1 / (1 + np.exp(-y))
        yield (
            "a sigmoid",
            y * (1 - y),
            "y (1 - y)",
            [
                passed_on,
                ("missing_term", y, "has the slope y: the factor 1 - y is missing"),
                ("missing_term", 1 - y, "has the slope 1 - y: the factor y is missing"),
                ("wrong_argument", again * (1 - again), "has a sigmoid of y in its slope: it is applied once more"),
                ("extra_term", (y * (1 - y)) ** 2, "has the slope of the sigmoid twice"),
                ("wrong_slope", 1 - y * y, "has the slope of tanh, 1 - y^2"),
            ],
        )


def _polynomial(coefficients: Array) -> str:
    names = ("", " y", " y^2")
    terms = [f"{c:.3g}{name}" for c, name in zip(coefficients, names, strict=True) if abs(c) > 1e-4]
    words = " + ".join(terms).replace("+ -", "- ")
    return words.replace("1 y", "y").replace("- 1 y^2", "- y^2")
