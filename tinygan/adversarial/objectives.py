"""What the players minimise: an objective is three losses of one example, each a function of its logit."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from inspect import signature
from typing import Any, TypeAlias

import numpy as np

from tinygan.arguments import check_choice
from tinygan.backend import Array, get_array_module
from tinygan.backend.arrays import array_kind, is_float_array
from tinygan.functional import sigmoid, softplus

# Takes logits; returns the loss of each example and its derivative with respect to the logit.
Loss: TypeAlias = Callable[[Array], tuple[Array, Array]]


@dataclass(frozen=True)
class Objective:
    """What D and G minimise: means over a minibatch of losses that look at one logit each.

    Attributes
    ----------
    name : str
        The name that recipes and the command line use.
    loss_real, loss_fake : callable
        What D loses on a real and on a generated example. Each takes an ndarray of logits a, and returns two arrays
        of that shape and precision: the loss of each example, and its derivative with respect to a.
    loss_g : callable
        What G loses on a generated example, in the same form.
    output : callable
        Turns the logits into what D says of the examples, for people to read; sigmoid by default.

    Notes
    -----
    An objective sees logits only. A loss that needs the features or the parameters of D takes a step of its own, see
    `train`.

    Examples
    --------
    The hinge loss (Lim and Ye 2017, arXiv:1705.02894) is one more value:

    >>> import numpy as np
    >>> hinge = Objective(
    ...     "hinge",
    ...     loss_real=lambda a: (np.maximum(1 - a, 0), -np.heaviside(1 - a, 0)),
    ...     loss_fake=lambda a: (np.maximum(1 + a, 0), np.heaviside(1 + a, 0)),
    ...     loss_g=lambda a: (-a, -np.ones_like(a)),
    ... )
    >>> loss, grad_real, grad_fake = hinge.discriminator(np.array([0.5, 3.0]), np.array([-2.0, 1.0]))
    >>> float(loss), grad_real, grad_fake
    (1.25, array([-0.5, -0. ]), array([0. , 0.5]))
    """

    name: str
    loss_real: Loss = field(repr=False)
    loss_fake: Loss = field(repr=False)
    loss_g: Loss = field(repr=False)
    output: Callable[[Array], Array] = field(default=sigmoid, repr=False)

    @property
    def says_probability(self) -> bool:
        """Whether what D says lies between 0 and 1 for every logit."""
        low, high = self.output(np.array([-1e6, 1e6]))
        return bool(0 <= low <= 1 and 0 <= high <= 1)

    def discriminator(self, logits_real: Array, logits_fake: Array) -> tuple[Array, Array, Array]:
        """Return the loss of D on two minibatches, and its gradients, as `discriminator_loss` does."""
        get_array_module(logits_real, logits_fake)  # refuses two devices
        loss_real, grad_real = self._mean(self.loss_real, "logits_real", logits_real)
        loss_fake, grad_fake = self._mean(self.loss_fake, "logits_fake", logits_fake)
        return loss_real + loss_fake, grad_real, grad_fake

    def generator(self, logits_fake: Array) -> tuple[Array, Array]:
        """Return the loss of G on a minibatch, and its gradient, as `generator_loss` does."""
        return self._mean(self.loss_g, "logits_fake", logits_fake)

    def _mean(self, loss: Loss, argument: str, logits: Array) -> tuple[Array, Array]:
        """Return the mean of a loss over a minibatch, and the gradient of that mean with respect to the logits."""
        self._check_logits(argument, logits)
        values, slopes = (array.astype(logits.dtype, copy=False) for array in loss(logits))
        return (values / len(logits)).sum(), slopes / len(logits)  # the sum of the values themselves could overflow

    def _check_logits(self, argument: str, logits: Array) -> None:
        if not is_float_array(logits):
            raise TypeError(f"the {self.name} objective got {argument} of {array_kind(logits, argument)}")
        if not (logits.ndim == 1 or (logits.ndim == 2 and logits.shape[1] == 1)) or len(logits) == 0:
            raise ValueError(
                f"the {self.name} objective got {argument} of shape {logits.shape}; "
                "it takes (m, 1) or (m,) with m >= 1, one logit an example: does D end in Linear(n, 1)?"
            )


# The paper's terms, with D = sigmoid(a). Neither D nor 1 - D is ever computed as 1 minus something near 1.


def minus_log_d(logits: Array) -> tuple[Array, Array]:
    """Return -log D = softplus(-a), and its derivative -sigmoid(-a) = -(1 - D)."""
    return softplus(-logits), -sigmoid(-logits)


def minus_log_not_d(logits: Array) -> tuple[Array, Array]:
    """Return -log(1 - D) = softplus(a), and its derivative sigmoid(a) = D."""
    return softplus(logits), sigmoid(logits)


def log_not_d(logits: Array) -> tuple[Array, Array]:
    """Return log(1 - D) = -softplus(a), and its derivative -sigmoid(a) = -D."""
    return -softplus(logits), -sigmoid(logits)


# Terms of other papers, with D = a.


def the_logit(logits: Array) -> Array:
    """Return a, the value of a critic, which may be any number."""
    return logits


def clipped(logits: Array) -> Array:
    """Return a, clipped to [0, 1]."""
    return get_array_module(logits).clip(logits, 0, 1)


def half_square(target: float) -> Loss:
    """Return the loss (a - target)^2 / 2, whose derivative is a - target."""

    def loss(logits: Array) -> tuple[Array, Array]:
        return (logits - target) ** 2 / 2, logits - target

    return loss


def raised(logits: Array) -> tuple[Array, Array]:
    """Return -a, which falls as the logit rises, and its derivative -1."""
    return -logits, -get_array_module(logits).ones_like(logits)


def lowered(logits: Array) -> tuple[Array, Array]:
    """Return a, which falls with the logit, and its derivative 1."""
    return logits, get_array_module(logits).ones_like(logits)


NON_SATURATING = Objective("non_saturating", loss_real=minus_log_d, loss_fake=minus_log_not_d, loss_g=minus_log_d)
"""D: eq. (1) of the paper. G: maximise log D(G(z)), as section 3 advises; it is strong where D is sure of a fake."""

MINIMAX = Objective("minimax", loss_real=minus_log_d, loss_fake=minus_log_not_d, loss_g=log_not_d)
"""D: eq. (1) of the paper. G: minimise the same value, log(1 - D(G(z))); it saturates where D is sure of a fake."""

LEAST_SQUARES = Objective(
    "least_squares", loss_real=half_square(1.0), loss_fake=half_square(0.0), loss_g=half_square(1.0), output=clipped
)
"""Mao et al. 2017 (arXiv:1611.04076), eq. (9). The logit itself is what D says: 1 for real, 0 for generated.

For a fixed G, the best D says D* = p_data / (p_data + p_g). Any other D may leave [0, 1], and is read as 0 or 1 there.
"""

WASSERSTEIN = Objective("wasserstein", loss_real=raised, loss_fake=lowered, loss_g=raised, output=the_logit)
"""Arjovsky et al. 2017 (arXiv:1701.07875), eq. (2) and (3). The logit is a critic's value; only differences count.

The best K-Lipschitz critic has the loss -K W1(p_data, p_g). Nothing in the loss makes D K-Lipschitz, so its weights
need a limit, such as the paper's `tinygan.optim.clipping`. Without a limit the loss falls for ever.
"""

OBJECTIVES = {objective.name: objective for objective in (NON_SATURATING, MINIMAX, LEAST_SQUARES, WASSERSTEIN)}


def as_objective(function: str, objective: Objective | str) -> Objective:
    """Return the objective with this name, or the objective itself; an error begins with `function`.

    Examples
    --------
    >>> as_objective("train", "minimax") is MINIMAX
    True
    >>> as_objective("train", "minmax")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: train got objective 'minmax', did you mean 'minimax'? It takes one of 'non_saturating', 'minimax', ...
    """
    if isinstance(objective, Objective):
        return objective
    if not isinstance(objective, str):
        raise TypeError(f"{function} got objective {objective!r}; it takes an Objective or its name, such as 'minimax'")
    check_choice(f"{function} got objective", objective, tuple(OBJECTIVES))
    return OBJECTIVES[objective]


def given_objective(step: Callable[..., Any], objective: Objective) -> Callable[..., Any]:
    """Return the step with this objective if it takes one, else the step itself.

    A step of your own may take no objective, or have one already.

    Examples
    --------
    >>> def step(D, G, z, optimizer, *, rng=None):
    ...     pass
    >>> given_objective(step, MINIMAX) is step
    True
    """
    has_one = isinstance(step, partial) and "objective" in step.keywords
    takes_one = "objective" in signature(step).parameters and not has_one
    return partial(step, objective=objective) if takes_one else step


def discriminator_loss(
    logits_real: Array, logits_fake: Array, objective: Objective | str = NON_SATURATING
) -> tuple[Array, Array, Array]:
    """Return the loss of D on two minibatches and its gradients: J_D = -V(D, G), unless the objective is another.

    Parameters
    ----------
    logits_real, logits_fake : ndarray of shape (m, 1) or (m,)
        a(x) and a(G(z)), where D = sigmoid(a).
    objective : Objective or str
        The objective or its name. The paper's two objectives differ for G only.

    Returns
    -------
    loss : scalar of the logits' dtype
        Nats: mean(-log D(x)) + mean(-log(1 - D(G(z)))).
    grad_real, grad_fake : ndarray of the shapes of the logits

    Raises
    ------
    TypeError, ValueError
        If the logits are not float arrays of those shapes, a batch is empty, or the objective is unknown.

    See Also
    --------
    generator_loss : The loss of the other player.
    discriminator_step : Updates D by these gradients.

    Notes
    -----
    With D = sigmoid(a): -log D = softplus(-a) and -log(1 - D) = softplus(a). The derivative of softplus is sigmoid, so

    dJ_D/da = -sigmoid(-a) / m = -(1 - D) / m on real examples, and sigmoid(a) / m = D / m on fake ones.

    References
    ----------
    Goodfellow et al. 2014, Generative adversarial nets, eq. (1), arXiv:1406.2661.

    Examples
    --------
    >>> import numpy as np
    >>> discriminator_loss(np.zeros((2, 1)), np.zeros((2, 1)))[0]  # D = 1/2: 2 log 2
    np.float64(1.3862943611198906)
    >>> discriminator_loss(np.ones((2, 1)), np.zeros((2, 1)), "least_squares")[0]  # all right
    np.float64(0.0)
    """
    return as_objective("discriminator_loss", objective).discriminator(logits_real, logits_fake)


def generator_loss(logits_fake: Array, objective: Objective | str = NON_SATURATING) -> tuple[Array, Array]:
    """Return the loss of G on a minibatch, J_G, and its gradient.

    Parameters
    ----------
    logits_fake : ndarray of shape (m, 1) or (m,)
        a(G(z)), where D = sigmoid(a).
    objective : Objective or str
        The objective or its name. "non_saturating" maximises log D(G(z)), as section 3 of the paper advises; "minimax"
        minimises log(1 - D(G(z))), as eq. (1) says.

    Returns
    -------
    loss : scalar of the logits' dtype
        Nats: mean(-log D(G(z))) or mean(log(1 - D(G(z)))).
    grad_logits : ndarray of the shape of logits_fake

    Raises
    ------
    TypeError, ValueError
        If the logits are not a float array of that shape, the batch is empty, or the objective is unknown.

    See Also
    --------
    discriminator_loss : The loss of the other player.
    generator_step : Updates G by this gradient.

    Notes
    -----
    non_saturating: J_G = mean(softplus(-a)), dJ_G/da = -sigmoid(-a) / m = -(1 - D) / m, largest where D is sure of a
    fake. minimax: J_G = -mean(softplus(a)), dJ_G/da = -sigmoid(a) / m = -D / m, which vanishes there: it saturates.

    Both gradients have the same sign everywhere, so both objectives have the same fixed point.

    References
    ----------
    Goodfellow et al. 2014, Generative adversarial nets, section 3, arXiv:1406.2661.

    Examples
    --------
    >>> import numpy as np
    >>> surely_fake = np.array([[-20.0]])
    >>> for objective in ("non_saturating", "minimax"):
    ...     print(f"{generator_loss(surely_fake, objective)[1].item():.3g}")
    -1
    -2.06e-09
    """
    return as_objective("generator_loss", objective).generator(logits_fake)
