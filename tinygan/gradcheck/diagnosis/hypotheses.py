"""What can make a gradient wrong: each hypothesis predicts one of the two from the other, and is tested."""

from collections.abc import Callable, Iterator

from tinygan.gradcheck.diagnosis.case import Case
from tinygan.gradcheck.diagnosis.relations import (
    Finding,
    batch_size,
    factor,
    permuted,
    reshaped,
    sign,
    summed_axis,
    transposed,
    zero,
)
from tinygan.gradcheck.diagnosis.terms import mask, missing_term, wrong_slope

# The most specific come first.
SPECIFIC: tuple[Callable[[Case], Finding], ...] = (mask, sign, batch_size, summed_axis, transposed, wrong_slope)
# These fit much that a more specific one explains better: a transpose permutes, and a slope of 1 in place of 0 is a
# path by itself. They are asked only where none of those fits.
GENERAL: tuple[Callable[[Case], Finding], ...] = (permuted, reshaped, missing_term)


def findings(case: Case) -> Iterator[tuple[str, str]]:
    """Yield what each hypothesis that explains the wrong gradient has to say, the most specific first."""
    if (nothing := zero(case)) is not None:
        yield nothing
        return
    for hypotheses in (SPECIFIC, GENERAL):
        found = [finding for hypothesis in hypotheses if (finding := hypothesis(case)) is not None]
        if found:
            break
    yield from found
    if (constant := factor(case)) is not None:
        yield constant
