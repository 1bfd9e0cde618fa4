"""The array-module switch between NumPy and CuPy, and the one door through which randomness enters."""

import sys
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np

# An array of NumPy or of CuPy. Neither library knows the other's type, so the honest name for both is Any.
Array: TypeAlias = Any

# What a public function takes for its rng; see as_rng.
RngLike: TypeAlias = np.random.Generator | int | None


def get_array_module(*arrays: Array) -> ModuleType:
    """Return ``cupy`` if any of the arrays lives on a GPU, else ``numpy``.

    CuPy is looked for only among the modules that are already imported: nobody can hold one of its arrays otherwise.

    Parameters
    ----------
    *arrays : ndarray
        Arrays of NumPy or CuPy; anything that is neither counts as living on the host.

    Examples
    --------
    >>> import numpy as np
    >>> get_array_module(np.zeros(3)) is np
    True
    """
    cupy = sys.modules.get("cupy")
    if cupy is not None and any(isinstance(array, cupy.ndarray) for array in arrays):
        return cupy
    return np


def gpu_available() -> bool:
    """Return whether a kernel really ran on a GPU.

    CuPy imports on machines that have no GPU, so an import proves nothing: this allocates a small array and adds it up.

    Examples
    --------
    >>> gpu_available() in (True, False)
    True
    """
    try:
        import cupy

        return bool(cupy.is_available()) and int(cupy.arange(4).sum()) == 6
    except Exception:  # a missing wheel, a missing driver and a broken toolkit each raise something else
        return False


def to_device(array: Array, device: str) -> Array:
    """Return the array on the device asked for, copied only if it is not there yet.

    Parameters
    ----------
    array : ndarray
        An array of NumPy or CuPy.
    device : {"cpu", "gpu"}
        Where the array is wanted.

    Raises
    ------
    ValueError
        If the device has another name.
    RuntimeError
        If ``"gpu"`` is asked for and no kernel runs on one.

    Examples
    --------
    >>> import numpy as np
    >>> to_device(np.ones(2), "cpu")
    array([1., 1.])
    """
    if device == "cpu":
        return to_host(array)
    if device != "gpu":
        raise ValueError(f'to_device got device {device!r}; it takes "cpu" or "gpu"')
    if not gpu_available():
        raise RuntimeError('to_device(array, "gpu") found no usable GPU: CuPy is missing, or no kernel ran with it')
    import cupy

    return cupy.asarray(array)


def to_host(array: Array) -> Array:
    """Return the array as a NumPy array, copied from the GPU if it lives there.

    Parameters
    ----------
    array : ndarray
        An array of NumPy or CuPy.

    Examples
    --------
    >>> import numpy as np
    >>> to_host(np.ones(2))
    array([1., 1.])
    """
    if get_array_module(array) is np:
        return array
    return array.get()


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


def is_finite(array: Array) -> bool:
    """Return whether the array holds neither NaN nor infinity."""
    return bool(get_array_module(array).isfinite(array).all())
