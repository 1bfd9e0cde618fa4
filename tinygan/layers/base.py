"""What a layer is: forward returns its cache to the caller, and each of two backward passes computes one gradient."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from tinygan.backend import Array, RngLike
from tinygan.layers.parameter import Buffer, Parameter

# The shape of one example, without the batch axis; None where it is not known.
Shape = tuple[int, ...] | None


class Layer(ABC):
    """A function with hand-written derivatives; it never remembers its input.

    A new layer defines `forward` and `backward_input`. If it learns, it also sets ``self.parameters`` and defines
    `backward_params`. If it is made of other layers, it sets ``self.layers``. It needs no ``super().__init__()``.

    Attributes
    ----------
    parameters : sequence of Parameter
        What it learns, in a fixed order, with the parameters of the layers inside; empty for most layers.
    buffers : sequence of Buffer
        What it keeps and does not learn, without the buffers of the layers inside; empty for most layers.
    layers : sequence of Layer
        The layers that it is made of; empty for most. Parameter names, `trace` and every check walk through them.
    mixes_rows : bool
        Whether a row of y depends on other rows of x, as in batch normalisation; False for most. Both steps of
        Algorithm 1 are right for such a layer, because real and generated examples never share a forward pass. Several
        processes that share a batch refuse to train it.

    Notes
    -----
    A GAN runs D on x and on G(z) before either backward pass, as `tinygan.adversarial.simultaneous_step` does. A layer
    that kept its input on ``self`` would use G(z) in both backward passes, and nobody would notice. So ``cache``
    carries all that backward needs. It is read-only, and valid until the next step of the network's optimiser.

    A random layer draws by `tinygan.backend.bits`. A seed gives the same bits on every device, and for every way to
    share a batch between processes.

    Examples
    --------
    >>> import numpy as np
    >>> class Double(Layer):
    ...     def forward(self, x, *, rng=None):
    ...         return 2 * x, x.shape
    ...     def backward_input(self, grad_y, cache):
    ...         return 2 * grad_y
    >>> double = Double()
    >>> y, cache = double.forward(np.ones((1, 3)))
    >>> double.backward(np.ones((1, 3)), cache)
    array([[2., 2., 2.]])
    """

    parameters: Sequence[Parameter] = ()
    buffers: Sequence[Buffer] = ()
    layers: "Sequence[Layer]" = ()
    mixes_rows: bool = False

    def __call__(self, x: Array) -> Array:
        """Return y in evaluation: remember nothing and draw nothing."""
        return self.forward(x)[0]

    @abstractmethod
    def forward(self, x: Array, *, rng: RngLike = None) -> tuple[Array, Any]:
        """Return y and the cache that this call's backward pass needs; draw from rng if the layer is random."""

    @abstractmethod
    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return grad_x = J_x^T grad_y, of the shape of x, and change nothing."""

    def backward_params(self, grad_y: Array, cache: Any) -> None:  # noqa: B027  most layers learn nothing
        """Accumulate J_theta^T grad_y into the gradient of every parameter."""

    def backward(self, grad_y: Array, cache: Any) -> Array:
        """Accumulate the gradients of the parameters and return grad_x."""
        self.backward_params(grad_y, cache)
        return self.backward_input(grad_y, cache)

    def input_shape(self) -> Shape:
        """Return the shape of one example of x, or None if the layer takes several shapes."""
        return None

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of one example of y, or None if it is not known."""
        return None

    def shapes_inside(self, input_shape: Shape) -> Sequence[Shape]:
        """Return, for each layer inside, the shape of one example of its x; None where it is not known."""
        return [None] * len(self.layers)

    def __repr__(self) -> str:
        return layer_name(self)


def layer_name(layer: Layer) -> str:
    """Return the call that would build the layer, for example ``Linear(784, 1200)`` or ``Conv2D(3, 64, 5, stride=2)``.

    It reads the hyper-parameters from the attributes that are named like the constructor's arguments: all positional
    ones, and those keywords that differ from their defaults.
    """
    words: list[str] = []
    for argument in inspect.signature(type(layer)).parameters.values():
        value: Any = getattr(layer, argument.name, None)
        if argument.kind is inspect.Parameter.VAR_POSITIONAL:
            words += map(repr, value) if _is_shape(value) else ["..."]
        elif isinstance(value, Layer):
            words.append(layer_name(value))
        elif argument.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD:
            words += [repr(value)] * isinstance(value, (int, float, str))
        elif (_is_shape(value) or isinstance(value, (int, float, str))) and value != argument.default:
            words.append(f"{argument.name}={value!r}")
    return f"{type(layer).__name__}({', '.join(words)})"


def _is_shape(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(size, int) for size in value)
