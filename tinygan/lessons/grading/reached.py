"""Which statements of a file an answer consists of: only these are run, and looked at."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Sequence
from symtable import SymbolTable, symtable

from tinygan.lessons.definitions import parsed
from tinygan.lessons.script import Cell


def statements(parts: Sequence[Cell]) -> Iterator[ast.stmt]:
    """Yield the statements of all cells that can be parsed; of the others, nothing will run.

    Examples
    --------
    >>> len(list(statements([Cell("code", "x = 1; y = 2"), Cell("code", "if"), Cell("markdown", "Hello")])))
    2
    """
    for cell in parts:
        if cell.kind == "code":
            try:
                yield from parsed(cell.source).body
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue


def defined(node: ast.stmt) -> set[str]:
    """Return the names that a statement defines, or whose parts it changes; an import defines none here.

    Examples
    --------
    >>> sorted(defined(ast.parse("a, b.c = 1, 2").body[0]))
    ['a', 'b']
    """
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Assign(targets=targets):
            return {part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)}
        case ast.AnnAssign(target=ast.Name(id=name)):
            return {name}
        case ast.If() | ast.Try():
            return {name for part in ast.iter_child_nodes(node) for name in _defined_in(part)}
    return set()


def _defined_in(part: ast.AST) -> set[str]:
    """Return the names that a part of an ``if`` or ``try`` defines; here an import defines some too."""
    match part:
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return {alias.asname or alias.name.partition(".")[0] for alias in names}
        case ast.ExceptHandler(body=body):
            return {name for node in body for name in _defined_in(node)}
        case ast.stmt():
            return defined(part)
    return set()


def mentioned(node: ast.stmt) -> set[str]:
    """Return the names that a statement takes from outside: not the arguments and variables of its functions.

    Examples
    --------
    >>> sorted(mentioned(ast.parse("def f(x): return g(x) + (lambda y: y * z)(x)").body[0]))
    ['g', 'z']
    """
    return set(_looked_up(symtable(ast.unparse(node), "", "exec")))


def _looked_up(table: SymbolTable) -> Iterator[str]:
    for symbol in table.get_symbols():
        # A class's own name may also be one from outside: `class A: x = x`.
        if symbol.is_referenced() and (symbol.is_global() or table.get_type() != "function"):
            yield symbol.get_name()
    for inner in table.get_children():
        yield from _looked_up(inner)


def reached(name: str, parts: Sequence[Cell]) -> dict[str, list[ast.stmt]]:
    r"""Return the statements that define a name, and those that define the names that these mention, and so on.

    Parameters
    ----------
    name : str
    parts : sequence of Cell
        The student's file.

    Returns
    -------
    dict from str to list of ast.stmt
        The statements by the name that they define; an empty list for a name that the file does not define.

    Examples
    --------
    >>> code = "def half(x): return x / 2\ndef quarter(x): return half(half(x))\ndef double(x): return 2 * x"
    >>> list(reached("quarter", [Cell("code", code)]))
    ['quarter', 'half']
    """
    of_file: defaultdict[str, list[ast.stmt]] = defaultdict(list)
    for node in statements(parts):
        for each in defined(node):
            of_file[each].append(node)
    found: dict[str, list[ast.stmt]] = {}
    waiting = [name]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found[each] = of_file.get(each, [])
            waiting += [other for node in found[each] for other in sorted(mentioned(node))]
    return found
