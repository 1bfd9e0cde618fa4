"""Check a layer or a network, and if a network is wrong, the layers inside it one at a time."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np

from tinygan.arguments import check_positive
from tinygan.backend import Array, RngLike, as_rng, get_array_module, is_finite, to_device
from tinygan.gradcheck.comparison import report_on
from tinygan.gradcheck.report import Report
from tinygan.gradcheck.subjects.leaves import leaves
from tinygan.gradcheck.subjects.subject import LayerSubject, checked_result
from tinygan.gradcheck.suspect import Suspect
from tinygan.gradcheck.unregistered import with_unregistered
from tinygan.layers import Layer
from tinygan.layers.doors import check_input
from tinygan.layers.trace import watched


def check_gradients(layer: Layer, x: Array, *, rng: RngLike = None, tolerance: float = 1e-6) -> Report:
    """Return whether the backward pass of a layer or network is right at x, and if not, what is wrong with it.

    Parameters
    ----------
    layer : Layer
        A network is checked as a whole, and if that fails, one layer at a time. The check runs in float64: it replaces
        float32 parameters by float64 copies, and puts the old ones and their gradients back at the end.
    x : ndarray of shape (m, ...)
        The input at which to check; not changed. If the layer and x are on a GPU, the check runs its kernels there.
    rng : numpy.random.Generator, int or None
        For the upstream gradient, the choice of entries in large tensors, and the layer's own draws. The check replays
        these draws, so a random layer has the same mask in every evaluation.
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
        If x does not fit the layer or is on another device, if x or y is not finite, if forward does not return
        (y, cache), or if it returns another y when it is called again with the same x and the same state of rng.

    See Also
    --------
    check_functions : The same for a pair of functions.
    check_step : The same for a step of Algorithm 1.

    Notes
    -----
    The check compares the gradients of L = sum(grad_y y), with a random grad_y. A grad_y of ones would miss errors: if
    the outputs of a layer add up to a constant, such as those of a softmax, every gradient c 1 would pass.

    Examples
    --------
    >>> from tinygan.layers import Linear
    >>> report = check_gradients(Linear(3, 2, rng=0), np.ones((4, 3)), rng=0)
    >>> report.ok, report.suspects
    (True, [])
    >>> class Forgetful(Linear):
    ...     def backward_params(self, grad_y, cache):
    ...         self.weight.accumulate(cache.T @ grad_y / len(grad_y))
    ...         self.bias.accumulate(grad_y.sum(axis=0))
    >>> check_gradients(Forgetful(3, 2), np.ones((4, 3)), rng=0).suspects[0].code
    'extra_mean'
    """
    if not isinstance(layer, Layer):
        raise TypeError(f"check_gradients got a {type(layer).__name__}; it takes a Layer, for example Linear(4, 3)")
    check_positive("check_gradients got tolerance", tolerance)
    check_input(layer, x)
    if not is_finite(x):
        raise ValueError("check_gradients got x with NaN or infinite entries; it takes finite values")
    rng = as_rng(rng)
    subject = LayerSubject(layer, x)
    seed = int(rng.integers(2**63))
    pristine = deepcopy(layer)
    promoted = list(_promotion(layer, subject, x, seed))
    with subject.place.in_float64():
        report = report_on(subject, seed, rng, tolerance)
        report = with_unregistered(report, pristine, subject, seed, rng, tolerance)
        if not report.ok and layer.layers:
            x = to_device(subject.inputs["x"], subject.place.device)
            inside = list(_inside(layer, x, seed, rng, tolerance))
            report = replace(report, suspects=inside or report.suspects)
    return replace(report, suspects=[*report.suspects, *promoted])


def _inside(network: Layer, x: Array, seed: int, rng: np.random.Generator, tolerance: float) -> Iterator[Suspect]:
    """Check the layers of a network one at a time, each at its own input; inner layers come before outer ones."""
    with watched(network) as passes:
        network.forward(x, rng=as_rng(seed))
    wrong: list[str] = []
    for done in passes[:-1]:  # the last one is the network
        if any(name.startswith(f"{done.name}.") for name in wrong):
            continue
        subject = LayerSubject(done.layer, done.x)
        report = report_on(subject, seed, rng, tolerance)
        if not report.ok:
            wrong.append(done.name)
            for suspect in report.suspects:
                words = f"in layer {done.name}, {subject.name}, {suspect.message}"
                yield replace(suspect, tensor=f"{done.name}.{suspect.tensor}", message=words)


def _promotion(layer: Layer, subject: LayerSubject, x: Array, seed: int) -> Iterator[Suspect]:
    """Yield a suspect if float32 goes in and float64 comes out."""
    parameters = [theta.data for theta in subject.parameters.values()]
    parameters += [array for path, array in leaves(layer) if path[-1] == "data"]  # of those that are not listed, too
    if any(array.dtype != np.float32 for array in parameters):
        return
    with subject.place.no_gradients(), np.errstate(all="ignore"):  # only types matter here
        small = x.astype(np.float32)
        y, cache = checked_result(f"{subject.name}.forward", layer.forward(small, rng=as_rng(seed)))
        outputs: dict[str, Any] = {"y": y}
        if y.dtype == np.float32:
            outputs["the gradient of x"] = layer.backward_input(get_array_module(y).ones_like(y), cache)
    for name, array in outputs.items():
        if getattr(array, "dtype", np.float32) == np.float64:
            yield Suspect(
                "precision",
                "x",
                1.0,
                f"float32 goes in, and {name} is float64: what follows is computed in double precision, at twice the "
                "cost. A mask divided by a number, or a NumPy scalar of float64, does that. Cast it to x.dtype.",
                subject.where("x"),
            )
            return
