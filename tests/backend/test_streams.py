"""Random words: the same on every device, however a batch is split, and for shares of it on several processes."""

import copy
import math
import pickle

import numpy as np
import pytest
from fake_gpu import fake_cupy, host_cuda
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from scipy import stats

from tinygan.adversarial import NoisePrior, TrainingState
from tinygan.adversarial.training.state import Share
from tinygan.backend import as_rng, to_host
from tinygan.backend.streams import SharedStream, bits, draw, gaussian, uniform
from tinygan.layers import Dropout

BIT_GENERATORS = [np.random.Philox, np.random.MT19937, np.random.SFC64, np.random.PCG64]
DTYPES = [np.float32, np.float64]
both_dtypes = pytest.mark.parametrize("dtype", DTYPES)

for_a_fixture = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])

seeds = st.integers(0, 2**64 - 1)
widths = st.integers(1, 11)
# What was drawn before, so that a draw begins anywhere in a block of four words.
begun = st.integers(0, 9)
parts = st.lists(st.integers(1, 6), min_size=1, max_size=5)


@pytest.fixture(params=["host", "device"])
def xp(request, monkeypatch):
    """NumPy, and the fake CuPy."""
    if request.param == "host":
        return np
    if not host_cuda.available():
        pytest.skip("there is no C++ compiler to run the kernels with")
    return fake_cupy.install(monkeypatch)


def stream(seed, begun=0, kind=np.random.Philox):
    """Return a generator that has drawn some words already."""
    generator = np.random.Generator(kind(seed))
    generator.bit_generator.random_raw(begun)
    return generator


def share_of(seed, begun, rank, n_ranks, total):
    """Return what process number rank has of a batch, as `TrainingState` divides it."""
    share = SharedStream(stream(seed, begun).bit_generator)
    rows = range(total * rank // n_ranks, total * (rank + 1) // n_ranks)
    share.start, share.n_rows, share.total = rows.start, len(rows), total
    return share


def state_of(rng):
    """Return the state of a generator, which can be compared."""
    state = rng.bit_generator.state
    arrays = [*state.pop("state").values(), state.pop("buffer", 0)]
    return [np.asarray(array).tolist() for array in arrays], state


# Split into parts


@for_a_fixture
@given(seeds, begun, widths, parts)
@example(0, 0, 4, [1])
@pytest.mark.parametrize("kind", BIT_GENERATORS)
def test_a_batch_drawn_in_parts_is_the_batch_drawn_at_once(xp, kind, seed, begun, width, parts):
    whole, apart = stream(seed, begun, kind), stream(seed, begun, kind)
    wanted = draw(whole, sum(parts), width)
    found = [to_host(draw(apart, rows, width, xp)) for rows in parts]
    np.testing.assert_array_equal(np.concatenate(found), wanted, strict=True)
    assert state_of(apart) == state_of(whole)


@for_a_fixture
@given(seeds, begun, widths, parts)
@pytest.mark.parametrize("kind", BIT_GENERATORS)
def test_a_draw_ends_where_the_next_one_begins_on_either_device(xp, kind, seed, begun, width, parts):
    """A step on a GPU between two on the host, or the other way round, changes nothing."""
    mixed, whole = stream(seed, begun, kind), stream(seed, begun, kind)
    for i, rows in enumerate(parts):
        found = draw(mixed, rows, width, xp if i % 2 else np)
        np.testing.assert_array_equal(to_host(found), draw(whole, rows, width))
    assert mixed.random() == whole.random()


def test_the_words_are_those_of_numpys_philox(xp):
    wanted = np.random.Philox(5).random_raw(21).reshape(3, 7)
    np.testing.assert_array_equal(to_host(draw(as_rng(5), 3, 7, xp)), wanted, strict=True)


@pytest.mark.parametrize("source", [*BIT_GENERATORS, SharedStream], ids=lambda source: source.__name__)
def test_words_are_where_they_are_wanted(xp, source):
    rng = share_of(0, 0, 0, 1, 3) if source is SharedStream else stream(0, kind=source)
    drawn = draw(rng, 3, 5, xp)
    assert isinstance(drawn, xp.ndarray)
    assert drawn.shape == (3, 5)


@pytest.mark.parametrize("kind", BIT_GENERATORS)
def test_other_draws_from_the_same_stream_are_left_alone(xp, kind):
    """NumPy keeps half of a word for the next draw of 32 bits; it is there still."""
    there, here = (stream(1, 3, kind) for _ in range(2))
    for rng in (there, here):
        rng.integers(0, 2**32, dtype=np.uint32)
    pending = there.bit_generator.state.get("has_uint32", 0)
    draw(there, 3, 5, xp)
    draw(here, 3, 5)
    assert there.bit_generator.state.get("has_uint32", 0) == pending
    assert state_of(there) == state_of(here)
    assert list(there.integers(0, 2**32, size=5, dtype=np.uint32)) == list(here.integers(0, 2**32, 5, dtype=np.uint32))
    np.testing.assert_array_equal(there.permutation(20), here.permutation(20))
    np.testing.assert_array_equal(there.normal(size=3), here.normal(size=3))


EDGES = [2**64 - 2, 2**128 - 2, 2**192 - 2, 2**256 - 2]


@pytest.mark.parametrize("block", EDGES, ids=["2^64", "2^128", "2^192", "2^256"])
def test_a_stream_goes_over_the_edge_of_a_word_of_its_counter(xp, block):
    counter = np.array([(block >> 64 * i) % 2**64 for i in range(4)], np.uint64)
    there, here = (np.random.Generator(np.random.Philox(key=7, counter=counter)) for _ in range(2))
    for rows in (1, 2, 3):
        np.testing.assert_array_equal(to_host(draw(there, rows, 5, xp)), draw(here, rows, 5))
    if block != EDGES[-1]:  # a stream of 2^258 words starts anew
        assert state_of(there) == state_of(here)


# Shares of several processes


@for_a_fixture
@given(seeds, begun, widths, st.integers(1, 4), st.integers(0, 9), st.integers(1, 2))
@example(2**64 - 1, 0, 3, 3, 4, 2)
def test_the_shares_of_all_processes_make_the_whole_batch(xp, seed, begun, width, n_ranks, more, n_groups):
    """Also for a batch of real and fake rows: a process has its share of either."""
    total = n_ranks + more
    whole = stream(seed, begun)
    wanted = draw(whole, n_groups * total, width).reshape(n_groups, total, width)
    for rank in range(n_ranks):
        share = share_of(seed, begun, rank, n_ranks, total)
        found = to_host(draw(share, n_groups * share.n_rows, width, xp))
        rows = slice(share.start, share.start + share.n_rows)
        np.testing.assert_array_equal(found.reshape(n_groups, -1, width), wanted[:, rows], strict=True)
        assert state_of(share) == state_of(whole)


@for_a_fixture
@given(st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1)), begun)
@example((2**64 - 1, 1), 0)
@example((1, 2**63), 2)
def test_shares_are_right_for_every_key(xp, key, begun):
    """A key of a small and a large word must not pass through a float."""
    share, whole = (np.random.Philox(key=np.array(key, np.uint64)) for _ in range(2))
    for generator in (share, whole):
        generator.random_raw(begun)
    share = SharedStream(share)
    share.start, share.n_rows, share.total = 1, 2, 4
    wanted = draw(np.random.Generator(whole), 4, 3)
    np.testing.assert_array_equal(to_host(draw(share, 2, 3, xp)), wanted[1:3])


@pytest.mark.parametrize("n_ranks", [1, 2, 3, 4])
@pytest.mark.parametrize("seed", range(6))
@both_dtypes
def test_the_noise_and_the_masks_of_processes_are_those_of_one(xp, dtype, seed, n_ranks):
    """Batch after batch, a short last one among them, as `train` draws them."""
    device = "cpu" if xp is np else "gpu:0"
    one, states = TrainingState(seed), [TrainingState(seed) for _ in range(n_ranks)]
    for rank, state in enumerate(states):
        state.take_share(rank, n_ranks)
    for m in (10, 100, 7):
        for kind in ("uniform", "gaussian", "spherical"):
            prior = NoisePrior(kind, 5)
            wanted = prior.sample(m, rng=one.noise, dtype=dtype, device=device)
            found = [prior.sample(n_rows(s, m), rng=s.noise, dtype=dtype, device=device) for s in states]
            np.testing.assert_array_equal(np.concatenate([*map(to_host, found)]), to_host(wanted))
        for groups in (1, 2):  # of the generator's step, and of the discriminator's
            wanted = mask(groups * m, one.dropout, dtype, xp).reshape(groups, m, 9)
            found = [mask(groups * n_rows(s, m), s.dropout, dtype, xp).reshape(groups, -1, 9) for s in states]
            np.testing.assert_array_equal(np.concatenate(found, axis=1), wanted)


def n_rows(state, m):
    state.draw_for(m)
    return len(state.share.of(m))


def mask(m, rng, dtype, xp):
    return to_host(Dropout(0.5).forward(xp.ones((m, 9), dtype), rng=rng)[1])


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda share: pickle.loads(pickle.dumps(share))])
def test_a_copy_of_a_share_is_a_share(copied):
    state = TrainingState(0)
    state.take_share(1, 3)
    state.draw_for(10)
    state.noise.bit_generator.random_raw(3)
    twin = copied(state)
    assert type(twin.noise) is type(twin.dropout) is SharedStream
    assert (twin.noise.start, twin.noise.n_rows, twin.noise.total) == (3, 3, 10)
    wanted = draw(state.noise, 3, 5)
    np.testing.assert_array_equal(draw(twin.noise, 3, 5), wanted)  # and is not drawn along
    assert state_of(twin.noise) == state_of(state.noise)


def test_the_rows_of_all_processes_are_those_of_the_batch():
    for m in (4, 10, 99, 100):
        for n_ranks in (1, 2, 3, 4):
            states = [TrainingState(0) for _ in range(n_ranks)]
            for rank, state in enumerate(states):
                state.take_share(rank, n_ranks)
                state.draw_for(m)
            rows = [state.share.of(m) for state in states]
            assert [row for part in rows for row in part] == [*range(m)]
            assert max(map(len, rows)) - min(map(len, rows)) <= 1
            assert [state.weight for state in states] == [len(part) / m for part in rows]


def test_asking_for_a_share_moves_no_stream():
    state, other = TrainingState(0), TrainingState(0)
    for one in (state, other):
        one.take_share(1, 3)
        one.draw_for(10)
    state.share.of(100)
    np.testing.assert_array_equal(draw(state.noise, 3, 5), draw(other.noise, 3, 5))
    assert state.weight == other.weight == 0.3


def test_every_process_must_get_a_row():
    with pytest.raises(ValueError, match="3 processes cannot share a minibatch of 2; it takes a row for each"):
        Share(1, 3).of(2)


def test_only_a_stream_whose_words_can_be_counted_is_shared():
    with pytest.raises(TypeError, match="SharedStream got a PCG64; it takes a Philox"):
        SharedStream(np.random.PCG64(0))


# Uniform numbers


@for_a_fixture
@given(
    seeds, begun, widths, parts, st.sampled_from(DTYPES), st.sampled_from([(0.0, 1.0), (-math.sqrt(3), math.sqrt(3))])
)
def test_uniform_draws_are_the_same_bits_on_both_devices(xp, seed, begun, width, parts, dtype, bounds):
    there, here = stream(seed, begun), stream(seed, begun)
    found = [to_host(uniform(there, (rows, width), dtype, *bounds, xp=xp)) for rows in parts]
    wanted = uniform(here, (sum(parts), width), dtype, *bounds)
    np.testing.assert_array_equal(np.concatenate(found), wanted, strict=True)


def test_uniform_draws_are_the_upper_bits_of_words(xp):
    words = np.random.Philox(3).random_raw(12).reshape(3, 4).tolist()
    for dtype, digits in zip(DTYPES, (24, 53), strict=True):
        x = to_host(uniform(as_rng(3), (3, 4), dtype, xp=xp))
        assert x.dtype == dtype
        np.testing.assert_array_equal(x, [[(word >> (64 - digits)) / 2**digits for word in row] for row in words])


def test_uniform_draws_in_double_precision_are_numpys(xp):
    np.testing.assert_array_equal(to_host(uniform(as_rng(3), (3, 4), np.float64, xp=xp)), as_rng(3).random((3, 4)))


@both_dtypes
def test_uniform_draws_are_uniform(dtype):
    x = uniform(as_rng(0), (40_000, 5), dtype, -2.0, 1.0)
    assert -2 <= x.min() < -1.999
    assert 0.999 < x.max() <= 1
    assert stats.kstest(x.ravel().astype(np.float64), stats.uniform(-2, 3).cdf).pvalue > 0.01
    assert abs(np.corrcoef(x.T) - np.eye(5)).max() < 0.02


# Gaussian numbers


@for_a_fixture
@given(seeds, begun, widths, parts, st.sampled_from(DTYPES))
def test_gaussian_draws_in_parts_are_those_at_once_on_both_devices_to_rounding(xp, seed, begun, width, parts, dtype):
    there, here = stream(seed, begun), stream(seed, begun)
    found = np.concatenate([to_host(gaussian(there, (rows, width), dtype, xp)) for rows in parts])
    wanted = gaussian(here, (sum(parts), width), dtype)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, wanted, rtol=4 * np.finfo(dtype).eps, atol=1e-14)
    assert state_of(there) == state_of(here)


@pytest.mark.parametrize("width", [1, 2, 3, 6])
def test_gaussian_draws_are_those_of_box_and_muller(xp, width):
    """The first half of the words of a row are distances, the second half directions; first all cosines, then sines."""
    pairs = -(-width // 2)
    words = np.random.Philox(4).random_raw(3 * 2 * pairs).reshape(3, 2, pairs).tolist()
    wanted = []
    for distances, directions in words:
        radii = [math.sqrt(-2 * math.log1p(-(word >> 11) / 2**53)) for word in distances]
        angles = [2 * math.pi * (word >> 11) / 2**53 for word in directions]
        both = [[r * f(a) for r, a in zip(radii, angles, strict=True)] for f in (math.cos, math.sin)]
        wanted.append((both[0] + both[1])[:width])
    np.testing.assert_allclose(to_host(gaussian(as_rng(4), (3, width), np.float64, xp)), wanted, rtol=1e-12)


@both_dtypes
@pytest.mark.parametrize("width", [1, 2, 5])
def test_gaussian_draws_are_gaussian(dtype, width):
    z = gaussian(as_rng(1), (200_000 // width, width), dtype).astype(np.float64)
    flat = z.ravel()
    assert flat.mean() == pytest.approx(0, abs=4 / math.sqrt(flat.size))
    assert flat.var() == pytest.approx(1, abs=4 * math.sqrt(2 / flat.size))
    assert stats.skew(flat) == pytest.approx(0, abs=4 * math.sqrt(6 / flat.size))
    assert stats.kurtosis(flat) == pytest.approx(0, abs=4 * math.sqrt(24 / flat.size))
    assert stats.kstest(flat, stats.norm.cdf).pvalue > 0.01
    assert 4 < abs(flat).max() < 6.5
    if width > 1:  # the two of a pair are independent, and so are their sizes
        for numbers in (z, z * z):
            assert abs(np.corrcoef(numbers.T) - np.eye(width)).max() < 0.02


class Fixed(np.random.Generator):
    """Every word is the same."""

    word = 0

    def integers(self, low, high, shape, dtype):
        return np.full(shape, self.word, dtype)


@pytest.mark.parametrize("word", [0, 2**64 - 1, 2**63])
@both_dtypes
def test_no_word_gives_an_infinite_draw(dtype, word):
    rng = Fixed(np.random.PCG64(0))
    rng.word = word
    assert np.isfinite(gaussian(rng, (2, 3), dtype)).all()
    assert 0 <= uniform(rng, (2, 3), dtype).max() < 1


# Bits


@pytest.mark.parametrize("shape", [(3, 1), (2, 4), (3, 5), (2, 3, 3), (1, 8)], ids=str)
def test_bits_are_a_quarter_of_a_word_each_the_lowest_first(xp, shape):
    width = math.prod(shape[1:])
    found = to_host(bits(as_rng(2), xp.ones(shape)))
    words = np.random.Philox(2).random_raw(shape[0] * -(-width // 4)).reshape(shape[0], -1).tolist()
    wanted = [[word >> 16 * i & 0xFFFF for word in row for i in range(4)][:width] for row in words]
    assert found.dtype == np.uint16
    np.testing.assert_array_equal(found, np.reshape(wanted, shape))


@for_a_fixture
@given(seeds, begun, widths, parts, st.sampled_from([0.2, 0.5]), st.sampled_from(DTYPES))
def test_masks_in_parts_are_the_masks_at_once_on_both_devices(xp, seed, begun, width, parts, rate, dtype):
    there, here = stream(seed, begun), stream(seed, begun)
    dropout = Dropout(rate)
    found = [to_host(dropout.forward(xp.ones((rows, width), dtype), rng=there)[1]) for rows in parts]
    wanted = dropout.forward(np.ones((sum(parts), width), dtype), rng=here)[1]
    np.testing.assert_array_equal(np.concatenate(found), wanted, strict=True)
    assert state_of(there) == state_of(here)


def test_a_share_refuses_draws_that_know_nothing_of_rows():
    share = SharedStream(np.random.Philox(0))
    for draws in (share.random, share.normal, share.standard_normal, share.integers, share.permutation):
        with pytest.raises(TypeError) as refused:
            draws(3)
        assert str(refused.value) == (
            "this stream is shared by several processes; draw from it by uniform, gaussian or bits of "
            "tinygan.backend.streams, which give each process its own rows"
        )
