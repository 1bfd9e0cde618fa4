"""Check networks on a device from the host: their inputs are copied to the device, and their results back."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tinygan.backend import Array, device_of, module_of, to_host
from tinygan.gradcheck.subjects.place import Place, brought_home
from tinygan.layers import Parameter


class Twin:
    """The host's version of a parameter on a device, with data on the host and a gradient that is copied when read.

    Attributes
    ----------
    theta : Parameter
        The parameter on the device.
    data : ndarray
        The numbers on the host. The device gets a copy when networks compute with them.
    """

    def __init__(self, theta: Parameter) -> None:
        self.theta, self.data = theta, to_host(theta.data)

    @property
    def grad(self) -> Any:
        """A copy on the host of the gradient on the device; None if there is no gradient."""
        what = f"the backward pass of {self.theta.name or 'a parameter'}"
        return brought_home(what, self.theta.grad, device_of(self.theta.data))

    @grad.setter
    def grad(self, grad: Array | None) -> None:
        self.theta.grad = None if grad is None else module_of(device_of(self.theta.data)).asarray(grad)


class OnDevice(Place):
    """A device, whose networks get copies of arrays and parameters, and whose results are copied back to the host.

    Parameters
    ----------
    learned : dict from str to Parameter
        All parameters of the networks, by name, on the device.
    device : str
        Name of the device, such as ``"gpu:0"``.
    """

    def __init__(self, learned: Mapping[str, Parameter], device: str) -> None:
        super().__init__(learned)
        self.device = device
        self.parameters = {name: Twin(theta) for name, theta in learned.items()}

    @contextmanager
    def lending(self, *arrays: Array) -> Iterator[tuple[Array, ...]]:
        """Yield copies on the device; during the block, the parameters there have the numbers of their twins.

        Raises
        ------
        TypeError
            If an array or a parameter is complex, as in a complex step, since custom kernels take real numbers.
        """
        twins: list[Twin] = list(self.parameters.values())
        if any(array.dtype.kind == "c" for array in (*arrays, *(twin.data for twin in twins))):
            raise TypeError(f"no complex numbers are tried on {self.device}")
        xp = module_of(self.device)
        lent = tuple(xp.asarray(array) for array in arrays)
        kept = [(twin, twin.theta.data, twin.theta.data.copy()) for twin in twins]
        try:
            for twin, data, _ in kept:
                data[...] = xp.asarray(twin.data)
            yield lent
        finally:
            for array, there in zip(arrays, lent, strict=True):
                array[...] = to_host(there)
            for twin, data, values in kept:
                twin.data[...] = to_host(twin.theta.data)
                twin.theta.data = data
                data[...] = values

    @contextmanager
    def in_float64(self) -> Iterator[None]:
        """Replace float32 parameters and their twins by float64 copies, and put all of them back at the end."""
        with super().in_float64():
            for twin in self.parameters.values():
                twin.data = to_host(twin.theta.data)
            yield


def place_of(what: str, learned: Mapping[str, Parameter], **arrays: Array | None) -> Place:
    """Return the place of parameters and arrays, or raise a TypeError if they are in different places.

    Parameters
    ----------
    what : str
        The beginning of the error message.
    learned : dict from str to Parameter
        All parameters of the networks, by name.
    **arrays : ndarray or None
        The inputs of the networks, by name; None for an input that is not given.

    Examples
    --------
    >>> import numpy as np
    >>> place_of("a layer", {}, x=np.ones((2, 3))).device
    'cpu'
    """
    places = {name: device_of(theta.data) for name, theta in learned.items()}
    places |= {name: device_of(array) for name, array in arrays.items() if array is not None}
    first, device = next(iter(places.items()), ("", "cpu"))
    for name, other in places.items():
        if other != device:
            raise TypeError(
                f"{what} got {name} on {other}, but {first} on {device}; see tinygan.backend.to_device, "
                f'as in to_device({"x" if name in arrays else "network"}, "{device}")'
            )
    return Place(learned) if device == "cpu" else OnDevice(learned, device)
