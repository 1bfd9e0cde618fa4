"""The option that chooses the device of the matrix products, and the line that names this device."""

import argparse
import sys
from typing import Any

HELP = (
    "where to compute: cpu, gpu (the first), gpu:N (the one of that number), or auto: the first GPU if a kernel runs "
    "on it, else the CPU"
)


def add_device_option(parser: Any, *, default: str | None = None, why: str = "") -> None:
    """Add ``--device`` to a parser or its group; without a default, `chosen_device` takes ``auto``.

    Parameters
    ----------
    parser : argparse.ArgumentParser or a group of it
    default : str, optional
        The value of ``options.device`` if the option is not given.
    why : str, optional
        The reason for the default, for the help.
    """
    told = f"{default or 'auto'}{', ' if why else ''}{why}"
    parser.add_argument("--device", type=device, default=default, metavar="DEVICE", help=f"{HELP} (default: {told})")


def device(word: str) -> str:
    """Return the word if it is the name of a device, whether this machine has that device or not.

    Examples
    --------
    >>> device("gpu:1")
    'gpu:1'
    """
    name, _, digits = word.partition(":")
    if word in ("cpu", "gpu", "auto") or (name == "gpu" and digits.isdecimal()):
        return word
    raise argparse.ArgumentTypeError(f"{word!r} is not a device; it takes cpu, gpu, gpu:1 and so on, or auto")


def chosen_device(options: argparse.Namespace) -> str:
    """Return the device that the options ask for, and print on stderr which GPU it is, or why there is none.

    Nothing is printed with ``--quiet``, for a CPU that was asked for, and for a missing GPU on a machine without CuPy
    if nobody asked for one. Several ranks on one machine take its GPUs in turn.

    Raises
    ------
    ValueError, RuntimeError
        As `tinygan.backend.choose_device` raises them.
    """
    from tinygan.backend import choose_device, has_cupy

    if options.device is None and not has_cupy():
        return "cpu"
    chosen, why = choose_device(options.device or "auto", options.ranks.local)
    if options.device != "cpu" and not getattr(options, "quiet", False):
        print(f"device: {why}", file=sys.stderr)
    return chosen
