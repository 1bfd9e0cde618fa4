"""Time the bandwidth search against one matrix product of its shape, and against cdist and logsumexp in float64.

python -m benchmarks.parzen --n 10000
"""

import math

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import logsumexp

from benchmarks.timing import Finding, median, megabytes, parser, report, seconds
from tinygan.evaluation import PAPER_BANDWIDTHS, ParzenWindow, kernel_sums, search_bandwidth

BAR_RATIO, BAR_NATS, BAR_MEGABYTES = 2.0, 1e-3, 700
SIGMA = float(PAPER_BANDWIDTHS[2])

# From so many samples and examples on, the bar for the time applies.
FULL = 10_000


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


def measure(n: int, n_slow: int, d: int, rounds: int) -> list[Finding]:
    """Return what a search costs with n samples and n examples of width d, and how right it is.

    The oracle and what is held against it take n_slow samples and examples.
    """
    samples, x = images(n, d, 1), images(n, d, 2)
    product = np.empty((n, n), np.float32)
    fast = seconds(
        {
            "one float32 matrix product": lambda: np.matmul(x, samples.T, out=product),
            "search over 10 bandwidths": lambda: search_bandwidth(samples, x),
            "log_density, one bandwidth": lambda: ParzenWindow(samples, SIGMA).log_density(x),
        },
        rounds,
    )
    memory = megabytes(lambda: search_bandwidth(samples, x))
    few_samples, few = samples[:n_slow], x[:n_slow]
    slow = seconds(
        {
            "search over 10 bandwidths": lambda: search_bandwidth(few_samples, few),
            "cdist + logsumexp in float64": lambda: oracle(few_samples, few, PAPER_BANDWIDTHS),
        },
        min(rounds, 3),
    )
    wanted = oracle(few_samples, few, PAPER_BANDWIDTHS)
    curve_error = abs(search_bandwidth(few_samples, few).curve - wanted.mean(axis=0)).max()
    point_error = abs(kernel_sums(few_samples, few, PAPER_BANDWIDTHS).log_density() - wanted).max()
    full_curve = kernel_sums(samples, x, PAPER_BANDWIDTHS).log_density().mean(axis=0)
    full_error = abs(search_bandwidth(samples, x).curve - full_curve).max()

    at, slow_at = f"{n:,} x {n:,} x {d}", f"{n_slow:,} x {n_slow:,} x {d}"
    gemm, search, one_bandwidth = fast.values()
    small_search, slow_search = slow.values()
    return [
        *(median(what, at, taken, "s", in_table=False) for what, taken in fast.items()),
        *(median(what, slow_at, taken, "s", in_table=False) for what, taken in slow.items()),
        median("search / one float32 matrix product", at, search / gemm, bar=BAR_RATIO if n >= FULL else None),
        median("log_density / one float32 matrix product", at, one_bandwidth / gemm),
        median("search / cdist + logsumexp in float64", slow_at, small_search / slow_search),
        Finding("memory of the search", at, memory, "MB", bar=BAR_MEGABYTES),
        Finding("error of its means, against float64 sums", at, float(full_error), "nats", bar=BAR_NATS),
        Finding("likewise, against cdist + logsumexp", slow_at, float(curve_error), "nats", bar=BAR_NATS),
        Finding("error of log_density at any point, likewise", slow_at, float(point_error), "nats", bar=BAR_NATS),
    ]


def findings(*, quick: bool) -> list[Finding]:
    """Return what a search costs at the size of the paper's evaluation, or at a small one."""
    return measure(1000, 500, 784, 3) if quick else measure(FULL, 2000, 784, 5)


def main() -> None:
    """Measure and print; exit with 1 if a bar is missed."""
    options = parser(__doc__)
    options.add_argument("--n", type=int, default=FULL, help="samples, and as many examples (default: 10,000)")
    options.add_argument("--n-slow", type=int, default=2000, help="of each, beside the oracle (default: 2,000)")
    options.add_argument("--d", type=int, default=784, help="their width (default: 784)")
    options.add_argument("--rounds", type=int, default=5, help="runs of each, in turns (default: 5)")
    chosen = options.parse_args()
    if chosen.quick:
        found = findings(quick=True)
    else:
        found = measure(chosen.n, min(chosen.n, chosen.n_slow), chosen.d, chosen.rounds)
    raise SystemExit(report(found, chosen))


if __name__ == "__main__":
    main()
