"""Complex-step differentiation, which loses no digits to a subtraction, if the function takes complex numbers."""

import warnings

import numpy as np

from tinygan.backend import Array
from tinygan.gradcheck.numerical import Numerical
from tinygan.gradcheck.subjects.subject import Subject

# The step h is so small that h² vanishes beside any number; no subtraction sets a lower limit.
STEP = 1e-30


def refined(subject: Subject, name: str, grad_y: Array, numerical: Numerical, entries: Array, seed: int) -> Numerical:
    """Return the numerical derivatives, some of them replaced by more precise ones from a complex step.

    Notes
    -----
    y(theta + ih) = y + ih y' - h² y'' / 2 - ..., so y' is the imaginary part divided by h. No difference of two nearly
    equal numbers is needed. abs, maximum and softplus take complex numbers too, but are silently wrong there: abs
    returns a modulus, and maximum compares real parts. So a complex step never decides anything. It replaces a central
    difference only if it lies within the noise of that difference, and the noise stays as it is. Forward passes that
    refuse complex numbers, such as all of ours, keep the central differences.

    References
    ----------
    Squire and Trapp 1998, Using complex variables to estimate derivatives of real functions.

    Examples
    --------
    >>> from tinygan.gradcheck.numerical import numerical_gradient
    >>> from tinygan.gradcheck.subjects.subject import LayerSubject
    >>> from tinygan.layers import Layer
    >>> class Cube(Layer):
    ...     def forward(self, x, *, rng=None):
    ...         return x**3, x
    ...     def backward_input(self, grad_y, cache):
    ...         return 3 * cache**2 * grad_y
    >>> subject = LayerSubject(Cube(), np.full((1, 1), 1.1))
    >>> central = numerical_gradient(lambda: subject.y(0), np.ones((1, 1)), subject.inputs["x"], np.arange(1))
    >>> better = refined(subject, "x", np.ones((1, 1)), central, np.arange(1), 0)
    >>> bool(abs(central.gradient - 3.63) > 1e-12), bool(abs(better.gradient - 3.63) < 1e-15)
    (True, True)
    """
    shares = _by_complex_step(subject, name, grad_y, entries, seed)
    if shares is None:
        return numerical
    with np.errstate(invalid="ignore"):
        agrees = np.abs(shares.sum(axis=0) - numerical.gradient) <= numerical.noise
    agrees &= np.isfinite(numerical.noise) & ~numerical.at_kink
    return numerical._replace(by_example=np.where(agrees, shares, numerical.by_example))


def _by_complex_step(subject: Subject, name: str, grad_y: Array, entries: Array, seed: int) -> Array | None:
    """Return each example's share of the derivatives, shape (m, n_entries), or None if forward takes no complex x."""
    kept = subject.tensors[name]
    moved = kept.astype(np.complex128)
    flat = moved.reshape(-1)
    shares = np.empty((len(grad_y), len(entries)))
    try:
        _put(subject, name, moved)
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # such as NumPy's about a dropped imaginary part
            for i, entry in enumerate(entries):
                flat[entry] = complex(kept.reshape(-1)[entry], STEP)
                y, _ = subject.forward(seed)
                flat[entry] = kept.reshape(-1)[entry]
                if y.dtype != np.complex128 or y.shape != grad_y.shape:
                    return None
                shares[:, i] = (grad_y * y.imag).reshape(len(grad_y), -1).sum(axis=1) / STEP
        return shares
    except (TypeError, ValueError, AttributeError, ArithmeticError, Warning):
        return None
    finally:
        _put(subject, name, kept)


def _put(subject: Subject, name: str, array: Array) -> None:
    if name in subject.inputs:
        subject.inputs[name] = array
    else:
        subject.parameters[name].data = array
