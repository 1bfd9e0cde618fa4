"""One rule for all pictures: they take arrays on the host, and never fetch arrays from a GPU by themselves."""

from typing import Any

from tinygan.backend import device_of


def check_on_host(what: str, array: Any) -> None:
    """Raise a TypeError that begins with `what`, such as "draw_samples got images", if the array is on a GPU.

    Examples
    --------
    >>> import numpy as np
    >>> check_on_host("draw_samples got images", np.zeros((1, 28, 28)))
    """
    if (device := device_of(array)) != "cpu":
        name = what.rpartition(" ")[2]
        raise TypeError(f"{what} on {device}; it takes arrays on the host, as tinygan.backend.to_host({name}) gives")
