"""Networks on a device, checked from the host: what they take is moved there at the door, and what they give, back."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tinygan.backend import Array, device_of, module_of, to_host
from tinygan.gradcheck.subjects.place import Place, brought_home
from tinygan.layers import Parameter


class Twin:
    """A parameter of a device, as the checker has it: its data on the host, and its gradient, brought home when read.

    Attributes
    ----------
    theta : Parameter
        That of the device.
    data : ndarray
        On the host; the device gets a copy when networks compute with it.
    """

    def __init__(self, theta: Parameter) -> None:
        self.theta, self.data = theta, to_host(theta.data)

    @property
    def grad(self) -> Any:
        """The gradient on the device, on the host; None if there is none."""
        what = f"the backward pass of {self.theta.name or 'a parameter'}"
        return brought_home(what, self.theta.grad, device_of(self.theta.data))

    @grad.setter
    def grad(self, grad: Array | None) -> None:
        self.theta.grad = None if grad is None else module_of(device_of(self.theta.data)).asarray(grad)


class OnDevice(Place):
    """A device: its networks get copies, of the arrays and of all parameters, and copies of what is left come home.

    Parameters
    ----------
    learned : dict from str to Parameter
        All that the networks learn, by name; on the device.
    device : str
        Such as ``"gpu:0"``.
    """

    def __init__(self, learned: Mapping[str, Parameter], device: str) -> None:
        super().__init__(learned)
        self.device = device
        self.parameters = {name: Twin(theta) for name, theta in learned.items()}

    @contextmanager
    def lending(self, *arrays: Array) -> Iterator[tuple[Array, ...]]:
        """Yield copies on the device; the parameters there have the numbers of their twins for so long.

        Raises
        ------
        TypeError
            If something is complex, as in a complex step: kernels of one's own are written for real numbers.
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
        """Replace parameters of float32 by copies of float64, their twins as well, and put all back in the end."""
        with super().in_float64():
            for twin in self.parameters.values():
                twin.data = to_host(twin.theta.data)
            yield


def place_of(what: str, learned: Mapping[str, Parameter], **arrays: Array | None) -> Place:
    """Return the place of parameters and arrays, or raise a TypeError if they live in two.

    Parameters
    ----------
    what : str
        Got them, as the error says.
    learned : dict from str to Parameter
        All that the networks learn, by name.
    **arrays : ndarray or None
        What they are to take, by name, as far as it is given.

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
