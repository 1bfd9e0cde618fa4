"""A lesson as a script in cells: taken apart, stripped of its solutions, made into a notebook."""

import ast
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
# The beginning of a line that only a notebook understands: a command (%, !, x = !), or a question (?np.sum, np.sum?).
FOR_NOTEBOOKS = re.compile(r"(?m)^([ \t]*)(?=[%!?]|[\w., ]+=[ \t]*[%!]|[\w.]+\?{1,2}[ \t]*$)")


@dataclass(frozen=True)
class Cell:
    """One cell of a lesson.

    Attributes
    ----------
    kind : {"markdown", "code"}
    source : str
        Its text; that of a markdown cell is without the leading ``#``.
    line : int
        The line of the script in which it begins; 1 in a notebook.
    """

    kind: str
    source: str
    line: int = field(default=1, compare=False, repr=False)


def cells(script: str) -> list[Cell]:
    r"""Return the cells of a script; each begins with ``# %%`` or ``# %% [markdown]``.

    Parameters
    ----------
    script : str
        The text of the script. What stands above the first mark is a cell of code, if it is not empty. So is what
        stands below a cell of markdown without a mark of its own.

    Examples
    --------
    >>> cells("# %% [markdown]\n# Hello\n\n# %%\nx = 1\n")
    [Cell(kind='markdown', source='Hello'), Cell(kind='code', source='x = 1')]
    """
    found: list[tuple[str, int, list[str]]] = [("code", 1, [])]
    for number, line in enumerate(script.splitlines(), 1):
        kind, _, lines = found[-1]
        if mark := re.match(r"# %%(.*)", line):
            found.append(("markdown" if "[markdown]" in mark[1] else "code", number + 1, []))
        elif kind == "code":
            lines.append(line)
        elif line.strip() and not line.startswith("#"):
            found.append(("code", number, [line]))
        else:
            lines.append(re.sub("^# ?", "", line))
    made = (_cell(*each) for each in found)
    return [cell for cell in made if cell.source]


def _cell(kind: str, number: int, lines: Sequence[str]) -> Cell:
    """Return a cell without the empty lines at both ends."""
    text = "\n".join(lines)
    return Cell(kind, text.strip("\n"), number + len(text) - len(text.lstrip("\n")))


def as_script(parts: Sequence[Cell]) -> str:
    """Return the script that has these cells: the reverse of `cells`.

    Examples
    --------
    >>> print(as_script([Cell("markdown", "Hello"), Cell("code", "x = 1")]), end="")
    # %% [markdown]
    # Hello
    <BLANKLINE>
    # %%
    x = 1
    """
    return "\n".join(_marked(cell) for cell in parts)


def _marked(cell: Cell) -> str:
    if cell.kind == "code":
        return f"# %%\n{cell.source}\n"
    lines = (f"# {line}".rstrip() for line in cell.source.split("\n"))
    return "\n".join(["# %% [markdown]", *lines, ""])


def stripped(source: str) -> str:
    """Return code in which ``raise NotYetWritten(...)`` stands for every solution.

    Parameters
    ----------
    source : str
        Code with solutions between the marks ``### BEGIN SOLUTION`` and ``### END SOLUTION``, inside functions.

    Raises
    ------
    ValueError
        If a mark has no partner, or stands in no function.

    Examples
    --------
    >>> print(stripped('''def double(x):
    ...     ### BEGIN SOLUTION
    ...     return 2 * x
    ...     ### END SOLUTION'''))
    def double(x):
        raise NotYetWritten("double")
    """
    return "\n".join(_without_solutions(source.split("\n")))


def _without_solutions(lines: Sequence[str]) -> Iterator[str]:
    function, in_solution = None, False
    for line in lines:
        if line.strip() in (BEGIN, END):
            if in_solution != (line.strip() == END) or function is None:
                raise ValueError(f"{line.strip()} has no partner, or stands in no function (in {function})")
            in_solution = not in_solution
            if in_solution:
                yield line.replace(BEGIN, f'raise NotYetWritten("{function}")')
        elif not in_solution:
            if definition := re.match(r"def (\w+)", line):
                function = definition[1]
            yield line
    if in_solution:
        raise ValueError(f"{BEGIN} has no partner (in {function})")


def solved(source: str) -> str:
    r"""Return code with its solutions, without the marks around them.

    Examples
    --------
    >>> print(solved("def one():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION"))
    def one():
        return 1
    """
    return "\n".join(line for line in source.split("\n") if line.strip() not in (BEGIN, END))


def notebook(parts: Sequence[Cell]) -> str:
    """Return the notebook that has these cells, as JSON in nbformat 4.5.

    Cells that hold a solution are tagged ``hide-input``: the documentation folds them.

    Examples
    --------
    >>> json.loads(notebook([Cell("code", "x = 1")]))["cells"][0]["source"]
    ['x = 1']
    """
    return notebook_of([notebook_cell(cell) for cell in parts])


def notebook_cell(cell: Cell) -> dict[str, Any]:
    """Return a cell as a notebook holds it.

    Examples
    --------
    >>> notebook_cell(Cell("markdown", "Hello"))
    {'cell_type': 'markdown', 'metadata': {}, 'source': ['Hello']}
    """
    if cell.kind == "markdown":
        return {"cell_type": "markdown", "metadata": {}, "source": cell.source.splitlines(keepends=True)}
    return code_cell(solved(cell.source), {"tags": ["hide-input"]} if BEGIN in cell.source else {})


def code_cell(source: str, metadata: dict[str, Any]) -> dict[str, Any]:
    """Return a cell of code as a notebook holds it, not yet run.

    Examples
    --------
    >>> code_cell("x = 1", {})["outputs"]
    []
    """
    lines = source.splitlines(keepends=True)
    return {"cell_type": "code", "metadata": metadata, "source": lines, "execution_count": None, "outputs": []}


def notebook_of(made: Sequence[dict[str, Any]]) -> str:
    """Return a notebook of such cells, as JSON in nbformat 4.5; each cell gets an id.

    Examples
    --------
    >>> json.loads(notebook_of([code_cell("x = 1", {})]))["nbformat"]
    4
    """
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return json.dumps(
        {
            "cells": [{"id": f"cell-{number}", **cell} for number, cell in enumerate(made)],
            "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        },
        ensure_ascii=False,
        indent=1,
    )


def notebook_cells(text: str) -> list[Cell]:
    r"""Return the cells of a notebook, read as data: nothing in it is run.

    Lines that only a notebook understands (``%matplotlib inline``, ``!pip``, ``np.sum?``) become comments.

    Raises
    ------
    ValueError
        If the text is no notebook.

    Examples
    --------
    >>> notebook_cells(notebook([Cell("code", "%time\nx = 1")]))
    [Cell(kind='code', source='pass  # %time\nx = 1')]
    """
    try:
        data = json.loads(text)
        return [Cell(cell["cell_type"], _plain(cell)) for cell in data["cells"]]
    except (ValueError, KeyError, TypeError, RecursionError, AttributeError):
        raise ValueError("this is no notebook of Jupyter: it is not JSON with a list of cells") from None


def _plain(cell: dict[str, Any]) -> str:
    source = "".join(cell["source"])
    return source if cell["cell_type"] != "code" or _is_python(source) else FOR_NOTEBOOKS.sub(r"\1pass  # ", source)


def _is_python(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
