"""Draws any number of samples from a generator."""

from typing import Any

from tinygan.adversarial.prior import NoisePrior, check_prior
from tinygan.adversarial.training.doors import check_layers
from tinygan.arguments import check_count
from tinygan.backend import Array, RngLike, as_rng, device_of, is_finite, module_of
from tinygan.backend.threads import threads_for
from tinygan.layers import Layer, named_parameters
from tinygan.layers.contents import largest_weight


def generate(G: Layer, prior: NoisePrior, n: int, *, chunk: int = 1000, rng: RngLike = None) -> Array:
    """Return n samples of p_g: G(z) for z from the prior.

    Parameters
    ----------
    G : Layer
        The generator, in evaluation: without dropout.
    prior : NoisePrior
        p_z.
    n : int
        How many samples.
    chunk : int
        How many go through G at once; fewer need less memory for its hidden layers. Only rounding depends on it.
    rng : numpy.random.Generator, int or None
        For the noise.

    Returns
    -------
    ndarray of shape (n, ...)
        In the precision of G, and on its device.

    Raises
    ------
    TypeError, ValueError
        If G and the prior do not fit each other, or G returns NaN or infinity.

    Examples
    --------
    >>> from tinygan.layers import Linear
    >>> generate(Linear(3, 2, rng=0), NoisePrior("gaussian", 3), 5, rng=0).shape
    (5, 2)
    """
    n, chunk = check_count("generate got n", n), check_count("generate got chunk", chunk)
    check_layers(G=G)
    check_prior("generate", G, prior)
    rng, device = as_rng(rng), device_of(G)
    options: dict[str, Any] = {"dtype": G.parameters[0].data.dtype} if G.parameters else {}
    if device != "cpu":  # your own prior may take no device
        options["device"] = device
    for start in range(0, n, chunk):
        z = prior.sample(min(chunk, n - start), rng=rng, **options)
        with threads_for(len(z) * largest_weight(G)):
            x = G(z)
        if not is_finite(x):
            broken = [name for name, theta in named_parameters(G) if not is_finite(theta.data)]
            why = f"its {broken[0]} is not finite" if broken else "though all its parameters are finite"
            raise ValueError(f"generate got a G that returns NaN or infinity: {why}")
        if start == 0:
            samples = module_of(device).empty((n, *x.shape[1:]), x.dtype)
        samples[start : start + len(x)] = x
    return samples
