"""Time an iteration of the MNIST recipe on all ranks together against one of them alone, by the clock on the wall.

mpiexec -n 2 python -m benchmarks.ranks
"""

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from benchmarks.step import made_images, recipe
from benchmarks.timing import Finding, median, parser, report
from tinygan.adversarial import TrainingState, train
from tinygan.data import ScaledImages, marginal_mean
from tinygan.ranks.group import Ranks, find_ranks
from tinygan.recipes.mnist import MNIST


def iteration(chosen: MNIST, images: np.ndarray, ranks: Ranks) -> Callable[[], object]:
    """Return a function that trains for one iteration, of which every rank does its share."""
    D, G = chosen.discriminator(images[0].size, rng=0), chosen.generator(marginal_mean(images), rng=1)
    optimizer_d, optimizer_g = chosen.optimizers(D, G)
    state = TrainingState(2)
    if ranks.size > 1:
        state.take_share(ranks.rank, ranks.size)
        for optimizer in (optimizer_d, optimizer_g):
            optimizer.average = lambda grad: ranks.average(grad, state.weight)
    records = train(
        D, G, ScaledImages(images), chosen.prior(), optimizer_d=optimizer_d, optimizer_g=optimizer_g,
        n_iterations=10**9, batch_size=chosen.batch_size, updates=chosen.updates, state=state,
    )  # fmt: skip
    return lambda: next(records)


def measure(chosen: MNIST, images: np.ndarray, ranks: Ranks, *, rounds: int) -> list[Finding]:
    """Return the milliseconds of both and their ratio, on rank 0; the two take turns."""
    alone, together = iteration(chosen, images, Ranks()), iteration(chosen, images, ranks)
    times, pause = np.zeros((rounds + 5, 2)), 0
    for taken in times:
        if ranks.rank == 0:
            taken[0] = _seconds(alone)
        else:
            time.sleep(pause / 1e6)  # MPI waits by asking again and again, which would slow rank 0 down
        pause = ranks.largest(int(1e6 * taken[0]))
        taken[1] = _seconds(together)
    if ranks.rank > 0:
        return []
    one, all_of_them = times[5:].T
    size = f"batch {chosen.batch_size}"
    return [
        median("an iteration of one process", size, 1e3 * one, "ms"),
        median(f"an iteration of {ranks.size} ranks", size, 1e3 * all_of_them, "ms"),
        median(f"{ranks.size} ranks / one process", size, all_of_them / one),
    ]


def findings(ranks: Ranks, *, quick: bool) -> list[Finding]:
    """Return the times for the paper's minibatch and for a larger one."""
    found: list[Finding] = []
    for batch_size in (100, 400):
        chosen = replace(recipe(), batch_size=batch_size)
        found += measure(chosen, made_images(2000, 784), ranks, rounds=5 if quick else 60)
    return found


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main() -> None:
    """Measure on all ranks, and print on rank 0."""
    options, ranks = parser(__doc__).parse_args(), find_ranks()
    found = findings(ranks, quick=options.quick)
    if ranks.rank == 0:
        report(found, options)


if __name__ == "__main__":
    main()
