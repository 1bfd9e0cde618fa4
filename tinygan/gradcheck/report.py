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
        not finite, missing, or ``"not accumulated"`` when the backward pass is called twice.
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
        """Whether every gradient is right."""
        return all(row.ok for row in self.rows)

    def __str__(self) -> str:
        header = ["tensor", "shape", "checked", "at kinks", "relative error", "verdict"]
        body = [
            [row.tensor, str(row.shape), str(row.n_checked), str(row.n_kinks), f"{row.relative_error:.1e}", row.verdict]
            for row in self.rows
        ]
        verdict = "every gradient is right" if self.ok else "a gradient is wrong"
        return f"{self.layer}: {verdict}\n" + text_table(header, body, "<<>>><")
