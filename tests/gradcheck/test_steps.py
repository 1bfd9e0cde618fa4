"""Whole steps: ours are right, also through dropout and maxout, and the wrong ones of the gallery are told apart."""

import numpy as np
import pytest

from tinygan.adversarial import Objective, discriminator_loss, discriminator_step, generator_loss, generator_step
from tinygan.adversarial.simultaneous import simultaneous_step
from tinygan.gradcheck import check_step
from tinygan.gradcheck.gallery.wrong_steps import BUGS
from tinygan.layers import Dropout, Linear, Maxout, ReLU, Sequential, Sigmoid, Tanh, normal
from tinygan.optim import SGD


def players(dtype=np.float32, n_out=1):
    made = {"weight_init": normal(0.7), "dtype": dtype}
    D = Sequential(Linear(n_out, 6, rng=0, **made), Tanh(), Linear(6, 1, rng=1, **made))
    G = Sequential(Linear(3, 5, rng=2, **made), Tanh(), Linear(5, n_out, rng=3, **made))
    return D, G


def like_mnist():
    """The paper's players, made small: maxout with dropout in D, ReLU and sigmoid in G."""
    made = {"weight_init": normal(0.5)}
    D = Sequential(
        Dropout(0.2), Linear(8, 12, rng=0, **made), Maxout(3), Dropout(0.5), Linear(4, 6, rng=1, **made), Maxout(2),
        Dropout(0.5), Linear(3, 1, rng=2, **made),
    )  # fmt: skip
    G = Sequential(Linear(3, 6, rng=3, **made), ReLU(), Linear(6, 8, rng=4, **made), Sigmoid())
    return D, G


def simultaneous_d(D, G, x, z, optimizer, *, rng=None):
    return simultaneous_step(D, G, x, z, optimizer, SGD(G.parameters, 0.0), rng=rng)[0]


def simultaneous_g(D, G, z, optimizer, *, rng=None):
    return simultaneous_step(D, G, np.ones((len(z), 8)), z, SGD(D.parameters, 0.0), optimizer, rng=rng)[1]


def minimax(D, G, z, optimizer, *, rng=None):
    return generator_step(D, G, z, optimizer, rng=rng, objective="minimax")


@pytest.mark.parametrize(
    "steps",
    [
        {},
        {"generator_step": minimax, "objective": "minimax"},
        {"discriminator_step": simultaneous_d},
        {"generator_step": simultaneous_g},
    ],
    ids=["ours", "minimax", "simultaneous D", "simultaneous G"],
)
@pytest.mark.parametrize("build", [players, like_mnist])
def test_right_steps_pass(steps, build):
    D, G = build() if build is like_mnist else players(n_out=8)
    report = check_step(D, G, **steps, rng=0)
    assert report.ok, str(report)
    assert {suspect.code for suspect in report.suspects} <= {"kinks_only"}
    assert {row.tensor[0] for row in report.rows} == {"D", "G"}
    assert all(row.n_checked for row in report.rows)


def test_a_step_that_draws_in_another_order_is_checked_without_dropout():
    def fakes_first(D, G, x, z, optimizer, *, rng=None):
        logits_fake, cache_fake = D.forward(G(z), rng=rng)
        logits_real, cache_real = D.forward(x, rng=rng)
        loss, grad_real, grad_fake = discriminator_loss(logits_real, logits_fake)
        D.backward_params(grad_real, cache_real)
        D.backward_params(grad_fake, cache_fake)
        optimizer.step()
        return loss

    D, G = like_mnist()
    report = check_step(D, G, discriminator_step=fakes_first, rng=0)
    assert report.ok, str(report)
    assert [layer.rate for layer in D if isinstance(layer, Dropout)] == [0.2, 0.5, 0.5]


def squares_d(D, G, x, z, optimizer, *, rng=None):
    logits_real, cache_real = D.forward(x, rng=rng)
    logits_fake, cache_fake = D.forward(G(z), rng=rng)
    D.backward_params((logits_real - 1) / len(x), cache_real)
    D.backward_params(logits_fake / len(z), cache_fake)
    optimizer.step()
    return ((logits_real - 1) ** 2).mean() / 2 + (logits_fake**2).mean() / 2


def squares_g(D, G, z, optimizer, *, rng=None):
    x_fake, cache_g = G.forward(z, rng=rng)
    logits, cache_d = D.forward(x_fake, rng=rng)
    G.backward_params(D.backward_input((logits - 1) / len(z), cache_d), cache_g)
    optimizer.step()
    return ((logits - 1) ** 2).mean() / 2


def critic_d(D, G, x, z, optimizer, *, rng=None):
    value_real, cache_real = D.forward(x, rng=rng)
    value_fake, cache_fake = D.forward(G(z), rng=rng)
    D.backward_params(np.full_like(value_real, -1 / len(x)), cache_real)
    D.backward_params(np.full_like(value_fake, 1 / len(z)), cache_fake)
    optimizer.step()
    return value_fake.mean() - value_real.mean()


def critic_g(D, G, z, optimizer, *, rng=None):
    x_fake, cache_g = G.forward(z, rng=rng)
    value, cache_d = D.forward(x_fake, rng=rng)
    G.backward_params(D.backward_input(np.full_like(value, -1 / len(z)), cache_d), cache_g)
    optimizer.step()
    return -value.mean()


OF_A_STUDENT = {
    "least_squares": {"discriminator_step": squares_d, "generator_step": squares_g},
    "wasserstein": {"discriminator_step": critic_d, "generator_step": critic_g},
}


@pytest.mark.parametrize("whose", ["ours", "a student's"])
@pytest.mark.parametrize("objective", OF_A_STUDENT)
@pytest.mark.parametrize("build", [players, like_mnist])
def test_right_steps_of_other_objectives_pass(build, objective, whose):
    steps = {} if whose == "ours" else OF_A_STUDENT[objective]
    report = check_step(*build(), **steps, objective=objective, rng=0)
    assert report.ok, str(report)
    assert {suspect.code for suspect in report.suspects} <= {"kinks_only"}


@pytest.mark.parametrize("player", ["discriminator_step", "generator_step"])
@pytest.mark.parametrize("objective", OF_A_STUDENT)
def test_a_right_step_of_another_objective_is_called_that(objective, player):
    report = check_step(*players(), **{player: OF_A_STUDENT[objective][player]}, rng=0)
    codes = [suspect.code for suspect in report.suspects]
    assert codes[:3] == ["other_objective"] * 3
    assert codes[3] == ("zero" if objective == "wasserstein" and player == "discriminator_step" else "other_objective")
    assert f'check_step(..., objective="{objective}")' in " ".join(str(report).split())


def test_a_minimax_loss_is_not_taken_for_its_objective():
    report = check_step(*players(), generator_step=minimax, rng=0)
    assert {suspect.code for suspect in report.suspects} == {"other_objective"}
    assert check_step(*players(), generator_step=minimax, objective="minimax", rng=0).ok


@pytest.mark.parametrize("objective", OF_A_STUDENT)
def test_twice_the_gradient_of_another_objective_is_wrong(objective):
    def doubled(D, G, z, optimizer, *, rng=None):
        x_fake, cache_g = G.forward(z, rng=rng)
        logits, cache_d = D.forward(x_fake, rng=rng)
        loss, grad_logits = generator_loss(logits, objective)
        G.backward_params(D.backward_input(2 * grad_logits, cache_d), cache_g)
        optimizer.step()
        return loss

    report = check_step(*players(), generator_step=doubled, objective=objective, rng=0)
    assert {suspect.code for suspect in report.suspects} == {"factor"}


def test_a_d_that_ends_in_a_sigmoid_is_checked_for_an_objective_of_probabilities_only():
    def on_probabilities(D, G, x, z, optimizer, *, rng=None):
        real, cache_real = D.forward(x, rng=rng)
        fake, cache_fake = D.forward(G(z), rng=rng)
        D.backward_params(-1 / real / len(x), cache_real)
        D.backward_params(1 / (1 - fake) / len(z), cache_fake)
        optimizer.step()

    D, G = players()
    D = Sequential(*D, Sigmoid())
    with pytest.raises(ValueError, match=r"^D ends in Sigmoid\(\), but the non_saturating objective takes logits"):
        check_step(D, G, discriminator_step=on_probabilities, rng=0)
    log = Objective(
        "probabilities",
        loss_real=lambda d: (-np.log(d), -1 / d),
        loss_fake=lambda d: (-np.log(1 - d), 1 / (1 - d)),
        loss_g=lambda d: (-np.log(d), -1 / d),
        output=lambda d: d,
    )
    assert check_step(D, G, discriminator_step=on_probabilities, objective=log, rng=0).ok


def test_the_objective_of_a_check_is_named_right():
    with pytest.raises(ValueError, match="check_step got objective 'minmax', did you mean 'minimax'"):
        check_step(*players(), objective="minmax")


def diagnosis(step, right, objective="non_saturating", **options):
    argument = right.__name__
    return check_step(*players(**options), **{argument: step}, objective=objective, rng=0)


@pytest.mark.parametrize("bug", BUGS, ids=[bug.name for bug in BUGS])
def test_the_wrong_steps_of_the_gallery_are_told(bug):
    report = diagnosis(bug.wrong, bug.right)
    assert not report.ok
    assert report.suspects[0].code == bug.code, str(report)
    assert report.suspects[0].where.partition(":")[0].endswith("gallery/wrong_steps.py")
    assert report.suspects[0].tensor[:2] in ("D.", "G.")


def swapped_labels(D, G, x, z, optimizer, *, rng=None):
    return discriminator_step(D, G, G(z), z, optimizer) if len(x) == 0 else _swapped(D, G, x, z, optimizer)


def _swapped(D, G, x, z, optimizer):
    logits_real, cache_real = D.forward(x)
    logits_fake, cache_fake = D.forward(G(z))
    loss, grad_fake, grad_real = discriminator_loss(logits_fake, logits_real)
    D.backward_params(grad_real, cache_real)
    D.backward_params(grad_fake, cache_fake)
    optimizer.step()
    return loss


def real_turned(D, G, x, z, optimizer, *, rng=None):
    logits_real, cache_real = D.forward(x)
    logits_fake, cache_fake = D.forward(G(z))
    loss, grad_real, grad_fake = discriminator_loss(logits_real, logits_fake)
    D.backward_params(-grad_real, cache_real)
    D.backward_params(grad_fake, cache_fake)
    optimizer.step()
    return loss


def moves_g(D, G, x, z, optimizer, *, rng=None):
    loss = discriminator_step(D, G, x, z, optimizer, rng=rng)
    G.parameters[0].data += 0.1
    return loss


def scales_x(D, G, x, z, optimizer, *, rng=None):
    loss = discriminator_step(D, G, x, z, optimizer, rng=rng)
    x *= 2
    return loss


def never_backward(D, G, z, optimizer, *, rng=None):
    loss, _ = generator_loss(D(G(z)))
    optimizer.step()
    return loss


def skips_critic(D, G, z, optimizer, *, rng=None, objective="non_saturating"):
    x_fake, cache_g = G.forward(z, rng=rng)
    loss, grad_logits = generator_loss(D(x_fake), objective)
    G.backward_params(np.broadcast_to(grad_logits, x_fake.shape).copy(), cache_g)
    optimizer.step()
    return loss


def wrong_critic(D, G, z, optimizer, *, rng=None):
    x_fake, cache_g = G.forward(z, rng=rng)
    _, cache_d = D.forward(x_fake, rng=rng)
    G.backward_params(D.backward_input(np.linspace(-1, 2, len(z))[:, None], cache_d), cache_g)
    optimizer.step()


@pytest.mark.parametrize(
    ("step", "right", "code", "tensor"),
    [
        (skips_critic, generator_step, "missing_term", "G.0.weight"),
        (wrong_critic, generator_step, "unknown", "G.0.weight"),
        (swapped_labels, discriminator_step, "sign", "D.0.weight"),
        (real_turned, discriminator_step, "sign", "D.0.weight"),
        (moves_g, discriminator_step, "mutated_input", "G.0.weight"),
        (scales_x, discriminator_step, "mutated_input", "x"),
        (never_backward, generator_step, "zero", "G.0.weight"),
    ],
)
def test_other_wrong_steps_are_told(step, right, code, tensor):
    report = diagnosis(step, right, n_out=2)
    assert not report.ok
    assert (report.suspects[0].code, report.suspects[0].tensor) == (code, tensor), str(report)


@pytest.mark.parametrize("objective", ["non_saturating", "minimax"])
@pytest.mark.parametrize("n_out", [1, 2])
def test_a_gradient_that_never_passes_through_the_critic_is_told_for_every_parameter(n_out, objective):
    report = diagnosis(skips_critic, generator_step, objective, n_out=n_out)
    assert [suspect.code for suspect in report.suspects] == ["missing_term"] * 4
    assert all("never passed through D" in suspect.message for suspect in report.suspects)
    assert " ".join(str(report).split()).count("Likewise G.0.bias, G.2.weight, G.2.bias.") == 1


def test_a_constant_factor_of_one_number_is_no_explanation():
    report = diagnosis(wrong_critic, generator_step)
    assert {suspect.code for suspect in report.suspects} == {"unknown"}


def test_a_step_that_clears_what_it_finds_may_leave_gradients():
    def clears_first(D, G, x, z, optimizer, *, rng=None):
        for theta in D.parameters:
            theta.grad = None
        loss = discriminator_step(D, G, x, z, optimizer, rng=rng)
        for theta in D.parameters:
            theta.grad = np.ones_like(theta.data)
        return loss

    assert diagnosis(clears_first, discriminator_step).ok


def test_the_players_are_as_before():
    D, G = players()
    thetas = [*D.parameters, *G.parameters]
    D.parameters[0].grad = kept_grad = np.ones_like(D.parameters[0].data)
    kept = [(theta.data, theta.data.copy()) for theta in thetas]
    check_step(D, G, rng=0)
    for theta, (data, values) in zip(thetas, kept, strict=True):
        assert theta.data is data
        np.testing.assert_array_equal(data, values)
    assert D.parameters[0].grad is kept_grad
    assert D.parameters[1].grad is None


def test_noise_that_cannot_be_guessed_is_asked_for():
    D, G = players()
    with pytest.raises(ValueError, match=r"got no z.*takes z of shape \(m, latent_dim\)"):
        check_step(D, Sequential(Maxout(1), *G), rng=0)
    assert check_step(D, Sequential(Maxout(1), *G), z=np.random.default_rng(0).normal(size=(4, 3)), rng=0).ok
