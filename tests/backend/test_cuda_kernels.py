"""Every kernel for a GPU, run on the host: bit for bit what NumPy computes, to 2 ulp where there is an exp in it."""

import numpy as np
import pytest
from fake_gpu import fake_cupy, host_cuda
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support.precision import exactly, log_one_plus_exp, logistic, logistic_slope, whole_range, worst_ulps

from tinygan import functional
from tinygan.adversarial import objectives as losses
from tinygan.backend import as_rng, kernels, streams
from tinygan.backend.streams import Draw, Span
from tinygan.layers import activations, dropout, maxout
from tinygan.optim import sgd

pytestmark = pytest.mark.skipif(not host_cuda.available(), reason="there is no C++ compiler to run the kernels with")

DTYPES = [np.float32, np.float64]
BITS = {np.dtype(np.float32): np.uint32, np.dtype(np.float64): np.uint64}
both_dtypes = pytest.mark.parametrize("dtype", DTYPES)

# Sizes below, at and above that of a block of threads, and of several blocks.
SHAPES = [(1, 1), (2, 3), (5, 51), (16, 16), (257, 1), (3, 301)]
every_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)

# Under hypothesis the fake stays installed from one example to the next.
for_a_fixture = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def cupy(monkeypatch):
    return fake_cupy.install(monkeypatch)


@pytest.fixture(autouse=True)
def launched(cupy, monkeypatch, request):
    """Note down which kernels run, and make sure that the one that a test is about is among them."""
    names, launch = [], kernels._launch

    def noted(name, *arguments, **options):
        names.append(name)
        return launch(name, *arguments, **options)

    monkeypatch.setattr(kernels, "_launch", noted)
    yield names
    assert getattr(request.function, "kernel", None) in (None, *names)


def special(shape, dtype, seed=0):
    """Return random numbers with the odd ones of a float among them."""
    info = np.finfo(dtype)
    odd = [0.0, -0.0, np.nan, np.inf, -np.inf, 1.0, -1.0, info.max, info.min, info.tiny, info.smallest_subnormal]
    rng = as_rng(seed)
    x = rng.normal(size=shape)
    chosen = rng.random(shape) < 0.4
    x[chosen] = rng.choice(odd, size=shape)[chosen]
    return x.astype(dtype)


def ties(shape, dtype, seed=0):
    """Return few different numbers, so that many are equal, with NaN and infinities among them."""
    shares = {-np.inf: 0.1, -1.0: 0.2, 0.0: 0.3, 2.0: 0.2, np.inf: 0.1, np.nan: 0.1}
    return as_rng(seed).choice([*shares], p=[*shares.values()], size=shape).astype(dtype)


def run(cupy, function, arguments):
    """Return the result of a function that is marked as fused on the device and of its definition on the host."""
    there = [cupy.asarray(a) if isinstance(a, np.ndarray) else a for a in arguments]
    here = [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]
    with np.errstate(all="ignore"):
        results = function(*there), function.__wrapped__(*here)
    found, wanted = (list(result) if isinstance(result, tuple) else [result] for result in results)
    changed, others = ([a for a in args if hasattr(a, "shape") and hasattr(a, "dtype")] for args in (there, here))
    return [array.get() for array in (*found, *changed)], [np.asarray(array) for array in (*wanted, *others)]


def assert_same_bits(found, wanted, signs=True):
    """Assert that arrays are equal bit for bit: a zero has its sign, and a NaN is a NaN, whichever."""
    for array, other in zip(found, wanted, strict=True):
        assert (array.dtype, array.shape) == (other.dtype, other.shape)
        if array.dtype.kind == "f":
            nan = np.isnan(other)
            np.testing.assert_array_equal(np.isnan(array), nan)
            array, other = (np.where(nan, 0, a if signs else a + 0.0).view(BITS[a.dtype]) for a in (array, other))
        np.testing.assert_array_equal(array, other)


# Every kernel by its name

TESTED = set()


def of(name):
    """Mark a test as one of a kernel, which it has to launch."""

    def mark(test):
        TESTED.add(name)
        test.kernel = name
        return test

    return mark


def test_every_kernel_of_the_source_is_tested():
    names = host_cuda.kernel_names(kernels.SOURCE)
    assert kernels.SOURCE.count("__global__") == len(names) == len(set(names))
    assert set(names) == TESTED


@of("relu_slope")
@both_dtypes
@every_shape
def test_relu_slope(cupy, shape, dtype):
    assert_same_bits(*run(cupy, activations._relu_slope, [special(shape, dtype), special(shape, dtype, 1)]))


@of("maxout")
@both_dtypes
@every_shape
@pytest.mark.parametrize("n_pieces", [1, 2, 5])
@pytest.mark.parametrize("entries", [special, ties])
def test_maxout(cupy, shape, dtype, n_pieces, entries):
    m, n_units = shape
    x = entries((m, n_pieces * n_units), dtype)
    (y, won, _), (other, other_won, _) = run(cupy, maxout._largest_piece, [x, n_pieces])
    assert_same_bits([y, won], [other, other_won], signs=False)  # which of 0 and -0 is larger, processors disagree


@of("maxout_slope")
@both_dtypes
@every_shape
@pytest.mark.parametrize("n_pieces", [1, 2, 5])
def test_maxout_slope(cupy, shape, dtype, n_pieces):
    m, n_units = shape
    _, won = maxout._largest_piece(ties((m, n_pieces * n_units), dtype, 1), n_pieces)
    assert_same_bits(*run(cupy, maxout._maxout_slope, [special(shape, dtype), won]))


@of("momentum_step")
@both_dtypes
@pytest.mark.parametrize("n", [1, 255, 256, 257, 70_003])
@pytest.mark.parametrize(("learning_rate", "momentum"), [(0.1, 0.0), (0.3, 0.7), (0.0, 0.9)])
def test_momentum_step(cupy, dtype, n, learning_rate, momentum):
    data, velocity, grad = (special(n, dtype, seed) for seed in range(3))
    there = [cupy.asarray(array) for array in (data, velocity, grad)]
    with np.errstate(all="ignore"):
        assert sgd._move(*there, learning_rate, momentum) is None
        sgd._move(data, velocity, grad, learning_rate, momentum)
    assert_same_bits([array.get() for array in there], [data, velocity, grad])


# Those with an exp or a log


def logits(dtype):
    return whole_range(dtype)[::7][:, None]


def means(function, x):
    """Return the terms of which the sum is the mean of function(x), exactly."""
    return [value / len(x) for value in exactly(function, x)]


@of("sigmoid")
@both_dtypes
def test_sigmoid(cupy, dtype):
    x = logits(dtype)
    assert worst_ulps(functional.sigmoid(cupy.asarray(x)).get(), exactly(logistic, x)) <= 2
    (y, _), (other, _) = run(cupy, functional.sigmoid, [special((3, 301), dtype)])
    np.testing.assert_allclose(y, other, rtol=4 * np.finfo(dtype).eps, atol=4 * np.finfo(dtype).smallest_subnormal)


@of("sigmoid_slope")
@both_dtypes
def test_sigmoid_slope(cupy, dtype):
    x = logits(dtype)
    ones = cupy.ones(x.shape, dtype)
    assert (
        worst_ulps(activations._sigmoid_slope(ones, cupy.asarray(x)).get(), exactly(logistic_slope, x)) <= 2.5
    )  # five roundings
    found, wanted = run(cupy, activations._sigmoid_slope, [special(x.shape, dtype), x])
    np.testing.assert_allclose(found[0], wanted[0], rtol=4 * np.finfo(dtype).eps, atol=4 * np.finfo(dtype).tiny)


@of("minus_log_d")
@both_dtypes
def test_minus_log_d(cupy, dtype):
    check_loss_and_slope(cupy, losses.minus_log_d, logits(dtype), value=(1, -1), slope=(-1, -1))


@of("minus_log_not_d")
@both_dtypes
def test_minus_log_not_d(cupy, dtype):
    check_loss_and_slope(cupy, losses.minus_log_not_d, logits(dtype), value=(1, 1), slope=(1, 1))


@of("log_not_d")
@both_dtypes
def test_log_not_d(cupy, dtype):
    check_loss_and_slope(cupy, losses.log_not_d, logits(dtype), value=(-1, 1), slope=(-1, 1))


def check_loss_and_slope(cupy, loss, a, value, slope):
    """Hold a loss against c softplus(s a) for value = (c, s), and its slope against c sigmoid(s a)."""
    found, slopes = (array.get() for array in loss(cupy.asarray(a)))
    assert worst_ulps(value[0] * found, exactly(log_one_plus_exp, value[1] * a)) <= 2
    assert worst_ulps(slope[0] * slopes, exactly(logistic, slope[1] * a)) <= 2
    odd = np.array([[np.nan], [np.inf], [-np.inf], [0.0], [-0.0]], a.dtype)
    for array, other in zip(*run(cupy, loss, [odd]), strict=True):
        np.testing.assert_allclose(array, other, rtol=4 * np.finfo(a.dtype).eps)


# Random words

EDGE = 2**64
words = st.integers(0, EDGE - 1)
# Where a block's number carries into the second, third and fourth of its words, and where it starts anew.
blocks = st.one_of(
    st.integers(0, 40),
    st.builds(lambda power, below: (2 ** (64 * power) - below) % 2**256, st.integers(1, 4), st.integers(0, 6)),
    st.integers(0, 2**256 - 1),
)


def wanted_words(key, start, rows, per_row, group=None, stride=None):
    """Return the words of a span, read from NumPy's stream one at a time."""
    group, stride = group or rows, stride or rows
    counter = np.array(kernels.counter_words(start // 4), np.uint64)
    generator = np.random.Philox(key=np.array(key, np.uint64), counter=counter)
    skipped = start % 4
    length = skipped + (((rows - 1) // group) * stride + (rows - 1) % group + 1) * per_row
    stream = generator.random_raw(length)[skipped:]
    positions = [i // group * stride + i % group for i in range(rows)]
    return np.array([stream[p * per_row : (p + 1) * per_row] for p in positions], np.uint64).reshape(rows, per_row)


@of("philox")
@for_a_fixture
@given(st.tuples(words, words), blocks, st.integers(0, 3), st.integers(1, 9), st.integers(1, 9))
@example((0, 0), 0, 0, 1, 1)
@example((EDGE - 1, EDGE - 1), EDGE - 2, 3, 5, 5)
@example((1, 2), EDGE**2 - 2, 2, 5, 5)
@example((1, 2), EDGE**3 - 2, 1, 5, 5)
@example((1, 2), EDGE**4 - 2, 0, 5, 5)
@example((EDGE - 1, 0), 3, 0, 70, 4)
def test_philox_is_numpys_for_every_key_and_position(cupy, key, block, within, rows, per_row):
    start = 4 * block + within
    draw = Draw((rows, per_row), None, Span(key, start, rows, rows), cupy)
    found = kernels.philox(draw, cupy).get()
    np.testing.assert_array_equal(found, wanted_words(key, start, rows, per_row), strict=True)


@of("philox")
@for_a_fixture
@given(
    st.tuples(words, words),
    blocks,
    st.integers(0, 3),
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(0, 5),
    st.integers(1, 9),
)
def test_philox_reads_groups_of_rows_with_others_between(cupy, key, block, within, n_groups, group, between, per_row):
    start, rows = 4 * block + within, n_groups * group
    draw = Draw((rows, per_row), None, Span(key, start, group, group + between), cupy)
    wanted = wanted_words(key, start, rows, per_row, group, group + between)
    np.testing.assert_array_equal(kernels.philox(draw, cupy).get(), wanted)


def spans(rows, per_row, xp):
    """Return draws of a few kinds: from the start, unaligned, near a carry, and in groups."""
    key = (2**63 + 5, 3)
    starts = [(0, rows, rows), (7, rows, rows), (4 * EDGE - 3, rows, rows), (5, 1, 3), (6, max(1, rows // 2), rows)]
    return [Draw((rows, per_row), None, Span(key, *start), xp) for start in starts]


def made(draw):
    """Return the same draw with its words there already, on the host."""
    _, start, group, stride = draw.span
    words = wanted_words(draw.span.key, start, *draw.shape, group, stride)
    return Draw(draw.shape, words, None, np)


@of("uniform")
@both_dtypes
@every_shape
@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-(3**0.5), 3**0.5), (5.0, 5.5)])
def test_uniform(cupy, shape, dtype, low, high):
    for draw in spans(*shape, cupy):
        found = streams._scaled(cupy.empty(shape, dtype), draw, low, high)
        assert_same_bits([found.get()], [streams._scaled.__wrapped__(np.empty(shape, dtype), made(draw), low, high)])


@of("dropout")
@both_dtypes
@pytest.mark.parametrize("shape", [*SHAPES, (3, 2, 5), (2, 3, 4, 4)], ids=str)
@pytest.mark.parametrize("rate", [0.0, 0.2, 0.5, 0.99999])
def test_dropout(cupy, shape, dtype, rate):
    x = special(shape, dtype)
    for draw in spans(shape[0], -(-int(np.prod(shape[1:])) // 4), cupy):
        found = dropout._dropped(cupy.asarray(x), draw, rate)
        with np.errstate(all="ignore"):
            wanted = dropout._dropped.__wrapped__(x, made(draw), rate)
        assert_same_bits([array.get() for array in found], wanted)


@of("dropout")
def test_bits_that_equal_the_rate_are_kept(cupy):
    draw, *_ = spans(4, 2, cupy)
    x, bits = np.ones((4, 8), np.float32), streams.as_bits(made(draw).words(), (4, 8))
    for threshold in bits[:, ::3].ravel().tolist():
        _, mask = dropout._dropped(cupy.asarray(x), draw, threshold / 2**16)
        np.testing.assert_array_equal(mask.get() > 0, bits >= threshold)


@of("dropout")
def test_dropout_of_a_view(cupy):
    x = special((6, 8), np.float32)
    (draw, *_) = spans(6, 1, cupy)
    with np.errstate(all="ignore"):
        wanted = dropout._dropped.__wrapped__(x[:, ::2], made(draw), 0.5)
    assert_same_bits([array.get() for array in dropout._dropped(cupy.asarray(x)[:, ::2], draw, 0.5)], wanted)


# What decides whether a kernel runs


def test_on_the_host_no_kernel_runs(launched):
    x = np.ones((2, 3))
    activations._relu_slope(x, x)
    sgd._move(x[0], x[1], x[0], 0.1, 0.5)
    assert launched == []


def test_two_precisions_run_without_a_kernel(cupy, launched):
    data, velocity, grad = cupy.ones(3, np.float32), cupy.ones(3, np.float32), cupy.ones(3, np.float64)
    sgd._move(data, velocity, grad, 0.5, 0.0)
    np.testing.assert_array_equal(data.get(), np.full(3, 0.5, np.float32), strict=True)
    assert launched == []


def test_a_kernel_may_decline(cupy, launched):
    draw = Draw((2, 1), cupy.asarray(np.arange(2, dtype=np.uint64)[:, None]), None, cupy)
    x = streams._scaled(cupy.empty((2, 1), np.float32), draw, 0.0, 1.0)
    np.testing.assert_array_equal(x.get(), 0)
    _, mask = dropout._dropped(cupy.ones((2, 4), np.float32), draw, 0.5)
    np.testing.assert_array_equal(mask.get(), 0)
    assert launched == []


def test_a_fused_function_keeps_its_name_and_its_docstring():
    assert functional.sigmoid.__name__ == "sigmoid"
    assert "1 / (1 + exp(-x))" in functional.sigmoid.__doc__


def test_kernels_are_compiled_once_for_each_precision(cupy, monkeypatch):
    compiled, compile_module = [], fake_cupy.RawModule.compile

    def noted(self, *args):
        compiled.append(self.options)
        return compile_module(self, *args)

    monkeypatch.setattr(fake_cupy.RawModule, "compile", noted)
    for dtype in (*DTYPES, *DTYPES):
        x = cupy.ones((2, 3), dtype)
        activations._relu_slope(x, x)
        activations._sigmoid_slope(x, x)
    assert compiled == [kernels.options("float"), kernels.options("double")]


def test_nothing_is_rounded_once_where_numpy_rounds_twice():
    for real in ("float", "double"):
        assert "--fmad=false" in kernels.options(real)
