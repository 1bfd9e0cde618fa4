"""Numbers and words that arguments get by their names, alone or as keys of a dictionary."""

import inspect
import re
import sys
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any

import numpy as np

from tinygan.backend import Array

# Keys of windows: sizes, steps and margins. They bite in several ways, each by itself: windows that overlap, a stride
# and a margin, windows that are not square, sides that the stride does not divide.
KERNELS = (
    "kernel_size",
    "filter_size",
    "pool_size",
    "pool_height",
    "HH",
    "pool_h",
    "k",
    "f",
    "ksize",
    "window",
)
WIDTHS = ("pool_width", "pool_w", "WW")
STRIDES, MARGINS = ("stride", "strides", "s"), ("pad", "padding", "p_pad", "pad_size")
SIDES = ("kernel", "kernel_shape", "filter_shape", "pool_shape")
WINDOW_KEYS = frozenset((*KERNELS, *WIDTHS, *STRIDES, *MARGINS)) - {"k", "f", "s"}


def windows(height: int, width: int, stride: int, margin: int) -> dict[str, int]:
    """Return the settings of one kind of window."""
    return {
        **dict.fromkeys(KERNELS, height),
        **dict.fromkeys(WIDTHS, width),
        **dict.fromkeys(STRIDES, stride),
        **dict.fromkeys(MARGINS, margin),
    }


# There is always a margin, since x[pad:-pad] is empty without one, and everybody writes that.
WINDOWS = (windows(3, 3, 2, 1), windows(2, 3, 1, 1), windows(3, 3, 1, 2), windows(2, 2, 2, 1))


class Descent:
    """Gradient descent with a learning rate of 1, for layers that update themselves."""

    def update(self, w: Array, grad: Array) -> Array:
        """Return w after the step."""
        return w - grad


def slope(f: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """Return the derivative of tanh, whatever f is."""
    return lambda x: 1 - np.tanh(x) ** 2


SETTINGS: dict[str, Any] = {
    **dict.fromkeys(("rate", "p", "prob", "drop_rate", "drop_prob", "dropout", "dropout_rate", "keep_prob"), 0.3),
    **dict.fromkeys(("dropout_ratio", "ratio", "drop_ratio"), 0.3),
    **dict.fromkeys(("momentum", "slope", "negative_slope", "leak", "alpha", "decay"), 0.1),
    **dict.fromkeys(("eps", "epsilon"), 1e-5),
    **dict.fromkeys(("reg", "reg_strength", "lamb", "lambd", "lmbda", "l2", "weight_decay", "reg_lambda"), 0.1),
    **dict.fromkeys(("scale_factor", "gain", "temperature", "scale"), 1.5),
    **dict.fromkeys(("n_pieces", "num_pieces", "pieces"), 3),
    **dict.fromkeys(("n_groups", "num_groups", "groups", "G", "upscale_factor", "r"), 2),
    **dict.fromkeys(("num_heads", "n_heads", "heads"), 2),
    **dict.fromkeys(("training", "train", "train_flg", "is_training", "is_train", "trainable"), True),
    **dict.fromkeys(("debug", "verbose", "eval", "retain_derived"), False),
    "mode": "train",
    **dict.fromkeys(("optimizer", "opt"), Descent()),
    **{"start": 1, "stop": 3},
    "seed": 0,
    **WINDOWS[0],
}
# Whose functions are not read.
LIBRARIES = ("numpy", "scipy", *sys.stdlib_module_names)
# Arguments of a constructor that are functions.
FUNCTIONS = {
    **dict.fromkeys(("activation", "f", "func", "activation_function"), np.tanh),
    **dict.fromkeys(("activation_prime", "f_prime", "df", "activation_derivative", "activation_grad"), slope(np.tanh)),
}
# Arguments that are dictionaries of settings or of arrays.
DICTIONARY = re.compile(r"\w*_?(params?|parameters|hparam\w*|hyper\w*|config|cfg|options|opts|kwargs)", re.I)


def words_in(*functions: Callable[..., Any]) -> list[str]:
    """Return the string constants in functions and in the functions that they call, in their order.

    Examples
    --------
    >>> def pooled(x, pool_param):
    ...     return x[:: pool_param["stride"]]
    >>> words_in(pooled)
    ['stride']
    """
    found: dict[str, None] = {}
    seen: set[int] = set()

    def read(function: Any) -> None:
        code = getattr(inspect.unwrap(function), "__code__", None)
        if code is None or id(code) in seen:
            return
        seen.add(id(code))
        for inner in _codes(code):
            found.update((word, None) for word in _strings(inner.co_consts) if word.isidentifier())
            for name in inner.co_names:
                called = function.__globals__.get(name)
                if inspect.isfunction(called) and called.__module__.partition(".")[0] not in LIBRARIES:
                    read(called)

    for function in functions:
        read(function)
    return list(found)


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _strings(constants: tuple[Any, ...]) -> Iterator[str]:
    for constant in constants:
        if isinstance(constant, str):
            yield constant
        elif isinstance(constant, tuple):
            yield from _strings(constant)
