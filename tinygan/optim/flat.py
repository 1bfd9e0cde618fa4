"""Parameters end to end in one array and their gradients in another, so that an update is one pass over memory."""

import itertools
import math
from collections.abc import Sequence

import numpy as np

from tinygan.backend import Array, device_of, get_array_module
from tinygan.layers import Parameter


class Flat:
    """Storage of the parameters of an optimiser that share a device and a precision.

    Each ``theta.data`` becomes a view of `data`, with the values that it had, and `gather` copies the gradients into
    `grad`. One kernel can then update them all, and one message average them all.

    Parameters
    ----------
    parameters : sequence of Parameter
        At least one.

    Attributes
    ----------
    parameters : tuple of Parameter
    data, grad : ndarray of shape (n,)

    Examples
    --------
    >>> import numpy as np
    >>> W, b = Parameter(np.ones((2, 2)), "W"), Parameter(np.zeros(2), "b")
    >>> flat = Flat([W, b])
    >>> flat.data += 1
    >>> b.data
    array([1., 1.])
    """

    def __init__(self, parameters: Sequence[Parameter]) -> None:
        self.parameters = tuple(parameters)
        _check_apart(self.parameters)
        xp = get_array_module(*(theta.data for theta in self.parameters))
        first = self.parameters[0].data
        alone = len(self.parameters) == 1 and first.flags.c_contiguous
        self.data = first.reshape(-1) if alone else xp.concatenate([theta.data.ravel() for theta in self.parameters])
        self.grad = xp.zeros_like(self.data)
        self._data = [first] if alone else self.views(self.data)
        self._grads = self.views(self.grad)
        for theta, data in zip(self.parameters, self._data, strict=True):
            theta.data = data

    def views(self, flat: Array) -> list[Array]:
        """Return an array like `data` as a view for every parameter, of its shape."""
        shapes = [theta.data.shape for theta in self.parameters]
        ends = [*itertools.accumulate(map(math.prod, shapes))]
        return [flat[end - math.prod(shape) : end].reshape(shape) for shape, end in zip(shapes, ends, strict=True)]

    def gather(self) -> None:
        """Bring in the gradients, and data that somebody has put into a parameter.

        Raises
        ------
        ValueError
            If a parameter is on another device now, or of another shape or precision.
        """
        for theta, data, grad in zip(self.parameters, self._data, self._grads, strict=True):
            if theta.data is not data:
                here, there = _kind(data), _kind(theta.data)
                if here != there:
                    raise ValueError(
                        f"the optimiser was made for {theta.name or 'a parameter'} {here}, and it is {there} now; "
                        "make the optimiser after moving or replacing what it updates"
                    )
                data[...] = theta.data
                theta.data = data
            grad[...] = theta.grad


def flats(parameters: Sequence[Parameter]) -> list[Flat]:
    """Return the storage of all parameters: one of each device and precision, which for a network is one in all.

    Examples
    --------
    >>> import numpy as np
    >>> [flat.data.size for flat in flats([Parameter(np.ones((2, 2))), Parameter(np.zeros(2))])]
    [6]
    """
    groups: dict[tuple[str, str], list[Parameter]] = {}
    for theta in parameters:
        groups.setdefault((device_of(theta.data), theta.data.dtype.str), []).append(theta)
    return [Flat(group) for group in groups.values()]


def _check_apart(parameters: Sequence[Parameter]) -> None:
    """Raise unless every parameter has an array of its own: storage end to end would part those that share one."""
    for one, other in itertools.combinations(parameters, 2):
        if isinstance(one.data, np.ndarray) and np.may_share_memory(one.data, other.data):
            raise ValueError(f"{one} and {other} share one array; give a layer that is used twice one Parameter")


def _kind(array: Array) -> str:
    return f"on {device_of(array)}, {array.dtype} of shape {array.shape}"
