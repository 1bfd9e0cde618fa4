"""Adam: each parameter moves by the mean of its gradients in units of their usual size."""

from collections.abc import Sequence

from tinygan.arguments import check_share, check_size
from tinygan.backend import Array, get_array_module
from tinygan.layers import Parameter
from tinygan.optim.constraints import Constraint
from tinygan.optim.optimizer import Optimizer


class Adam(Optimizer):
    """Adam (Kingma and Ba 2015, algorithm 1).

    m <- beta1 m + (1 - beta1) g; s <- beta2 s + (1 - beta2) g^2;
    theta <- theta - learning_rate (m / (1 - beta1^t)) / (sqrt(s / (1 - beta2^t)) + epsilon).

    Parameters
    ----------
    parameters : sequence of Parameter
        What to update; at least one, each once.
    learning_rate : float
        At least 0. You may set this attribute between steps, for example by a schedule.
    beta1, beta2 : float
        In [0, 1): how slowly the means of the gradients and of their squares forget.
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
    RMSProp : Divides each gradient by its usual size.

    Notes
    -----
    Both means start at 0. After t steps, the weights (1 - beta) beta^(t - i) in each mean add up to 1 - beta^t, so the
    mean is divided by that (Kingma and Ba, section 3).

    References
    ----------
    Kingma and Ba 2015, Adam: a method for stochastic optimization, arXiv:1412.6980.

    Examples
    --------
    The first step is the learning rate, whatever the size of the gradient:

    >>> import numpy as np
    >>> theta = Parameter(np.array([1.0, 1.0]))
    >>> optimizer = Adam([theta], learning_rate=0.1)
    >>> theta.accumulate(np.array([1e-3, -1e3]))
    >>> optimizer.step()
    >>> theta.data.round(3)
    array([0.9, 1.1])
    """

    def __init__(
        self,
        parameters: Sequence[Parameter],
        learning_rate: float,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        *,
        constraint: Constraint | None = None,
    ) -> None:
        super().__init__(parameters, learning_rate, constraint=constraint)
        self.beta1 = check_share("Adam got beta1", beta1)
        self.beta2 = check_share("Adam got beta2", beta2)
        self.epsilon = check_size("Adam got epsilon", epsilon)
        self.state["mean"], self.state["mean_square"] = self.zeros(), self.zeros()

    def update(self, i: int, data: Array, grad: Array) -> None:
        """Move by the mean gradient in units of its usual size."""
        mean, mean_square, t = self.state["mean"][i], self.state["mean_square"][i], self.n_steps
        mean *= self.beta1
        mean += (1 - self.beta1) * grad
        mean_square *= self.beta2
        mean_square += (1 - self.beta2) * grad * grad
        usual = get_array_module(grad).sqrt(mean_square / (1 - self.beta2**t))
        data -= self.learning_rate / (1 - self.beta1**t) * mean / (usual + self.epsilon)
