"""What a layer learns: values, and the gradient that its backward passes accumulate."""

from collections.abc import Iterator
from contextlib import contextmanager

from tinygan.backend import Array, get_array_module
from tinygan.backend.arrays import array_kind, check_arrays


class Parameter:
    """An array that is learned, and the gradient accumulated for it.

    Parameters
    ----------
    data : ndarray
        The values, which an optimiser updates in place.
    name : str
        What messages call it, for example ``"weight"``.
    unit_axis : int or None
        The axis of a weight that counts the units of its layer; what comes in to one unit lies along all the others. It
        is the last one in a Linear, (n_in, n_out), and in a convolution, (height, width, n_in, n_out), and -2 in a
        transposed convolution, whose weight lies the other way round. None for a bias of several axes.

    Attributes
    ----------
    grad : ndarray of the shape of data, or None
        None until a backward pass accumulates into it, and again after an optimiser's step, which uses it up: to keep
        it longer, copy it.

    Raises
    ------
    TypeError
        If data is not an array.

    Examples
    --------
    >>> import numpy as np
    >>> theta = Parameter(np.zeros(2), "theta")
    >>> theta.accumulate(np.ones(2))
    >>> theta.accumulate(np.ones(2))
    >>> theta.grad
    array([2., 2.])
    """

    def __init__(self, data: Array, name: str = "", *, unit_axis: int | None = -1) -> None:
        check_arrays("Parameter", data=data)
        if not isinstance(data, get_array_module(data).ndarray):
            raise TypeError(f"Parameter got data of {array_kind(data, 'data')}")
        self.data = data
        self.name = name
        self.unit_axis = unit_axis
        self.grad: Array | None = None

    def accumulate(self, grad: Array) -> None:
        """Add grad, an array that nobody else holds, to the gradient."""
        if self.grad is None:
            self.grad = grad
        else:
            self.grad += grad

    @contextmanager
    def set_aside(self) -> Iterator[None]:
        """Let a gradient be computed apart from the one that is there, which is back in the end."""
        kept, self.grad = self.grad, None
        try:
            yield
        finally:
            self.grad = kept

    def __repr__(self) -> str:
        return f"Parameter({self.name!r}, shape {self.data.shape}, {self.data.dtype})"
