"""What a gradient check found, tensor by tensor."""

from dataclasses import dataclass

from tinygan.table import text_table


@dataclass(frozen=True)
class Row:
    """The check of one tensor.

    Attributes
    ----------
    tensor : str
        ``"x"``, or the name of a parameter.
    shape : tuple of int
        Of the tensor.
    n_checked, n_kinks : int
        Entries compared, and entries left out because the function has a kink there.
    relative_error : float
        Largest difference between backward pass and numerical derivative, over the largest entry of either.
    verdict : str
        ``"right"``, ``"at kinks only"``, ``"wrong"``, or what else is wrong with the gradient: its shape, that it is
        not finite, missing, ``"not accumulated"`` when the backward pass is called twice, or ``"x was overwritten"``.
    """

    tensor: str
    shape: tuple[int, ...]
    n_checked: int
    n_kinks: int
    relative_error: float
    verdict: str

    @property
    def ok(self) -> bool:
        """Whether nothing speaks against this gradient."""
        return self.verdict in ("right", "at kinks only")


@dataclass(frozen=True)
class Report:
    """The rows of a gradient check; prints as a table.

    Attributes
    ----------
    layer : str
        What was checked.
    rows : list of Row
        One a tensor: the input, then every parameter.
    """

    layer: str
    rows: list[Row]

    @property
    def ok(self) -> bool:
        """Whether nothing speaks against any gradient."""
        return all(row.ok for row in self.rows)

    def _headline(self) -> str:
        if not self.ok:
            return "a gradient is wrong"
        if not any(row.n_checked for row in self.rows):
            return "nothing could be compared, every entry is at a kink; try another x"
        return "every gradient is right"

    def __str__(self) -> str:
        header = ["tensor", "shape", "checked", "at kinks", "relative error", "verdict"]
        body = [
            [row.tensor, str(row.shape), str(row.n_checked), str(row.n_kinks), f"{row.relative_error:.1e}", row.verdict]
            for row in self.rows
        ]
        return f"{self.layer}: {self._headline()}\n" + text_table(header, body, "<<>>><")
