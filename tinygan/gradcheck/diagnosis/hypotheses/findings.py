"""The hypotheses on what made a gradient wrong; each predicts the wrong gradient from the right one, or the reverse."""

from collections.abc import Callable, Iterator

import numpy as np

from tinygan.gradcheck.diagnosis.case import Case
from tinygan.gradcheck.diagnosis.hypotheses.factors import known_factor, other_operand
from tinygan.gradcheck.diagnosis.hypotheses.finding import Finding
from tinygan.gradcheck.diagnosis.hypotheses.linearity import not_linear
from tinygan.gradcheck.diagnosis.hypotheses.normalisation import direct_path, other_axes, sums_too_far, weighted_paths
from tinygan.gradcheck.diagnosis.hypotheses.paths import (
    missing_mask,
    not_accumulated,
    not_summed_over_steps,
    other_entries,
    other_order_of_y,
    too_many_paths,
    unused_paths,
)
from tinygan.gradcheck.diagnosis.hypotheses.places import permuted, reshaped, transposed
from tinygan.gradcheck.diagnosis.hypotheses.relations import (
    batch_size,
    factor,
    factor_by_place,
    multiple_at_some,
    other_tensor,
    sign,
    zero,
)
from tinygan.gradcheck.diagnosis.hypotheses.slopes import (
    any_slope,
    factor_of_y,
    last_function,
    slope_of_a_loss,
    slope_of_y,
)
from tinygan.gradcheck.diagnosis.hypotheses.special_cases import (
    one_sided_eps,
    single_example,
    special_setting,
    without_other_input,
)
from tinygan.gradcheck.diagnosis.hypotheses.sums import summed_axis
from tinygan.gradcheck.diagnosis.hypotheses.terms import mask, missing_term, wrong_at_labels, wrong_slope

Hypotheses = tuple[Callable[[Case], Finding], ...]
# What explains all by itself.
WHOLE: Hypotheses = (zero, not_linear)
# The most specific come first.
SPECIFIC: Hypotheses = (
    mask,
    sign,
    batch_size,
    summed_axis,
    transposed,
    wrong_slope,
    slope_of_y,
    other_tensor,
    not_accumulated,
    not_summed_over_steps,
    missing_mask,
    one_sided_eps,
    reshaped,
    special_setting,
    other_order_of_y,
    other_axes,
    weighted_paths,
    direct_path,
    sums_too_far,
)
# These also fit errors that a more specific hypothesis explains better: a transpose permutes, and a slope of 1 in place
# of 0 is a path by itself. So they are tested only if no specific hypothesis fits, and the last ones only if none of
# these does.
GENERAL: Hypotheses = (
    permuted,
    last_function,
    other_operand,
    known_factor,
    missing_term,
    wrong_at_labels,
    multiple_at_some,
)
LAST: Hypotheses = (
    factor_by_place,
    unused_paths,
    too_many_paths,
    factor_of_y,
    other_entries,
    any_slope,
    slope_of_a_loss,
    single_example,
    without_other_input,
)


def findings(case: Case) -> Iterator[tuple[str, str]]:
    """Yield the code and the message of the most specific hypothesis that explains the wrong gradient, if any does."""
    is_near = case.has_shape and case.is_right(case.wrong)  # nearer than two predictions need to be to count as one
    for hypotheses in ((one_sided_eps,),) if is_near else (WHOLE, SPECIFIC, GENERAL, (factor,), LAST):
        for hypothesis in hypotheses:
            with np.errstate(all="ignore"):
                finding = hypothesis(case)
            if finding is not None:
                yield finding
                return
