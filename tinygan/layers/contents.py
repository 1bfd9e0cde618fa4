"""What is inside a network: its layers and parameters, each by a name of its own, and the table that shows them."""

from collections import Counter
from collections.abc import Iterator, Sequence

from tinygan.layers.base import Layer, Shape, layer_name
from tinygan.layers.parameter import Parameter
from tinygan.table import text_table


def named_layers(network: Layer) -> Iterator[tuple[str, Layer]]:
    """Yield the network itself, named ``""``, and every layer inside it: a layer first, then those that it is made of.

    A layer goes by the name of the attribute that holds it, else by its number in ``layers``; one that is two floors
    down goes by both names: ``2.branch``.

    Parameters
    ----------
    network : Layer
        Its ``layers`` are walked, and theirs; a layer that it does not declare there is not seen.

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


def named_parameters(network: Layer) -> Iterator[tuple[str, Parameter]]:
    """Yield every parameter with a name of its own, in the order of ``network.parameters``.

    Parameters
    ----------
    network : Layer
        A parameter is named after the layer that it belongs to: ``weight`` in a Linear, ``2.weight`` in layer 2 of a
        Sequential. Of a layer's own parameters, those that share a name are numbered: ``weight 0``, ``weight 1``.

    Raises
    ------
    ValueError
        If a layer lacks parameters of the layers that it is made of, or two would still have one name.

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


def _numbered(names: Sequence[str]) -> Iterator[str]:
    """Yield the names, with a number after those that are not alone, and after ``parameter``, which is no name."""
    seen: Counter[str] = Counter()
    for name in names:
        alone = names.count(name) == 1 and name != "parameter"
        yield name if alone else f"{name} {seen[name]}"
        seen[name] += 1


def layer_table(layer: Layer, *, total: bool = False) -> str:
    """Return the table of output shapes and parameter counts of a layer, below the tables of the layers inside it.

    With total, its own row says what it learns and nothing else.
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
    """Yield the layers that a layer is made of, by the attributes that hold them or by their numbers."""
    held = {id(value): attribute for attribute, value in vars(layer).items()}
    for i, inner in enumerate(layer.layers):
        if not isinstance(inner, Layer):
            raise TypeError(f"{layer_name(layer)} has {inner!r} in its layers; they are the Layers that it is made of")
        yield held.get(id(inner), str(i)), inner
