"""The report of a gradient check: its verdict on each tensor, and its suspects."""

from dataclasses import asdict, dataclass, field
from math import isfinite
from pathlib import Path
from textwrap import shorten, wrap
from typing import Any

from tinygan.gradcheck.remark import Remark
from tinygan.gradcheck.subjects.lines import text_at
from tinygan.gradcheck.suspect import HARMLESS, Suspect
from tinygan.table import text_table

# How a check can end, the best first.
OUTCOMES = ("right", "right, but", "wrong", "not checked")


@dataclass(frozen=True)
class TensorCheck:
    """The check of one tensor.

    Attributes
    ----------
    tensor : str
        ``"x"``, or the name of a parameter.
    shape : tuple of int
        Shape of the tensor.
    n_checked, n_kinks, n_unresolved : int
        Entries compared, entries left out because the function has a kink there, and entries whose numerical
        derivative is too noisy to say anything.
    relative_error : float
        Largest difference between the gradient and the numerical derivative, divided by the largest entry of either;
        infinite if there is nothing to compare.
    noise : float
        The possible error of the numerical derivative itself at that entry, in the same unit. If the relative error is
        well above it, the backward pass is wrong.
    verdict : str
        ``"right"``, ``"right / m"`` (a remark explains it), ``"at kinks only"``, ``"not resolved"``, ``"wrong"``, or
        another fault: the gradient has another shape, is not finite, or is missing.
    """

    tensor: str
    shape: tuple[int, ...]
    n_checked: int
    n_kinks: int
    n_unresolved: int
    relative_error: float
    noise: float
    verdict: str

    @property
    def ok(self) -> bool:
        """Whether nothing speaks against this gradient."""
        return self.verdict in ("right", "right / m", "at kinks only", "not resolved")


@dataclass(frozen=True, repr=False)
class Report:
    """The rows of a gradient check and its suspects; prints as a table with words below.

    A report is true if nothing speaks against any gradient, so that ``assert check_gradients(...)`` is a test. If that
    fails, it shows the verdict, the first suspect and the line to look at.

    Attributes
    ----------
    subject : str
        What was checked.
    rows : list of TensorCheck
        One for each tensor: the inputs, then every parameter.
    suspects : list of Suspect
        What is probably wrong, most likely first.
    remarks : list of Remark
        What to know about gradients that are right.
    """

    subject: str
    rows: list[TensorCheck]
    suspects: list[Suspect] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing speaks against any gradient."""
        return all(row.ok for row in self.rows) and all(suspect.code in HARMLESS for suspect in self.suspects)

    @property
    def outcome(self) -> str:
        """One of `OUTCOMES`; ``"not checked"`` if no entry of any tensor could be compared."""
        if not self.ok:
            return "wrong"
        if not any(row.n_checked for row in self.rows):
            return "not checked"
        return "right, but" if self.remarks else "right"

    def as_dict(self) -> dict[str, Any]:
        """Return the report as a dict that JSON can hold: infinite numbers become None."""
        report = {"ok": self.ok, "outcome": self.outcome, **asdict(self)}
        for row in report["rows"]:
            row |= {name: row[name] if isfinite(row[name]) else None for name in ("relative_error", "noise")}
        return report

    def _headline(self) -> str:
        if not self.ok:
            return "a gradient is wrong" if not all(row.ok for row in self.rows) else "the backward pass is at fault"
        if self.outcome == "not checked":
            return "nothing could be compared, every entry is at a kink or lost in noise; try another x"
        return "every gradient is right" if self.outcome == "right" else "the gradients are right, but"

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        words = f"{self.subject}: {self._headline()}"
        for suspect in self.suspects[:1]:
            file, _, number = suspect.where.rpartition(":")
            place = f"{Path(file).name}:{number}: {text_at(suspect.where)}"
            words += f". {suspect.code}: {shorten(suspect.message, 100, placeholder=' ...')} {place}"
        return f"<{shorten(words, 230, placeholder=' ...')}>"

    def __str__(self) -> str:
        header = ["tensor", "shape", "checked", "at kinks", "unresolved", "relative error", "noise", "verdict"]
        body = [
            [
                row.tensor,
                str(row.shape),
                *map(str, (row.n_checked, row.n_kinks, row.n_unresolved)),
                f"{row.relative_error:.1e}",
                f"{row.noise:.0e}",
                row.verdict,
            ]
            for row in self.rows
        ]
        lines = [f"{self.subject}: {self._headline()}", text_table(header, body, "<<>>>>><")]
        for number, alike in enumerate(self._alike(), 1):
            lines += ["", *_paragraph(_said_of(alike), f"{number}. ", alike[0].where)]
        for remark in self.remarks:
            lines += ["", *_paragraph(remark.message, "   ", remark.where)]
        return "\n".join(lines)

    def brief(self) -> str:
        """Return what fits on a screen: the verdict, the first suspect or the remarks, and the lines to look at."""
        first, *others = self._alike() or [[]]
        lines = [f"{self.subject}: {self.outcome}"]
        if first:
            lines += _paragraph(_said_of(first), "", first[0].where)
        codes = {one.tensor: one.code for alike in reversed(others) for one in alike}
        also = [f"{tensor} ({code})" for tensor, code in codes.items() if tensor not in {one.tensor for one in first}]
        if also:
            lines += _wrapped(f"Also: {', '.join(also)}.", "")
        for remark in self.remarks:
            lines += _paragraph(remark.message if self.ok else f"Besides, {remark.message}", "", remark.where)
        return "\n".join(lines)

    def _alike(self) -> list[list[Suspect]]:
        """Return the suspects in groups, each of which says the same of different tensors."""
        alike: dict[tuple[str, str], list[Suspect]] = {}
        for suspect in self.suspects:
            message = suspect.message.replace(f"gradient of {suspect.tensor} ", "gradient of ... ")
            alike.setdefault((suspect.code, message), []).append(suspect)
        return list(alike.values())


def _said_of(alike: list[Suspect]) -> str:
    """Return what one paragraph says of suspects that differ in their tensors only."""
    first, *others = alike
    likewise = f" Likewise {', '.join(other.tensor for other in others)}." if others else ""
    return f"{first.code}: {first.message}{likewise}"


def _paragraph(words: str, start: str, where: str) -> list[str]:
    """Return the lines of a paragraph, and of the place to look at with the code that stands there."""
    indent = " " * len(start)
    return [*_wrapped(words, start), f"{indent}{where}", *(f"{indent}    {text}" for text in [text_at(where)] if text)]


def _wrapped(words: str, start: str) -> list[str]:
    return wrap(words, 100, initial_indent=start, subsequent_indent=" " * len(start))
