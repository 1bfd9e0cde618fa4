"""The numbers that the words of a command line stand for, each refused with an example that works."""

import argparse


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
        raise argparse.ArgumentTypeError(f"{word!r} is no whole number >= {least}, such as {example}")
    return number


def rate(word: str) -> float:
    """Return the number > 0 that a word says."""
    return _number(word, float("inf"), "is no number > 0, such as 0.005", above_zero=True)


def momentum(word: str) -> float:
    """Return the number in [0, 1) that a word says."""
    return _number(word, 1.0, "is no number >= 0 and < 1, such as 0.5", above_zero=False)


def _number(word: str, end: float, complaint: str, *, above_zero: bool) -> float:
    try:
        number = float(word)
    except ValueError:
        number = -1.0
    if not 0 <= number < end or (above_zero and number == 0):
        raise argparse.ArgumentTypeError(f"{word!r} {complaint}")
    return number
