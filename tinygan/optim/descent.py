"""Gradient descent with momentum, and RMSProp: parameters and gradients in, better parameters out."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

from tinygan.arguments import check_positive, check_share, check_size
from tinygan.backend import Array, get_array_module
from tinygan.layers import Parameter
from tinygan.optim.flat import flats
from tinygan.optim.updates import limit_column_norms, momentum_step


class Optimizer(ABC):
    """Updates parameters in place from their gradients, and drops the gradients.

    Parameters
    ----------
    parameters : sequence of Parameter
        What to update; at least one, each once.
    learning_rate : float
        At least 0. A plain attribute: a schedule sets it between steps.

    Raises
    ------
    TypeError, ValueError
        If there are no parameters, one comes twice, or the learning rate is negative or not finite.

    Examples
    --------
    >>> class SignDescent(Optimizer):
    ...     def _update(self, i, data, grad):
    ...         data -= self.learning_rate * (grad / abs(grad))
    >>> import numpy as np
    >>> theta = Parameter(np.array([1.0]))
    >>> theta.accumulate(np.array([40.0]))
    >>> SignDescent([theta], learning_rate=0.25).step()
    >>> theta.data
    array([0.75])
    """

    def __init__(self, parameters: Sequence[Parameter], learning_rate: float) -> None:
        self.parameters = tuple(parameters)
        name = type(self).__name__
        if not self.parameters:
            raise ValueError(f"{name} got no parameters; it takes those of a network that learns, as in D.parameters")
        for theta in self.parameters:
            if not isinstance(theta, Parameter):
                raise TypeError(
                    f"{name} got {type(theta).__name__} as a parameter; it takes Parameters, as in D.parameters"
                )
        if len(set(map(id, self.parameters))) < len(self.parameters):
            twice = next(theta for i, theta in enumerate(self.parameters) if theta in self.parameters[:i])
            raise ValueError(f"{name} got {twice} twice; it takes each once, or a step would count twice")
        self.learning_rate = check_size(f"{name} got learning_rate", learning_rate)
        self.n_steps = 0

    def step(self) -> None:
        """Update every parameter in place and drop its gradient.

        Raises
        ------
        ValueError
            If a parameter has no gradient: its backward pass was never called.
        """
        for i, theta in enumerate(self.parameters):
            if theta.grad is None:
                raise ValueError(
                    f"{type(self).__name__}.step found no gradient on {theta} (parameter {i}); "
                    "call backward_params or backward of its network first"
                )
        self.n_steps += 1
        self._update_all()
        for theta in self.parameters:
            theta.grad = None

    def _update_all(self) -> None:
        for i, theta in enumerate(self.parameters):
            self._update(i, theta.data, theta.grad)

    @abstractmethod
    def _update(self, i: int, data: Array, grad: Array) -> None:
        """Update array number i in place: a parameter, unless a subclass keeps them in other arrays."""


class SGD(Optimizer):
    """v <- momentum v - learning_rate g; theta <- theta + v. The paper's optimiser.

    Parameters
    ----------
    parameters : sequence of Parameter
        What to update; at least one, each once. Their values are moved end to end into one array, see
        `tinygan.optim.flat`; arrays that were taken from ``theta.data`` before do not follow.
    learning_rate : float
        At least 0. A plain attribute: a schedule sets it between steps.
    momentum : float
        In [0, 1); likewise.
    max_col_norm : float, optional
        The longest that a column of a weight, what comes in to one unit, may be: at once and after every step, longer
        ones are scaled down to it. As in the paper's nets for the Toronto Face Database.

    Attributes
    ----------
    average : callable or None
        Called before an update with the gradients of all parameters in one flat array, to average them in place over
        the processes that train together.

    Raises
    ------
    TypeError, ValueError
        If there are no parameters, one comes twice, or a number is out of its range.

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
        max_col_norm: float | None = None,
    ) -> None:
        super().__init__(parameters, learning_rate)
        name = type(self).__name__
        self.momentum = check_share(f"{name} got momentum", momentum)
        self.max_col_norm = None if max_col_norm is None else check_positive(f"{name} got max_col_norm", max_col_norm)
        self.average: Callable[[Array], None] | None = None
        self._flats = flats(self.parameters)
        self._flat_velocities, self._velocities = self._kept()
        self._limit()

    @property
    def velocities(self) -> list[Array]:
        """Return v of every parameter, to be changed in place if at all."""
        return list(self._velocities)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the flat arrays: a copy of a view is no view, so a copy of this has to make its own."""
        return {name: value for name, value in vars(self).items() if not name.startswith("_flat")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Make flat arrays, and fill them with the copies of what the views showed."""
        vars(self).update(state)
        self._flats = flats(self.parameters)
        for name in ("velocities", "mean_squares"):
            if f"_{name}" in state:
                flat, views = self._kept()
                for view, values in zip(views, state[f"_{name}"], strict=True):
                    view[...] = values
                vars(self).update({f"_{name}": views, f"_flat_{name}": flat})

    def _kept(self) -> tuple[list[Array], list[Array]]:
        """Return an array of zeros for every flat storage, and a view of it for every parameter, in their order."""
        kept = [get_array_module(flat.data).zeros_like(flat.data) for flat in self._flats]
        views = {
            id(theta): view
            for flat, array in zip(self._flats, kept, strict=True)
            for theta, view in zip(flat.parameters, flat.views(array), strict=True)
        }
        return kept, [views[id(theta)] for theta in self.parameters]

    def _update_all(self) -> None:
        for i, flat in enumerate(self._flats):
            flat.gather()
            if self.average is not None:
                self.average(flat.grad)
            self._update(i, flat.data, flat.grad)
        self._limit()

    def _update(self, i: int, data: Array, grad: Array) -> None:
        # A schedule may have set a np.float64, which would promote float32.
        momentum_step(
            data, self._flat_velocities[i], self._direction(i, grad), float(self.learning_rate), float(self.momentum)
        )

    def _direction(self, i: int, grad: Array) -> Array:
        return grad

    def _limit(self) -> None:
        if self.max_col_norm is not None:
            for theta in self.parameters:
                if theta.data.ndim == 2:  # a bias has no columns
                    limit_column_norms(theta.data, self.max_col_norm)


class RMSProp(SGD):
    """SGD with momentum on gradients divided by the root of the mean of their squares.

    s <- decay s + (1 - decay) g^2; v <- momentum v - learning_rate g / (sqrt(s / (1 - decay^t)) + epsilon);
    theta <- theta + v.

    Parameters
    ----------
    parameters : sequence of Parameter
        What to update; at least one, each once.
    learning_rate : float
        At least 0. A plain attribute: a schedule sets it between steps.
    momentum : float
        In [0, 1); likewise.
    decay : float
        In [0, 1): how slowly the mean of the squared gradients forgets.
    epsilon : float
        At least 0; keeps the division finite where gradients vanish.

    Raises
    ------
    TypeError, ValueError
        If there are no parameters, one comes twice, or a number is out of its range.

    Notes
    -----
    Tieleman and Hinton 2012, lecture 6.5, with the mean corrected for its start at 0 after t steps as in Adam (Kingma
    and Ba 2015, section 3): the weights (1 - decay) decay^(t - i) of the squares seen so far add up to 1 - decay^t.

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
    ) -> None:
        super().__init__(parameters, learning_rate, momentum)
        self.decay = check_share("RMSProp got decay", decay)
        self.epsilon = check_size("RMSProp got epsilon", epsilon)
        self._flat_mean_squares, self._mean_squares = self._kept()

    @property
    def mean_squares(self) -> list[Array]:
        """Return s of every parameter, to be changed in place if at all."""
        return list(self._mean_squares)

    def _direction(self, i: int, grad: Array) -> Array:
        mean_square = self._flat_mean_squares[i]
        mean_square *= self.decay
        mean_square += (1 - self.decay) * grad * grad
        correction = 1 - self.decay**self.n_steps
        return grad / (get_array_module(grad).sqrt(mean_square / correction) + self.epsilon)
