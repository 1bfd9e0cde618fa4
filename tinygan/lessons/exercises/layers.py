"""Lesson 3: linear_backward, relu_backward, sigmoid_backward, network_backward."""

import numpy as np

from tinygan.functional import sigmoid
from tinygan.gradcheck import Report, check_functions
from tinygan.layers import Linear, ReLU, Sigmoid
from tinygan.lessons.exercise import Answer, Exercise, Inputs, sizes

# 3.1


def _linear_inputs(rng: np.random.Generator) -> Inputs:
    m, n_in, n_out = sizes(rng, 3)
    return {
        "grad_y": rng.normal(size=(m, n_out)),
        "x": rng.normal(size=(m, n_in)),
        "weight": rng.normal(size=(n_in, n_out)),
    }


def _linear_report(function: Answer) -> Report:
    rng = np.random.default_rng(0)
    return check_functions(
        lambda x, weight, bias: (x @ weight + bias, (x, weight)),
        lambda grad_y, cache: function(grad_y, *cache),
        {"x": rng.normal(size=(5, 3)), "weight": rng.normal(size=(3, 2)), "bias": rng.normal(size=2)},
        rng=0,
    )


linear_backward = Exercise(
    "linear_backward",
    returns=["grad_x", "grad_weight", "grad_bias"],
    inputs=_linear_inputs,
    diagnose=_linear_report,
    hints=[
        "Write one entry of y as a sum: y[i, j] = sum over k of x[i, k] weight[k, j], plus bias[j]. Which entries of y "
        "does x[i, k] touch, and with which factor?",
        "Three derivatives: dy[i, j]/dx[i, k] = weight[k, j], dy[i, j]/dweight[k, j] = x[i, k], dy[i, j]/dbias[j] = 1. "
        "Multiply each by grad_y[i, j] and add up over the letters that the result does not have.",
        "The sums are products of matrices: grad_x is grad_y times weight transposed, grad_weight is x transposed "
        "times grad_y, and grad_bias is grad_y summed over its rows (axis 0).",
    ],
)


@linear_backward.answer
def _(grad_y, x, weight):
    layer = Linear(*weight.shape, dtype=np.float64)
    layer.weight.data[...] = weight
    _, cache = layer.forward(x)
    grad_x = layer.backward(grad_y, cache)
    return grad_x, layer.weight.grad, layer.bias.grad


@linear_backward.wrong(
    "That is grad_weight transposed. It must have the shape of weight, (n_in, n_out): x comes first, transposed."
)
def swapped_factors(grad_y, x, weight):
    return grad_y @ weight.T, grad_y.T @ x, grad_y.sum(axis=0)


@linear_backward.wrong(
    "grad_x and grad_weight do not use grad_y. The layer's own derivative is half of the chain rule; what arrives "
    "from above is the other half, and each entry of y has its own."
)
def grad_y_forgotten(grad_y, x, weight):
    ones = np.ones_like(grad_y)
    return ones @ weight.T, x.T @ ones, ones.sum(axis=0)


@linear_backward.wrong(
    "grad_bias is computed from x. The bias is added to y as it is, so dy/dbias is 1, and x has no part in it."
)
def bias_from_x(grad_y, x, weight):
    return grad_y @ weight.T, x.T @ grad_y, (x.T @ grad_y).sum(axis=0)


@linear_backward.wrong(
    "grad_bias has a row for each example. One bias serves all examples, so their shares add up: sum over axis 0."
)
def bias_not_summed(grad_y, x, weight):
    return grad_y @ weight.T, x.T @ grad_y, grad_y


@linear_backward.wrong("grad_bias is summed over the units, and it must be summed over the examples: axis 0, not 1.")
def bias_over_units(grad_y, x, weight):
    return grad_y @ weight.T, x.T @ grad_y, grad_y.sum(axis=1)


@linear_backward.wrong(
    "grad_bias is the mean over the examples. If the loss is a mean, grad_y holds its 1/m already: add up here."
)
def bias_mean(grad_y, x, weight):
    return grad_y @ weight.T, x.T @ grad_y, grad_y.mean(axis=0)


@linear_backward.wrong(
    "grad_weight is m times too small: it is divided by the batch size, and the loss has done so already. Its 1/m "
    "arrives inside grad_y, so no layer divides again."
)
def mean_twice(grad_y, x, weight):
    return grad_y @ weight.T, x.T @ grad_y / len(x), grad_y.sum(axis=0)


# 3.2


def _slope_inputs(rng: np.random.Generator) -> Inputs:
    m, n = sizes(rng, 2)
    x = rng.normal(size=(m, n))
    x[0, 0], x[0, 1], x[1, 0] = 1 + rng.random(), -1 - rng.random(), 0  # both sides and the kink, always
    return {"grad_y": rng.normal(size=(m, n)), "x": x}


def _relu_report(function: Answer) -> Report:
    x = np.random.default_rng(0).normal(size=(5, 4))
    return check_functions(lambda x: (np.maximum(x, 0), x), lambda grad_y, x: function(grad_y, x), {"x": x}, rng=0)


relu_backward = Exercise(
    "relu_backward",
    returns=["grad_x"],
    inputs=_slope_inputs,
    diagnose=_relu_report,
    hints=[
        "Draw y = max(x, 0). What is its slope left of 0, and what right of 0?",
        "The slope is 0 where x is negative, and 1 where it is positive. The chain rule multiplies grad_y by it, entry "
        "by entry.",
        "`x > 0` is an array of True and False, and NumPy multiplies by them as by 1 and 0: grad_y * (x > 0).",
    ],
)


@relu_backward.answer
def _(grad_y, x):
    relu = ReLU()
    return relu.backward_input(grad_y, relu.forward(x)[1])


@relu_backward.wrong(
    "That is the slope of ReLU and not yet the gradient: grad_y is missing. Multiply by what arrives from above."
)
def slope_alone(grad_y, x):
    return (x > 0).astype(float)


@relu_backward.wrong(
    "The gradient is multiplied by max(x, 0), the value of ReLU. The chain rule wants its slope, 0 or 1."
)
def value_for_slope(grad_y, x):
    return grad_y * np.maximum(x, 0)


@relu_backward.wrong(
    "The negative entries of grad_y are cut off. A gradient may have any sign; the gate is opened by x, the input of "
    "the forward pass."
)
def gradient_clipped(grad_y, x):
    return np.maximum(grad_y, 0)


@relu_backward.wrong(
    "Every gradient passes, also where x was negative. There y stays 0 when x moves, so the slope is 0."
)
def open_gate(grad_y, x):
    return grad_y


@relu_backward.wrong(
    "The gate is the wrong way round: the gradient passes where x was positive, not where it was negative."
)
def inverted_gate(grad_y, x):
    return grad_y * (x < 0)


@relu_backward.wrong(
    "At x = 0 let nothing pass. Exercise 3.4 hands you h in place of x, and h is exactly 0 where a unit was off."
)
def passes_at_zero(grad_y, x):
    return grad_y * (x >= 0)


# 3.3


def _sigmoid_inputs(rng: np.random.Generator) -> Inputs:
    m, n = sizes(rng, 2)
    return {"grad_y": rng.normal(size=(m, n)), "y": sigmoid(rng.normal(size=(m, n)))}


def _sigmoid_report(function: Answer) -> Report:
    def forward(x):
        y = sigmoid(x)
        return y, y

    x = np.random.default_rng(0).normal(size=(5, 4))
    return check_functions(forward, lambda grad_y, y: function(grad_y, y), {"x": x}, rng=0)


sigmoid_backward = Exercise(
    "sigmoid_backward",
    returns=["grad_x"],
    inputs=_sigmoid_inputs,
    diagnose=_sigmoid_report,
    hints=[
        "Differentiate y = 1 / (1 + exp(-x)) with respect to x, and then write the result with y alone.",
        "dy/dx = exp(-x) / (1 + exp(-x))^2, and that is y (1 - y), since 1 - y = exp(-x) / (1 + exp(-x)).",
        "The cache is y, so no exponential is needed: multiply grad_y by y and by 1 - y.",
    ],
)


@sigmoid_backward.answer
def _(grad_y, y):
    x = np.log(y / (1 - y))
    layer = Sigmoid()
    return layer.backward_input(grad_y, layer.forward(x)[1])


@sigmoid_backward.wrong(
    "That is the slope at another place: the sigmoid is taken of y, which is already a sigmoid. y is what the forward "
    "pass returned, so y * (1 - y) is all that is needed."
)
def sigmoid_of_sigmoid(grad_y, y):
    s = sigmoid(y)
    return grad_y * s * (1 - s)


@sigmoid_backward.wrong("That is the slope, y (1 - y), and not yet the gradient: grad_y is missing.")
def slope_without_grad_y(grad_y, y):
    return y * (1 - y)


@sigmoid_backward.wrong("1 - y^2 is the slope of tanh. The slope of the sigmoid is y (1 - y), at most 1/4.")
def slope_of_tanh(grad_y, y):
    return grad_y * (1 - y**2)


@sigmoid_backward.wrong("The sign is reversed: y rises with x, so the slope is positive, y (1 - y).")
def sign_turned(grad_y, y):
    return grad_y * y * (y - 1)


@sigmoid_backward.wrong("One factor is missing: 1 - y is the derivative of log y. That of y itself is y (1 - y).")
def slope_of_log(grad_y, y):
    return grad_y * (1 - y)


@sigmoid_backward.wrong("1/4 is the slope at x = 0 alone, where y = 1/2. Elsewhere it is smaller: y (1 - y).")
def slope_in_the_middle(grad_y, y):
    return grad_y / 4


# 3.4


def _network_inputs(rng: np.random.Generator) -> Inputs:
    m, n_in, n_hidden, n_out = sizes(rng, 4)
    x, weight_1 = rng.normal(size=(m, n_in)), rng.normal(size=(n_in, n_hidden))
    return {
        "grad_y": rng.normal(size=(m, n_out)),
        "x": x,
        "h": np.maximum(x @ weight_1 + 0.1 * rng.normal(size=n_hidden), 0),
        "weight_1": weight_1,
        "weight_2": rng.normal(size=(n_hidden, n_out)),
    }


network_backward = Exercise(
    "network_backward",
    returns=["grad_x", "grad_weight_1", "grad_weight_2"],
    inputs=_network_inputs,
    hints=[
        "Go through the layers from the last to the first. Each takes the gradient at its output and returns the one "
        "at its input.",
        "The upper Linear got h: linear_backward(grad_y, h, weight_2) gives grad_h and grad_weight_2. Then comes ReLU; "
        "h > 0 exactly where its input was positive.",
        "grad_h, grad_weight_2, _ = linear_backward(grad_y, h, weight_2); grad_a = relu_backward(grad_h, h); "
        "grad_x, grad_weight_1, _ = linear_backward(grad_a, x, weight_1).",
    ],
)


@network_backward.answer
def _(grad_y, x, h, weight_1, weight_2):
    grad_h, grad_weight_2, _ = linear_backward.right_answer(grad_y, h, weight_2)
    grad_a = relu_backward.right_answer(grad_h, h)
    grad_x, grad_weight_1, _ = linear_backward.right_answer(grad_a, x, weight_1)
    return grad_x, grad_weight_1, grad_weight_2


def _two_layers(grad_y, x, h, weight_1, weight_2, gate):
    grad_a = gate(grad_y @ weight_2.T)
    return grad_a @ weight_1.T, x.T @ grad_a, h.T @ grad_y


@network_backward.wrong(
    "The gradient goes from Linear to Linear and leaves out the ReLU between them. Units that were off pass nothing on."
)
def no_gate(grad_y, x, h, weight_1, weight_2):
    return _two_layers(grad_y, x, h, weight_1, weight_2, lambda grad_h: grad_h)


@network_backward.wrong("At the ReLU the gradient is multiplied by h. It wants the slope, h > 0: that is 0 or 1.")
def gate_by_value(grad_y, x, h, weight_1, weight_2):
    return _two_layers(grad_y, x, h, weight_1, weight_2, lambda grad_h: grad_h * h)


@network_backward.wrong(
    "At the ReLU the sign of the gradient opens the gate. The units that were on in the forward pass do: h > 0."
)
def gate_by_gradient(grad_y, x, h, weight_1, weight_2):
    return _two_layers(grad_y, x, h, weight_1, weight_2, lambda grad_h: np.maximum(grad_h, 0))


@network_backward.wrong(
    "The lower layer does not hear grad_y: its gradient starts from weight_2 alone. Start at the top, with grad_y."
)
def starts_in_the_middle(grad_y, x, h, weight_1, weight_2):
    grad_a = np.ones_like(grad_y) @ weight_2.T * (h > 0)
    return grad_a @ weight_1.T, x.T @ grad_a, h.T @ grad_y


@network_backward.wrong(
    "grad_weight_2 is computed from h times the gate again. The upper layer got h as it is: h.T @ grad_y is all."
)
def upper_squared(grad_y, x, h, weight_1, weight_2):
    grad_x, grad_weight_1, _ = _two_layers(grad_y, x, h, weight_1, weight_2, lambda grad_h: grad_h * (h > 0))
    return grad_x, grad_weight_1, (h * h).T @ grad_y
