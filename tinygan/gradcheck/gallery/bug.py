"""One bug of the gallery: what is wrong, what it should have been, and where to check it."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinygan.backend import Array, as_rng
from tinygan.layers import Layer


@dataclass(frozen=True)
class Bug:
    """A wrong backward pass or a wrong step of Algorithm 1.

    Attributes
    ----------
    name : str
        Its name in `GALLERY` and on the command line.
    code : str
        The right diagnosis.
    title : str
        What is wrong, in a few words.
    wrong, right : subclass of Layer, or step function
        The bug, and what it should have been. Both have the same arguments.
    arguments : dict
        Arguments of the constructor, for the check.
    shape : tuple of int
        Shape of the x at which a layer is checked.
    is_square : bool
        Whether the shapes fit only if n_in = n_out; otherwise NumPy would complain.
    follows : bool
        Whether the layer must follow a nonlinearity in a network, since it is not one itself.
    """

    name: str
    code: str
    title: str
    wrong: Any
    right: Any
    arguments: Mapping[str, Any] = field(default_factory=dict)
    shape: tuple[int, ...] = (5, 4)
    is_square: bool = False
    follows: bool = False

    @property
    def kind(self) -> str:
        """``"layer"`` or ``"step"``."""
        return "layer" if isinstance(self.wrong, type) else "step"

    @property
    def x(self) -> Array:
        """The input at which a layer is checked."""
        return as_rng(1).normal(size=self.shape)

    @property
    def story(self) -> str:
        """Who makes this mistake and why it goes unnoticed."""
        return inspect.getdoc(self.wrong) or ""

    @property
    def source(self) -> str:
        """The code of the bug, below the code of the right version if that is not in the library."""
        parts = [self.right, self.wrong] if self.right.__module__ == self.wrong.__module__ else [self.wrong]
        return "\n\n".join(inspect.getsource(part) for part in parts)

    def build(self) -> Layer:
        """Return the wrong layer as it is checked."""
        layer: Layer = self.wrong(**self.arguments)
        return layer


def linear_arguments(n_in: int, n_out: int) -> dict[str, Any]:
    """Return the arguments of a Linear in float64, with weights of order 1.

    Examples
    --------
    >>> sorted(linear_arguments(4, 3))
    ['dtype', 'n_in', 'n_out', 'rng', 'weight_init']
    """
    return {"n_in": n_in, "n_out": n_out, "weight_init": lambda shape, rng, dtype: rng.normal(size=shape), "rng": 0,
            "dtype": np.float64}  # fmt: skip
