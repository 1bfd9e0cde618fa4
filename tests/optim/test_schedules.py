"""The schedules against the numbers of the released code."""

import math

import numpy as np
import pytest

from tinygan.optim import exponential_decay, linear_ramp


def test_the_learning_rate_of_the_released_code():
    factor = 1 / 1.000004
    assert exponential_decay(0.1, factor, 0, floor=1e-6) == 0.1
    assert exponential_decay(0.1, factor, 600, floor=1e-6) == pytest.approx(0.1 / 1.000004**600, rel=1e-12)
    reached = math.log(0.1 / 1e-6) / math.log(1.000004)
    assert exponential_decay(0.1, factor, reached * 0.99, floor=1e-6) > 1e-6
    assert exponential_decay(0.1, factor, reached * 1.01, floor=1e-6) == 1e-6
    assert type(exponential_decay(np.float64(0.1), 0.5, np.int64(2))) is float


def test_a_rate_falls_to_0_unless_it_has_a_floor_and_may_stay():
    assert exponential_decay(0.1, 0.5, 2) == 0.025
    assert exponential_decay(0.1, 1, 1000) == 0.1
    with pytest.raises(ValueError, match=r"^exponential_decay got factor=0; it takes a number in \(0, 1\]$"):
        exponential_decay(0.1, 0, 3)


def test_the_momentum_of_the_released_code():
    assert [linear_ramp(0.5, 0.7, 249, t) for t in (0, 249, 250, 10_000)] == [0.5, 0.7, 0.7, 0.7]
    assert linear_ramp(0.5, 0.7, 249, 83) == pytest.approx(0.5 + 0.2 / 3)
    assert linear_ramp(0.9, 0.1, 10, 5) == pytest.approx(0.5)
    assert linear_ramp(0.5, 0.7, 0.5, 0.25) == pytest.approx(0.6)  # shorter than one unit of time
