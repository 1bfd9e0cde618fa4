"""Check whole steps of Algorithm 1, by comparing what each applies to its player with derivatives of the objective."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import numpy as np

from tinygan.adversarial import discriminator_step as our_discriminator_step
from tinygan.adversarial import generator_step as our_generator_step
from tinygan.adversarial.objectives import NON_SATURATING, Objective, as_objective
from tinygan.adversarial.training.doors import check_logits
from tinygan.arguments import check_positive
from tinygan.backend import Array, RngLike, as_rng, to_host
from tinygan.backend.arrays import check_arrays
from tinygan.gradcheck.diagnosis.hypotheses.steps import step_findings
from tinygan.gradcheck.diagnosis.verdict import case_of, diagnosed, row_of
from tinygan.gradcheck.numerical import EPS
from tinygan.gradcheck.report import Report, TensorCheck
from tinygan.gradcheck.subjects.on_device import place_of
from tinygan.gradcheck.subjects.played_step import (
    DiscriminatorStep,
    GeneratorStep,
    PlayedStep,
    dropout_off,
    example_noise,
)
from tinygan.gradcheck.suspect import Suspect
from tinygan.gradcheck.trial import run
from tinygan.layers import Layer, named_parameters


def check_step(
    D: Layer,
    G: Layer,
    *,
    discriminator_step: Callable[..., Any] = our_discriminator_step,
    generator_step: Callable[..., Any] = our_generator_step,
    objective: Objective | str = NON_SATURATING,
    x: Array | None = None,
    z: Array | None = None,
    rng: RngLike = None,
    tolerance: float = 1e-6,
) -> Report:
    """Return whether two step functions update their players by the gradients of Algorithm 1, and if not, why.

    Parameters
    ----------
    D, G : Layer
        The players, on the host or on a GPU. After the check they are as before.
    discriminator_step : callable
        Called as ``discriminator_step(D, G, x, z, optimizer, rng=rng)``; the library's by default.
    generator_step : callable
        Called as ``generator_step(D, G, z, optimizer, rng=rng)``; the library's by default.
    objective : Objective or str
        What the steps should lower, or its name. A step that has an argument ``objective`` gets it.
    x : ndarray of shape (m, ...), optional
        Examples; by default, noise of the shape of G(z).
    z : ndarray of shape (m, latent_dim), optional
        Noise; by default 5 examples, if G begins with a Linear.
    rng : numpy.random.Generator, int or None
        For x, z, and the draws of the networks, which the check replays.
    tolerance : float
        The largest relative error that still counts as right.

    Returns
    -------
    Report
        A row for every parameter, such as ``"D.0.weight"``.

    Raises
    ------
    TypeError, ValueError
        If G does not begin with a Linear and there is no z, or if the networks do not take x and z or are on another
        device.

    See Also
    --------
    check_gradients : The same for a layer or a network.

    Notes
    -----
    The check runs each step with an optimiser of learning rate 1 without momentum. So what the step applies is theta
    before minus theta after. The check compares it with numerical derivatives of J_D with respect to theta_d, and of
    J_G with respect to theta_g through D. The objective says what J_D and J_G are; with the paper's, J_D = -V(D, G),
    eq. (1).

    If a step runs G first, then D on x and then D on G(z), as the library's do, dropout draws the same masks in the
    step and in the check. If the loss that the step returns shows another order, the check sets all dropout to rate 0.

    Examples
    --------
    >>> from tinygan.layers import Linear, Sequential, Tanh
    >>> D, G = Sequential(Linear(2, 4, rng=0), Tanh(), Linear(4, 1, rng=1)), Linear(3, 2, rng=2)
    >>> report = check_step(D, G, rng=0)
    >>> report.ok, [row.tensor for row in report.rows]
    (True, ['D.0.weight', 'D.0.bias', 'D.2.weight', 'D.2.bias', 'G.weight', 'G.bias'])
    """
    check_positive("check_step got tolerance", tolerance)
    check_arrays("check_step", x=x, z=z)
    objective, rng = as_objective("check_step", objective), as_rng(rng)
    check_logits(D, objective)
    players = {"D": D, "G": G}
    learned = {f"{player}.{name}": theta for player in players for name, theta in named_parameters(players[player])}
    place = place_of("check_step", learned, x=x, z=z)
    z = example_noise(G, rng) if z is None else to_host(z)
    if x is None:
        with place.lending(z) as (z_there,):
            x = rng.normal(size=G(z_there).shape)
    x = to_host(x)
    seed = int(rng.integers(2**63))
    steps = (
        DiscriminatorStep(discriminator_step, objective, D, G, place, x=x, z=z),
        GeneratorStep(generator_step, objective, D, G, place, z=z),
    )
    with place.in_float64():
        rows, suspects = [], []
        for step in steps:
            with ExitStack() as stack:
                if not step.replays(seed):
                    stack.enter_context(dropout_off(D, G))
                new_rows, new_suspects = _examined(step, seed, rng, tolerance)
                rows += new_rows
                suspects += new_suspects
        suspects += _touched(steps, seed)
        suspects += _left_over(steps, seed)
    return Report(" and ".join(step.name for step in steps), rows, suspects)


def _examined(
    step: PlayedStep, seed: int, rng: np.random.Generator, tolerance: float
) -> tuple[list[TensorCheck], list[Suspect]]:
    """Compare what one step applies with the derivatives of its objective."""
    y = step.replayed_y(seed)
    trial = run(step, np.ones_like(y), seed)
    rows, suspects = [], []
    for name, theta in step.parameters.items():
        case = case_of(step, name, trial, seed, rng, tolerance)
        # The difference of theta before and after is only as precise as theta.
        rounding = 4 * EPS * float(np.abs(theta.data).max(initial=0.0))
        case.numerical = case.numerical._replace(noise=case.numerical.noise + rounding)
        row = row_of(case, rng)
        rows.append(row)
        if not row.ok:
            found = list(step_findings(step, case))
            suspects += [Suspect(code, name, 1.0, message, step.where(name)) for code, message in found]
            suspects += [] if found else diagnosed(case, row)
    return rows, suspects


def _touched(steps: tuple[PlayedStep, ...], seed: int) -> Iterator[Suspect]:
    """Yield what a step changes and should not change: the other player, x or z."""
    for step in steps:
        step.apply(seed)
        for name in step.touched:
            message = (
                f"{step.name} changes {name}, which is not its to change. In Algorithm 1 each step updates one player "
                "and holds the other one fixed. Whose optimizer, and whose arrays, does it write to?"
            )
            yield Suspect("mutated_input", name, 1.0, message, step.where(name))


def _left_over(steps: tuple[PlayedStep, ...], seed: int) -> Iterator[Suspect]:
    """Run the steps in turn without clearing gradients, and yield a suspect if one step changes what the next does."""
    for later in steps:
        clean = later.apply(seed)
        for earlier in steps:
            earlier.apply(seed)
            applied = later.apply(seed, clear=False)
            changed = [name for name in clean if not np.allclose(applied[name], clean[name], rtol=1e-6, atol=1e-14)]
            if changed and earlier is later:
                message = (
                    f"run twice, {later.name} applies the gradient of {changed[0]} of both runs the second time: the "
                    "first one is still there. Drop the gradients after the update; optimizer.step() of ours does."
                )
                yield Suspect("accumulated_twice", changed[0], 1.0, message, later.where(changed[0]))
            elif changed:
                message = (
                    f"{earlier.name} leaves a gradient on {changed[0]}, and the next {later.name} adds it to its own: "
                    "one player learns to please the other. Go through the other player by backward_input, which "
                    "touches no parameter."
                )
                yield Suspect("mutated_input", changed[0], 1.0, message, earlier.where(changed[0]))
