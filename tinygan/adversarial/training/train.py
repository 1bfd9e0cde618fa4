"""Trains two players by Algorithm 1, with all that a long training needs around it."""

import math
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from tinygan.adversarial.algorithm1 import algorithm_1
from tinygan.adversarial.algorithm1 import discriminator_step as our_discriminator_step
from tinygan.adversarial.algorithm1 import generator_step as our_generator_step
from tinygan.adversarial.objectives import NON_SATURATING, Objective, as_objective, given_objective
from tinygan.adversarial.prior import NoisePrior
from tinygan.adversarial.simultaneous import both_at_once, simultaneous_step
from tinygan.adversarial.training.doors import check_game, check_layers, check_logits, check_optimizer, check_steps
from tinygan.adversarial.training.minibatches import Minibatches, Source, prepared
from tinygan.adversarial.training.state import TrainingState
from tinygan.adversarial.training.watch import LossWatch, check_parameters, explained_shortage
from tinygan.arguments import check_choice, check_count
from tinygan.backend import Array, RngLike, device_of
from tinygan.backend.threads import threads_for
from tinygan.layers import Layer
from tinygan.layers.contents import largest_weight
from tinygan.optim import Optimizer

UPDATES = ("alternating", "simultaneous")


class Iteration(NamedTuple):
    """What one iteration of `train` reports.

    Attributes
    ----------
    iteration : int
        How many iterations are done, from 1.
    loss_d, loss_g : scalar
        J_D and J_G of the last step of D and of G, before the update; in nats for the paper's objectives.
    """

    iteration: int
    loss_d: Array
    loss_g: Array


class Training(Iterator[Iteration]):
    """A training that does one iteration for each record that you ask for; `train` makes one.

    Examples
    --------
    >>> Training(iter([Iteration(1, 1.4, 0.7), Iteration(2, 1.3, 0.8)]), LossWatch(TrainingState(0))).run()
    Iteration(iteration=2, loss_d=1.3, loss_g=0.8)
    """

    def __init__(self, records: Iterator[Iteration], watch: LossWatch, n_multiplications: float = math.inf) -> None:
        self._records, self._watch, self._n_multiplications = records, watch, n_multiplications

    def __next__(self) -> Iteration:
        """Do an iteration, and return its record."""
        with threads_for(self._n_multiplications):
            return next(self._records)

    def run(self) -> Iteration | None:
        """Train to the end, and return the last record; None if there was nothing left to do."""
        last = deque(self, maxlen=1)
        return last[0] if last else None

    def look(self) -> None:
        """Check now the losses that still wait on a GPU, and raise if one of them is NaN or infinite."""
        self._watch.look()

    def __repr__(self) -> str:
        return f"Training({self._watch.state.iteration} iterations done; loop over it, or call its run(), for more)"


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
    generator_steps: int = 1,
    objective: Objective | str = NON_SATURATING,
    updates: str = "alternating",
    discriminator_step: Callable[..., Any] = our_discriminator_step,
    generator_step: Callable[..., Any] = our_generator_step,
    rng: RngLike = None,
    state: TrainingState | None = None,
) -> Training:
    """Return an iterator that runs Algorithm 1, one iteration for each record that you ask for.

    Nothing is trained until you loop over it, or call its ``run()``. Your loop does what else should happen along the
    way: schedules, plots, checkpoints, progress.

    Parameters
    ----------
    D, G : Layer
        The players, updated in place. D returns one logit an example.
    x : ndarray of shape (n, ...), ScaledImages, or an object with .sample(m, rng=)
        Examples of p_data, float32 or float64; cast to the precision of the parameters of G, and moved to their device.
    prior : NoisePrior
        p_z.
    optimizer_d, optimizer_g : Optimizer
        The optimisers of the parameters of D and of G.
    n_iterations : int
        How many iterations in all, at least 1.
    batch_size : int
        m, the examples and the noise vectors of a step.
    discriminator_steps, generator_steps : int
        Steps of D and of G in an iteration. The first is k; the second is 1 in the paper.
    objective : Objective or str
        What the players minimise, or its name, see `tinygan.adversarial.objectives`.
    updates : {"alternating", "simultaneous"}
        Algorithm 1 as printed, or both players at once as in the released code, see `simultaneous_step`.
    discriminator_step, generator_step : callable
        Steps of your own, called as ``discriminator_step(D, G, x, z, optimizer, rng=rng)`` and
        ``generator_step(D, G, z, optimizer, rng=rng)``, and with ``objective=objective`` if they take one. Each updates
        its player and returns its loss.
    rng : numpy.random.Generator, int or None
        Spawns three independent streams: for examples, for noise and for dropout.
    state : TrainingState, optional
        The state of an earlier training. This one goes on from there, up to n_iterations in all, and does not use rng.

    Returns
    -------
    Training
        Yields an `Iteration`: (iteration, loss_d, loss_g).

    Raises
    ------
    TypeError, ValueError
        At once, if an argument is wrong or the networks do not fit each other.
    FloatingPointError, MemoryError
        When a loss or a parameter is not finite, or a step has too little memory. The error says where, and what may
        help.

    See Also
    --------
    discriminator_step, generator_step : The two steps of Algorithm 1.
    tinygan.gradcheck.check_step : Whether a step of your own is right.

    Notes
    -----
    Small networks, with fewer than 2^24 multiplications in their largest matrix product, train on one BLAS thread. On
    several threads each product waits for the slowest core, which takes many times longer on a machine that has other
    work. The number of threads is set for each iteration, and set back before you get the record. It is left alone if
    you have chosen one, by `tinygan.backend.blas_threads` or by a variable such as ``OPENBLAS_NUM_THREADS``.

    References
    ----------
    Goodfellow et al. 2014, Generative adversarial nets, algorithm 1, arXiv:1406.2661.

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
    check_layers(D=D, G=G)
    objective = as_objective("train", objective)
    check_choice("train got updates", updates, UPDATES)
    n_iterations = check_count("train got n_iterations", n_iterations)
    batch_size = check_count("train got batch_size", batch_size)
    discriminator_steps = check_steps("discriminator_step", discriminator_step, discriminator_steps)
    generator_steps = check_steps("generator_step", generator_step, generator_steps)
    if updates == "simultaneous":
        _check_simultaneous(discriminator_steps, generator_steps, discriminator_step, generator_step)
    update_d, update_g = given_objective(discriminator_step, objective), given_objective(generator_step, objective)
    if update_d is not discriminator_step or update_g is not generator_step:
        check_logits(D, objective)
    elif objective != NON_SATURATING:
        raise ValueError(f"train got objective {objective.name!r}, but neither of the two steps takes an objective")
    dtype, device = G.parameters[0].data.dtype if G.parameters else np.float32, device_of(G)
    x, example = prepared(x, dtype, device)
    check_game(D, G, prior, example)
    for player, network, optimizer in (("D", D, optimizer_d), ("G", G, optimizer_g)):
        check_optimizer(player, network, optimizer)
        for theta in network.parameters:
            theta.grad = None  # of a step that was interrupted
    if state is None:
        state = TrainingState(rng)
    elif not isinstance(state, TrainingState):
        raise TypeError(f"train got state {state!r}; it takes a TrainingState")
    batches = Minibatches(x, prior, batch_size, state=state, dtype=dtype, device=device)
    watch = LossWatch(state)

    def step_d(x_real: Array, z: Array) -> Array:
        return watch.seen("J_D", update_d(D, G, x_real, z, optimizer_d, rng=state.dropout), G=G, D=D)

    def step_g(z: Array) -> Array:
        return watch.seen("J_G", update_g(D, G, z, optimizer_g, rng=state.dropout), D=D)

    def step_both(x_real: Array, z: Array) -> tuple[Array, Array]:
        loss_d, loss_g = simultaneous_step(
            D, G, x_real, z, optimizer_d, optimizer_g, rng=state.dropout, objective=objective
        )
        return watch.seen("J_D", loss_d, D=D, G=G), watch.seen("J_G", loss_g, D=D, G=G)

    if updates == "simultaneous":
        losses = both_at_once(step_both, batches)
    else:
        losses = algorithm_1(step_d, step_g, batches, discriminator_steps, generator_steps)

    def records() -> Iterator[Iteration]:
        for loss_d, loss_g in islice(losses, max(n_iterations - state.iteration, 0)):
            state.iteration += 1
            yield Iteration(state.iteration, loss_d, loss_g)
        watch.look()
        check_parameters(state.iteration, D=D, G=G)  # no loss would tell of the last update

    n_multiplications = batch_size * largest_weight(D, G)
    return Training(explained_shortage(records(), state, device, batch_size), watch, n_multiplications)


def _check_simultaneous(discriminator_steps: int, generator_steps: int, *steps: Callable[..., Any]) -> None:
    """Raise if simultaneous updates get what only alternating updates take."""
    for name, n_steps in (("discriminator_steps", discriminator_steps), ("generator_steps", generator_steps)):
        if n_steps > 1:
            raise ValueError(
                f"train got {name}={n_steps} with simultaneous updates, "
                'where both players move at once; it takes 1 there, or updates="alternating"'
            )
    if steps != (our_discriminator_step, our_generator_step):
        raise ValueError(
            "train got a step of one player with simultaneous updates, where both players move at once, by "
            'simultaneous_step; it takes updates="alternating" with that'
        )
