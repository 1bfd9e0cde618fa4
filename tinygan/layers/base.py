"""What a layer is: forward hands its cache to the caller, and two backward passes say which gradient they compute."""

import inspect
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

from tinygan.backend import Array, RngLike, device_of, get_array_module
from tinygan.layers.parameter import Parameter
from tinygan.table import text_table

# The shape of one example, without the batch axis; None where it is not known.
Shape = tuple[int, ...] | None


class Layer(ABC):
    """A function with hand-written derivatives; it never remembers its input.

    A new layer defines `forward` and `backward_input`. If it learns, it also sets ``self.parameters`` and defines
    `backward_params`. If it is made of other layers, it sets ``self.layers``. It needs no ``super().__init__()``.

    Attributes
    ----------
    parameters : sequence of Parameter
        What it learns, in a fixed order; empty for most layers. Those of the layers inside belong to it.
    layers : sequence of Layer
        The layers that it is made of; empty for most. Names of parameters, `trace` and every check walk them.
    mixes_rows : bool
        Whether a row of y depends on other rows of x, as in batch normalisation; False for most. Both steps of
        Algorithm 1 are right for such a layer, since real and generated examples never share a forward pass. Several
        processes that share a batch cannot train it, and say so.

    Notes
    -----
    A GAN runs D on x and on G(z) before either backward pass, as `tinygan.adversarial.simultaneous_step` does. A layer
    that kept its input on ``self`` would answer for G(z) both times, and nobody would notice. So all that backward
    needs travels in ``cache``, which is read-only and valid until the next step of the network's optimiser.

    A layer that draws does so by `tinygan.backend.streams`, whose numbers are the same on every device and however a
    batch is shared between processes.

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
    layers: "Sequence[Layer]" = ()
    mixes_rows: bool = False

    def __call__(self, x: Array) -> Array:
        """Return y, evaluated: nothing is remembered and nothing is drawn."""
        return self.forward(x)[0]

    @abstractmethod
    def forward(self, x: Array, *, rng: RngLike = None) -> tuple[Array, Any]:
        """Return y and the cache that this call's backward pass needs; draw from rng if the layer is random."""

    @abstractmethod
    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return grad_x = J_x^T grad_y, of the shape of x, and touch nothing."""

    def backward_params(self, grad_y: Array, cache: Any) -> None:  # noqa: B027  most layers learn nothing
        """Accumulate J_theta^T grad_y into the gradient of every parameter."""

    def backward(self, grad_y: Array, cache: Any) -> Array:
        """Accumulate the gradients of the parameters and return grad_x."""
        self.backward_params(grad_y, cache)
        return self.backward_input(grad_y, cache)

    def input_shape(self) -> Shape:
        """Return the shape of one example of x, or None where the layer takes several."""
        return None

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of one example of y, or None where the layer does not say."""
        return None

    def __repr__(self) -> str:
        return layer_name(self)


class Combinator(Layer):
    """A layer made of layers: it learns what they learn, and mixes rows if one of them does.

    Parameters
    ----------
    *layers : Layer
        At least one.

    Raises
    ------
    TypeError
        If something is no layer.
    ValueError
        If there are no layers.

    Examples
    --------
    >>> from tinygan.layers import Linear, Sequential
    >>> isinstance(Sequential(Linear(2, 3)), Combinator)
    True
    """

    layers: tuple[Layer, ...]

    def __init__(self, *layers: Layer) -> None:
        name = type(self).__name__
        if not layers:
            raise ValueError(f"{name} got no layers; it takes at least one, as in {name}(Linear(2, 2), ReLU())")
        for i, layer in enumerate(layers):
            if not isinstance(layer, Layer):
                raise TypeError(f"{name} got {layer!r} as layer {i}; it takes layers{_layer_hint(name, layer)}")
        self.layers = layers
        self.parameters = tuple(dict.fromkeys(theta for layer in layers for theta in layer.parameters))
        self.mixes_rows = any(layer.mixes_rows for layer in layers)

    def shapes_inside(self, input_shape: Shape) -> list[Shape]:
        """Return the shape of one example of what each layer gets: of x, unless the layers stand in a row."""
        return [input_shape] * len(self.layers)

    def __repr__(self) -> str:
        return layer_table(self)

    def _check_cache(self, cache: Any) -> None:
        """Raise unless the cache is a list with an entry for every layer."""
        if not isinstance(cache, list) or len(cache) != len(self.layers):
            name = f"{type(self).__name__} of {len(self.layers)} layers"
            raise wrong_cache(name, f"type {type(cache).__name__}")


class Elementwise(Layer):
    """A layer whose y has the shape of x, and whose cache is an array of that shape.

    Examples
    --------
    >>> import numpy as np
    >>> class Square(Elementwise):
    ...     def forward(self, x, *, rng=None):
    ...         check_input(self, x)
    ...         return x * x, x
    ...     def backward_input(self, grad_y, cache):
    ...         return grad_y * 2 * cache
    >>> y, cache = Square().forward(np.array([[3.0]]))
    >>> y, Square().backward_input(np.array([[1.0]]), cache)
    (array([[9.]]), array([[6.]]))
    """

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of the input."""
        return input_shape

    def _check_backward(self, grad_y: Array, cache: Any) -> None:
        check_cache(self, cache)
        check_grad_y(self, grad_y, cache.shape)
        get_array_module(grad_y, cache)  # which raises where they are on two devices


def layer_name(layer: Layer) -> str:
    """Return the call that would build the layer, for example ``Linear(784, 1200)``.

    The hyper-parameters are read from the attributes named like the constructor's positional arguments.
    """
    arguments = inspect.signature(type(layer)).parameters.values()
    values = [
        getattr(layer, argument.name, None)
        for argument in arguments
        if argument.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    ]
    words = [repr(value) for value in values if isinstance(value, (int, float, str))]
    words += [layer_name(value) for value in values if isinstance(value, Layer)]
    if any(argument.kind is inspect.Parameter.VAR_POSITIONAL for argument in arguments):
        words.append("...")
    return f"{type(layer).__name__}({', '.join(words)})"


def layer_table(layer: Layer, *, total: bool = False) -> str:
    """Return the table of output shapes and parameter counts of a layer, below those of the layers inside it.

    With total, its own row says what it learns and nothing else.
    """
    *inside, last = _table_rows("", layer, layer.input_shape())
    if total:
        last = ["total", "", last[-1]]
    widest = max((len(name) for name, *_ in inside), default=0)
    rows = [[f"{name:{widest}}  {call}", *cells] for name, call, *cells in inside]
    return text_table(["layer", "output shape", "parameters"], [*rows, last[-3:]], "<<>")


def _table_rows(name: str, layer: Layer, input_shape: Shape) -> Iterator[list[str]]:
    if isinstance(layer, Combinator):
        for i, (inner, shape) in enumerate(zip(layer.layers, layer.shapes_inside(input_shape), strict=True)):
            yield from _table_rows(f"{name}.{i}".lstrip("."), inner, shape)
    shape = layer.output_shape(input_shape)
    output = "?" if shape is None else f"(m, {', '.join(map(str, shape))})"
    yield [name, layer_name(layer), output, f"{count_parameters(layer):,}"]


def count_parameters(layer: Layer) -> int:
    """Return how many numbers the layer learns."""
    return sum(theta.data.size for theta in layer.parameters)


def check_input(layer: Layer, x: Array, width: int | None = None) -> None:
    """Raise unless x is a non-empty float batch, of shape (m, width) where a width is given: the door of a layer.

    Parameters
    ----------
    layer : Layer
        What the error names.
    x : ndarray of shape (m, ...)
        What came to its forward pass.
    width : int, optional
        How many columns it takes; x is then two-dimensional.

    Raises
    ------
    TypeError
        If x is no array of float32 or float64.
    ValueError
        If it has another shape, or no rows.

    Examples
    --------
    >>> import numpy as np
    >>> from tinygan.layers import Tanh
    >>> check_input(Tanh(), np.ones((4, 3), int))
    Traceback (most recent call last):
    TypeError: Tanh() got x of dtype int64; it takes float32 or float64, for example x.astype(np.float32)
    """
    if not is_float_array(x):
        raise TypeError(f"{layer_name(layer)} got x of {array_kind(x)}")
    fits = x.ndim >= 2 if width is None else x.ndim == 2 and x.shape[1] == width
    wanted = "(m, ...)" if width is None else f"(m, {width})"
    if not fits:
        raise ValueError(f"{layer_name(layer)} got x of shape {x.shape}; it takes {wanted}{_reshape_hint(x, width)}")
    if len(x) == 0:
        raise ValueError(f"{layer_name(layer)} got x of shape {x.shape}, an empty batch; it takes {wanted} with m >= 1")


def check_cache(layer: Layer, cache: Any, *, axis: int = 0, size: int | None = None) -> None:
    """Raise unless the cache is an array, as that of every layer but Sequential is, of a given size along an axis."""
    if not hasattr(cache, "shape"):
        found = f"type {type(cache).__name__}"
    elif size is not None and cache.shape[axis : axis + 1] != (size,):
        found = f"shape {cache.shape}, where {size} belongs on axis {axis}"
    else:
        return
    raise wrong_cache(layer_name(layer), found)


def wrong_cache(layer: str, found: str) -> ValueError:
    """Return the error for a cache that is not the layer's own, but something else."""
    return ValueError(f"{layer} got a cache of {found}; pass the one that its forward returned together with y")


def check_grad_y(layer: Layer, grad_y: Array, shape: tuple[int, ...]) -> None:
    """Raise unless grad_y is a float array of the shape of the y that belongs to the cache."""
    if not is_float_array(grad_y):
        raise TypeError(f"{layer_name(layer)} got grad_y of {array_kind(grad_y)}")
    if grad_y.shape != shape:
        raise ValueError(
            f"{layer_name(layer)} got grad_y of shape {grad_y.shape}, but the y of this cache has shape {shape}; "
            "is it the cache of another call?"
        )


def check_device(layer: Layer, x: Array) -> None:
    """Raise unless x is on the device of what the layer learns."""
    if (here := device_of(layer)) != (there := device_of(x)):
        raise TypeError(
            f"{layer_name(layer)} got x on {there}, but what it learns is on {here}; "
            f'see tinygan.backend.to_device, as in to_device(x, "{here}")'
        )


def is_float_array(x: Any) -> bool:
    """Return whether x is an array of float32 or float64."""
    return hasattr(x, "ndim") and hasattr(x, "dtype") and x.dtype.char in "fd"


def array_kind(x: Any) -> str:
    """Return what an error says of something that is no float array."""
    if hasattr(x, "dtype"):
        return f"dtype {x.dtype}; it takes float32 or float64, for example x.astype(np.float32)"
    return f"type {type(x).__name__}; it takes an array of float32 or float64"


def _layer_hint(name: str, layer: Any) -> str:
    if isinstance(layer, type) and issubclass(layer, Layer):
        return f", did you mean {layer.__name__}(...)?"
    if isinstance(layer, (list, tuple)):
        return f" one by one, did you mean {name}(*layers)?"
    return ""


def _reshape_hint(x: Array, width: int | None) -> str:
    if x.ndim == 1 and width in (None, len(x)):
        return ". Did you mean x[None, :], a batch of one?"
    if x.ndim == 1 and width == 1:
        return ". Did you mean x[:, None]?"
    if x.ndim > 2 and math.prod(x.shape[1:]) == width:
        return ". Did you mean x.reshape(len(x), -1)?"
    return ""
