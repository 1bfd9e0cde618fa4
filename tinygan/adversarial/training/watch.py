"""What `train` checks while it runs: that losses and parameters stay finite, and that the memory is enough."""

import numbers
from collections.abc import Iterator
from typing import TypeVar

from tinygan.adversarial.training.state import TrainingState
from tinygan.backend import Array, device_of, is_finite, to_host
from tinygan.layers import Layer, Parameter, named_parameters
from tinygan.layers.base import layer_name

T = TypeVar("T")

# The most losses that may wait on a GPU: fifty iterations with k = 1.
MOST_UNSEEN = 100


class LossWatch:
    """Checks the losses of a training: each one at once on the host, many together on a GPU.

    On a GPU, a check waits until the GPU has caught up with the program, which takes longer than an iteration.

    Parameters
    ----------
    state : TrainingState
        The state of the training: losses belong to the iteration after it.

    Examples
    --------
    >>> import numpy as np
    >>> watch = LossWatch(TrainingState(0))
    >>> watch.seen("J_D", np.float32(1.4))
    np.float32(1.4)
    """

    def __init__(self, state: TrainingState) -> None:
        self.state = state
        self._unseen: list[tuple[int, str, Array, dict[str, Layer]]] = []

    def seen(self, name: str, loss: Array, **suspects: Layer) -> Array:
        """Return the loss, checked now or soon; raise as `check_loss` does, or if it is not one number."""
        if not (isinstance(loss, numbers.Real) or getattr(loss, "shape", None) == ()):
            raise TypeError(f"a step returned {loss!r} as {name}; it should return its loss, one number")
        self._unseen.append((self.state.iteration + 1, name, loss, suspects))
        if device_of(loss) == "cpu" or len(self._unseen) >= MOST_UNSEEN:
            self.look()
        return loss

    def look(self) -> None:
        """Check the losses that still wait; no layer is blamed for a loss that is found late."""
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

    The suspects, D among them, are checked in order. The step with the bad loss has already updated its own player by a
    bad gradient, so the other player comes first: it tells more.
    """
    if is_finite(loss):
        return
    check_parameters(iteration, **suspects)
    sizes = [(float(abs(theta.data).max()), where) for where, theta in _places("D", suspects["D"])]
    size, where = max(sizes, default=(0.0, "none"))
    raise _diverged(
        iteration,
        f"{name} = {float(loss):g}: G(z), the logits of D or the loss itself overflow; the largest parameter of D, "
        f"{size:g}, is the {where}",
    )


def check_parameters(iteration: int, **players: Layer) -> None:
    """Raise a FloatingPointError that says where it happened if a parameter is NaN or infinite."""
    for player, network in players.items():
        for where, theta in _places(player, network):
            if not is_finite(theta.data):
                raise _diverged(iteration, f"the {where}, is no longer finite")


def explained_shortage(records: Iterator[T], state: TrainingState, device: str, batch_size: int) -> Iterator[T]:
    """Yield the records of a training; let a MemoryError name the iteration, the device and a smaller batch.

    Examples
    --------
    >>> def records():
    ...     yield 1
    ...     raise MemoryError("Out of memory allocating 480,256 bytes.")
    >>> list(explained_shortage(records(), TrainingState(0), "gpu:0", 100))
    Traceback (most recent call last):
    MemoryError: iteration 1 does not fit on gpu:0: Out of memory allocating 480,256 bytes; try batch_size=50, not 100
    """
    try:
        yield from records
    except MemoryError as error:
        what = str(error).rstrip(".") or "out of memory"
        remedy = f"try batch_size={batch_size // 2}, not {batch_size}" if batch_size > 1 else "try narrower networks"
        raise MemoryError(f"iteration {state.iteration + 1} does not fit on {device}: {what}; {remedy}") from None


def _diverged(iteration: int, what: str) -> FloatingPointError:
    return FloatingPointError(f"training diverged in iteration {iteration}: {what}. A lower learning rate often helps")


def _places(player: str, network: Layer) -> Iterator[tuple[str, Parameter]]:
    for i, layer in enumerate(network.layers or [network]):
        for name, theta in named_parameters(layer):
            yield f"{name} of layer {i} of {player}, {layer_name(layer)}", theta
