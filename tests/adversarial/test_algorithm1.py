"""Algorithm 1 against a reference that knows no backward pass.

The reference is written here in plain NumPy: both players are functions of flat parameter vectors, the objectives are
those of the paper, every gradient is a complex step and the update is momentum by its formula. It shares no code
with tinygan, so a gradient that both get wrong in the same way is unlikely.
"""

import numpy as np
import pytest
from support.recorders import RecordingDropout, RecordingPrior, RecordingSampler, all_different

from tinygan.adversarial import discriminator_step, generator_step, simultaneous_step, train
from tinygan.layers import Dropout, Layer, Linear, Maxout, Sequential, Tanh, normal
from tinygan.optim import SGD

OF_THE_PAPER = ("non_saturating", "minimax")
OBJECTIVES = (*OF_THE_PAPER, "least_squares", "wasserstein")
LEARNING_RATE_D, LEARNING_RATE_G, MOMENTUM = 0.3, 0.2, 0.6
RATE_1, RATE_2 = 0.25, 0.5  # of the two dropout layers of D

# --- the players, as tinygan has them ---------------------------------------------------------------------------------


def players(masks=None, dtype=np.float64):
    """G: 2 -> 3 -> 2 with tanh; D: 2 -> maxout of 3 units with 2 pieces -> 1, with dropout on both inputs."""
    masks = [] if masks is None else masks
    options = {"weight_init": normal(0.8), "bias_init": normal(0.3), "dtype": dtype}
    G = Sequential(Linear(2, 3, rng=1, **options), Tanh(), Linear(3, 2, rng=2, **options))
    D = Sequential(
        RecordingDropout(RATE_1, masks),
        Linear(2, 3 * 2, rng=3, **options),
        Maxout(2),
        RecordingDropout(RATE_2, masks),
        Linear(3, 1, rng=4, **options),
    )
    return D, G


def optimizers(D, G):
    return SGD(D.parameters, LEARNING_RATE_D, MOMENTUM), SGD(G.parameters, LEARNING_RATE_G, MOMENTUM)


def flat(network):
    return np.concatenate([theta.data.ravel() for theta in network.parameters])


def without_gradients(*networks):
    return all(theta.grad is None for network in networks for theta in network.parameters)


# --- the reference ----------------------------------------------------------------------------------------------------


def reference_g(theta, z):
    w1, b1, w2, b2 = np.split(theta, np.cumsum([6, 3, 6]))
    return np.tanh(z @ w1.reshape(2, 3) + b1) @ w2.reshape(3, 2) + b2


def reference_d(theta, x, masks):
    """Logits: piece p of unit u is column 3 p + u."""
    w1, b1, w2, b2 = np.split(theta, np.cumsum([12, 6, 3]))
    pieces = (x * masks[0]) @ w1.reshape(2, 6) + b1
    units = np.maximum(pieces[:, :3], pieces[:, 3:])
    return (units * masks[1]) @ w2 + b2


def probability(logits):
    return 1 / (1 + np.exp(-logits))


# What D loses on real and on fake examples, and what G loses, as functions of the logit.
LOSSES_D = {
    "non_saturating": (lambda a: -np.log(probability(a)), lambda a: -np.log(1 - probability(a))),
    "minimax": (lambda a: -np.log(probability(a)), lambda a: -np.log(1 - probability(a))),
    "least_squares": (lambda a: (a - 1) ** 2 / 2, lambda a: a**2 / 2),
    "wasserstein": (lambda a: -a, lambda a: a),
}
LOSSES_G = {
    "non_saturating": lambda a: -np.log(probability(a)),
    "minimax": lambda a: np.log(1 - probability(a)),
    "least_squares": lambda a: (a - 1) ** 2 / 2,
    "wasserstein": lambda a: -a,
}


def reference_loss_d(theta_d, theta_g, x, z, masks_real, masks_fake, objective="non_saturating"):
    on_real, on_fake = LOSSES_D[objective]
    real = reference_d(theta_d, x, masks_real)
    fake = reference_d(theta_d, reference_g(theta_g, z), masks_fake)
    return on_real(real).sum() / len(x) + on_fake(fake).sum() / len(z)


def reference_loss_g(theta_d, theta_g, z, masks, objective):
    return LOSSES_G[objective](reference_d(theta_d, reference_g(theta_g, z), masks)).sum() / len(z)


def numerical_gradient(function, theta, step=1e-30):
    """Complex steps: Im f(theta + ih) / h is the derivative to rounding, since no difference of near numbers is taken.

    NumPy compares complex numbers by their real parts first, so a maximum picks the piece that it picks without step.
    """
    return np.array([function(theta + 1j * step * unit).imag / step for unit in np.eye(len(theta))])


class ReferencePlayer:
    """A flat parameter vector with momentum."""

    def __init__(self, theta, learning_rate):
        self.theta, self.velocity, self.learning_rate = theta, np.zeros_like(theta), learning_rate

    def descend(self, gradient):
        self.velocity = MOMENTUM * self.velocity - self.learning_rate * gradient
        self.theta = self.theta + self.velocity


def draw_masks(rng, m):
    """The masks of one pass through D, inverted scaling, drawn as the layers draw them: 16 bits of a word each."""
    masks = []
    for rate, width in ((RATE_1, 2), (RATE_2, 3)):
        words = rng.bit_generator.random_raw(m)[:, None]
        bits = (words >> np.arange(0, 16 * width, 16, dtype=np.uint64)) & np.uint64(2**16 - 1)
        masks.append((bits >= rate * 2**16) / (1 - rate))
    return masks


def batch(m=5, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(1.0, 0.5, (m, 2)), rng.uniform(-1, 1, (m, 2))


def agree(got, wanted, margin=1e-12):
    np.testing.assert_allclose(got, wanted, rtol=margin, atol=margin)


# --- one step ---------------------------------------------------------------------------------------------------------


def test_the_reference_computes_what_the_networks_compute():
    D, G = players()
    x, z = batch()
    ones = np.ones((5, 2)), np.ones((5, 3))
    np.testing.assert_allclose(reference_g(flat(G), z), G(z), rtol=1e-14)
    np.testing.assert_allclose(reference_d(flat(D), x, ones), D(x)[:, 0], rtol=1e-13)


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("seed", range(3))
def test_a_discriminator_step_is_gradient_descent(seed, objective):
    """On minus equation (1), with the paper's objectives."""
    D, G = players()
    x, z = batch(seed=seed)
    theta_d, theta_g = flat(D), flat(G)
    rng = np.random.Generator(np.random.Philox(seed))
    masks_real, masks_fake = draw_masks(rng, 5), draw_masks(rng, 5)

    def J(theta):
        return reference_loss_d(theta, theta_g, x, z, masks_real, masks_fake, objective)

    loss = discriminator_step(D, G, x, z, SGD(D.parameters, LEARNING_RATE_D), rng=seed, objective=objective)
    agree(loss, J(theta_d))
    agree(flat(D), theta_d - LEARNING_RATE_D * numerical_gradient(J, theta_d))


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("seed", range(3))
def test_a_generator_step_is_gradient_descent_through_the_discriminator(seed, objective):
    D, G = players()
    _, z = batch(seed=seed)
    theta_d, theta_g = flat(D), flat(G)
    masks = draw_masks(np.random.Generator(np.random.Philox(seed)), 5)

    def J(theta):
        return reference_loss_g(theta_d, theta, z, masks, objective)

    loss = generator_step(D, G, z, SGD(G.parameters, LEARNING_RATE_G), rng=seed, objective=objective)
    agree(loss, J(theta_g))
    agree(flat(G), theta_g - LEARNING_RATE_G * numerical_gradient(J, theta_g))


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("seed", range(3))
def test_a_simultaneous_step_moves_both_players_from_where_both_were(seed, objective):
    D, G = players()
    x, z = batch(seed=seed)
    theta_d, theta_g = flat(D), flat(G)
    rng = np.random.Generator(np.random.Philox(seed))
    masks_real, masks_fake = draw_masks(rng, 5), draw_masks(rng, 5)

    def J_d(theta):
        return reference_loss_d(theta, theta_g, x, z, masks_real, masks_fake, objective)

    def J_g(theta):
        return reference_loss_g(theta_d, theta, z, masks_fake, objective)

    optimizer_d, optimizer_g = SGD(D.parameters, LEARNING_RATE_D), SGD(G.parameters, LEARNING_RATE_G)
    loss_d, loss_g = simultaneous_step(D, G, x, z, optimizer_d, optimizer_g, rng=seed, objective=objective)
    agree(loss_d, J_d(theta_d))
    agree(loss_g, J_g(theta_g))
    agree(flat(D), theta_d - LEARNING_RATE_D * numerical_gradient(J_d, theta_d))
    agree(flat(G), theta_g - LEARNING_RATE_G * numerical_gradient(J_g, theta_g))


def test_the_default_objective_is_the_non_saturating_one():
    (D, G), (D2, G2) = players(), players()
    x, z = batch()
    generator_step(D, G, z, SGD(G.parameters, 1.0), rng=0)
    generator_step(D2, G2, z, SGD(G2.parameters, 1.0), rng=0, objective="non_saturating")
    np.testing.assert_array_equal(flat(G), flat(G2))
    simultaneous_step(D, G, x, z, *optimizers(D, G), rng=0)
    simultaneous_step(D2, G2, x, z, *optimizers(D2, G2), rng=0, objective="non_saturating")
    np.testing.assert_array_equal(flat(G), flat(G2))


class Watching(SGD):
    """SGD that keeps the gradient it is about to consume and does not move."""

    def step(self):
        self.seen = np.concatenate([theta.grad.ravel() for theta in self.parameters])
        super().step()


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_entry_of_theta_g_gets_its_gradient_through_d(objective):
    D, G = players()
    _, z = batch(m=16)
    masks = draw_masks(np.random.Generator(np.random.Philox(7)), 16)
    optimizer = Watching(G.parameters, 0.0)
    generator_step(D, G, z, optimizer, rng=7, objective=objective)

    def J(theta):
        return reference_loss_g(flat(D), theta, z, masks, objective)

    assert len(optimizer.seen) == 17
    assert (np.abs(optimizer.seen) > 1e-6).all()
    agree(optimizer.seen, numerical_gradient(J, flat(G)))


def test_dropout_in_g_draws_in_both_steps_and_before_d_does():
    D, G = players()
    noisy, (x, z) = Sequential(G, Dropout(0.5)), batch()

    rng = np.random.default_rng(3)
    x_fake, _ = noisy.forward(z, rng=rng)
    real, fake = D.forward(x, rng=rng)[0], D.forward(x_fake, rng=rng)[0]
    loss = discriminator_step(D, noisy, x, z, SGD(D.parameters, 0.0), rng=np.random.default_rng(3))
    agree(loss, np.log(1 + np.exp(-real)).mean() + np.log(1 + np.exp(fake)).mean())

    rng = np.random.default_rng(3)
    logits, _ = D.forward(noisy.forward(z, rng=rng)[0], rng=rng)
    loss = generator_step(D, noisy, z, SGD(noisy.parameters, 0.0), rng=np.random.default_rng(3))
    agree(loss, np.log(1 + np.exp(-logits)).mean())


def test_a_step_without_rng_refuses_dropout():
    (D, G), (x, z) = players(), batch()
    optimizer_d, optimizer_g = optimizers(D, G)
    with pytest.raises(ValueError, match="got no rng, and dropout draws"):
        discriminator_step(D, G, x, z, optimizer_d)
    with pytest.raises(ValueError, match="got no rng, and dropout draws"):
        generator_step(D, G, z, optimizer_g)


def test_a_discriminator_step_leaves_the_generator_alone():
    D, G = players()
    x, z = batch()
    theta_d, theta_g = flat(D), flat(G)
    discriminator_step(D, G, x, z, SGD(D.parameters, 1.0), rng=0)
    np.testing.assert_array_equal(flat(G), theta_g)
    assert (flat(D) != theta_d).any()


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_generator_step_leaves_the_discriminator_alone(objective):
    D, G = players()
    _, z = batch()
    theta_d, theta_g = flat(D), flat(G)
    generator_step(D, G, z, SGD(G.parameters, 1.0), rng=0, objective=objective)
    np.testing.assert_array_equal(flat(D), theta_d)
    assert (flat(G) != theta_g).all()


def test_no_gradient_is_left_between_the_steps():
    D, G = players()
    x, z = batch()
    optimizer_d, optimizer_g = optimizers(D, G)
    discriminator_step(D, G, x, z, optimizer_d, rng=0)
    assert without_gradients(D, G)
    generator_step(D, G, z, optimizer_g, rng=0)
    assert without_gradients(D, G)
    simultaneous_step(D, G, x, z, optimizer_d, optimizer_g, rng=0)
    assert without_gradients(D, G)


def test_the_steps_leave_their_arrays_alone():
    D, G = players()
    x, z = batch()
    kept_x, kept_z = x.copy(), z.copy()
    optimizer_d, optimizer_g = optimizers(D, G)
    discriminator_step(D, G, x, z, optimizer_d, rng=0)
    generator_step(D, G, z, optimizer_g, rng=0)
    simultaneous_step(D, G, x, z, optimizer_d, optimizer_g, rng=0)
    np.testing.assert_array_equal(x, kept_x)
    np.testing.assert_array_equal(z, kept_z)


def test_a_step_does_not_depend_on_the_size_of_the_batch():
    """A batch that holds everything twice has the same means, so it makes the same step."""

    def plain_players():
        D = Sequential(Linear(2, 4, rng=1, dtype=np.float64), Maxout(2), Linear(2, 1, rng=2, dtype=np.float64))
        return D, Linear(2, 2, rng=3, dtype=np.float64)

    networks = [plain_players(), plain_players()]
    x, z = batch()
    for (D, G), times in zip(networks, (1, 2), strict=True):
        x_often, z_often = np.tile(x, (times, 1)), np.tile(z, (times, 1))
        discriminator_step(D, G, x_often, z_often, SGD(D.parameters, 1.0))
        generator_step(D, G, z_often, SGD(G.parameters, 1.0))
        simultaneous_step(D, G, x_often, z_often, SGD(D.parameters, 1.0), SGD(G.parameters, 1.0))
    for once, twice in zip(*networks, strict=True):
        np.testing.assert_allclose(flat(once), flat(twice), rtol=1e-12)


def test_real_and_fake_batches_of_a_discriminator_step_may_differ_in_size():
    D, G = players()
    theta_d, theta_g = flat(D), flat(G)
    (x, _), (_, z) = batch(m=3), batch(m=6)
    rng = np.random.Generator(np.random.Philox(0))
    masks_real, masks_fake = draw_masks(rng, 3), draw_masks(rng, 6)

    def J(theta):
        return reference_loss_d(theta, theta_g, x, z, masks_real, masks_fake)

    agree(discriminator_step(D, G, x, z, SGD(D.parameters, 1.0), rng=0), J(theta_d))
    agree(flat(D), theta_d - numerical_gradient(J, theta_d))


def test_float32_players_stay_float32():
    D, G = players(dtype=np.float32)
    x, z = (a.astype(np.float32) for a in batch())
    optimizer_d, optimizer_g = optimizers(D, G)
    losses = [
        discriminator_step(D, G, x, z, optimizer_d, rng=0),
        generator_step(D, G, z, optimizer_g, rng=0),
        *simultaneous_step(D, G, x, z, optimizer_d, optimizer_g, rng=0),
    ]
    assert {loss.dtype for loss in losses} == {np.dtype(np.float32)}
    assert flat(D).dtype == flat(G).dtype == np.float32


# --- train against the reference --------------------------------------------------------------------------------------


class PlaneData:
    """A Gaussian in the plane."""

    def sample(self, n, *, rng):
        return np.random.default_rng(rng).normal(1.0, 0.5, (n, 2))


@pytest.mark.parametrize("objective", OF_THE_PAPER)
@pytest.mark.parametrize("k", [1, 3])
def test_alternating_training_is_algorithm_1(k, objective):
    """k steps of D, each on fresh x and z, then one of G on fresh z against the updated D."""
    masks, data, prior = [], RecordingSampler(PlaneData()), RecordingPrior("uniform", 2)
    D, G = players(masks)
    reference_player_d = ReferencePlayer(flat(D), LEARNING_RATE_D)
    reference_player_g = ReferencePlayer(flat(G), LEARNING_RATE_G)
    optimizer_d, optimizer_g = optimizers(D, G)
    options = {"optimizer_d": optimizer_d, "optimizer_g": optimizer_g, "batch_size": 4, "rng": 0}
    run = train(D, G, data, prior, n_iterations=4, discriminator_steps=k, objective=objective, **options)
    data.batches.clear()  # the checks at the door may look at an example
    everything = []

    for record in run:
        xs, zs, drawn = iter(data.batches), iter(prior.batches), iter(masks)
        for _ in range(k):
            x, z = next(xs), next(zs)
            masks_real, masks_fake = [next(drawn), next(drawn)], [next(drawn), next(drawn)]

            def J_d(theta, x=x, z=z, masks_real=masks_real, masks_fake=masks_fake):
                return reference_loss_d(theta, reference_player_g.theta, x, z, masks_real, masks_fake, objective)

            loss_d = J_d(reference_player_d.theta)
            reference_player_d.descend(numerical_gradient(J_d, reference_player_d.theta))
        z, masks_g = next(zs), [next(drawn), next(drawn)]

        def J_g(theta, z=z, masks_g=masks_g):
            return reference_loss_g(reference_player_d.theta, theta, z, masks_g, objective)

        loss_g = J_g(reference_player_g.theta)
        reference_player_g.descend(numerical_gradient(J_g, reference_player_g.theta))

        agree(record.loss_d, loss_d, 1e-10)
        agree(record.loss_g, loss_g, 1e-10)
        agree(flat(D), reference_player_d.theta, 1e-10)
        agree(flat(G), reference_player_g.theta, 1e-10)
        assert without_gradients(D, G)
        assert [list(rest) for rest in (xs, zs, drawn)] == [[], [], []]  # nothing else was drawn
        everything.extend(data.batches + prior.batches)
        for drawn_so_far in (data.batches, prior.batches, masks):
            drawn_so_far.clear()
    assert len(everything) == 4 * (2 * k + 1)
    assert all_different(everything)


@pytest.mark.parametrize("objective", OF_THE_PAPER)
def test_simultaneous_training_uses_one_minibatch_one_z_and_one_mask_for_both_players(objective):
    masks, data, prior = [], RecordingSampler(PlaneData()), RecordingPrior("uniform", 2)
    D, G = players(masks)
    reference_player_d = ReferencePlayer(flat(D), LEARNING_RATE_D)
    reference_player_g = ReferencePlayer(flat(G), LEARNING_RATE_G)
    optimizer_d, optimizer_g = optimizers(D, G)
    options = {"optimizer_d": optimizer_d, "optimizer_g": optimizer_g, "batch_size": 4, "rng": 0}
    run = train(D, G, data, prior, n_iterations=6, updates="simultaneous", objective=objective, **options)
    data.batches.clear()

    for record in run:
        (x,), (z,), masks_real, masks_fake = data.batches, prior.batches, masks[:2], masks[2:]
        assert len(masks) == 4
        theta_d, theta_g = reference_player_d.theta, reference_player_g.theta

        def J_d(theta, theta_g=theta_g, x=x, z=z, masks_real=masks_real, masks_fake=masks_fake):
            return reference_loss_d(theta, theta_g, x, z, masks_real, masks_fake, objective)

        def J_g(theta, theta_d=theta_d, z=z, masks_fake=masks_fake):
            return reference_loss_g(theta_d, theta, z, masks_fake, objective)

        agree(record.loss_d, J_d(theta_d), 1e-10)
        agree(record.loss_g, J_g(theta_g), 1e-10)
        reference_player_d.descend(numerical_gradient(J_d, theta_d))
        reference_player_g.descend(numerical_gradient(J_g, theta_g))
        agree(flat(D), reference_player_d.theta, 1e-10)
        agree(flat(G), reference_player_g.theta, 1e-10)
        assert without_gradients(D, G)
        for drawn_so_far in (data.batches, prior.batches, masks):
            drawn_so_far.clear()


class LessTheMean(Layer):
    """A layer that looks at its whole batch."""

    def forward(self, x, *, rng=None):
        return x - x.mean(axis=0), None

    def backward_input(self, grad_y, cache):
        return grad_y - grad_y.mean(axis=0)


def test_real_and_generated_examples_never_share_a_pass_of_d():
    """A D that subtracts the mean of its batch finds 0 in a batch of one example."""
    D = Sequential(LessTheMean(), Linear(2, 1, rng=0, dtype=np.float64))
    x, z = batch(m=1)
    loss = discriminator_step(D, Linear(2, 2, rng=1, dtype=np.float64), x, z, SGD(D.parameters, 0.0))
    agree(loss, 2 * np.log(2))


def test_a_generator_of_another_shape_is_refused_and_not_stretched():
    D, (x, z) = Linear(2, 1, rng=0), batch()
    for width in (1, 3):
        with pytest.raises(ValueError, match=rf"^Linear\(2, 1\) got x of shape \(5, {width}\); it takes \(m, 2\)"):
            discriminator_step(D, Linear(2, width, rng=1), x, z, SGD(D.parameters, 1.0))
