"""Sigmoid, softplus and log-mean-exp, against 60-digit arithmetic."""

import decimal
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from support.precision import DIGITS, exactly, exp, log1p, log_one_plus_exp, logistic, whole_range, worst_ulps

from tinygan.functional import log_mean_exp, sigmoid, softplus

DTYPES = [np.float32, np.float64]
FUNCTIONS = [(sigmoid, logistic), (softplus, log_one_plus_exp)]
both_precisions = pytest.mark.parametrize("dtype", DTYPES)
both_functions = pytest.mark.parametrize(("function", "reference"), FUNCTIONS, ids=["sigmoid", "softplus"])


@pytest.fixture(autouse=True)
def _no_floating_point_error():
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        yield


@both_precisions
@both_functions
def test_they_are_exact_to_four_ulp_over_the_whole_range(function, reference, dtype):
    x = whole_range(dtype)
    assert worst_ulps(function(x), exactly(reference, x)) <= 4


@both_functions
@given(x=st.one_of(st.floats(width=64, allow_nan=False), st.floats(-800, 800)))
def test_they_are_exact_to_four_ulp_at_any_float64(function, reference, x):
    if np.isfinite(x):
        assert worst_ulps(function(np.array([x])), exactly(reference, [x])) <= 4


@both_functions
@given(x=st.one_of(st.floats(width=32, allow_nan=False), st.floats(-100, 100, width=32)))
def test_they_are_exact_to_four_ulp_at_any_float32(function, reference, x):
    if np.isfinite(x):
        assert worst_ulps(function(np.array([x], np.float32)), exactly(reference, [x])) <= 4


@both_precisions
def test_they_have_the_right_limits_and_pass_nan_through(dtype):
    x = np.array([-np.inf, np.inf, np.nan], dtype)
    np.testing.assert_array_equal(sigmoid(x), np.array([0, 1, np.nan], dtype))
    np.testing.assert_array_equal(softplus(x), np.array([0, np.inf, np.nan], dtype))


@both_precisions
@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (2, 3, 4)])
@pytest.mark.parametrize("function", [sigmoid, softplus])
def test_they_keep_shape_and_dtype(function, shape, dtype):
    y = function(np.zeros(shape, dtype))
    assert (y.shape, y.dtype) == (shape, dtype)


@both_precisions
@pytest.mark.parametrize("function", [sigmoid, softplus, log_mean_exp])
def test_they_leave_their_argument_alone(function, dtype):
    x = whole_range(dtype)[::50]
    before = x.copy()
    function(x)
    np.testing.assert_array_equal(x, before)


def exact_log_mean_exp(a):
    with decimal.localcontext(DIGITS):
        terms = [Decimal(float(term)) for term in a]
        peak = max(terms)
        return peak + (sum(exp(term - peak) for term in terms) / len(terms)).ln()


@both_precisions
@given(data=st.data())
def test_log_mean_exp_is_exact_to_four_ulp_of_its_largest_term(dtype, data):
    finite = st.floats(width=np.finfo(dtype).bits, allow_nan=False, allow_infinity=False)
    near = st.floats(-40, 40, width=np.finfo(dtype).bits)
    a = np.array(data.draw(st.one_of(st.lists(finite, min_size=1, max_size=9), st.lists(near, min_size=1))), dtype)
    got, wanted = log_mean_exp(a), exact_log_mean_exp(a)
    unit = np.spacing(max(abs(a.max()) / 2, dtype(np.log(len(a))), dtype(1)))  # both terms of the sum may cancel
    assert got.dtype == dtype
    assert abs(Decimal(float(got)) - wanted) <= 4 * Decimal(float(unit))


@given(arrays(np.float64, array_shapes(min_dims=2, max_dims=3), elements=st.floats(-50, 50)), st.integers(-2, 1))
def test_log_mean_exp_takes_the_mean_along_the_axis_it_is_given(a, axis):
    y = log_mean_exp(a, axis)
    np.testing.assert_allclose(y, np.log(np.mean(np.exp(a), axis=axis)), rtol=1e-12, atol=1e-12)


@both_precisions
@pytest.mark.parametrize(
    ("a", "wanted"),
    [
        ([-np.inf, -np.inf], -np.inf),
        ([-np.inf, 0.0], -np.log(2)),
        ([np.inf, 1000.0], np.inf),
        ([np.inf, -np.inf], np.inf),
        ([np.nan, 1000.0], np.nan),
        ([np.nan, -np.inf], np.nan),
        ([-1e4, -1e4], -1e4),
        ([1e4, 1e4, 1e4], 1e4),
    ],
)
def test_log_mean_exp_of_extreme_terms(a, wanted, dtype):
    got = log_mean_exp(np.array(a, dtype))
    assert got.dtype == dtype
    np.testing.assert_allclose(got, dtype(wanted), rtol=np.finfo(dtype).eps)


@both_precisions
def test_log_mean_exp_survives_the_two_ends_of_the_range_side_by_side(dtype):
    top = np.finfo(dtype).max
    assert log_mean_exp(np.array([-top, top])) == top
    assert log_mean_exp(np.array([-top, -top])) == -top


@both_precisions
def test_log_mean_exp_takes_its_rows_apart(dtype):
    a = np.array([[-np.inf, -np.inf], [np.nan, 0.0], [-1000.0, -1000.0], [np.inf, 0.0]], dtype)
    np.testing.assert_array_equal(log_mean_exp(a), np.array([-np.inf, np.nan, -1000, np.inf], dtype))


def test_log_mean_exp_of_nothing_is_an_error_and_of_no_rows_is_empty():
    with pytest.raises(ValueError, match=r"shape \(2, 0\), empty along axis -1; a mean needs at least one term"):
        log_mean_exp(np.zeros((2, 0)))
    assert log_mean_exp(np.zeros((0, 2))).shape == (0,)


def test_the_reference_itself_is_right():
    assert exactly(log1p, [1.0])[0] == pytest.approx(Decimal(np.log(2)))
    assert exactly(log_one_plus_exp, [-1000.0])[0] == exactly(lambda x: x.exp(), [-1000.0])[0]
    assert exactly(logistic, [0.0]) == [Decimal("0.5")]


@pytest.mark.parametrize("function", [sigmoid, softplus, log_mean_exp])
def test_arrays_that_only_look_like_arrays_are_refused(function):
    with pytest.raises(TypeError, match=f"^{function.__name__} got .* of type numpy.MaskedArray; it takes an array"):
        function(np.ma.ones(3))
