"""The hypothesis that backward is not linear in grad_y: grad_y is forgotten, or decides where it should multiply."""

import numpy as np

from tinygan.backend import Array
from tinygan.gradcheck.diagnosis.case import Case
from tinygan.gradcheck.diagnosis.closeness import ratio, same
from tinygan.gradcheck.diagnosis.hypotheses.finding import Finding
from tinygan.gradcheck.trial import run


def not_linear(case: Case) -> Finding:
    """The gradient at the sum of two grad_y is not the sum of their gradients, or it does not double with grad_y."""
    if not case.has_shape or not case.subject.takes_grad_y:
        return None
    one = case.trial.grad_y
    other = np.roll(one.reshape(-1), 1).reshape(one.shape) + 0.1
    found, upstream = {}, {"0": 0 * one, "1": one, "2": 2 * one, "-1": -one, "other": other, "both": one + other}
    for name, grad_y in upstream.items():
        gradient = run(case.subject, grad_y, case.seed).gradients[case.tensor]
        if np.shape(gradient) != case.wrong.shape or not np.isfinite(gradient).all():
            return None
        found[name] = gradient
    margin = 10 * max(case.margin, 1e-5 * float(np.abs(case.wrong).max(initial=0.0)))

    def equal(left: Array, right: Array) -> bool:
        return same(left, right, margin)

    sums_up = equal(found["both"] - found["0"], found["1"] + found["other"] - 2 * found["0"])
    doubles, changes = equal(found["2"], 2 * found["1"]), not equal(case.wrong, found["1"])
    if (sums_up and doubles) or changes:
        return None
    start = f"the gradient of {case.tensor} is not linear in grad_y, as every gradient is: "
    if equal(found["0"], found["1"]) and equal(found["other"], found["1"]):
        words = "it is the same for every grad_y. This is a slope; multiply it by grad_y, the gradient that comes in."
    elif sums_up:
        words = _constant_part(case, found["0"])
    elif equal(found["2"], found["1"]) and equal(found["-1"], -found["1"]):
        words = "it looks only at the signs of grad_y, and loses their sizes."
    elif doubles:
        words = (
            "twice grad_y gives twice as much, but -grad_y does not give the negative, so something is decided by the "
            "sign of grad_y. A mask says which entries forward let through: take it of what forward saw."
        )
    elif equal(found["2"], 4 * found["1"]):
        words = "twice grad_y gives four times as much, so grad_y is multiplied by itself."
    elif case.is_right(1e6 * run(case.subject, 1e-6 * one, case.seed).gradients[case.tensor]):
        words = "it is right where grad_y is small, and large values are cut off. Clip the gradients in the optimiser."
    else:
        words = "twice grad_y does not give twice as much. Backward only multiplies grad_y, and adds up."
    return "not_linear", start + words


def _constant_part(case: Case, constant: Array) -> str:
    """Return what is there even if grad_y is 0."""
    words = "a part of it is there even where grad_y is 0"
    c = ratio(constant, case.subject.tensors[case.tensor], 1e-9) if case.has_shape else None
    if c is not None:
        return (
            f"{words}, and that is {c:.4g} times {case.tensor} itself. Weight decay belongs to the loss or to the "
            "optimiser, not into a layer."
        )
    n = int((np.abs(constant) > 1e-12).sum())
    where = "" if n == constant.size else f", at {n} of {constant.size} entries"
    return f"{words}{where}. On that branch a slope is returned without grad_y; every path carries the factor grad_y."
