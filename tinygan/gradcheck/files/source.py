"""What the source of a function says of it: whether anything is written, and whether it returns gradients itself."""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable
from typing import Any

from tinygan.gradcheck.subjects.gradient_names import gradient_of, returned_names

LOSS = re.compile(r"\w*(loss|cost|entropy|error|hinge|nll|mse|bce|svm)\w*|J|L", re.I)


def is_stub(function: Callable[..., Any]) -> bool:
    """Return whether nothing is written yet: only a docstring, pass, raise, or names that are set to None.

    Examples
    --------
    >>> def later(x):
    ...     out = None
    ...     pass
    ...     return out
    >>> is_stub(later), is_stub(is_stub)
    (True, False)
    """
    tree = _tree(function)
    if tree is None:
        return False
    nothing = {name for statement in tree.body for name in _set_to_none(statement)}
    return all(_says_nothing(statement, nothing) for statement in tree.body)


def returns_gradients(function: Callable[..., Any]) -> bool:
    """Return whether a function returns a loss and, behind it, gradients.

    Examples
    --------
    >>> def softmax_loss(x, y):
    ...     loss, dx = 0.0, x
    ...     return loss, dx
    >>> returns_gradients(softmax_loss), returns_gradients(is_stub)
    (True, False)
    """
    names = returned_names(function)
    if len(names) < 2:
        return False
    result, name = (LOSS.fullmatch(word) is not None for word in (names[0], function.__name__))
    has_gradients = all(gradient_of((word,)) is not None for word in names[1:])
    return (result and name) or ((result or name) and has_gradients) or (name and names[1:] == [""])


def _tree(function: Callable[..., Any]) -> ast.FunctionDef | None:
    try:
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function)))).body
    except (OSError, TypeError, SyntaxError, ValueError):
        return None
    return tree if isinstance(tree, ast.FunctionDef) else None


def _set_to_none(statement: ast.stmt) -> set[str]:
    """Return the names that a statement sets to None, as dx, dw = None, None does."""
    if not isinstance(statement, ast.Assign):
        return set()
    values = statement.value.elts if isinstance(statement.value, ast.Tuple) else [statement.value]
    if not all(isinstance(value, ast.Constant) and value.value is None for value in values):
        return set()
    return {node.id for target in statement.targets for node in ast.walk(target) if isinstance(node, ast.Name)}


def _says_nothing(statement: ast.stmt, nothing: set[str]) -> bool:
    if isinstance(statement, (ast.Pass, ast.Raise)):
        return True
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    if isinstance(statement, ast.Assign):
        is_unpacking = isinstance(statement.targets[0], ast.Tuple) and isinstance(statement.value, ast.Name)
        return is_unpacking or bool(_set_to_none(statement))
    if isinstance(statement, ast.Return):
        value = statement.value
        parts = value.elts if isinstance(value, ast.Tuple) else [value] if value is not None else []
        return any(isinstance(part, ast.Name) and part.id in nothing for part in parts) or all(
            isinstance(part, ast.Constant) and part.value is None for part in parts
        )
    return False
