"""Time the bandwidth search against one matrix product of its shape, and against cdist and logsumexp in float64.

python -m benchmarks.parzen --n 10000
"""

import argparse
import json
import math
import os
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np  # noqa: E402  after the threads are pinned
from scipy.spatial.distance import cdist  # noqa: E402
from scipy.special import logsumexp  # noqa: E402

from tinygan.evaluation import PAPER_BANDWIDTHS, ParzenWindow, kernel_sums, search_bandwidth  # noqa: E402
from tinygan.table import text_table  # noqa: E402

BAR_RATIO, BAR_NATS, BAR_MEGABYTES = 2.5, 1e-3, 700
SIGMA = float(PAPER_BANDWIDTHS[2])


def images(n: int, d: int, seed: int) -> np.ndarray:
    """Return n made images in [0, 1]: like digits, mostly background, with strokes from a low-dimensional family."""
    strokes = np.random.default_rng(0).normal(size=(20, d)).astype(np.float32)
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(n, 20)).astype(np.float32) @ strokes - 5 + rng.normal(size=(n, d)).astype(np.float32)
    return 1 / (1 + np.exp(-logits))


def oracle(samples: np.ndarray, x: np.ndarray, bandwidths: np.ndarray) -> np.ndarray:
    """Return the log-densities (n, B) from all differences in float64."""
    n, d = samples.shape
    squares = cdist(x.astype(np.float64), samples.astype(np.float64), "sqeuclidean")
    columns = [
        logsumexp(-squares / (2 * sigma**2), axis=1) - math.log(n) - d * math.log(sigma * math.sqrt(2 * math.pi))
        for sigma in bandwidths
    ]
    return np.stack(columns, axis=1)


def seconds(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the median CPU seconds of each call; the calls take turns, so that all see the same machine."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.process_time()
            call()
            times[name].append(time.process_time() - start)
    return {name: float(np.median(taken)) for name, taken in times.items()}


def megabytes(call: Callable[[], object]) -> float:
    """Return the most memory that the call holds at one time, beyond what was there before."""
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def measure(n: int, n_slow: int, d: int, rounds: int) -> dict[str, float]:
    """Return all numbers, by name."""
    samples, x = images(n, d, 1), images(n, d, 2)
    product = np.empty((n, n), np.float32)
    fast = seconds(
        {
            "gemm": lambda: np.matmul(x, samples.T, out=product),
            "search": lambda: search_bandwidth(samples, x),
            "log_density": lambda: ParzenWindow(samples, SIGMA).log_density(x),
        },
        rounds,
    )
    memory = megabytes(lambda: search_bandwidth(samples, x))
    few_samples, few = samples[:n_slow], x[:n_slow]
    slow = seconds(
        {
            "small search": lambda: search_bandwidth(few_samples, few),
            "oracle": lambda: oracle(few_samples, few, PAPER_BANDWIDTHS),
        },
        min(rounds, 3),
    )
    wanted = oracle(few_samples, few, PAPER_BANDWIDTHS)
    curve_error = abs(search_bandwidth(few_samples, few).curve - wanted.mean(axis=0)).max()
    point_error = abs(kernel_sums(few_samples, few, PAPER_BANDWIDTHS).log_density() - wanted).max()
    full_curve = kernel_sums(samples, x, PAPER_BANDWIDTHS).log_density().mean(axis=0)
    return {
        **fast,
        **slow,
        "search / gemm": fast["search"] / fast["gemm"],
        "log_density / gemm": fast["log_density"] / fast["gemm"],
        "oracle / small search": slow["oracle"] / slow["small search"],
        "megabytes": memory,
        "curve error against the oracle": float(curve_error),
        "point error against the oracle": float(point_error),
        "curve error against float64 sums": float(abs(search_bandwidth(samples, x).curve - full_curve).max()),
    }


def main() -> None:
    """Measure and print; exit with 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--n", type=int, default=10_000, help="samples, and as many examples (default: 10,000)")
    parser.add_argument("--n-slow", type=int, default=2000, help="of each, beside the oracle (default: 2,000)")
    parser.add_argument("--d", type=int, default=784, help="their width (default: 784)")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each, in turns (default: 5)")
    parser.add_argument("--json", type=Path, help="write the numbers to this file as well")
    options = parser.parse_args()
    n, n_slow, d = options.n, min(options.n, options.n_slow), options.d

    found = measure(n, n_slow, d, options.rounds)
    at, slow_at = f"{n:,} x {n:,} x {d}", f"{n_slow:,} x {n_slow:,} x {d}"
    rows = [
        ["one float32 matrix product", at, f"{found['gemm']:.3f} s", ""],
        ["search over 10 bandwidths", at, f"{found['search']:.3f} s", ""],
        ["log_density, one bandwidth", at, f"{found['log_density']:.3f} s", ""],
        ["search / matrix product", at, f"{found['search / gemm']:.2f}", f"<= {BAR_RATIO}"],
        ["log_density / matrix product", at, f"{found['log_density / gemm']:.2f}", ""],
        ["memory of the search", at, f"{found['megabytes']:.0f} MB", f"<= {BAR_MEGABYTES} MB"],
        ["curve, against float64 sums", at, f"{found['curve error against float64 sums']:.1e} nats", f"<= {BAR_NATS}"],
        ["cdist + logsumexp in float64", slow_at, f"{found['oracle']:.3f} s", ""],
        ["search over 10 bandwidths", slow_at, f"{found['small search']:.3f} s", ""],
        ["cdist + logsumexp / search", slow_at, f"{found['oracle / small search']:.1f}", ""],
        [
            "curve, against cdist + logsumexp",
            slow_at,
            f"{found['curve error against the oracle']:.1e} nats",
            f"<= {BAR_NATS}",
        ],
        ["every point, likewise", slow_at, f"{found['point error against the oracle']:.1e} nats", f"<= {BAR_NATS}"],
    ]
    print(text_table(["what", "size", "measured", "bar"], rows, "<>>>"))
    print(f"CPU seconds on one thread, medians of {options.rounds} runs in turns")
    if options.json:
        setting = {"n": n, "n_slow": n_slow, "d": d, "rounds": options.rounds, "numpy": np.__version__}
        options.json.write_text(json.dumps(setting | found, indent=1) + "\n", encoding="utf-8")
    missed = found["megabytes"] > BAR_MEGABYTES or (n >= 10_000 and found["search / gemm"] > BAR_RATIO)
    if missed or any(found[name] > BAR_NATS for name in found if "error" in name):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
