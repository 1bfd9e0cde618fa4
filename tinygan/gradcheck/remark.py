"""A remark: something to know about a gradient that is right."""

from dataclasses import dataclass

from tinygan.arguments import check_choice

# The codes of remarks and their meanings. None of them makes a gradient wrong.
REMARKS = {
    "changed_argument": "an argument or the cache is changed in place",
    "not_repeatable": "a second backward pass with the same cache gives another gradient",
    "shared_tie": "entries that tie for a maximum share its gradient",
    "single_precision": "the numbers have seven digits: something on the way is float32",
    "other_shape": "the values are right, in another shape than the tensor has",
    "divided_by_m": "the gradient is divided by the batch size: right if the loss is summed over the batch",
    "not_registered": "something that learns is not among the parameters",
    "not_looked_at": "something that may have a gradient was not compared",
}


@dataclass(frozen=True)
class Remark:
    """What follows the words "right, but".

    Attributes
    ----------
    code : str
        One word for the kind of remark, such as ``"changed_argument"``; `REMARKS` lists them.
    message : str
        One sentence that continues "right, but".
    where : str
        File and line to look at.

    Examples
    --------
    >>> str(Remark("other_shape", "the gradient of b has shape (3,), and b has (1, 3).", "layers.py:9"))
    'right, but the gradient of b has shape (3,), and b has (1, 3).'
    """

    code: str
    message: str
    where: str

    def __post_init__(self) -> None:
        check_choice("Remark got code", self.code, tuple(REMARKS))

    def __str__(self) -> str:
        return f"right, but {self.message}"
