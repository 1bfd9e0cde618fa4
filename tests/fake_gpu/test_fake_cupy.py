"""The fake CuPy refuses what CuPy refuses, computes what NumPy computes, and counts; its kernels really run."""

import copy
import importlib
import operator
import pickle
import sys

import numpy as np
import pytest
from fake_gpu import arrays, fake_cupy, hardware, host_cuda

needs_a_compiler = pytest.mark.skipif(not host_cuda.available(), reason="there is no C++ compiler")

HOST = np.arange(1, 7, dtype=np.float32).reshape(2, 3)


@pytest.fixture
def cupy(monkeypatch):
    return fake_cupy.install(monkeypatch)


@pytest.fixture
def x(cupy):
    return cupy.asarray(HOST)


def same(array, wanted):
    """Assert that an array of the device has the values, the shape and the dtype of one of the host."""
    assert type(array) is arrays.ndarray
    assert array.dtype == wanted.dtype
    np.testing.assert_array_equal(array.get(), wanted, strict=np.ndim(wanted) > 0)


def counts(cupy, action):
    """Return what an action counts, without the zeros."""
    with cupy.counting() as found:
        action()
    return {name: value for name, value in vars(found).items() if value}


# What is refused


LEAKS = ["__array_interface__", "__array_struct__", "__buffer__", "__cuda_array_interface__", "__dlpack__", "__index__"]
LEAKS += ["__array_namespace__", "__array_wrap__", "ctypes", "flat", "writeable", "anything"]


@pytest.mark.parametrize("name", LEAKS)
def test_an_array_has_no_other_attribute(name, x):
    assert not isinstance(x, np.ndarray)
    assert not hasattr(x, name)
    with pytest.raises(AttributeError):
        setattr(x, name, None)


@pytest.mark.parametrize("name", ["errstate", "vecdot", "unstack", "logsumexp", "random", "anything", "__array_api__"])
def test_the_module_has_no_other_name(name, cupy):
    with pytest.raises(AttributeError):
        getattr(cupy, name)


@pytest.mark.parametrize(
    "convert",
    [
        np.asarray,
        np.array,
        np.ascontiguousarray,
        lambda x: np.array([x, x]),
        lambda x: HOST[x],
        lambda x: np.empty((2, 3)).__setitem__(slice(None), x),
        lambda x: x.__array__(np.float32),
        memoryview,
        np.frombuffer,
    ],
)
def test_no_conversion_is_silent(convert, cupy, x):
    with cupy.counting() as found, pytest.raises(TypeError, match=r"`\.get\(\)`|bytes-like"):
        convert(x)
    assert found == hardware.Counters()


@pytest.mark.parametrize(
    "function",
    [
        np.exp,
        np.isnan,
        np.sum,
        np.max,
        np.shape,
        np.zeros_like,
        np.linalg.norm,
        np.maximum.reduce,
        lambda x: np.add(x, 1),
        lambda x: np.add(HOST, HOST, out=x),
        lambda x: np.matmul(x, x.T),
        lambda x: np.concatenate([x, x]),
        lambda x: np.where(x > 0, x, 0),
        lambda x: np.copyto(HOST.copy(), x),
    ],
)
def test_functions_of_numpy_refuse(function, x):
    with pytest.raises(TypeError, match=r"array of the device|does not support ufuncs"):
        function(x)


WHOLE = [operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift]
OPERATORS = [operator.add, operator.floordiv, operator.mod, operator.mul, operator.pow, operator.sub, operator.truediv]
COMPARISONS = [operator.eq, operator.ge, operator.gt, operator.le, operator.lt, operator.ne]


@pytest.mark.parametrize("host", [HOST, HOST[0], np.array(2, np.float32)], ids=["2-d", "1-d", "0-d"])
@pytest.mark.parametrize("apply", [*OPERATORS, *WHOLE, *COMPARISONS, operator.matmul], ids=lambda apply: apply.__name__)
def test_operators_refuse_arrays_of_the_host(apply, host, x):
    for one, other in ((x, host), (host, x)):
        with pytest.raises(TypeError, match=r"Unsupported type <class 'numpy\.ndarray'>"):
            apply(one, other)


@pytest.mark.parametrize("apply", [operator.iadd, operator.isub, operator.imul, operator.itruediv, operator.ipow])
def test_operators_in_place_refuse_arrays_of_the_host(apply, x):
    with pytest.raises(TypeError, match=r"Unsupported type <class 'numpy\.ndarray'>"):
        apply(x, HOST)
    with pytest.raises(TypeError, match="does not support ufuncs"):
        apply(HOST.copy(), x)
    same(x, HOST)


@pytest.mark.parametrize("other", [None, [1, 2, 3], "1", object()])
def test_operators_refuse_what_is_no_number(other, x):
    for apply in (operator.add, operator.eq, operator.matmul):
        with pytest.raises(TypeError, match="Unsupported type"):
            apply(x, other)


@pytest.mark.parametrize(
    "call",
    [
        lambda cupy, x: cupy.exp(HOST),
        lambda cupy, x: cupy.maximum(x, HOST),
        lambda cupy, x: cupy.maximum(x, x, out=HOST.copy()),
        lambda cupy, x: cupy.exp(x, where=x > 0),
        lambda cupy, x: cupy.exp(x, subok=False),
        lambda cupy, x: cupy.exp(x, x, x),
        lambda cupy, x: cupy.add(x),
        lambda cupy, x: cupy.sum(HOST),
        lambda cupy, x: cupy.sum(3.0),
        lambda cupy, x: cupy.sum(x, initial=0),
        lambda cupy, x: cupy.sum(x, where=x > 0),
        lambda cupy, x: x.max(initial=0),
        lambda cupy, x: x.mean(where=x > 0),
        lambda cupy, x: cupy.sum(x, axis=0, out=np.empty(3, np.float32)),
        lambda cupy, x: cupy.take(x, [0], mode="clip"),
        lambda cupy, x: cupy.clip(x, min=1, max=2),
        lambda cupy, x: x.clip(a_min=1),
        lambda cupy, x: cupy.argsort(x, stable=True),
        lambda cupy, x: cupy.concatenate([x, HOST]),
        lambda cupy, x: cupy.concatenate([HOST]),
        lambda cupy, x: cupy.where(HOST > 1, x, 0),
        lambda cupy, x: cupy.where(x > 1, HOST, 0),
        lambda cupy, x: cupy.matmul(x, HOST.T),
        lambda cupy, x: cupy.matmul(x, x.T, where=True),
        lambda cupy, x: cupy.dot(x, HOST.T),
        lambda cupy, x: cupy.einsum("ij,ij->i", x, HOST),
        lambda cupy, x: cupy.einsum("ij,ij->i", x, x, out=x[:, 0]),
        lambda cupy, x: cupy.zeros_like(HOST),
        lambda cupy, x: cupy.zeros_like(3.0),
        lambda cupy, x: cupy.zeros(3, like=x),
        lambda cupy, x: cupy.searchsorted(x[0], HOST[0]),
        lambda cupy, x: cupy.broadcast_to(HOST, (2, 2, 3)),
        lambda cupy, x: cupy.linalg.norm(HOST),
        lambda cupy, x: cupy.copyto(x, x.astype(np.complex64)),
        lambda cupy, x: x.astype(np.int32, casting="safe"),
        lambda cupy, x: x.__iadd__(1j),
        lambda cupy, x: [1, 2][x[0, 0].astype(int)],
        lambda cupy, x: range(x[0, 0].astype(int)),
        lambda cupy, x: x[0, 0].__len__(),
        lambda cupy, x: iter(x[0, 0]),
        lambda cupy, x: hash(x),
        lambda cupy, x: x.set([1.0]),
        lambda cupy, x: x.set(HOST.astype(np.float64)),
        lambda cupy, x: x.get(out=[0.0]),
        lambda cupy, x: x.get(out=np.empty((2, 3))),
        lambda cupy, x: cupy.asarray([x, HOST]),
    ],
)
def test_calls_with_a_wrong_type_are_refused(call, cupy, x):
    with pytest.raises(TypeError):
        call(cupy, x)


@pytest.mark.parametrize(
    "call",
    [
        lambda cupy, x: bool(x),
        lambda cupy, x: x.item(),
        lambda cupy, x: x.set(HOST.T),
        lambda cupy, x: x.get(out=np.empty((3, 2), np.float32)),
        lambda cupy, x: x.fill(HOST),
        lambda cupy, x: x.__setitem__(0, HOST[0]),
        lambda cupy, x: x.__setitem__(slice(None), HOST),
        lambda cupy, x: x.__setitem__(..., HOST),
        lambda cupy, x: cupy.copyto(x, HOST),
        lambda cupy, x: cupy.exp(x, out=x[0]),
        lambda cupy, x: cupy.exp(x, x, out=x),
        lambda cupy, x: cupy.asarray(["a"]),
        lambda cupy, x: x.astype(object),
        lambda cupy, x: x + x.T,
    ],
)
def test_calls_with_a_wrong_value_are_refused(call, cupy, x):
    with pytest.raises(ValueError):  # noqa: PT011
        call(cupy, x)
    same(x, HOST)


def test_a_column_of_memory_is_not_set(cupy, x):
    with pytest.raises(RuntimeError, match="non-contiguous"):
        cupy.asarray(HOST)[:, :2].set(HOST[:, :2])


# What is computed


@pytest.mark.parametrize("apply", [*OPERATORS, *WHOLE, *COMPARISONS], ids=lambda apply: apply.__name__)
def test_operators_compute_what_numpy_computes(apply, cupy):
    host = np.array([[1, 2, 3]], np.int32 if apply in WHOLE else np.float32)
    x, number = cupy.asarray(host), 2 if apply in WHOLE else 1.5
    for other in (number, host.dtype.type(number)):
        same(apply(x, other), apply(host, other))
        same(apply(other, x), apply(other, host))
    same(apply(x, x.T), apply(host, host.T))


def test_operators_in_place_keep_the_memory(x):
    y, host = x, HOST.copy()
    for apply in (operator.iadd, operator.isub, operator.imul, operator.itruediv, operator.imod, operator.ipow):
        y, host = apply(y, 3), apply(host, 3)
        assert y is x
    same(x, host)


@pytest.mark.parametrize("apply", [operator.neg, operator.pos, abs])
def test_signs(apply, x):
    same(apply(x), apply(HOST))
    same(~(x > 2), ~(HOST > 2))


@pytest.mark.parametrize("dtype", [np.float32, np.uint8, np.int64, np.float64])
def test_numbers_are_weak_and_scalars_of_numpy_are_strong(dtype, cupy):
    host = np.arange(3).astype(dtype)
    x = cupy.asarray(host)
    for number in (2, 2.5, np.float32(2), np.float64(2), np.int64(2)):
        assert (x * number).dtype == (host * number).dtype
        assert (number * x).dtype == (number * host).dtype
        assert cupy.where(x > 0, x, number).dtype == np.where(host > 0, host, number).dtype


@pytest.mark.parametrize(
    "call",
    [
        lambda xp, x: xp.sum(x, 0),
        lambda xp, x: xp.mean(x, axis=1, keepdims=True),
        lambda xp, x: x.std(),
        lambda xp, x: x.var(0, ddof=1),
        lambda xp, x: x.max(axis=(0, 1)),
        lambda xp, x: x.clip(2, 4),
        lambda xp, x: xp.clip(x, 2, None),
        lambda xp, x: x.argmax(1),
        lambda xp, x: xp.argsort(x, axis=0),
        lambda xp, x: x.any(),
        lambda xp, x: x.cumsum(1),
        lambda xp, x: x @ x.T,
        lambda xp, x: x.dot(x.T),
        lambda xp, x: xp.einsum("ij,ij->i", x, x),
        lambda xp, x: xp.linalg.norm(x),
        lambda xp, x: xp.linalg.norm(x, axis=0),
        lambda xp, x: xp.nonzero(x > 2)[1],
        lambda xp, x: xp.where(x > 2)[0],
        lambda xp, x: xp.take(x, [1, 0], axis=0),
        lambda xp, x: xp.concatenate([x, x], axis=1),
        lambda xp, x: xp.stack([x, x], 2),
        lambda xp, x: xp.arange(5),
        lambda xp, x: xp.arange(2, 9, 3, dtype=np.float32),
        lambda xp, x: xp.linspace(0, 1, 5),
        lambda xp, x: xp.full((2,), np.inf, np.float32),
        lambda xp, x: xp.full_like(x, 7),
        lambda xp, x: xp.ones((2, 1), np.float32) * xp.zeros_like(x),
        lambda xp, x: xp.array([x[0], x[1]]),
        lambda xp, x: xp.array([1, 2], ndmin=2),
        lambda xp, x: xp.trapezoid(x, x[0]),
        lambda xp, x: xp.interp(x[0], x[0], x[1]),
        lambda xp, x: xp.searchsorted(x[0], x[1]),
        lambda xp, x: xp.diff(x),
        lambda xp, x: xp.log(x - 1),
        lambda xp, x: x / (x - x),
        lambda xp, x: x[1],
        lambda xp, x: x[:, None, ::-1],
        lambda xp, x: x[1, 2],
        lambda xp, x: x[..., [0, 2]],
        lambda xp, x: x[x > 2],
        lambda xp, x: x[xp.asarray([1, 0]), xp.asarray([2, 2])],
        lambda xp, x: x[xp.asarray(1)],
        lambda xp, x: x.T.reshape(-1, 2, order="C"),
        lambda xp, x: xp.expand_dims(x, 1).squeeze(1).transpose(1, 0).swapaxes(0, 1).ravel(),
        lambda xp, x: xp.broadcast_to(x[0], (2, 3)),
        lambda xp, x: x.view(np.int32),
        lambda xp, x: x.astype(np.uint8).flatten("F"),
        lambda xp, x: xp.bitwise_xor(x.astype(int), xp.right_shift(x.astype(int), 1)),
    ],
)
def test_functions_compute_what_numpy_computes(call, cupy, x):
    with np.errstate(all="ignore"):  # a GPU warns of nothing, the host would
        wanted = call(np, HOST)
    same(call(cupy, x), np.asarray(wanted))


def test_a_ufunc_writes_where_it_is_told(cupy, x):
    y = cupy.empty((2, 3), np.float64)
    assert cupy.exp(x, y) is y
    assert cupy.multiply(x, 2, out=(y,), casting="same_kind") is y
    same(y, 2 * HOST.astype(np.float64))
    assert cupy.add(x, 1, dtype=np.float64).dtype == np.float64
    assert cupy.sum(x, axis=0, out=y[0]).base is y
    assert cupy.matmul(x, x.T, out=y[:, :2]).base is y


def test_results_are_contiguous_as_cupys_are(cupy, x):
    assert (x.T + 1).flags.c_contiguous
    assert cupy.exp(x.T).flags.c_contiguous
    assert x.T.copy().flags.c_contiguous
    assert x.T.astype(np.float64).flags.f_contiguous
    assert cupy.zeros_like(x.T).flags.f_contiguous
    assert not x.T.flags.c_contiguous


def test_views_share_memory_and_copies_do_not(cupy, x):
    for view in (x[0], x[:, 1:], x.T, x.reshape(3, 2), x.ravel(), x[1, 1], x.view(np.int32), cupy.squeeze(x[:1])):
        assert view.base is x
    for other in (x.copy(), x[[0]], x[x > 0], x[cupy.asarray(0)], x.T.ravel(), copy.copy(x), copy.deepcopy(x), +x):
        assert other.base is None
        other[...] = 0
    same(x, HOST)
    x[0] = 0
    x[1, 2] = x[1, 1]
    x[:, 0] += 1
    x[cupy.asarray([1])] = x[1] * 2
    x[x > 11] = np.float32(-1)
    same(x, np.array([[1, 0, 0], [10, 10, 10]], np.float32))
    assert x.astype(np.float32, copy=False) is x
    assert cupy.asarray(x) is x
    assert cupy.array(x) is not x


def test_results_of_no_dimensions_stay_on_the_device(x):
    for result in (x.sum(), x.max(), x[0, 0], x.argmin(), x.all()):
        assert type(result) is arrays.ndarray
        assert result.shape == ()


def test_attributes(cupy, x):
    assert (x.shape, x.ndim, x.size, x.nbytes, x.itemsize, x.strides, len(x)) == ((2, 3), 2, 6, 24, 4, (12, 4), 2)
    assert (x.flags.c_contiguous, x.flags.f_contiguous, x.flags.owndata) == (True, False, True)
    assert x.device == x[0].device == cupy.cuda.Device(0)
    assert x[1].data.ptr == x.data.ptr + 12
    assert repr(x) == repr(HOST)
    assert str(x) == str(HOST)
    assert f"{x[0, 1]:.1f}" == "2.0"
    assert x.tolist() == HOST.tolist()
    assert (int(x[0, 1]), float(x[0, 1]), complex(x[0, 1]), x[0, 1].item(), bool(x[0, 1])) == (
        2,
        2.0,
        2 + 0j,
        2.0,
        True,
    )
    assert [row.tolist() for row in x] == HOST.tolist()
    same(cupy.ndarray((2,), np.int8) * 0, np.zeros(2, np.int8))
    same(pickle.loads(pickle.dumps(x)), HOST)


def test_the_way_to_the_host_and_back(cupy, x):
    out = np.empty((2, 3), np.float32)
    assert x.get(out=out) is out
    np.testing.assert_array_equal(out, HOST)
    assert x.get(order="F").flags.f_contiguous
    assert cupy.asnumpy(HOST) is HOST
    host = cupy.asnumpy(x)
    host[...] = 0
    x.set(HOST + 1)
    same(x, HOST + 1)
    source = HOST.copy()
    y = cupy.asarray(source)
    source[...] = 0
    same(y, HOST)


# What is counted


@pytest.mark.parametrize(
    ("action", "wanted"),
    [
        (lambda cupy, x: x * 2, {"launches": 1, "allocations": 1}),
        (lambda cupy, x: x * 2 + 1, {"launches": 2, "allocations": 2}),
        (lambda cupy, x: operator.imul(x, 2), {"launches": 1}),
        (lambda cupy, x: cupy.exp(x, out=x), {"launches": 1}),
        (lambda cupy, x: cupy.exp(x[:0]), {}),
        (lambda cupy, x: x @ x.T, {"launches": 1, "allocations": 1}),
        (lambda cupy, x: x.mean(), {"launches": 1, "allocations": 1}),
        (lambda cupy, x: x.var(), {"launches": 2, "allocations": 1}),
        (lambda cupy, x: x.std(), {"launches": 3, "allocations": 1}),
        (lambda cupy, x: cupy.linalg.norm(x), {"launches": 3, "allocations": 1}),
        (lambda cupy, x: cupy.linalg.norm(x, axis=0), {"launches": 1, "allocations": 1}),
        (lambda cupy, x: cupy.concatenate([x, x, x]), {"launches": 3, "allocations": 1}),
        (lambda cupy, x: cupy.where(x > 1, x, 0), {"launches": 2, "allocations": 2}),
        (lambda cupy, x: x[0].T.reshape(3, 1)[:, 0], {}),
        (lambda cupy, x: x.T.ravel(), {"launches": 1, "allocations": 1}),
        (lambda cupy, x: x.copy(), {"launches": 1, "allocations": 1}),
        (lambda cupy, x: x.astype(np.float64), {"launches": 1, "allocations": 1}),
        (lambda cupy, x: x.astype(np.float32, copy=False), {}),
        (lambda cupy, x: x.fill(1), {"launches": 1}),
        (lambda cupy, x: x.__setitem__(0, 1), {"launches": 1}),
        (lambda cupy, x: x.__setitem__(0, x[1]), {"launches": 1}),
        (lambda cupy, x: x.__setitem__(0, x[0]), {}),
        (lambda cupy, x: x.__setitem__(..., np.array(2.0)), {"launches": 1}),
        (lambda cupy, x: cupy.empty(3), {"allocations": 1}),
        (lambda cupy, x: cupy.empty(0), {}),
        (lambda cupy, x: cupy.zeros(3), {"launches": 1, "allocations": 1}),
        (lambda cupy, x: cupy.arange(3), {"launches": 1, "allocations": 1}),
        (lambda cupy, x: cupy.asarray(HOST), {"host_to_device": 1, "allocations": 1}),
        (lambda cupy, x: cupy.asarray([1, 2]), {"host_to_device": 1, "allocations": 1}),
        (lambda cupy, x: cupy.asarray(1.0), {"launches": 1, "allocations": 1}),
        (lambda cupy, x: cupy.asarray(x), {}),
        (lambda cupy, x: cupy.ascontiguousarray(x), {}),
        (lambda cupy, x: cupy.ascontiguousarray(x.T), {"launches": 1, "allocations": 1}),
        (lambda cupy, x: x.set(HOST), {"host_to_device": 1}),
        (lambda cupy, x: x.get(), {"device_to_host": 1, "syncs": 1}),
        (lambda cupy, x: x.get(blocking=False), {"device_to_host": 1}),
        (lambda cupy, x: cupy.asnumpy(x), {"device_to_host": 1, "syncs": 1}),
        (lambda cupy, x: x.T.get(), {"device_to_host": 1, "syncs": 1, "launches": 1, "allocations": 1}),
        (lambda cupy, x: x.T.get(order="F"), {"device_to_host": 1, "syncs": 1}),
        (lambda cupy, x: float(x[0, 0]), {"device_to_host": 1, "syncs": 1}),
        (lambda cupy, x: bool(x[0, 0]), {"device_to_host": 1, "syncs": 1}),
        (lambda cupy, x: x[0, 0].item(), {"device_to_host": 1, "syncs": 1}),
        (lambda cupy, x: repr(x), {"device_to_host": 1, "syncs": 1}),
        (lambda cupy, x: list(x), {}),
        (lambda cupy, x: x[[0]], {"host_to_device": 1, "launches": 1, "allocations": 2}),
        (lambda cupy, x: x[np.array([0])], {"host_to_device": 1, "launches": 1, "allocations": 2}),
        (lambda cupy, x: x.take(np.array([0])), {"host_to_device": 1, "launches": 1, "allocations": 2}),
        (lambda cupy, x: x.__setitem__([0], HOST[0]), {"host_to_device": 2, "launches": 1, "allocations": 2}),
        (lambda cupy, x: cupy.nonzero(x), {"launches": 3, "allocations": 2, "device_to_host": 1, "syncs": 1}),
        (lambda cupy, x: cupy.cuda.Stream.null.synchronize(), {"syncs": 1}),
        (lambda cupy, x: cupy.cuda.get_current_stream().synchronize(), {"syncs": 1}),
        (lambda cupy, x: cupy.cuda.Device(0).synchronize(), {"syncs": 1}),
        (lambda cupy, x: cupy.cuda.runtime.deviceSynchronize(), {"syncs": 1}),
        (lambda cupy, x: cupy.cuda.Event().synchronize(), {"syncs": 1}),
    ],
)
def test_counts(action, wanted, cupy, x):
    assert counts(cupy, lambda: action(cupy, x)) == wanted


def test_a_mask_asks_how_many(cupy, x):
    mask = x > 2
    reads = {"launches": 3, "device_to_host": 1, "syncs": 1}
    assert counts(cupy, lambda: x[mask]) == reads | {"allocations": 1}
    assert counts(cupy, lambda: x.__setitem__(mask, x[0, 0])) == reads


def test_counters_are_reset(cupy, x):
    assert cupy.counters.host_to_device == 1
    cupy.counters.reset()
    assert cupy.counters == hardware.Counters()
    with pytest.raises(ZeroDivisionError), cupy.counting() as found:
        operator.truediv((x + 1).size, 0)
    assert found.launches == cupy.counters.launches == 1


# Memory


def test_memory_is_given_back(cupy, x):
    pool = cupy.get_default_memory_pool()
    assert (pool.used_bytes(), pool.total_bytes()) == (512, 512)
    y = x + 1
    view = y[0]
    del y
    assert pool.used_bytes() == 1024
    del view
    assert (pool.used_bytes(), pool.total_bytes(), pool.free_bytes()) == (512, 1024, 512)
    pool.free_all_blocks()
    assert pool.total_bytes() == 512


def test_memory_runs_out(cupy, x):
    cupy.machine.memory_limit = 10_000
    with pytest.raises(cupy.cuda.memory.OutOfMemoryError) as info:
        cupy.zeros(3000, np.float32)
    text = "Out of memory allocating 12,288 bytes (allocated so far: 512 bytes, limit set to: 10,000 bytes)."
    assert str(info.value) == text
    assert isinstance(info.value, MemoryError)
    kept = [cupy.zeros(1000, np.float32) for _ in range(2)]
    with pytest.raises(MemoryError):
        kept[0] + 1
    del kept[1]
    kept.append(kept[0] + 1)


# Machines that work, and those that do not


def test_it_can_be_imported(cupy):
    assert importlib.import_module("cupy") is cupy
    assert importlib.import_module("cupy.cuda.runtime") is cupy.cuda.runtime
    assert importlib.util.find_spec("cupy") is cupy.__spec__
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("cupy.sparse_or_so")


def test_it_is_gone_afterwards():
    before = sys.modules.get("cupy")
    with pytest.MonkeyPatch.context() as monkeypatch:
        first = fake_cupy.install(monkeypatch, device_count=3)
        first.zeros(3)
        assert fake_cupy.install(monkeypatch).counters.allocations == 0
    assert sys.modules.get("cupy") is before
    assert hardware.machine.counters == hardware.Counters()


def test_a_machine_says_what_it_is(monkeypatch):
    cupy = fake_cupy.install(monkeypatch, name="Some GPU", compute_capability="75", total_memory=2**30, device_count=2)
    runtime = cupy.cuda.runtime
    assert cupy.__version__ == "14.2.0"
    assert cupy.is_available()
    assert cupy.cuda.is_available()
    assert (runtime.getDeviceCount(), runtime.getDevice(), cupy.cuda.Device(1).compute_capability) == (2, 0, "75")
    assert runtime.runtimeGetVersion() == runtime.driverGetVersion() == 12090
    properties = runtime.getDeviceProperties(0)
    assert (properties["name"], properties["totalGlobalMem"], properties["major"]) == (b"Some GPU", 2**30, 7)
    assert runtime.memGetInfo() == cupy.cuda.Device(0).mem_info == (2**30, 2**30)
    for call in (
        runtime.getDeviceProperties,
        lambda i: cupy.cuda.Device(i).use(),
        lambda i: cupy.cuda.Device(i).mem_info,
    ):
        with pytest.raises(runtime.CUDARuntimeError, match="cudaErrorInvalidDevice"):
            call(2)


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"device_count": 0}, "cudaErrorNoDevice: no CUDA-capable"),
        ({"driver_too_old": True}, "cudaErrorInsufficientDriver"),
    ],
)
@pytest.mark.parametrize(
    "call",
    [
        lambda cupy: cupy.zeros(3),
        lambda cupy: cupy.asarray([1.0]),
        lambda cupy: cupy.exp(1.0),
        lambda cupy: cupy.cuda.Device(),
        lambda cupy: cupy.cuda.Device(0).use(),
        lambda cupy: cupy.cuda.runtime.getDeviceCount(),
        lambda cupy: cupy.cuda.runtime.getDeviceProperties(0),
        lambda cupy: cupy.get_default_memory_pool().used_bytes(),
        lambda cupy: cupy.cuda.Stream.null.synchronize(),
        lambda cupy: cupy.cuda.Event(),
        lambda cupy: cupy.RawModule(code="").get_function("f"),
    ],
)
def test_a_machine_without_a_gpu_or_with_an_old_driver(call, config, text, monkeypatch):
    cupy = fake_cupy.install(monkeypatch, **config)
    assert not cupy.is_available()
    assert not cupy.cuda.is_available()
    with pytest.raises(cupy.cuda.runtime.CUDARuntimeError, match=text):
        call(cupy)


def test_a_machine_on_which_no_kernel_runs(cupy, x):
    cupy.machine.launch_error = RuntimeError("CuPy failed to load libnvrtc.so.12")
    assert cupy.is_available()
    cupy.empty(3)
    for call in (lambda: x + 1, x.copy, lambda: cupy.arange(3), lambda: cupy.RawModule(code="").get_function("f")):
        with pytest.raises(RuntimeError, match="libnvrtc"):
            call()


def test_arrays_of_two_devices_do_not_mix(monkeypatch):
    cupy = fake_cupy.install(monkeypatch, device_count=2)
    x = cupy.asarray(HOST)
    with cupy.cuda.Device(1) as device:
        assert cupy.cuda.Device() == device == cupy.cuda.Device(1) != cupy.cuda.Device(0)
        y = cupy.asarray(HOST)
        for call in (lambda: x + y, lambda: y + x, x.sum, lambda: x @ y.T, lambda: x.fill(0), lambda: y[x.astype(int)]):
            with pytest.raises(ValueError, match=r"resides \(0\) is different from the current device \(1\)"):
                call()
        assert (x[0].device.id, y.T.device.id, cupy.asarray(x).device.id, x.copy().device.id) == (0, 1, 1, 1)
        assert copy.deepcopy(x).device.id == 0
        np.testing.assert_array_equal(x.T.get(), HOST.T)
        assert cupy.get_default_memory_pool().used_bytes() == 512
    assert cupy.cuda.runtime.getDevice() == 0
    with pytest.raises(ValueError, match="Peer access is unavailable"):
        y += 1
    cupy.cuda.Device(1).use()
    assert repr(cupy.cuda.Device()) == "<CUDA Device 1>"
    y += 1
    cupy.cuda.runtime.setDevice(0)
    assert cupy.cuda.runtime.getDevice() == 0


def test_time_between_events(cupy):
    start, end = cupy.cuda.Event(), cupy.cuda.Event()
    start.record()
    end.record(cupy.cuda.Stream(non_blocking=True))
    assert cupy.cuda.get_elapsed_time(start, end) >= 0


# Kernels

SOURCE = r"""
// extern "C" __global__ void not_a_kernel(float* x)
typedef REAL real;
#define EACH long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; if (i >= n) return;

__device__ __forceinline__ real twice(real x) { return 2 * x; }

extern "C" __global__ void saxpy(const real* __restrict__ x, real* __restrict__ y, real a, long long n) {
    EACH
    y[i] += a * x[i];
}
extern "C" __global__ void __launch_bounds__(256) high(const unsigned long long* x, unsigned long long* y,
                                                       unsigned long long factor, long long n) {
    EACH
    y[i] = __umul64hi(factor, x[i]);
}
extern "C" __global__ void softplus(const real* x, real* y, bool* big, long long n) {
    EACH
    y[i] = max(x[i], (real)0) + log1p(exp(-fabs(x[i])));
    big[i] = twice(y[i]) > 1;
}
extern "C" __global__ void places(int* place) {
    int block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
    int thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
    place[block * blockDim.x * blockDim.y * blockDim.z + thread] = 1000 * block + thread;
}
extern "C" __global__ void careless(const real* x, real* y) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    y[i] = x[i];
}
template <typename T> __global__ void scale(T* x, int n) { if (threadIdx.x < n) x[threadIdx.x] *= 2; }
"""
FLOAT = ("--std=c++17", "--fmad=false", "-DREAL=float")


@pytest.fixture
def module(cupy):
    return cupy.RawModule(code=SOURCE, options=FLOAT)


@needs_a_compiler
@pytest.mark.parametrize(("real", "dtype"), [("float", np.float32), ("double", np.float64)])
def test_a_kernel_computes(real, dtype, cupy):
    kernel = cupy.RawKernel(SOURCE, "saxpy", (f"-DREAL={real}",))
    x, y = np.random.default_rng(0).standard_normal((2, 1000), dtype)
    on, out = cupy.asarray(x), cupy.asarray(y)
    arguments = on, out, dtype(0.1), np.int64(1000)
    assert counts(cupy, lambda: kernel((4,), (256,), arguments)) == {"launches": 1}
    same(out, y + dtype(0.1) * x)
    same(on, x)


@needs_a_compiler
def test_a_kernel_multiplies_words(cupy, module):
    x = np.random.default_rng(0).integers(2**64, size=50, dtype=np.uint64)
    y = cupy.zeros(50, np.uint64)
    module.get_function("high")((1, 1), (64, 1, 1), (cupy.asarray(x), y, np.uint64(2**64 - 59), np.int64(50)))
    same(y, np.array([int(word) * (2**64 - 59) >> 64 for word in x], np.uint64))


@needs_a_compiler
def test_a_kernel_writes_into_views(cupy, module):
    x, y, big = cupy.asarray(HOST), cupy.zeros((4, 3), np.float32), cupy.zeros(3, bool)
    module.get_function("softplus")((1,), (32,), (x[1], y[2], big, np.int64(3)))
    wanted = np.zeros((4, 3), np.float32)
    wanted[2] = np.logaddexp(0, HOST[1].astype(np.float64))
    np.testing.assert_allclose(y.get(), wanted, rtol=1e-6)
    same(big, np.array([True, True, True]))


@needs_a_compiler
def test_every_thread_of_every_block_runs(cupy, module):
    place = cupy.full(2 * 3 * 2 * 4 * 2 * 3, -1, np.int32)
    module.get_function("places")((2, 3, 2), (4, 2, 3), (place,))
    same(place, (1000 * np.arange(12)[:, None] + np.arange(24)).ravel().astype(np.int32))


@needs_a_compiler
def test_a_template_is_asked_for_by_an_expression(cupy):
    module = cupy.RawModule(code=SOURCE, options=FLOAT, name_expressions=["scale<float>", "scale<int>"])
    x = cupy.arange(4, dtype=np.int32)
    module.get_function("scale<int>")((1,), (32,), (x, np.int32(3)))
    same(x, np.array([0, 2, 4, 3], np.int32))


@needs_a_compiler
@pytest.mark.parametrize(
    "arguments",
    [
        lambda x, y: (x, y, 2.0, np.int64(6)),
        lambda x, y: (x, y, np.float32(2), 6),
        lambda x, y: (x, y, np.float64(2), np.int64(6)),
        lambda x, y: (x, y, np.float32(2), np.int32(6)),
        lambda x, y: (x, y, np.float32(2), np.uint64(6)),
        lambda x, y: (x, y, np.float32(2)),
        lambda x, y: (x, y, np.float32(2), np.int64(6), np.int64(6)),
        lambda x, y: (x, y.astype(np.float64), np.float32(2), np.int64(6)),
        lambda x, y: (HOST, y, np.float32(2), np.int64(6)),
        lambda x, y: (x, y, x, np.int64(6)),
        lambda x, y: (x, np.float32(1), np.float32(2), np.int64(6)),
        lambda x, y: (x, None, np.float32(2), np.int64(6)),
    ],
)
def test_a_kernel_refuses_arguments_that_it_would_misread(arguments, module, x):
    with pytest.raises(TypeError, match=r"got .*; it takes|width would be a guess|Unsupported type"):
        module.get_function("saxpy")((1,), (32,), arguments(x, x.copy()))


@needs_a_compiler
def test_a_kernel_refuses_strides(module, x):
    with pytest.raises(AssertionError, match="not C-contiguous"):
        module.get_function("saxpy")((1,), (32,), (x.T, x, np.float32(1), np.int64(6)))


@needs_a_compiler
@pytest.mark.parametrize("where", [0, 1])
def test_a_kernel_that_writes_beside_its_arrays_is_caught(where, cupy, module, x):
    y = cupy.zeros(6 + where, np.float32)
    with pytest.raises(AssertionError, match=r"careless wrote outside of an array of shape"):
        module.get_function("careless")((1,), (8,), (x, y))


@needs_a_compiler
@pytest.mark.parametrize(
    ("grid", "block"),
    [
        ((0,), (1,)),
        ((1,), (0,)),
        ((1,), (1025,)),
        ((1,), (64, 32)),
        ((1, 2**16), (1,)),
        ((), (1,)),
        ((1, 1, 1, 1), (1,)),
    ],
)
def test_a_grid_that_cuda_refuses(grid, block, cupy, module, x):
    with pytest.raises(cupy.cuda.driver.CUDADriverError, match="CUDA_ERROR_INVALID_VALUE"):
        module.get_function("saxpy")(grid, block, (x, x, np.float32(1), np.int64(6)))


@needs_a_compiler
def test_wrong_kernels_are_refused(cupy, module, x):
    with pytest.raises(TypeError, match="tuple"):
        module.get_function("saxpy")(1, (1,), (x, x, np.float32(1), np.int64(6)))
    with pytest.raises(TypeError, match="options"):
        cupy.RawModule(code=SOURCE, options=list(FLOAT))
    with pytest.raises(cupy.cuda.driver.CUDADriverError, match="not found"):
        module.get_function("not_a_kernel")
    for code, options, text in [
        ('extern "C" __global__ void f(int* x) { x[0] = wrong; }', (), r"kernels\.cu:1:\d+: .*wrong"),
        (
            'extern "C" __global__ void f(int* x) { __syncthreads(); }',
            (),
            "__syncthreads needs threads that run at once",
        ),
        (SOURCE, ("--surprise",), "--surprise"),
        ("int x;", (), "no kernel"),
    ]:
        with pytest.raises(cupy.cuda.compiler.CompileException, match=text):
            cupy.RawModule(code=code, options=options).compile()


@needs_a_compiler
def test_a_source_is_compiled_once(monkeypatch, module):
    module.compile()

    def refuse(*arguments):
        raise AssertionError("compiled twice")

    monkeypatch.setattr(host_cuda, "compile_library", refuse)
    assert set(host_cuda.build(SOURCE, FLOAT)) == {"saxpy", "high", "softplus", "places", "careless"}
    assert host_cuda.build(SOURCE, FLOAT)["saxpy"].signature == ["*f4", "*f4", "f4", "i8"]
    with pytest.raises(AssertionError, match="compiled twice"):
        host_cuda.build(SOURCE, ("-DREAL=double", "-DOTHER"))


def test_without_a_compiler(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    assert not host_cuda.available()
    with pytest.raises(host_cuda.CompileError, match="no C"):
        host_cuda.build('extern "C" __global__ void unheard_of(int* x) {}')
