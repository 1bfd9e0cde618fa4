"""Wrong seeds and devices: every error names what it got and says what it takes."""

import numpy as np
from support.errors import assert_answered, wrong_input

from tinygan.backend import as_rng, to_device

X = np.ones((4, 3), np.float32)

# fmt: off
CASES = [
    ("bool as seed", lambda: as_rng(True), TypeError,
     r"^rng got True; it takes a numpy\.random\.Generator, an int seed or None$"),
    ("unknown device", lambda: to_device(X, "cuda"), ValueError,
     r"^got the device 'cuda'; it takes \"cpu\", \"gpu\", or \"gpu:1\" and so on$"),
]
# fmt: on


@wrong_input(CASES)
def test_wrong_input_is_answered_in_words_that_help(call, error, message):
    assert_answered(call, error, message)
