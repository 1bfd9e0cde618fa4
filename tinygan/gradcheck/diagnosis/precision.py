"""Find out whether float32 is inside code that gets float64, since then no derivative has more than a few digits."""

from typing import Any

import numpy as np

from tinygan.gradcheck.numerical import EPS, SINGLE
from tinygan.gradcheck.subjects.subject import Subject

# A step so small that y moves along a line but for rounding, and a larger one, in which a curve would bend much more.
STEP, LARGER = 1e-7, 1e-6
N_POINTS = 8
# The relative errors that count as right if forward computes in float32, or if only backward rounds to it.
INSIDE, ROUNDED = 1e-3, 1e-4


def is_single_inside(subject: Subject, seed: int) -> bool:
    """Return whether forward rounds to float32 on the way, as a buffer or a cast does.

    Along a line of tiny steps, y is straight but for its rounding: its second differences are a few eps of float64. A
    curve bends a hundred times as much in steps ten times as long, and float32 jumps by the same few eps.
    """
    if subject.y(seed).dtype == np.float32:
        return True
    bend = _bend(subject, STEP, seed)
    return 1e5 * EPS < bend < 1e3 * SINGLE.eps and _bend(subject, LARGER, seed) < 30 * bend


def fits_float32(gradient: Any) -> bool:
    """Return whether every number of a gradient fits into float32: of float64, that never happens to many by chance.

    Examples
    --------
    >>> fits_float32(np.array([0.5, 0.25, 3.0])), fits_float32(np.array([0.1, 0.2, 0.3])), fits_float32(None)
    (True, False, False)
    """
    if not isinstance(gradient, np.ndarray) or gradient.dtype.kind != "f":
        return False
    numbers = gradient[gradient != 0]
    with np.errstate(over="ignore"):
        return gradient.dtype == np.float32 or (
            len(numbers) > 2 and bool((numbers == numbers.astype(np.float32)).all())
        )


def _bend(subject: Subject, step: float, seed: int) -> float:
    """Return the largest second difference of y along a line of tiny steps of all inputs, relative to the size of y."""
    kept = dict(subject.inputs)
    rng = np.random.default_rng(0)
    directions = {name: rng.normal(size=x.shape) for name, x in kept.items()}
    try:
        points = []
        for i in range(1, N_POINTS + 1):
            subject.inputs |= {name: x + i * step * directions[name] for name, x in kept.items()}
            points.append(subject.y(seed))
    finally:
        subject.inputs |= kept
    bend = np.abs(np.diff(points, n=2, axis=0)).max(initial=0.0)
    return float(bend / max(np.abs(points).max(initial=0.0), 1e-300))
