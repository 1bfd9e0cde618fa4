"""Match gradients to tensors, as people write them: by name, by order, or by shape."""

import ast
import inspect
import itertools
import re
import textwrap
from collections.abc import Callable, Sequence
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
    >>> gradient_of(("grad",)), gradient_of(("self", "W"))
    ('', None)
    """
    rest = [part for part in path if not GRADIENTS.fullmatch(part)]
    if len(rest) == len(path):
        found = next((match for pattern in MARKED if path and (match := pattern.fullmatch(path[-1]))), None)
        if found is None:
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


def assigned(
    tensors: Sequence[tuple[Path, Any]], gradients: Sequence[tuple[Path, Any]], returned: Sequence[int], n_first: int
) -> dict[int, int]:
    """Return which gradient belongs to which tensor, as positions: by name, and where names say nothing, by order.

    Parameters
    ----------
    tensors : sequence of (path, array)
    gradients : sequence of (path, gradient)
        All that may be gradients, by the names that they have.
    returned : sequence of int
        Positions of the gradients that backward returns; only these may go by order.
    n_first : int
        How many of the tensors, from the first on, may go by order.
    """
    pairs: dict[int, int] = {}
    stems = [gradient_of(path) for path, _ in gradients]
    for i, (path, _) in enumerate(tensors):
        same = [j for j, stem in enumerate(stems) if stem and stem == plain_name(path) and j not in pairs.values()]
        if same:
            pairs[i] = same[0]
    left = [(i, np.shape(tensors[i][1])) for i in range(n_first) if i not in pairs]
    spare = [(j, np.shape(gradients[j][1])) for j in returned if j not in pairs.values()]
    return pairs | _in_order(left, spare)


def _in_order(tensors: list[tuple[int, Any]], gradients: list[tuple[int, Any]]) -> dict[int, int]:
    """Go by order, unless only another order fits the shapes."""
    n = min(len(tensors), len(gradients))
    orders: list[Any] = [tensors[:n]]
    if len(tensors) <= MOST:
        orders += itertools.permutations(tensors, n)
    fitting = (order for order in orders if all(t[1] == g[1] for t, g in zip(order, gradients, strict=False)))
    return {t[0]: g[0] for t, g in zip(next(fitting, orders[0]), gradients, strict=False)}
