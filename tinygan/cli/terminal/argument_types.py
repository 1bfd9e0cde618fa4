"""Turn the words of a command line into values, and refuse wrong ones with an example that works."""

import argparse
from typing import Any, get_args

# The names in tinygan.adversarial.objectives, copied so that `tinygan --help` need not wait for its import.
OBJECTIVES = ("non_saturating", "minimax", "least_squares", "wasserstein")


def count(word: str) -> int:
    """Return the whole number >= 1 that a word says."""
    return _whole_number(word, 1, "100")


def seed(word: str) -> int:
    """Return the whole number >= 0 that a word says."""
    return _whole_number(word, 0, "7")


def _whole_number(word: str, least: int, example: str) -> int:
    try:
        number = int(word)
    except ValueError:
        number = least - 1
    if number < least:
        raise argparse.ArgumentTypeError(f"{word!r} is not a whole number >= {least}, such as {example}")
    return number


def rate(word: str) -> float:
    """Return the number > 0 that a word says."""
    return _number(word, float("inf"), "is not a number > 0, such as 0.005", above_zero=True)


def momentum(word: str) -> float:
    """Return the number in [0, 1) that a word says."""
    return _number(word, 1.0, "is not a number >= 0 and < 1, such as 0.5", above_zero=False)


def _number(word: str, end: float, complaint: str, *, above_zero: bool) -> float:
    try:
        number = float(word)
    except ValueError:
        number = -1.0
    if not 0 <= number < end or (above_zero and number == 0):
        raise argparse.ArgumentTypeError(f"{word!r} {complaint}")
    return number


def threads(word: str) -> int | str:
    """Return "auto", or the whole number >= 1 that a word says."""
    return word if word == "auto" else _whole_number(word, 1, "4, or auto")


def setting(word: str) -> tuple[str, str]:
    """Return the name and the value of NAME=VALUE."""
    name, sign, value = word.partition("=")
    if not (name and sign and value):
        raise argparse.ArgumentTypeError(f"{word!r} is not a setting, such as momentum=0.9")
    return name.strip(), value.strip()


def typed(name: str, word: str, kind: Any) -> Any:
    """Return a word as the type of a field; "none" becomes None if the field takes it.

    Examples
    --------
    >>> typed("batch_size", "50", int), typed("max_col_norm", "none", float | None)
    (50, None)
    """
    kinds = get_args(kind) or (kind,)
    if type(None) in kinds and word.lower() == "none":
        return None
    try:
        return kinds[0](word)
    except ValueError:
        wanted = {int: "a whole number", float: "a number"}[kinds[0]]
        raise ValueError(f"--set {name}={word}: it takes {wanted}") from None


def counted(n: int, what: str) -> str:
    """Return a number and what it counts, in the singular or the plural.

    Examples
    --------
    >>> counted(1, "epoch"), counted(2, "epoch")
    ('1 epoch', '2 epochs')
    """
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
