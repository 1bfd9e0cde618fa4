"""What `train` checks: that the players fit each other first, and that the losses stay finite."""

import numpy as np

from tinygan.adversarial.noise import NoisePrior
from tinygan.backend import Array, is_finite
from tinygan.layers import Layer, Sequential
from tinygan.layers.base import layer_name
from tinygan.layers.sequential import named_parameters


def check_players(D: Layer, G: Layer, example: Array, prior: NoisePrior) -> None:
    """Raise unless G turns noise of the prior into something like the example, and D gives that one logit."""
    x_fake = G(np.zeros((1, prior.latent_dim), example.dtype))
    if x_fake.shape != example.shape:
        raise ValueError(
            f"train got a G that returns examples of shape {x_fake.shape[1:]}, but x holds examples of shape "
            f"{example.shape[1:]}; D cannot compare them"
        )
    logits = D(example)
    if logits.shape not in ((1, 1), (1,)):
        raise ValueError(f"train got a D that returns shape {logits.shape} for one example; it takes one logit, (1, 1)")


def check_losses(iteration: int, loss_d: Array, loss_g: Array, D: Layer, G: Layer) -> None:
    """Raise a FloatingPointError that says where it happened if a loss is NaN or infinite."""
    if is_finite(loss_d) and is_finite(loss_g):
        return
    where = _non_finite("D", D) or _non_finite("G", G) or "every parameter is still finite, the logits of D are not"
    raise FloatingPointError(
        f"training diverged in iteration {iteration}: J_D = {float(loss_d):g}, J_G = {float(loss_g):g} nats; {where}. "
        "A lower learning rate often helps"
    )


def _non_finite(player: str, network: Layer) -> str | None:
    for i, layer in enumerate(network if isinstance(network, Sequential) else [network]):
        for name, theta in named_parameters(layer):
            if not is_finite(theta.data):
                return f"{name} of layer {i} of {player}, {layer_name(layer)}, is no longer finite"
    return None
