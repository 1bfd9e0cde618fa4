"""Wrong input to optimisers and schedules: every error names what it got and says what it takes."""

import numpy as np
from support.errors import assert_answered, wrong_input

from tinygan.layers import Linear, Parameter, ReLU, Sequential
from tinygan.optim import SGD, Adam, RMSProp, clipping, column_norms, exponential_decay, linear_ramp

X = np.ones((4, 3), np.float32)


def learned(n=2):
    return [Parameter(np.ones(2, np.float32), f"theta{i}") for i in range(n)]


def stepped_without_gradient():
    SGD(learned(), 0.1).step()


def stepped_with(gradient):
    theta = learned()[0]
    theta.grad = gradient
    SGD([theta], 0.1).step()


def second_parameter_twice():
    thetas = learned()
    RMSProp([*thetas, thetas[1]], 0.1)


# fmt: off
CASES = [
    ("nothing to learn", lambda: SGD(ReLU().parameters, 0.1), ValueError,
     r"^SGD got no parameters; it takes those of a network"),
    ("layer", lambda: SGD(Linear(2, 3), 0.1), TypeError,
     r"^SGD got the layer Linear\(2, 3\); did you mean its \.parameters\?$"),
    ("network", lambda: Adam(Sequential(Linear(2, 3)), 0.1), TypeError,
     r"^Adam got the layer Sequential\(\.\.\.\); did you mean its \.parameters\?$"),
    ("learning rate first", lambda: SGD(0.1, learned()), TypeError,
     r"^SGD got parameters=0\.1; it takes those of a network, as in D\.parameters, first$"),
    ("class", lambda: SGD(Linear, 0.1), TypeError, r"^SGD got parameters=<class .*; it takes those of a network"),
    ("constraint not made", lambda: SGD(learned(), 0.1, constraint=clipping), TypeError,
     r"^the constraint was not made yet; did you mean constraint=clipping\(0\.01\)\?$"),
    ("norms not made", lambda: SGD(learned(), 0.1, constraint=column_norms), TypeError,
     r"did you mean constraint=column_norms\(2\.0\)\?$"),
    ("matrix as gradient", lambda: stepped_with(np.ma.ones(2)), TypeError,
     r"^SGD\.step got gradient of type numpy\.MaskedArray; it takes an array"),
    ("parameter alone", lambda: SGD(learned()[0], 0.1), TypeError,
     r"^SGD got Parameter\('theta0'.*\); it takes a sequence, did you mean \[theta0\]\?$"),
    ("array as parameter", lambda: SGD([X], 0.1), TypeError,
     r"^SGD got ndarray as a parameter; it takes Parameters, as in D\."),
    ("parameter twice", second_parameter_twice, ValueError, r"^RMSProp got Parameter\('theta1'.* twice; it takes e"),
    ("negative learning rate", lambda: SGD(learned(), -1), ValueError,
     r"^SGD got learning_rate=-1; it takes a finite number >="),
    ("NaN as learning rate", lambda: RMSProp(learned(), np.nan), ValueError,
     r"^RMSProp got learning_rate=nan; it takes a fin"),
    ("infinite learning rate", lambda: SGD(learned(), np.inf), ValueError,
     r"^SGD got learning_rate=inf; it takes a finite num"),
    ("momentum 1", lambda: SGD(learned(), 0.1, 1), ValueError,
     r"^SGD got momentum=1; it takes a number in \(-1, 1\)$"),
    ("momentum -1", lambda: SGD(learned(), 0.1, -1), ValueError,
     r"^SGD got momentum=-1; it takes a number in \(-1, 1\)$"),
    ("beta1 of 1", lambda: Adam(learned(), 0.1, 1), ValueError,
     r"^Adam got beta1=1; it takes a number in \[0, 1\)$"),
    ("epsilon of Adam", lambda: Adam(learned(), 0.1, epsilon=-1), ValueError,
     r"^Adam got epsilon=-1; it takes a finite number >= 0$"),
    ("beta2 of 1", lambda: Adam(learned(), 0.1, 0.9, 1), ValueError,
     r"^Adam got beta2=1; it takes a number in \[0, 1\)$"),
    ("decay 1", lambda: RMSProp(learned(), 0.1, decay=1.0), ValueError,
     r"^RMSProp got decay=1\.0; it takes a number in \[0, 1\)$"),
    ("negative epsilon", lambda: RMSProp(learned(), 0.1, epsilon=-1), ValueError,
     r"^RMSProp got epsilon=-1; it takes a finite"),
    ("no gradient", stepped_without_gradient, ValueError,
     r"^SGD\.step found no gradient on Parameter\('theta0'.* \(parameter 0\); call backward_params .* first$"),
    ("growing decay", lambda: exponential_decay(0.1, 2, 3), ValueError,
     r"^exponential_decay got factor=2; it takes .*\(0, 1\]"),
    ("decay before the start", lambda: exponential_decay(0.1, 0.5, -1), ValueError,
     r"got t=-1; it takes a number >= 0$"),
    ("ramp without length", lambda: linear_ramp(0, 1, 0, 3), ValueError,
     r"^linear_ramp got length=0; it takes a number > 0$"),
    ("ramp before the start", lambda: linear_ramp(0, 1, 10, -1), ValueError,
     r"^linear_ramp got t=-1; it takes a number >= 0$"),
    ("learning rate in words", lambda: SGD(learned(), "0.1"), TypeError,
     r"^SGD got learning_rate='0\.1'; it takes a finite number >= 0$"),
]
# fmt: on


@wrong_input(CASES)
def test_wrong_input_is_answered_in_words_that_help(call, error, message):
    assert_answered(call, error, message)
