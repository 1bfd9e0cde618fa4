"""Check one layer or pair that was found in a module, and say how the check ended, even if the user's code fails."""

import contextlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tinygan.backend import Array, as_rng, is_finite
from tinygan.gradcheck.check import check_gradients
from tinygan.gradcheck.files.discovery import Found, FunctionPair, Half, LayerClass
from tinygan.gradcheck.files.inputs import NoInputs, arguments_for, layer_and_x
from tinygan.gradcheck.files.loading import told
from tinygan.gradcheck.functions import FunctionSubject, check_functions
from tinygan.gradcheck.report import Report
from tinygan.gradcheck.subjects.subject import LayerSubject, Subject

OTHER_INPUTS = "If it is right that only some inputs do, return such from check_inputs."


@dataclass(frozen=True)
class Outcome:
    """How the check of one layer or pair of functions ended.

    Attributes
    ----------
    name : str
        Name of the class or of the pair.
    where : str
        File and line of its forward pass.
    status : str
        One of `OUTCOMES`: ``"right"``, ``"right, but"``, ``"wrong"`` or ``"not checked"``.
    message : str
        Why there is no report; empty if there is one.
    report : Report or None
        None if the check ended before there was one.
    """

    name: str
    where: str
    status: str
    message: str = ""
    report: Report | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the outcome as a dict that JSON can hold."""
        return {**vars(self), "report": None if self.report is None else self.report.as_dict()}


def outcome(found: Found, folder: Path, seed: int, tolerance: float) -> Outcome:
    """Build inputs for what was found, run both passes, and compare them with numerical derivatives.

    A backward pass that raises an error is wrong, since it gives no gradient. But NotImplementedError means "not
    checked", and so does any other error before there is a gradient to compare. What the user's code prints goes to
    stderr.

    Parameters
    ----------
    found : LayerClass, FunctionPair or Half
    folder : Path
        The folder of the user's code; messages name lines of this code.
    seed : int
        Seed of all draws. Each check starts from this seed, whatever else is checked.
    tolerance : float
        The largest relative error that still counts as right.
    """

    def ended(status: str, message: str = "", report: Report | None = None) -> Outcome:
        return Outcome(found.name, found.where, status, message, report)

    if isinstance(found, Half):
        return ended("not checked", f"{found.where}: {found.name} has no {found.lacks}")
    with contextlib.redirect_stdout(sys.stderr), np.errstate(all="ignore"):
        try:
            subject, check = _prepared(found, seed)
            y, cache = _forward(subject, seed)
        except NoInputs as error:
            cause = "" if error.__cause__ is None else f"{told(error.__cause__, folder, found.where)}. "
            return ended("not checked", f"{cause}{error}")
        except (Exception, SystemExit) as error:
            return ended("not checked", told(error, folder, found.where))
        try:
            subject.backward(as_rng(seed).normal(size=y.shape), cache)
        except (Exception, SystemExit) as error:
            status = "not checked" if isinstance(error, NotImplementedError) else "wrong"
            return ended(status, f"backward raises. {told(error, folder, subject.where(next(iter(subject.inputs))))}")
        try:
            report = check(tolerance)
        except (Exception, SystemExit) as error:
            return ended("not checked", told(error, folder, found.where))
    if report.outcome == "not checked":
        return ended("not checked", f"{found.where}: every entry is at a kink or lost in noise. {OTHER_INPUTS}", report)
    return ended(report.outcome, "", report)


def _prepared(found: LayerClass | FunctionPair, seed: int) -> tuple[Subject, Callable[[float], Report]]:
    """Return what was found, together with inputs, and a function that takes the tolerance and checks it."""
    if isinstance(found, LayerClass):
        layer, x = layer_and_x(found.kind, seed)
        return LayerSubject(layer, x), lambda tolerance: check_gradients(layer, x, rng=seed, tolerance=tolerance)
    forward, backward = found.forward, found.backward
    given = arguments_for(found.name, forward, found.check_inputs, seed)
    subject = FunctionSubject(forward, backward, given)
    return subject, lambda tolerance: check_functions(forward, backward, given, rng=seed, tolerance=tolerance)


def _forward(subject: Subject, seed: int) -> tuple[Array, Any]:
    """Return y and the cache, unless y is not finite."""
    kept = {name: array.copy() for name, array in subject.inputs.items()}
    y, cache = subject.forward(seed)
    for name, array in kept.items():
        subject.inputs[name][...] = array
    if not is_finite(y):
        raise ValueError(f"forward returns NaN or infinite values from finite input. {OTHER_INPUTS}")
    return y, cache
