"""Kernels of our own: ``cupy.RawModule`` and what it compiles, run on the host."""

import math
import operator

from fake_gpu import hardware, host_cuda
from fake_gpu.arrays import operand
from fake_gpu.cuda import MAX_THREADS

MAX_BLOCKS = 2**16 - 1  # of a grid, along y and z


class CUDADriverError(RuntimeError):
    pass


class CompileException(Exception):
    pass


class RawKernel:
    """A kernel, compiled at its first call."""

    def __init__(self, code, name, options=(), backend="nvrtc", *, jitify=False, enable_cooperative_groups=False):
        self.name = name
        self.module = RawModule(code=code, options=options, backend=backend)

    def __call__(self, grid, block, args, *, shared_mem=0, stream=None):
        self.module.get_function(self.name)(grid, block, args, shared_mem=shared_mem, stream=stream)


class RawModule:
    def __init__(
        self, *, code, options=(), backend="nvrtc", name_expressions=None, jitify=False, enable_cooperative_groups=False
    ):
        for name, value, kind in (("code", code, str), ("options", options, tuple), ("backend", backend, str)):
            if type(value) is not kind:
                raise TypeError(f"Argument '{name}' has incorrect type (expected {kind.__name__}, got {type(value)})")
        self.code, self.options, self.name_expressions = code, options, name_expressions
        self.kernels = None

    def compile(self, log_stream=None):
        hardware.machine.check()
        if hardware.machine.launch_error is not None:
            raise hardware.machine.launch_error
        try:
            self.kernels = host_cuda.build(self.code, self.options, self.name_expressions)
        except host_cuda.CompileError as error:
            raise CompileException(str(error)) from None

    def get_function(self, name):
        if self.kernels is None:
            self.compile()
        if name not in self.kernels:
            raise CUDADriverError("CUDA_ERROR_NOT_FOUND: named symbol not found")
        return RawFunction(self.kernels[name])


class RawFunction:
    """A compiled kernel: ``kernel(grid, block, arguments)``."""

    def __init__(self, kernel):
        self.kernel = kernel
        self.name = kernel.name

    def __call__(self, grid, block, args, *, shared_mem=0, stream=None):
        for sizes in (grid, block):
            if type(sizes) is not tuple:
                raise TypeError(f"Expected tuple, got {type(sizes).__name__}")
            if not 1 <= len(sizes) <= 3 or any(operator.index(size) < 1 for size in sizes):
                raise CUDADriverError("CUDA_ERROR_INVALID_VALUE: invalid argument")
        if math.prod(block) > MAX_THREADS or any(size > MAX_BLOCKS for size in grid[1:]):
            raise CUDADriverError("CUDA_ERROR_INVALID_VALUE: invalid argument")
        hardware.machine.launch()
        self.kernel(grid, block, [operand(value) for value in args])
