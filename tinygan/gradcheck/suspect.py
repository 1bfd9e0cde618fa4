"""A suspect: a hypothesis about a wrong gradient that was tested and came true."""

from dataclasses import dataclass

from tinygan.arguments import check_choice

# The codes of suspects and their meanings, the most specific first.
CODES = {
    "zero": "the gradient is zero or was never computed",
    "not_linear": "it is not linear in grad_y: grad_y is forgotten, or decides what it should only multiply",
    "sign": "the gradient points the other way",
    "accumulated_twice": "it is added twice, or added to the gradient of the step before",
    "not_accumulated": "it overwrites where it should add",
    "mutated_input": "x, grad_y, the cache or another network is changed",
    "other_batch": "it comes from the cache of another call",
    "other_objective": "it is right for another objective",
    "stale_parameters": "it comes from the parameters before an update",
    "redrawn_mask": "backward drops other units than forward",
    "unscaled_mask": "backward drops the same units, but does not scale the others",
    "missing_mask": "backward lets through what forward has dropped or passed over",
    "tie_duplicated": "several pieces that tie for a maximum all get the gradient",
    "wrong_slope": "backward has another slope than forward, on one side of 0 or everywhere",
    "wrong_argument": "a slope or a product is taken of the wrong array, such as y in place of x",
    "missing_mean": "it is m times too large: a sum where forward takes a mean",
    "extra_mean": "it is m times too small: divided by the batch size once too often",
    "summed_axis": "it is summed over the wrong axis",
    "other_tensor": "it is the gradient of another tensor",
    "special_case": "it is right only in a special case: a square image, stride 1, one example",
    "one_sided_eps": "a small constant stands in forward or in backward, and not in the other",
    "transposed": "it is transposed, or comes from a transposed parameter",
    "permuted": "it has the right values in the wrong places",
    "missing_term": "it lacks one term, or one factor of the chain rule, that can be named",
    "extra_term": "it has one term or one factor too many",
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
