"""Checks that an argument is an array of NumPy or CuPy, and not a look-alike that computes differently."""

from typing import Any

import numpy as np

from tinygan.backend.modules import get_array_module


def check_arrays(owner: str, /, **arrays: Any) -> None:
    """Raise a TypeError if an argument is a look-alike of an array; the error says what to pass instead.

    Numbers, lists and None are not checked.

    Parameters
    ----------
    owner : str
        The function or class that got them; the error begins with it.
    **arrays : object
        The arguments, by name.

    Examples
    --------
    >>> check_arrays("train", x=np.ones((2, 3)), z=[1.0])
    >>> check_arrays("train", x=np.ma.ones((2, 3)))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    TypeError: train got x of type numpy.MaskedArray; it takes an array of NumPy or CuPy, for example x.filled(0), ...
    """
    for name, x in arrays.items():
        if _instead(x, name):
            raise TypeError(f"{owner} got {name} of {array_kind(x, name)}")


def is_float_array(x: Any) -> bool:
    """Return whether x is an array of float32 or float64, or a NumPy number of these types.

    Examples
    --------
    >>> is_float_array(np.ones(2)), is_float_array(np.ma.ones(2)), is_float_array([1.0])
    (True, False, False)
    """
    if type(x) is not np.ndarray and (not isinstance(x, _array_types(x)) or _instead(x, "x")):
        return False
    return x.dtype.char in "fd"


def array_kind(x: Any, name: str = "x") -> str:
    """Return the rest of an error about an argument that is no array of floats: what it is, and what to pass instead.

    Examples
    --------
    >>> array_kind(np.ones(2, int))
    'dtype int64; it takes float32 or float64, for example x.astype(np.float32)'
    >>> array_kind([1.0])
    'type list; it takes an array of float32 or float64'
    """
    if instead := _instead(x, name):
        kind = f"{type(x).__module__.partition('.')[0]}.{type(x).__name__}"
        return f"type {kind}; it takes an array of NumPy or CuPy, for example {instead}"
    if isinstance(x, _array_types(x)):
        return f"dtype {x.dtype}; it takes float32 or float64, for example {name}.astype(np.float32)"
    return f"type {type(x).__name__}; it takes an array of float32 or float64"


def _instead(x: Any, name: str) -> str:
    """Return what to pass instead of a look-alike of an array; nothing if x is none.

    Look-alikes compute differently: a matrix multiplies as matrices do where an array multiplies entry by entry, and
    a mask is lost in some operations and kept in others.
    """
    if isinstance(x, np.ma.MaskedArray):
        return f"{name}.filled(0), if 0 is to stand where the mask is"
    if isinstance(x, np.matrix):
        return f"np.asarray({name})"
    if isinstance(x, _array_types(x)) or not hasattr(x, "__array__"):
        return ""
    if hasattr(x, "to_numpy"):
        return f"{name}.to_numpy()"
    return f"{name}.detach().cpu().numpy()" if hasattr(x, "detach") else f"np.asarray({name})"


def _array_types(x: Any) -> tuple[Any, ...]:
    """Return the types of an array and of a number in it: CuPy's array if x is one, else NumPy's."""
    return get_array_module(x).ndarray, np.generic
