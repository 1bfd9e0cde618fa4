"""Whether there is a GPU that computes, and if not, why not."""

import os
import sys
from contextlib import suppress
from importlib import util
from typing import Any

# What `gpu_problem` begins with if nothing is broken: there is no CuPy, or there is no GPU.
ABSENT = ("CuPy is not installed", "CuPy finds no GPU")


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
    """Return whether CuPy is installed, without importing it; this is cheap enough for every command to ask.

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
    wheels = cupy_wheels()
    if not has_cupy() and wheels:  # uninstalling one of two takes away the files of the other
        return f"the files of {wheels[0]} are gone; pip install --force-reinstall --no-deps {wheels[0]}"
    if not has_cupy():
        return (
            'CuPy is not installed; pip install "cupy-cuda12x[ctk]" brings it, or "cupy-cuda13x[ctk]" for a '
            "driver that has CUDA 13"
        )
    if len(wheels) > 1:
        return (
            f"{len(wheels)} CuPys are installed over each other, {' and '.join(wheels)}; "
            f"pip uninstall {' '.join(wheels)}, then install one"
        )
    try:
        import cupy

        runtime = cupy.cuda.runtime  # a folder that happens to be called cupy does not have it
    except Exception as error:  # a broken toolkit can raise anything
        sys.modules.pop("cupy", None)  # or it would be taken for CuPy
        return f"{''.join(wheels) or 'CuPy'} is installed but cannot be imported: {_one_line(error)}"
    try:
        n_gpus = int(runtime.getDeviceCount())
        if n_gpus == 0 or not cupy.is_available():
            return "CuPy finds no GPU; is there one, and is its driver loaded? nvidia-smi lists those that are"
        if int(cupy.arange(4).sum()) != 6:
            return "a first kernel on the GPU gave a wrong sum; its driver or hardware is broken"
    except Exception as error:  # each broken part raises something else
        if "InsufficientDriver" in str(error) and runtime.driverGetVersion() == 0:  # CUDA's words where there is none
            return "CuPy finds no GPU: there is no NVIDIA driver; where there is a GPU, install its driver"
        if "InsufficientDriver" in str(error):
            has, needs = _release(runtime.driverGetVersion()), _release(runtime.runtimeGetVersion())
            older = "update the driver"
            if wheels == ["cupy-cuda13x"]:
                older += ', or pip uninstall cupy-cuda13x and pip install "cupy-cuda12x[ctk]"'
            return f"the GPU's driver is too old for this CuPy (it runs CUDA {has}, CuPy is made for {needs}); {older}"
        if "NoDevice" in str(error):
            hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
            hint = "nvidia-smi lists those that the driver knows"
            if hidden is not None:
                hint = f"CUDA_VISIBLE_DEVICES={hidden!r} hides those that it does not name"
            return f"CuPy finds no GPU ({error}); {hint}"
        return f"no kernel runs on the GPU: {_one_line(error)}"
    return None


def gpu_facts() -> dict[str, Any]:
    """Return what CuPy says about itself, about the driver and about the GPUs, as far as it can.

    Returns
    -------
    dict
        ``version`` of CuPy, and the CUDA versions of its ``runtime`` and of the ``driver``: str or None. ``gpus``: for
        each GPU its ``name``, its ``memory`` and its ``free`` memory, both in bytes.

    Examples
    --------
    >>> list(gpu_facts())
    ['version', 'runtime', 'driver', 'gpus']
    """
    facts: dict[str, Any] = {"version": None, "runtime": None, "driver": None, "gpus": []}
    if has_cupy() and len(cupy_wheels()) <= 1:
        with suppress(Exception):  # gpu_problem says what is wrong
            import cupy

            runtime = cupy.cuda.runtime
            facts["version"] = str(cupy.__version__)
            facts["runtime"] = _release(runtime.runtimeGetVersion())
            facts["driver"] = _release(runtime.driverGetVersion())
            for number in range(runtime.getDeviceCount()):
                with cupy.cuda.Device(number) as gpu:
                    free, memory = gpu.mem_info
                facts["gpus"].append({"name": gpu_name(number), "memory": memory, "free": free})
    return facts


def cupy_wheels() -> list[str]:
    """Return the names of all installed distributions of CuPy: two of them overwrite each other's files.

    Examples
    --------
    >>> all(name.startswith("cupy") for name in cupy_wheels())
    True
    """
    from importlib import metadata  # takes longer to import than all of this package

    names = {str(distribution.metadata["Name"]).lower() for distribution in metadata.distributions()}
    return sorted(name for name in names if name == "cupy" or name.startswith(("cupy-cuda", "cupy-rocm")))


def gpu_name(number: int) -> str:
    """Return the product name of the GPU with this number."""
    import cupy

    name = cupy.cuda.runtime.getDeviceProperties(number)["name"]
    return name.decode() if isinstance(name, bytes) else str(name)


def _release(version: int) -> str | None:
    """Return a version such as 12090, as CUDA counts, as "12.9"; None if it is 0, which stands for none."""
    return f"{version // 1000}.{version % 1000 // 10}" if version else None


def _one_line(error: BaseException) -> str:
    """Return what an error says, or what it was raised from, without the banners that CuPy puts around it."""
    return " ".join(str(error.__cause__ or error).split())
