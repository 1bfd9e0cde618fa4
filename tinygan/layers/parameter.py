"""What a layer learns: values, and the gradient that its backward passes accumulate."""

from collections.abc import Iterator
from contextlib import contextmanager

from tinygan.backend import Array, device_of, get_array_module, kernels
from tinygan.backend.kernels import fused


class Parameter:
    """An array that is learned, and the gradient accumulated for it.

    Parameters
    ----------
    data : ndarray
        The values. Making an optimiser moves them into its storage, where it updates them in place.
    name : str
        What messages call it, for example ``"weight"``.

    Attributes
    ----------
    grad : ndarray of the shape of data, or None
        None until a backward pass accumulates into it, and again after an optimiser's step, which uses it up: to keep
        it longer, copy it.
    room : ndarray of the shape of data, or None
        Where an optimiser wants the next gradient to be, see `tinygan.optim.flat`; None once it is used, until the
        optimiser's step has used that gradient up.

    Examples
    --------
    >>> import numpy as np
    >>> theta = Parameter(np.zeros(2), "theta")
    >>> theta.accumulate(np.ones(2))
    >>> theta.accumulate(np.ones(2))
    >>> theta.grad
    array([2., 2.])
    """

    def __init__(self, data: Array, name: str = "") -> None:
        self.data = data
        self.name = name
        self.grad: Array | None = None
        self.room: Array | None = None

    def accumulate(self, grad: Array) -> None:
        """Add grad, an array that nobody else holds, to the gradient."""
        if self.grad is None:
            self.grad = grad
        else:
            self.grad += grad

    def accumulate_product(self, a: Array, b: Array) -> None:
        """Add a @ b to the gradient; a first one goes where an optimiser wants it, with no copy on the way."""
        self.accumulate(get_array_module(a, b).matmul(a, b, out=self._free_room(b)))

    def accumulate_sum(self, rows: Array) -> None:
        """Add the sum of the rows to the gradient, likewise."""
        if self.grad is None:
            self.grad = rows.sum(axis=0, out=self._free_room(rows))
        else:
            self.grad = _with_sum(self.grad, rows)

    def _free_room(self, like: Array) -> Array | None:
        """Return the room for a first gradient made of arrays of this kind, and give it away only once."""
        room = self.room
        if self.grad is not None or room is None or device_of(room) != device_of(like):
            return None
        if not room.dtype == like.dtype == self.data.dtype:
            return None
        self.room = None  # whoever keeps this gradient and sets grad to None does not find another one in it
        return room

    @contextmanager
    def set_aside(self) -> Iterator[None]:
        """Let a gradient be computed apart from the one that is there, which is back in the end."""
        kept, self.grad, self.room = (self.grad, self.room), None, None
        try:
            yield
        finally:
            self.grad, self.room = kept

    def __repr__(self) -> str:
        return f"Parameter({self.name!r}, shape {self.data.shape}, {self.data.dtype})"


@fused(kernels.add_sum)
def _with_sum(total: Array, rows: Array) -> Array:
    total += rows.sum(axis=0)
    return total
