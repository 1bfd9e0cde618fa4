"""Find the one line of a backward pass that computes a gradient, if there is only one."""

import ast
import inspect
import linecache
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

# Calls that make an array for a gradient to be added to; a line with nothing else computes nothing.
EMPTY = ("zeros", "zeros_like", "empty", "empty_like")
# What may stand on the right of a statement that only unpacks: x, w = cache; x = cache[0]; x = self.x.
PLAIN = (ast.Name, ast.Attribute, ast.Subscript)


def line_of_kept(function: Callable[..., Any], name: str) -> str | None:
    """Return file and line of the one statement that computes a variable, an attribute or an entry of this name.

    A statement computes it if it assigns or adds to it, as to ``dw``, ``self.dw`` or ``grads["dw"]``, or if it calls a
    method of it, as ``self.weight.accumulate(...)`` does. None if there is no such statement, if there are several, or
    if it works with what others have computed, which may be to blame.
    """
    source = _Source.of(function)
    nodes = [node for node in source.statements if name in _computed(node)] if source else []
    return source.place(nodes[0]) if source and len(nodes) == 1 and source.stands_alone(nodes[0]) else None


def line_of_returned(function: Callable[..., Any], i: int = 0) -> str | None:
    """Return file and line of the one statement that computes the i-th part of what a function returns, or None."""
    source = _Source.of(function)
    returns = [node for node in source.statements if isinstance(node, ast.Return) and node.value] if source else []
    if not source or len(returns) != 1 or not (value := returns[0].value):
        return None
    parts = list(value.elts) if isinstance(value, (ast.Tuple, ast.List)) else [value]
    part = parts[i] if i < len(parts) else value
    if isinstance(part, ast.Name):
        return line_of_kept(function, part.id)
    return source.place(part) if source.stands_alone(part) else None


def text_at(where: str) -> str:
    """Return the text of the line at a place such as ``layers.py:12``, or "" if there is none.

    Examples
    --------
    >>> text_at("no_such_file.py:12")
    ''
    """
    file, _, number = where.rpartition(":")
    linecache.checkcache(file)
    return linecache.getline(file, int(number)).strip() if number.isdigit() else ""


class _Source:
    """The statements of a function, and where they stand."""

    def __init__(self, tree: ast.FunctionDef, file: str, first: int) -> None:
        self.statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
        self._file, self._first = file, first
        arguments = [argument.arg for argument in tree.args.args if argument.arg not in ("self", "this")]
        self._upstream = arguments[0] if arguments else None

    @classmethod
    def of(cls, function: Callable[..., Any]) -> "_Source | None":
        function = inspect.unwrap(function)
        try:
            lines, first = inspect.getsourcelines(function)
            (tree,) = ast.parse(textwrap.dedent("".join(lines))).body
            return cls(tree, function.__code__.co_filename, first) if isinstance(tree, ast.FunctionDef) else None
        except (OSError, TypeError, SyntaxError, ValueError):
            return None

    def place(self, node: ast.stmt | ast.expr) -> str:
        return f"{self._file}:{self._first + node.lineno - 1}"

    def stands_alone(self, node: ast.stmt | ast.expr) -> bool:
        """Return whether a statement works only with arguments, and with what is unpacked from them."""
        loaded = {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)}
        others = [other for other in self.statements if other is not node and _computed(other) & loaded]
        return all(self._unpacks(other) for other in others)

    def _unpacks(self, node: ast.stmt) -> bool:
        """Return whether a statement only gives a name to what was kept: x, w = cache, but not d = dout."""
        value = node.value if isinstance(node, ast.Assign) else None
        return isinstance(value, PLAIN) and not (isinstance(value, ast.Name) and value.id == self._upstream)


def _computed(node: ast.stmt) -> set[str]:
    """Return the names of what a statement computes."""
    if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)) and node.value is not None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        begins = _is_empty(node.value) and not any(_is_part(target) for target in targets)
        return set() if begins else {name for target in targets for name in _names(target)}
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute):
        return set(_names(node.value.func.value))
    return set()


def _is_part(target: ast.expr) -> bool:
    """Return whether a target is some entries of an array, as in ``dx[x < 0]``, and not an entry of a dictionary."""
    return isinstance(target, ast.Subscript) and not isinstance(target.slice, ast.Constant)


def _is_empty(value: ast.expr) -> bool:
    called = value.func if isinstance(value, ast.Call) else None
    return isinstance(value, ast.Constant) or getattr(called, "attr", getattr(called, "id", "")) in EMPTY


def _names(node: ast.expr) -> Iterator[str]:
    """Yield the names of a target: a for a, self.a, a[i], self.a.grad and grads["a"]."""
    if isinstance(node, (ast.Tuple, ast.List)):
        for part in node.elts:
            yield from _names(part)
    elif isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Attribute):
        yield node.attr
        yield from _names(node.value) if node.attr == "grad" else ()
    elif isinstance(node, ast.Subscript):
        yield from _names(node.value)
        yield from (str(part.value) for part in [node.slice] if isinstance(part, ast.Constant))
