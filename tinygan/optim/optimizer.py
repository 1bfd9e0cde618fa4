"""What an optimiser is: parameters and their gradients in, better parameters out."""

import numbers
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygan.arguments import check_size
from tinygan.backend import Array, device_of, get_array_module
from tinygan.backend.arrays import check_arrays
from tinygan.layers import Layer, Parameter
from tinygan.layers.base import layer_name
from tinygan.optim.constraints import Constraint


class Optimizer(ABC):
    """Updates parameters in place from their gradients, and drops the gradients.

    A new rule defines `update`. It keeps what it remembers between steps in `state`, which checkpoints save.

    Parameters
    ----------
    parameters : sequence of Parameter
        What to update; at least one, each once.
    learning_rate : float
        At least 0. You may set this attribute between steps, for example by a schedule.
    constraint : callable, optional
        Called with each parameter, first at once and then after every step. It changes in place the values that are not
        allowed. Take `column_norms`, `clipping`, or a function of your own.

    Attributes
    ----------
    state : dict
        What the rule remembers, by name: a list of arrays, one for each parameter, as `zeros` returns it; or a plain
        number, such as `n_steps`.
    n_steps : int
        How many steps are done.
    average : callable or None
        Called before the update with the gradient of each parameter. It averages the gradient in place over the
        processes that train together.

    Raises
    ------
    TypeError, ValueError
        If there are no parameters, one comes twice, or the learning rate is negative or not finite.

    Examples
    --------
    The sign of a running mean of gradients:

    >>> import numpy as np
    >>> class SignDescent(Optimizer):
    ...     def __init__(self, parameters, learning_rate):
    ...         super().__init__(parameters, learning_rate)
    ...         self.state["mean"] = self.zeros()
    ...     def update(self, i, data, grad):
    ...         mean = self.state["mean"][i]
    ...         mean += 0.1 * (grad - mean)
    ...         data -= self.learning_rate * np.sign(mean)
    >>> theta = Parameter(np.array([1.0]))
    >>> optimizer = SignDescent([theta], learning_rate=0.25)
    >>> theta.accumulate(np.array([40.0]))
    >>> optimizer.step()
    >>> theta.data, optimizer.state
    (array([0.75]), {'n_steps': 1, 'mean': [array([4.])]})
    """

    def __init__(
        self, parameters: Sequence[Parameter], learning_rate: float, *, constraint: Constraint | None = None
    ) -> None:
        name = type(self).__name__
        if isinstance(parameters, Layer):
            raise TypeError(f"{name} got the layer {layer_name(parameters)}; did you mean its .parameters?")
        if isinstance(parameters, Parameter):
            raise TypeError(
                f"{name} got {parameters}; it takes a sequence, did you mean [{parameters.name or 'theta'}]?"
            )
        if isinstance(parameters, numbers.Real | type):
            raise TypeError(
                f"{name} got parameters={parameters!r}; it takes those of a network, as in D.parameters, first"
            )
        self.parameters = tuple(parameters)
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
        if constraint is not None and not callable(constraint):
            raise TypeError(
                f"{name} got constraint={constraint!r}; it takes a function of a Parameter, such as clipping(0.01)"
            )
        self.constraint = constraint
        self.average: Callable[[Array], None] | None = None
        self.state: dict[str, Any] = {"n_steps": 0}
        self._constrain()

    def __setattr__(self, name: str, value: Any) -> None:
        """Store a NumPy float, which a schedule may set, as a Python float: np.float64 would promote float32."""
        super().__setattr__(name, float(value) if isinstance(value, np.floating) else value)

    @property
    def n_steps(self) -> int:
        """How many steps are done."""
        return int(self.state["n_steps"])

    def zeros(self) -> list[Array]:
        """Return an array of zeros for each parameter, of its shape and precision and on its device."""
        return [get_array_module(theta.data).zeros_like(theta.data) for theta in self.parameters]

    def step(self) -> None:
        """Update every parameter in place and drop its gradient.

        Raises
        ------
        ValueError
            If a parameter has no gradient, because no backward pass was called; if its gradient has another shape; or
            if its shape, precision or device is no longer the one for which the optimiser was made.
        """
        for i, theta in enumerate(self.parameters):
            if theta.grad is None:
                raise ValueError(
                    f"{type(self).__name__}.step found no gradient on {theta} (parameter {i}); "
                    "call backward_params or backward of its network first"
                )
            check_arrays(f"{type(self).__name__}.step", gradient=theta.grad)
            shape = getattr(theta.grad, "shape", ())
            if shape != theta.data.shape:
                raise ValueError(
                    f"{type(self).__name__}.step found a gradient of shape {shape} on {theta} "
                    f"(parameter {i}); it takes one of the parameter's shape"
                )
        self._check_state()
        self.state["n_steps"] += 1
        for i, theta in enumerate(self.parameters):
            if self.average is not None:
                self.average(theta.grad)
            self.update(i, theta.data, theta.grad)
            theta.grad = None
        self._constrain()

    @abstractmethod
    def update(self, i: int, data: Array, grad: Array) -> None:
        """Change data, the values of parameter i, in place, by its gradient and what `state` holds for it."""

    def _constrain(self) -> None:
        if self.constraint is not None:
            for theta in self.parameters:
                self.constraint(theta)

    def _check_state(self) -> None:
        for arrays in self.state.values():
            if not isinstance(arrays, list):
                continue
            for theta, array in zip(self.parameters, arrays, strict=True):
                here, there = _kind(array), _kind(theta.data)
                if here != there:
                    raise ValueError(
                        f"the optimiser was made for {theta.name or 'a parameter'} {_words(here)}, "
                        f"and it is {_words(there)} now; make the optimiser after moving or replacing what it updates"
                    )


def _kind(array: Array) -> tuple[str, Any, tuple[int, ...]]:
    return device_of(array), array.dtype, array.shape


def _words(kind: tuple[str, Any, tuple[int, ...]]) -> str:
    return "on {}, {} of shape {}".format(*kind)
