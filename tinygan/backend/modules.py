"""Which library an array belongs to, and where it lives: the switch between NumPy and CuPy."""

import sys
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np

# An array of NumPy or of CuPy. Neither library knows the other's type, so the honest name for both is Any.
Array: TypeAlias = Any


def get_array_module(*arrays: Array) -> ModuleType:
    """Return ``cupy`` if the arrays live on a GPU, else ``numpy``.

    CuPy is looked for only among the modules that are already imported: before that, nobody can hold one of its arrays.

    Parameters
    ----------
    *arrays : ndarray
        Arrays of NumPy or CuPy. Anything else, such as a number, goes with both.

    Raises
    ------
    TypeError
        If some arrays are on the host and some on a GPU; the error says which is where.

    Examples
    --------
    >>> import numpy as np
    >>> get_array_module(np.zeros(3)) is np
    True
    """
    cupy = sys.modules.get("cupy")
    if cupy is None or not any(isinstance(array, cupy.ndarray) for array in arrays):
        return np
    if any(isinstance(array, np.ndarray) for array in arrays):
        places = ", ".join(
            f"argument {i} on {device_of(array)}"
            for i, array in enumerate(arrays)
            if isinstance(array, (np.ndarray, cupy.ndarray))
        )
        raise TypeError(f"arrays must be on one device, but {places}; see tinygan.backend.to_device and to_host")
    return cupy


def device_of(holder: Any) -> str:
    """Return the device of an array, or of what a layer or a network learns: ``"cpu"``, ``"gpu:0"``, ``"gpu:1"``, ...

    Parameters
    ----------
    holder : ndarray or Layer
        A layer that learns nothing counts as living on the host.

    Examples
    --------
    >>> import numpy as np
    >>> device_of(np.zeros(3))
    'cpu'
    """
    array, cupy = holder, sys.modules.get("cupy")
    if hasattr(holder, "parameters"):
        array = holder.parameters[0].data if holder.parameters else None
    return f"gpu:{array.device.id}" if cupy is not None and isinstance(array, cupy.ndarray) else "cpu"


def module_of(device: str) -> ModuleType:
    """Return the array module of a device that arrays already live on: ``numpy``, or ``cupy``.

    Examples
    --------
    >>> module_of("cpu").__name__
    'numpy'
    """
    return np if device == "cpu" else sys.modules["cupy"]


def is_finite(array: Array) -> bool:
    """Return whether the array holds neither NaN nor infinity.

    Examples
    --------
    >>> import numpy as np
    >>> is_finite(np.array([1.0, np.inf]))
    False
    """
    return bool(get_array_module(array).isfinite(array).all())
