"""The array-module switch between NumPy and CuPy, and the one door through which randomness enters."""

from tinygan.backend.devices import choose_device, to_device, to_host
from tinygan.backend.modules import Array, device_of, get_array_module, is_finite, module_of
from tinygan.backend.probe import gpu_available, has_cupy
from tinygan.backend.randomness import RngLike, as_rng, spawn_rngs
from tinygan.backend.streams import bits
from tinygan.backend.threads import blas_threads

__all__ = [
    "Array",
    "RngLike",
    "as_rng",
    "bits",
    "blas_threads",
    "choose_device",
    "device_of",
    "get_array_module",
    "gpu_available",
    "has_cupy",
    "is_finite",
    "module_of",
    "spawn_rngs",
    "to_device",
    "to_host",
]
