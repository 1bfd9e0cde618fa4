"""What a person should look at: imports and names that no answer needs."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Sequence

from tinygan import lessons
from tinygan.lessons.definitions import imported, parsed
from tinygan.lessons.exercise import Exercise
from tinygan.lessons.script import Cell

# Libraries that compute, and reach nothing outside.
LIBRARIES = [
    "__future__",
    "abc",
    "cmath",
    "collections",
    "dataclasses",
    "enum",
    "fractions",
    "functools",
    "itertools",
    "math",
    "numbers",
    "numpy",
    "operator",
    "scipy",
    "statistics",
    "typing",
]
# Python's own functions that reach behind the code.
BUILTINS = [
    "__builtins__",
    "__import__",
    "breakpoint",
    "compile",
    "delattr",
    "eval",
    "exec",
    "getattr",
    "globals",
    "locals",
    "open",
    "setattr",
    "vars",
]
# Parts of NumPy that reach files, other languages or Python's own modules.
REACHING = [
    "ctypeslib",
    "f2py",
    "fromfile",
    "fromregex",
    "genfromtxt",
    "load",
    "loadtxt",
    "memmap",
    "os",
    "save",
    "savetxt",
    "savez",
    "savez_compressed",
    "sys",
    "testing",
    "tofile",
]


def may_import(exercise: Exercise, name: str) -> bool:
    """Return whether an answer may import something, by its full name.

    Parameters
    ----------
    exercise : Exercise
    name : str
        Such as ``numpy`` or ``tinygan.lessons.check``.

    Examples
    --------
    >>> from tinygan.lessons.catalog import find_exercise
    >>> relu_backward = find_exercise("relu_backward")
    >>> [may_import(relu_backward, name) for name in ("numpy.linalg", "tinygan.lessons.check", "tinygan.layers.ReLU")]
    [True, True, False]
    """
    first, _, rest = name.partition(".")
    if first in LIBRARIES:
        return not set(rest.split(".")) & set(REACHING)
    said_in_lessons = [f"tinygan.lessons.{word}" for word in lessons.__all__]
    return name in said_in_lessons or any(f"{name}.".startswith(f"{room}.") for room in exercise.allowed)


def reason_to_look(exercise: Exercise, parts: Sequence[Cell]) -> str:
    r"""Return what should be looked at in the code that an answer consists of, in a sentence; empty if nothing.

    The answer is the exercise's function and all functions, classes and constants of the file that it mentions, and
    those that they mention.

    Parameters
    ----------
    exercise : Exercise
    parts : sequence of Cell
        The student's file.

    Examples
    --------
    >>> from tinygan.lessons.catalog import find_exercise
    >>> code = "from tinygan.layers import ReLU\ndef relu_backward(grad_y, x): return ReLU().backward_input(grad_y, x)"
    >>> reason_to_look(find_exercise("relu_backward"), [Cell("code", code)])
    'It uses tinygan.layers.ReLU, which an answer to this exercise may not.'
    """
    kept_out: dict[str, str] = {}
    modules: set[str] = set()
    defined: defaultdict[str, list[ast.AST]] = defaultdict(list)
    for node in statements(parts):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias, full in zip(node.names, imported(node), strict=True):
                bound = alias.asname or alias.name.partition(".")[0]
                modules.add(bound)
                if not may_import(exercise, full):
                    kept_out[bound] = full
        for name in _defined(node):
            defined[name].append(node)
    for reached in _reached(exercise.name, defined):
        own = _own(reached)
        foreign = {name: full for name, full in kept_out.items() if name not in own}
        for part in ast.walk(reached):
            if found := _reaches(part, exercise, foreign, modules):
                return f"It {found}, which an answer to this exercise may not."
    return ""


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


def _defined(node: ast.stmt) -> list[str]:
    """Return the names that a statement defines."""
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            return [part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
    return []


def _reached(name: str, defined: dict[str, list[ast.AST]]) -> Iterator[ast.AST]:
    """Yield the definitions of a name, and those of all names that they mention."""
    waiting, seen = [name], {name}
    while waiting:
        for node in defined.get(waiting.pop(), []):
            yield node
            mentioned = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)} - _own(node) - seen
            seen |= mentioned
            waiting += mentioned


def _own(node: ast.AST) -> set[str]:
    """Return the names that a definition gives to its arguments and variables."""
    own = set()
    for part in ast.walk(node):
        match part:
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()):
                own.add(name)
    return own


def _reaches(part: ast.AST, exercise: Exercise, kept_out: dict[str, str], modules: set[str]) -> str:
    """Return what one piece of code does that no answer needs to; empty if nothing."""
    match part:
        case ast.Import() | ast.ImportFrom():
            return next((f"imports {name}" for name in imported(part) if not may_import(exercise, name)), "")
        case ast.Name(id=name) if name in kept_out:
            return f"uses {kept_out[name]}"
        case ast.Name(id=name) if name in BUILTINS:
            return f"uses {name}"
        case ast.Attribute(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()) if name in modules:
            return f"changes {name}.{part.attr}"
        case ast.Attribute(attr=name) if name in REACHING or (name.startswith("__") and name != "__init__"):
            return f"uses {name}"
    return ""
