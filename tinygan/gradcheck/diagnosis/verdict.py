"""Compare one gradient with numerical derivatives, and say what is wrong with it."""

from collections.abc import Iterator

import numpy as np

from tinygan.backend import Array, is_finite
from tinygan.gradcheck.complex_step import refined
from tinygan.gradcheck.diagnosis.case import Case
from tinygan.gradcheck.diagnosis.closeness import N_DIRECTIONS
from tinygan.gradcheck.diagnosis.hypotheses.findings import findings
from tinygan.gradcheck.diagnosis.precision import ROUNDED, fits_float32
from tinygan.gradcheck.numerical import directional_derivative, numerical_gradient
from tinygan.gradcheck.report import TensorCheck
from tinygan.gradcheck.subjects.subject import Subject
from tinygan.gradcheck.suspect import Suspect
from tinygan.gradcheck.trial import Trial, rounding

# The largest tensor whose entries are all compared; the least number of random entries of a larger one; and the work of
# all forward passes, in multiplications, which may allow more of them.
WHOLE, LEAST, WORK = 256, 4, 1.0e9


def case_of(subject: Subject, name: str, trial: Trial, seed: int, rng: np.random.Generator, tolerance: float) -> Case:
    """Return the evidence on the gradient of one tensor: its numerical derivative at all entries, or at some."""
    tensor = subject.tensors[name]
    entries = np.arange(tensor.size)
    if tensor.size > WHOLE:
        work = 6.0 * len(subject.tensors) * sum(t.size for t in subject.tensors.values()) * len(trial.y)
        n = int(np.clip(WORK / work, LEAST, WHOLE // 2))
        entries = np.sort(rng.choice(tensor.size, n, replace=False))
    numerical = numerical_gradient(lambda: subject.y(seed), trial.grad_y, tensor, entries)
    numerical = refined(subject, name, trial.grad_y, numerical, entries, seed)
    trial.noise = trial.noise or rounding(subject, trial, seed)
    numerical = numerical._replace(noise=numerical.noise + 4 * trial.noise[name])
    if fits_float32(trial.gradients[name]):
        tolerance = max(tolerance, ROUNDED)
    return Case(subject, name, trial, numerical, entries, seed, tolerance)


def row_of(case: Case, rng: np.random.Generator) -> TensorCheck:
    """Return the verdict on one gradient; in a large tensor, random directions stand for entries not compared."""
    gradient = case.trial.gradients[case.tensor]
    at_kink, noise = case.numerical.at_kink, case.numerical.noise
    verdict = ""
    if not isinstance(gradient, np.ndarray) or gradient.shape != case.shape:
        verdict = "no gradient" if gradient is None else f"gradient of shape {np.shape(gradient)}"
    elif not is_finite(gradient):
        verdict = "NaN or infinite"
    if verdict:
        return TensorCheck(case.tensor, case.shape, int((~at_kink).sum()), int(at_kink.sum()), 0, np.inf, 0.0, verdict)
    found, wanted = gradient.reshape(-1)[case.entries], case.numerical.gradient
    size = max(np.abs(found[~at_kink]).max(initial=0.0), np.abs(wanted[~at_kink]).max(initial=0.0))
    difference = np.abs(found - wanted)
    unresolved = ~at_kink & (difference > case.tolerance * size) & (difference <= noise)
    checked = ~at_kink & ~unresolved
    largest = int(np.argmax(np.where(checked, difference, -1.0)))
    error, around = (float(of[largest] / size) if size > 0 and checked.any() else 0.0 for of in (difference, noise))
    is_wrong = bool((difference[checked] > case.tolerance * size + noise[checked]).any())
    if not is_wrong and len(case.entries) < gradient.size:
        differing = _differing_direction(case, gradient, rng)
        if differing is not None:
            is_wrong, (error, around) = True, differing
    verdict = "wrong" if is_wrong else "right"
    if not checked.any():
        verdict = "at kinks only" if at_kink.all() else "not resolved"
    n_checked, n_kinks, n_unresolved = (int(entries.sum()) for entries in (checked, at_kink, unresolved))
    return TensorCheck(case.tensor, case.shape, n_checked, n_kinks, n_unresolved, error, around, verdict)


def _differing_direction(case: Case, gradient: Array, rng: np.random.Generator) -> tuple[float, float] | None:
    """Return the relative error and its noise along a direction in which the gradient is wrong, or None."""
    tensor = case.subject.tensors[case.tensor]
    for _ in range(N_DIRECTIONS):
        direction = rng.normal(size=tensor.shape)
        slope, noise, at_kink = directional_derivative(
            lambda: case.subject.y(case.seed), case.trial.grad_y, tensor, direction
        )
        if not at_kink:
            along = gradient * direction
            size, difference = float(np.abs(along).sum()), abs(float(along.sum()) - slope)
            is_wrong = difference > noise + case.tolerance * size
            return (difference / max(size, abs(slope)), noise / max(size, abs(slope))) if is_wrong else None
    return None


def diagnosed(case: Case, row: TensorCheck) -> Iterator[Suspect]:
    """Yield what explains a wrong gradient, or one suspect that says how the error is distributed."""
    where = case.subject.where(case.tensor)
    if case.trial.gradients[case.tensor] is None:
        message = (
            f"there is no gradient of {case.tensor} at all: backward never computes it, or forgets to return it or to "
            "add it to .grad. The layers below it will not learn."
        )
        yield Suspect("zero", case.tensor, 1.0, message, where)
        return
    found = [] if row.verdict == "NaN or infinite" else list(findings(case))
    for i, (code, message) in enumerate(found):
        yield Suspect(code, case.tensor, 1.0 / (i + 1), message, where)
    if not found:
        yield Suspect("unknown", case.tensor, 0.0, _distribution(case), where)


def _distribution(case: Case) -> str:
    """Return how an unexplained error is spread: over which rows and columns, and how large it is."""
    if not case.has_shape:
        return (
            f"the gradient of {case.tensor} has shape {case.wrong.shape}, and {case.tensor} has {case.shape}. It takes "
            "the shape of what it is the gradient of: one number for each. Write the shapes beside every line."
        )
    difference = np.abs(case.wrong.reshape(-1)[case.entries] - case.numerical.gradient)
    bad = case.usable & ~(difference <= case.margin)
    if not bad.any():
        share = difference[case.usable].max(initial=0.0) / (np.abs(case.right).max(initial=0.0) or 1.0)
        return (
            f"the gradient of {case.tensor} is off by only {share:.0e} of its largest entry: forward and backward "
            "differ by something small, such as an eps inside a log or a sqrt."
        )
    places = np.unravel_index(case.entries[bad], case.shape)
    axes = []
    for axis, indices in enumerate(places):
        hit = np.unique(indices)
        if len(hit) < case.shape[axis]:
            axes.append(f"on axis {axis} only at {', '.join(map(str, hit[:8]))}{', ...' if len(hit) > 8 else ''}")
    spread = "; ".join(axes) or "everywhere"
    return (
        f"{int(bad.sum())} of {int(case.usable.sum())} entries of the gradient of {case.tensor} are wrong, {spread}. "
        "No simple fault explains them. Check the smallest case by hand: one example, one unit."
    )
