"""A student's own steps in `train`: they train as ours do, with schedules, resumption and watching."""

import copy
import itertools
from functools import partial

import numpy as np
import pytest

from tinygan.adversarial import LEAST_SQUARES, NON_SATURATING, NoisePrior, TrainingState, train
from tinygan.adversarial.training.doors import check_logits
from tinygan.data import Gaussian
from tinygan.functional import sigmoid, softplus
from tinygan.layers import Dropout, Fork, Layer, Linear, Maxout, Residual, Sequential, Sigmoid, Tanh, normal
from tinygan.optim import SGD


def discriminator_step_of_a_student(D, G, x, z, optimizer, *, rng=None):
    x_fake, _ = G.forward(z, rng=rng)
    real, cache_real = D.forward(x, rng=rng)
    fake, cache_fake = D.forward(x_fake, rng=rng)
    D.backward_params(-sigmoid(-real) / len(x), cache_real)
    D.backward_params(sigmoid(fake) / len(z), cache_fake)
    optimizer.step()
    return (softplus(-real) / len(x)).sum() + (softplus(fake) / len(z)).sum()


def generator_step_of_a_student(D, G, z, optimizer, *, rng=None):
    x_fake, cache_g = G.forward(z, rng=rng)
    logits, cache_d = D.forward(x_fake, rng=rng)
    G.backward_params(D.backward_input(-sigmoid(-logits) / len(z), cache_d), cache_g)
    optimizer.step()
    return (softplus(-logits) / len(z)).sum()


OWN = {"discriminator_step": discriminator_step_of_a_student, "generator_step": generator_step_of_a_student}


def players():
    G = Sequential(Linear(2, 4, weight_init=normal(0.5), rng=1), Tanh(), Dropout(0.2), Linear(4, 1, rng=2))
    D = Sequential(Linear(1, 8, weight_init=normal(0.5), rng=3), Maxout(2), Dropout(0.5), Linear(4, 1, rng=4))
    return D, G


def trained(steps, stops, *, x=None):
    """Train with falling rates, left and gone on with at every stop; return all that there is to compare."""
    D, G = players()
    optimizer_d, optimizer_g = SGD(D.parameters, 0.1, 0.5), SGD(G.parameters, 0.1, 0.5)
    kept, losses = (D, G, optimizer_d, optimizer_g, TrainingState(7)), []
    for stop in stops:
        D, G, optimizer_d, optimizer_g, state = kept = copy.deepcopy(kept)
        records = train(
            D, G, Gaussian(2, 0.5) if x is None else x, NoisePrior("uniform", 2), optimizer_d=optimizer_d,
            optimizer_g=optimizer_g, n_iterations=12, batch_size=8, discriminator_steps=2, state=state, **steps,
        )  # fmt: skip
        for record in itertools.islice(records, stop - state.iteration):
            losses.append((record.loss_d, record.loss_g))
            optimizer_d.learning_rate = optimizer_g.learning_rate = 0.1 / (1 + record.iteration)
    return [theta.data.tobytes() for theta in D.parameters + G.parameters], losses


DATA = {"sampler": None, "array": np.random.default_rng(1).normal(2, 0.5, (20, 1)).astype(np.float32)}


@pytest.mark.parametrize("x", DATA.values(), ids=DATA.keys())
@pytest.mark.parametrize("steps", [OWN, {"discriminator_step": OWN["discriminator_step"]}], ids=["both", "of D"])
def test_the_steps_of_a_student_train_as_ours_do_to_the_last_bit(steps, x):
    ours = trained({}, [12], x=x)
    assert trained(steps, [12], x=x) == ours
    assert trained(steps, [5, 12], x=x) == ours
    assert len(ours[1]) == 12


def test_a_step_that_takes_an_objective_is_given_it_and_another_one_is_not():
    given = []

    def step_d(D, G, x, z, optimizer, *, rng, objective):
        given.append(objective.name)
        return 0.0

    D, G = players()
    optimizers = {"optimizer_d": SGD(D.parameters, 0.1), "optimizer_g": SGD(G.parameters, 0.1)}
    steps = {"discriminator_step": step_d, "generator_step": OWN["generator_step"]}
    game = D, G, Gaussian(0, 1), NoisePrior("uniform", 2)
    train(*game, n_iterations=1, objective="wasserstein", **optimizers, **steps).run()
    steps = {"discriminator_step": partial(step_d, objective=LEAST_SQUARES), "generator_step": OWN["generator_step"]}
    train(*game, n_iterations=1, **optimizers, **steps).run()
    assert given == ["wasserstein", "least_squares"]  # whoever has one keeps it


def test_data_of_a_student_may_draw_from_the_rng_that_it_gets():
    class Twos:
        def sample(self, m, *, rng):
            return rng.normal(2, 0.5, (m, 1))

    assert trained({}, [12], x=Twos()) == trained({}, [12], x=Gaussian(2, 0.5))


def test_a_step_of_a_student_that_diverges_is_stopped():
    def explodes(D, G, z, optimizer, *, rng=None):
        return np.float32(np.inf)

    with pytest.raises(FloatingPointError, match="diverged in iteration 1: J_G = inf"):
        trained({"generator_step": explodes}, [12])


class Gate(Layer):
    """y = f(x) sigmoid(g(x)): its last layer is not what it ends in."""

    def __init__(self):
        self.layers = self.content, self.gate, self.sigmoid = Linear(1, 1, rng=0), Linear(1, 1, rng=1), Sigmoid()
        self.parameters = (*self.content.parameters, *self.gate.parameters)

    def forward(self, x, *, rng=None):
        return self.content(x) * self.sigmoid(self.gate(x)), x

    def backward_input(self, grad_y, cache):
        raise NotImplementedError


def test_the_last_layer_of_a_gate_is_not_what_d_ends_in():
    check_logits(Gate(), NON_SATURATING)


@pytest.mark.parametrize("build", [Residual, Fork])
def test_a_sigmoid_inside_of_a_last_sum_or_fork_is_no_sigmoid_of_d(build):
    D = Sequential(Linear(1, 1, rng=0), build(Sequential(Linear(1, 1, rng=1), Sigmoid())))
    G = Linear(1, 1, rng=2)
    optimizers = {"optimizer_d": SGD(D.parameters, 0.1), "optimizer_g": SGD(G.parameters, 0.1)}
    train(D, G, Gaussian(0, 1), NoisePrior("uniform", 1), n_iterations=1, rng=0, **optimizers).run()


def test_a_sigmoid_may_end_a_d_whose_objective_takes_its_output():
    D, G = Sequential(Linear(1, 1, rng=0), Sigmoid()), Linear(1, 1, rng=2)
    optimizers = {"optimizer_d": SGD(D.parameters, 0.1), "optimizer_g": SGD(G.parameters, 0.1)}
    game = D, G, Gaussian(0, 1), NoisePrior("uniform", 1)
    assert train(*game, n_iterations=1, objective="least_squares", rng=0, **optimizers).run().loss_d > 0


def test_steps_with_losses_of_their_own_may_have_a_d_that_ends_in_a_sigmoid():
    def on_probabilities(D, G, x, z, optimizer, *, rng=None):
        real, cache_real = D.forward(x, rng=rng)
        fake, cache_fake = D.forward(G(z), rng=rng)
        D.backward_params(-1 / real / len(x), cache_real)
        D.backward_params(1 / (1 - fake) / len(z), cache_fake)
        optimizer.step()
        return -np.log(real).mean() - np.log(1 - fake).mean()

    def of_probabilities(D, G, z, optimizer, *, rng=None):
        x_fake, cache_g = G.forward(z, rng=rng)
        fake, cache_d = D.forward(x_fake, rng=rng)
        G.backward_params(D.backward_input(-1 / fake / len(z), cache_d), cache_g)
        optimizer.step()
        return -np.log(fake).mean()

    losses = []
    steps = {"discriminator_step": on_probabilities, "generator_step": of_probabilities}
    for last, chosen in [((Sigmoid(),), steps), ((), {})]:
        D, G = Sequential(Linear(1, 4, rng=0), Tanh(), Linear(4, 1, rng=1), *last), Linear(1, 1, rng=2)
        optimizers = {"optimizer_d": SGD(D.parameters, 0.1), "optimizer_g": SGD(G.parameters, 0.1)}
        game = D, G, Gaussian(0, 1), NoisePrior("uniform", 1)
        losses.append([record[1:] for record in train(*game, n_iterations=5, rng=0, **optimizers, **chosen)])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)
