"""Layers one after another, and what all layers that are made of layers have in common."""

from collections.abc import Iterator
from typing import Any

from tinygan.backend import Array, RngLike, as_rng
from tinygan.layers.base import Layer, Shape
from tinygan.layers.contents import layer_table
from tinygan.layers.doors import wrong_cache
from tinygan.layers.elementwise import Elementwise


class Combinator(Layer):
    """A layer made of layers: it learns what they learn, and mixes rows if one of them does.

    Parameters
    ----------
    *layers : Layer
        At least one.

    Raises
    ------
    TypeError
        If something is not a layer.
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
        """Return the shape of one example of what each layer gets: the shape of x, if all layers get x."""
        return [input_shape] * len(self.layers)

    def __repr__(self) -> str:
        return layer_table(self)

    def _check_cache(self, cache: Any) -> None:
        """Raise unless the cache is a list with an entry for every layer."""
        if not isinstance(cache, list) or len(cache) != len(self.layers):
            name = f"{type(self).__name__} of {len(self.layers)} layers"
            raise wrong_cache(name, f"type {type(cache).__name__}")


class Sequential(Combinator):
    """y = f_n(...f_2(f_1(x))).

    Parameters
    ----------
    *layers : Layer
        In the order in which x meets them; at least one.

    Attributes
    ----------
    layers : tuple of Layer
    parameters : tuple of Parameter
        The parameters of all layers, in their order.

    Raises
    ------
    TypeError
        If something is not a layer.
    ValueError
        If there are no layers, or one does not take the shape that the one before it returns.

    Notes
    -----
    The chain rule: J = J_n ... J_2 J_1, so J^T grad_y = J_1^T J_2^T ... J_n^T grad_y, computed from the right: last
    layer first. The cache is the list of the layers' caches.

    Examples
    --------
    >>> from tinygan.layers import Dropout, Linear, Maxout
    >>> D = Sequential(Linear(784, 240 * 5, rng=0), Maxout(5), Dropout(0.5), Linear(240, 1, rng=1))
    >>> D
    layer                 output shape  parameters
    0  Linear(784, 1200)  (m, 1200)        942,000
    1  Maxout(5)          (m, 240)               0
    2  Dropout(0.5)       (m, 240)               0
    3  Linear(240, 1)     (m, 1)               241
    total                                  942,241
    >>> D[1], len(D)
    (Maxout(5), 4)
    """

    def __init__(self, *layers: Layer) -> None:
        super().__init__(*layers)
        self.output_shape(None)

    def __call__(self, x: Array) -> Array:
        """Return y in evaluation, layer by layer."""
        for layer in self.layers:
            x = layer(x)
        return x

    def forward(self, x: Array, *, rng: RngLike = None) -> tuple[Array, Any]:
        """Return y and the caches of all layers; every layer draws from the same rng, in order."""
        rng = None if rng is None else as_rng(rng)
        cache: list[Any] = []
        for layer in self.layers:
            x, layer_cache = layer.forward(x, rng=rng)
            cache.append(layer_cache)
        return x, cache

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return grad_x, going back through every layer."""
        self._check_cache(cache)
        for layer, layer_cache in zip(reversed(self.layers), reversed(cache), strict=True):
            grad_y = layer.backward_input(grad_y, layer_cache)
        return grad_y

    def backward_params(self, grad_y: Array, cache: Any) -> None:
        """Accumulate every layer's gradients, going back no further than the lowest layer that learns."""
        self._check_cache(cache)
        learning = [i for i, layer in enumerate(self.layers) if layer.parameters]
        if not learning:
            return
        lowest = learning[0]
        for i in range(len(self.layers) - 1, lowest, -1):
            grad_y = self.layers[i].backward(grad_y, cache[i])
        self.layers[lowest].backward_params(grad_y, cache[lowest])

    def input_shape(self) -> Shape:
        """Return the shape that the lowest layer takes, not counting elementwise layers, which take any shape."""
        for layer in self.layers:
            if not isinstance(layer, Elementwise):
                return layer.input_shape()
        return None

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of one example of y; raise a ValueError if two layers do not fit."""
        return self._output_shapes(input_shape)[-1]

    def shapes_inside(self, input_shape: Shape) -> list[Shape]:
        """Return the shape of one example of what each layer gets: the input, or what the layer before returns."""
        return [input_shape, *self._output_shapes(input_shape)[:-1]]

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, i: int) -> Layer:
        return self.layers[i]

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def __repr__(self) -> str:
        return layer_table(self, total=True)

    def _output_shapes(self, shape: Shape) -> list[Shape]:
        shapes = []
        for i, layer in enumerate(self.layers):
            try:
                shape = layer.output_shape(shape)
            except ValueError as error:
                if i == 0:
                    raise  # the caller knows what does not fit
                raise ValueError(f"Sequential: layer {i} does not fit on layer {i - 1}: {error}") from None
            shapes.append(shape)
        return shapes


def _layer_hint(name: str, layer: Any) -> str:
    if isinstance(layer, type) and issubclass(layer, Layer):
        return f", did you mean {layer.__name__}(...)?"
    if isinstance(layer, (list, tuple)):
        return f" one by one, did you mean {name}(*layers)?"
    return ""
