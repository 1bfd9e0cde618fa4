"""The two players' objectives, from logits: value and gradient together."""

from tinygan.arguments import check_choice
from tinygan.backend import Array, kernels
from tinygan.backend.kernels import fused
from tinygan.functional import sigmoid, softplus
from tinygan.layers.base import array_kind, is_float_array

OBJECTIVES = ("non_saturating", "minimax")


def discriminator_loss(logits_real: Array, logits_fake: Array) -> tuple[Array, Array, Array]:
    """Return J_D = -V(D, G), the negative of eq. (1) of the paper on two minibatches, and its gradients.

    Parameters
    ----------
    logits_real, logits_fake : ndarray of shape (m, 1) or (m,)
        a(x) and a(G(z)), where D = sigmoid(a).

    Returns
    -------
    loss : scalar of the logits' dtype
        Nats: mean(-log D(x)) + mean(-log(1 - D(G(z)))).
    grad_real, grad_fake : ndarray of the shapes of the logits

    Raises
    ------
    TypeError, ValueError
        If the logits are no float arrays of those shapes or a batch is empty.

    Notes
    -----
    With D = sigmoid(a): -log D = softplus(-a) and -log(1 - D) = softplus(a). The derivative of softplus is sigmoid, so

    dJ_D/da = -sigmoid(-a) / m = -(1 - D) / m on real examples, and sigmoid(a) / m = D / m on fake ones.

    Neither is ever computed as 1 minus something near 1.

    Examples
    --------
    >>> import numpy as np
    >>> discriminator_loss(np.zeros((2, 1)), np.zeros((2, 1)))[0]  # D = 1/2: 2 log 2
    np.float64(1.3862943611198906)
    """
    _check_logits("discriminator_loss", "logits_real", logits_real)
    _check_logits("discriminator_loss", "logits_fake", logits_fake)
    return _discriminator_loss(logits_real, logits_fake)


def generator_loss(logits_fake: Array, objective: str = "non_saturating") -> tuple[Array, Array]:
    """Return J_G on a minibatch and its gradient.

    Parameters
    ----------
    logits_fake : ndarray of shape (m, 1) or (m,)
        a(G(z)), where D = sigmoid(a).
    objective : {"non_saturating", "minimax"}
        Maximise log D(G(z)), as section 3 of the paper advises, or minimise log(1 - D(G(z))), as eq. (1) says.

    Returns
    -------
    loss : scalar of the logits' dtype
        Nats: mean(-log D(G(z))) or mean(log(1 - D(G(z)))).
    grad_logits : ndarray of the shape of logits_fake

    Raises
    ------
    TypeError, ValueError
        If the logits are no float array of that shape, the batch is empty, or the objective is unknown.

    Notes
    -----
    non_saturating: J_G = mean(softplus(-a)), dJ_G/da = -sigmoid(-a) / m = -(1 - D) / m, largest where D is sure of a
    fake. minimax: J_G = -mean(softplus(a)), dJ_G/da = -sigmoid(a) / m = -D / m, which vanishes there: it saturates.

    Both have the same sign everywhere, hence the same fixed point.

    Examples
    --------
    >>> import numpy as np
    >>> surely_fake = np.array([[-20.0]])
    >>> for objective in ("non_saturating", "minimax"):
    ...     print(f"{generator_loss(surely_fake, objective)[1].item():.3g}")
    -1
    -2.06e-09
    """
    _check_logits("generator_loss", "logits_fake", logits_fake)
    check_choice("generator_loss got objective", objective, OBJECTIVES)
    return _generator_loss(logits_fake, objective)


@fused(kernels.discriminator_loss)
def _discriminator_loss(logits_real: Array, logits_fake: Array) -> tuple[Array, Array, Array]:
    loss = _mean(softplus(-logits_real)) + _mean(softplus(logits_fake))
    grad_real = -sigmoid(-logits_real) / len(logits_real)
    grad_fake = sigmoid(logits_fake) / len(logits_fake)
    return loss, grad_real, grad_fake


@fused(kernels.generator_loss)
def _generator_loss(logits_fake: Array, objective: str) -> tuple[Array, Array]:
    if objective == "non_saturating":
        return _mean(softplus(-logits_fake)), -sigmoid(-logits_fake) / len(logits_fake)
    return -_mean(softplus(logits_fake)), -sigmoid(logits_fake) / len(logits_fake)


def _mean(values: Array) -> Array:
    return (values / len(values)).sum()  # the sum of the values themselves could overflow


def _check_logits(function: str, argument: str, logits: Array) -> None:
    if not is_float_array(logits):
        raise TypeError(f"{function} got {argument} of {array_kind(logits)}")
    if not (logits.ndim == 1 or (logits.ndim == 2 and logits.shape[1] == 1)) or len(logits) == 0:
        raise ValueError(
            f"{function} got {argument} of shape {logits.shape}; "
            "it takes (m, 1) or (m,) with m >= 1, one logit an example: does D end in Linear(n, 1)?"
        )
