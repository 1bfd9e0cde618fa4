"""Arrays of the device, and the functions on them: NumPy does the work on the host."""

import operator
from typing import NamedTuple

import numpy as np
from fake_gpu import hardware
from fake_gpu.cuda import Device, MemoryPointer
from fake_gpu.hardware import Memory
from fake_gpu.parameters import (
    ARITHMETIC,
    COMPARISONS,
    CREATORS,
    FUNCTIONS,
    JOINS,
    LAUNCHES,
    METHODS,
    SAME_AS_FUNCTION,
    UFUNC_NAMES,
    UNARY,
    VIEWS,
    bound,
    signature,
)

DTYPES = "?bhilqBHILQefdFD"
SCALARS = {bool, int, float, complex}


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
        hardware.machine.launch()
        return on_device(host)
    view = object.__new__(ndarray)
    view._host, view._memory, view.base = host, array._memory, array if array.base is None else array.base
    return view


def from_host(host, dtype=None, order="C"):
    """Return a new array of the device with a copy of an array, number or list of the host."""
    array = on_device(np.array(host, dtype=dtype), order)
    if array.ndim == 0:
        hardware.machine.launch()  # CuPy fills those, with no copy
    else:
        hardware.machine.counters.host_to_device += 1
    return array


def host_of(array):
    """Return the host's array behind one of the current device."""
    if array._memory.device_id != hardware.machine.device_id:
        raise ValueError(
            f"The device where the array resides ({array._memory.device_id}) is different from the current device "
            f"({hardware.machine.device_id}). Peer access is unavailable between these devices."
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
    hardware.machine.check()
    with np.errstate(all="ignore"):
        result = function(*args, **kwargs)
    parts = result if isinstance(result, (list, tuple)) else [result]
    hardware.machine.launch(launches if any(np.size(part) for part in parts) else 0)
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


UFUNCS = {name: ufunc(name) for name in UFUNC_NAMES.split()}


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
    hardware.machine.launch(2)
    hardware.machine.sync()
    hardware.machine.counters.device_to_host += 1


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
            hardware.machine.counters.device_to_host += 1
            if blocking:
                hardware.machine.sync()
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
        hardware.machine.check()
        hardware.machine.counters.host_to_device += 1
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
        hardware.machine.launch(self.size > 0)
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
        hardware.machine.launch(self.size > 0)
        return on_device(result, order="K")

    def flatten(self, order="C"):
        hardware.machine.launch(self.size > 0)
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
        hardware.machine.launch(self.size > 0)

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
        hardware.machine.launch(launches or int(target.size > 0))

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
        hardware.machine.launch(array.size > 0 and function not in (np.empty, np.empty_like))
        return array

    call.__name__, call.__signature__ = function.__name__, parameters
    return call


def arange(start, stop=None, step=1, dtype=None):
    start, stop = (0, start) if stop is None else (start, stop)
    return creator(np.arange, "start stop step dtype=")(start, stop, step, dtype=dtype)


def array(obj, dtype=None, copy=True, order="K", subok=False, ndmin=0, *, blocking=False):
    if isinstance(obj, ndarray):
        if obj._memory.device_id != hardware.machine.device_id:
            obj = obj.copy()
        result = obj.astype(dtype or obj.dtype, order=order or "K", copy=bool(copy))
    elif isinstance(obj, (list, tuple)) and obj and all(isinstance(item, ndarray) for item in obj):
        result = device_function("stack", FUNCTIONS["stack"])(obj).astype(dtype or obj[0].dtype, copy=False)
    else:
        result = from_host(obj, dtype, order or "K")
    return result.reshape((1,) * (ndmin - result.ndim) + result.shape) if ndmin > result.ndim else result


def asarray(a, dtype=None, order=None, *, copy=None, blocking=False):
    if isinstance(a, ndarray) and a._memory.device_id == hardware.machine.device_id:
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
    hardware.machine.launch(dst.size > 0)


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
