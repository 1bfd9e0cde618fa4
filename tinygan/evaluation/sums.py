"""The sums behind a Parzen window, for many bandwidths in one pass over the distances, in parts that merge."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygan.backend import Array, get_array_module
from tinygan.backend.arrays import check_arrays
from tinygan.evaluation.distances import (
    PIECE,
    Centred,
    Differences,
    Expansion,
    check_points,
    error_bound,
    mean_point,
)

# Nats that rounded distances may cost a log-density; summing the kernels in float32 costs at most 1e-4 on top.
TOLERANCE = 5e-4

# A kernel below e^-32 times the nearest one is left out: a billion of them are 1.3e-5 nats.
VANISHED = 32

# If fewer than this share of the kernels count, it is faster to pick these out.
FEW = 1 / 8


@dataclass(frozen=True, eq=False)
class KernelSums:
    """For n points and B bandwidths: how near the nearest sample is, and the sum of all kernels relative to its own.

    Sums over disjoint sets of samples merge in any order. So tiles, files and processes can each contribute a part.

    Attributes
    ----------
    bandwidths : ndarray of shape (B,)
        sigma, on the host.
    nearest : ndarray of shape (n,)
        s = min_j ||x - mu_j||², float64.
    sums : ndarray of shape (n, B)
        sum_j exp((s - ||x - mu_j||²) / (2 sigma²)), float64: at least 1, up to rounding.
    count : int
        How many samples are in the sums.
    dimension : int
        d, the width of a point.

    Examples
    --------
    >>> import numpy as np
    >>> samples, x = np.array([[0.0], [1.0], [3.0]]), np.array([[0.5]])
    >>> whole = kernel_sums(samples, x, [0.5])
    >>> merged = kernel_sums(samples[:1], x, [0.5]).merge(kernel_sums(samples[1:], x, [0.5]))
    >>> bool(np.isclose(whole.log_density(), merged.log_density()).all())
    True
    """

    bandwidths: Array
    nearest: Array
    sums: Array
    count: int
    dimension: int

    def merge(self, other: "KernelSums") -> "KernelSums":
        """Return the sums over both sets of samples, for the same points and bandwidths.

        Raises
        ------
        ValueError
            If the two differ in the number of points, in their width or in the bandwidths.
        """
        if self.sums.shape != other.sums.shape or self.dimension != other.dimension:
            raise ValueError(
                f"merge got sums of shape {other.sums.shape} in {other.dimension} dimensions; it takes "
                f"{self.sums.shape} in {self.dimension}, about the same points"
            )
        if not np.array_equal(self.bandwidths, other.bandwidths):
            raise ValueError("merge got sums for other bandwidths; it takes the same ones in the same order")
        xp = get_array_module(self.nearest, other.nearest)
        nearest = xp.minimum(self.nearest, other.nearest)
        sums = xp.zeros_like(self.sums)
        for part in (self, other):
            for b, bandwidth in enumerate(self.bandwidths):
                sums[:, b] += part.sums[:, b] * xp.exp((nearest - part.nearest) / (2 * float(bandwidth) ** 2))
        return KernelSums(self.bandwidths, nearest, sums, self.count + other.count, self.dimension)

    def log_density(self) -> Array:
        """Return log p(x) in nats, float64 of shape (n, B)."""
        xp = get_array_module(self.nearest)
        log_densities = xp.log(self.sums)
        for b, bandwidth in enumerate(self.bandwidths):
            log_densities[:, b] -= self.nearest / (2 * float(bandwidth) ** 2) + self.dimension * math.log(
                float(bandwidth) * math.sqrt(2 * math.pi)
            )
        return log_densities - math.log(self.count)


def kernel_sums(samples: Array, x: Array, bandwidths: Sequence[float] | Array) -> KernelSums:
    """Return the sums behind the log-densities of x for all bandwidths, from one pass over the distances.

    Parameters
    ----------
    samples : ndarray of shape (m, d)
        The centres mu of the kernels, float32 or float64.
    x : ndarray of shape (n, d)
        The points, on the same device.
    bandwidths : sequence of float
        sigma > 0.

    Raises
    ------
    TypeError, ValueError
        If samples or x are not non-empty finite float arrays of one width, or a bandwidth is not a finite number > 0,
        or one is more than 1e12 times another.

    Notes
    -----
    The unit of the squared distances s_j is 2 sigma² for the smallest sigma. They are kept relative to min s, the
    smallest one seen so far. For each sigma, sum_j exp((min s - s_j) r) with r = (smallest sigma / sigma)² <= 1 is
    added up by tiles, and rescaled whenever a smaller s turns up. The minimum is the same for every sigma.

    The log-densities are right to 1e-3 nats at every point. Distances come from a product of centred points
    (`Expansion`), in float32 if `error_bound` says that this moves no log-density by more than 5e-4 nats, or else in
    float64 if it says so for float64. If it does not, they come from subtraction. The bound is for the worst case, and
    at d = 784 it nearly always asks for float64.

    Examples
    --------
    >>> import numpy as np
    >>> kernel_sums(np.array([[0.0], [1.0]]), np.array([[0.0]]), [1.0]).sums.round(4)
    array([[1.6065]])
    """
    check_points("kernel_sums", "samples", samples)
    check_points("kernel_sums", "x", x, samples.shape[1], samples)
    evaluator = Evaluator(samples, x, check_bandwidths("kernel_sums", bandwidths))
    return evaluator.sums(evaluator.dtype)


class Evaluator:
    """Adds up kernels in the precision that you ask for; it knows which precision is safe for x.

    Attributes
    ----------
    squares : ndarray of shape (n,)
        The squared lengths of x, centred and in units.
    dtype : type or None
        The cheapest precision that gives every log-density of x to 1e-3 nats; None means subtraction.
    """

    def __init__(self, samples: Array, x: Array, sigmas: Array) -> None:
        self._samples, self._x, self._sigmas = samples, x, sigmas
        self._centre, self._unit = mean_point(samples), float(sigmas.min()) * math.sqrt(2)
        self._centred: dict[type, Centred] = {}
        points = Centred(x, self._centre, self._unit, np.float32)
        self.squares = points.squares
        error = error_bound(points, self._centre_samples(np.float32))
        if not math.isfinite(error):
            raise ValueError(
                "samples and x lie so far apart that their squared distances overflow, counted in squares of "
                f"bandwidth={sigmas.min()}; it takes points nearer to each other, or a larger bandwidth"
            )
        dtypes = (dtype for dtype in (np.float32, np.float64) if error * float(np.finfo(dtype).eps) / 2 <= TOLERANCE)
        self.dtype: type | None = next(dtypes, None)

    def sums(self, dtype: type | None, rows: Array | None = None) -> KernelSums:
        """Return the sums for x, or for some of its rows, in the precision of the dtype."""
        x = self._x if rows is None else self._x[rows]
        if dtype is None:
            return _add_up(Differences(x, self._samples, self._unit), self._samples.shape, self._sigmas)
        points = Centred(x, self._centre, self._unit, dtype)
        return _add_up(Expansion(points, self._centre_samples(dtype)), self._samples.shape, self._sigmas)

    def _centre_samples(self, dtype: type) -> Centred:
        if dtype not in self._centred:
            self._centred[dtype] = Centred(self._samples, self._centre, self._unit, dtype)
        return self._centred[dtype]


def check_bandwidths(function: str, bandwidths: Any) -> Array:
    """Return the bandwidths as float64 on the host, or raise unless they are finite numbers > 0."""
    check_arrays(function, bandwidths=bandwidths)
    try:
        sigmas = np.array(bandwidths, np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{function} got bandwidths {bandwidths!r}; it takes a sequence of numbers > 0") from error
    if sigmas.ndim != 1 or not len(sigmas):
        raise ValueError(f"{function} got bandwidths of shape {sigmas.shape}; it takes (n,) with n >= 1")
    for sigma in sigmas:
        if not 1e-150 < sigma < 1e150:  # so that squares neither vanish nor overflow
            raise ValueError(f"{function} got bandwidth={sigma}; it takes a finite number > 0")
    if sigmas.max() > 1e12 * sigmas.min():  # a distance that overflows for the least must be far for the greatest
        raise ValueError(
            f"{function} got bandwidths from {sigmas.min():g} to {sigmas.max():g}; the last may be 1e12 times the first"
        )
    return sigmas


def _add_up(distances: Expansion | Differences, shape: tuple[int, int], sigmas: Array) -> KernelSums:
    offset = distances.offset
    xp = get_array_module(offset)
    nearest, sums = xp.full(len(offset), xp.inf), xp.zeros((len(offset), len(sigmas)))
    smallest = float(sigmas.min())
    scales = [(smallest / float(sigma)) ** 2 for sigma in sigmas]
    gaps, kernels = xp.empty((2, math.prod(PIECE)), np.float32)
    with np.errstate(over="ignore", under="ignore"):  # a kernel that far away is 0
        for rows, _, piece in distances.pieces():
            room = slice(piece.size)
            buffers = gaps[room].reshape(piece.shape), kernels[room].reshape(piece.shape)
            _add_piece(piece, nearest[rows], sums[rows], scales, *buffers)
    # Rounding may leave a distance of 0 a little below it.
    nearest = xp.maximum(nearest + offset, 0) * (2 * smallest**2)
    return KernelSums(sigmas, nearest, sums, *shape)


def _add_piece(distances: Array, nearest: Array, sums: Array, scales: list[float], gaps: Array, kernels: Array) -> None:
    """Bring nearest and sums, views of the rows' state, up to date with more distances, by way of two buffers."""
    xp = get_array_module(distances)
    closer = xp.minimum(nearest, distances.min(axis=1))
    shrink = nearest - closer  # inf before the first piece, where the sums are 0
    nearest[:] = closer
    xp.subtract(closer[:, None].astype(distances.dtype), distances, out=gaps, casting="same_kind")  # <= 0
    order = sorted(range(len(scales)), key=scales.__getitem__)
    for b, added in zip(order, _row_sums(gaps, [scales[b] for b in order], kernels), strict=True):
        sums[:, b] = sums[:, b] * xp.exp(-scales[b] * shrink) + added


def _row_sums(gaps: Array, scales: list[float], kernels: Array) -> Iterator[Array]:
    """Yield sum_j exp(scale gaps[i, j]) for every row i, for scales that rise, by way of a buffer.

    A kernel that vanishes for one scale vanishes for all that follow: as soon as few are left, only these are summed.
    """
    xp, done = get_array_module(gaps), 0
    ones = xp.ones(gaps.shape[1], np.float32)
    for scale in scales:
        # On a GPU this is not asked: the program would wait for the GPU to know how many are left.
        if xp is np and np.count_nonzero(gaps > -VANISHED / scale) < FEW * gaps.size:
            break
        yield xp.exp(gaps if scale == 1 else xp.multiply(gaps, scale, out=kernels), out=kernels) @ ones
        done += 1
    if done < len(scales):
        places = np.flatnonzero(gaps > -VANISHED / scales[done])
        rows, left = places // gaps.shape[1], gaps.ravel()[places]
        for scale in scales[done:]:
            near = left > -VANISHED / scale
            rows, left = rows[near], left[near]
            yield np.bincount(rows, np.exp(left * scale), len(gaps))
