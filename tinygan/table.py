"""Lay out rows of words and numbers as an aligned plain-text table."""

from collections.abc import Sequence


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]], align: str) -> str:
    """Return the rows under their header, in columns two spaces apart.

    Parameters
    ----------
    header : sequence of str
        One title for each column.
    rows : sequence of sequences of str
        The cells, already formatted.
    align : str
        ``"<"`` or ``">"`` for each column: to the left for words, to the right for numbers.

    Examples
    --------
    >>> print(text_table(["layer", "parameters"], [["Linear(2, 3)", "9"], ["ReLU()", "0"]], "<>"))
    layer         parameters
    Linear(2, 3)           9
    ReLU()                 0
    """
    lines = [list(header), *map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(f"{cell:{side}{width}}" for cell, side, width in zip(line, align, widths, strict=True)).rstrip()
        for line in lines
    )
