"""Plays a small game in float64, dropout in both players, on this rank's share; run by mpiexec or alone.

    python game.py FOLDER UPDATES K BATCH_SIZE N_EXAMPLES

Each rank leaves its parameters, velocities and losses in FOLDER/SIZE-RANK.npz.
"""

import sys
from pathlib import Path

import numpy as np

from tinygan.adversarial import NoisePrior, TrainingState, train
from tinygan.layers import Dropout, Linear, Maxout, ReLU, Sequential
from tinygan.optim import SGD
from tinygan.ranks.group import find_ranks

N_ITERATIONS = 100


def players(dtype=np.float64):
    G = Sequential(Linear(4, 16, rng=0, dtype=dtype), ReLU(), Dropout(0.25), Linear(16, 6, rng=1, dtype=dtype))
    D = Sequential(
        Dropout(0.2), Linear(6, 24, rng=2, dtype=dtype), Maxout(3), Dropout(0.5), Linear(8, 1, rng=3, dtype=dtype)
    )
    return D, G


def play(ranks, updates, steps, batch_size, n_examples, n_iterations=N_ITERATIONS):
    """Return arrays by name: what is learned, the losses of this rank's rows, and the streams' next numbers."""
    D, G = players()
    state = TrainingState(7)
    state.take_share(ranks.rank, ranks.size)
    optimizers = {"optimizer_d": SGD(D.parameters, 0.1, 0.5), "optimizer_g": SGD(G.parameters, 0.1, 0.5)}
    for optimizer in optimizers.values():
        optimizer.average = lambda grad: ranks.average(grad, state.weight)
    x = np.random.default_rng(0).normal(size=(n_examples, 6))
    records = train(
        D, G, x, NoisePrior("uniform", 4), **optimizers, n_iterations=n_iterations, batch_size=batch_size,
        discriminator_steps=steps, updates=updates, state=state,
    )  # fmt: skip
    losses = np.array([[record.loss_d, record.loss_g] for record in records])
    learned = {f"{name}{i}": theta.data for name, net in (("D", D), ("G", G)) for i, theta in enumerate(net.parameters)}
    velocities = {f"v_{name}": optimizer.state["velocity"][0] for name, optimizer in optimizers.items()}
    streams = {name: getattr(state, name).bit_generator.random_raw(5) for name in ("data", "noise", "dropout")}
    return learned | velocities | streams | {"losses": losses}


if __name__ == "__main__":
    folder, updates, *numbers = sys.argv[1:]
    together = find_ranks()
    found = play(together, updates, *map(int, numbers))
    np.savez(Path(folder, f"{together.size}-{together.rank}.npz"), **found)
