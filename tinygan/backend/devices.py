"""Moves arrays between the host and a GPU, and says why where there is none; the one file that imports CuPy."""

from importlib import metadata, util
from typing import Any

import numpy as np

from tinygan.backend.modules import Array, get_array_module


def gpu_available() -> bool:
    """Return whether a kernel really ran on a GPU.

    CuPy imports on machines that have no GPU, so an import proves nothing: this allocates a small array and adds it up.

    Examples
    --------
    >>> gpu_available() in (True, False)
    True
    """
    return gpu_problem() is None


def has_cupy() -> bool:
    """Return whether CuPy is installed, without importing it: so cheap that every command may ask.

    Examples
    --------
    >>> has_cupy() in (True, False)
    True
    """
    return util.find_spec("cupy") is not None


def gpu_problem() -> str | None:
    """Return why no kernel runs on a GPU and what to do about it, in one line, or None if one just ran.

    Examples
    --------
    >>> gpu_problem() is None or "GPU" in gpu_problem() or "CuPy" in gpu_problem()
    True
    """
    if not has_cupy():
        return (
            "CuPy is not installed; pip install 'tinygan[cuda12]' brings it, or 'tinygan[cuda13]' for a driver that "
            "has CUDA 13"
        )
    wheels = cupy_wheels()
    if len(wheels) > 1:
        return (
            f"{len(wheels)} CuPys are installed over each other, {' and '.join(wheels)}; "
            f"pip uninstall {' '.join(wheels)}, then install one"
        )
    try:
        import cupy
    except ImportError as error:
        if wheels:
            return f"{wheels[0]} is installed but cannot be imported: {error}"
        return "CuPy is not installed; pip install 'tinygan[cuda12]' brings it, or cuda13 for a driver that has CUDA 13"
    except Exception as error:  # a broken toolkit can raise anything
        return f"CuPy cannot be imported: {error}"
    try:
        n_gpus = int(cupy.cuda.runtime.getDeviceCount())
        if n_gpus == 0 or not cupy.is_available():
            return "CuPy finds no GPU; is there one, and is its driver loaded? nvidia-smi lists those that are"
        if int(cupy.arange(4).sum()) != 6:
            return "a first kernel on the GPU gave a wrong sum; its driver or hardware is broken"
    except Exception as error:  # each broken part raises something else
        if "InsufficientDriver" in str(error):
            return (
                f"the GPU's driver is too old for this CuPy ({error}); update the driver, "
                "or install the extra for an older CUDA, such as 'tinygan[cuda12]'"
            )
        if "NoDevice" in str(error):
            return f"CuPy finds no GPU ({error}); nvidia-smi lists those that the driver knows"
        return f"no kernel runs on the GPU: {error}"
    return None


def cupy_wheels() -> list[str]:
    """Return the names of all installed distributions of CuPy: two of them overwrite each other's files.

    Examples
    --------
    >>> all(name.startswith("cupy") for name in cupy_wheels())
    True
    """
    names = {str(distribution.metadata["Name"]).lower() for distribution in metadata.distributions()}
    return sorted(name for name in names if name == "cupy" or name.startswith(("cupy-cuda", "cupy-rocm")))


def choose_device(asked: str) -> tuple[str, str]:
    """Return the device for ``"cpu"``, ``"gpu"``, ``"gpu:1"`` or ``"auto"``, and a sentence that says why.

    Parameters
    ----------
    asked : str
        ``"auto"`` takes the first GPU if a kernel runs on it, else the host.

    Raises
    ------
    ValueError
        If the device has another name, or there is no GPU of this number.
    RuntimeError
        If a GPU is asked for and no kernel runs on one; it says why.

    Examples
    --------
    >>> choose_device("cpu")
    ('cpu', 'the cpu, as asked')
    """
    if asked == "auto":
        if problem := gpu_problem():
            return "cpu", f"the cpu, since {problem}"
        return "gpu:0", f"gpu:0, {_gpu_name(0)}, on which a kernel ran"
    if asked == "cpu":
        return "cpu", "the cpu, as asked"
    number = _gpu_number(asked)
    return f"gpu:{number}", f"gpu:{number}, {_gpu_name(number)}, as asked"


def to_device(holder: Any, device: str) -> Any:
    """Return the array on the device asked for, copied only if it is not there yet; move a layer's arrays in place.

    Parameters
    ----------
    holder : ndarray or Layer
        An array of NumPy or CuPy; or a layer or a network, which is returned with all that it learns moved. Make its
        optimiser afterwards.
    device : str
        ``"cpu"``, ``"gpu"`` (which is ``"gpu:0"``), or ``"gpu:1"`` and so on, which becomes CuPy's current device.

    Raises
    ------
    ValueError
        If the device has another name, or there is no GPU of this number.
    RuntimeError
        If a GPU is asked for and no kernel runs on one; it says why.
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
        for theta in holder.parameters:
            theta.data = _moved(theta.data, number)
            theta.grad = None if theta.grad is None else _moved(theta.grad, number)
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
    return cupy.array(array) if isinstance(array, cupy.ndarray) else cupy.asarray(array)


def _gpu_number(device: str) -> int:
    """Return the number in the name of a GPU, or raise unless there is such a GPU and a kernel runs."""
    name, _, digits = str(device).partition(":")
    if name != "gpu" or not (digits.isdecimal() or device == "gpu"):
        raise ValueError(f'got the device {device!r}; it takes "cpu", "gpu", or "gpu:1" and so on')
    if problem := gpu_problem():
        raise RuntimeError(f'found no usable GPU for "{device}": {problem}')
    import cupy

    number, n_gpus = int(digits or 0), int(cupy.cuda.runtime.getDeviceCount())
    if number >= n_gpus:
        there = "gpu:0 is the only one" if n_gpus == 1 else f"there are gpu:0 to gpu:{n_gpus - 1}"
        raise ValueError(f'got the device "{device}", but {there}')
    return number


def _gpu_name(number: int) -> str:
    import cupy

    name = cupy.cuda.runtime.getDeviceProperties(number)["name"]
    return name.decode() if isinstance(name, bytes) else str(name)
