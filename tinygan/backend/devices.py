"""Chooses a device, and moves arrays between the host and the GPUs."""

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from tinygan.backend.modules import Array, get_array_module
from tinygan.backend.probe import gpu_name, gpu_problem

# The modules with which a kernel has run, so that `to_device` tests it once and not for every array.
_PROVEN: set[Any] = set()


def choose_device(asked: str, nth: int = 0) -> tuple[str, str]:
    """Return the device for ``"cpu"``, ``"gpu"``, ``"gpu:1"`` or ``"auto"``, and a sentence that says why.

    Parameters
    ----------
    asked : str
        ``"auto"`` takes a GPU if a kernel runs on one, else the host.
    nth : int
        This process's number among those on its machine, from 0: ``"gpu"`` and ``"auto"`` give each its GPU in turn.

    Raises
    ------
    ValueError
        If the device has another name, or there is no GPU of this number.
    RuntimeError
        If a GPU is asked for and no kernel runs on one; the error says why.

    Examples
    --------
    >>> choose_device("cpu")
    ('cpu', 'the cpu, as asked')
    """
    if asked == "auto":
        if problem := gpu_problem():
            return "cpu", f"the cpu, since {problem}"
        number = _dealt_gpu(nth)
        return f"gpu:{number}", f"gpu:{number}, {gpu_name(number)}, on which a kernel ran"
    if asked == "cpu":
        return "cpu", "the cpu, as asked"
    number = _gpu_number(asked)
    number = _dealt_gpu(nth) if asked == "gpu" else number
    return f"gpu:{number}", f"gpu:{number}, {gpu_name(number)}, as asked"


def to_device(holder: Any, device: str) -> Any:
    """Return the array on the device asked for, copied only if it is not there yet; move a layer's arrays in place.

    Parameters
    ----------
    holder : ndarray or Layer
        An array of NumPy or CuPy; or a layer or a network, which is returned with its parameters and buffers
        moved. Make its optimiser afterwards.
    device : str
        ``"cpu"``, ``"gpu"`` (which is ``"gpu:0"``), or ``"gpu:1"`` and so on, which becomes CuPy's current device.

    Raises
    ------
    ValueError
        If the device has another name, or there is no GPU of this number.
    RuntimeError
        If a GPU is asked for and no kernel runs on one; the error says why.
    MemoryError
        If it does not fit into the memory of the GPU.

    Examples
    --------
    >>> import numpy as np
    >>> to_device(np.ones(2), "cpu")
    array([1., 1.])
    """
    number = None if device == "cpu" else _gpu_number(device)
    if hasattr(holder, "parameters"):
        moved = [
            [None if a is None else _moved(a, number) for a in (theta.data, theta.grad)] for theta in holder.parameters
        ]
        buffers = list(_buffers(holder))
        moved_buffers = [_moved(buffer.data, number) for buffer in buffers]
        for theta, (data, grad) in zip(holder.parameters, moved, strict=True):  # only after all arrays found room
            theta.data, theta.grad = data, grad
        for buffer, data in zip(buffers, moved_buffers, strict=True):
            buffer.data = data
        return holder
    return _moved(holder, number)


def to_host(holder: Any) -> Any:
    """Return the array as a NumPy array, copied from the GPU if it lives there; move a layer's arrays in place.

    Parameters
    ----------
    holder : ndarray or Layer
        As `to_device` takes it.

    Examples
    --------
    >>> import numpy as np
    >>> to_host(np.ones(2))
    array([1., 1.])
    """
    return to_device(holder, "cpu")


def _moved(array: Array, number: int | None) -> Array:
    """Return the array on the GPU of this number, or on the host."""
    if number is None:
        return array if get_array_module(array) is np else array.get()
    import cupy

    cupy.cuda.Device(number).use()
    if isinstance(array, cupy.ndarray) and array.device.id == number:
        return array
    try:
        return cupy.array(array) if isinstance(array, cupy.ndarray) else cupy.asarray(array)
    except MemoryError as error:
        raise MemoryError(f"gpu:{number} has no room for an array of shape {np.shape(array)}: {error}") from None


def _gpu_number(device: str) -> int:
    """Return the number in the name of a GPU, or raise unless there is such a GPU and a kernel runs."""
    name, _, digits = str(device).partition(":")
    if name != "gpu" or not (digits.isdecimal() or device == "gpu"):
        raise ValueError(f'got the device {device!r}; it takes "cpu", "gpu", or "gpu:1" and so on')
    if sys.modules.get("cupy") not in _PROVEN and (problem := gpu_problem()):
        raise RuntimeError(f'found no usable GPU for "{device}": {problem}')
    import cupy

    _PROVEN.add(cupy)
    number, n_gpus = int(digits or 0), int(cupy.cuda.runtime.getDeviceCount())
    if number >= n_gpus:
        there = "gpu:0 is the only one" if n_gpus == 1 else f"there are gpu:0 to gpu:{n_gpus - 1}"
        raise ValueError(f'got the device "{device}", but {there}')
    return number


def _dealt_gpu(nth: int) -> int:
    import cupy

    return nth % int(cupy.cuda.runtime.getDeviceCount())


def _buffers(layer: Any) -> Iterator[Any]:
    """Yield the buffers of a layer and of all layers inside it."""
    yield from getattr(layer, "buffers", ())
    for inner in getattr(layer, "layers", ()):
        yield from _buffers(inner)
