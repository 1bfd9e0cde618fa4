"""Hypotheses on a wrong step: a sum is missing or has the wrong sign, a wrong cache, a path past D, another loss."""

from collections.abc import Iterator
from itertools import chain

import numpy as np

from tinygan.adversarial.objectives import OBJECTIVES, Loss, Objective
from tinygan.backend import Array
from tinygan.gradcheck.diagnosis.case import Case
from tinygan.gradcheck.diagnosis.closeness import same
from tinygan.gradcheck.numerical import numerical_gradient
from tinygan.gradcheck.subjects.played_step import DiscriminatorStep, GeneratorStep, PlayedStep


def step_findings(step: PlayedStep, case: Case) -> Iterator[tuple[str, str]]:
    """Yield what explains the wrong gradient of a step, by comparing it with the parts of the objective."""
    if not np.any(case.wrong):
        return
    wrong = case.at_entries(case.wrong)
    if isinstance(step, DiscriminatorStep):
        predictions = _of_two_sums(step, case)
    else:
        assert isinstance(step, GeneratorStep)  # there is no third kind
        predictions = chain(_past_the_critic(step, case), _of_other_objectives_of_g(step, case))
    for code, prediction, message in predictions:
        if same(prediction[case.usable], wrong, case.margin):
            yield code, message
            return


def _past_the_critic(step: GeneratorStep, case: Case) -> Iterator[tuple[str, Array, str]]:
    """Yield the gradients of a step that gives the gradient of each logit to every entry of its example."""
    x_fake, logits = step.x_fake(case.seed), step.logits(case.seed)
    grad_logits = step.objective.loss_g(logits)[1] / len(logits)
    if grad_logits.size != len(x_fake):
        return
    grad_x_fake = np.broadcast_to(grad_logits.reshape(-1, *[1] * (x_fake.ndim - 1)), x_fake.shape)
    found = numerical_gradient(
        lambda: step.x_fake(case.seed), grad_x_fake, step.tensors[case.tensor], case.entries
    ).gradient
    yield (
        "missing_term",
        found,
        f"the gradient of {case.tensor} has never passed through D: it is what comes out when the gradient of the "
        "logits is handed to G as it is. One factor of the chain rule is missing, the slope of D at G(z), which is "
        "all that tells G where to go. Hand G what D.backward_input(grad_logits, cache_d) returns.",
    )


def _of_other_objectives_of_g(step: GeneratorStep, case: Case) -> Iterator[tuple[str, Array, str]]:
    logits, tensor = step.logits(case.seed), step.tensors[case.tensor]
    for other in _others(step):
        grad_logits = other.loss_g(logits)[1] / len(logits)
        found = numerical_gradient(lambda: step.logits(case.seed), grad_logits, tensor, case.entries).gradient
        yield "other_objective", found, _right_for(other, step, case)


def _others(step: PlayedStep) -> Iterator[Objective]:
    return (other for other in OBJECTIVES.values() if other != step.objective)


def _right_for(other: Objective, step: PlayedStep, case: Case) -> str:
    return (
        f"the gradient of {case.tensor} is right for the {other.name} objective, and the check is for "
        f'{step.objective.name}. If you mean that one, check_step(..., objective="{other.name}") checks it.'
    )


def _of_two_sums(step: DiscriminatorStep, case: Case) -> Iterator[tuple[str, Array, str]]:
    logits, tensor = step.logits(case.seed), step.tensors[case.tensor]

    def gradient(batch: int, grad_logits: Array) -> Array:
        return numerical_gradient(lambda: step.logits(case.seed)[batch], grad_logits, tensor, case.entries).gradient

    def slopes(loss: Loss, batch: int) -> Array:
        return loss(logits[batch])[1] / len(logits[batch])

    loss_real, loss_fake = step.objective.loss_real, step.objective.loss_fake
    grad_real, grad_fake = slopes(loss_real, 0), slopes(loss_fake, 1)
    real, fake = gradient(0, grad_real), gradient(1, grad_fake)
    for here, prediction, lacking in (("fake", fake, "real"), ("real", real, "fake")):
        yield (
            "missing_term",
            prediction,
            f"the gradient of {case.tensor} comes from the {here} examples alone; the sum over the {lacking} ones is "
            "missing. Both backward passes have to add to it.",
        )
    for turned, prediction in (("real", fake - real), ("fake", real - fake)):
        yield (
            "sign",
            prediction,
            f"the gradient of {case.tensor} has the wrong sign for the {turned} examples and the right one for the "
            "others. D should be raised on real examples and lowered on fake ones.",
        )
    if grad_real.shape == grad_fake.shape:
        crossed_fake, crossed_real = gradient(1, grad_real), gradient(0, grad_fake)
        for used, prediction in (
            ("the fake batch for both", crossed_fake + fake),
            ("the real batch for both", real + crossed_real),
            ("each batch for the other", crossed_fake + crossed_real),
        ):
            yield (
                "other_batch",
                prediction,
                f"the gradient of {case.tensor} is what comes out with the cache of {used}. D runs twice before it "
                "goes back, so there are two caches: keep each with its logits.",
            )
    yield (
        "sign",
        gradient(0, slopes(loss_fake, 0)) + gradient(1, slopes(loss_real, 1)),
        f"the gradient of {case.tensor} has the labels swapped: real examples count as fake and fake ones as real.",
    )
    for other in _others(step):
        prediction = gradient(0, slopes(other.loss_real, 0)) + gradient(1, slopes(other.loss_fake, 1))
        yield "other_objective", prediction, _right_for(other, step, case)
