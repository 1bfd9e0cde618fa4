"""What an update does to arrays, in place: a step with momentum, and a limit on the norms of columns."""

from tinygan.backend import Array, get_array_module, kernels
from tinygan.backend.kernels import fused

# So many numbers of theta, v and g at a time stay in a core's cache between the operations of an update.
PIECE = 2**16


@fused(kernels.momentum_step)
def momentum_step(data: Array, velocity: Array, grad: Array, learning_rate: float, momentum: float) -> None:
    """Update flat arrays in place by v <- momentum v - learning_rate g; theta <- theta + v.

    Examples
    --------
    >>> import numpy as np
    >>> theta, v = np.zeros(2), np.ones(2)
    >>> momentum_step(theta, v, np.ones(2), 0.25, 0.5)
    >>> theta, v
    (array([0.25, 0.25]), array([0.25, 0.25]))
    """
    for start in range(0, data.size, PIECE):
        piece = slice(start, start + PIECE)
        theta, v = data[piece], velocity[piece]
        v *= momentum
        v -= learning_rate * grad[piece]
        theta += v


def limit_column_norms(weight: Array, longest: float) -> None:
    """Scale down, in place, the columns of a weight of shape (n_in, n_out) whose L2 norm is above the longest allowed.

    Examples
    --------
    >>> import numpy as np
    >>> weight = np.array([[3.0, 0.1], [4.0, 0.0]])
    >>> limit_column_norms(weight, 1.0)
    >>> weight
    array([[0.6, 0.1],
           [0.8, 0. ]])
    """
    xp = get_array_module(weight)
    norms = xp.sqrt((weight * weight).sum(axis=0))
    weight *= longest / xp.maximum(norms, longest)
