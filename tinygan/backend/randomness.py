"""The one door through which randomness enters."""

from typing import TypeAlias

import numpy as np

# What a public function takes for its rng; see as_rng.
RngLike: TypeAlias = np.random.Generator | int | None


def as_rng(rng: RngLike) -> np.random.Generator:
    """Return a random generator: the one given, or a new one from a seed.

    A seed gives ``np.random.Generator(np.random.Philox(seed))``. Philox is counter-based: its numbers are a pure
    function of seed and position, which a GPU can compute as well.

    Parameters
    ----------
    rng : numpy.random.Generator, int or None
        A generator is passed through, an int >= 0 is a seed, None draws a seed from the operating system.

    Raises
    ------
    TypeError
        If it is none of the three.
    ValueError
        If the seed is negative.

    References
    ----------
    Salmon, Moraes, Dror and Shaw 2011, Parallel random numbers: as easy as 1, 2, 3.

    Examples
    --------
    >>> as_rng(0).integers(100, size=3)
    array([13,  1, 93])
    """
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, bool) or not (rng is None or isinstance(rng, (int, np.integer))):
        raise TypeError(f"rng got {rng!r}; it takes a numpy.random.Generator, an int seed or None")
    if rng is not None and rng < 0:
        raise ValueError(f"rng got the seed {rng}; it takes an int >= 0")
    return np.random.Generator(np.random.Philox(rng))


def spawn_rngs(rng: np.random.Generator, n: int) -> list[np.random.Generator]:
    """Return n independent generators, seeded by draws from one.

    Initial weights, data, noise and dropout each get their own, so that drawing more of one leaves the others alone.

    Examples
    --------
    >>> weights_rng, data_rng = spawn_rngs(as_rng(0), 2)
    >>> bool(weights_rng.random() == data_rng.random())
    False
    """
    return [as_rng(int(seed)) for seed in rng.integers(2**63, size=n)]
