"""Every kernel for a GPU, run on the host: bit for bit what NumPy computes, to 2 ulp where there is an exp in it."""

import ast
from pathlib import Path

import numpy as np
import pytest
from fake_gpu import fake_cupy, host_cuda, kernels
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support.precision import exactly, log_one_plus_exp, logistic, logistic_slope, whole_range, worst_ulps

import tinygan
from tinygan import functional
from tinygan.backend import as_rng, fused, streams
from tinygan.backend.streams import Span
from tinygan.layers import activations, dropout, maxout
from tinygan.optim import sgd

pytestmark = pytest.mark.skipif(not host_cuda.available(), reason="there is no C++ compiler to run the kernels with")

ROOT = Path(tinygan.__file__).parent
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
    names, compiled = [], fused._kernel

    def noted(cupy, source, name, real):
        names.append(name)
        return compiled(cupy, source, name, real)

    monkeypatch.setattr(fused, "_kernel", noted)
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
    found, wanted = (result if isinstance(result, tuple) else [result][: result is not None] for result in results)
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


def test_every_kernel_is_tested():
    names = [name for path in ROOT.rglob("*.cu") for name in host_cuda.kernel_names(path.read_text())]
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            marks = [ast.unparse(mark) for mark in getattr(node, "decorator_list", ())]
            if any(mark.startswith("fused(") for mark in marks):
                names.append(node.name)
    assert len(names) == len(set(names))
    assert set(names) == TESTED


@of("_relu_slope")
@both_dtypes
@every_shape
def test_relu_slope(cupy, shape, dtype):
    assert_same_bits(*run(cupy, activations._relu_slope, [special(shape, dtype), special(shape, dtype, 1)]))


@of("largest_piece")
@both_dtypes
@every_shape
@pytest.mark.parametrize("n_pieces", [1, 2, 5])
@pytest.mark.parametrize("entries", [special, ties])
def test_maxout(cupy, shape, dtype, n_pieces, entries):
    m, n_units = shape
    x = entries((m, n_pieces * n_units), dtype)
    (y, won, _), (other, other_won, _) = run(cupy, maxout._largest_piece, [x, n_pieces])
    assert_same_bits([y, won], [other, other_won], signs=False)  # which of 0 and -0 is larger, processors disagree


@of("slope")
@both_dtypes
@every_shape
@pytest.mark.parametrize("n_pieces", [1, 2, 5])
def test_maxout_slope(cupy, shape, dtype, n_pieces):
    m, n_units = shape
    _, won = maxout._largest_piece(ties((m, n_pieces * n_units), dtype, 1), n_pieces)
    assert_same_bits(*run(cupy, maxout._maxout_slope, [special(shape, dtype), won]))


@of("_move")
@both_dtypes
@pytest.mark.parametrize("n", [1, 255, 256, 257, 70_003])
@pytest.mark.parametrize(("learning_rate", "momentum"), [(0.1, 0.0), (0.3, 0.7), (0.0, 0.9)])
def test_move(cupy, dtype, n, learning_rate, momentum):
    data, velocity, grad = (special(n, dtype, seed) for seed in range(3))
    there = [cupy.asarray(array) for array in (data, velocity, grad)]
    with np.errstate(all="ignore"):
        assert sgd._move(*there, learning_rate, momentum) is None
        sgd._move(data, velocity, grad, learning_rate, momentum)
    assert_same_bits([array.get() for array in there], [data, velocity, grad])


# Those with an exp or a log


def logits(dtype):
    return whole_range(dtype)[::7][:, None]


@of("sigmoid")
@both_dtypes
def test_sigmoid(cupy, dtype):
    x = logits(dtype)
    assert worst_ulps(functional.sigmoid(cupy.asarray(x)).get(), exactly(logistic, x)) <= 2
    (y, _), (other, _) = run(cupy, functional.sigmoid, [special((3, 301), dtype)])
    np.testing.assert_allclose(y, other, rtol=4 * np.finfo(dtype).eps, atol=4 * np.finfo(dtype).smallest_subnormal)


@of("_sigmoid_slope")
@both_dtypes
def test_sigmoid_slope(cupy, dtype):
    x = logits(dtype)
    ones = cupy.ones(x.shape, dtype)
    assert (
        worst_ulps(activations._sigmoid_slope(ones, cupy.asarray(x)).get(), exactly(logistic_slope, x)) <= 2.5
    )  # five roundings
    found, wanted = run(cupy, activations._sigmoid_slope, [special(x.shape, dtype), x])
    np.testing.assert_allclose(found[0], wanted[0], rtol=4 * np.finfo(dtype).eps, atol=4 * np.finfo(dtype).tiny)


@of("softplus")
@both_dtypes
def test_softplus(cupy, dtype):
    x = logits(dtype)
    assert worst_ulps(functional.softplus(cupy.asarray(x)).get(), exactly(log_one_plus_exp, x)) <= 2
    (y, _), (other, _) = run(cupy, functional.softplus, [special((3, 301), dtype)])
    np.testing.assert_allclose(y, other, rtol=4 * np.finfo(dtype).eps, atol=4 * np.finfo(dtype).smallest_subnormal)


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
    counter = np.array(streams._counter(start // 4), np.uint64)
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
    found = streams._philox(Span(key, start, rows, rows), (rows, per_row), cupy).get()
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
    span = Span(key, start, group, group + between)
    wanted = wanted_words(key, start, rows, per_row, group, group + between)
    np.testing.assert_array_equal(streams._philox(span, (rows, per_row), cupy).get(), wanted)


@of("_scale")
@both_dtypes
@every_shape
@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-(3**0.5), 3**0.5), (5.0, 5.5)])
def test_scale(cupy, shape, dtype, low, high):
    words = np.random.Philox(1).random_raw(shape)
    words.ravel()[:2] = (0, 2**64 - 1)[: words.size]
    digits = np.finfo(dtype).nmant + 1
    numbers = 64 - digits, 2.0**-digits, low, high - low
    assert_same_bits(*run(cupy, streams._scale, [np.empty(shape, dtype), words, *numbers]))


@of("_dropped")
@both_dtypes
@every_shape
@pytest.mark.parametrize("rate", [0.0, 0.2, 0.5, 0.99999])
def test_dropped(cupy, shape, dtype, rate):
    bits, threshold = streams.bits(as_rng(1), np.ones(shape)), round(rate * 2**16)
    bits.ravel()[:3] = [threshold - 1, threshold, threshold + 1][: bits.size] if 0 < threshold < 2**16 - 1 else 0
    assert_same_bits(*run(cupy, dropout._dropped, [special(shape, dtype), bits, threshold, 1 / (1 - rate)]))


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


def test_shapes_that_differ_are_left_to_the_definition(cupy, launched):
    grad_x = activations._relu_slope(cupy.ones((2, 3)), cupy.asarray(np.array([1.0, 0.0, 2.0])))
    np.testing.assert_array_equal(grad_x.get(), [[1, 0, 1], [1, 0, 1]])
    assert launched == []


def test_an_empty_array_needs_no_kernel(cupy, launched):
    assert functional.sigmoid(cupy.empty((0, 3))).shape == (0, 3)
    assert launched == []


def test_what_is_changed_must_lie_in_one_block(cupy, launched):
    data = cupy.ones((4, 6))
    sgd._move(data[:, ::2], cupy.zeros((4, 3)), cupy.ones((4, 3)), 0.5, 0.0)
    np.testing.assert_array_equal(data.get(), np.tile([0.5, 1], (4, 3)))
    assert launched == []


@of("_relu_slope")
def test_what_is_only_read_may_be_a_view(cupy):
    grad_y, y = special((4, 6), np.float32), special((4, 6), np.float32, 1)
    found = activations._relu_slope(cupy.asarray(grad_y)[:, ::2], cupy.asarray(y)[:, ::2])
    with np.errstate(all="ignore"):
        assert_same_bits([found.get()], [grad_y[:, ::2] * (y[:, ::2] > 0)])


def test_a_fused_function_keeps_its_name_and_its_docstring():
    assert functional.sigmoid.__name__ == "sigmoid"
    assert "1 / (1 + exp(-x))" in functional.sigmoid.__doc__


def test_kernels_are_compiled_once_for_each_precision(cupy, monkeypatch):
    compiled, compile_module = [], kernels.RawModule.compile

    def noted(self, *args):
        compiled.append(self.options)
        return compile_module(self, *args)

    monkeypatch.setattr(kernels.RawModule, "compile", noted)
    for dtype in (*DTYPES, *DTYPES):
        x = cupy.ones((2, 3), dtype)
        activations._relu_slope(x, x)
        activations._sigmoid_slope(x, x)
    assert compiled == 2 * [fused.options("float")] + 2 * [fused.options("double")]


def test_nothing_is_rounded_once_where_numpy_rounds_twice():
    for real in ("float", "double"):
        assert "--fmad=false" in fused.options(real)
