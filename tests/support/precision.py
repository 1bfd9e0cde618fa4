"""An independent, 60-digit reference to measure floating-point functions against."""

import decimal
from decimal import Decimal

import numpy as np

DIGITS = decimal.Context(prec=60, Emin=-999_999, Emax=999_999)


def exactly(function, x):
    """Return function(Decimal) for every entry of x."""
    with decimal.localcontext(DIGITS):
        return [function(Decimal(float(entry))) for entry in np.ravel(x)]


def worst_ulps(y, wanted):
    """Return the largest error of y against a list of Decimals, in units of the last place of y's precision.

    Below the normal range a unit is the smallest subnormal.
    """
    y = np.ravel(y)
    units = np.spacing(np.nextafter(np.array([float(value) for value in wanted], y.dtype), y.dtype.type(0)))
    with decimal.localcontext(DIGITS):
        return max(
            abs(Decimal(float(got)) - value) / abs(Decimal(float(unit)))
            for got, value, unit in zip(y, wanted, units, strict=True)
        )


def exp(x):
    return x.exp()


def log1p(x):
    """Return log(1 + x) for 0 <= x <= 1."""
    return x - x * x / 2 + x**3 / 3 if x < Decimal("1e-20") else (1 + x).ln()


def logistic(x):
    e = exp(-abs(x))
    return 1 / (1 + e) if x >= 0 else e / (1 + e)


def logistic_slope(x):
    e = exp(-abs(x))
    return e / (1 + e) ** 2


def log_one_plus_exp(x):
    return max(x, Decimal(0)) + log1p(exp(-abs(x)))


def whole_range(dtype):
    """Return a few thousand floats of either sign, from the smallest subnormal to the largest number."""
    info = np.finfo(dtype)
    scales = np.logspace(np.log10(info.smallest_subnormal), np.log10(info.max) - 0.01, 600)
    middle = np.linspace(0, -np.log(float(info.smallest_subnormal)) + 5, 1500)
    edges = [0.0, info.smallest_subnormal, info.tiny, info.eps, 1.0, info.max]
    x = np.concatenate([scales.astype(np.float64), middle, edges]).astype(dtype)
    return np.concatenate([-x, x])
