"""Densities on a grid: checked, normalised and integrated."""

import numpy as np

from tinygan.backend import Array
from tinygan.backend.arrays import check_arrays


def integral(y: Array, x: Array) -> float:
    """Return the integral of y over the grid x, by the trapezoid rule."""
    return float(np.trapezoid(y, x))


def times_log(weight: Array, y: Array) -> Array:
    """Return weight log y, or 0 where the weight is 0, whatever y is there."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(weight > 0, weight * np.log(y), 0.0)


def check_grid(function: str, x: Array) -> Array:
    """Return x as float64, or raise unless it is a finite rising grid; the error begins with `function`."""
    check_arrays(function, x=x)
    x = np.asarray(x, np.float64)
    if x.ndim != 1 or len(x) < 2 or not (np.diff(x) > 0).all() or not np.isfinite(x).all():
        raise ValueError(f"{function} got a grid x of shape {x.shape}; it takes (n,) with n >= 2, finite and rising")
    return x


def check_densities(function: str, **densities: Array) -> list[Array]:
    """Return the densities as float64, or raise unless they have one shape and are finite and >= 0."""
    check_arrays(function, **densities)
    arrays = {name: np.asarray(density, np.float64) for name, density in densities.items()}
    if len({array.shape for array in arrays.values()}) > 1:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise ValueError(f"{function} got different shapes: {shapes}; it takes one shape")
    for name, array in arrays.items():
        if not np.isfinite(array).all() or (array < 0).any():
            raise ValueError(
                f"{function} got {name} with negative, NaN or infinite values; it takes finite values >= 0"
            )
    return list(arrays.values())


def check_on_grid(function: str, name: str, values: Array, x: Array) -> None:
    """Raise unless there is one value for each grid point."""
    if values.shape != np.shape(x):
        raise ValueError(f"{function} got {name} of shape {values.shape}; it takes {np.shape(x)}, as the grid x")


def normalise(function: str, x: Array, **densities: Array) -> list[Array]:
    """Return the densities divided by their integrals over the grid, or raise if one has no mass there."""
    x = check_grid(function, x)
    arrays = check_densities(function, **densities)
    for name, array in zip(densities, arrays, strict=True):
        check_on_grid(function, name, array, x)
        if not integral(array, x) > 0:
            raise ValueError(f"{function} got {name} without any mass on the grid")
    return [array / integral(array, x) for array in arrays]
