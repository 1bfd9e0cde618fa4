"""Match gradients to tensors, as people write them: by name, by order, or by shape."""

import ast
import inspect
import itertools
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tinygan.gradcheck.subjects.leaves import Path

# dW, dLdW, dL_dW, grad_W, delta_W and W_grad, W_error are names of the gradient of W.
MARKED = (
    re.compile(r"(?:dL_?d|dJ_?d|dE_?d|dloss_?d|grads?_|gradients?_|delta_|d_|d|grad)(?P<stem>[A-Za-z]\w*)", re.I),
    re.compile(r"(?P<stem>[A-Za-z]\w*?)_(?:grads?|gradients?|errors?|delta)", re.I),
)
# A folder of gradients, and one of what they are the gradients of.
GRADIENTS = re.compile(r"_?(d|grads?|gradients?|derivatives?|d_?params|d_?weights|param_grads?)", re.I)
PLAIN = re.compile(r"_?(self|params?|parameters?|values?|data)", re.I)

# The most tensors that are tried in every order.
MOST = 6


def plain_name(path: Path) -> str:
    """Return the name of a tensor without the words that hold it.

    Examples
    --------
    >>> plain_name(("self", "params", "W")), plain_name(("self", "weight", "data"))
    ('w', 'weight')
    """
    return ".".join(part for part in path if not PLAIN.fullmatch(part)).lower()


def gradient_of(path: Path) -> str | None:
    """Return the plain name of the tensor whose gradient a path names; "" if it names none, None if no gradient.

    Examples
    --------
    >>> gradient_of(("self", "dLdW")), gradient_of(("self", "grads", "W")), gradient_of(("self", "W", "grad"))
    ('w', 'w', 'w')
    >>> gradient_of(("grad",)), gradient_of(("self", "W")), gradient_of(("self", "W", "data"))
    ('', None, None)
    """
    rest = [part for part in path if not GRADIENTS.fullmatch(part)]
    if len(rest) == len(path):
        found = next((match for pattern in MARKED if path and (match := pattern.fullmatch(path[-1]))), None)
        if found is None or PLAIN.fullmatch(path[-1]):  # data is not the gradient of "ata"
            return None
        return plain_name((*path[:-1], found["stem"]))
    if rest and (found := MARKED[0].fullmatch(rest[-1])) is not None and path[-1] == rest[-1]:
        rest[-1] = found["stem"]  # gradients["dW"]
    return plain_name(tuple(rest))


def returned_names(function: Callable[..., Any]) -> list[str]:
    """Return the names in the last return statement of a function, "" for what has none; [] if unknown.

    Examples
    --------
    >>> returned_names(returned_names)
    ['']
    """
    try:
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function)))).body
    except (OSError, TypeError, SyntaxError, ValueError):
        return []
    returns = [node.value for node in ast.walk(tree) if isinstance(node, ast.Return) and node.value is not None]
    if not returns:
        return []
    value = max(returns, key=lambda node: node.lineno)
    parts = value.elts if isinstance(value, (ast.Tuple, ast.List)) else [value]
    return [_name(part) for part in parts]


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    return ""


def by_name(tensors: Sequence[Path], gradients: Sequence[Path]) -> dict[Path, Path]:
    """Return which gradient belongs to which tensor by its name.

    Examples
    --------
    >>> by_name([("x",), ("w",), ("t_mean",)], [("dw",), ("other",), ("dMean",)])
    {('w',): ('dw',), ('t_mean',): ('dMean',)}
    """
    stems: dict[str, Path] = {}
    for path in gradients:
        if stem := gradient_of(path):
            stems.setdefault(stem, path)
    tensors = [path for path in tensors if path not in stems.values()]
    pairs = {path: stems[plain_name(path)] for path in tensors if plain_name(path) in stems}
    for path in tensors:
        alike = [stem for stem in stems if stems[stem] not in pairs.values() and _is_alike(stem, plain_name(path))]
        if path not in pairs and len(alike) == 1:
            pairs[path] = stems[alike[0]]
    return pairs


def _is_alike(one: str, other: str) -> bool:
    """Return whether two names are the same but for underscores and a prefix."""
    short, long = sorted((name.replace("_", "") for name in (one, other)), key=len)
    return len(short) > 2 and long.endswith(short)


def in_order(tensors: Mapping[Path, Any], gradients: Mapping[Path, Any]) -> dict[Path, Path]:
    """Return which gradient belongs to which tensor by their order, unless only another order fits their shapes.

    Examples
    --------
    >>> tensors = {("x",): np.ones((5, 4)), ("w",): np.ones((4, 3))}
    >>> in_order(tensors, {("0",): np.ones((4, 3)), ("1",): np.ones((5, 4))})
    {('w',): ('0',), ('x',): ('1',)}
    """
    n = min(len(tensors), len(gradients))
    orders: list[Any] = [tuple(tensors)[:n]]
    if len(tensors) <= MOST:
        orders += itertools.permutations(tensors, n)
    for order in orders:
        if all(np.shape(tensors[t]) == np.shape(gradients[g]) for t, g in zip(order, gradients, strict=False)):
            return dict(zip(order, gradients, strict=False))
    return dict(zip(orders[0], gradients, strict=False))


def matched(
    arguments: Mapping[Path, Any], learned: Sequence[Path], returned: Mapping[Path, Any], kept: Mapping[Path, Any]
) -> dict[Path, Path]:
    """Return which gradient belongs to which tensor.

    Parameters
    ----------
    arguments : dict from path to array
        What forward gets, and needs a gradient. Backward returns it, by name or in order; if it returns nothing, it
        keeps it on its object.
    learned : sequence of path
        The arrays inside the object, whose gradients have names.
    returned, kept
        The gradients that backward returns, and those that it keeps on the object.
    """
    given = returned or kept
    pairs = by_name([*arguments], [*given])
    left = {path: array for path, array in arguments.items() if path not in pairs}
    spare = (
        {path: array for path, array in given.items() if path not in pairs.values()} if returned or not pairs else {}
    )
    if len(spare) > len(left):  # None stands for what has no gradient
        spare = {path: array for path, array in spare.items() if array is not None}
    pairs |= in_order(left, spare)
    return pairs | by_name(learned, [path for path in (*kept, *returned) if path not in pairs.values()])
