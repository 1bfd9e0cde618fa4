"""Lesson 6: discriminator_loss, generator_loss, discriminator_step, generator_step, algorithm_1."""

from collections.abc import Callable, Sequence
from itertools import islice
from types import SimpleNamespace
from typing import Any

import numpy as np

from tinygan import adversarial, optim
from tinygan.adversarial import algorithm1
from tinygan.backend import Array, as_rng
from tinygan.functional import sigmoid, softplus
from tinygan.gradcheck import Report, check_functions, check_step
from tinygan.gradcheck.gallery import wrong_steps
from tinygan.layers import Linear, Parameter, Sequential, Tanh, normal
from tinygan.lessons.exercise import PRIMITIVES, Answer, Exercise, Inputs

NETWORKS = (*PRIMITIVES, "tinygan.layers", "tinygan.optim")


def _logits(rng: np.random.Generator, m: int) -> Array:
    """Return logits of m examples; of one of them D is sure, and of one it is surely wrong."""
    logits = rng.normal(scale=2, size=(m, 1))
    logits[:2, 0] = 50 + rng.random(), -50 - rng.random()
    return logits


# 6.1


def _loss_d_inputs(rng: np.random.Generator) -> Inputs:
    m_real, m_fake = rng.choice(np.arange(3, 9), 2, replace=False)
    return {"logits_real": _logits(rng, m_real), "logits_fake": _logits(rng, m_fake)}


def _loss_d_report(function: Answer) -> Report:
    rng = np.random.default_rng(0)
    return check_functions(
        lambda logits_real, logits_fake: (
            np.reshape(adversarial.discriminator_loss(logits_real, logits_fake)[0], (1, 1)),
            (logits_real, logits_fake),
        ),
        lambda grad_y, cache: [grad_y * grad for grad in function(*cache)[1:]],
        {"logits_real": rng.normal(size=(5, 1)), "logits_fake": rng.normal(size=(4, 1))},
        rng=0,
    )


discriminator_loss = Exercise(
    "discriminator_loss",
    returns=["loss", "grad_real", "grad_fake"],
    inputs=_loss_d_inputs,
    diagnose=_loss_d_report,
    hints=[
        "J_D is a sum of two means. Which examples are in the first one, and which in the second? And what is "
        "-log(sigmoid(a)), written as a softplus?",
        "-log D = softplus(-a) has the slope -sigmoid(-a), and -log(1 - D) = softplus(a) has the slope sigmoid(a). The "
        "mean over a batch divides both, the value and the slope, by the number of its rows.",
        "loss = softplus(-logits_real).mean() + softplus(logits_fake).mean(); grad_real is minus sigmoid(-logits_real) "
        "over len(logits_real); grad_fake is sigmoid(logits_fake) over len(logits_fake).",
    ],
)


@discriminator_loss.answer
def _(logits_real, logits_fake):
    return adversarial.discriminator_loss(logits_real, logits_fake)


def _loss_d(logits_real, logits_fake):
    """Return what D loses on each example, and the slopes."""
    return softplus(-logits_real), softplus(logits_fake), -sigmoid(-logits_real), sigmoid(logits_fake)


@discriminator_loss.wrong(
    "That is V with its gradients, and D wants V large. An optimizer lowers what it is given, so give it J_D = -V."
)
def value_not_loss(logits_real, logits_fake):
    return tuple(-array for array in adversarial.discriminator_loss(logits_real, logits_fake))


@discriminator_loss.wrong(
    "These are sums over the batch. Algorithm 1 has the factor 1/m: take the mean, and divide the slopes by m as well."
)
def summed(logits_real, logits_fake):
    real, fake, slope_real, slope_fake = _loss_d(logits_real, logits_fake)
    return real.sum() + fake.sum(), slope_real, slope_fake


@discriminator_loss.wrong(
    "The loss is a mean, and the gradients are still those of single examples: divide each by the number of its rows. "
    "No layer will do it later."
)
def gradient_of_the_sum(logits_real, logits_fake):
    real, fake, slope_real, slope_fake = _loss_d(logits_real, logits_fake)
    return real.mean() + fake.mean(), slope_real, slope_fake


@discriminator_loss.wrong(
    "That is one mean over real and fake examples together. Eq. (1) has two expectations, so each batch has a mean of "
    "its own, and the two are added."
)
def one_mean_for_both(logits_real, logits_fake):
    real, fake, slope_real, slope_fake = _loss_d(logits_real, logits_fake)
    m = len(real) + len(fake)
    return (real.sum() + fake.sum()) / m, slope_real / m, slope_fake / m


@discriminator_loss.wrong(
    "The two batches are swapped: D is taught to say 0 to real examples and 1 to fake ones. log D belongs to x, and "
    "log(1 - D) to G(z)."
)
def labels_swapped(logits_real, logits_fake):
    real, fake = softplus(logits_real), softplus(-logits_fake)
    return (
        real.mean() + fake.mean(),
        sigmoid(logits_real) / len(logits_real),
        -sigmoid(-logits_fake) / len(logits_fake),
    )


@discriminator_loss.wrong(
    "These are the derivatives by D. The network ends in the logit a, so one factor of the chain rule is missing, the "
    "slope of the sigmoid, D (1 - D). It cancels the denominators."
)
def derivative_by_d(logits_real, logits_fake):
    real, fake, _, _ = _loss_d(logits_real, logits_fake)
    grad_real = -1 / sigmoid(logits_real) / len(logits_real)
    grad_fake = 1 / (1 - sigmoid(logits_fake)) / len(logits_fake)
    return real.mean() + fake.mean(), grad_real, grad_fake


@discriminator_loss.wrong(
    "grad_real is D, as if the real examples were fake. The slope is D minus the label, and a real example has label 1."
)
def label_forgotten(logits_real, logits_fake):
    real, fake, _, slope_fake = _loss_d(logits_real, logits_fake)
    return real.mean() + fake.mean(), sigmoid(logits_real) / len(logits_real), slope_fake / len(logits_fake)


@discriminator_loss.wrong(
    "The loss is infinite: where D is sure and wrong, 1 - sigmoid(a) rounds to 0, and you take its logarithm. Do not "
    "go through D at all: -log(1 - D) is softplus(a)."
)
def logarithm_of_zero(logits_real, logits_fake):
    _, *gradients = adversarial.discriminator_loss(logits_real, logits_fake)
    return -np.log(sigmoid(logits_real)).mean() - np.log(1 - sigmoid(logits_fake)).mean(), *gradients


def _logs_with(eps: float) -> Answer:
    """Return the loss of D whose logarithms have a small number added inside."""

    def answer(logits_real, logits_fake):
        _, *gradients = adversarial.discriminator_loss(logits_real, logits_fake)
        d_real, d_fake = sigmoid(logits_real), sigmoid(logits_fake)
        return -np.log(d_real + eps).mean() - np.log(1 - d_fake + eps).mean(), *gradients

    answer.__name__ = f"eps_of_{eps:g}"
    return answer


for _eps in (1e-12, 1e-10, 1e-8, 1e-7, 1e-6):
    discriminator_loss.wrong(
        f"The loss of an example stops at {-np.log(_eps):.1f}, however wrong D is: {_eps:g} is added inside the "
        "logarithm. From the logits no such number is needed: -log D is softplus(-a), which is right for every a."
    )(_logs_with(_eps))


# 6.2


def _loss_g_inputs(rng: np.random.Generator) -> Inputs:
    return {"logits_fake": _logits(rng, int(rng.integers(3, 9)))}


def _loss_g_report(function: Answer) -> Report:
    return check_functions(
        lambda logits_fake: (np.reshape(adversarial.generator_loss(logits_fake)[0], (1, 1)), logits_fake),
        lambda grad_y, logits_fake: grad_y * function(logits_fake)[1],
        {"logits_fake": np.random.default_rng(0).normal(size=(5, 1))},
        rng=0,
    )


generator_loss = Exercise(
    "generator_loss",
    returns=["loss", "grad_logits"],
    inputs=_loss_g_inputs,
    diagnose=_loss_g_report,
    hints=[
        "G wants D to say 1 to its examples. Which of the two terms of D's loss is small when D says 1?",
        "J_G is the mean of -log D = softplus(-a): what D loses on real examples, now paid by G for its own.",
        "loss = softplus(-logits_fake).mean(), and grad_logits is minus sigmoid(-logits_fake) over len(logits_fake).",
    ],
)


@generator_loss.answer
def _(logits_fake):
    return adversarial.generator_loss(logits_fake)


@generator_loss.wrong(
    "That is the mean of log(1 - D), which G minimises in eq. (1). It is a right objective of G, but not the one asked "
    "for: section 3 lets G maximise log D instead, whose slope does not vanish where D is sure of a fake."
)
def minimax(logits_fake):
    return adversarial.generator_loss(logits_fake, "minimax")


@generator_loss.wrong(
    "The sign is reversed: to lower log D, G would have to be recognised. G maximises log D, so its loss is -log D."
)
def helps_d(logits_fake):
    return tuple(-array for array in adversarial.generator_loss(logits_fake))


@generator_loss.wrong(
    "That is what D loses on fake examples, -log(1 - D). G would learn to be recognised. The roles are reversed here: "
    "G wants D to say 1."
)
def loss_of_d(logits_fake):
    return softplus(logits_fake).mean(), sigmoid(logits_fake) / len(logits_fake)


@generator_loss.wrong(
    "That is the sum over the batch. Algorithm 1 has the factor 1/m, and it stands in the loss and in the gradient."
)
def summed_over_the_fakes(logits_fake):
    return softplus(-logits_fake).sum(), -sigmoid(-logits_fake)


@generator_loss.wrong(
    "The loss is a mean, and the gradient is still that of single examples: divide it by the number of rows."
)
def slope_not_averaged(logits_fake):
    return softplus(-logits_fake).mean(), -sigmoid(-logits_fake)


@generator_loss.wrong(
    "The gradient belongs to another loss: -D is the slope of log(1 - D). The slope of -log D is -(1 - D), large where "
    "D is sure of a fake."
)
def slope_of_minimax(logits_fake):
    return softplus(-logits_fake).mean(), -sigmoid(logits_fake) / len(logits_fake)


@generator_loss.wrong(
    "That is the derivative by D. The network ends in the logit, so multiply by the slope of the sigmoid, D (1 - D)."
)
def derivative_by_d_of_g(logits_fake):
    return softplus(-logits_fake).mean(), -1 / sigmoid(logits_fake) / len(logits_fake)


# 6.3


class SGD(optim.SGD):
    """Gradient descent that takes a missing gradient for 0, so that a step which never made one is named.

    Its momentum shows in a second step alone.
    """

    def __init__(self, parameters: Sequence[Parameter], learning_rate: float) -> None:
        super().__init__(parameters, learning_rate, momentum=0.5)

    def step(self) -> None:
        """Update the parameters."""
        for theta in self.parameters:
            if theta.grad is None:
                theta.accumulate(np.zeros_like(theta.data))
        super().step()


class _StandingStill(optim.SGD):
    """Makes no step."""

    def step(self) -> None:
        """Leave parameters and gradients as they are."""


class _ByHand(optim.SGD):
    """Takes the gradients off without a learning rate, and leaves them where they are."""

    def step(self) -> None:
        for theta in self.parameters:
            theta.data -= theta.grad


def _network(n_in: int, n_out: int, rng: np.random.Generator) -> Sequential:
    def linear(n_in: int, n_out: int) -> Linear:
        return Linear(n_in, n_out, weight_init=normal(1.0), bias_init=normal(1.0), rng=rng, dtype=np.float64)

    return Sequential(linear(n_in, 4), Tanh(), linear(4, n_out))


def _players(inputs: Inputs) -> tuple[Sequential, Sequential]:
    rng = as_rng(inputs["seed"])
    return _network(1, 1, rng), _network(inputs["z"].shape[1], 1, rng)


def _rate(rng: np.random.Generator) -> float:
    """Return a learning rate that is not 1, so that it shows whether the optimizer makes the step."""
    return float(rng.uniform(0.2, 0.8))


def _values(parameters: Sequence[Parameter]) -> Array:
    return np.concatenate([theta.data.ravel() for theta in parameters])


def _left(parameters: Sequence[Parameter]) -> Array:
    """Return the gradients that a step has left behind; 0 where there is none."""
    return np.concatenate(
        [np.zeros(theta.data.size) if theta.grad is None else np.ravel(theta.grad) for theta in parameters]
    )


def _step_d_inputs(rng: np.random.Generator) -> Inputs:
    m, latent_dim = rng.choice(np.arange(2, 9), 2, replace=False)
    x = rng.normal(1.0, 0.5, size=(m, 1))
    return {"x": x, "z": rng.normal(size=(m, latent_dim)), "seed": int(rng.integers(1000)), "rate": _rate(rng)}


def _run_step_d(function: Answer, inputs: Inputs) -> Any:
    D, G = _players(inputs)
    loss = function(D, G, inputs["x"], inputs["z"], SGD(D.parameters, inputs["rate"]))
    return loss, _values(D.parameters), _values(G.parameters), _left(D.parameters), _left(G.parameters)


def _checked_players() -> tuple[Sequential, Sequential]:
    rng = as_rng(0)
    return _network(2, 1, rng), _network(3, 2, rng)


discriminator_step = Exercise(
    "discriminator_step",
    returns=["loss", "theta_d", "theta_g", "the gradient left on theta_d", "the gradient left on theta_g"],
    inputs=_step_d_inputs,
    run=_run_step_d,
    allowed=NETWORKS,
    diagnose=lambda function: check_step(*_checked_players(), discriminator_step=function, rng=0),
    hints=[
        "Three forward passes come first: G on z, D on x, and D on what G made. Which caches will be needed on the way "
        "back, and which not?",
        "J_D has two means, so there are two backward passes through D, each with the gradient and the cache of its "
        "own batch. Both add to the gradients of theta_d; then the optimizer makes one step. G's cache is not needed.",
        "x_fake, _ = G.forward(z, rng=rng); logits_real, cache_real = D.forward(x, rng=rng); the same for x_fake; "
        "loss, grad_real, grad_fake = discriminator_loss(...); D.backward_params(grad_real, cache_real); the same for "
        "the fakes; optimizer.step().",
    ],
)


@discriminator_step.answer
def _(D, G, x, z, optimizer):
    return adversarial.discriminator_step(D, G, x, z, optimizer)


def _step_d(D, G, x, z, optimizer, backward):
    """Do a step of D with another way back."""
    x_fake, cache_g = G.forward(z)
    logits_real, cache_real = D.forward(x)
    logits_fake, cache_fake = D.forward(x_fake)
    loss, grad_real, grad_fake = adversarial.discriminator_loss(logits_real, logits_fake)
    backward(SimpleNamespace(**locals()))
    optimizer.step()
    return loss


@discriminator_step.wrong(
    "theta_d moves as if both gradients went back through D's pass over the fake batch: the second cache has replaced "
    "the first. D runs twice before it goes back, so keep two caches, cache_real and cache_fake."
)
def one_cache(D, G, x, z, optimizer):
    return wrong_steps.one_cache(D, G, x, z, optimizer)


@discriminator_step.wrong(
    "Both gradients went back through D's pass over the real batch. The gradient of logits_fake needs the cache of its "
    "own pass, cache_fake."
)
def real_cache_for_both(D, G, x, z, optimizer):
    def backward(step):
        D.backward_params(step.grad_real, step.cache_real)
        D.backward_params(step.grad_fake, step.cache_real)

    return _step_d(D, G, x, z, optimizer, backward)


@discriminator_step.wrong(
    "D learns from the fake examples alone: the backward pass of the real batch is missing. The loss does not show it, "
    "because it has both terms. Each mean in it needs a backward pass of its own."
)
def only_the_fakes(D, G, x, z, optimizer):
    return wrong_steps.only_the_fakes(D, G, x, z, optimizer)


@discriminator_step.wrong(
    "D learns from the real examples alone: the backward pass of the fake batch is missing. Each mean in the loss "
    "needs a backward pass of its own."
)
def only_the_reals(D, G, x, z, optimizer):
    return _step_d(D, G, x, z, optimizer, lambda step: D.backward_params(step.grad_real, step.cache_real))


@discriminator_step.wrong(
    "The step is m times too long: it follows the gradient of the sum over the batch. The 1/m is in discriminator_loss "
    "already, so hand its gradients to D as they are."
)
def summed_loss(D, G, x, z, optimizer):
    return wrong_steps.summed_loss(D, G, x, z, optimizer)


@discriminator_step.wrong(
    "The step is half as long as Algorithm 1 says. The two means are added; nothing divides by the two batches."
)
def halved_loss(D, G, x, z, optimizer):
    return wrong_steps.halved_loss(D, G, x, z, optimizer)


@discriminator_step.wrong(
    "D goes the wrong way: its loss grows. Algorithm 1 says 'ascend', but it speaks of V; the optimizer descends, and "
    "J_D = -V has turned the sign already."
)
def climbs_its_loss(D, G, x, z, optimizer):
    def backward(step):
        D.backward_params(-step.grad_real, step.cache_real)
        D.backward_params(-step.grad_fake, step.cache_fake)

    return _step_d(D, G, x, z, optimizer, backward)


@discriminator_step.wrong(
    "The gradient has gone on through x_fake into G and is left on theta_g, where G's next step adds it to its own: "
    "G would learn to be recognised. In D's step theta_g is a constant; stop at D, with backward_params."
)
def goes_on_into_g(D, G, x, z, optimizer):
    def backward(step):
        D.backward_params(step.grad_real, step.cache_real)
        G.backward_params(D.backward(step.grad_fake, step.cache_fake), step.cache_g)

    return _step_d(D, G, x, z, optimizer, backward)


@discriminator_step.wrong(
    "theta_d has not moved. D's own gradients come from D.backward_params; backward_input only hands a gradient down "
    "and touches no parameter. And the update is made by optimizer.step()."
)
def d_stands_still(D, G, x, z, optimizer):
    return _step_d(D, G, x, z, optimizer, lambda step: D.backward_input(step.grad_fake, step.cache_fake))


@discriminator_step.wrong(
    "The gradients are right and lie on theta_d, but theta_d has not moved: optimizer.step() is missing. It moves the "
    "parameters and drops their gradients."
)
def step_of_d_missing(D, G, x, z, optimizer):
    return adversarial.discriminator_step(D, G, x, z, _StandingStill(D.parameters, 1.0))


@discriminator_step.wrong(
    "D makes two updates, one for each batch. Both gradients belong to one loss: let two backward passes add them up, "
    "and call optimizer.step() once, after both."
)
def two_updates(D, G, x, z, optimizer):
    def backward(step):
        D.backward_params(step.grad_real, step.cache_real)
        optimizer.step()
        D.backward_params(step.grad_fake, step.cache_fake)

    return _step_d(D, G, x, z, optimizer, backward)


@discriminator_step.wrong("optimizer.step() is called twice. One step of D is one update of theta_d.")
def d_stepped_twice(D, G, x, z, optimizer):
    loss = adversarial.discriminator_step(D, G, x, z, optimizer)
    optimizer.step()
    return loss


@discriminator_step.wrong(
    "theta_d was moved by the gradient itself, without the optimizer. So the learning rate is not used, and the "
    "gradients stay on theta_d, where the next step adds its own to them. Call optimizer.step(): it does both."
)
def moved_d_by_hand(D, G, x, z, optimizer):
    return adversarial.discriminator_step(D, G, x, z, _ByHand(D.parameters, 1.0))


# 6.4


def _step_g_inputs(rng: np.random.Generator) -> Inputs:
    m, latent_dim = rng.choice(np.arange(2, 9), 2, replace=False)
    return {"z": rng.normal(size=(m, latent_dim)), "seed": int(rng.integers(1000)), "rate": _rate(rng)}


def _run_step_g(function: Answer, inputs: Inputs) -> Any:
    D, G = _players(inputs)
    loss = function(D, G, inputs["z"], SGD(G.parameters, inputs["rate"]))
    return loss, _values(G.parameters), _values(D.parameters), _left(G.parameters), _left(D.parameters)


generator_step = Exercise(
    "generator_step",
    returns=["loss", "theta_g", "theta_d", "the gradient left on theta_g", "the gradient left on theta_d"],
    inputs=_step_g_inputs,
    run=_run_step_g,
    allowed=NETWORKS,
    diagnose=lambda function: check_step(*_checked_players(), generator_step=function, rng=0),
    hints=[
        "G's loss is computed from D's logits. Through which network does the gradient go first on its way to theta_g, "
        "and what may it change there?",
        "D.backward_input hands the gradient down through D and touches no parameter. It returns the gradient of "
        "x_fake, which is G's grad_y.",
        "After the two forward passes and generator_loss: grad_x_fake = D.backward_input(grad_logits, cache_d), then "
        "G.backward_params(grad_x_fake, cache_g), then optimizer.step().",
    ],
)


@generator_step.answer
def _(D, G, z, optimizer):
    return adversarial.generator_step(D, G, z, optimizer)


def _step_g(D, G, z, optimizer, backward):
    """Do a step of G with another way back."""
    x_fake, cache_g = G.forward(z)
    logits, cache_d = D.forward(x_fake)
    loss, grad_logits = adversarial.generator_loss(logits)
    backward(grad_logits, cache_d, cache_g)
    optimizer.step()
    return loss


@generator_step.wrong(
    "G moves rightly, and a gradient is left on theta_d: the next step of D will add it to its own, and D learns a "
    "little to please G. Pass through D by backward_input, which touches no parameter, not by backward."
)
def leaking_gradient(D, G, z, optimizer):
    return wrong_steps.leaking_gradient(D, G, z, optimizer)


@generator_step.wrong(
    "The gradient of the logits is handed to G as it is. It has never passed through D, and D's slope at G(z) is all "
    "that tells G where to go: hand G what D.backward_input(grad_logits, cache_d) returns."
)
def skipped_critic(D, G, z, optimizer):
    return wrong_steps.skipped_critic(D, G, z, optimizer)


@generator_step.wrong(
    "theta_g has not moved: no gradient arrives at G. Catch what D.backward_input returns, and give it to "
    "G.backward_params. If you cut the way at x_fake ('detach'), that belongs to D's step, not here."
)
def lost_gradient(D, G, z, optimizer):
    return wrong_steps.lost_gradient(D, G, z, optimizer)


@generator_step.wrong(
    "The gradients were made for the wrong player: they lie on theta_d, and theta_g has not moved. In G's step the "
    "gradient only passes through D, by backward_input, and goes on to G."
)
def gradients_for_d(D, G, z, optimizer):
    return _step_g(D, G, z, optimizer, lambda grad, cache_d, cache_g: D.backward_params(grad, cache_d))


@generator_step.wrong(
    "G goes the wrong way: it lowers log D(G(z)) and learns to be recognised. generator_loss has the sign already, and "
    "the optimizer descends."
)
def helpful_generator(D, G, z, optimizer):
    return wrong_steps.helpful_generator(D, G, z, optimizer)


@generator_step.wrong(
    "The step is m times too long: it follows the sum over the batch. The 1/m is in generator_loss already."
)
def step_of_the_sum(D, G, z, optimizer):
    return _step_g(
        D, G, z, optimizer, lambda grad, cache_d, cache_g: G.backward(D.backward_input(len(z) * grad, cache_d), cache_g)
    )


@generator_step.wrong(
    "That is a right step for another objective, eq. (1) itself, where G minimises log(1 - D). Call your "
    "generator_loss: it is the one that section 3 advises."
)
def step_of_minimax(D, G, z, optimizer):
    return adversarial.generator_step(D, G, z, optimizer, objective="minimax")


@generator_step.wrong(
    "The gradients are right and lie on theta_g, but theta_g has not moved: optimizer.step() is missing. It moves the "
    "parameters and drops their gradients."
)
def step_of_g_missing(D, G, z, optimizer):
    return adversarial.generator_step(D, G, z, _StandingStill(G.parameters, 1.0))


@generator_step.wrong("optimizer.step() is called twice. One step of G is one update of theta_g.")
def g_stepped_twice(D, G, z, optimizer):
    loss = adversarial.generator_step(D, G, z, optimizer)
    optimizer.step()
    return loss


@generator_step.wrong(
    "theta_g was moved by the gradient itself, without the optimizer. So the learning rate is not used, and the "
    "gradients stay on theta_g, where the next step adds its own to them. Call optimizer.step(): it does both."
)
def moved_g_by_hand(D, G, z, optimizer):
    return adversarial.generator_step(D, G, z, _ByHand(G.parameters, 1.0))


# 6.5


def _loop_inputs(rng: np.random.Generator) -> Inputs:
    n_iterations, k = rng.choice(np.arange(2, 6), 2, replace=False)
    return {"n_iterations": int(n_iterations), "k": int(k), "seed": int(rng.integers(1000))}


def _run_loop(function: Answer, inputs: Inputs) -> Any:
    """Let the loop call steps that note what they get and return their number."""
    rng_x, rng_z = as_rng(inputs["seed"]).spawn(2)
    calls: list[list[float]] = []

    def noted(player, **minibatches):
        for name, minibatch in minibatches.items():
            if callable(minibatch):
                raise TypeError(f"a step got the function draw_{name} itself; call it, draw_{name}(), for a minibatch")
        calls.append([player, *minibatches.values()])
        return float(len(calls))

    def step_d(x, z):
        return noted(0, x=x, z=z)

    def step_g(z):
        return noted(1, no_x=0, z=z)

    losses = function(step_d, step_g, rng_x.random, rng_z.random, inputs["n_iterations"], inputs["k"])
    return losses, np.array(calls).reshape(-1, 3)


algorithm_1 = Exercise(
    "algorithm_1",
    returns=["losses", "the calls of the steps"],
    inputs=_loop_inputs,
    run=_run_loop,
    hints=[
        "Read Algorithm 1 again. What stands inside the inner loop, and what after it? Where is a minibatch drawn?",
        "Two loops. The inner one runs k times, and each time draws a new x and a new z for one step of D. After it, a "
        "new z is drawn for one step of G. Keep the last loss of D and the loss of G.",
        "for _ in range(n_iterations): for _ in range(k): loss_d = step_d(draw_x(), draw_z()). Then, outside of the "
        "inner loop: loss_g = step_g(draw_z()), and append (loss_d, loss_g) to a list. Return the list as an array.",
    ],
)


@algorithm_1.answer
def _(step_d, step_g, draw_x, draw_z, n_iterations, k):
    batches: Any = SimpleNamespace(pair=lambda: (draw_x(), draw_z()), noise=draw_z)
    losses = list(islice(algorithm1.algorithm_1(step_d, step_g, batches, k), n_iterations))
    return np.array(losses)


def _looped(n_iterations: int, iterate: Callable[[], tuple[float, float]]) -> Array:
    return np.array([iterate() for _ in range(n_iterations)])


@algorithm_1.wrong("D makes one step in an iteration, and k is not used. Algorithm 1 has k steps of D for one of G.")
def k_unused(step_d, step_g, draw_x, draw_z, n_iterations, k):
    return _looped(n_iterations, lambda: (step_d(draw_x(), draw_z()), step_g(draw_z())))


@algorithm_1.wrong(
    "All k steps of D see one minibatch. Draw x and z inside the inner loop: each step has a new minibatch."
)
def same_minibatch(step_d, step_g, draw_x, draw_z, n_iterations, k):
    def iterate():
        x, z = draw_x(), draw_z()
        return [step_d(x, z) for _ in range(k)][-1], step_g(draw_z())

    return _looped(n_iterations, iterate)


@algorithm_1.wrong(
    "G gets the noise that D has just learned from. Algorithm 1 draws a second minibatch of noise for the step of G."
)
def noise_used_twice(step_d, step_g, draw_x, draw_z, n_iterations, k):
    def iterate():
        for _ in range(k):
            z = draw_z()
            loss_d = step_d(draw_x(), z)
        return loss_d, step_g(z)

    return _looped(n_iterations, iterate)


@algorithm_1.wrong(
    "G makes k steps in an iteration, one after each step of D. Its step stands after the inner loop, not inside it."
)
def g_in_the_inner_loop(step_d, step_g, draw_x, draw_z, n_iterations, k):
    return _looped(n_iterations, lambda: [(step_d(draw_x(), draw_z()), step_g(draw_z())) for _ in range(k)][-1])


@algorithm_1.wrong("The noise is given to D as examples, and the examples as noise: it is step_d(draw_x(), draw_z()).")
def x_and_z_swapped(step_d, step_g, draw_x, draw_z, n_iterations, k):
    return _looped(n_iterations, lambda: ([step_d(draw_z(), draw_x()) for _ in range(k)][-1], step_g(draw_z())))


@algorithm_1.wrong(
    "The steps are right, and the losses are in the wrong columns: that of D comes first, and that of G second."
)
def columns_swapped(step_d, step_g, draw_x, draw_z, n_iterations, k):
    losses = algorithm_1.right_answer(step_d, step_g, draw_x, draw_z, n_iterations, k)
    return losses[:, ::-1]


@algorithm_1.wrong("G moves first. In Algorithm 1 D learns first, so that G has something to follow.")
def g_first(step_d, step_g, draw_x, draw_z, n_iterations, k):
    def iterate():
        loss_g = step_g(draw_z())
        return [step_d(draw_x(), draw_z()) for _ in range(k)][-1], loss_g

    return _looped(n_iterations, iterate)


@algorithm_1.wrong(
    "The roles of k are swapped: G makes k steps for one of D. k counts the steps of D, which should stay near D*."
)
def k_for_g(step_d, step_g, draw_x, draw_z, n_iterations, k):
    return _looped(n_iterations, lambda: (step_d(draw_x(), draw_z()), [step_g(draw_z()) for _ in range(k)][-1]))


@algorithm_1.wrong(
    "x and z are drawn once, before the loops, so both players see the same few examples for ever. Draw them where "
    "they are used."
)
def drawn_once(step_d, step_g, draw_x, draw_z, n_iterations, k):
    x, z = draw_x(), draw_z()
    return _looped(n_iterations, lambda: ([step_d(x, z) for _ in range(k)][-1], step_g(z)))
