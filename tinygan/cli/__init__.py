"""The command line, which turns words into calls and prints results."""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout

from tinygan import __version__
from tinygan.cli import (
    check,
    curves,
    data,
    doctor,
    evaluate,
    figure1,
    gallery,
    generate,
    interpolate,
    lesson,
    runs,
    samples,
    train,
)
from tinygan.cli.terminal.parser import Parser
from tinygan.cli.terminal.status import FAILED, INTERRUPTED, WRONG_WORDS
from tinygan.cli.terminal.streams import outlets
from tinygan.files import in_words
from tinygan.ranks.launcher import started_number

COMMANDS = (
    figure1,
    lesson,
    check,
    gallery,
    data,
    train,
    evaluate,
    samples,
    interpolate,
    curves,
    generate,
    runs,
    doctor,
)
# The commands that several ranks run together; rank 0 runs all others alone.
TOGETHER = ("train", "evaluate")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0, 1 if it failed, 2 for wrong arguments, 130 if interrupted.

    Parameters
    ----------
    arguments : sequence of str, optional
        The words after ``tinygan``; by default, the arguments of the process.

    Examples
    --------
    >>> main(["figure1", "--iterations", "10", "--no-draw", "-q"])
    0
    """
    with outlets() as stdout:
        status = _main(arguments)
        stdout.flush()
        if stdout.failure is None or isinstance(stdout.failure, BrokenPipeError):  # head has read enough
            return status
        print(f"tinygan: error: stdout cannot be written to: {in_words(stdout.failure)}", file=sys.stderr)
        return status or FAILED


def _main(arguments: Sequence[str] | None) -> int:
    """Parse the arguments, and run the command that they ask for."""
    parser = Parser(
        prog="tinygan",
        description="Generative Adversarial Nets (Goodfellow et al. 2014), written out by hand in NumPy.",
    )
    parser.add_argument("--version", action="version", version=f"tinygan {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    for command in COMMANDS:
        command.add_parser(subparsers)
    with _only_rank_0_speaks():
        options = parser.parse_args(arguments)
        if options.command is None:
            parser.print_help()
            return 0
    return _run(options)


def _run(options: argparse.Namespace) -> int:
    """Run the command that was parsed, on all ranks if it is one that they run together, or else on rank 0."""
    from tinygan.ranks.group import Elsewhere, find_ranks

    try:
        options.ranks = ranks = find_ranks()
    except RuntimeError as error:
        if started_number() > 0:
            return 0  # rank 0 says why
        print(f"tinygan {options.command}: error: {error}", file=sys.stderr)
        return FAILED
    if ranks.rank > 0:
        if options.command not in TOGETHER:
            return 0
        options.quiet = True
    try:
        return int(options.run(options))
    except Elsewhere:  # another rank says why
        return 0
    except KeyboardInterrupt:
        print(f"tinygan {options.command}: {ranks.prefix}interrupted", file=sys.stderr)
        ranks.abort(INTERRUPTED)
        return INTERRUPTED
    except (ValueError, OSError, ArithmeticError, MemoryError, RuntimeError) as error:
        print(f"tinygan {options.command}: error: {ranks.prefix}{in_words(error)}", file=sys.stderr)
        status = WRONG_WORDS if isinstance(error, ValueError) else FAILED
        ranks.abort(status)
        return status


@contextmanager
def _only_rank_0_speaks() -> Iterator[None]:
    """Let only rank 0 print what is wrong with the arguments and exit with an error.

    If another rank exited with an error first, some mpiexec would kill rank 0 before it prints the message.
    """
    if started_number() == 0:
        yield
        return
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        try:
            yield
        except SystemExit:
            sys.exit(0)
