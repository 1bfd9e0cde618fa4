"""Algorithm 1: k steps of D, one step of G, again and again."""

from collections.abc import Callable, Iterator

from tinygan.adversarial.objectives import NON_SATURATING, Objective, as_objective
from tinygan.adversarial.training.doors import check_optimizer, check_players
from tinygan.adversarial.training.minibatches import Minibatches
from tinygan.backend import Array, RngLike, as_rng
from tinygan.layers import Layer
from tinygan.optim import Optimizer


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
    """Update D once, by the gradient of its loss with respect to theta_d.

    Parameters
    ----------
    D, G : Layer
        The players; D returns one logit an example. G is not changed.
    x : ndarray of shape (m, ...)
        Examples from p_data.
    z : ndarray of shape (m, latent_dim)
        Noise from p_z.
    optimizer : Optimizer
        The optimiser of the parameters of D.
    rng : numpy.random.Generator, int or None
        For the dropout in G and D.
    objective : Objective or str
        What the players minimise, or its name, see `tinygan.adversarial.objectives`.

    Returns
    -------
    loss : scalar
        J_D before the update: -V of eq. (1), in nats, for the paper's objectives.

    Raises
    ------
    TypeError, ValueError
        If an argument is wrong, or the networks, the optimiser and the objective do not fit each other.

    See Also
    --------
    generator_step : The other step.
    train : The whole of Algorithm 1.
    tinygan.gradcheck.check_step : Whether a step of your own is right.

    Notes
    -----
    Algorithm 1, inner loop: ascend 1/m sum_i [log D(x_i) + log(1 - D(G(z_i)))]. D runs twice, on x and on G(z), and
    each pass has its own cache. Real and generated examples never share a pass, so D may hold layers that look at
    their whole batch.

    References
    ----------
    Goodfellow et al. 2014, Generative adversarial nets, algorithm 1, arXiv:1406.2661.

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
    objective = as_objective("discriminator_step", objective)
    check_players(D, G, objective, z=z, x=x)
    check_optimizer("D", D, optimizer)
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
    """Update G once, by the gradient of its loss with respect to theta_g, which comes back through D.

    Parameters
    ----------
    D, G : Layer
        The players; D returns one logit an example. D is not changed.
    z : ndarray of shape (m, latent_dim)
        Noise from p_z.
    optimizer : Optimizer
        The optimiser of the parameters of G.
    rng : numpy.random.Generator, int or None
        For the dropout in D and G.
    objective : Objective or str
        What the players minimise, or its name, see `tinygan.adversarial.objectives`.

    Returns
    -------
    loss : scalar
        J_G before the update, in nats for the paper's objectives.

    Raises
    ------
    TypeError, ValueError
        If an argument is wrong, or the networks, the optimiser and the objective do not fit each other.

    See Also
    --------
    discriminator_step : The other step.
    train : The whole of Algorithm 1.

    Notes
    -----
    Algorithm 1, outer loop: descend 1/m sum_i log(1 - D(G(z_i))), or ascend 1/m sum_i log D(G(z_i)) (section 3).

    References
    ----------
    Goodfellow et al. 2014, Generative adversarial nets, algorithm 1, arXiv:1406.2661.

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
    objective = as_objective("generator_step", objective)
    check_players(D, G, objective, z=z)
    check_optimizer("G", G, optimizer)
    rng = None if rng is None else as_rng(rng)
    x_fake, cache_g = G.forward(z, rng=rng)
    logits, cache_d = D.forward(x_fake, rng=rng)
    loss, grad_logits = objective.generator(logits)
    G.backward_params(D.backward_input(grad_logits, cache_d), cache_g)
    optimizer.step()
    return loss


def algorithm_1(
    step_d: Callable[[Array, Array], Array],
    step_g: Callable[[Array], Array],
    batches: Minibatches,
    discriminator_steps: int = 1,
    generator_steps: int = 1,
) -> Iterator[tuple[Array, Array]]:
    """Repeat the steps of D and of G without end; after each round, yield the losses of the last step of each player.

    Examples
    --------
    >>> class Batches:
    ...     def pair(self):
    ...         return "x", "z"
    ...     def noise(self):
    ...         return "another z"
    >>> next(algorithm_1(print, print, Batches(), discriminator_steps=2))
    x z
    x z
    another z
    (None, None)
    """
    while True:
        for _ in range(discriminator_steps):  # k
            loss_d = step_d(*batches.pair())  # x from p_data, z from p_z
        for _ in range(generator_steps):  # 1 in the paper
            loss_g = step_g(batches.noise())
        yield loss_d, loss_g
