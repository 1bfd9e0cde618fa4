"""Steps of Algorithm 1 as subjects: y is each example's share of the objective, and the gradient is the update."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from tinygan.adversarial.objectives import Objective, given_objective
from tinygan.backend import Array, as_rng, to_host
from tinygan.gradcheck.subjects.place import Place
from tinygan.gradcheck.subjects.subject import Subject, location
from tinygan.layers import Dropout, Layer, named_layers
from tinygan.optim import Optimizer


class Applied(Optimizer):
    """Gradient descent with learning rate 1, which leaves parameters without a gradient as they are."""

    def step(self) -> None:
        """Subtract each gradient from its parameter, and drop it."""
        for i, theta in enumerate(self.parameters):
            if theta.grad is not None:
                self.update(i, theta.data, theta.grad)
                theta.grad = None

    def update(self, i: int, data: Array, grad: Array) -> None:
        """Subtract the gradient."""
        data -= grad


class PlayedStep(Subject):
    """A step function with the players, their device, and the batch for its run.

    Attributes
    ----------
    touched : list of str
        What the last run changed but should not have changed.
    loss : float or None
        The loss that the last run returned, if it is one number.
    """

    numbers: Mapping[str, float] = {}
    takes_grad_y = False
    player: str

    def __init__(
        self, step: Callable[..., Any], objective: Objective, D: Layer, G: Layer, place: Place, **inputs: Array
    ) -> None:
        self.step, self.objective, self.D, self.G, self.place = step, objective, D, G, place
        self.name = getattr(step, "__name__", type(step).__name__)
        self.inputs = {name: array.astype(np.float64, order="C") for name, array in inputs.items()}
        self.parameters = {name: theta for name, theta in place.parameters.items() if name.startswith(self.player)}
        self.touched: list[str] = []
        self.loss: float | None = None

    @property
    def batches(self) -> list[str]:
        """All inputs, since x and z have one example a row."""
        return list(self.inputs)

    def where(self, tensor: str) -> str:
        """Return file and line of the step function."""
        return location(self.step)

    def backward(self, grad_y: Array, cache: Any) -> dict[str, Any]:
        """Run the step with the draws of the forward pass, and store what it applies as the gradients."""
        for name, gradient in self.apply(cache).items():
            self.parameters[name].grad = gradient
        return dict.fromkeys(self.inputs)

    def apply(self, seed: int, *, clear: bool = True) -> dict[str, Array]:
        """Return what the step subtracts from its player; afterwards, restore the parameters, but not the gradients."""
        inputs = {name: array.copy() for name, array in self.inputs.items()}
        everything = self.place.parameters
        data = {name: theta.data.copy() for name, theta in everything.items()}
        if clear:
            for theta in everything.values():
                theta.grad = None
        try:
            optimizer = Applied(tuple(self.place.learned[name] for name in self.parameters), 1.0)
            with self.place.lending(*inputs.values()) as arrays:
                step = given_objective(self.step, self.objective)
                loss = to_host(step(self.D, self.G, *arrays, optimizer, rng=as_rng(seed)))
            self.loss = float(loss) if np.size(loss) == 1 and np.asarray(loss).dtype.kind == "f" else None
            applied = {name: data[name] - theta.data for name, theta in self.parameters.items()}
            others = [name for name in data if name not in self.parameters]
            self.touched = [name for name in others if not np.array_equal(everything[name].data, data[name])]
            self.touched += [name for name in inputs if not np.array_equal(inputs[name], self.inputs[name])]
            return applied
        finally:
            for name, theta in everything.items():
                theta.data[...] = data[name]

    def replays(self, seed: int) -> bool:
        """Return whether the step draws the same numbers as `forward`, as far as the returned loss can tell."""
        self.apply(seed)
        y = self.y(seed)
        if np.array_equal(y, self.y(seed + 1)):
            return True  # nothing is drawn
        return self.loss is not None and bool(np.isclose(self.loss, y.sum(), rtol=1e-9))


class DiscriminatorStep(PlayedStep):
    """A step of D, checked against J_D, which is -V(D, G) of eq. (1) for the paper's objectives."""

    player = "D"

    def logits(self, seed: int) -> tuple[Array, Array]:
        """Return the logits of real and of fake examples; G draws first, then D for the real, then D for the fake."""
        rng = as_rng(seed)
        given = self.fresh()
        with self.place.lending(given["x"], given["z"]) as (x, z):
            x_fake, _ = self.G.forward(z, rng=rng)
            logits_real, _ = self.D.forward(x, rng=rng)
            logits_fake, _ = self.D.forward(x_fake, rng=rng)
            return to_host(logits_real), to_host(logits_fake)

    def forward(self, seed: int) -> tuple[Array, Any]:
        """Return the share of each pair of examples in J_D, and the seed."""
        logits_real, logits_fake = self.logits(seed)
        loss_real, loss_fake = self.objective.loss_real(logits_real)[0], self.objective.loss_fake(logits_fake)[0]
        return loss_real / len(loss_real) + loss_fake / len(loss_fake), seed


class GeneratorStep(PlayedStep):
    """A step of G, checked against J_G."""

    player = "G"

    def forward(self, seed: int) -> tuple[Array, Any]:
        """Return the share of each example in J_G, and the seed."""
        loss, _ = self.objective.loss_g(self.logits(seed))
        return loss / len(loss), seed

    def x_fake(self, seed: int) -> Array:
        """Return G(z)."""
        with self.place.lending(self.inputs["z"]) as (z,):
            x_fake: Array = to_host(self.G.forward(z, rng=as_rng(seed))[0])
        return x_fake

    def logits(self, seed: int) -> Array:
        """Return the logits of D(G(z))."""
        rng = as_rng(seed)
        with self.place.lending(self.fresh()["z"]) as (z,):
            x_fake, _ = self.G.forward(z, rng=rng)
            logits: Array = to_host(self.D.forward(x_fake, rng=rng)[0])
        return logits


@contextmanager
def dropout_off(*networks: Layer) -> Iterator[None]:
    """Set the rate of every dropout layer to 0, and restore it at the end."""
    found = [layer for network in networks for _, layer in named_layers(network) if isinstance(layer, Dropout)]
    rates = [layer.rate for layer in found]
    try:
        for layer in found:
            layer.rate = 0.0
        yield
    finally:
        for layer, rate in zip(found, rates, strict=True):
            layer.rate = rate


def example_noise(G: Layer, rng: np.random.Generator) -> Array:
    """Return noise of shape (5, latent_dim) for a G that begins with a Linear."""
    if (shape := G.input_shape()) is not None:
        return rng.normal(size=(5, *shape))
    raise ValueError("check_step got no z, and G does not begin with a Linear; it takes z of shape (m, latent_dim)")
