"""What is inside a network: its layers, parameters and buffers, each by its name, and the table that shows them."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from tinygan.layers.base import Layer, Shape, layer_name
from tinygan.layers.parameter import Buffer, Parameter
from tinygan.table import text_table


def named_layers(network: Layer) -> Iterator[tuple[str, Layer]]:
    """Yield name and layer for the network itself, named ``""``, and for every layer inside it, outer layers first.

    A layer is named after the attribute that holds it, or else by its number in ``layers``. A layer two levels down has
    both names, as in ``2.branch``.

    Parameters
    ----------
    network : Layer
        Its ``layers`` are searched, and theirs. A layer that is not declared there is not found.

    Raises
    ------
    TypeError
        If ``layers`` holds something that is not a layer.

    Examples
    --------
    >>> from tinygan.layers import Linear, ReLU, Sequential
    >>> [name for name, _ in named_layers(Sequential(Linear(2, 3), Sequential(ReLU(), Linear(3, 1))))]
    ['', '0', '1', '1.0', '1.1']
    """
    yield "", network
    for name, layer in _inside(network):
        for inner_name, inner in named_layers(layer):
            yield f"{name}.{inner_name}".rstrip("."), inner


def largest_weight(*networks: Layer) -> float:
    """Return the entries of the largest weight: how many multiplications an example costs in the largest product.

    A weight with more than two axes counts as infinite: a convolution uses it in many places.

    Examples
    --------
    >>> from tinygan.layers import Linear, ReLU, Sequential
    >>> largest_weight(Sequential(Linear(2, 3), ReLU(), Linear(3, 1)))
    6
    """
    weights = [theta.data for network in networks for theta in network.parameters]
    return max((math.inf if weight.ndim > 2 else weight.size for weight in weights), default=0)


def named_parameters(network: Layer) -> Iterator[tuple[str, Parameter]]:
    """Yield name and parameter for every parameter, in the order of ``network.parameters``; all names differ.

    Parameters
    ----------
    network : Layer
        A parameter is named after the layer that it belongs to: ``weight`` in a Linear, ``2.weight`` in layer 2 of a
        Sequential. If several parameters of one layer share a name, they are numbered: ``weight 0``, ``weight 1``.

    Raises
    ------
    ValueError
        If a layer's ``parameters`` lack one of a layer inside it, or two parameters would still have the same name.

    Examples
    --------
    >>> from tinygan.layers import Linear, Sequential
    >>> [name for name, _ in named_parameters(Sequential(Linear(2, 3), Linear(3, 1)))]
    ['0.weight', '0.bias', '1.weight', '1.bias']
    """
    names: dict[Parameter, str] = {}
    for place, layer in named_layers(network):
        inner = dict.fromkeys(theta for part in layer.layers for theta in part.parameters)
        if lacking := [theta for theta in inner if theta not in layer.parameters]:
            raise ValueError(
                f"{layer_name(layer)} lacks {lacking[0]} of a layer that it is made of; its parameters are those of "
                "all its layers, and its own"
            )
        own = [theta for theta in layer.parameters if theta not in inner]
        for theta, name in zip(own, _numbered([theta.name or "parameter" for theta in own]), strict=True):
            names.setdefault(theta, f"{place}.{name}".lstrip("."))
    twice = [name for name, n in Counter(names.values()).items() if n > 1]
    if twice:
        raise ValueError(f"{layer_name(network)} has two parameters called {twice[0]!r}; it takes names that differ")
    for theta in network.parameters:
        yield names[theta], theta


def named_buffers(network: Layer) -> Iterator[tuple[str, Buffer]]:
    """Yield name and buffer for every buffer of the network and of the layers inside it.

    Parameters
    ----------
    network : Layer
        A buffer is named as a parameter would be: ``mean`` in a BatchNorm, ``2.mean`` in layer 2 of a Sequential.

    Examples
    --------
    >>> from tinygan.layers import BatchNorm, Linear, Sequential
    >>> [name for name, _ in named_buffers(Sequential(Linear(2, 3), BatchNorm(3)))]
    ['1.mean', '1.variance']
    """
    names: dict[Buffer, str] = {}
    for place, layer in named_layers(network):
        for buffer in layer.buffers:
            names.setdefault(buffer, f"{place}.{buffer.name}".lstrip("."))
    for buffer, name in names.items():
        yield name, buffer


def _numbered(names: Sequence[str]) -> Iterator[str]:
    """Yield the names, with a number after a name that comes twice and after ``parameter``, which is no name."""
    seen: Counter[str] = Counter()
    for name in names:
        alone = names.count(name) == 1 and name != "parameter"
        yield name if alone else f"{name} {seen[name]}"
        seen[name] += 1


def layer_table(layer: Layer, *, total: bool = False) -> str:
    """Return a table of output shapes and parameter counts: the rows of the layers inside, and then the layer's own.

    With total, its own row says only how many parameters it has.
    """
    *inside, last = _table_rows("", layer, layer.input_shape())
    if total:
        last = ["total", "", last[-1]]
    widest = max((len(name) for name, *_ in inside), default=0)
    rows = [[f"{name:{widest}}  {call}", *cells] for name, call, *cells in inside]
    return text_table(["layer", "output shape", "parameters"], [*rows, last[-3:]], "<<>")


def _table_rows(name: str, layer: Layer, input_shape: Shape) -> Iterator[list[str]]:
    for (inner_name, inner), shape in zip(_inside(layer), layer.shapes_inside(input_shape), strict=True):
        yield from _table_rows(f"{name}.{inner_name}".lstrip("."), inner, shape)
    shape = layer.output_shape(input_shape)
    output = "?" if shape is None else f"(m, {', '.join(map(str, shape))})"
    yield [name, layer_name(layer), output, f"{sum(theta.data.size for theta in layer.parameters):,}"]


def _inside(layer: Layer) -> Iterator[tuple[str, Layer]]:
    """Yield the layers that a layer is made of, with the attributes that hold them or with their numbers as names."""
    held = {id(value): attribute for attribute, value in vars(layer).items()}
    for i, inner in enumerate(layer.layers):
        if not isinstance(inner, Layer):
            raise TypeError(f"{layer_name(layer)} has {inner!r} in its layers; they are the Layers that it is made of")
        yield held.get(id(inner), str(i)), inner
