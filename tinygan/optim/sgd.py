"""Stochastic gradient descent with momentum, the paper's optimiser."""

from collections.abc import Iterator, Sequence
from typing import Any

from tinygan.arguments import check_momentum
from tinygan.backend import Array
from tinygan.backend.fused import fused
from tinygan.layers import Parameter
from tinygan.optim.constraints import Constraint
from tinygan.optim.optimizer import Optimizer

# Entries of a parameter that are updated at once: few enough for a processor's cache.
PART = 2**20


class SGD(Optimizer):
    """v <- momentum v - learning_rate g; theta <- theta + v.

    Parameters
    ----------
    parameters : sequence of Parameter
        What to update; at least one, each once.
    learning_rate : float
        At least 0. You may set this attribute between steps, for example by a schedule.
    momentum : float
        In (-1, 1). You may set it between steps, too. Below 0 it damps players who circle each other (Gidel et al.
        2019).
    constraint : callable, optional
        Limits the values, see `Optimizer`.

    Raises
    ------
    TypeError, ValueError
        If there are no parameters, one comes twice, or a number is out of its range.

    See Also
    --------
    RMSProp : Divides each gradient by its usual size.
    Adam : Divides the mean gradient by the usual size of gradients.

    References
    ----------
    Gidel et al. 2019, Negative momentum for improved game dynamics, arXiv:1807.04740.

    Examples
    --------
    >>> import numpy as np
    >>> theta = Parameter(np.array([1.0]))
    >>> optimizer = SGD([theta], learning_rate=0.1)
    >>> theta.accumulate(2 * theta.data)  # the gradient of theta^2
    >>> optimizer.step()
    >>> theta.data, theta.grad
    (array([0.8]), None)
    """

    def __init__(
        self,
        parameters: Sequence[Parameter],
        learning_rate: float,
        momentum: float = 0.0,
        *,
        constraint: Constraint | None = None,
    ) -> None:
        super().__init__(parameters, learning_rate, constraint=constraint)
        self.momentum = check_momentum(f"{type(self).__name__} got momentum", momentum)
        self.state["velocity"] = self.zeros()

    def update(self, i: int, data: Array, grad: Array) -> None:
        """Change the velocity by the gradient, and the values by the velocity."""
        _move(data, self.state["velocity"][i], grad, self.learning_rate, self.momentum)


@fused("velocity = momentum * velocity - learning_rate * grad; data += velocity")
def _move(data: Array, velocity: Array, grad: Array, learning_rate: float, momentum: float) -> None:
    for rows in _parts(data):
        part = velocity[rows]
        part *= momentum
        part -= learning_rate * grad[rows]
        data[rows] += part


def _parts(data: Array) -> Iterator[Any]:
    """Yield indices of parts of a large array: each is read and written once, and needs little memory besides."""
    if data.size <= PART:
        yield ...
    else:
        n_rows = max(1, PART * len(data) // data.size)
        yield from (slice(i, i + n_rows) for i in range(0, len(data), n_rows))
