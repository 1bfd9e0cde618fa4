"""Lesson 4: maxout_forward, maxout_backward, dropout_forward, dropout_backward, discriminator_layer_backward."""

import numpy as np

from tinygan.gradcheck import Report, check_functions
from tinygan.layers import Dropout, Linear, Maxout, Sequential
from tinygan.lessons.exercise import Answer, Exercise, Inputs, sizes


def _pieces(x, n_pieces):
    """Return x as an array of shape (m, n_pieces, n_units)."""
    return x.reshape(len(x), n_pieces, -1)


# 4.1


def _maxout_inputs(rng: np.random.Generator) -> Inputs:
    m, n_units, n_pieces = sizes(rng, 3)
    return {"x": rng.normal(size=(m, n_pieces * n_units)), "n_pieces": n_pieces}


maxout_forward = Exercise(
    "maxout_forward",
    returns=["y"],
    inputs=_maxout_inputs,
    hints=[
        "Take n_pieces = 2 and n_units = 3, and write down the six columns of x. Which two of them compete for the "
        "first column of y?",
        "Piece p of unit u is column p * n_units + u, so the columns come piece by piece. Reshape x to three axes: "
        "examples, pieces, units.",
        "x.reshape(len(x), n_pieces, -1) has the shape (m, n_pieces, n_units). Take its max over axis 1.",
    ],
)


@maxout_forward.answer
def _(x, n_pieces):
    return Maxout(n_pieces)(x)


@maxout_forward.wrong(
    "The pieces of a unit are taken side by side. In this layout piece p of unit u is column p * n_units + u, so they "
    "lie n_units columns apart: the axis of the pieces comes before the axis of the units."
)
def neighbours_compete(x, n_pieces):
    return x.reshape(len(x), -1, n_pieces).max(axis=2)


@maxout_forward.wrong(
    "The max is taken over the units, so different units compete. The pieces of one unit do: that is the other axis."
)
def units_compete(x, n_pieces):
    return _pieces(x, n_pieces).max(axis=2)


@maxout_forward.wrong(
    "That says which piece is the largest, and y is how large it is: max, not argmax. The index is of use in backward."
)
def index_of_the_winner(x, n_pieces):
    return _pieces(x, n_pieces).argmax(axis=1)


@maxout_forward.wrong(
    "The pieces are added up. A sum of affine functions is an affine function, so the layer would bend nothing. Take "
    "the largest."
)
def sum_of_the_pieces(x, n_pieces):
    return _pieces(x, n_pieces).sum(axis=1)


@maxout_forward.wrong(
    "Signs are dropped before the pieces compete. The largest number wins, and -3 is smaller than 1: no abs."
)
def largest_in_size(x, n_pieces):
    return np.abs(_pieces(x, n_pieces)).max(axis=1)


# 4.2


def _tied_inputs(rng: np.random.Generator) -> Inputs:
    m, n_units, n_pieces = sizes(rng, 3)
    pieces = rng.normal(size=(m, n_pieces, n_units))
    pieces[0, 1:, 0] = pieces[0].max()  # a tie of at least two
    return {"grad_y": rng.normal(size=(m, n_units)), "x": pieces.reshape(m, -1), "n_pieces": n_pieces}


def _maxout_report(function: Answer) -> Report:
    x = np.random.default_rng(0).normal(size=(5, 6))
    return check_functions(
        lambda x: (_pieces(x, 3).max(axis=1), x), lambda grad_y, x: function(grad_y, x, 3), {"x": x}, rng=0
    )


maxout_backward = Exercise(
    "maxout_backward",
    returns=["grad_x"],
    inputs=_tied_inputs,
    diagnose=_maxout_report,
    hints=[
        "Move one losing piece a little. What does y do? Then move the winner.",
        "Take x apart as in forward, find the winner of each unit with argmax, and put grad_y where it is. All other "
        "entries are 0. argmax gives one winner, also on a tie.",
        "won = np.arange(n_pieces)[:, None] == winner[:, None] has the shape (m, n_pieces, n_units) and is True at one "
        "piece of each unit. Multiply by grad_y[:, None] and reshape to the shape of x.",
    ],
)


@maxout_backward.answer
def _(grad_y, x, n_pieces):
    layer = Maxout(n_pieces)
    return layer.backward_input(grad_y, layer.forward(x)[1])


def _won(x, n_pieces):
    """Return where a piece is the first of the largest, of shape (m, n_pieces, n_units)."""
    return np.arange(n_pieces)[:, None] == _pieces(x, n_pieces).argmax(axis=1)[:, None]


@maxout_backward.wrong(
    "On a tie every winner is paid in full. Move all tied pieces by h: y moves by h, not by twice as much, so together "
    "they may get grad_y once. `pieces == y` finds them all; argmax finds one."
)
def ties_paid_twice(grad_y, x, n_pieces):
    pieces = _pieces(x, n_pieces)
    return (grad_y[:, None] * (pieces == pieces.max(axis=1, keepdims=True))).reshape(x.shape)


@maxout_backward.wrong(
    "On a tie the winners share grad_y. Nothing is wrong with that, it adds up. But we agree that the first of the "
    "largest takes all, as argmax has it, so that answers can be compared."
)
def ties_shared(grad_y, x, n_pieces):
    largest = _pieces(x, n_pieces) == _pieces(x, n_pieces).max(axis=1, keepdims=True)
    return (grad_y[:, None] * largest / largest.sum(axis=1, keepdims=True)).reshape(x.shape)


@maxout_backward.wrong(
    "On a tie the last winner is paid. Nothing is wrong with that, it adds up. But we agree that the first of the "
    "largest takes all, as argmax has it, so that answers can be compared."
)
def last_of_a_tie(grad_y, x, n_pieces):
    won = _won(_pieces(x, n_pieces)[:, ::-1].reshape(x.shape), n_pieces)[:, ::-1]
    return (grad_y[:, None] * won).reshape(x.shape)


@maxout_backward.wrong(
    "The winners are right, and they are flattened in another order than x was taken apart: here the pieces of a unit "
    "come out side by side. Keep the axis of the pieces before the axis of the units. No reshape complains about this."
)
def flattened_in_other_order(grad_y, x, n_pieces):
    return (grad_y[:, None] * _won(x, n_pieces)).transpose(0, 2, 1).reshape(x.shape)


@maxout_backward.wrong(
    "The pieces of a unit are taken side by side. Piece p of unit u is column p * n_units + u: take x apart as forward "
    "does, with the pieces before the units."
)
def neighbours_paid(grad_y, x, n_pieces):
    pieces = x.reshape(len(x), -1, n_pieces)
    won = np.arange(n_pieces) == pieces.argmax(axis=2)[:, :, None]
    return (grad_y[:, :, None] * won).reshape(x.shape)


@maxout_backward.wrong(
    "Every piece gets grad_y, also those that lost. y does not depend on a loser: move it a little, and y stays."
)
def losers_paid(grad_y, x, n_pieces):
    return np.tile(grad_y, n_pieces)


@maxout_backward.wrong("That is the slope of maxout, 1 at the winner, and not yet the gradient: grad_y is missing.")
def winners_marked(grad_y, x, n_pieces):
    return _won(x, n_pieces).reshape(x.shape).astype(float)


@maxout_backward.wrong(
    "At the winner grad_y is multiplied by its value. The chain rule wants the slope, and y follows the winner 1 to 1."
)
def value_of_the_winner(grad_y, x, n_pieces):
    return (grad_y[:, None] * _won(x, n_pieces) * _pieces(x, n_pieces)).reshape(x.shape)


# 4.3


def _rate(rng: np.random.Generator) -> float:
    """Return a rate that is not 1/2, so that keeping and dropping differ."""
    return float(rng.uniform(0.2, 0.4))


def _uniform(rng: np.random.Generator, shape: tuple[int, int], rate: float) -> np.ndarray:
    """Return uniform numbers that drop some entries and keep some, whichever way they are read."""
    uniform = rng.random(shape)
    uniform[0, :3] = rate * rng.random(), (1 + rate) / 2, 1 - rate * rng.random()
    return uniform


def _mask(uniform: np.ndarray, rate: float) -> np.ndarray:
    return np.where(uniform < rate, 0, 1 / (1 - rate))


def _dropout_inputs(rng: np.random.Generator) -> Inputs:
    m, n = sizes(rng, 2)
    rate = _rate(rng)
    return {"x": rng.normal(size=(m, n)), "rate": rate, "uniform": _uniform(rng, (m, n), rate)}


dropout_forward = Exercise(
    "dropout_forward",
    returns=["y", "mask"],
    inputs=_dropout_inputs,
    hints=[
        "An entry is to be dropped with the probability rate. How often is a uniform number below rate?",
        "A uniform number is below rate with the probability rate. There the mask is 0. What must it be elsewhere, so "
        "that its mean is 1?",
        "`uniform >= rate` is True where an entry is kept. Divide it by 1 - rate: that is the mask, and y = x * mask.",
    ],
)


@dropout_forward.answer
def _(x, rate, uniform):
    mask = _mask(uniform, rate)
    return x * mask, mask


@dropout_forward.wrong(
    "Keep and drop are swapped: rate is the probability of dropping, so an entry goes where uniform < rate, and stays "
    "elsewhere."
)
def swapped(x, rate, uniform):
    mask = (uniform < rate) / (1 - rate)
    return x * mask, mask


@dropout_forward.wrong(
    "rate is read as the probability of keeping, as some libraries and older papers have it. Here it is the "
    "probability of dropping: the mask is 0 where uniform < rate, and 1 / (1 - rate) elsewhere."
)
def rate_of_keeping(x, rate, uniform):
    mask = (uniform < rate) / rate
    return x * mask, mask


@dropout_forward.wrong(
    "The right share is dropped, and the rest is not scaled. Then y is smaller in training than in evaluation, by "
    "1 - rate on average. Divide the mask by 1 - rate."
)
def unscaled(x, rate, uniform):
    mask = (uniform >= rate).astype(float)
    return x * mask, mask


@dropout_forward.wrong(
    "The mask is multiplied by 1 - rate. Dropping has made the mean of y smaller already, so divide: what is kept must "
    "stand for what is dropped."
)
def scaled_down(x, rate, uniform):
    mask = (uniform >= rate) * (1 - rate)
    return x * mask, mask


@dropout_forward.wrong(
    "The kept entries are divided by rate. A share of 1 - rate is kept, so that is the number to divide by."
)
def divided_by_rate(x, rate, uniform):
    mask = (uniform >= rate) / rate
    return x * mask, mask


@dropout_forward.wrong(
    "y is right, and the mask has lost the scale. Backward should need nothing but the mask: put 1 / (1 - rate) into "
    "it."
)
def scale_not_kept(x, rate, uniform):
    keep = uniform >= rate
    return x * keep / (1 - rate), keep


@dropout_forward.wrong(
    "This drops with the right probability, but at the other end: where uniform >= 1 - rate. We agree to drop where "
    "uniform < rate, so that answers can be compared."
)
def dropped_at_the_other_end(x, rate, uniform):
    mask = (uniform < 1 - rate) / (1 - rate)
    return x * mask, mask


# 4.4


def _dropout_backward_inputs(rng: np.random.Generator) -> Inputs:
    m, n = sizes(rng, 2)
    rate = _rate(rng)
    return {
        "grad_y": rng.normal(size=(m, n)),
        "mask": _mask(_uniform(rng, (m, n), rate), rate),
        "rate": rate,
        "uniform": _uniform(rng, (m, n), rate)[:, ::-1],
    }


def _dropout_report(function: Answer) -> Report:
    fresh = np.random.default_rng(1)

    def forward(x, rate, rng):
        mask = _mask(rng.random(x.shape), rate)
        return x * mask, mask

    def backward(grad_y, mask):
        return function(grad_y, mask, 0.3, fresh.random(mask.shape))

    x = np.random.default_rng(0).normal(size=(5, 4))
    return check_functions(forward, backward, {"x": x, "rate": 0.3}, rng=0)


dropout_backward = Exercise(
    "dropout_backward",
    returns=["grad_x"],
    inputs=_dropout_backward_inputs,
    diagnose=_dropout_report,
    hints=[
        "Once the mask is drawn, y = x * mask, and the mask is a constant. What is dy/dx of one entry?",
        "The slope is the entry of the mask itself: 0 where x was dropped, 1 / (1 - rate) where it was kept. Which of "
        "the four arguments do you need?",
        "Two of the four: grad_y and mask. Their product is grad_x.",
    ],
)


@dropout_backward.answer
def _(grad_y, mask, rate, uniform):
    return Dropout(rate).backward_input(grad_y, mask)


@dropout_backward.wrong(
    "That is a new mask. The loss was computed with the old one: it hears nothing of the entries that forward dropped, "
    "whatever is drawn now. Use the mask that forward returned."
)
def new_mask(grad_y, mask, rate, uniform):
    return grad_y * _mask(uniform, rate)


@dropout_backward.wrong(
    "The mask is left out, so dropped entries get a gradient. They had no part in y. Multiply by the mask."
)
def no_mask(grad_y, mask, rate, uniform):
    return grad_y


@dropout_backward.wrong(
    "The dropped entries are right, and the kept ones lack the scale. Forward multiplied them by 1 / (1 - rate), so "
    "that is their slope: multiply by the mask as it is."
)
def scale_forgotten(grad_y, mask, rate, uniform):
    return grad_y * (mask != 0)


@dropout_backward.wrong("The scale is there twice: the mask holds its 1 / (1 - rate) already. Look at its values.")
def scaled_twice(grad_y, mask, rate, uniform):
    return grad_y * mask / (1 - rate)


@dropout_backward.wrong(
    "The gradient is divided by what forward multiplied by. A gradient passes a factor in the same direction as x did: "
    "y = c x has the slope c, not 1 / c."
)
def scale_undone(grad_y, mask, rate, uniform):
    return grad_y * (mask != 0) * (1 - rate)


# 4.5


def _layer_inputs(rng: np.random.Generator) -> Inputs:
    m, n_in, n_units, n_pieces = sizes(rng, 4)
    rate = _rate(rng)
    return {
        "grad_y": rng.normal(size=(m, n_units)),
        "x": rng.normal(size=(m, n_in)),
        "mask": _mask(_uniform(rng, (m, n_in), rate), rate),
        "weight": rng.normal(size=(n_in, n_pieces * n_units)),
        "bias": 3 * rng.normal(size=n_pieces * n_units),
        "n_pieces": n_pieces,
    }


discriminator_layer_backward = Exercise(
    "discriminator_layer_backward",
    returns=["grad_x", "grad_weight", "grad_bias"],
    inputs=_layer_inputs,
    hints=[
        "Write down forward first, with a name for every array on the way: h = x * mask, then a, then y. Which array "
        "does each step back need?",
        "Compute h and a as forward did. Then walk back: maxout_backward gives grad_a. The Linear got h, so h and "
        "grad_a make grad_weight; grad_h is handed down to the dropout.",
        "h = x * mask; a = h @ weight + bias; grad_a = maxout_backward(grad_y, a, n_pieces). Return "
        "(grad_a @ weight.T) * mask, h.T @ grad_a and grad_a summed over axis 0.",
    ],
)


@discriminator_layer_backward.answer
def _(grad_y, x, mask, weight, bias, n_pieces):
    linear = Linear(*weight.shape, dtype=np.float64)
    linear.weight.data[...], linear.bias.data[...] = weight, bias
    network = Sequential(linear, Maxout(n_pieces))
    grad_h = network.backward(grad_y, network.forward(x * mask)[1])
    return grad_h * mask, linear.weight.grad, linear.bias.grad


def _walked(grad_a, h, mask, weight):
    return (grad_a @ weight.T) * mask, h.T @ grad_a, grad_a.sum(axis=0)


def _competed(grad_y, a, n_pieces):
    return maxout_backward.right_answer(grad_y, a, n_pieces)


@discriminator_layer_backward.wrong(
    "grad_weight is computed from x. The Linear never saw x: it got h = x * mask, and a weight from a dropped entry "
    "had no part in y."
)
def weight_from_x(grad_y, x, mask, weight, bias, n_pieces):
    grad_a = _competed(grad_y, (x * mask) @ weight + bias, n_pieces)
    return (grad_a @ weight.T) * mask, x.T @ grad_a, grad_a.sum(axis=0)


@discriminator_layer_backward.wrong(
    "grad_x lacks the mask: the walk ends at h, the output of the dropout, and not yet at x. One more step down."
)
def stopped_at_h(grad_y, x, mask, weight, bias, n_pieces):
    grad_a = _competed(grad_y, (x * mask) @ weight + bias, n_pieces)
    return grad_a @ weight.T, (x * mask).T @ grad_a, grad_a.sum(axis=0)


@discriminator_layer_backward.wrong(
    "The pieces compete without the mask: a is computed from x. In forward they competed with h = x * mask, and with "
    "some entries gone others win."
)
def competed_without_mask(grad_y, x, mask, weight, bias, n_pieces):
    return _walked(_competed(grad_y, x @ weight + bias, n_pieces), x * mask, mask, weight)


@discriminator_layer_backward.wrong(
    "The pieces compete without the bias. Forward adds it before the max, and it may well decide who wins."
)
def competed_without_bias(grad_y, x, mask, weight, bias, n_pieces):
    return _walked(_competed(grad_y, (x * mask) @ weight, n_pieces), x * mask, mask, weight)


@discriminator_layer_backward.wrong(
    "The gradient goes to all pieces, as if nobody had lost. Between y and a stands maxout: only the winner of each "
    "unit is paid."
)
def nobody_lost(grad_y, x, mask, weight, bias, n_pieces):
    return _walked(np.tile(grad_y, n_pieces), x * mask, mask, weight)
