"""Constraints: limits on the values of a parameter, which an optimiser applies after every step."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

from tinygan.arguments import check_positive
from tinygan.backend import get_array_module
from tinygan.layers import Parameter

# Changes the values of a parameter in place where they are not allowed.
Constraint: TypeAlias = Callable[[Parameter], None]


def column_norms(longest: float) -> Constraint:
    """Return a constraint on the L2 norm of each unit's incoming weights: larger norms are scaled down to ``longest``.

    The `unit_axis` of a weight tells which weights come in to which unit. Biases are left alone.

    Parameters
    ----------
    longest : float
        More than 0; the paper's nets for the Toronto Face Database allow 1.9365.

    Raises
    ------
    TypeError, ValueError
        If it is not a finite number > 0.

    Examples
    --------
    >>> import numpy as np
    >>> weight = Parameter(np.array([[3.0, 0.1], [4.0, 0.0]]))
    >>> column_norms(1.0)(weight)
    >>> weight.data
    array([[0.6, 0.1],
           [0.8, 0. ]])
    """
    _check_called("column_norms(2.0)", longest)
    return partial(_limit_column_norms, longest=check_positive("column_norms got longest", longest))


def clipping(bound: float) -> Constraint:
    """Return a constraint that moves every value into [-bound, bound], which keeps a critic's slope bounded.

    Parameters
    ----------
    bound : float
        More than 0; the Wasserstein GAN uses 0.01.

    Raises
    ------
    TypeError, ValueError
        If it is not a finite number > 0.

    References
    ----------
    Arjovsky, Chintala and Bottou 2017, Wasserstein GAN, algorithm 1, arXiv:1701.07875.

    Examples
    --------
    >>> import numpy as np
    >>> theta = Parameter(np.array([-1.0, 0.001]))
    >>> clipping(0.01)(theta)
    >>> theta.data
    array([-0.01 ,  0.001])
    """
    _check_called("clipping(0.01)", bound)
    return partial(_clip, bound=check_positive("clipping got bound", bound))


def _check_called(example: str, argument: Any) -> None:
    """Raise if an optimiser got the maker of a constraint where it wants the constraint."""
    if isinstance(argument, Parameter):
        raise TypeError(f"the constraint was not made yet; did you mean constraint={example}?")


def _limit_column_norms(theta: Parameter, longest: float) -> None:
    weight = theta.data
    if weight.ndim < 2 or theta.unit_axis is None:  # a bias has no incoming weights
        return
    xp = get_array_module(weight)
    incoming = tuple(axis for axis in range(weight.ndim) if axis != theta.unit_axis % weight.ndim)
    norms = xp.sqrt((weight * weight).sum(axis=incoming, keepdims=True))
    weight *= longest / xp.maximum(norms, longest)


def _clip(theta: Parameter, bound: float) -> None:
    get_array_module(theta.data).clip(theta.data, -bound, bound, out=theta.data)
