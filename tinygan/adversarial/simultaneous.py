"""Both players at once, as in the code that the authors released, instead of Algorithm 1."""

from collections.abc import Callable, Iterator

from tinygan.adversarial.objectives import NON_SATURATING, Objective, as_objective
from tinygan.adversarial.training.doors import check_optimizer, check_players
from tinygan.adversarial.training.minibatches import Minibatches
from tinygan.backend import Array, RngLike, as_rng
from tinygan.layers import Layer
from tinygan.optim import Optimizer


def simultaneous_step(
    D: Layer,
    G: Layer,
    x: Array,
    z: Array,
    optimizer_d: Optimizer,
    optimizer_g: Optimizer,
    *,
    rng: RngLike = None,
    objective: Objective | str = NON_SATURATING,
) -> tuple[Array, Array]:
    """Update D and G at once, both by gradients at the old parameters; return (J_D, J_G).

    One minibatch, one z and one set of dropout masks serve both players.

    Parameters
    ----------
    D, G : Layer
        The players; D returns one logit an example.
    x : ndarray of shape (m, ...)
        Examples from p_data.
    z : ndarray of shape (m, latent_dim)
        Noise from p_z.
    optimizer_d, optimizer_g : Optimizer
        The optimisers of the parameters of D and of G.
    rng : numpy.random.Generator, int or None
        For the dropout in D and G.
    objective : Objective or str
        What the players minimise, or its name, see `tinygan.adversarial.objectives`.

    Returns
    -------
    loss_d, loss_g : scalar
        J_D and J_G before the updates, in nats for the paper's objectives.

    Raises
    ------
    TypeError, ValueError
        If an argument is wrong, or the networks, the optimisers and the objective do not fit each other.

    See Also
    --------
    discriminator_step, generator_step : The steps of Algorithm 1, one player at a time.

    Examples
    --------
    >>> import numpy as np
    >>> from tinygan.layers import Linear
    >>> from tinygan.optim import SGD
    >>> D, G = Linear(1, 1, rng=0), Linear(1, 1, rng=1)
    >>> x, z = np.ones((8, 1), np.float32), np.zeros((8, 1), np.float32)
    >>> loss_d, loss_g = simultaneous_step(D, G, x, z, SGD(D.parameters, 0.1), SGD(G.parameters, 0.1))
    >>> print(f"{loss_d:.2f} {loss_g:.2f}")
    2.55 0.69
    """
    objective = as_objective("simultaneous_step", objective)
    check_players(D, G, objective, z=z, x=x)
    check_optimizer("D", D, optimizer_d)
    check_optimizer("G", G, optimizer_g)
    rng = None if rng is None else as_rng(rng)
    x_fake, cache_g = G.forward(z, rng=rng)
    logits_real, cache_real = D.forward(x, rng=rng)
    logits_fake, cache_fake = D.forward(x_fake, rng=rng)
    loss_d, grad_real, grad_fake = objective.discriminator(logits_real, logits_fake)
    loss_g, grad_logits = objective.generator(logits_fake)
    D.backward_params(grad_real, cache_real)
    D.backward_params(grad_fake, cache_fake)
    G.backward_params(D.backward_input(grad_logits, cache_fake), cache_g)
    optimizer_d.step()
    optimizer_g.step()
    return loss_d, loss_g


def both_at_once(
    step: Callable[[Array, Array], tuple[Array, Array]], batches: Minibatches
) -> Iterator[tuple[Array, Array]]:
    """Repeat a step of both players without end, and yield its losses."""
    while True:
        yield step(*batches.pair())
