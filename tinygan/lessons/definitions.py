"""Read what a student wrote: run the imports, functions, classes and constants of the file, and nothing else."""

import ast
import difflib
import linecache
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from tinygan.files import as_path
from tinygan.lessons.calling import Failure, message
from tinygan.lessons.exercise import Answer
from tinygan.lessons.script import Cell, cells, notebook_cells
from tinygan.lessons.time_limit import TooSlow, within

# How the name of a student's file ends: a script or a notebook.
SUFFIXES = (".py", ".ipynb")
# What a definition may call when it is read: a constant such as np.log(2) or np.random.default_rng(0).
CONSTANT_CALLS = ("np", "numpy", "math")
CONSTANT_BUILTINS = ("abs", "dict", "float", "int", "len", "list", "max", "min", "range", "tuple")
# Variables in which a lesson asks for words.
TEXTS = ("prediction", "explanation")


@dataclass
class Written:
    """What a student's file defines.

    Attributes
    ----------
    functions : dict from str
        The functions, classes and constants by name.
    problems : list of str
        One sentence for each part that could not be read.
    texts : dict from str to str
        The prediction and the explanation, as far as they are written.
    unread : set of str
        The functions of cells that are not Python.
    not_run : set of str
        The names that other statements set, which are not run.
    """

    functions: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)
    not_run: set[str] = field(default_factory=set)

    def find(self, name: str, file: str) -> Answer | Failure:
        """Return a function by its name, or why there is none in the file."""
        if name not in self.functions and name in self.unread:
            return Failure("empty", "its cell is not Python, see the note")
        if name not in self.functions:
            near = difflib.get_close_matches(name, self.functions, 1, 0.8)
            hint = f"; it has {near[0]}: is that the one? Then rename it" if near else ""
            return Failure("empty", f"{file} has no function {name}{hint}")
        function: object = self.functions[name]
        if not callable(function):
            return Failure("wrong", f"{name} is not a function here, but a {type(function).__name__}")
        return function

    def about(self, sentence: str) -> str:
        """Return what to add to a sentence on a NameError, if the name is set by a line that was not run."""
        missing = re.search(r"NameError: name '(\w+)' is not defined", sentence)
        if missing is None or missing[1] not in self.not_run:
            return ""
        return f". {missing[1]} is set by a line that a check does not run; move it into the function"


def read_cells(path: str | Path) -> list[Cell]:
    """Return the cells of a script (.py) or a notebook (.ipynb).

    Raises
    ------
    ValueError
        If the file is no text in UTF-8, or a notebook that is none.
    OSError
        If it cannot be read.
    """
    path = as_path(path)
    return cells_of(path.read_bytes(), path.name)


def cells_of(content: bytes, name: str) -> list[Cell]:
    """Return the cells that the content of a file holds.

    Parameters
    ----------
    content : bytes
    name : str
        The file's name: it says whether this is a notebook.

    Raises
    ------
    ValueError
        If it is no text in UTF-8, or a notebook that is none.

    Examples
    --------
    >>> cells_of(b"x = 1", "lesson.py")
    [Cell(kind='code', source='x = 1')]
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{name} is not text in UTF-8; save it as UTF-8") from None
    if not name.endswith(".ipynb"):
        return cells(text)
    try:
        return notebook_cells(text)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def definitions(
    parts: Sequence[Cell],
    name: str = "lesson",
    *,
    wanted: Callable[[ast.stmt], bool] = lambda node: True,
    seconds: float = math.inf,
) -> Written:
    """Run the imports, functions, classes and constants of some cells, and nothing else.

    Parameters
    ----------
    parts : sequence of Cell
    name : str
        The name of the module that the functions believe they are in, and of the file that errors name.
    wanted : callable
        Which statements to run; by default, all that define something.
    seconds : float
        Time for one definition: a class, a decorator or a default value may hold a loop. See `within`.

    Returns
    -------
    Written
        A cell that does not parse, or a definition that raises, is a problem, and the others still count.

    Examples
    --------
    >>> written = definitions([Cell("code", "def double(x): return 2 * x"), Cell("code", "print(double(1)"),])
    >>> written.functions["double"](3)
    6
    >>> written.problems
    ["cell 2 is not Python: '(' was never closed, in line 1: print(double(1)"]
    """
    module = ModuleType(name)
    written = Written()
    codes = [cell for cell in parts if cell.kind == "code"]
    for number, cell in enumerate(codes, 1):
        source = "\n" * (cell.line - 1) + cell.source  # so that its lines have the numbers of the file
        try:
            tree = parsed(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            written.problems.append(f"cell {number} is not Python: {_syntax(error, source)}")
            written.unread.update(re.findall(r"(?m)^def (\w+)", source))
            continue
        for node in filter(wanted, tree.body):
            _take(node, number, source, module, written, seconds)
    written.functions = {key: value for key, value in vars(module).items() if not key.startswith("__")}
    return written


def parsed(source: str) -> ast.Module:
    """Return the syntax of a cell; a tab counts as four spaces.

    Raises
    ------
    SyntaxError, ValueError, RecursionError or MemoryError
        If it has none.
    """
    return ast.parse(source.replace("\t", "    ") if "\t" in source else source)


def imported(node: ast.AST) -> Iterator[str]:
    r"""Yield the full names of what a statement imports: of modules, and of what is taken out of modules.

    Examples
    --------
    >>> [list(imported(node)) for node in parsed("import math\nfrom tinygan import layers\nx = 1").body]
    [['math'], ['tinygan.layers'], []]
    """
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield from (f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names)


def _take(node: ast.stmt, number: int, source: str, module: ModuleType, written: Written, seconds: float) -> None:
    """Run one statement if it is a definition."""
    if (text := asked_text(node)) is not None:
        written.texts[text[0]] = text[1]
    definition = _definition(node)
    if definition is None:
        written.not_run.update(_set_in(node))
        return
    filename = f"<{module.__name__}, cell {number}, {hash(source)}>"  # a name of its own for each version of a cell
    _remember(filename, source)

    def run() -> None:
        exec(compile(ast.Module([definition], []), filename, "exec"), vars(module))

    _, error, _ = within(seconds, run)
    if isinstance(error, TooSlow):
        written.problems.append(f"cell {number}, line {node.lineno} had not ended after {seconds:g} s, and was stopped")
    elif isinstance(error, NameError) and error.name in written.not_run:
        written.not_run.update(_set_in(node))
    elif error is not None:
        words = f": {message(error)}" if message(error) else ""
        written.problems.append(f"cell {number}, line {node.lineno} does not run: {type(error).__name__}{words}")


def asked_text(node: ast.stmt) -> tuple[str, str] | None:
    """Return name and text, if a statement is ``prediction = "..."`` or ``explanation = "..."``."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text))) if name in TEXTS:
            return name, text.strip()
    return None


def _definition(node: ast.stmt) -> ast.stmt | None:
    """Return a statement if it defines a name; of ``if`` and ``try``, the part that does."""
    match node:
        case ast.Import() | ast.ImportFrom() | ast.FunctionDef() | ast.ClassDef():
            return node
        case ast.Assign(value=ast.expr() as value) | ast.AnnAssign(value=ast.expr() as value):
            return node if isinstance(value, ast.Lambda) or _is_constant(value) else None
        case ast.If(test=test) if _is_constant(test):
            kept: ast.stmt = ast.If(test, _definitions(node.body) or [ast.Pass()], _definitions(node.orelse))
        case ast.Try():
            handlers = [
                ast.ExceptHandler(each.type, each.name, _definitions(each.body) or [ast.Pass()])
                for each in node.handlers
            ]
            blocks = map(_definitions, (node.orelse, node.finalbody))
            kept = ast.Try(_definitions(node.body) or [ast.Pass()], handlers, *blocks)
        case _:
            return None
    return ast.fix_missing_locations(ast.copy_location(kept, node))


def _definitions(nodes: Sequence[ast.stmt]) -> list[ast.stmt]:
    return [part for part in map(_definition, nodes) if part is not None]


def _is_constant(value: ast.expr) -> bool:
    """Whether an expression calls nothing but functions of NumPy and math, and a few of Python's own."""
    calls = [part.func for part in ast.walk(value) if isinstance(part, ast.Call)]
    return all(
        _root(function) in (CONSTANT_CALLS if isinstance(function, ast.Attribute) else CONSTANT_BUILTINS)
        for function in calls
    )


def _set_in(node: ast.stmt) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}


def _root(node: ast.expr) -> str:
    """Return the first name of a dotted one; empty if it is something else."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _remember(filename: str, source: str) -> None:
    """Let tracebacks show the lines of a cell."""
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)


def _syntax(error: BaseException, source: str) -> str:
    if not isinstance(error, SyntaxError):
        return str(error) or type(error).__name__
    lines = source.splitlines()
    line = lines[error.lineno - 1].strip() if error.lineno and error.lineno <= len(lines) else ""
    return f"{error.msg}, in line {error.lineno}" + (f": {line}" if line else "")
