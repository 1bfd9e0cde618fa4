"""Wrong input to the checker: every error names what it got and says what it takes."""

import numpy as np
from support.errors import assert_answered, wrong_input

from tinygan.gradcheck import check_gradients
from tinygan.layers import ReLU

X = np.ones((4, 3), np.float32)

# fmt: off
CASES = [
    ("no layer to check", lambda: check_gradients(np.tanh, X), TypeError,
     r"^check_gradients got a ufunc; it takes a Layer, for example"),
    ("NaN to check at", lambda: check_gradients(ReLU(), X * np.nan), ValueError,
     r"^check_gradients got x with NaN or infinite entries; it takes finite values$"),
    ("integers to check at", lambda: check_gradients(ReLU(), np.ones((2, 2), int)), TypeError,
     r"^ReLU\(\) got x of dtype int\d+; it takes float32 or float64"),
    ("no tolerance", lambda: check_gradients(ReLU(), X, tolerance=0), ValueError,
     r"^check_gradients got tolerance=0; it takes a finite number > 0$"),
]
# fmt: on


@wrong_input(CASES)
def test_wrong_input_is_answered_in_words_that_help(call, error, message):
    assert_answered(call, error, message)
