"""The hypotheses on what made a gradient wrong; each predicts the wrong gradient from the right one, or the reverse."""

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
# These also fit errors that a more specific hypothesis explains better: a transpose permutes, and a slope of 1 in place
# of 0 is a path by itself. So they are tested only if no specific hypothesis fits.
GENERAL: tuple[Callable[[Case], Finding], ...] = (permuted, reshaped, missing_term)


def findings(case: Case) -> Iterator[tuple[str, str]]:
    """Yield the code and the message of each hypothesis that explains the wrong gradient, the most specific first."""
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
