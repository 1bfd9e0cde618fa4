"""What a layer learns, with the gradient that its backward passes accumulate, and what it keeps without learning it."""

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
        The axis of a weight that counts the units of its layer; the incoming weights of one unit lie along all other
        axes. It is the last one for a Linear, (n_in, n_out), and for a convolution, (height, width, n_in, n_out). It is
        -2 for a transposed convolution, where the last two axes are swapped. None for a bias of several axes.

    Attributes
    ----------
    grad : ndarray of the shape of data, or None
        None until a backward pass accumulates into it. An optimiser's step uses it up and sets it to None again; copy
        it before that if you need it longer.

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
        """Add grad to the gradient; it may become the gradient itself, so nobody else may hold this array."""
        if self.grad is None:
            self.grad = grad
        else:
            self.grad += grad

    @contextmanager
    def set_aside(self) -> Iterator[None]:
        """Begin the body without a gradient, and put back the present one at its end."""
        kept, self.grad = self.grad, None
        try:
            yield
        finally:
            self.grad = kept

    def __repr__(self) -> str:
        return f"Parameter({self.name!r}, shape {self.data.shape}, {self.data.dtype})"


class Buffer:
    """An array that a layer keeps and does not learn, such as the statistics that batch normalisation evaluates with.

    It is saved with the parameters and moves with them to another device. No optimiser changes it.

    Parameters
    ----------
    data : ndarray
        The values.
    name : str
        What files and messages call it, for example ``"mean"``.

    Examples
    --------
    >>> import numpy as np
    >>> Buffer(np.zeros(2), "mean")
    Buffer('mean', shape (2,), float64)
    """

    def __init__(self, data: Array, name: str) -> None:
        self.data = data
        self.name = name

    def __repr__(self) -> str:
        return f"Buffer({self.name!r}, shape {self.data.shape}, {self.data.dtype})"
