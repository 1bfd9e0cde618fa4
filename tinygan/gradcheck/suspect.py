"""A suspect: a hypothesis about a wrong gradient that was tested and came true."""

from dataclasses import dataclass

from tinygan.arguments import check_choice

# The codes of suspects and their meanings, the most specific first.
CODES = {
    "zero": "the gradient is zero or was never computed",
    "sign": "the gradient points the other way",
    "accumulated_twice": "it is added twice, or added to the gradient of the step before",
    "not_accumulated": "it overwrites where it should add",
    "mutated_input": "x, grad_y, the cache or another network is changed",
    "other_batch": "it comes from the cache of another call",
    "other_objective": "it is right for another objective",
    "stale_parameters": "it comes from the parameters before an update",
    "redrawn_mask": "backward drops other units than forward",
    "unscaled_mask": "backward drops the same units, but does not scale the others",
    "tie_duplicated": "several pieces that tie for a maximum all get the gradient",
    "wrong_slope": "it is right on one side of 0 and wrong on the other",
    "missing_mean": "it is m times too large: a sum where forward takes a mean",
    "extra_mean": "it is m times too small: divided by the batch size once too often",
    "summed_axis": "it is summed over the wrong axis",
    "transposed": "it is transposed, or comes from a transposed parameter",
    "permuted": "it has the right values in the wrong places",
    "missing_term": "it lacks one term, or one factor of the chain rule, that can be named",
    "precision": "it passes through float32, or turns float32 into float64",
    "factor": "it is a constant times the right one",
    "unknown": "no simple fault explains it",
    "kinks_only": "nothing is wrong, but finite differences cross a kink",
}
# Codes of suspects that do not make a gradient wrong.
HARMLESS = ("kinks_only",)


@dataclass(frozen=True)
class Suspect:
    """What is probably wrong, and where to look.

    Attributes
    ----------
    code : str
        One word for the kind of fault, such as ``"sign"``; `CODES` lists them.
    tensor : str
        The tensor whose gradient is wrong.
    confidence : float
        From 0 to 1; 1 if nothing else explains the gradient.
    message : str
        What was seen, what it means, and one thing to look at.
    where : str
        File and line of the backward pass.
    """

    code: str
    tensor: str
    confidence: float
    message: str
    where: str

    def __post_init__(self) -> None:
        check_choice("Suspect got code", self.code, tuple(CODES))

    def __str__(self) -> str:
        return f"{self.code} ({self.tensor}): {self.message}\n    {self.where}"
