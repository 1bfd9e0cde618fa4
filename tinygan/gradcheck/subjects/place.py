"""Where the networks under check live: their numbers on the host, as the checker changes and reads them."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from tinygan.backend import Array, device_of, get_array_module, to_host
from tinygan.layers import Parameter


class Place:
    """The host: networks that live there compute with the very arrays of the checker.

    Parameters
    ----------
    learned : dict from str to Parameter
        All that the networks learn, by name.

    Attributes
    ----------
    learned : dict from str to Parameter
    parameters : dict from str to Parameter
        The same, with data on the host: what the checker changes and reads.
    device : str
        Where the networks live.
    """

    device = "cpu"

    def __init__(self, learned: Mapping[str, Parameter]) -> None:
        self.learned = learned
        self.parameters: Mapping[str, Any] = learned

    @contextmanager
    def lending(self, *arrays: Array) -> Iterator[tuple[Array, ...]]:
        """Yield the arrays where the networks take them; what these do to arrays and parameters shows afterwards."""
        yield arrays

    @contextmanager
    def in_float64(self) -> Iterator[None]:
        """Replace parameters of float32 by copies of float64, and put all back as it was in the end."""
        kept = [(theta, theta.data, theta.data.copy()) for theta in self.learned.values()]
        with self.no_gradients():
            try:
                for theta in self.learned.values():
                    if theta.data.dtype != np.float64 or not theta.data.flags.c_contiguous:
                        theta.data = theta.data.astype(np.float64, order="C")
                yield
            finally:
                for theta, data, values in kept:
                    theta.data = data
                    data[...] = values

    @contextmanager
    def no_gradients(self) -> Iterator[None]:
        """Set all gradients aside, and put them back in the end."""
        with ExitStack() as stack:
            for theta in self.learned.values():
                stack.enter_context(theta.set_aside())
            yield


def brought_home(what: str, array: Any, device: str) -> Any:
    """Return on the host what networks of a device gave, or raise a TypeError if it is an array of another one.

    Examples
    --------
    >>> brought_home("forward", np.ones(2), "cpu"), brought_home("backward_input", None, "cpu")
    (array([1., 1.]), None)
    """
    if is_array(array) and device_of(array) != device:
        raise TypeError(f"{what} gave an array on {device_of(array)}, though all that it got is on {device}")
    return to_host(array)


def is_array(value: Any) -> bool:
    """Return whether something is an array, of NumPy or CuPy.

    Examples
    --------
    >>> is_array(np.ones(2)), is_array(2.0)
    (True, False)
    """
    return isinstance(value, get_array_module(value).ndarray)
