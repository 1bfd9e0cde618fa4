"""What `train` and the steps refuse: players that do not fit each other, and arguments of the wrong kind."""

import math
import numbers
from inspect import signature
from typing import Any

from tinygan.adversarial.objectives import Objective
from tinygan.adversarial.prior import NoisePrior, check_prior, of_rows
from tinygan.arguments import check_count
from tinygan.backend import Array, get_array_module
from tinygan.functional import sigmoid
from tinygan.layers import Layer, Sequential, Sigmoid, named_layers
from tinygan.layers.base import layer_name
from tinygan.optim import Optimizer


def check_players(D: Layer, G: Layer, objective: Objective, *, z: Array, x: Array | None = None) -> None:
    """Raise unless D gives logits where the objective takes them, G takes z, and D takes x."""
    check_layers(D=D, G=G)
    check_logits(D, objective)
    check_takes("G", G, "z", z)
    if x is not None:
        check_takes("D", D, "x", x)


def check_layers(**players: Any) -> None:
    """Raise unless every player is a network."""
    for player, network in players.items():
        if not isinstance(network, Layer):
            what = f"the class {network.__name__}" if isinstance(network, type) else f"of type {type(network).__name__}"
            raise TypeError(f"{player} is {what}; it takes a network, such as Sequential(Linear(2, 8), Tanh())")


def check_logits(D: Layer, objective: Objective) -> None:
    """Raise if D ends in a sigmoid although the objective has its own."""
    last = D
    while isinstance(last, Sequential) and last.layers:
        last = last.layers[-1]
    if isinstance(last, Sigmoid) and objective.output is sigmoid:
        raise ValueError(
            f"D ends in {layer_name(last)}, but the {objective.name} objective takes logits and has a sigmoid of its "
            "own; leave that layer out, so that D ends in Linear(n, 1)"
        )


def check_game(D: Layer, G: Layer, prior: NoisePrior, example: Array) -> None:
    """Raise unless G turns noise of the prior into an array like the example, and D gives the example one logit."""
    check_prior("train", G, prior)
    check_takes("D", D, "x", example)
    z = get_array_module(example).zeros((1, prior.latent_dim), example.dtype)
    x_fake, logits = _returned(G, z), _returned(D, example)
    if x_fake.shape != example.shape:
        raise ValueError(
            f"train got a G that returns examples of shape {x_fake.shape[1:]}, but x holds examples of shape "
            f"{example.shape[1:]}; D cannot compare them"
        )
    if logits.shape not in ((1, 1), (1,)):
        raise ValueError(f"train got a D that returns shape {logits.shape} for one example; it takes one logit, (1, 1)")


def _returned(network: Layer, x: Array) -> Array:
    """Return y in evaluation, or as in training if a layer mixes rows: batch normalisation cannot evaluate yet."""
    mixes_rows = any(layer.mixes_rows for _, layer in named_layers(network))
    return network.forward(x, rng=0)[0] if mixes_rows else network(x)


def check_takes(player: str, network: Layer, name: str, batch: Array) -> None:
    """Raise if a batch has another shape than the player takes."""
    wanted, shape = network.input_shape(), getattr(batch, "shape", None)
    if wanted is None or shape is None or shape[1:] == wanted:
        return
    is_reshaped = math.prod(shape[1:]) == math.prod(wanted)
    hint = f". Did you mean {name}.reshape(-1, {', '.join(map(str, wanted))})?" if is_reshaped else ""
    raise ValueError(f"{player} takes {name} of shape {of_rows(wanted)}, not {of_rows(shape[1:])}{hint}")


def check_optimizer(player: str, network: Layer, optimizer: Optimizer) -> None:
    """Raise unless the optimiser updates the parameters of this player, all of them and no others.

    Otherwise a gradient would be left over, and the next step would add to it.
    """
    if tuple(getattr(optimizer, "parameters", ())) != tuple(network.parameters):
        raise ValueError(
            f"the optimizer of {player} updates other parameters than those of {player}; "
            f"it takes one made from {player}.parameters, such as SGD({player}.parameters, 0.1)"
        )


def check_steps(name: str, step: Any, n_steps: Any) -> int:
    """Return how often this step is done; raise if a number was given for the step, or a step for the number."""
    if not callable(step):
        hint = f". Did you mean {name}s={step}?" if isinstance(step, numbers.Integral) else ""
        raise TypeError(f"train got {name}={step!r}; it takes a function such as tinygan.adversarial.{name}{hint}")
    if not _takes_rng(step):
        raise TypeError(
            f"train got {name}={step!r}, which takes no rng; add rng=None to its arguments: dropout needs it"
        )
    if callable(n_steps):
        called = getattr(n_steps, "__name__", repr(n_steps))
        raise TypeError(f"train got {name}s={called}; it takes an int >= 1. Did you mean {name}={called}?")
    return check_count(f"train got {name}s", n_steps)


def _takes_rng(step: Any) -> bool:
    """Return whether a step can be called with rng=, as far as its signature says."""
    try:
        parameters = signature(step).parameters.values()
    except ValueError:  # some functions of C have none
        return True
    return any(parameter.name == "rng" or parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
