"""The array-module switch between NumPy and CuPy, and the one door through which randomness enters."""

from tinygan.backend.devices import choose_device, to_device, to_host
from tinygan.backend.modules import Array, device_of, get_array_module, is_finite, module_of
from tinygan.backend.probe import cupy_wheels, gpu_available, gpu_facts, gpu_problem, has_cupy
from tinygan.backend.randomness import RngLike, as_rng, spawn_rngs
from tinygan.backend.threads import blas_threads

__all__ = [
    "Array",
    "RngLike",
    "as_rng",
    "blas_threads",
    "choose_device",
    "cupy_wheels",
    "device_of",
    "get_array_module",
    "gpu_available",
    "gpu_facts",
    "gpu_problem",
    "has_cupy",
    "is_finite",
    "module_of",
    "spawn_rngs",
    "to_device",
    "to_host",
]
