"""Finds what has gone wrong with a generator, from its samples and from what D says, and says it in sentences."""

import numpy as np

from tinygan.backend import Array, to_host
from tinygan.data import ScaledImages
from tinygan.evaluation.distances import check_points
from tinygan.evaluation.neighbours import nearest_neighbours

UNTRAINED = "G has learned little else yet; train longer"
COLLAPSED = "G maps many z to one x; lower learning rates may help"

# How many samples and examples are looked at.
N = 1000

# D has won if mean D(x) is above this, and mean D(G(z)) below 1 minus this.
WON = 0.98

# Samples look alike if they spread less than NARROW times the spread of the examples. They look like the mean of the
# examples if their own mean is nearer to it than NEAR times that spread.
NARROW, NEAR = 0.33, 0.25

# A sample has a twin if another one is nearer than TWIN times the median distance from an example to its nearest one. G
# repeats itself if at least MANY of its samples have a twin.
TWIN, MANY = 0.25, 0.5


def find_collapse(
    samples: Array, examples: Array | ScaledImages, *, d_real: float | None = None, d_fake: float | None = None
) -> list[str]:
    """Return a sentence for each thing that has gone wrong with a generator, with what to try; none if all seems well.

    It finds a D that has won, and a G that draws only the mean of the data, only one thing, or a few things again and
    again. It does not find everything: look at the samples, too.

    Parameters
    ----------
    samples : ndarray of shape (n, d)
        Samples of G, float32 or float64. The first 1,000 are looked at.
    examples : ndarray of shape (m, d), or ScaledImages
        The data that G learns from. The first 1,000 are looked at.
    d_real, d_fake : float, optional
        Mean D(x) and mean D(G(z)), if they are known.

    Raises
    ------
    TypeError, ValueError
        If samples or examples are not non-empty, finite float arrays of one width.

    See Also
    --------
    tinygan.experiments.figure1.diagnosis.missed : For a game in one dimension, whose densities are known.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> examples = rng.normal(size=(100, 5))
    >>> find_collapse(rng.normal(size=(100, 5)), examples)
    []
    >>> find_collapse(np.ones((100, 5)), examples)  # doctest: +ELLIPSIS
    ['all samples look alike (they spread 0% as far as the data): G maps many z to one x; lower learning ...']
    """
    some, others = samples[:N], examples[:N]
    check_points("find_collapse", "samples", some)
    check_points("find_collapse", "examples", others, some.shape[1])
    return [*_won(d_real, d_fake), *_collapsed(to_host(some), to_host(others))]


def _won(d_real: float | None, d_fake: float | None) -> list[str]:
    if d_real is None or d_fake is None or not (WON <= d_real <= 1 and 0 <= d_fake <= 1 - WON):
        return []  # a critic may say any number
    return [
        f"D has won: it tells real from generated almost surely (mean D(x) {d_real:.2f}, mean D(G(z)) {d_fake:.2f}), "
        "and G learns little from that; lower learning rates, alternating updates or a wider G may help"
    ]


def _collapsed(samples: Array, examples: Array) -> list[str]:
    spread = _spread(examples)
    if len(samples) < 2 or spread == 0:  # one sample, or equal examples, tell nothing
        return []
    if (share := _spread(samples) / spread) < NARROW:
        if np.linalg.norm(samples.mean(axis=0) - examples.mean(axis=0)) < NEAR * spread:
            return [f"all samples look like the mean of the data (they spread {share:.0%} as far): {UNTRAINED}"]
        return [f"all samples look alike (they spread {share:.0%} as far as the data): {COLLAPSED}"]
    twins = float((_apart(samples) < TWIN * np.median(_apart(examples))).mean())
    if twins < MANY:
        return []
    return [f"G repeats itself ({twins:.0%} of its samples have a twin among as many others): {COLLAPSED}"]


def _spread(x: Array) -> float:
    """Return the root of the mean squared distance of the rows from their mean."""
    return float(np.sqrt(x.var(axis=0, dtype=np.float64).sum()))


def _apart(x: Array) -> Array:
    """Return how far each row of the first half is from the nearest row of the second."""
    half = len(x) // 2
    return nearest_neighbours(x[:half], x[half:])[1]
