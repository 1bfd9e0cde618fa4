"""What `train` checks: that the players fit each other first, and that the losses stay finite."""

from collections.abc import Iterator

from tinygan.adversarial.prior import NoisePrior
from tinygan.backend import Array, device_of, get_array_module, is_finite, to_host
from tinygan.layers import Layer, Parameter
from tinygan.layers.base import layer_name
from tinygan.layers.names import named_parameters
from tinygan.optim import Optimizer

# Losses that may wait on a GPU, those of fifty iterations with k = 1.
MOST_UNSEEN = 100


def check_players(D: Layer, G: Layer, example: Array, prior: NoisePrior) -> None:
    """Raise unless G turns noise of the prior into something like the example, and D gives that one logit."""
    if not hasattr(prior, "sample"):
        raise TypeError(f"train got the prior {prior!r}; it takes a NoisePrior, such as NoisePrior('uniform', 100)")
    x_fake = G(get_array_module(example).zeros((1, prior.latent_dim), example.dtype))
    if x_fake.shape != example.shape:
        raise ValueError(
            f"train got a G that returns examples of shape {x_fake.shape[1:]}, but x holds examples of shape "
            f"{example.shape[1:]}; D cannot compare them"
        )
    logits = D(example)
    if logits.shape not in ((1, 1), (1,)):
        raise ValueError(f"train got a D that returns shape {logits.shape} for one example; it takes one logit, (1, 1)")


def check_optimizer(player: str, network: Layer, optimizer: Optimizer) -> None:
    """Raise unless the optimiser updates the parameters of this player, all of them and no others.

    Otherwise a gradient would be left over, and the next step would add its own to it.
    """
    if tuple(getattr(optimizer, "parameters", ())) != tuple(network.parameters):
        raise ValueError(
            f"the optimizer of {player} updates other parameters than those of {player}; "
            f"it takes one made from {player}.parameters, such as SGD({player}.parameters, 0.1)"
        )


class LossWatch:
    """Looks at the losses of a training: at each at once on the host, at many together on a GPU.

    There a look waits until the GPU has caught up with the program, which costs more than an iteration.

    Examples
    --------
    >>> import numpy as np
    >>> LossWatch().look(1, "J_D", np.float32(1.4))
    """

    def __init__(self) -> None:
        self._unseen: list[tuple[int, str, Array, dict[str, Layer]]] = []

    def look(self, iteration: int, name: str, loss: Array, **suspects: Layer) -> None:
        """Look at a loss, now or soon, and raise as `check_loss` does."""
        self._unseen.append((iteration, name, loss, suspects))
        if device_of(loss) == "cpu" or len(self._unseen) >= MOST_UNSEEN:
            self.look_at_all()

    def look_at_all(self) -> None:
        """Look at the losses that have not been looked at; what a look that comes late finds is blamed on no layer."""
        unseen, self._unseen = self._unseen, []
        for iteration, name, loss, suspects in unseen:
            loss = to_host(loss)
            check_in_time(iteration, name, loss, now=unseen[-1][0])
            check_loss(iteration, name, loss, **suspects)


def check_in_time(iteration: int, name: str, loss: Array, *, now: int) -> None:
    """Raise a FloatingPointError that blames no layer if a loss of an earlier iteration is NaN or infinite."""
    if iteration < now and not is_finite(loss):
        raise _diverged(
            iteration,
            f"{name} = {float(loss):g}. That was noticed after iteration {now}, when it may have spread to every layer"
            "; the same seed on the cpu tells in which it began",
        )


def check_loss(iteration: int, name: str, loss: Array, **suspects: Layer) -> None:
    """Raise a FloatingPointError that says where it happened if a loss is NaN or infinite.

    The suspects, D among them, are looked at in order. The step that a bad loss led to has poisoned the player that it
    updated, so the other one comes first: it tells more.
    """
    if is_finite(loss):
        return
    check_parameters(iteration, **suspects)
    sizes = [(float(abs(theta.data).max()), where) for where, theta in _places("D", suspects["D"])]
    size, where = max(sizes, default=(0.0, "none"))
    raise _diverged(
        iteration,
        f"{name} = {float(loss):g}: the logits of D overflow; its largest parameter, {size:g}, is the {where}",
    )


def check_parameters(iteration: int, **players: Layer) -> None:
    """Raise a FloatingPointError that says where it happened if a parameter is NaN or infinite."""
    for player, network in players.items():
        for where, theta in _places(player, network):
            if not is_finite(theta.data):
                raise _diverged(iteration, f"the {where}, is no longer finite")


def _diverged(iteration: int, what: str) -> FloatingPointError:
    return FloatingPointError(f"training diverged in iteration {iteration}: {what}. A lower learning rate often helps")


def _places(player: str, network: Layer) -> Iterator[tuple[str, Parameter]]:
    for i, layer in enumerate(network.layers or [network]):
        for name, theta in named_parameters(layer):
            yield f"{name} of layer {i} of {player}, {layer_name(layer)}", theta
