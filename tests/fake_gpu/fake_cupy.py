"""A CuPy without a GPU: arrays that refuse all that CuPy's refuse, and counts of what would have run on a GPU.

Names, parameters and messages are those of CuPy 14.2; ``test_cupy_names.py`` holds them against the real wheel. Where
CuPy only warns, guesses or reads past the end, this raises. In one point it is stricter on purpose: a function of NumPy
on an array of the device, which CuPy answers with its own function, is an error here, since our code chooses its module
by ``get_array_module``.
"""

import contextlib
import inspect
import math
import operator
import sys
import time
from collections import Counter
from dataclasses import astuple, dataclass, fields, replace
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import NamedTuple

import numpy as np
from fake_gpu import host_cuda

VERSION = "14.2.0"
DTYPES = "?bhilqBHILQefdFD"
BLOCK = 512  # the pool gives memory in multiples of it
MAX_THREADS = 1024  # of a block
MAX_BLOCKS = 2**16 - 1  # of a grid, along y and z
SCALARS = {bool, int, float, complex}

STATUS = {
    35: "cudaErrorInsufficientDriver: CUDA driver version is insufficient for CUDA runtime version",
    100: "cudaErrorNoDevice: no CUDA-capable device is detected",
    101: "cudaErrorInvalidDevice: invalid device ordinal",
}


class CUDARuntimeError(RuntimeError):
    def __init__(self, status):
        self.status = status
        super().__init__(STATUS[status])


class OutOfMemoryError(MemoryError):
    def __init__(self, size, total, limit=0):
        limit_text = f", limit set to: {limit:,} bytes" if limit else ""
        super().__init__(f"Out of memory allocating {size:,} bytes (allocated so far: {total:,} bytes{limit_text}).")


class CUDADriverError(RuntimeError):
    pass


class CompileException(Exception):
    pass


# The machine: what is counted, what it holds, how it fails


@dataclass
class Counters:
    """What a GPU and its bus would have done."""

    launches: int = 0
    allocations: int = 0
    host_to_device: int = 0
    device_to_host: int = 0
    syncs: int = 0

    def reset(self):
        self.set(Counters())

    def set(self, other):
        for field in fields(self):
            setattr(self, field.name, getattr(other, field.name))

    def __sub__(self, other):
        return Counters(*map(operator.sub, astuple(self), astuple(other)))


@dataclass
class Machine:
    """The GPUs that the fake pretends to have, and their state; tests change any of it at any time."""

    device_count: int = 1
    driver_too_old: bool = False
    memory_limit: int | None = None  # of each device, in bytes
    launch_error: Exception | None = None  # raised by whatever runs on the GPU
    name: str = "Fake GPU"
    compute_capability: str = "90"
    total_memory: int = 80 * 2**30

    def __post_init__(self):
        self.counters = Counters()
        self.device_id = 0
        self.used = Counter()  # bytes in use on each device
        self.kept = Counter()  # bytes that its pool holds

    @contextlib.contextmanager
    def counting(self):
        """Yield counters that hold, once the block is left, what it did."""
        before, counts = replace(self.counters), Counters()
        try:
            yield counts
        finally:
            counts.set(self.counters - before)

    def check(self, device_id=None):
        """Raise what every call of CUDA raises where there is no usable device."""
        if self.driver_too_old:
            raise CUDARuntimeError(35)
        if self.device_count == 0:
            raise CUDARuntimeError(100)
        if not 0 <= (self.device_id if device_id is None else device_id) < self.device_count:
            raise CUDARuntimeError(101)

    def launch(self, n=1):
        self.check()
        if n and self.launch_error is not None:
            raise self.launch_error
        self.counters.launches += n

    def sync(self):
        self.check()
        self.counters.syncs += 1


machine = Machine()


class Memory:
    """A piece of a device's memory, given back with the last array on it."""

    size = 0

    def __init__(self, nbytes):
        machine.check()
        self.machine, self.device_id = machine, machine.device_id
        size = -(-nbytes // BLOCK) * BLOCK
        used = machine.used[self.device_id]
        if used + size > min(machine.total_memory, machine.memory_limit or machine.total_memory):
            raise OutOfMemoryError(size, used, machine.memory_limit or 0)
        self.size = size
        machine.counters.allocations += size > 0
        machine.used[self.device_id] += size
        machine.kept[self.device_id] = max(machine.kept[self.device_id], machine.used[self.device_id])

    def __del__(self):
        if self.size:
            self.machine.used[self.device_id] -= self.size


class MemoryPointer(NamedTuple):
    ptr: int
    device_id: int
    mem: Memory

    @property
    def device(self):
        return Device(self.device_id)


class Flags(NamedTuple):
    c_contiguous: bool
    f_contiguous: bool
    owndata: bool


# From arrays of the device to the host's, on which NumPy does the work, and back


def on_device(host, order="C"):
    """Return a new array of the device, which takes over a result of NumPy."""
    host = np.asarray(host, order=order)
    if host.dtype.char not in DTYPES:
        raise ValueError(f"Unsupported dtype {host.dtype}")
    array = object.__new__(ndarray)
    array._host, array._memory, array.base = host, Memory(host.nbytes), None
    return array


def view_of(array, host):
    """Return a view of an array of the device, or a copy where NumPy had to make one."""
    if host.size and not np.may_share_memory(host, array._host):
        machine.launch()
        return on_device(host)
    view = object.__new__(ndarray)
    view._host, view._memory, view.base = host, array._memory, array if array.base is None else array.base
    return view


def from_host(host, dtype=None, order="C"):
    """Return a new array of the device with a copy of an array, number or list of the host."""
    array = on_device(np.array(host, dtype=dtype), order)
    if array.ndim == 0:
        machine.launch()  # CuPy fills those, with no copy
    else:
        machine.counters.host_to_device += 1
    return array


def host_of(array):
    """Return the host's array behind one of the current device."""
    if array._memory.device_id != machine.device_id:
        raise ValueError(
            f"The device where the array resides ({array._memory.device_id}) is different from the current device "
            f"({machine.device_id}). Peer access is unavailable between these devices."
        )
    return array._host


def operand(value):
    """Return what NumPy computes with: the host's array behind one of the device, or a number."""
    if isinstance(value, ndarray):
        return host_of(value)
    if type(value) not in SCALARS and not isinstance(value, np.generic):
        raise TypeError(f"Unsupported type {type(value)}")
    return value


def argument(value):
    """Return what a function of NumPy takes for an argument: an array, a list of arrays, an axis, a dtype."""
    if isinstance(value, (list, tuple)):
        return type(value)(map(argument, value))
    if isinstance(value, (ndarray, np.ndarray)):
        return operand(value)
    return value


def compute(function, *args, launches=1, out=None, **kwargs):
    """Return a result of NumPy on the device; a GPU warns of nothing."""
    if out is not None:
        if not isinstance(out, ndarray):
            raise TypeError(f"Unsupported type {type(out)}")
        kwargs["out"] = host_of(out)
    machine.check()
    with np.errstate(all="ignore"):
        result = function(*args, **kwargs)
    parts = result if isinstance(result, (list, tuple)) else [result]
    machine.launch(launches if any(np.size(part) for part in parts) else 0)
    if out is not None:
        return out
    if isinstance(result, (list, tuple)):
        return type(result)(map(on_device, result))
    return on_device(result)


class ufunc:
    """A function of each element; it takes the four keywords that CuPy's take, so no ``where``."""

    def __init__(self, name):
        self.__name__, self.function = name, getattr(np, name)
        self.nin, self.nout, self.nargs = self.function.nin, self.function.nout, self.function.nargs

    def __call__(self, *args, out=None, dtype=None, casting="same_kind", **kwargs):
        if kwargs:
            raise TypeError(f"Wrong arguments {kwargs}")
        if not self.nin <= len(args) <= self.nargs:
            raise TypeError(f"Wrong number of arguments for {self.__name__!r}. It must be {self.nin} or {self.nargs}")
        if len(args) > self.nin:
            if out is not None:
                raise ValueError("Cannot specify 'out' as both a positional and keyword argument")
            *args, out = args
        if isinstance(out, tuple):
            (out,) = out
        return compute(self.function, *map(operand, args), out=out, dtype=dtype, casting=casting)

    def __repr__(self):
        return f"<ufunc 'cupy_{self.__name__}'>"


UFUNC_NAMES = """
    abs absolute add bitwise_and bitwise_or bitwise_xor ceil copysign cos cosh divide equal exp exp2 expm1 fabs floor
    floor_divide fmax fmin fmod greater greater_equal hypot invert isfinite isinf isnan left_shift less less_equal log
    log10 log1p log2 logaddexp logical_and logical_not logical_or logical_xor maximum minimum mod multiply negative
    not_equal positive power reciprocal remainder right_shift rint sign signbit sin sinh sqrt square subtract tan tanh
    true_divide trunc
"""
UFUNCS = {name: ufunc(name) for name in UFUNC_NAMES.split()}

# Functions that NumPy computes, with CuPy's parameters: "x=" may be left out, after "*" come keywords.
FUNCTIONS = {
    "all": "a axis= out= keepdims=",
    "allclose": "a b rtol= atol= equal_nan=",
    "amax": "a axis= out= keepdims=",
    "amin": "a axis= out= keepdims=",
    "any": "a axis= out= keepdims=",
    "argmax": "a axis= dtype= out= keepdims=",
    "argmin": "a axis= dtype= out= keepdims=",
    "argsort": "a axis= kind=",
    "array_equal": "a1 a2 equal_nan=",
    "clip": "a a_min a_max out=",
    "concatenate": "tup axis= out= * dtype= casting=",
    "count_nonzero": "a axis=",
    "cumsum": "a axis= dtype= out=",
    "diff": "a n= axis= prepend= append=",
    "dot": "a b out=",
    "interp": "x xp fp left= right= period=",
    "isclose": "a b rtol= atol= equal_nan=",
    "max": "a axis= out= keepdims=",
    "mean": "a axis= dtype= out= keepdims=",
    "min": "a axis= out= keepdims=",
    "nonzero": "a",
    "prod": "a axis= dtype= out= keepdims=",
    "round": "a decimals= out=",
    "searchsorted": "a v side= sorter=",
    "sort": "a axis= kind=",
    "stack": "tup axis= out= * dtype= casting=",
    "std": "a axis= dtype= out= ddof= keepdims=",
    "sum": "a axis= dtype= out= keepdims=",
    "take": "a indices axis= out=",
    "trapezoid": "y x= dx= axis=",
    "var": "a axis= dtype= out= ddof= keepdims=",
}
VIEWS = {
    "broadcast_to": "array shape",
    "expand_dims": "a axis",
    "ravel": "a order=",
    "reshape": "a newshape order= * copy=",
    "squeeze": "a axis=",
    "swapaxes": "a axis1 axis2",
    "transpose": "a axes=",
}

# How many kernels CuPy launches, where it is not one; at least so many where that depends on the arrays.
LAUNCHES = {"allclose": 2, "array_equal": 2, "cumsum": 2, "interp": 2, "std": 3, "trapezoid": 4, "var": 2}
JOINS = {"concatenate", "stack"}


def signature(text):
    """Return the signature that a line of the tables above stands for."""
    kind, parameters = inspect.Parameter.POSITIONAL_OR_KEYWORD, []
    for word in text.split():
        if word == "*":
            kind = inspect.Parameter.KEYWORD_ONLY
        else:
            default = None if word.endswith("=") else inspect.Parameter.empty
            parameters.append(inspect.Parameter(word.rstrip("="), kind, default=default))
    return inspect.Signature(parameters)


def bound(parameters, args, kwargs):
    """Return the arguments that have to be given, in order, and the others by name."""
    given = parameters.bind(*args, **kwargs).arguments
    required = [given.pop(name) for name, value in parameters.parameters.items() if value.default is value.empty]
    return required, {name: value for name, value in given.items() if value is not None or name == "axis"}


def device_function(name, text):
    parameters, function = signature(text), getattr(np, name)

    def call(*args, **kwargs):
        required, options = bound(parameters, args, kwargs)
        arrays = required[0] if name in JOINS else required[:1]
        for array in arrays:
            if not isinstance(array, ndarray):
                raise TypeError(f"cupy.{name} takes a cupy.ndarray, not {type(array)}")
        out = options.pop("out", None)
        launches = len(arrays) if name in JOINS else LAUNCHES.get(name, 1)
        if name == "nonzero":
            count_chosen()
        if name == "take" and isinstance(required[1], (list, np.ndarray)):
            required[1] = from_host(required[1], int)
        if name in {"sort", "argsort"}:
            options["kind"] = "stable"
        options = {key: argument(value) for key, value in options.items()}
        return compute(function, *map(argument, required), launches=launches, out=out, **options)

    call.__name__, call.__signature__ = name, parameters
    return call


def view_function(name, text):
    parameters, function = signature(text), getattr(np, name)

    def call(*args, **kwargs):
        (array, *required), options = bound(parameters, args, kwargs)
        if not isinstance(array, ndarray):
            raise TypeError(f"cupy.{name} takes a cupy.ndarray, not {type(array)}")
        return view_of(array, function(array._host, *map(argument, required), **options))

    call.__name__, call.__signature__ = name, parameters
    return call


def count_chosen():
    """Count what CuPy does to learn how many elements are chosen: it adds the mask up and reads the number back."""
    machine.launch(2)
    machine.sync()
    machine.counters.device_to_host += 1


# Methods with other parameters than the functions of their names, after the array itself
METHODS = {
    "argmax": "axis= out= dtype= keepdims=",
    "argmin": "axis= out= dtype= keepdims=",
    "clip": "min= max= out=",
}
SAME_AS_FUNCTION = """
    all any argsort cumsum dot max mean min nonzero prod round searchsorted squeeze std sum swapaxes take var
"""
UNARY = {"__neg__": "negative", "__pos__": "positive", "__abs__": "absolute", "__invert__": "invert"}
COMPARISONS = {
    "eq": "equal",
    "ge": "greater_equal",
    "gt": "greater",
    "le": "less_equal",
    "lt": "less",
    "ne": "not_equal",
}
ARITHMETIC = {
    "add": "add",
    "and": "bitwise_and",
    "floordiv": "floor_divide",
    "lshift": "left_shift",
    "mod": "remainder",
    "mul": "multiply",
    "or": "bitwise_or",
    "pow": "power",
    "rshift": "right_shift",
    "sub": "subtract",
    "truediv": "true_divide",
    "xor": "bitwise_xor",
}


class ndarray:
    """An array of the device: it holds one of the host, and hands it to nobody."""

    __slots__ = ("__weakref__", "_host", "_memory", "base")
    __hash__ = None
    __array_priority__ = 100
    # NumPy's operators leave the work to the reflected ones below, its functions refuse.
    __array_ufunc__ = None

    def __init__(self, shape, dtype=float, *, order="C"):
        new = empty(shape, dtype, order)
        self._host, self._memory, self.base = new._host, new._memory, None

    def __array_function__(self, function, types, args, kwargs):
        raise TypeError(f"np.{function.__name__} got an array of the device")

    def __array__(self, dtype=None, copy=None):
        raise TypeError(
            "Implicit conversion to a NumPy array is not allowed. "
            "Please use `.get()` to construct a NumPy array explicitly."
        )

    shape = property(lambda self: self._host.shape)
    dtype = property(lambda self: self._host.dtype)
    ndim = property(lambda self: self._host.ndim)
    size = property(lambda self: self._host.size)
    nbytes = property(lambda self: self._host.nbytes)
    itemsize = property(lambda self: self._host.itemsize)
    strides = property(lambda self: self._host.strides)
    T = property(lambda self: view_of(self, self._host.T))
    data = property(lambda self: MemoryPointer(self._host.ctypes.data, self._memory.device_id, self._memory))
    device = property(lambda self: Device(self._memory.device_id))

    @property
    def flags(self):
        flags = self._host.flags
        return Flags(flags.c_contiguous, flags.f_contiguous, self.base is None)

    # To the host and from it

    def get(self, stream=None, order="C", out=None, blocking=True):
        with self.device:
            if out is None:
                contiguous = self.flags.f_contiguous if order == "F" else self.flags.c_contiguous
            elif not isinstance(out, np.ndarray):
                raise TypeError("Only numpy.ndarray can be obtained from cupy.ndarray")
            elif self.dtype != out.dtype:
                raise TypeError(f"{out.dtype} array cannot be obtained from {self.dtype} array")
            elif self.shape != out.shape:
                raise ValueError(f"Shape mismatch. Expected shape: {self.shape}, actual shape: {out.shape}")
            else:
                contiguous = self.flags.c_contiguous and out.flags.c_contiguous
                contiguous |= self.flags.f_contiguous and out.flags.f_contiguous
            source = self if contiguous else ascontiguousarray(self)
            machine.counters.device_to_host += 1
            if blocking:
                machine.sync()
            if out is None:
                return np.array(source._host, order=order)
            out[...] = source._host
            return out

    def set(self, arr, stream=None):
        if not isinstance(arr, np.ndarray):
            raise TypeError("Only numpy.ndarray can be set to cupy.ndarray")
        if self.dtype != arr.dtype:
            raise TypeError(f"{arr.dtype} array cannot be set to {self.dtype} array")
        if self.shape != arr.shape:
            raise ValueError(f"Shape mismatch. Old shape: {self.shape}, new shape: {arr.shape}")
        if not (self.flags.c_contiguous or self.flags.f_contiguous):
            raise RuntimeError("Cannot set to non-contiguous array")
        machine.check()
        machine.counters.host_to_device += 1
        self._host[...] = arr

    def item(self):
        if self.size != 1:
            raise ValueError("can only convert an array of size 1 to a Python scalar")
        return self.get().item()

    def tolist(self):
        return self.get().tolist()

    def tobytes(self, order="C"):
        return self.get().tobytes(order)

    def __bool__(self):
        if self.size > 1:
            raise ValueError("The truth value of an array with more than one element is ambiguous.")
        return bool(self.get())

    def __int__(self):
        return int(self.get())

    def __float__(self):
        return float(self.get())

    def __complex__(self):
        return complex(self.get())

    def __repr__(self):
        return repr(self.get())

    def __str__(self):
        return str(self.get())

    def __format__(self, format_spec):
        return format(self.get(), format_spec)

    def __reduce__(self):
        return array, (self.get(),)

    # Copies and views

    def copy(self, order="C"):
        # CuPy copies from another device as well, so the current one is not compared.
        machine.launch(self.size > 0)
        return on_device(self._host.copy(order), order="K")

    def __copy__(self):
        return self.copy()

    def __deepcopy__(self, memo):
        with self.device:
            return self.copy()

    def astype(self, dtype, order="K", casting=None, subok=None, copy=True):
        if casting is not None or subok is not None:
            raise TypeError("casting and subok are not supported yet")
        host = host_of(self)
        with np.errstate(all="ignore"):
            result = host.astype(dtype, order=order, copy=copy)
        if result is host:
            return self
        machine.launch(self.size > 0)
        return on_device(result, order="K")

    def flatten(self, order="C"):
        machine.launch(self.size > 0)
        return on_device(host_of(self).flatten(order))

    def view(self, dtype=None, type=None):
        return view_of(self, self._host.view() if dtype is None else self._host.view(dtype))

    def reshape(self, *shape, order="C", copy=None):
        return view_of(self, self._host.reshape(*shape, order=order, copy=copy))

    def ravel(self, order="C"):
        return view_of(self, self._host.ravel(order))

    def transpose(self, *axes):
        return view_of(self, self._host.transpose(*axes))

    def fill(self, value):
        host = host_of(self)
        if isinstance(value, np.ndarray) and value.shape != ():
            raise ValueError("non-scalar numpy.ndarray cannot be used for fill")
        host[...] = operand(value.item() if isinstance(value, (ndarray, np.ndarray)) else value)
        machine.launch(self.size > 0)

    # Elements

    def __len__(self):
        if self.ndim == 0:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __iter__(self):
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d array")
        return (self[index] for index in range(len(self)))

    def __getitem__(self, key):
        key, launches = host_key(key)
        if not launches:
            return view_of(self, self._host[key])
        return compute(operator.getitem, host_of(self), key, launches=launches)

    def __setitem__(self, key, value):
        key, launches = host_key(key)
        host = host_of(self)
        if not launches:
            target = view_of(self, host[key])
            if not isinstance(value, ndarray):
                target.fill(value)
                return
            same = value.data.ptr == target.data.ptr and (value.shape, value.strides) == (target.shape, target.strides)
            if same and value.dtype == target.dtype:
                return  # the end of an operator in place, as in a[0] += 1
        elif not isinstance(value, ndarray):
            value = from_host(value, self.dtype)
        with np.errstate(all="ignore"):
            host[key] = host_of(value)
        machine.launch(launches or int(target.size > 0))

    # Operators

    def __matmul__(self, other):
        return matmul(self, other)

    def __rmatmul__(self, other):
        return matmul(other, self)


def host_key(key):
    """Return a key for the host's array, and how many launches it takes: none for a view."""
    parts = list(key) if isinstance(key, tuple) else [key]
    launches = 0
    for position, part in enumerate(parts):
        if isinstance(part, (list, tuple, np.ndarray, bool, np.bool_)):
            part = from_host(part, int if np.size(part) == 0 else None)
        if isinstance(part, ndarray):
            parts[position] = host_of(part)
            launches += 1
            if part.dtype == bool:
                count_chosen()
    if Ellipsis not in [part for part in parts if not isinstance(part, np.ndarray)]:
        parts.append(Ellipsis)  # so that NumPy gives an array even where one element is left
    return tuple(parts), launches


def operators(name):
    function = UFUNCS[name]
    return (
        lambda self, other: function(self, other),
        lambda self, other: function(other, self),
        lambda self, other: function(self, other, self),
    )


def method_of(function, text=None):
    """Return a method: the function with the array put first, and with parameters of its own if it has any."""
    parameters = text and signature(text)

    def method(self, *args, **kwargs):
        if parameters is None:
            return function(self, *args, **kwargs)
        given = parameters.bind(*args, **kwargs).arguments
        if "min" in parameters.parameters:
            return function(self, given.pop("min", None), given.pop("max", None), **given)
        return function(self, **given)

    return method


def empty(shape, dtype=float, order="C"):
    return on_device(np.empty(shape, dtype, order), order="K")


def creator(function, text):
    """Return a function that makes an array, filled unless it is empty."""
    parameters = signature(text)

    def call(*args, **kwargs):
        required, options = bound(parameters, args, kwargs)
        if function.__name__.endswith("_like") and not isinstance(required[0], ndarray):
            raise TypeError(f"cupy.{function.__name__} takes a cupy.ndarray, not {type(required[0])}")
        array = on_device(function(*map(argument, required), **options), order="K")
        machine.launch(array.size > 0 and function not in (np.empty, np.empty_like))
        return array

    call.__name__, call.__signature__ = function.__name__, parameters
    return call


CREATORS = {
    "empty": "shape dtype= order=",
    "empty_like": "prototype dtype= order= subok= shape=",
    "full": "shape fill_value dtype= order=",
    "full_like": "a fill_value dtype= order= subok= shape=",
    "linspace": "start stop num= endpoint= retstep= dtype= axis=",
    "ones": "shape dtype= order=",
    "ones_like": "a dtype= order= subok= shape=",
    "zeros": "shape dtype= order=",
    "zeros_like": "a dtype= order= subok= shape=",
}


def arange(start, stop=None, step=1, dtype=None):
    start, stop = (0, start) if stop is None else (start, stop)
    return creator(np.arange, "start stop step dtype=")(start, stop, step, dtype=dtype)


def array(obj, dtype=None, copy=True, order="K", subok=False, ndmin=0, *, blocking=False):
    if isinstance(obj, ndarray):
        if obj._memory.device_id != machine.device_id:
            obj = obj.copy()
        result = obj.astype(dtype or obj.dtype, order=order or "K", copy=bool(copy))
    elif isinstance(obj, (list, tuple)) and obj and all(isinstance(item, ndarray) for item in obj):
        result = device_function("stack", FUNCTIONS["stack"])(obj).astype(dtype or obj[0].dtype, copy=False)
    else:
        result = from_host(obj, dtype, order or "K")
    return result.reshape((1,) * (ndmin - result.ndim) + result.shape) if ndmin > result.ndim else result


def asarray(a, dtype=None, order=None, *, copy=None, blocking=False):
    if isinstance(a, ndarray) and a._memory.device_id == machine.device_id:
        return a.astype(dtype or a.dtype, order=order or "K", copy=bool(copy))
    return array(a, dtype, order=order)


def ascontiguousarray(a, dtype=None):
    return asarray(a, dtype, order="C")


def asnumpy(a, stream=None, order="C", out=None, *, blocking=True):
    if isinstance(a, ndarray):
        return a.get(stream, order, out, blocking)
    return np.asarray(a, order=order)


def copy(a, order="K"):
    return a.copy(order)


def copyto(dst, src, casting="same_kind", where=None):
    if isinstance(src, np.ndarray) and src.size != 1:
        raise ValueError("non-scalar numpy.ndarray cannot be used for copyto")
    source = src.item() if isinstance(src, np.ndarray) else operand(src)
    np.copyto(host_of(dst), source, casting=casting, where=True if where is None else operand(where))
    machine.launch(dst.size > 0)


def einsum(*operands, dtype=None, optimize=False):
    if dtype is not None:
        raise NotImplementedError("the fake's einsum takes no dtype")
    subscripts, *arrays = operands
    return compute(np.einsum, subscripts, *map(operand, arrays), launches=max(1, len(arrays)))


def matmul(x1, x2, /, *, out=None):
    return compute(np.matmul, operand(x1), operand(x2), out=out)


def norm(x, ord=None, axis=None, keepdims=False):
    launches = 3 if axis is None else 1
    return compute(np.linalg.norm, operand(x), ord, axis, keepdims, launches=launches)


def result_type(*arrays_and_dtypes):
    return np.result_type(*map(argument, arrays_and_dtypes))


def where(condition, x=None, y=None):
    if x is None and y is None:
        return device_function("nonzero", "a")(condition)
    return compute(np.where, operand(condition.astype(bool, copy=False)), operand(x), operand(y))


FUNCTION_OBJECTS = {name: device_function(name, text) for name, text in FUNCTIONS.items()}
FUNCTION_OBJECTS |= {name: view_function(name, text) for name, text in VIEWS.items()}
FUNCTION_OBJECTS |= {name: creator(getattr(np, name), text) for name, text in CREATORS.items()}
WRITTEN_OUT = [arange, array, asarray, ascontiguousarray, asnumpy, copy, copyto, einsum, matmul, result_type, where]

# What CuPy takes over from NumPy as it is
FROM_NUMPY = """
    bool_ complex128 complex64 dtype e finfo float16 float32 float64 floating generic iinfo inexact inf int16 int32
    int64 int8 integer intp issubdtype nan newaxis number pi promote_types signedinteger uint16 uint32 uint64 uint8
    unsignedinteger
"""

for _name in SAME_AS_FUNCTION.split():
    setattr(ndarray, _name, method_of(FUNCTION_OBJECTS[_name]))
for _name, _text in METHODS.items():
    setattr(ndarray, _name, method_of(FUNCTION_OBJECTS[_name], _text))
for _name, _ufunc in UNARY.items():
    setattr(ndarray, _name, lambda self, _function=UFUNCS[_ufunc]: _function(self))
for _name, _ufunc in COMPARISONS.items():
    setattr(ndarray, f"__{_name}__", operators(_ufunc)[0])
for _name, _ufunc in ARITHMETIC.items():
    for _prefix, _operator in zip(("", "r", "i"), operators(_ufunc), strict=True):
        setattr(ndarray, f"__{_prefix}{_name}__", _operator)


# cupy.cuda


class Device:
    def __init__(self, device=None):
        if device is None:
            machine.check()
        self.id = machine.device_id if device is None else int(getattr(device, "id", device))
        self.before = []

    def __enter__(self):
        before = machine.device_id
        self.use()
        self.before.append(before)
        return self

    def __exit__(self, *exception):
        machine.device_id = self.before.pop()

    def use(self):
        machine.check(self.id)
        machine.device_id = self.id

    def synchronize(self):
        machine.sync()

    @property
    def compute_capability(self):
        machine.check(self.id)
        return machine.compute_capability

    @property
    def mem_info(self):
        machine.check(self.id)
        return machine.total_memory - machine.kept[self.id], machine.total_memory

    def __eq__(self, other):
        return isinstance(other, Device) and self.id == other.id

    def __hash__(self):
        return hash(self.id)

    def __repr__(self):
        return f"<CUDA Device {self.id}>"


class Stream:
    """The order in which things run; here all run at once, so there is one."""

    def __init__(self, null=False, non_blocking=False, ptds=False, *, priority=None):
        machine.check()
        self.ptr = 0

    def synchronize(self):
        machine.sync()

    def record(self, event=None):
        event = event or Event()
        event.record(self)
        return event

    def use(self):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass


Stream.null = Stream()


class Event:
    done = True

    def __init__(self, block=True, disable_timing=False, interprocess=False):
        machine.check()

    def record(self, stream=None):
        machine.check()
        self.time = time.perf_counter()

    def synchronize(self):
        machine.sync()


class MemoryPool:
    def used_bytes(self):
        machine.check()
        return machine.used[machine.device_id]

    def total_bytes(self):
        machine.check()
        return machine.kept[machine.device_id]

    def free_bytes(self):
        return self.total_bytes() - self.used_bytes()

    def free_all_blocks(self, stream=None):
        machine.check()
        machine.kept[machine.device_id] = machine.used[machine.device_id]

    def get_limit(self):
        return machine.memory_limit or 0

    def set_limit(self, size=None, fraction=None):
        machine.memory_limit = int(fraction * machine.total_memory) if size is None else size


def get_device_count():
    machine.check()
    return machine.device_count


def get_device():
    machine.check()
    return machine.device_id


def get_device_properties(device):
    machine.check(device)
    return {
        "name": machine.name.encode(),
        "totalGlobalMem": machine.total_memory,
        "major": int(machine.compute_capability[:-1]),
        "minor": int(machine.compute_capability[-1]),
        "multiProcessorCount": 132,
        "maxThreadsPerBlock": MAX_THREADS,
        "warpSize": 32,
    }


def is_available():
    return machine.device_count > 0 and not machine.driver_too_old


RUNTIME = {
    "CUDARuntimeError": CUDARuntimeError,
    "deviceSynchronize": lambda: machine.sync(),
    "driverGetVersion": lambda: 11040 if machine.driver_too_old else 12090 if machine.device_count else 0,
    "getDevice": get_device,
    "getDeviceCount": get_device_count,
    "getDeviceProperties": get_device_properties,
    "memGetInfo": lambda: Device().mem_info,
    "runtimeGetVersion": lambda: 12090,
    "setDevice": lambda device: Device(device).use(),
}
CUDA = {
    "Device": Device,
    "Event": Event,
    "MemoryPool": MemoryPool,
    "Stream": Stream,
    "get_current_stream": lambda device_id=-1: Stream.null,
    "get_device_id": get_device,
    "get_elapsed_time": lambda start_event, end_event: 1e3 * (end_event.time - start_event.time),
    "is_available": is_available,
}


# Kernels of our own


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
        machine.check()
        if machine.launch_error is not None:
            raise machine.launch_error
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
        machine.launch()
        self.kernel(grid, block, [operand(value) for value in args])


# The module


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
    this = sys.modules[__name__]
    monkeypatch.setattr(this, "machine", Machine(**config))
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
