"""How the learning rate and the momentum change while a network learns."""


def exponential_decay(initial: float, factor: float, t: float, *, floor: float = 0.0) -> float:
    """Return initial factor^t, but not less than floor: a learning rate that falls.

    The released code of the paper uses factor 1 / 1.000004 and floor 1e-6.

    Parameters
    ----------
    initial : float
        The rate at t = 0.
    factor : float
        In (0, 1].
    t : float
        Time since the start, at least 0, in the unit that the factor is meant for, such as updates.
    floor : float
        The lowest rate.

    Raises
    ------
    ValueError
        If the factor is outside (0, 1] or t is negative.

    Examples
    --------
    >>> exponential_decay(0.1, 0.5, 2)
    0.025
    >>> exponential_decay(0.1, 0.5, 100, floor=1e-6)
    1e-06
    """
    if not 0 < factor <= 1:
        raise ValueError(f"exponential_decay got factor={factor!r}; it takes a number in (0, 1]")
    if not t >= 0:
        raise ValueError(f"exponential_decay got t={t!r}; it takes a number >= 0")
    return max(float(initial * factor**t), floor)


def linear_ramp(start: float, end: float, length: float, t: float) -> float:
    """Return start + (end - start) t / length, and end from t = length on.

    The momentum of the paper's released code in epoch t is ``linear_ramp(0.5, 0.7, 249, t)``.

    Parameters
    ----------
    start, end : float
        The values at t = 0 and at t = length.
    length : float
        How long the ramp is, in the unit of t; more than 0.
    t : float
        Time since the start, at least 0, such as epochs.

    Raises
    ------
    ValueError
        If length is not positive or t is negative.

    Examples
    --------
    >>> linear_ramp(0.5, 0.7, 249, 0), linear_ramp(0.5, 0.7, 249, 1000)
    (0.5, 0.7)
    """
    if not length > 0:
        raise ValueError(f"linear_ramp got length={length!r}; it takes a number > 0")
    if not t >= 0:
        raise ValueError(f"linear_ramp got t={t!r}; it takes a number >= 0")
    return start + (end - start) * min(t / length, 1.0)
