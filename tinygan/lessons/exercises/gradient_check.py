"""Lesson 5: central_difference, entry_by_entry, relative_error, kink_size, gradient_is_right."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygan.backend import Array, RngLike
from tinygan.gradcheck.gallery import GALLERY
from tinygan.gradcheck.gallery.bug import linear_arguments
from tinygan.layers import Dropout, Layer, Linear, Maxout, ReLU, Tanh
from tinygan.layers.elementwise import Elementwise
from tinygan.lessons.exercise import Answer, Exercise, Inputs


def _step(rng: np.random.Generator) -> float:
    """Return a step so large that each formula has an error of its own."""
    return float(rng.uniform(0.05, 0.1))


# 5.1


def _slope_inputs(rng: np.random.Generator) -> Inputs:
    a, b = rng.uniform(1, 2, size=2)
    return {"x": rng.normal(size=int(rng.integers(3, 9))), "h": _step(rng), "a": float(a), "b": float(b)}


def _run_at_x(function: Answer, inputs: Inputs) -> Any:
    a, b = inputs["a"], inputs["b"]
    return function(lambda x: a * np.sin(x) + b * x**3 + 1, inputs["x"], inputs["h"])


central_difference = Exercise(
    "central_difference",
    returns=["slope"],
    inputs=_slope_inputs,
    run=_run_at_x,
    hints=[
        "A slope is a rise over a run. Go one step to the right and one to the left: how far apart are the two points?",
        "The rise is f(x + h) - f(x - h), and the run is 2 h.",
        "(f(x + h) - f(x - h)) / (2 * h), with parentheses around 2 * h.",
    ],
)


@central_difference.answer
def _(f, x, h):
    return f(x + h) / (2 * h) - f(x - h) / (2 * h)


@central_difference.wrong(
    "That is the slope to the right of x alone. Its error falls as h, the error of the central difference as h^2: go "
    "one step to each side."
)
def one_sided(f, x, h):
    return (f(x + h) - f(x)) / h


@central_difference.wrong(
    "That is the slope to the left of x alone. Its error falls as h, the error of the central difference as h^2: go "
    "one step to each side."
)
def left_sided(f, x, h):
    return (f(x) - f(x - h)) / h


@central_difference.wrong("The result is twice too large: from x - h to x + h it is 2 h, not h.")
def divided_by_h(f, x, h):
    return (f(x + h) - f(x - h)) / h


@central_difference.wrong(
    "Python reads / 2 * h from left to right: it divides by 2 and then multiplies by h. Write / (2 * h)."
)
def parentheses_forgotten(f, x, h):
    return (f(x + h) - f(x - h)) / 2 * h


@central_difference.wrong("The sign is reversed: the rise is the value to the right less the value to the left.")
def turned(f, x, h):
    return (f(x - h) - f(x + h)) / (2 * h)


@central_difference.wrong("That is the rise alone. A slope is the rise over the run, which is 2 h.")
def rise_alone(f, x, h):
    return f(x + h) - f(x - h)


# 5.2


def _entries_inputs(rng: np.random.Generator) -> Inputs:
    m, n, k = (int(size) for size in rng.choice(np.arange(2, 6), 3, replace=False))
    return {"x": rng.uniform(0.5, 1, size=(m, n)), "h": _step(rng), "weight": rng.normal(size=(n, k))}


def _run_on_array(function: Answer, inputs: Inputs) -> Any:
    weight = inputs["weight"]

    def f(x: Array) -> float:
        return float(np.sin(x @ weight).sum() + np.sin(x.sum()))

    return function(_central, f, inputs["x"], inputs["h"])


def _central(f: Callable[[Any], Any], x: Any, h: float) -> Any:
    return (f(x + h) - f(x - h)) / (2 * h)


entry_by_entry = Exercise(
    "entry_by_entry",
    returns=["slopes"],
    inputs=_entries_inputs,
    run=_run_on_array,
    hints=[
        "rule wants a function of one number. Which number may change, and what must stay as it is?",
        "For each index of np.ndindex(x.shape), define g(t): copy x, add t to the entry at this index, and return f of "
        "the copy. The slope of g at 0 is the slope of f along this entry.",
        "Before the loop: slopes = np.empty_like(x). In it: def g(t): moved = x.copy(); moved[index] += t; return "
        "f(moved). Then slopes[index] = rule(g, 0.0, h).",
    ],
)


def _along_entries(rule, f, x, h, moved, start=lambda entry: 0.0):
    slopes = np.empty_like(x)
    for index in np.ndindex(x.shape):
        slopes[index] = rule(lambda t, index=index: f(moved(index, t)), start(x[index]), h)
    return slopes


def _with(x, index, value):
    moved = x.copy()
    moved[index] = value
    return moved


@entry_by_entry.answer
def _(rule, f, x, h):
    return _along_entries(rule, f, x, h, lambda index, t: _with(x, index, x[index] + t))


@entry_by_entry.wrong(
    "All entries move at once, so every number is the slope along all of them together. Move one entry, and leave the "
    "others where they are."
)
def all_at_once(rule, f, x, h):
    return _along_entries(rule, f, x, h, lambda index, t: x + t)


@entry_by_entry.wrong(
    "A whole row moves at once: x[i] is a row. An entry of x has two numbers as its index; np.ndindex(x.shape) gives "
    "both."
)
def row_at_once(rule, f, x, h):
    return _along_entries(rule, f, x, h, lambda index, t: _with(x, index[0], x[index[0]] + t))


@entry_by_entry.wrong(
    "The steps add up: the second call of g starts where the first has left the array. Each call needs a fresh copy of "
    "x, or has to put the entry back."
)
def steps_add_up(rule, f, x, h):
    moved = x.copy()

    def move(index, t):
        moved[index] += t
        return moved

    return _along_entries(rule, f, x, h, move)


@entry_by_entry.wrong(
    "The entry becomes t, where it should become x + t: those are slopes at another place. Add t to the entry, do not "
    "replace it."
)
def entry_replaced(rule, f, x, h):
    return _along_entries(rule, f, x, h, lambda index, t: _with(x, index, t))


@entry_by_entry.wrong(
    "g adds t to the entry, so it is at x where t is 0. The rule got x[index] as its starting point, and the entry is "
    "counted twice. Call rule(g, 0.0, h)."
)
def counted_twice(rule, f, x, h):
    return _along_entries(rule, f, x, h, lambda index, t: _with(x, index, x[index] + t), lambda entry: entry)


# 5.3


def _error_inputs(rng: np.random.Generator) -> Inputs:
    m, n = (int(size) for size in rng.choice(np.arange(3, 7), 2, replace=False))
    grad = rng.uniform(-1, 1, size=(m, n))
    numerical = grad + 0.01 * rng.normal(size=(m, n))
    grad[0, 0], numerical[0, 0] = -2 - rng.random(), -1.5  # the largest entry, and the largest difference
    grad[1, 1], numerical[1, 1] = 0, 1e-3  # an entry that is nearly 0
    size = 10.0 ** rng.uniform(-9, -8)  # as gradients of a generator may be, early in training
    return {"grad": size * grad, "numerical": size * numerical}


def _run_on_gradients(function: Answer, inputs: Inputs) -> Any:
    grad, numerical = inputs["grad"], inputs["numerical"]
    nothing = np.zeros_like(grad)
    return function(grad, numerical), function(numerical, grad), function(nothing, nothing)


relative_error = Exercise(
    "relative_error",
    returns=["error", "error with the two swapped", "error of two arrays of zeros"],
    inputs=_error_inputs,
    run=_run_on_gradients,
    hints=[
        "Two gradients differ by 0.001. Is that much? What do you have to know to answer?",
        "Take the largest absolute difference, and divide it by the largest absolute entry of the two arrays. If "
        "both are 0 everywhere, so is the difference: the error is 0.",
        "largest = max(np.abs(grad).max(), np.abs(numerical).max()); return np.abs(grad - numerical).max() / largest "
        "if largest > 0 else 0.0.",
    ],
)


def _over(difference, size):
    return difference / size if size > 0 else 0.0


def _largest(*arrays):
    return max(np.abs(array).max() for array in arrays)


@relative_error.answer
def _(grad, numerical):
    return _over(_largest(grad - numerical), _largest(grad, numerical))


@relative_error.wrong(
    "That is the absolute error. The gradients here are as small as 1e-9, so any two of them look alike, and gradients "
    "of size 1e9 never will. Divide by the largest entry."
)
def absolute(grad, numerical):
    return _largest(grad - numerical)


@relative_error.wrong(
    "The sign of the difference counts here: an entry that is much too small goes by unseen. Take the absolute value "
    "before the max."
)
def signed(grad, numerical):
    return _over((grad - numerical).max(), _largest(grad, numerical))


@relative_error.wrong(
    "Each entry is divided by its own size, as a well-known course has it. Then an entry that should be 0 and is 1e-17 "
    "counts as wholly wrong, and it is only rounding. Divide the largest difference by the largest entry."
)
def each_by_its_own(grad, numerical):
    size = np.maximum(np.abs(grad), np.abs(numerical))
    return (np.abs(grad - numerical) / np.where(size > 0, size, 1)).max()


@relative_error.wrong(
    "A small constant stands in the denominator against division by 0, and these gradients are smaller than it. So the "
    "error looks small, whatever it is. Ask whether the largest entry is 0 instead."
)
def constant_below(grad, numerical):
    return _largest(grad - numerical) / (_largest(grad, numerical) + 1e-8)


@relative_error.wrong(
    "Only numerical is asked for its size, so the error changes when the two are swapped. And if numerical is 0 "
    "everywhere, there is nothing to divide by. Take the largest entry of both."
)
def size_of_numerical(grad, numerical):
    return _over(_largest(grad - numerical), _largest(numerical))


@relative_error.wrong(
    "Only grad is asked for its size, so the error changes when the two are swapped. And if grad is 0 everywhere, "
    "there is nothing to divide by. Take the largest entry of both."
)
def size_of_grad(grad, numerical):
    return _over(_largest(grad - numerical), _largest(grad))


@relative_error.wrong(
    "That is the mean of the differences, and one wrong entry among a million right ones would be lost in it. Take the "
    "largest."
)
def mean_difference(grad, numerical):
    return _over(np.abs(grad - numerical).mean(), _largest(grad, numerical))


@relative_error.wrong(
    "That compares lengths, |a - b| / (|a| + |b|), as another course has it. One wrong entry among a million right "
    "ones would be lost in it. Take the largest difference over the largest entry."
)
def ratio_of_lengths(grad, numerical):
    return _over(np.linalg.norm(grad - numerical), np.linalg.norm(grad) + np.linalg.norm(numerical))


# 5.4


def _kink_inputs(rng: np.random.Generator) -> Inputs:
    inputs = _slope_inputs(rng)
    x = inputs["x"]
    x += np.sign(x) / 2
    x[::2] = 0  # where the kinks are
    return {**inputs, "c": float(rng.uniform(0, 1))}


def _run_at_kinks(function: Answer, inputs: Inputs) -> Any:
    a, b, c = inputs["a"], inputs["b"], inputs["c"]
    return function(lambda x: a * np.abs(x) + b * np.cos(x + c) + 1, inputs["x"], inputs["h"])


kink_size = Exercise(
    "kink_size",
    returns=["size"],
    inputs=_kink_inputs,
    run=_run_at_kinks,
    hints=[
        "Write gap(h) as a line of code first. At a smooth place, what happens to it when h is doubled? And at a kink?",
        "gap(h) = s + h f''(x), so gap(2 h) = s + 2 h f''(x). Two equations, and you know both left sides: which "
        "combination leaves s alone?",
        "def gap(step): return (f(x + step) - 2 * f(x) + f(x - step)) / step. Then return 2 * gap(h) - gap(2 * h).",
    ],
)


def _gap(f, x, h):
    return (f(x + h) - 2 * f(x) + f(x - h)) / h


@kink_size.answer
def _(f, x, h):
    right, left = ([(f(x + sign * k * h) - f(x)) / (sign * k * h) for k in (1, 2)] for sign in (1, -1))
    return 2 * (right[0] - left[0]) - (right[1] - left[1])


@kink_size.wrong(
    "That is gap(h) by itself, and any curve has one: it holds h f''(x) as well. Use gap(2 h) to get rid of it."
)
def gap_alone(f, x, h):
    return _gap(f, x, h)


@kink_size.wrong(
    "That is the second derivative. At a kink it grows without end as h shrinks, and what you want is a number that "
    "stays: the gap between two slopes, so divide by the step once."
)
def second_derivative(f, x, h):
    return _gap(f, x, h) / h


@kink_size.wrong(
    "gap(h) - gap(2 h) loses s and keeps the curvature, as s stands in both. Twice the first less the second keeps s."
)
def kink_cancelled(f, x, h):
    return _gap(f, x, h) - _gap(f, x, 2 * h)


@kink_size.wrong(
    "The two gaps have changed places: 2 gap(2 h) - gap(h) is s + 3 h f''(x). The smaller step gets the factor 2."
)
def gaps_swapped(f, x, h):
    return 2 * _gap(f, x, 2 * h) - _gap(f, x, h)


@kink_size.wrong("The sign is reversed: the gap is the slope to the right less the slope to the left.")
def left_minus_right(f, x, h):
    return _gap(f, x, 2 * h) - 2 * _gap(f, x, h)


@kink_size.wrong(
    "That is the slope itself, the mean of right and left. It looks the same at a kink: take their difference."
)
def mean_of_the_slopes(f, x, h):
    return _central(f, x, h)


# 5.5

RIGHT = "right, "


class Sine(Elementwise):
    """A right layer that the library does not have."""

    def forward(self, x: Array, *, rng: RngLike = None) -> tuple[Array, Any]:
        """Return the sine of x, and x as the cache."""
        return np.sin(x), x

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return grad_y times the cosine of x."""
        return grad_y * np.cos(cache)


class SlopeAlone(Tanh):
    """A tanh that forgets grad_y on the way back, and gives itself the name of the library's."""

    __module__, __qualname__ = Tanh.__module__, Tanh.__qualname__

    def backward_input(self, grad_y: Array, cache: Any) -> Array:
        """Return the slope."""
        y = cache
        return 1 - y * y


def subjects(x: Array) -> dict[str, tuple[Layer, Array]]:
    """Return bugs and right layers by name, each with the x at which it is checked."""

    def small(shape: tuple[int, int], rng: np.random.Generator, dtype: Any) -> Array:
        return 1e-10 * rng.normal(size=shape)

    def large(shape: tuple[int, int], rng: np.random.Generator, dtype: Any) -> Array:
        return 3e5 * rng.normal(size=shape)

    at_zero, tied = x.copy(), x.copy()
    at_zero[0] = 0
    tied[0, 2:] = tied[0, :2]
    caught = ("forgotten_transpose", "turned_tanh", "open_gate", "redrawn_mask", "unscaled_mask", "other_order",
              "forgotten_skip", "half_digits")  # fmt: skip
    transpose, gate = GALLERY["forgotten_transpose"], GALLERY["open_gate"]
    return {
        **{name: (GALLERY[name].build(), x) for name in caught},
        "forgotten_transpose with weights of 1e-10": (transpose.wrong(4, 4, weight_init=small, rng=0, dtype=float), x),
        "open_gate at 0": (gate.build(), at_zero),
        "tanh without grad_y": (SlopeAlone(), x),
        RIGHT + "Linear": (Linear(**linear_arguments(4, 3)), x),
        RIGHT + "Linear with weights of 3e5": (Linear(4, 3, weight_init=large, rng=0, dtype=np.float64), x),
        RIGHT + "Tanh": (Tanh(), x),
        RIGHT + "a sine": (Sine(), x),
        RIGHT + "ReLU at 0": (ReLU(), at_zero),
        RIGHT + "Maxout at a tie": (Maxout(2), tied),
        RIGHT + "Dropout": (Dropout(0.3), x),
    }


def _checked_inputs(rng: np.random.Generator) -> Inputs:
    x = rng.normal(size=(2, 4))
    x += np.sign(x) / 10
    x[1, 0], x[1, 1] = np.abs(x[1, 0]), -np.abs(x[1, 1])  # both sides, whatever the others are
    x[0, 2] = np.abs(x[0, 0]) + 1  # the second piece wins, so that their order shows
    return {"x": x}


def _run_on_layers(function: Answer, inputs: Inputs) -> Any:
    return tuple(function(layer, x) for layer, x in subjects(inputs["x"]).values())


gradient_is_right = Exercise(
    "gradient_is_right",
    returns=list(subjects(np.ones((2, 4)))),
    inputs=_checked_inputs,
    run=_run_on_layers,
    allowed=("tinygan.layers", "tinygan.gradcheck.gallery."),
    hints=[
        "The layer gives an array y, and your functions want a loss, one number. Which loss has the gradient grad_y?",
        "L(x) = sum of grad_y * y has it, for any grad_y that you draw. Compare layer.backward_input(grad_y, cache) "
        "with the numerical gradient of L. Leave out entries at which kink_size is not nearly 0.",
        "numerical = entry_by_entry(central_difference, loss, x, 1e-5); kinks = entry_by_entry(kink_size, loss, x, "
        "1e-5); smooth = np.abs(kinks) <= 1e-6 * np.abs(numerical).max(); return relative_error(grad_x[smooth], "
        "numerical[smooth]) < 1e-6.",
    ],
)


@gradient_is_right.answer
def _(layer, x):
    return type(layer) in (Dropout, Linear, Maxout, ReLU, Sine, Tanh)  # the right ones; all others are bugs


def _gradients(layer, x, *, rule=_central, ones=False, same_mask=True):
    """Return grad_x, the numerical gradient, and where there is no kink; most wrong answers share them."""
    key = type(layer), x.tobytes(), *(theta.data.tobytes() for theta in layer.parameters), rule, ones, same_mask
    found = _FOUND.get(key)
    if found is None:
        if len(_FOUND) > 1000:
            _FOUND.clear()
        found = _FOUND[key] = _compared(layer, x, rule, ones, 0 if same_mask else np.random.default_rng(0))
    return found


_FOUND: dict[Any, tuple[Array, Array, Array]] = {}


def _compared(layer, x, rule, ones, rng):
    y, cache = layer.forward(x, rng=rng)
    grad_y = np.ones_like(y) if ones else np.random.default_rng(1).normal(size=y.shape)
    grad_x = layer.backward_input(grad_y, cache)

    def loss(x):
        return np.sum(grad_y * layer.forward(x, rng=rng)[0])

    numerical, kinks = (entry_by_entry.right_answer(rule, loss, x, 1e-5) for rule in (rule, kink_size.right_answer))
    return grad_x, numerical, np.abs(kinks) <= 1e-6 * np.abs(numerical).max()


def _error(grad_x, numerical, smooth):
    return relative_error.right_answer(grad_x[smooth], numerical[smooth])


@gradient_is_right.wrong("This checker accepts every layer. Accept one only if the relative error is below 1e-6.")
def accepts_all(layer, x):
    return True


@gradient_is_right.wrong(
    "This checker accuses everybody, right layers as well. Either < is reversed, or the tolerance lies below the "
    "noise of a numerical gradient, or the step is so small that nothing but rounding is left."
)
def accuses_all(layer, x):
    return False


@gradient_is_right.wrong(
    "Right layers are accused where they have a kink: ReLU at 0, and maxout at a tie. There the central difference is "
    "the mean of two slopes. Leave out entries whose kink_size is not nearly 0."
)
def no_kink_test(layer, x):
    grad_x, numerical, _ = _gradients(layer, x)
    return relative_error.right_answer(grad_x, numerical) < 1e-6


@gradient_is_right.wrong(
    "A layer goes free as soon as one entry has a kink. Leave out that entry, and look at the others."
)
def kink_acquits(layer, x):
    grad_x, numerical, smooth = _gradients(layer, x)
    return not smooth.all() or relative_error.right_answer(grad_x, numerical) < 1e-6


@gradient_is_right.wrong(
    "The error is not divided by the size of the gradient. So a wrong layer with small weights goes free, and a right "
    "one with large weights is accused. np.allclose is no cure: to it all numbers below 1e-8 are alike. Use "
    "relative_error."
)
def absolute_error(layer, x):
    grad_x, numerical, smooth = _gradients(layer, x)
    return _largest((grad_x - numerical)[smooth]) < 1e-6


@gradient_is_right.wrong(
    "Dropout is accused: it has another mask in each evaluation, so the loss jumps. Give every forward pass the same "
    "seed, as in layer.forward(x, rng=0)."
)
def another_mask(layer, x):
    grad_x, numerical, smooth = _gradients(layer, x, same_mask=False)
    return bool(smooth.any()) and _error(grad_x, numerical, smooth) < 1e-6


@gradient_is_right.wrong(
    "The tanh without grad_y goes free. Where grad_y is 1 everywhere, a layer that forgets it looks right: draw grad_y "
    "at random."
)
def ones_from_above(layer, x):
    return _error(*_gradients(layer, x, ones=True)) < 1e-6


@gradient_is_right.wrong(
    "The curved layers, tanh and sine, are accused: the numerical gradient is off by more than 1e-6. Either it is the "
    "slope to one side alone, which is off by h f''/2: use the central difference. Or it is the central difference, "
    "which is off by a term in h^2, and your step is too large: take 1e-5."
)
def slope_to_one_side(layer, x):
    return _error(*_gradients(layer, x, rule=one_sided)) < 1e-6


@gradient_is_right.wrong(
    "half_digits goes free: it computes with three digits. A numerical gradient is right to about ten, so the "
    "tolerance may be as small as 1e-6."
)
def tolerance_too_large(layer, x):
    return _error(*_gradients(layer, x)) < 1e-2


@gradient_is_right.wrong(
    "Only the lengths of the two gradients are compared. A turned sign and a swapped order leave the length as it is. "
    "Compare entry with entry."
)
def lengths_compared(layer, x):
    grad_x, numerical, smooth = _gradients(layer, x)
    one, other = np.linalg.norm(grad_x[smooth]), np.linalg.norm(numerical[smooth])
    return bool(abs(one - other) < 1e-6 * max(one, other))
