"""A CuPy without a GPU: arrays that refuse all that CuPy's refuse, and counts of what would have run on a GPU.

Names, parameters and messages are those of CuPy 14.2; ``test_cupy_names.py`` holds them against the real wheel. Where
CuPy only warns, guesses or reads past the end, this raises. In one point it is stricter on purpose: a function of NumPy
on an array of the device, which CuPy answers with its own function, is an error here, since our code chooses its module
by ``get_array_module``.
"""

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

import numpy as np
from fake_gpu import hardware
from fake_gpu.arrays import FUNCTION_OBJECTS, UFUNCS, WRITTEN_OUT, ndarray, norm, ufunc
from fake_gpu.cuda import CUDA, RUNTIME, MemoryPool, is_available
from fake_gpu.hardware import Machine, OutOfMemoryError
from fake_gpu.kernels import CompileException, CUDADriverError, RawKernel, RawModule
from fake_gpu.parameters import FROM_NUMPY

VERSION = "14.2.0"


def names():
    """Return all names of the fake, dotted, with their values."""
    flat = {name: getattr(np, name) for name in FROM_NUMPY.split()} | UFUNCS | FUNCTION_OBJECTS
    flat |= {function.__name__: function for function in WRITTEN_OUT}
    flat |= {"ndarray": ndarray, "ufunc": ufunc, "RawKernel": RawKernel, "RawModule": RawModule, "__version__": VERSION}
    pool = MemoryPool()
    flat |= {"is_available": is_available, "get_default_memory_pool": lambda: pool, "linalg.norm": norm}
    flat |= {f"cuda.{name}": value for name, value in CUDA.items()}
    flat |= {f"cuda.runtime.{name}": value for name, value in RUNTIME.items()}
    flat |= {"cuda.memory.OutOfMemoryError": OutOfMemoryError, "cuda.driver.CUDADriverError": CUDADriverError}
    flat |= {"cuda.compiler.CompileException": CompileException}
    return flat


def install(monkeypatch, **config):
    """Put a fresh fake into ``sys.modules`` for as long as the monkeypatch lasts.

    Parameters
    ----------
    monkeypatch : pytest.MonkeyPatch
    **config
        Fields of `Machine`: ``device_count``, ``driver_too_old``, ``memory_limit``, ``launch_error``, ...

    Returns
    -------
    module
        It has three names that CuPy has not: ``machine``, whose fields may be changed at any time, ``counters`` and
        ``counting()``.
    """
    machine = Machine(**config)
    monkeypatch.setattr(hardware, "machine", machine)
    modules = {}
    for name, value in names().items():
        *path, last = f"cupy.{name}".split(".")
        for depth in range(1, len(path) + 1):
            dotted = ".".join(path[:depth])
            if dotted not in modules:
                modules[dotted] = ModuleType(dotted)
                modules[dotted].__spec__, modules[dotted].__path__ = ModuleSpec(dotted, None), []
                if depth > 1:
                    setattr(modules[".".join(path[: depth - 1])], path[depth - 1], modules[dotted])
        setattr(modules[".".join(path)], last, value)
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    cupy = modules["cupy"]
    cupy.machine, cupy.counters, cupy.counting = machine, machine.counters, machine.counting
    return cupy
