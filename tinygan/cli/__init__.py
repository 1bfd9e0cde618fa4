"""The command line: turns words into calls, and prints results."""

import argparse
import sys
from collections.abc import Sequence

from tinygan import __version__
from tinygan.cli import figure1

COMMANDS = (figure1,)

FAILED, WRONG_WORDS = 1, 2  # argparse, too, exits with 2
INTERRUPTED = 130  # 128 + SIGINT, as shells report it


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
        return int(options.run(options))
    except KeyboardInterrupt:
        print(f"tinygan {options.command}: interrupted", file=sys.stderr)
        return INTERRUPTED
    except (ValueError, OSError, FloatingPointError) as error:
        print(f"tinygan {options.command}: error: {error}", file=sys.stderr)
        return WRONG_WORDS if isinstance(error, ValueError) else FAILED
