"""Add up the means that metrics.jsonl gives for each epoch, while the epoch lasts."""

from typing import Any

import numpy as np

from tinygan.backend import Array
from tinygan.ranks.group import Ranks

LOSSES, PROBES = ("loss_d", "loss_g"), ("d_real", "d_fake")


class EpochMeans:
    """The means of the losses and of the outputs of D over an epoch, computed from sums that grow during the epoch.

    Attributes
    ----------
    sums : dict
        The sums over the epoch that has begun, with their counts.
    weights : dict
        This rank's share of the rows behind its last J_D, and behind its last J_G.

    Examples
    --------
    >>> epoch_means = EpochMeans()
    >>> epoch_means.note(1.0, 0.5)
    >>> epoch_means.note(2.0, 1.5)
    >>> epoch_means.fetch()
    [{'loss_d': 1.0, 'loss_g': 0.5}, {'loss_d': 2.0, 'loss_g': 1.5}]
    >>> epoch_means.add("probes", d_real=0.5, d_fake=0.5)
    >>> epoch_means.means()
    {'loss_d': 1.5, 'loss_g': 1.0, 'd_real': 0.5, 'd_fake': 0.5}
    """

    def __init__(self) -> None:
        self.sums: dict[str, Any]
        self.clear()
        self.weights = dict.fromkeys(LOSSES, 1.0)
        self._waiting: list[tuple[Array, Array, dict[str, float]]] = []  # on a GPU, with their weights

    def clear(self) -> None:
        """Begin an epoch."""
        self.sums = {"iterations": 0, "loss_d": 0.0, "loss_g": 0.0, "probes": 0, "d_real": 0.0, "d_fake": 0.0}

    def note(self, loss_d: Array, loss_g: Array) -> None:
        """Keep the losses of an iteration until the next `fetch`."""
        self._waiting.append((loss_d, loss_g, dict(self.weights)))

    def fetch(self) -> list[dict[str, float]]:
        """Add the losses since the last call to the sums, times their weights, and return them without the weights."""
        waiting, self._waiting = self._waiting, []
        losses = [{"loss_d": float(loss_d), "loss_g": float(loss_g)} for loss_d, loss_g, _ in waiting]
        for pair, (_, _, weights) in zip(losses, waiting, strict=True):
            self.add("iterations", **{name: weights[name] * loss for name, loss in pair.items()})
        return losses

    def add(self, counted: str, **values: float) -> None:
        """Add 1 to the count of this name, and the values to their sums."""
        self.sums[counted] += 1
        for name, value in values.items():
            self.sums[name] += value

    def collect(self, ranks: Ranks) -> None:
        """Add the sums of the losses of all ranks on rank 0; the other ranks then have 0."""
        parts = ranks.all_gather(np.array([self.sums[name] for name in LOSSES]))
        here = parts if ranks.rank == 0 else []
        self.sums |= {name: float(sum(part[i] for part in here)) for i, name in enumerate(LOSSES)}

    def means(self) -> dict[str, float]:
        """Return the means over the epoch so far."""
        return {
            name: self.sums[name] / self.sums[counted]
            for counted, names in (("iterations", LOSSES), ("probes", PROBES))
            for name in names
        }
