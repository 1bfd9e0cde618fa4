"""Arrays that fit together, by what the names of arguments say of them."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from tinygan.backend import Array

Shape: TypeAlias = tuple[int, ...]
Make: TypeAlias = Callable[[np.random.Generator], Any]

# What an argument is, by its name; the first pattern that fits counts.
ROLES = {
    "target": r"y|Y|t|ts|y_?true|y_real|labels?|targets?|actual|target_index|ground_truth|expected|true_labels",
    "mask": r"masks?|attn_mask",
    "prediction": r"y_?pred|y_?hat|predicted|pred|predictions?|probs?|probabilities|p|AL|Y_hat|output",
    "from_x": r"Wx\w*|W_x\w*|Wax|W_ih|Wxh|U",
    "from_h": r"Wh\w*|W_h\w*|Waa|Whh",
    "to_y": r"Wy\w*|Wya|W_?hy",
    "gate": r"W[fiogcu]|W_[fiogcu]",
    "to_y_bias": r"by|b_y",
    "attention": r"Wattn",
    "hidden": r"h|h0|c0|a0|h_?prev|prev_?h|c_?prev|prev_?c|a_prev|h_init|h_t|hidden|prev_hidden",
    "weight": r"[wW]\d?|weights?|weight_matrix|kernels?|filters?|theta",
    "bias": r"b\w?\d?|bias(es)?|b_\w",
    "scale": r"gamma|beta",
    "x": r"[xXzZaAQKV]\w?|[xX]_\w+|A_prev|A_slice_prev|[Ii]n(put_?\w*|p)?|data|dat|arr|features?|scores?|logits"
    r"|images?|hs\w*|idx|indices|contexts|query|key|value|values|batch\w*|xt|Xt",
}
PATTERNS = {role: re.compile(pattern) for role, pattern in ROLES.items()}


def role_of(name: str) -> str | None:
    """Return what an argument is, as far as its name says.

    Examples
    --------
    >>> role_of("W"), role_of("prev_h"), role_of("y_true"), role_of("stride")
    ('weight', 'hidden', 'target', None)
    """
    return next((role for role, pattern in PATTERNS.items() if pattern.fullmatch(name)), None)


def normal(*shape: int) -> Make:
    """Return a function that draws normal numbers."""
    return lambda rng: rng.normal(size=shape)


def integers(n: int, *shape: int) -> Make:
    """Return a function that draws integers below n."""
    return lambda rng: rng.integers(n, size=shape)


def one_hot(n: int, m: int) -> Make:
    """Return a function that draws m classes of n, one in each row, as floats."""
    return lambda rng: np.eye(n)[rng.integers(n, size=m)]


def shares(n: int, m: int) -> Make:
    """Return a function that draws m rows of n probabilities."""

    def draw(rng: np.random.Generator) -> Array:
        p = np.exp(rng.normal(size=(m, n)))
        return p / p.sum(axis=1, keepdims=True)

    return draw


def chances(*shape: int) -> Make:
    """Return a function that draws probabilities, each by itself."""
    return lambda rng: rng.uniform(0.1, 0.9, size=shape)


def coins(*shape: int) -> Make:
    """Return a function that draws zeros and ones, as floats."""
    return lambda rng: rng.integers(2, size=shape).astype(float)


def booleans(*shape: int) -> Make:
    """Return a function that draws truth values."""
    return lambda rng: rng.random(shape) < 0.7


@dataclass(frozen=True)
class Scene:
    """A setting in which every kind of argument has its shapes.

    Where possible, no two axes have the same length, so that a mix-up of axes shows.

    Attributes
    ----------
    name : str
        What the arrays are.
    width, out : int
        Sizes that a constructor gets: columns of x, and columns of y.
    makes : dict from str to sequence of Make
        For each role, the arrays to try, in this order.
    needs : str
        A role without which the scene makes no sense.
    """

    name: str
    width: int
    out: int
    makes: Mapping[str, Sequence[Make]] = field(default_factory=dict)
    needs: str = ""

    @property
    def axis(self) -> int:
        """The axis of the examples."""
        return 1 if "columns" in self.name else 0

    def draws(self, name: str, seed: int) -> Iterator[Any]:
        """Yield the arrays that an argument of this name may be."""
        for make in self.makes.get(role_of(name) or "", ()):
            yield make(np.random.default_rng([seed, *name.encode()]))


# One step, or three, of which the first and the last differ from the middle one.
STEPS: tuple[tuple[str, Shape], ...] = (("a step in time", ()), ("steps in time", (3,)))


def recurrent(name: str, steps: Shape, gates: int) -> Scene:
    """Return the arrays of a recurrent layer of 2 units, whose gates lie side by side."""
    makes = {
        "x": [normal(5, *steps, 4)],
        "hidden": [normal(5, 2), normal(5, *steps, 4)],
        "from_x": [normal(4, 2 * gates)],
        "from_h": [normal(2, 2 * gates)],
        "bias": [normal(2 * gates)],
        "attention": [normal(2, 2 * gates)],
        "weight": [normal(4, 2)],
        "scale": [normal(4)],
    }
    if steps:
        makes |= {
            "target": [integers(2, 5, *steps)],
            "mask": [booleans(5, *steps)],
            "prediction": [normal(5, *steps, 4)],
        }
    return Scene(f"{name}, {gates} gates" if gates > 1 else name, 4, 2, makes)


def recurrent_columns(name: str, steps: Shape) -> Scene:
    """Return the arrays of a recurrent layer of 2 units, with one example a column."""
    makes = {
        "x": [normal(4, 5, *steps)],
        "hidden": [normal(2, 5)],
        "from_x": [normal(2, 4)],
        "from_h": [normal(2, 2)],
        "gate": [normal(2, 6)],
        "to_y": [normal(3, 2)],
        "to_y_bias": [normal(3, 1)],
        "bias": [normal(2, 1)],
    }
    return Scene(f"{name}, examples in columns", 4, 2, makes)


SCENES = (
    Scene(
        "rows to flatten",
        6,
        4,
        {
            "x": [normal(5, 2, 3)],
            "weight": [normal(6, 4)],
            "bias": [normal(4)],
            "scale": [normal(4)],
            "target": [integers(4, 5)],
        },
        needs="weight",
    ),
    Scene(
        "rows of examples",
        4,
        3,
        {
            "x": [normal(5, 4)],
            "weight": [normal(4, 3)],
            "bias": [normal(3), normal(1, 3)],
            "scale": [normal(4), normal(1, 4)],
            "prediction": [shares(4, 5)],
            "target": [integers(3, 5), one_hot(4, 5), normal(5, 4)],
            "mask": [coins(5, 4), coins(5)],
        },
    ),
    Scene(
        "chances",
        1,
        3,
        {
            "x": [normal(5), normal(5, 1)],
            "prediction": [chances(5, 1), chances(5)],
            "target": [coins(5, 1), coins(5)],
            "hidden": [normal(5, 3)],
            "weight": [normal(7, 3)],
        },
    ),
    Scene(
        "columns of examples",
        4,
        3,
        {
            "x": [normal(4, 5)],
            "weight": [normal(3, 4)],
            "bias": [normal(3, 1)],
            "scale": [normal(4, 1)],
            "prediction": [
                chances(1, 5),
            ],
            "target": [coins(1, 5)],
        },
    ),
    Scene(
        "images",
        4,
        3,
        {
            "x": [normal(2, 4, 5, 7)],
            "weight": [normal(3, 4, 3, 3)],
            "bias": [normal(3)],
            "scale": [normal(4), normal(3), normal(1, 4, 1, 1)],
        },
    ),
    Scene(
        "images of other sides",
        4,
        2,
        {
            "x": [normal(2, 4, 6, 5)],
            "weight": [normal(2, 4, 2, 2)],
            "bias": [normal(2)],
            "scale": [normal(4), normal(2), normal(1, 4, 1, 1)],
        },
    ),
    Scene(
        "square images",
        4,
        2,
        {
            "x": [normal(2, 4, 6, 6)],
            "weight": [normal(2, 4, 3, 3)],
            "bias": [normal(2)],
            "scale": [normal(4), normal(1, 4, 1, 1)],
        },
    ),
    Scene(
        "images with the channels last",
        3,
        4,
        {
            "x": [normal(2, 5, 7, 3)],
            "weight": [normal(3, 3, 3, 4)],
            "bias": [normal(1, 1, 1, 4), normal(4)],
            "scale": [normal(3)],
        },
    ),
    *(recurrent(name, shape, gates) for gates in (1, 4, 3) for name, shape in STEPS),
    *(recurrent_columns(name, shape) for name, shape in STEPS),
    Scene(
        "words",
        7,
        4,
        {
            "x": [integers(7, 5, 6), integers(7, 5)],
            "weight": [normal(7, 4)],
            "hidden": [normal(5, 4)],
            "target": [integers(7, 5)],
        },
    ),
    Scene(
        "encoder states",
        4,
        3,
        {"x": [normal(5, 6, 4), normal(5, 6)], "hidden": [normal(5, 4)], "target": [integers(2, 5, 6)]},
    ),
    Scene(
        "one example",
        4,
        3,
        {
            "x": [normal(1, 4)],
            "weight": [normal(4, 3)],
            "bias": [normal(1, 3)],
            "prediction": [chances(1, 4), chances(4)],
            "target": [coins(1, 4), coins(4)],
        },
    ),
    Scene("one image", 3, 4, {"x": [normal(7, 9, 3), normal(3, 7, 9)]}),
)
