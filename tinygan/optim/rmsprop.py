"""RMSProp: descent that divides each gradient by its usual size."""

from collections.abc import Sequence

from tinygan.arguments import check_share, check_size
from tinygan.backend import Array, get_array_module
from tinygan.layers import Parameter
from tinygan.optim.constraints import Constraint
from tinygan.optim.sgd import SGD


class RMSProp(SGD):
    """SGD with momentum on gradients divided by the root of the mean of their squares.

    s <- decay s + (1 - decay) g^2; v <- momentum v - learning_rate g / (sqrt(s / (1 - decay^t)) + epsilon);
    theta <- theta + v.

    Parameters
    ----------
    parameters : sequence of Parameter
        What to update; at least one, each once.
    learning_rate : float
        At least 0. You may set this attribute between steps, for example by a schedule.
    momentum : float
        In (-1, 1). You may set it between steps, too.
    decay : float
        In [0, 1): how slowly the mean of the squared gradients forgets.
    epsilon : float
        At least 0; keeps the division finite where gradients vanish.
    constraint : callable, optional
        Limits the values, see `Optimizer`.

    Raises
    ------
    TypeError, ValueError
        If there are no parameters, one comes twice, or a number is out of its range.

    See Also
    --------
    SGD : Plain descent with momentum.
    Adam : Divides the mean gradient by the usual size of gradients.

    Notes
    -----
    The mean s starts at 0. After t steps, the weights (1 - decay) decay^(t - i) of the squares in it add up to
    1 - decay^t, so it is divided by that, as in Adam (Kingma and Ba 2015, section 3).

    References
    ----------
    Tieleman and Hinton 2012, Neural networks for machine learning, lecture 6.5.

    Examples
    --------
    >>> import numpy as np
    >>> theta = Parameter(np.array([1.0]))
    >>> optimizer = RMSProp([theta], learning_rate=0.1)
    >>> theta.accumulate(2 * theta.data)
    >>> optimizer.step()
    >>> theta.data.round(6)
    array([0.9])
    """

    def __init__(
        self,
        parameters: Sequence[Parameter],
        learning_rate: float,
        momentum: float = 0.0,
        *,
        decay: float = 0.99,
        epsilon: float = 1e-8,
        constraint: Constraint | None = None,
    ) -> None:
        super().__init__(parameters, learning_rate, momentum, constraint=constraint)
        self.decay = check_share("RMSProp got decay", decay)
        self.epsilon = check_size("RMSProp got epsilon", epsilon)
        self.state["mean_square"] = self.zeros()

    def update(self, i: int, data: Array, grad: Array) -> None:
        """Move as SGD does, by the gradient in units of its usual size."""
        mean_square = self.state["mean_square"][i]
        mean_square *= self.decay
        mean_square += (1 - self.decay) * grad * grad
        usual = get_array_module(grad).sqrt(mean_square / (1 - self.decay**self.n_steps))
        super().update(i, data, grad / (usual + self.epsilon))
