"""tinygan check: compare every backward pass in a file with numerical derivatives, and name what is wrong."""

import argparse
import json
import os
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from tinygan.cli.terminal.argument_types import rate, seed
from tinygan.cli.terminal.display import painted
from tinygan.cli.terminal.status import FAILED, WRONG_WORDS


def add_parser(subparsers: Any) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "check",
        help="check the gradients of the layers in a file",
        description="Find every subclass of Layer and every pair of functions name_forward and name_backward that a "
        "file or a module defines, compare their gradients with numerical derivatives, and name the suspects. The "
        "inputs follow from the names of the arguments; where these say too little, write a method check_inputs() of "
        "the class, or a function check_inputs_name() beside the pair. The exit status is 0 if all is right, if "
        "need be with remarks, 1 if a gradient is wrong, and 2 if none is wrong but something could not be checked.",
    )
    parser.set_defaults(run=run)
    parser.add_argument(
        "target", metavar="TARGET", help="path/to/my_layers.py or package.module, either with :Name for one thing in it"
    )
    parser.add_argument("--only", default="", metavar="NAME", help="check nothing but this class, pair or function")
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="seed of all random numbers (default: 0)")
    parser.add_argument(
        "--tolerance",
        type=rate,
        default=1e-6,
        metavar="T",
        help="the largest relative error that still counts as right (default: 1e-6)",
    )
    parser.add_argument(
        "--definitions", action="store_true", help="run only imports, functions and classes of the file, no training"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    amount = parser.add_mutually_exclusive_group()
    amount.add_argument("-q", "--quiet", action="store_true", help="do not print what is right")
    amount.add_argument(
        "-v", "--verbose", action="store_true", help="print all tensors, all suspects, and what the file itself prints"
    )


def run(options: argparse.Namespace) -> int:
    """Check everything in the target, print the outcomes, and return the exit status."""
    outcomes: list[Any] = []
    try:
        for outcome in _outcomes(options):
            outcomes.append(outcome)
            if not options.json and not (options.quiet and outcome.status == "right"):
                print(_seen_from_here(_paragraph(outcome, verbose=options.verbose)), flush=True)
    except ValueError as error:
        if not options.json:
            raise
        print(json.dumps({"target": options.target, "ok": False, "error": str(error), "checks": []}, indent=2))
        return WRONG_WORDS
    from tinygan.gradcheck.report import OUTCOMES

    counts = Counter(outcome.status for outcome in outcomes)
    status = FAILED if counts["wrong"] else WRONG_WORDS if counts["not checked"] else 0
    if options.json:
        checks = [outcome.as_dict() for outcome in outcomes]
        print(json.dumps({"target": options.target, "ok": status == 0, "error": None, "checks": checks}, indent=2))
    elif not options.quiet:
        words = {"right, but": "right with a remark"}
        summary = ", ".join(f"{counts[word]} {words.get(word, word)}" for word in OUTCOMES if counts[word])
        print(painted(summary, "bad" if status else "good"))
    return status


def _outcomes(options: argparse.Namespace) -> Iterator[Any]:
    from tinygan.backend.threads import blas_threads
    from tinygan.gradcheck.files.discovery import find_checkable
    from tinygan.gradcheck.files.loading import loaded
    from tinygan.gradcheck.files.outcome import outcome

    source, name = options.target, options.only
    if not name:
        source, colon, name = options.target.rpartition(":")
        if not colon or not name.isidentifier():  # as in C:\\layers.py
            source, name = options.target, ""
    with ExitStack() as stack:
        with _held_back(options):
            module = stack.enter_context(loaded(source, definitions=options.definitions))
        for note in getattr(module, "__notes__", ()):
            print(f"tinygan check: {note}", file=sys.stderr)
        folder = Path(getattr(module, "__file__", None) or "x").resolve().parent
        for found in find_checkable(module, name):
            with _held_back(options), blas_threads(1):  # the networks under check are small
                found_out = outcome(found, folder, options.seed, options.tolerance)
            yield found_out


@contextmanager
def _held_back(options: argparse.Namespace) -> Iterator[None]:
    """Swallow what the code under check prints, or send it to stderr if the options ask for all that there is."""
    held = sys.stderr if options.verbose else StringIO()
    with redirect_stdout(held), redirect_stderr(held):
        yield


def _seen_from_here(text: str) -> str:
    """Return a text in which files of the current folder have no other name than their own."""
    return text.replace(f"{Path.cwd()}{os.sep}", "")


def _paragraph(outcome: Any, *, verbose: bool) -> str:
    """Return the lines about one thing that was checked; the first one is coloured, and says the verdict in words."""
    report = outcome.report
    if report is None or outcome.status == "not checked":
        first, _, rest = f"{outcome.name}: {outcome.status}. {outcome.message}".partition("\n")
        return painted(first, "bad") + (f"\n{rest}" if rest else "")
    first = painted(f"{outcome.name}: {outcome.status}", "good" if report.ok else "bad")
    if outcome.status == "right":
        error = max(row.relative_error for row in report.rows)
        first += f" ({', '.join(row.tensor for row in report.rows)}; relative error at most {error:.0e})"
    rest = (str(report) if verbose else report.brief()).partition("\n")[2]
    if outcome.inputs and (verbose or not report.ok):
        rest += "\n" + textwrap.fill(f"Checked with {outcome.inputs}.", 100)
    return "\n".join([first, textwrap.indent(rest, "  ")] if rest else [first])
