"""A mean and how far to trust it: every log-likelihood is reported with its standard error."""

import math

from tinygan.backend import Array, to_host


def mean_and_standard_error(values: Array) -> tuple[Array, Array]:
    """Return the mean over the first axis and its standard error: the standard deviation (``ddof=0``) / sqrt(n).

    Parameters
    ----------
    values : ndarray of shape (n, ...)
        Such as the log-densities of n test examples, in nats.

    Returns
    -------
    mean, standard_error : ndarray of shape (...)
        On the host, in the unit of the values.

    Examples
    --------
    >>> import numpy as np
    >>> mean, standard_error = mean_and_standard_error(np.array([1.0, 3.0, 1.0, 3.0]))
    >>> print(f"{mean} ± {standard_error}")
    2.0 ± 0.5
    """
    host = to_host(values)
    return host.mean(axis=0), host.std(axis=0) / math.sqrt(len(host))
