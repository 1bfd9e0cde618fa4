"""Compare a backward pass with numerical derivatives, and say what is wrong with it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from tinygan.arguments import check_positive
from tinygan.backend import Array, RngLike, as_rng, get_array_module, is_finite, to_device
from tinygan.gradcheck.diagnosis.case import Case
from tinygan.gradcheck.diagnosis.precision import INSIDE, is_single_inside
from tinygan.gradcheck.diagnosis.side_effects import faults
from tinygan.gradcheck.diagnosis.verdict import case_of, diagnosed, row_of
from tinygan.gradcheck.numerical import in_single_precision
from tinygan.gradcheck.remark import Remark
from tinygan.gradcheck.report import Report, TensorCheck
from tinygan.gradcheck.subjects.subject import LayerSubject, Subject, checked_result
from tinygan.gradcheck.suspect import HARMLESS, Suspect
from tinygan.gradcheck.trial import run
from tinygan.layers import Layer
from tinygan.layers.doors import check_input
from tinygan.layers.trace import watched

# A rounded gradient with a relative error below this is wrong only by rounding: float16 has three digits.
NEAR = 0.05

T = TypeVar("T", Suspect, Remark)


def check_gradients(layer: Layer, x: Array, *, rng: RngLike = None, tolerance: float = 1e-6) -> Report:
    """Return whether the backward pass of a layer or network is right at x, and if not, what is wrong with it.

    Parameters
    ----------
    layer : Layer
        A network is checked as a whole, and if that fails, one layer at a time. The check runs in float64: it replaces
        float32 parameters by float64 copies, and puts the old ones and their gradients back at the end.
    x : ndarray of shape (m, ...)
        The input at which to check; not changed. If the layer and x are on a GPU, the check runs its kernels there.
    rng : numpy.random.Generator, int or None
        For the upstream gradient, the choice of entries in large tensors, and the layer's own draws. The check replays
        these draws, so a random layer has the same mask in every evaluation.
    tolerance : float
        The largest relative error that still counts as right.

    Returns
    -------
    Report
        ``report.ok`` says whether all is right, ``report.suspects`` what is probably wrong;
        ``print(report)`` shows both.

    Raises
    ------
    TypeError, ValueError
        If x does not fit the layer or is on another device, if x or y is not finite, if forward does not return
        (y, cache), or if it returns another y when it is called again with the same x and the same state of rng.

    See Also
    --------
    check_functions : The same for a pair of functions.
    check_step : The same for a step of Algorithm 1.

    Notes
    -----
    The check compares the gradients of L = sum(grad_y y), with a random grad_y. A grad_y of ones would miss errors: if
    the outputs of a layer add up to a constant, such as those of a softmax, every gradient c 1 would pass.

    Examples
    --------
    >>> from tinygan.layers import Linear
    >>> report = check_gradients(Linear(3, 2, rng=0), np.ones((4, 3)), rng=0)
    >>> report.ok, report.suspects
    (True, [])
    >>> class Forgetful(Linear):
    ...     def backward_params(self, grad_y, cache):
    ...         self.weight.accumulate(cache.T @ grad_y / len(grad_y))
    ...         self.bias.accumulate(grad_y.sum(axis=0))
    >>> check_gradients(Forgetful(3, 2), np.ones((4, 3)), rng=0).suspects[0].code
    'extra_mean'
    """
    if not isinstance(layer, Layer):
        raise TypeError(f"check_gradients got a {type(layer).__name__}; it takes a Layer, for example Linear(4, 3)")
    check_positive("check_gradients got tolerance", tolerance)
    check_input(layer, x)
    if not is_finite(x):
        raise ValueError("check_gradients got x with NaN or infinite entries; it takes finite values")
    rng = as_rng(rng)
    subject = LayerSubject(layer, x)
    seed = int(rng.integers(2**63))
    promoted = list(_promotion(layer, subject, x, seed))
    with subject.place.in_float64():
        report = report_on(subject, seed, rng, tolerance)
        if not report.ok and layer.layers:
            x = to_device(subject.inputs["x"], subject.place.device)
            inside = list(_inside(layer, x, seed, rng, tolerance))
            report = replace(report, suspects=inside or report.suspects)
    return replace(report, suspects=[*report.suspects, *promoted])


def report_on(subject: Subject, seed: int, rng: np.random.Generator, tolerance: float) -> Report:
    """Return the report on anything with a forward and a backward pass whose tensors are float64."""
    report = _compared(subject, seed, rng, tolerance)
    is_clear = report.ok and not any(row.n_kinks or row.n_unresolved for row in report.rows)
    if is_clear or not is_single_inside(subject, seed):
        return report
    with in_single_precision():
        report = _compared(subject, seed, rng, max(tolerance, INSIDE))
    remark = Remark(
        "single_precision",
        f"only to about three digits, since forward computes in float32 though all its input is float64, and {INSIDE} "
        "is what the check can then tell. Look for astype, or for an array made as float32.",
        subject.where(next(iter(subject.tensors))),
    )
    remarks = [remark, *(other for other in report.remarks if other.code != remark.code)]
    suspects = [
        suspect for suspect in report.suspects if suspect.code not in HARMLESS
    ]  # float32 makes kinks everywhere
    return replace(report, suspects=suspects, remarks=remarks)


def _compared(subject: Subject, seed: int, rng: np.random.Generator, tolerance: float) -> Report:
    y = subject.replayed_y(seed)
    trial = run(subject, rng.normal(size=y.shape), seed)
    if not np.array_equal(subject.y(seed), y):
        raise ValueError(
            f"{subject.name}: after a backward pass, forward gives another y for the same input. Backward updates what "
            "forward computes with; let it return the gradients, and update elsewhere."
        )
    cases = [case_of(subject, name, trial, seed, rng, tolerance) for name in subject.tensors]
    rows = [row_of(case, rng) for case in cases]
    right = [row.tensor for row in rows if row.ok]
    near = [row.tensor for case, row in zip(cases, rows, strict=True) if case.is_resolved and row.relative_error < NEAR]
    found = list(faults(subject, trial, right, near, seed, rng, tolerance))
    suspects = [one for one in found if isinstance(one, Suspect)]
    remarks = [_in_its_words(subject, one) for one in found if isinstance(one, Remark)]
    remarks += [*_not_compared(subject, cases, rows), *_unlooked(subject)]
    accused = {suspect.tensor for suspect in suspects}
    for case, row in zip(cases, rows, strict=True):
        if not row.ok and row.tensor not in accused:
            suspects += diagnosed(case, row)
    suspects.sort(key=lambda suspect: suspect.code == "unknown")  # what has a name comes first
    if subject.is_homework and (divided := _divided(subject, rows, suspects)):
        rows = [replace(row, verdict="right / m") if row.tensor in divided else row for row in rows]
        suspects = [suspect for suspect in suspects if suspect.tensor not in divided]
        remarks.append(_divided_by_m(subject, divided))
    if not suspects and any(row.n_kinks for row in rows):
        suspects.append(_kinks_only(subject, rows))
    return Report(subject.name, rows, [_in_its_words(subject, one) for one in suspects], remarks)


def _not_compared(subject: Subject, cases: list[Case], rows: list[TensorCheck]) -> Iterator[Remark]:
    """Name the tensors of which no entry could be compared, unless their gradients vanish but for rounding."""
    pairs = [(case, row) for case, row in zip(cases, rows, strict=True) if row.ok and not row.n_checked]
    if len(pairs) == len(rows):
        return  # the headline says it
    for case, row in pairs:
        at_kinks = row.verdict == "at kinks only"
        if case.wrong.size and (at_kinks or np.abs(case.wrong).max() > case.numerical.noise.max()):
            yield Remark(
                "not_looked_at",
                f"no entry of the gradient of {row.tensor} could be compared: every one is "
                f"{'at a kink' if at_kinks else 'lost in noise'}.",
                subject.where(row.tensor),
            )


def _unlooked(subject: Subject) -> Iterator[Remark]:
    """Name the arrays that y depends on, though there is no gradient of them."""
    if subject.unlooked:
        yield Remark(
            "not_looked_at",
            f"backward gives no gradient of {' and '.join(subject.unlooked)}, which forward computes with, so nothing "
            "was compared there.",
            subject.where(next(iter(subject.tensors))),
        )


def _divided(subject: Subject, rows: list[TensorCheck], suspects: list[Suspect]) -> list[str]:
    """Return the parameters, if the gradients of all of them are divided by m, and those of the examples are right."""
    wrong = [row.tensor for row in rows if not row.ok]
    parameters = [row.tensor for row in rows if subject.m not in row.shape]
    mean = {suspect.tensor for suspect in suspects if suspect.code == "extra_mean"}
    return parameters if wrong == parameters and mean == set(parameters) else []


def _divided_by_m(subject: Subject, divided: list[str]) -> Remark:
    return Remark(
        "divided_by_m",
        f"the gradient of {' and of '.join(divided)} is divided by the number of examples: right if your loss is "
        f"summed over the batch, and m times too small if the loss takes the mean, so that {subject.grad_name} is "
        "divided already.",
        subject.where(divided[0]),
    )


def _in_its_words(subject: Subject, said: T) -> T:
    """Return a suspect or a remark in which grad_y has the name that the code under check gives it."""
    return replace(said, message=re.sub(r"\bgrad_y\b", subject.grad_name, said.message))


def _kinks_only(subject: Subject, rows: list[TensorCheck]) -> Suspect:
    n = sum(row.n_kinks for row in rows)
    tensor = next(row.tensor for row in rows if row.n_kinks)
    return Suspect(
        "kinks_only",
        tensor,
        1.0,
        f"nothing is wrong. At {n} {'entry' if n == 1 else 'entries'} the function has a kink: the slopes to the left "
        "and to the right differ there, and finite differences mean nothing. The check leaves them out.",
        subject.where(tensor),
    )


def _inside(network: Layer, x: Array, seed: int, rng: np.random.Generator, tolerance: float) -> Iterator[Suspect]:
    """Check the layers of a network one at a time, each at its own input; inner layers come before outer ones."""
    with watched(network) as passes:
        network.forward(x, rng=as_rng(seed))
    wrong: list[str] = []
    for done in passes[:-1]:  # the last one is the network
        if any(name.startswith(f"{done.name}.") for name in wrong):
            continue
        subject = LayerSubject(done.layer, done.x)
        report = report_on(subject, seed, rng, tolerance)
        if not report.ok:
            wrong.append(done.name)
            for suspect in report.suspects:
                words = f"in layer {done.name}, {subject.name}, {suspect.message}"
                yield replace(suspect, tensor=f"{done.name}.{suspect.tensor}", message=words)


def _promotion(layer: Layer, subject: LayerSubject, x: Array, seed: int) -> Iterator[Suspect]:
    """Yield a suspect if float32 goes in and float64 comes out."""
    if any(theta.data.dtype != np.float32 for theta in subject.parameters.values()):
        return
    with subject.place.no_gradients(), np.errstate(all="ignore"):  # only types matter here
        small = x.astype(np.float32)
        y, cache = checked_result(f"{subject.name}.forward", layer.forward(small, rng=as_rng(seed)))
        outputs: dict[str, Any] = {"y": y}
        if y.dtype == np.float32:
            outputs["the gradient of x"] = layer.backward_input(get_array_module(y).ones_like(y), cache)
    for name, array in outputs.items():
        if getattr(array, "dtype", np.float32) == np.float64:
            yield Suspect(
                "precision",
                "x",
                1.0,
                f"float32 goes in, and {name} is float64: what follows is computed in double precision, at twice the "
                "cost. A mask divided by a number, or a NumPy scalar of float64, does that. Cast it to x.dtype.",
                subject.where("x"),
            )
            return
