"""Check a layer that is written as two functions, forward and backward, as in CS231n and many later courses."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tinygan.arguments import check_positive
from tinygan.backend import RngLike, as_rng, device_of, get_array_module, is_finite
from tinygan.backend.arrays import check_arrays
from tinygan.gradcheck.comparison import report_on
from tinygan.gradcheck.report import Report
from tinygan.gradcheck.subjects.leaves import leaves
from tinygan.gradcheck.subjects.passes import Passes
from tinygan.gradcheck.subjects.written import Written


def check_functions(
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    arguments: Mapping[str, Any] | Sequence[Any],
    *,
    rng: RngLike = None,
    tolerance: float = 1e-6,
) -> Report:
    """Return whether a backward function is right at the given arguments, and if not, what is wrong with it.

    Parameters
    ----------
    forward : callable
        Returns ``(out, cache)``, where out is an array of floats, or a loss, which is one number.
    backward : callable
        Takes ``(dout, cache)`` and returns the gradients of all arguments of forward that are arrays of floats, in
        their order: an array if there is one such argument, else a tuple.
    arguments : tuple, or dict from str
        The arguments of forward, by position or by name; not changed. The first axis of the first array of floats is
        the batch. Other arguments, such as labels and settings, have no gradient. Leave out an argument called ``rng``:
        the check passes a generator that replays its draws, so a random function has the same mask in every evaluation.
    rng : numpy.random.Generator, int or None
        For the upstream gradient, the choice of entries in large arrays, and the forward function's own draws.
    tolerance : float
        The largest relative error that still counts as right.

    Returns
    -------
    Report
        ``report.ok`` says whether all is right, ``report.suspects`` what is probably wrong;
        ``print(report)`` shows both.

    Raises
    ------
    TypeError, ValueError
        If the arguments do not fit forward, if none of them is an array of floats, if one is not finite, if forward
        does not return (out, cache), or if backward does not return one gradient for each array of floats.

    See Also
    --------
    check_gradients : The same for a layer or a network.

    Examples
    --------
    >>> def affine_forward(x, w, b):
    ...     return x @ w + b, (x, w)
    >>> def affine_backward(dout, cache):
    ...     x, w = cache
    ...     return dout @ w.T, x.T @ dout, dout.sum(axis=1)
    >>> rng = np.random.default_rng(0)
    >>> arguments = rng.normal(size=(5, 4)), rng.normal(size=(4, 2)), np.ones(2)
    >>> report = check_functions(affine_forward, affine_backward, arguments, rng=0)
    >>> report.ok, report.suspects[0].code, report.suspects[0].tensor
    (False, 'summed_axis', 'b')
    """
    tolerance = check_positive("check_functions got tolerance", tolerance)
    given = named_arguments(forward, arguments)
    for name, array in given.items():
        if isinstance(array, np.ndarray) and array.dtype.kind == "f" and not is_finite(array):
            raise ValueError(f"{forward.__name__} got {name} with NaN or infinite entries; a check takes finite values")
    subject = Written(backward.__name__.replace("_backward", ""), Passes(forward, backward), given)
    rng = as_rng(rng)
    return report_on(subject, int(rng.integers(2**63)), rng, tolerance)


def named_arguments(forward: Callable[..., Any], arguments: Mapping[str, Any] | Sequence[Any]) -> dict[str, Any]:
    """Return the arguments by name, or raise an error unless forward takes them and one is an array of floats."""
    signature = inspect.signature(forward)
    words = f"{forward.__name__}{signature}"
    try:
        given = (
            signature.bind_partial(**arguments)
            if isinstance(arguments, Mapping)
            else signature.bind_partial(*arguments)
        )
    except TypeError as error:
        raise TypeError(f"{words} does not take these arguments: {error}") from None
    given.arguments.pop("rng", None)
    missing = [
        name
        for name, parameter in signature.parameters.items()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        and name not in (*given.arguments, "rng")
    ]
    if missing:
        raise TypeError(f"{words} got no {' and no '.join(missing)}")
    check_arrays(forward.__name__, **given.arguments)
    for key, value in given.arguments.items():
        if get_array_module(value) is not np:
            raise TypeError(
                f"{forward.__name__} got {key} on {device_of(value)}; functions are checked on arrays of NumPy, "
                "see tinygan.backend.to_host"
            )
    if not any(True for _ in leaves(given.arguments)):
        kinds = ", ".join(f"{key} is {_kind(value)}" for key, value in given.arguments.items())
        kinds = kinds or "there are no arguments"
        raise TypeError(f"{forward.__name__} got no array of floats, so nothing has a gradient: {kinds}")
    # two arguments may be one array, and each has a gradient of its own
    return {key: value.copy() if isinstance(value, np.ndarray) else value for key, value in given.arguments.items()}


def _kind(value: Any) -> str:
    return f"an array of {value.dtype}" if isinstance(value, np.ndarray) else f"of type {type(value).__name__}"
