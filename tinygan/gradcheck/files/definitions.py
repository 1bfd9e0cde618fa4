"""Run only the definitions of a file or a notebook: imports, functions, classes and constants."""

import ast
import contextlib
import json
import linecache
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

# Calls that may stand in a constant, such as np.sqrt(2).
HARMLESS_ROOTS = ("np", "numpy", "math")


def defined(file: Path, name: str) -> ModuleType:
    """Return a module with what a file defines; training, plots and magics are left out.

    Parameters
    ----------
    file : Path
        A Python file or a notebook.
    name : str
        The name of the module.
    """
    module = ModuleType(name)
    module.__file__ = str(file)
    if len(parts := name.split(".")) > 1:
        module.__package__ = ".".join(parts[:-1])
    for place, source in chunks(file):
        linecache.cache[place] = (len(source), None, source.splitlines(keepends=True), place)
        for statement in ast.parse(source, place).body:
            if _is_definition(statement):
                code = compile(ast.Module([statement], []), place, "exec")
                with contextlib.suppress(Exception) if isinstance(statement, ast.Assign) else contextlib.nullcontext():
                    exec(code, vars(module))
    return module


def chunks(file: Path) -> Iterator[tuple[str, str]]:
    """Yield the source of a file, or of each cell of a notebook without its magics, with its name."""
    text = file.read_text(encoding="utf-8", errors="replace")
    if file.suffix != ".ipynb":
        yield str(file), text
        return
    for number, cell in enumerate(json.loads(text).get("cells", ()), 1):
        source = "".join(cell.get("source", ()))
        if cell.get("cell_type") == "code" and not source.lstrip().startswith("%%"):
            lines = [line if not line.lstrip().startswith(("%", "!", "?")) else "" for line in source.splitlines()]
            source = "\n".join(lines) + "\n"
            with contextlib.suppress(SyntaxError):
                ast.parse(source)
                yield f"{file}[cell {number}]", source


def runs_at(file: Path) -> int | None:
    """Return the line of the first loop that runs when a file is imported, if there is one."""
    with contextlib.suppress(SyntaxError, OSError):
        tree = ast.parse(file.read_text(encoding="utf-8", errors="replace"))
        return next((node.lineno for node in tree.body if isinstance(node, (ast.For, ast.While))), None)
    return None


def _is_definition(statement: ast.stmt) -> bool:
    if isinstance(statement, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)):
        return True
    if isinstance(statement, ast.Try):
        return all(isinstance(inner, (ast.Import, ast.ImportFrom)) for inner in statement.body)
    if isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is not None:
        calls = [node.func for node in ast.walk(statement.value) if isinstance(node, ast.Call)]
        return all(_root(call) in HARMLESS_ROOTS and "load" not in ast.unparse(call) for call in calls)
    return False


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
