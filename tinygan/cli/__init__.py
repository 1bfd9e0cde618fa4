"""The command line: turns words into calls, and prints results."""

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
    runs,
    samples,
    train,
)
from tinygan.cli.status import FAILED, INTERRUPTED, WRONG_WORDS
from tinygan.ranks.launcher import started_number

COMMANDS = (figure1, check, gallery, data, train, evaluate, samples, interpolate, curves, generate, runs, doctor)
# What several ranks share; they leave the rest to rank 0.
TOGETHER = ("train", "evaluate")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0, 1 if it failed, 2 for wrong words, 130 if it was interrupted.

    Parameters
    ----------
    arguments : sequence of str, optional
        The words after ``tinygan``; by default those of the process.

    Examples
    --------
    >>> main(["figure1", "--iterations", "10", "--no-draw", "-q"])
    0
    """
    for name in ("stdout", "stderr"):  # None where a shell has closed it, as 2>&- does
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  for as long as the process
    parser = argparse.ArgumentParser(
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
        with _only_rank_0_speaks():
            parser.print_help()
        return 0
    return _run(options)


def _run(options: argparse.Namespace) -> int:
    """Run the command that the words ask for, on all ranks if it is one of those that they share."""
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
        status = int(options.run(options))
        sys.stdout.flush()
        return status
    except Elsewhere:  # another rank says why
        return 0
    except KeyboardInterrupt:
        print(f"tinygan {options.command}: {ranks.prefix}interrupted", file=sys.stderr)
        ranks.abort(INTERRUPTED)
        return INTERRUPTED
    except BrokenPipeError:  # whoever read the output, such as head, has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (ValueError, OSError, ArithmeticError, MemoryError, RuntimeError) as error:
        print(f"tinygan {options.command}: error: {ranks.prefix}{error}", file=sys.stderr)
        status = WRONG_WORDS if isinstance(error, ValueError) else FAILED
        ranks.abort(status)
        return status


@contextmanager
def _only_rank_0_speaks() -> Iterator[None]:
    """Keep the ranks from all saying the same of the same words, and leave it to rank 0 to exit with an error.

    If another one did so first, some mpiexec would kill rank 0 before it has said what is wrong.
    """
    if started_number() == 0:
        yield
        return
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        try:
            yield
        except SystemExit:
            sys.exit(0)
