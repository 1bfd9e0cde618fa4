"""What is inside a network, each by a name of its own: its layers, and the parameters that they learn."""

from collections import Counter
from collections.abc import Iterator, Sequence

from tinygan.layers.base import Layer, layer_name
from tinygan.layers.parameter import Parameter


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
        If ``layers`` holds something that is no layer.

    Examples
    --------
    >>> from tinygan.layers import Linear, ReLU, Sequential
    >>> [name for name, _ in named_layers(Sequential(Linear(2, 3), Sequential(ReLU(), Linear(3, 1))))]
    ['', '0', '1', '1.0', '1.1']
    """
    yield "", network
    held = {id(value): attribute for attribute, value in vars(network).items()}
    for i, layer in enumerate(network.layers):
        if not isinstance(layer, Layer):
            raise TypeError(
                f"{layer_name(network)} has {layer!r} in its layers; they are the Layers that it is made of"
            )
        name = held.get(id(layer), str(i))
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
