"""Check one layer or pair that was found in a module, and say how the check ended, even if the user's code fails."""

import contextlib
import linecache
import re
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tinygan.backend import as_rng, is_finite
from tinygan.gradcheck.check import check_gradients
from tinygan.gradcheck.comparison import report_on
from tinygan.gradcheck.files.discovery import Found, FunctionPair, Half, LayerClass, LossFunction, PlainClass, Stub
from tinygan.gradcheck.files.inputs import NoInputs, layers_and_x, subjects_of
from tinygan.gradcheck.files.loading import told
from tinygan.gradcheck.report import Report
from tinygan.gradcheck.subjects.subject import LayerSubject
from tinygan.gradcheck.subjects.written import BackwardRaised

# The outcomes of checks of one thing with several inputs, the one that counts last.
SEVERITY = ("not checked", "right", "right, but", "wrong")
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
    inputs : str
        With which inputs it was checked, if they were guessed.
    """

    name: str
    where: str
    status: str
    message: str = ""
    report: Report | None = None
    inputs: str = ""

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
    found : LayerClass, FunctionPair, LossFunction, PlainClass, Stub or Half
    folder : Path
        The folder of the user's code; messages name lines of this code.
    seed : int
        Seed of all draws. Each check starts from this seed, whatever else is checked.
    tolerance : float
        The largest relative error that still counts as right.
    """

    def ended(status: str, message: str = "", report: Report | None = None, inputs: str = "") -> Outcome:
        return Outcome(found.name, found.where, status, message, report, inputs)

    if isinstance(found, Half):
        return ended("not checked", f"{found.where}: {found.name} has no {found.lacks}")
    if isinstance(found, Stub):
        return ended("not checked", f"{found.where}: nothing is written yet")
    with contextlib.redirect_stdout(sys.stderr), np.errstate(all="ignore"):
        try:
            if isinstance(found, LayerClass):
                reports = list(_reports_on_layers(found, seed, tolerance))
            else:
                reports = list(_reports(found, seed, tolerance))
        except NoInputs as error:
            if _says_later(error.__cause__):
                return ended("not checked", f"{found.where}: nothing is written yet")
            cause = "" if error.__cause__ is None else f"{told(error.__cause__, folder, found.where)}. "
            return ended("not checked", f"{cause}{error}")
        except BackwardRaised as error:
            reason = error.__cause__ or error
            is_guess = isinstance(found, PlainClass) or isinstance(
                reason, (NotImplementedError, ImportError, BackwardRaised)
            )
            status = "not checked" if is_guess or _lacks_an_import(reason) else "wrong"
            return ended(status, f"backward raises. {told(reason, folder, found.where)}")
        except (Exception, SystemExit) as error:
            return ended("not checked", told(error, folder, found.where))
    inputs = "; ".join(words for words, _ in reports if words)
    words, report = max(reports, key=lambda one: SEVERITY.index(one[1].outcome))
    if report.outcome == "not checked":
        return ended("not checked", f"{found.where}: every entry is at a kink or lost in noise. {OTHER_INPUTS}", report)
    return ended(report.outcome, "", report, inputs if report.ok else words)


def _reports(
    found: FunctionPair | LossFunction | PlainClass, seed: int, tolerance: float
) -> Iterator[tuple[str, Report]]:
    """Yield the inputs and the report of each way of inputs; of several readings of the code, that of a right one."""
    for subjects in subjects_of(found, seed):
        reports = []
        for subject in subjects:
            rng = as_rng(seed)
            reports.append((subject.words, report_on(subject, int(rng.integers(2**63)), rng, tolerance)))
            if reports[-1][1].ok:
                break
        yield min(reports, key=lambda one: (not one[1].ok, max(row.relative_error for row in one[1].rows)))


def _lacks_an_import(error: BaseException) -> bool:
    """Return whether an error comes from a name that the file imports, if it can."""
    if not isinstance(error, NameError) or error.__traceback__ is None:
        return False
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    imports = [line for line in linecache.getlines(frame.f_code.co_filename) if "import" in line]
    return any(re.search(rf"\b{error.name}\b", line) for line in imports)


def _says_later(error: BaseException | None) -> bool:
    return isinstance(error, NotImplementedError) or re.search("not implemented|to ?do", str(error), re.I) is not None


def _reports_on_layers(found: LayerClass, seed: int, tolerance: float) -> Iterator[tuple[str, Report]]:
    """Yield the inputs and the report of each instance of a class of layers."""
    for layer, x, words in layers_and_x(found.kind, seed):
        subject = LayerSubject(layer, x)
        y, cache = subject.forward(seed)
        if not is_finite(y):
            raise ValueError(f"forward returns NaN or infinite values from finite input. {OTHER_INPUTS}")
        try:
            subject.backward(as_rng(seed).normal(size=y.shape), cache)
        except (Exception, SystemExit) as error:
            raise BackwardRaised(str(error)) from error
        yield words, check_gradients(layer, x, rng=seed, tolerance=tolerance)
