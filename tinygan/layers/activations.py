"""ReLU, leaky ReLU, sigmoid and tanh: one number in, one number out, one slope back."""

from typing import Any

from tinygan.backend import Array, RngLike, get_array_module
from tinygan.backend.fused import fused
from tinygan.functional import sigmoid
from tinygan.layers.doors import check_input
from tinygan.layers.elementwise import Elementwise


class ReLU(Elementwise):
    """y = max(x, 0).

    Notes
    -----
    dy/dx is 1 where x > 0 and 0 where x < 0. At the kink x = 0 we take 0.

    References
    ----------
    Glorot, Bordes and Bengio 2011, Deep sparse rectifier neural networks.

    Examples
    --------
    >>> import numpy as np
    >>> y, cache = ReLU().forward(np.array([[-1.0, 2.0]]))
    >>> y
    array([[0., 2.]])
    >>> ReLU().backward_input(np.array([[5.0, 5.0]]), cache)
    array([[0., 5.]])
    """

    def forward(self, x: Array, *, rng: RngLike = None) -> tuple[Array, Any]:
        """Return y, which is the cache as well."""
        check_input(self, x)
        y = get_array_module(x).maximum(x, 0)
        return y, y

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return dL/dx: dL/dy where y > 0, that is, where x > 0, and 0 elsewhere."""
        self._check_backward(grad_y, cache)
        return _relu_slope(grad_y, cache)


class LeakyReLU(Elementwise):
    """y = x where x > 0, and slope * x elsewhere.

    Parameters
    ----------
    slope : float
        dy/dx below 0, between 0 and 1.

    Raises
    ------
    ValueError
        If the slope is outside [0, 1].

    Notes
    -----
    At the kink x = 0 we take the slope below it.

    References
    ----------
    Maas, Hannun and Ng 2013, Rectifier nonlinearities improve neural network acoustic models.

    Examples
    --------
    >>> import numpy as np
    >>> LeakyReLU(0.1)(np.array([[-1.0, 2.0]]))
    array([[-0.1,  2. ]])
    """

    def __init__(self, slope: float = 0.01) -> None:
        if not 0 <= slope <= 1:
            raise ValueError(f"LeakyReLU got slope={slope!r}; it takes a number from 0 to 1")
        self.slope = float(slope)

    def forward(self, x: Array, *, rng: RngLike = None) -> tuple[Array, Any]:
        """Return y, and as the cache a mask of where x > 0."""
        check_input(self, x)
        y = self.slope * x
        return get_array_module(x).maximum(x, y, out=y), x > 0

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return dL/dx: dL/dy where x > 0, and slope * dL/dy elsewhere."""
        self._check_backward(grad_y, cache)
        return grad_y * get_array_module(grad_y).maximum(cache, self.slope, dtype=grad_y.dtype)


class Sigmoid(Elementwise):
    """y = 1 / (1 + exp(-x)).

    Notes
    -----
    dy/dx = y (1 - y). Computed like this in float32, it is 0 from x = 17 on, because 1 - y rounds to 0. With
    e = exp(-abs(x)) it is e / (1 + e)^2 for both signs of x, right to a few ulp. So the cache is x, not y.

    Examples
    --------
    >>> import numpy as np
    >>> y, cache = Sigmoid().forward(np.array([[0.0]]))
    >>> y, Sigmoid().backward_input(np.array([[1.0]]), cache)
    (array([[0.5]]), array([[0.25]]))
    """

    def forward(self, x: Array, *, rng: RngLike = None) -> tuple[Array, Any]:
        """Return y and x as the cache."""
        check_input(self, x)
        return sigmoid(x), x

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return dL/dx = dL/dy y (1 - y)."""
        self._check_backward(grad_y, cache)
        return _sigmoid_slope(grad_y, cache)


class Tanh(Elementwise):
    """y = tanh(x).

    Notes
    -----
    dy/dx = 1 / cosh(x)^2 = 1 - y^2.

    Examples
    --------
    >>> import numpy as np
    >>> y, cache = Tanh().forward(np.array([[0.0]]))
    >>> y, Tanh().backward_input(np.array([[1.0]]), cache)
    (array([[0.]]), array([[1.]]))
    """

    def forward(self, x: Array, *, rng: RngLike = None) -> tuple[Array, Any]:
        """Return y, which is the cache as well."""
        check_input(self, x)
        y = get_array_module(x).tanh(x)
        return y, y

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return dL/dx = dL/dy (1 - y^2)."""
        self._check_backward(grad_y, cache)
        y = cache
        return grad_y * (1 - y * y)


@fused("grad_x = grad_y * (y > 0)")
def _relu_slope(grad_y: Array, y: Array) -> Array:
    return grad_y * (y > 0)


@fused("REAL e = exp(-fabs(x)); grad_x = grad_y * (e / ((1 + e) * (1 + e)))")
def _sigmoid_slope(grad_y: Array, x: Array) -> Array:
    xp = get_array_module(x)
    e = xp.exp(-xp.abs(x))
    return grad_y * (e / (1 + e) ** 2)
