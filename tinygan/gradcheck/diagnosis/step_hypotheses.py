"""Hypotheses on a wrong step: of D, a sum that is missing, turned, or has the other cache; of G, a path past D."""

from collections.abc import Iterator

import numpy as np

from tinygan.backend import Array
from tinygan.functional import sigmoid
from tinygan.gradcheck.diagnosis.case import Case
from tinygan.gradcheck.diagnosis.closeness import same
from tinygan.gradcheck.numerical import numerical_gradient
from tinygan.gradcheck.subjects.steps import DiscriminatorStep, GeneratorStep, PlayedStep


def step_findings(step: PlayedStep, case: Case) -> Iterator[tuple[str, str]]:
    """Yield what explains the wrong gradient of a step, from the parts of the objective that it should be made of."""
    if not np.any(case.wrong):
        return
    wrong = case.at_entries(case.wrong)
    if isinstance(step, DiscriminatorStep):
        predictions = _of_two_sums(step, case)
    else:
        assert isinstance(step, GeneratorStep)  # there is no third
        predictions = _past_the_critic(step, case)
    for code, prediction, message in predictions:
        if same(prediction[case.usable], wrong, case.margin):
            yield code, message
            return


def _past_the_critic(step: GeneratorStep, case: Case) -> Iterator[tuple[str, Array, str]]:
    """Yield the gradient in which that of each logit is taken for that of all entries of its example."""
    x_fake, grad_logits = step.x_fake(case.seed), step.grad_logits(case.seed)
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


def _of_two_sums(step: DiscriminatorStep, case: Case) -> Iterator[tuple[str, Array, str]]:
    logits = step.logits(case.seed)
    m = len(logits[0])
    grad_real, grad_fake = -sigmoid(-logits[0]) / m, sigmoid(logits[1]) / len(logits[1])
    tensor = step.tensors[case.tensor]

    def gradient(batch: int, grad_logits: Array) -> Array:
        return numerical_gradient(lambda: step.logits(case.seed)[batch], grad_logits, tensor, case.entries).gradient

    real, fake = gradient(0, grad_real), gradient(1, grad_fake)
    for here, prediction, lacking in (("fake", fake, "real"), ("real", real, "fake")):
        yield (
            "missing_term",
            prediction,
            f"the gradient of {case.tensor} is that of the {here} examples alone; the sum over the {lacking} ones is "
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
    swapped = gradient(0, sigmoid(logits[0]) / m) + gradient(1, -sigmoid(-logits[1]) / len(logits[1]))
    yield (
        "sign",
        swapped,
        f"the gradient of {case.tensor} is that for swapped labels: real examples count as fake and fake ones as real.",
    )
