"""The place where the networks under check live, and how the checker reads and changes their numbers on the host."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from tinygan.backend import Array, device_of, get_array_module, to_host
from tinygan.layers import Parameter


class Place:
    """The host; networks on it compute with the same arrays as the checker.

    Parameters
    ----------
    learned : dict from str to Parameter
        All parameters of the networks, by name.

    Attributes
    ----------
    learned : dict from str to Parameter
    parameters : dict from str to Parameter
        The same parameters with data on the host, which the checker reads and changes.
    device : str
        The device of the networks.
    """

    device = "cpu"

    def __init__(self, learned: Mapping[str, Parameter]) -> None:
        self.learned = learned
        self.parameters: Mapping[str, Any] = learned

    @contextmanager
    def lending(self, *arrays: Array) -> Iterator[tuple[Array, ...]]:
        """Yield the arrays on the networks' device; changes by the networks show on the host afterwards."""
        yield arrays

    @contextmanager
    def in_float64(self) -> Iterator[None]:
        """Replace float32 parameters by float64 copies, and put the old ones back at the end."""
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
        """Set all gradients aside, and put them back at the end."""
        with ExitStack() as stack:
            for theta in self.learned.values():
                stack.enter_context(theta.set_aside())
            yield


def brought_home(what: str, array: Any, device: str) -> Any:
    """Return a copy on the host of a result from a device, or raise a TypeError if it is on another device.

    Examples
    --------
    >>> brought_home("forward", np.ones(2), "cpu"), brought_home("backward_input", None, "cpu")
    (array([1., 1.]), None)
    """
    if is_array(array) and device_of(array) != device:
        raise TypeError(f"{what} gave an array on {device_of(array)}, though all that it got is on {device}")
    return to_host(array)


def is_array(value: Any) -> bool:
    """Return whether something is an array of NumPy or CuPy.

    Examples
    --------
    >>> is_array(np.ones(2)), is_array(2.0)
    (True, False)
    """
    return isinstance(value, get_array_module(value).ndarray)
