"""The command line: turns words into calls, and prints results."""

import argparse
import os
import sys
from collections.abc import Sequence

from tinygan import __version__
from tinygan.cli import (
    check,
    curves,
    data,
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

COMMANDS = (figure1, check, gallery, data, train, evaluate, samples, interpolate, curves, generate, runs)


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
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help()
        return 0
    try:
        status = int(options.run(options))
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        print(f"tinygan {options.command}: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # whoever read the output, such as head, has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (ValueError, OSError, ArithmeticError, MemoryError) as error:
        print(f"tinygan {options.command}: error: {error}", file=sys.stderr)
        return WRONG_WORDS if isinstance(error, ValueError) else FAILED
