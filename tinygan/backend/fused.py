"""Functions of arrays that one kernel computes if the arrays are on a GPU: its C stands beside their NumPy."""

import functools
import inspect
import math
import re
import sys
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np

from tinygan.backend.modules import Array, get_array_module

F = TypeVar("F", bound=Callable[..., Any])

THREADS = 256  # of a block

C_TYPES = {"f4": "float", "f8": "double", "u2": "unsigned short", "u8": "unsigned long long", "i8": "long long"}

# Each thread computes one entry of the results. An argument that the statements do not change is constant in them.
TEMPLATE = """extern "C" __global__ void {name}({parameters}, long long n) {{
    long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    {entries}
    {statements};
}}
"""


def fused(statements: str) -> Callable[[F], F]:
    """Let a kernel compute an elementwise function if its arrays are on a GPU.

    The body of the function is the definition, in NumPy. It runs on the host, and also on a GPU if the arrays differ in
    shape or precision.

    Parameters
    ----------
    statements : str
        The same in C, for one entry of each array: assignments to arguments, which change in place, and to new names,
        which are returned as new arrays in that order. REAL is float or double.

    Examples
    --------
    >>> @fused("grad_x = grad_y * (y > 0)")
    ... def slope(grad_y, y):
    ...     return grad_y * (y > 0)
    >>> slope(np.array([5.0, 5.0]), np.array([0.0, 1.0]))
    array([0., 5.])
    """
    return lambda definition: on_gpu(_Elementwise(statements, definition))(definition)


def on_gpu(kernel: Callable[..., Any]) -> Callable[[F], F]:
    """Let a kernel take the place of a function if its arrays are on a GPU and of one float type.

    Parameters
    ----------
    kernel : callable
        Takes the same arguments and does the same. It may return NotImplemented for arguments that it does not take;
        then the function itself runs.
    """

    def mark(definition: F) -> F:
        @functools.wraps(definition)
        def run(*arguments: Any) -> Any:
            if "cupy" in sys.modules:
                arrays = [argument for argument in arguments if hasattr(argument, "dtype")]
                if get_array_module(*arrays) is not np and len({a.dtype for a in arrays if a.dtype.kind == "f"}) == 1:
                    result = kernel(*arguments)
                    if result is not NotImplemented:
                        return result
            return definition(*arguments)

        return cast("F", run)

    return mark


def launch(source: str, name: str, n: int, *arguments: Any, like: Array) -> None:
    """Run the kernel of this name in a CUDA source on n threads.

    REAL in the source is the float type of the array `like`. Its last parameter is ``long long n``.
    """
    kernel = _kernel(get_array_module(like), source, name, C_TYPES[like.dtype.str[1:]])
    kernel((math.ceil(n / THREADS),), (THREADS,), (*arguments, np.int64(n)))


def options(real: str) -> tuple[str, ...]:
    """Return the options with which a source is compiled, for float or double.

    Without --fmad=false the compiler would round once where NumPy rounds twice. So everything without exp or log is the
    same on both devices bit for bit. One difference is left: CuPy lets a GPU round floats below 1.2e-38 to 0.
    """
    return ("--std=c++17", "--fmad=false", f"-DREAL={real}")


class _Elementwise:
    """The kernel of a function that is marked with `fused`."""

    def __init__(self, statements: str, definition: Callable[..., Any]) -> None:
        self.statements, self.name = statements, definition.__name__
        self.parameters = list(inspect.signature(definition).parameters)
        assigned = dict.fromkeys(re.findall(r"(?:^|;) *(\w+) *[-+*/]?= ", statements))
        self.changed = [name for name in assigned if name in self.parameters]
        self.made = [name for name in assigned if name not in self.parameters]

    def __call__(self, *arguments: Any) -> Any:
        arrays = {name: x for name, x in zip(self.parameters, arguments, strict=True) if hasattr(x, "dtype")}
        like = next(x for x in arrays.values() if x.dtype.kind == "f")
        fits = all(x.shape == like.shape and x.dtype.str[1:] in C_TYPES for x in arrays.values())
        if not (like.size and fits and all(arrays[name].flags.c_contiguous for name in self.changed)):
            return NotImplemented
        xp, real = get_array_module(like), like.dtype.type
        made = [xp.empty(like.shape, like.dtype) for _ in self.made]
        given = [
            xp.ascontiguousarray(x) if name in arrays else np.int64(x) if isinstance(x, int) else real(x)
            for name, x in zip(self.parameters, arguments, strict=True)
        ]
        types = tuple(C_TYPES[x.dtype.str[1:]] for x in (*given, *made))
        launch(self.source(tuple(arrays), types), self.name, like.size, *given, *made, like=like)
        return tuple(made) if len(made) > 1 else next(iter(made), None)

    @functools.cache  # noqa: B019  lives as long as the function that it is about
    def source(self, arrays: tuple[str, ...], types: tuple[str, ...]) -> str:
        """Return the kernel in C, given which arguments are arrays, and the C types of all arguments and results."""
        parameters, entries = [], []
        for name, c_type in zip([*self.parameters, *self.made], types, strict=True):
            if name in self.made or name in self.changed:
                parameters.append(f"{c_type}* {name}_")
                entries.append(f"{c_type}& {name} = {name}_[i];")
            elif name in arrays:
                parameters.append(f"const {c_type}* {name}_")
                entries.append(f"const {c_type} {name} = {name}_[i];")
            else:
                parameters.append(f"{c_type} {name}")
        parts = {"parameters": ", ".join(parameters), "entries": "\n    ".join(entries)}
        return TEMPLATE.format(name=self.name, statements=self.statements, **parts)


@functools.cache
def _kernel(cupy: Any, source: str, name: str, real: str) -> Any:
    return cupy.RawModule(code=source, options=options(real)).get_function(name)
