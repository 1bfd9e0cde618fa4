"""Hold what a step and a bandwidth search cost at several sizes against the formulas of docs/performance.md.

python -m benchmarks.scale
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from benchmarks.parzen import images
from benchmarks.products import runner
from benchmarks.step import N_PIXELS, iteration, made_images, recipe
from benchmarks.timing import Finding, megabytes, one_core, parser, report, seconds
from tinygan.evaluation import search_bandwidth
from tinygan.evaluation.bandwidth import TRIAL
from tinygan.evaluation.distances import TILE
from tinygan.recipes.mnist import MNIST

FLOAT = 4  # bytes


class Rates(NamedTuple):
    """What one operation, one parameter and one entry of a step cost on a machine, in seconds."""

    operation: float
    parameter: float
    entry: float


def operations(recipe: MNIST, d: int) -> float:
    """Return the multiplications and additions in the matrix products of an iteration with k = 1."""
    m, latent, h = recipe.batch_size, recipe.latent_dim, recipe.generator_units
    u, pieces = recipe.discriminator_units, recipe.discriminator_units * recipe.n_pieces
    forward_g = 2 * m * (latent * h + h * h + h * d)
    forward_d = 2 * m * (d * pieces + u * pieces + u)
    # G runs twice, and back once for its weights and once for its layers, the lowest left out. D runs on 3 m rows, back
    # on 2 m of them for its weights, and on all for its layers, the lowest in the step of G only.
    return 4 * forward_g - 2 * m * latent * h + 8 * forward_d - 4 * m * d * pieces


def parameters(recipe: MNIST, d: int) -> int:
    """Return how many numbers both players learn."""
    h, u, pieces = recipe.generator_units, recipe.discriminator_units, recipe.discriminator_units * recipe.n_pieces
    return (recipe.latent_dim + 1) * h + (h + 1) * h + (h + 1) * d + (d + 1) * pieces + (u + 1) * pieces + u + 1


def entries(recipe: MNIST, d: int) -> int:
    """Return how many numbers pass through biases, activations and masks, forward and back."""
    h, pieces = recipe.generator_units, recipe.discriminator_units * recipe.n_pieces
    return recipe.batch_size * (3 * (2 * h + d) + 6 * (d + 2 * pieces))


def step_seconds(recipe: MNIST, d: int, rates: Rates) -> float:
    """Return how long an iteration takes."""
    amounts = operations(recipe, d), parameters(recipe, d), entries(recipe, d)
    return sum(amount * rate for amount, rate in zip(amounts, rates, strict=True))


def step_megabytes(recipe: MNIST, d: int) -> float:
    """Return what training holds beside the data: parameters, velocities and gradients, and a batch on its way."""
    h, pieces = recipe.generator_units, recipe.discriminator_units * recipe.n_pieces
    return FLOAT * (3 * parameters(recipe, d) + recipe.batch_size * (4 * h + 8 * d + 4 * pieces)) / 1e6


def search_pairs(n: int, m: int) -> int:
    """Return the pairs of a search, with the trial in two precisions counted as four times its examples."""
    return n * (m + 4 * TRIAL)


def search_megabytes(n: int, d: int) -> float:
    """Return what a search holds: n samples, centred, in float32, in float64 and in float64 times -2; and a tile."""
    return (n * d * (4 + 8 + 8) + 8 * TILE[0] * TILE[1]) / 1e6


def calibrated(base: MNIST, large: MNIST, d: int, times: Mapping[str, float]) -> Rates:
    """Return the rates from the products of two batch sizes, from one stream of memory, and from one iteration."""
    few, many = operations(base, d), operations(large, d)
    operation = (times["large products"] - times["products"]) / (many - few)
    # Products read every weight and write its gradient, whatever the batch; an update streams five arrays, not three.
    per_parameter = (times["products"] - operation * few + 5 / 3 * times["stream"]) / parameters(base, d)
    known = step_seconds(base, d, Rates(operation, per_parameter, 0.0))
    return Rates(operation, per_parameter, (times["base"] - known) / entries(base, d))


def step_findings(base: MNIST, others: list[MNIST], rounds: int, d: int = N_PIXELS) -> list[Finding]:
    """Return the time and the memory of an iteration over what the formulas say, their rates taken from the base."""
    data, rng = made_images(2000, d), np.random.default_rng(0)

    def made(shape: tuple[int, int]) -> np.ndarray:
        return rng.normal(0, 0.01, shape).astype(np.float32)

    theta, velocity = (np.zeros(parameters(base, d), np.float32) for _ in range(2))
    large = replace(base, batch_size=8 * base.batch_size)
    calls: dict[str, Callable[[], object]] = {
        "products": runner(base, d, base.batch_size, made, np.matmul, one_batch=True),
        "large products": runner(large, d, large.batch_size, made, np.matmul, one_batch=True),
        "stream": lambda: np.add(theta, velocity, out=theta),
        "base": iteration(base, data),
    }
    calls |= {str(i): iteration(other, data) for i, other in enumerate(others)}
    with one_core():
        times = {name: float(np.median(taken)) for name, taken in seconds(calls, rounds, warm_up=2).items()}
    rates = calibrated(base, large, d, times)
    findings = [
        Finding(f"one {name} of a step", "", 1e9 * rate, "ns") for name, rate in zip(Rates._fields, rates, strict=True)
    ]
    for i, other in enumerate(others):
        size = f"batch {other.batch_size}, {other.generator_units:,} units"
        findings.append(Finding("time of a step / formula", size, times[str(i)] / step_seconds(other, d, rates)))
    for other in others:
        size = f"batch {other.batch_size}, {other.generator_units:,} units"
        peak = megabytes(lambda other=other: [step() for step in [iteration(other, data)] for _ in range(2)])
        findings.append(Finding("memory of training / formula", size, peak / step_megabytes(other, d)))
    return findings


def search_findings(base: int, others: list[tuple[int, int]], rounds: int, d: int = N_PIXELS) -> list[Finding]:
    """Return the time and the memory of a search over what the formulas say, their rates taken from the base."""
    most = max(base, *(max(size) for size in others))
    samples, x = images(most, d, 1), images(most, d, 2)
    sizes = [(base, base), *others]
    calls = {str(size): lambda size=size: search_bandwidth(samples[: size[0]], x[: size[1]]) for size in sizes}
    times = {name: float(np.median(taken)) for name, taken in seconds(calls, rounds, warm_up=1).items()}
    a_pair = times[str((base, base))] / search_pairs(base, base)
    findings = [Finding("one pair of a search", f"width {d}", 1e9 * a_pair, "ns")]
    for n, m in others:
        ratio = times[str((n, m))] / (search_pairs(n, m) * a_pair)
        findings.append(Finding("time of a search / formula", f"{n:,} x {m:,} x {d}", ratio))
    for n, m in others:
        peak = megabytes(calls[str((n, m))])
        findings.append(Finding("memory of a search / formula", f"{n:,} x {m:,} x {d}", peak / search_megabytes(n, d)))
    return findings


def findings(*, quick: bool) -> list[Finding]:
    """Return both at three sizes each."""
    full = recipe()
    if quick:
        small = replace(full.scaled(0.1), batch_size=20)
        others = [replace(small, batch_size=40), small.scaled(2), replace(small, latent_dim=50)]
        return step_findings(small, others, 5) + search_findings(300, [(400, 300), (300, 600), (600, 600)], 2)
    others = [replace(full, batch_size=50), replace(full, batch_size=400), full.scaled(2)]
    return step_findings(full, others, 15) + search_findings(4000, [(2000, 4000), (4000, 10_000), (10_000, 5000)], 3)


def main() -> None:
    """Measure and print."""
    chosen = parser(__doc__).parse_args()
    raise SystemExit(report(findings(quick=chosen.quick), chosen))


if __name__ == "__main__":
    main()
