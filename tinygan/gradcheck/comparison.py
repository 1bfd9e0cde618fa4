"""Compare a backward pass with numerical derivatives, be it of a layer, of functions or of a class."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar

import numpy as np

from tinygan.gradcheck.diagnosis.case import Case
from tinygan.gradcheck.diagnosis.precision import INSIDE, is_single_inside
from tinygan.gradcheck.diagnosis.side_effects import faults
from tinygan.gradcheck.diagnosis.verdict import case_of, diagnosed, row_of
from tinygan.gradcheck.numerical import in_single_precision
from tinygan.gradcheck.remark import Remark
from tinygan.gradcheck.report import Report, TensorCheck
from tinygan.gradcheck.subjects.subject import Subject
from tinygan.gradcheck.suspect import HARMLESS, Suspect
from tinygan.gradcheck.trial import run

# A rounded gradient with a relative error below this is wrong only by rounding: float16 has three digits.
NEAR = 0.05

T = TypeVar("T", Suspect, Remark)


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
    # float32 makes kinks everywhere
    suspects = [suspect for suspect in report.suspects if suspect.code not in HARMLESS]
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
    remarks += [*_not_compared(subject, cases, rows), *not_looked_at(subject)]
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


def not_looked_at(subject: Subject) -> Iterator[Remark]:
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
