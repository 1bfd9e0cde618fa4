"""What a person should look at: imports and names that no answer needs."""

import ast
from collections.abc import Iterator, Sequence

from tinygan import lessons
from tinygan.lessons.definitions import imported
from tinygan.lessons.exercise import Exercise
from tinygan.lessons.grading.reached import mentioned, reached, statements
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
# Parts of these libraries that reach files, other languages or Python's own modules.
REACHING = [
    "builtins",
    "ctypeslib",
    "f2py",
    "fromfile",
    "fromregex",
    "genfromtxt",
    "importlib",
    "inspect",
    "load",
    "loadtxt",
    "memmap",
    "modules",
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
        return not any(map(_is_reaching, rest.split(".")))
    said_in_lessons = [f"tinygan.lessons.{word}" for word in lessons.__all__]
    return name in said_in_lessons or any(f"{name}.".startswith(f"{room}.") for room in exercise.allowed)


def reason_to_look(exercise: Exercise, parts: Sequence[Cell]) -> str:
    r"""Return what should be looked at in the code that an answer consists of, in a sentence; empty if nothing.

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
    modules = {bound: full for node in statements(parts) for bound, full in _bound(node)}
    answer = [node for nodes in reached(exercise.name, parts).values() for node in nodes]
    found = next((how for node in answer for how in _reaching(node, exercise, modules)), "")
    return f"It {found}, which an answer to this exercise may not." if found else ""


def _bound(node: ast.stmt) -> Iterator[tuple[str, str]]:
    """Yield the names that an import gives, each with the full name of what it imports."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        for alias, full in zip(node.names, imported(node), strict=True):
            if alias.name == "*":
                yield from ((name, f"{full[:-1]}{name}") for name in REACHING)
            else:
                yield alias.asname or alias.name.partition(".")[0], full


def _reaching(node: ast.stmt, exercise: Exercise, modules: dict[str, str]) -> Iterator[str]:
    """Yield what a statement does that no answer needs to."""
    for name in sorted(mentioned(node)):
        if name in BUILTINS:
            yield f"uses {name}"
        elif name in modules and not may_import(exercise, modules[name]):
            yield f"uses {modules[name]}"
    for part in ast.walk(node):
        match part:
            case ast.Import() | ast.ImportFrom():
                yield from (f"imports {name}" for name in imported(part) if not may_import(exercise, name))
            case ast.Attribute(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()) if name in modules:
                yield f"changes {name}.{part.attr}"
            case ast.Attribute(attr=name) if _is_reaching(name) and name != "__init__":
                yield f"uses {name}"


def _is_reaching(name: str) -> bool:
    """Return whether a part of something reaches behind it: a private part often does, such as collections._sys."""
    return name.startswith("_") or name in REACHING or name in BUILTINS
