"""Lesson 9: minimax_generator_loss, non_saturating_generator_loss, time_to_half."""

import numpy as np

from tinygan.adversarial import generator_loss
from tinygan.backend import Array
from tinygan.functional import sigmoid, softplus
from tinygan.lessons.exercise import Exercise, Inputs


def _loss_inputs(rng: np.random.Generator) -> Inputs:
    """Return logits of all sizes: where D is unsure, sure, and so sure that exp overflows, on either side."""
    sure, very_sure = rng.uniform(40, 60), rng.uniform(750, 900)
    logits = [*rng.normal(scale=3, size=int(rng.integers(4, 9))), sure, -sure, very_sure, -very_sure]
    return {"logits": rng.permutation(logits)[:, np.newaxis]}


def _naive_sigmoid(logits: Array) -> Array:
    """Return the textbook's formula: it rounds to 1 from 37 on, and to 0 below -745."""
    return 1 / (1 + np.exp(-logits))


# 9.1

minimax_generator_loss = Exercise(
    "minimax_generator_loss",
    returns=["loss", "grad_logits"],
    inputs=_loss_inputs,
    hints=[
        "Write 1 - D as a fraction with exp(a) in it. What is the logarithm of this fraction, and which function of "
        "NumPy computes it without ever forming exp(a)?",
        "log(1 - D) = -log(1 + exp(a)) = -np.logaddexp(0, a). Its derivative by a is -exp(a) / (1 + exp(a)) = -D. And "
        "D = exp(log D), where log D = -np.logaddexp(0, -a).",
        "loss = -np.logaddexp(0, logits).mean(); d = np.exp(-np.logaddexp(0, -logits)); the gradient of the mean is "
        "-d / len(logits).",
    ],
)


@minimax_generator_loss.answer
def _(logits):
    return generator_loss(logits, "minimax")


@minimax_generator_loss.wrong(
    "The loss is minus infinity. The computer rounds 1 - sigmoid(50) to 0, and exp(800) to infinity; the right answers "
    "are -50 and -800. Never form D: log(1 - D) = -np.logaddexp(0, a)."
)
def logarithm_of_zero(logits):
    d = _naive_sigmoid(logits)
    return np.log(1 - d).mean(), -d / len(logits)


@minimax_generator_loss.wrong(
    "The gradient has NaN where the logit is large: exp(a) / (1 + exp(a)) is infinity over infinity there. With "
    "exp(-a), or as exp(-np.logaddexp(0, -a)), it is 1."
)
def infinity_over_infinity(logits):
    e = np.exp(logits)
    return -softplus(logits).mean(), -e / (1 + e) / len(logits)


@minimax_generator_loss.wrong(
    "Your gradient vanishes where D takes the sample for real, and it should vanish where D is sure of a fake. "
    "-(1 - D) belongs to the other loss, -log D; here it is -D."
)
def vanishes_at_the_other_end(logits):
    return -softplus(logits).mean(), -sigmoid(-logits) / len(logits)


@minimax_generator_loss.wrong(
    "The gradient has the wrong sign. log(1 - D) falls when the logit rises, so its slope is negative: -D."
)
def slope_turned(logits):
    return -softplus(logits).mean(), sigmoid(logits) / len(logits)


@minimax_generator_loss.wrong(
    "That is the second half of D's loss, -log(1 - D). G pulls the other way: it descends log(1 - D), so both the loss "
    "and the gradient have a minus."
)
def loss_of_the_discriminator(logits):
    return softplus(logits).mean(), sigmoid(logits) / len(logits)


@minimax_generator_loss.wrong(
    "That is the derivative by D, -1 / (1 - D), and it goes to infinity. D is itself a function of the logit: multiply "
    "by its slope D (1 - D), and 1 - D cancels."
)
def slope_by_d(logits):
    return -softplus(logits).mean(), -1 / (1 - _naive_sigmoid(logits)) / len(logits)


@minimax_generator_loss.wrong(
    "The gradient is m times too large: J_G is a mean over the batch, so each example counts 1 / m. Divide by "
    "len(logits)."
)
def mean_forgotten(logits):
    return -softplus(logits).mean(), -sigmoid(logits)


# 9.2

non_saturating_generator_loss = Exercise(
    "non_saturating_generator_loss",
    returns=["loss", "grad_logits"],
    inputs=_loss_inputs,
    hints=[
        "Maximising log D is descending its negative. What is -log D as a function of the logit?",
        "-log D = log(1 + exp(-a)) = np.logaddexp(0, -a). Its derivative by a is -exp(-a) / (1 + exp(-a)) = -(1 - D), "
        "and 1 - D = exp(-np.logaddexp(0, a)).",
        "loss = np.logaddexp(0, -logits).mean(); not_d = np.exp(-np.logaddexp(0, logits)); the gradient of the mean is "
        "-not_d / len(logits).",
    ],
)


@non_saturating_generator_loss.answer
def _(logits):
    return generator_loss(logits, "non_saturating")


@non_saturating_generator_loss.wrong(
    "The loss is infinite: sigmoid(-800) is rounded to 0, and -log 0 is infinity; the right answer is 800. Never form "
    "D: -log D = np.logaddexp(0, -a)."
)
def minus_logarithm_of_zero(logits):
    return -np.log(_naive_sigmoid(logits)).mean(), -sigmoid(-logits) / len(logits)


@non_saturating_generator_loss.wrong(
    "Your gradient vanishes where D is sure of a fake. That is the very thing this loss avoids: -D belongs to "
    "log(1 - D). The slope of -log D is -(1 - D), largest where D is sure."
)
def saturates_after_all(logits):
    return softplus(-logits).mean(), -sigmoid(logits) / len(logits)


@non_saturating_generator_loss.wrong(
    "The gradient has the wrong sign. -log D falls when the logit rises, so its slope is negative: -(1 - D)."
)
def sign_of_the_slope(logits):
    return softplus(-logits).mean(), sigmoid(-logits) / len(logits)


@non_saturating_generator_loss.wrong(
    "That is log D and its slope, and an optimizer descends: this G would make D surer and surer. To maximise log D, "
    "descend -log D."
)
def log_d_descended(logits):
    return -softplus(-logits).mean(), sigmoid(-logits) / len(logits)


@non_saturating_generator_loss.wrong(
    "That is the derivative by D, -1 / D. D is itself a function of the logit: multiply by its slope D (1 - D), and D "
    "cancels."
)
def slope_by_d_itself(logits):
    return softplus(-logits).mean(), -1 / _naive_sigmoid(logits) / len(logits)


@non_saturating_generator_loss.wrong(
    "The loss is that of eq. (1), log(1 - D), and the gradient is not its gradient. Here G minimises -log D."
)
def loss_of_equation_1(logits):
    return -softplus(logits).mean(), -sigmoid(-logits) / len(logits)


@non_saturating_generator_loss.wrong(
    "The gradient is m times too large: J_G is a mean over the batch, so each example counts 1 / m. Divide by "
    "len(logits)."
)
def not_divided(logits):
    return softplus(-logits).mean(), -sigmoid(-logits)


# 9.3

time_to_half = Exercise(
    "time_to_half",
    returns=["minimax", "non_saturating"],
    inputs=lambda rng: {"logit": -rng.uniform(0.5, 9, size=int(rng.integers(3, 8)))},
    hints=[
        "If the logit moves with the speed D(a), how long does it take from a to a + da? Add up from the start to 0.",
        "The times are the integrals of 1 / D and of 1 / (1 - D) over the logit, from the start to 0. And 1 / D = "
        "1 + exp(-a), 1 / (1 - D) = 1 + exp(a).",
        "The integral of 1 + exp(-a) is a - exp(-a), so the first time is -logit + exp(-logit) - 1. The second is "
        "-logit + 1 - exp(logit).",
    ],
)


@time_to_half.answer
def _(logit):
    return np.expm1(-logit) - logit, -np.expm1(logit) - logit


@time_to_half.wrong(
    "The two times are swapped. The loss of eq. (1) moves the logit with the speed D, which is small at the start, so "
    "its time is the long one."
)
def swapped_times(logit):
    return -np.expm1(logit) - logit, np.expm1(-logit) - logit


@time_to_half.wrong(
    "You integrate the speed. Time is distance over speed: integrate 1 / D and 1 / (1 - D), which are 1 + exp(-a) and "
    "1 + exp(a)."
)
def speed_integrated(logit):
    return np.log(2) - softplus(logit), softplus(-logit) - np.log(2)


@time_to_half.wrong(
    "The upper end of the integral is missing: at a = 0, where D is 1/2, the exponential is not 0 but 1. Subtract what "
    "the integral is there."
)
def one_end_missing(logit):
    return np.exp(-logit) - logit, -np.exp(logit) - logit


@time_to_half.wrong(
    "The times are negative: the way goes up, from the logit to 0, so the lower end of the integral is the logit."
)
def backwards(logit):
    return logit - np.expm1(-logit), logit + np.expm1(logit)


@time_to_half.wrong(
    "That is the distance over the speed at the start. The speed changes on the way: it is an integral, not a quotient."
)
def speed_of_the_start(logit):
    return -logit / sigmoid(logit), -logit / sigmoid(-logit)
