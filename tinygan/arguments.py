"""Checks of plain arguments: each returns a right value, or raises an error that says what it got and what it takes."""

import math
import numbers
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any


def check_count(what: str, value: Any, *, least: int = 1) -> int:
    """Return value as an int >= least, or raise an error that begins with `what`."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{what}={value!r}; it takes an int >= {least}")
    if value < least:
        raise ValueError(f"{what}={value}; it takes an int >= {least}")
    return int(value)


def check_share(what: str, value: Any) -> float:
    """Return value as a float in [0, 1), or raise an error that begins with `what`."""
    return _check_number(what, value, "a number in [0, 1)", lambda number: 0 <= number < 1)


def check_momentum(what: str, value: Any) -> float:
    """Return value as a float in (-1, 1), or raise an error that begins with `what`."""
    return _check_number(what, value, "a number in (-1, 1)", lambda number: -1 < number < 1)


def check_size(what: str, value: Any) -> float:
    """Return value as a finite float >= 0, or raise an error that begins with `what`."""
    return _check_number(what, value, "a finite number >= 0", lambda number: 0 <= number < math.inf)


def check_positive(what: str, value: Any) -> float:
    """Return value as a finite float > 0, or raise an error that begins with `what`."""
    return _check_number(what, value, "a finite number > 0", lambda number: 0 < number < math.inf)


def check_finite(what: str, value: Any) -> float:
    """Return value as a finite float, or raise an error that begins with `what`."""
    return _check_number(what, value, "a finite number", math.isfinite)


def check_choice(what: str, value: Any, choices: Sequence[str]) -> None:
    """Raise a ValueError that begins with `what` unless value is one of the choices; a near one is named."""
    if value not in choices:
        raise ValueError(f"{what} {value!r}{alternatives(value, choices, repr)}")


def alternatives(value: Any, names: Sequence[str], shown: Callable[[str], str] = str) -> str:
    """Return the end of a message about an unknown name: the known name that is near, if any, and then all of them.

    Examples
    --------
    >>> "svhn" + alternatives("svhn", ["mnist", "tfd"])
    'svhn; it takes one of mnist, tfd'
    >>> "figur1" + alternatives("figur1", ["figure1", "check"])
    'figur1, did you mean figure1? It takes one of figure1, check'
    >>> "MNIST" + alternatives("MNIST", ["mnist", "tfd"])
    'MNIST, did you mean mnist? It takes one of mnist, tfd'
    """
    near = get_close_matches(str(value), names, 1, 0.7) or get_close_matches(str(value).lower(), names, 1, 0.7)
    hint = f", did you mean {shown(near[0])}? It" if near else "; it"
    return f"{hint} takes one of {', '.join(map(shown, names))}"


def _check_number(what: str, value: Any, wanted: str, fits: Callable[[float], bool]) -> float:
    if not isinstance(value, numbers.Real):
        raise TypeError(f"{what}={value!r}; it takes {wanted}")
    number = float(value)
    if not fits(number):
        raise ValueError(f"{what}={value!r}; it takes {wanted}")
    return number
