"""Wrong input to the evaluator: every error names what it got and says what it takes."""

import math
import re

import numpy as np
import pytest
from fake_gpu import fake_cupy

from tinygan.evaluation import ParzenWindow, kernel_sums, parzen_log_likelihood, search_bandwidth

X = np.ones((3, 4), np.float32)
CALLS = {
    "ParzenWindow samples": lambda x: ParzenWindow(x, 0.1),
    "ParzenWindow.log_density x": lambda x: ParzenWindow(X, 0.1).log_density(x),
    "kernel_sums samples": lambda x: kernel_sums(x, X, [0.1]),
    "kernel_sums x": lambda x: kernel_sums(X, x, [0.1]),
    "search_bandwidth samples": lambda x: search_bandwidth(x, X),
    "search_bandwidth validation": lambda x: search_bandwidth(X, x),
    "parzen_log_likelihood samples": lambda x: parzen_log_likelihood(x, X, X),
    "parzen_log_likelihood test": lambda x: parzen_log_likelihood(X, x, X),
    "parzen_log_likelihood validation": lambda x: parzen_log_likelihood(X, X, x),
}
WRONG = {
    "integers": (X.astype(np.int32), TypeError, r"of dtype int32; it takes float32 or float64$"),
    "bytes": (X.astype(np.uint8), TypeError, r"of dtype uint8; .* Did you mean \w+\.astype\(np\.float32\) / 255\?$"),
    "half floats": (X.astype(np.float16), TypeError, r"of dtype float16; it takes float32 or float64$"),
    "a list": (X.tolist(), TypeError, r"of type list; it takes an array of float32 or float64$"),
    "one dimension": (
        X[0],
        ValueError,
        r"of shape \(4,\); it takes \(n, \w\)\. Did you mean \w+\[None, :\]",
    ),
    "pictures": (
        X.reshape(3, 2, 2),
        ValueError,
        r"of shape \(3, 2, 2\); .* Did you mean \w+\.reshape\(",
    ),
    "no points": (X[:0], ValueError, r"of shape \(0, 4\), empty; it takes \(n, \w\) with n >= 1$"),
    "no width": (X[:, :0], ValueError, r"of shape \(3, 0\); it takes \(n, \w\)$"),
    "NaN": (X * np.float32(np.nan), ValueError, r"with NaN or infinite entries; it takes finite values$"),
    "infinity": (X * np.float32(np.inf), ValueError, r"with NaN or infinite entries; it takes finite values$"),
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("place", CALLS)
def test_wrong_points_are_answered_in_words_that_help(place, wrong):
    x, error, message = WRONG[wrong]
    function, name = place.split()
    with pytest.raises(error, match=rf"^{function} got {name} {message}"):
        CALLS[place](x)


@pytest.mark.parametrize("place", [place for place in CALLS if "samples" not in place])
def test_points_of_another_width_than_the_samples_are_refused(place):
    function, name = place.split()
    with pytest.raises(ValueError, match=rf"^{function} got {name} of shape \(3, 3\); it takes \(n, 4\)$"):
        CALLS[place](X[:, :3])


@pytest.mark.parametrize("bandwidth", [0, -0.1, math.nan, math.inf, -math.inf])
def test_a_bandwidth_is_a_finite_number_above_0(bandwidth):
    value = re.escape(str(float(bandwidth)))
    for function, call in {
        "ParzenWindow": lambda: ParzenWindow(X, bandwidth),
        "kernel_sums": lambda: kernel_sums(X, X, [0.1, bandwidth]),
        "search_bandwidth": lambda: search_bandwidth(X, X, [0.1, bandwidth]),
        "parzen_log_likelihood": lambda: parzen_log_likelihood(X, X, X, [0.1, bandwidth]),
    }.items():
        with pytest.raises(ValueError, match=rf"^{function} got bandwidth={value}; it takes a finite number > 0$"):
            call()


def test_bandwidths_are_a_sequence_of_numbers():
    for bandwidths, shape in (([], r"\(0,\)"), (0.1, r"\(\)"), ([[0.1]], r"\(1, 1\)")):
        with pytest.raises(ValueError, match=rf"^search_bandwidth got bandwidths of shape {shape}; it takes \(n,\)"):
            search_bandwidth(X, X, bandwidths)
    with pytest.raises(TypeError, match=r"^kernel_sums got bandwidths \['wide'\]; it takes a sequence of numbers > 0$"):
        kernel_sums(X, X, ["wide"])
    with pytest.raises(ValueError, match=r"^kernel_sums got bandwidths from 1e-07 to 1e\+06; the last may"):
        kernel_sums(X, X, [1e-7, 1e6])
    for bandwidth in ("0.1", [0.1], True, None):
        with pytest.raises(TypeError, match=r"^ParzenWindow got bandwidth=.*; it takes a number > 0$"):
            ParzenWindow(X, bandwidth)


def test_samples_and_points_on_different_devices_are_refused(monkeypatch):
    cupy = fake_cupy.install(monkeypatch)
    with pytest.raises(TypeError, match=r"^search_bandwidth got validation on another device than the rest; see"):
        search_bandwidth(X, cupy.asarray(X))
