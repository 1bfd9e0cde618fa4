"""Algorithm 1: k steps of D, one step of G, again and again."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from tinygan.adversarial.objectives import NON_SATURATING, Objective, as_objective
from tinygan.adversarial.prior import NoisePrior
from tinygan.adversarial.simultaneous import simultaneous_step
from tinygan.adversarial.training.minibatches import Source, minibatches, prepared
from tinygan.adversarial.training.shortage import explained_shortage
from tinygan.adversarial.training.state import TrainingState
from tinygan.adversarial.training.watch import LossWatch, check_optimizer, check_parameters, check_players
from tinygan.arguments import check_choice, check_count
from tinygan.backend import Array, RngLike, as_rng, device_of
from tinygan.layers import Layer
from tinygan.optim import Optimizer

UPDATES = ("alternating", "simultaneous")


class Iteration(NamedTuple):
    """What one iteration of `train` reports.

    Attributes
    ----------
    iteration : int
        How many iterations are done, from 1.
    loss_d, loss_g : scalar
        J_D of the last step of D and J_G, both before the update that they led to; in nats for the paper's objectives.
    """

    iteration: int
    loss_d: Array
    loss_g: Array


def discriminator_step(
    D: Layer,
    G: Layer,
    x: Array,
    z: Array,
    optimizer: Optimizer,
    *,
    rng: RngLike = None,
    objective: Objective | str = NON_SATURATING,
) -> Array:
    """Update D once by the gradient of its objective, eq. (1) unless it is another, with respect to theta_d.

    Parameters
    ----------
    D, G : Layer
        The players; D returns one logit an example. G is not changed.
    x : ndarray of shape (m, ...)
        Examples from p_data.
    z : ndarray of shape (m, latent_dim)
        Noise from p_z.
    optimizer : Optimizer
        Of the parameters of D.
    rng : numpy.random.Generator, int or None
        For the dropout in G and D.
    objective : Objective or str
        What the players minimise, or its name, see `tinygan.adversarial.objectives`.

    Returns
    -------
    loss : scalar
        J_D before the update: -V, in nats, for the paper's objectives.

    Notes
    -----
    Algorithm 1, inner loop: ascend 1/m sum_i [log D(x_i) + log(1 - D(G(z_i)))]. D runs twice, on x and on G(z), and
    each pass has its own cache. Real and generated examples never share a pass, so D may hold layers that look at
    their whole batch.

    Examples
    --------
    >>> import numpy as np
    >>> from tinygan.layers import Linear
    >>> from tinygan.optim import SGD
    >>> D, G = Linear(1, 1, rng=0), Linear(1, 1, rng=1)
    >>> x, z = np.ones((8, 1), np.float32), np.zeros((8, 1), np.float32)
    >>> losses = [float(discriminator_step(D, G, x, z, SGD(D.parameters, 1.0))) for _ in range(3)]
    >>> losses[0] > losses[1] > losses[2]
    True
    """
    check_optimizer("D", D, optimizer)
    objective = as_objective("discriminator_step", objective)
    rng = None if rng is None else as_rng(rng)
    x_fake, _ = G.forward(z, rng=rng)  # theta_g is a constant here
    logits_real, cache_real = D.forward(x, rng=rng)
    logits_fake, cache_fake = D.forward(x_fake, rng=rng)
    loss, grad_real, grad_fake = objective.discriminator(logits_real, logits_fake)
    D.backward_params(grad_real, cache_real)
    D.backward_params(grad_fake, cache_fake)  # the two sums of the formula add up
    optimizer.step()
    return loss


def generator_step(
    D: Layer,
    G: Layer,
    z: Array,
    optimizer: Optimizer,
    *,
    rng: RngLike = None,
    objective: Objective | str = NON_SATURATING,
) -> Array:
    """Update G once by the gradient of its objective with respect to theta_g, which comes through D.

    Parameters
    ----------
    D, G : Layer
        The players; D returns one logit an example. D is not changed.
    z : ndarray of shape (m, latent_dim)
        Noise from p_z.
    optimizer : Optimizer
        Of the parameters of G.
    rng : numpy.random.Generator, int or None
        For the dropout in D and G.
    objective : Objective or str
        What the players minimise, or its name, see `tinygan.adversarial.objectives`.

    Returns
    -------
    loss : scalar
        J_G before the update, in nats for the paper's objectives.

    Notes
    -----
    Algorithm 1, outer loop: descend 1/m sum_i log(1 - D(G(z_i))), or ascend 1/m sum_i log D(G(z_i)) (section 3).

    Examples
    --------
    >>> import numpy as np
    >>> from tinygan.layers import Linear
    >>> from tinygan.optim import SGD
    >>> D, G = Linear(1, 1, rng=0), Linear(1, 1, rng=1)
    >>> z = np.zeros((8, 1), np.float32)
    >>> losses = [float(generator_step(D, G, z, SGD(G.parameters, 1.0))) for _ in range(3)]
    >>> losses[0] > losses[1] > losses[2]
    True
    """
    check_optimizer("G", G, optimizer)
    objective = as_objective("generator_step", objective)
    rng = None if rng is None else as_rng(rng)
    x_fake, cache_g = G.forward(z, rng=rng)
    logits, cache_d = D.forward(x_fake, rng=rng)
    loss, grad_logits = objective.generator(logits)
    G.backward_params(D.backward_input(grad_logits, cache_d), cache_g)
    optimizer.step()
    return loss


def train(
    D: Layer,
    G: Layer,
    x: Source,
    prior: NoisePrior,
    *,
    optimizer_d: Optimizer,
    optimizer_g: Optimizer,
    n_iterations: int,
    batch_size: int = 100,
    discriminator_steps: int = 1,
    objective: Objective | str = NON_SATURATING,
    updates: str = "alternating",
    rng: RngLike = None,
    state: TrainingState | None = None,
) -> Iterator[Iteration]:
    """Run Algorithm 1, and yield one small record an iteration.

    Whatever should happen along the way (schedules, plots, checkpoints, progress) happens in the caller's loop.

    Parameters
    ----------
    D, G : Layer
        The players, updated in place. D returns one logit an example.
    x : ndarray of shape (n, ...), ScaledImages, or an object with .sample(m, rng=)
        Examples of p_data, float32 or float64; cast to the precision of the parameters of G, and moved to their device.
    prior : NoisePrior
        p_z.
    optimizer_d, optimizer_g : Optimizer
        Of the parameters of D and of G.
    n_iterations : int
        How many iterations in all, at least 1.
    batch_size : int
        m, the examples and the noise vectors of a step.
    discriminator_steps : int
        k, the steps of D an iteration.
    objective : Objective or str
        What the players minimise, or its name, see `tinygan.adversarial.objectives`.
    updates : {"alternating", "simultaneous"}
        Algorithm 1 as printed, or both players at once as in the released code, see `simultaneous_step`.
    rng : numpy.random.Generator, int or None
        Spawns three independent streams: for examples, for noise and for dropout.
    state : TrainingState, optional
        Where an earlier training was left; this one goes on there, up to n_iterations in all, and rng is not used.

    Yields
    ------
    Iteration
        (iteration, loss_d, loss_g).

    Raises
    ------
    TypeError, ValueError
        At once, if an argument is wrong or the networks do not fit each other.
    FloatingPointError, MemoryError
        When a loss or a parameter is not finite, or a step has too little memory: they say where, and what may help.

    Examples
    --------
    >>> from tinygan.data import Gaussian
    >>> from tinygan.layers import Linear, Sequential, Tanh
    >>> from tinygan.optim import SGD
    >>> G = Linear(1, 1, rng=0)
    >>> D = Sequential(Linear(1, 8, rng=1), Tanh(), Linear(8, 1, rng=2))
    >>> players = {"optimizer_d": SGD(D.parameters, 0.1), "optimizer_g": SGD(G.parameters, 0.1)}
    >>> for record in train(D, G, Gaussian(4, 1), NoisePrior("gaussian", 1), n_iterations=3, rng=0, **players):
    ...     print(record.iteration, f"{record.loss_d:.2f} {record.loss_g:.2f}")
    1 1.51 0.70
    2 1.26 0.75
    3 1.13 0.71
    """
    objective = as_objective("train", objective)
    check_choice("train got updates", updates, UPDATES)
    n_iterations = check_count("train got n_iterations", n_iterations)
    batch_size = check_count("train got batch_size", batch_size)
    discriminator_steps = check_count("train got discriminator_steps", discriminator_steps)
    if updates == "simultaneous" and discriminator_steps > 1:
        raise ValueError(
            f"train got discriminator_steps={discriminator_steps} with simultaneous updates, "
            'where both players move at once; it takes 1 there, or updates="alternating"'
        )
    dtype, device = G.parameters[0].data.dtype if G.parameters else np.float32, device_of(G)
    x, example = prepared(x, dtype, device)
    check_players(D, G, example, prior)
    for player, network, optimizer in (("D", D, optimizer_d), ("G", G, optimizer_g)):
        check_optimizer(player, network, optimizer)
        for theta in network.parameters:
            theta.grad = None  # of a step that was interrupted
    if state is None:
        state = TrainingState(rng)
    elif not isinstance(state, TrainingState):
        raise TypeError(f"train got state {state!r}; it takes a TrainingState")
    batches = minibatches(x, batch_size, state=state, dtype=dtype, device=device)
    watch = LossWatch()
    place = {} if device == "cpu" else {"device": device}  # a prior of one's own may know of no device

    def noise(m: int) -> Array:
        return prior.sample(m, rng=state.noise, dtype=dtype, **place)

    def iterate() -> Iterator[Iteration]:
        for iteration in range(state.iteration + 1, n_iterations + 1):
            if updates == "simultaneous":
                x_real = next(batches)
                loss_d, loss_g = simultaneous_step(
                    D, G, x_real, noise(len(x_real)), optimizer_d, optimizer_g, rng=state.dropout, objective=objective
                )
                watch.look(iteration, "J_D", loss_d, D=D, G=G)
                watch.look(iteration, "J_G", loss_g, D=D, G=G)
            else:
                for _ in range(discriminator_steps):
                    x_real = next(batches)
                    loss_d = discriminator_step(
                        D, G, x_real, noise(len(x_real)), optimizer_d, rng=state.dropout, objective=objective
                    )
                    watch.look(iteration, "J_D", loss_d, G=G, D=D)
                m = len(state.rows(batch_size))
                loss_g = generator_step(D, G, noise(m), optimizer_g, rng=state.dropout, objective=objective)
                watch.look(iteration, "J_G", loss_g, D=D)
            state.iteration = iteration
            yield Iteration(iteration, loss_d, loss_g)
        watch.look_at_all()
        check_parameters(n_iterations, D=D, G=G)  # no loss would tell of the last update

    return explained_shortage(iterate(), state, device, batch_size)
