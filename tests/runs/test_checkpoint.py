"""Checkpoints: what is saved comes back to the last bit, and what is damaged is refused by name."""

import builtins
import copy
import errno
import io
import json
import re
import sys
import zipfile
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygan.adversarial import discriminator_step, generator_step
from tinygan.backend import as_rng
from tinygan.layers import Dropout, Layer, Linear, Maxout, Parameter, ReLU, Sequential
from tinygan.optim import SGD, Adam, Optimizer, RMSProp
from tinygan.runs import checkpoint
from tinygan.runs.checkpoint import (
    load_checkpoint,
    load_parameters,
    optimizer_arrays,
    optimizer_numbers,
    parameter_arrays,
    restore_arrays,
    restored_rng,
    rng_state,
    save_checkpoint,
    save_parameters,
)

ARRAYS = {"D.1.weight": np.arange(6, dtype=np.float32).reshape(3, 2), "D.1.bias": np.array([np.pi, -0.0])}
STATE = {"iteration": 7, "large": 2**128 + 1, "share": 0.1, "words": ["é", None, True]}


def saved_bytes(arrays=ARRAYS, state=STATE):
    """Return what a checkpoint of these holds, written by nothing but NumPy."""
    file = io.BytesIO()
    header = {"format": "tinygan", "format_version": 1, "kind": "checkpoint", "arrays": list(arrays), "state": state}
    np.savez(file, **arrays, json=np.array(json.dumps(header)))
    return file.getvalue()


def players(seed=0, dtype=np.float32, n_hidden=6):
    rng = as_rng(seed)
    D = Sequential(
        Linear(2, n_hidden, rng=rng, dtype=dtype), Maxout(2), Dropout(0.5),
        Sequential(Linear(n_hidden // 2, 3, rng=rng, dtype=dtype), ReLU()), Linear(3, 1, rng=rng, dtype=dtype),
    )  # fmt: skip
    G = Sequential(Linear(3, 4, rng=rng, dtype=dtype), ReLU(), Dropout(0.2), Linear(4, 2, rng=rng, dtype=dtype))
    return D, G


def assert_same(found, wanted):
    assert list(found) == list(wanted)
    for name, array in wanted.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        assert found[name].tobytes() == array.tobytes()


# what is saved comes back


def test_arrays_and_state_come_back_to_the_last_bit(tmp_path):
    arrays = ARRAYS | {
        "none": np.zeros((0, 3), np.float32), "one": np.array(3.5), "nan": np.array([np.nan, np.inf]),
        "bytes": np.arange(256, dtype=np.uint8), "large": np.array([2**64 - 1], np.uint64),
    }  # fmt: skip
    save_checkpoint(tmp_path / "a.npz", arrays=arrays, state=STATE)
    found, state = load_checkpoint(tmp_path / "a.npz")
    assert_same(found, arrays)
    assert state == STATE
    assert list(state) == list(STATE)


@given(state=st.dictionaries(st.text(), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8,
)))  # fmt: skip
def test_any_state_comes_back(tmp_path_factory, state):
    path = tmp_path_factory.mktemp("states") / "a.npz"
    save_checkpoint(path, arrays={}, state=state)
    assert load_checkpoint(path) == ({}, state)


def test_numpy_and_json_alone_can_read_it(tmp_path):
    save_checkpoint(tmp_path / "a.npz", arrays=ARRAYS, state=STATE)
    with np.load(tmp_path / "a.npz", allow_pickle=False) as file:
        header = json.loads(file["json"].item())
        assert_same({name: file[name] for name in header["arrays"]}, ARRAYS)
        assert set(file.files) == {*ARRAYS, "json"}
    assert header == {
        "format": "tinygan", "format_version": 1, "kind": "checkpoint", "arrays": list(ARRAYS), "state": STATE
    }  # fmt: skip


def test_what_numpy_and_json_alone_wrote_is_read(tmp_path):
    """The format of today, written out here, must load for as long as this test is green."""
    (tmp_path / "a.npz").write_bytes(saved_bytes())
    found, state = load_checkpoint(str(tmp_path / "a.npz"))
    assert_same(found, ARRAYS)
    assert state == STATE


def test_same_content_gives_the_same_bytes(tmp_path):
    other_order = {name: np.asfortranarray(array) for name, array in copy.deepcopy(ARRAYS).items()}
    save_checkpoint(tmp_path / "a.npz", arrays=ARRAYS, state=STATE)
    save_checkpoint(tmp_path / "other name.npz", arrays=other_order, state=copy.deepcopy(STATE))
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "other name.npz").read_bytes()
    save_checkpoint(tmp_path / "a.npz", arrays=ARRAYS, state=STATE | {"iteration": 8})
    assert (tmp_path / "a.npz").read_bytes() != (tmp_path / "other name.npz").read_bytes()


def test_a_file_keeps_the_name_it_was_given(tmp_path):
    save_checkpoint(tmp_path / "checkpoint", arrays=ARRAYS, state={})
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint"]
    assert_same(load_checkpoint(tmp_path / "checkpoint")[0], ARRAYS)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_parameters_come_back_in_place(tmp_path, dtype):
    D, G = players(0, dtype)
    other_D, other_G = players(1, dtype)
    homes = [theta.data for theta in other_D.parameters + other_G.parameters]
    assert (other_D[0].weight.data != D[0].weight.data).any()
    save_parameters(tmp_path / "a.npz", D=D, G=G)
    load_parameters(tmp_path / "a.npz", G=other_G, D=other_D)
    for theta, other, home in zip(D.parameters + G.parameters, other_D.parameters + other_G.parameters, homes,
                                  strict=True):  # fmt: skip
        assert theta.data.tobytes() == other.data.tobytes()
        assert other.data is home
        assert other.data.dtype == dtype


def test_parameters_are_named_by_player_and_layer(tmp_path):
    D, _ = players()
    save_parameters(tmp_path / "a.npz", D=D, path=Linear(1, 1))
    with np.load(tmp_path / "a.npz") as file:
        assert file.files[:-1] == [
            "D.0.weight", "D.0.bias", "D.3.0.weight", "D.3.0.bias", "D.4.weight", "D.4.bias", "path.weight", "path.bias"
        ]  # fmt: skip
        np.testing.assert_array_equal(file["D.3.0.weight"], D[3][0].weight.data)


def test_what_an_optimizer_keeps_is_named_by_parameter():
    D, _ = players()
    optimizer = RMSProp(D.parameters, 0.1, 0.5)
    arrays = optimizer_arrays("D", D, optimizer)
    assert len(arrays) == 12
    assert arrays["D.3.0.weight.velocity"] is optimizer.state["velocity"][2]
    assert arrays["D.4.bias.mean_square"] is optimizer.state["mean_square"][5]
    assert all(name.endswith(".velocity") for name in optimizer_arrays("D", D, SGD(D.parameters, 0.1)))


class FakeArray:
    """An array that lives on no GPU at all, but is not NumPy's."""

    def __init__(self, values):
        self.values = np.array(values)
        self.shape, self.dtype = self.values.shape, self.values.dtype

    def get(self):
        return self.values.copy()

    def __setitem__(self, key, values):
        assert isinstance(values, FakeArray)
        self.values[key] = values.values


def test_arrays_on_a_gpu_go_through_the_host(tmp_path, monkeypatch):
    cupy = ModuleType("cupy")
    cupy.ndarray, cupy.asarray = FakeArray, FakeArray
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    save_checkpoint(tmp_path / "a.npz", arrays={"theta": FakeArray([1.0, 2.0])}, state={})
    found, _ = load_checkpoint(tmp_path / "a.npz")
    assert_same(found, {"theta": np.array([1.0, 2.0])})
    current = FakeArray([0.0, 0.0])
    restore_arrays({"theta": current}, found, "a.npz")
    np.testing.assert_array_equal(current.values, [1.0, 2.0])


# random streams


def draw(rng):
    """Draw every kind, so that half-used words show."""
    return [rng.random(3, dtype=np.float32), rng.standard_normal(3), rng.integers(9, size=5), rng.permutation(4)]


@pytest.mark.parametrize("bit_generator", checkpoint.BIT_GENERATORS)
def test_a_random_stream_goes_on_where_it_was(bit_generator, tmp_path):
    rng = np.random.Generator(getattr(np.random, bit_generator)(2**70))
    for _ in range(5):
        draw(rng)
        rng.random(dtype=np.float32)
        save_checkpoint(tmp_path / "a.npz", arrays={}, state={"data": rng_state(rng)})
        twin = restored_rng(load_checkpoint(tmp_path / "a.npz")[1]["data"])
        assert rng_state(twin) == rng_state(rng)
        for a, b in zip(draw(rng), draw(twin), strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_state_is_taken_for_its_generator():
    rng = as_rng(0)
    state = rng.bit_generator.state
    assert rng_state(state) == rng_state(rng) == rng_state(rng_state(rng))
    json.dumps(rng_state(state))
    assert isinstance(state["buffer"], np.ndarray)  # ours is a copy
    rng.random()
    assert rng_state(state) != rng_state(rng)


def broken(whole, **changes):
    return json.loads(json.dumps(whole)) | changes


PHILOX, MT = rng_state(as_rng(0)), rng_state(np.random.Generator(np.random.MT19937(0)))


@pytest.mark.parametrize(
    "state",
    [
        {}, None, 3, {"bit_generator": "Philox"}, broken(PHILOX, bit_generator="Generator"),
        broken(PHILOX, bit_generator="PCG64"), broken(PHILOX, bit_generator=["Philox"]),
        broken(PHILOX, buffer=[0, 0, 0]), broken(PHILOX, buffer=[0, 0, 0, 0, 0]), broken(PHILOX, buffer=[-1, 0, 0, 0]),
        broken(PHILOX, buffer=[0.5, 0, 0, 0]), broken(PHILOX, buffer_pos=-1), broken(PHILOX, buffer_pos=5),
        broken(PHILOX, state="x"), broken(PHILOX, uinteger=2**40), broken(PHILOX, more=1),
        broken(MT, state=MT["state"] | {"pos": -1}), broken(MT, state=MT["state"] | {"pos": 625}),
    ],
    ids=lambda state: repr(state)[:60],
)  # fmt: skip
def test_what_is_no_random_stream_is_refused(state):
    with pytest.raises(ValueError, match=r"^restored_rng got no state of a random stream: "):
        restored_rng(state)


@pytest.mark.parametrize("name", ["seed", "Generator", "philox"])
def test_only_a_bit_generator_is_called_by_its_name(name):
    with pytest.raises(ValueError, match=r"bit_generator is none of MT19937, PCG64, PCG64DXSM, Philox, SFC64"):
        restored_rng(broken(PHILOX, bit_generator=name))


# a training that is left and gone on with

N_ITERATIONS, M = 20, 8


class Game:
    """A small training whose everything can be saved."""

    def __init__(self, make_optimizer, seed):
        self.D, self.G = players(seed)
        self.optimizers = {"D": make_optimizer(self.D.parameters), "G": make_optimizer(self.G.parameters)}
        self.rngs = {name: as_rng(10 * seed + i) for i, name in enumerate(("data", "noise", "dropout"))}
        self.iteration = 0

    def step(self):
        data, noise, dropout = self.rngs.values()
        x = data.standard_normal((M, 2), dtype=np.float32)
        z = noise.random((M, 3), dtype=np.float32)
        loss_d = discriminator_step(self.D, self.G, x, z, self.optimizers["D"], rng=dropout)
        z = noise.random((M, 3), dtype=np.float32)
        loss_g = generator_step(self.D, self.G, z, self.optimizers["G"], rng=dropout)
        self.iteration += 1
        return float(loss_d), float(loss_g)

    def arrays(self):
        arrays = parameter_arrays(D=self.D, G=self.G)
        for name, optimizer in self.optimizers.items():
            arrays |= optimizer_arrays(name, getattr(self, name), optimizer)
        return arrays

    def save(self, path):
        state = {
            "iteration": self.iteration,
            "optimizers": {name: optimizer_numbers(optimizer) for name, optimizer in self.optimizers.items()},
            "rngs": {name: rng_state(rng) for name, rng in self.rngs.items()},
        }
        save_checkpoint(path, arrays=self.arrays(), state=state)

    def restore(self, path):
        arrays, state = load_checkpoint(path)
        restore_arrays(self.arrays(), arrays, path)
        self.iteration = state["iteration"]
        self.rngs = {name: restored_rng(rng) for name, rng in state["rngs"].items()}
        for name, optimizer in self.optimizers.items():
            optimizer.state |= state["optimizers"][name]


class Restless(Optimizer):
    """Moves by a running sum of gradients, which starts anew whenever it has grown too large, and slows down then."""

    def __init__(self, parameters, learning_rate):
        super().__init__(parameters, learning_rate)
        self.state["sum"], self.state["n_starts"] = self.zeros(), 1

    def update(self, i, data, grad):
        total = self.state["sum"][i]
        total += grad
        if abs(total).max() > 0.5:
            total[...] = 0
            self.state["n_starts"] += 1
        data -= self.learning_rate / self.state["n_starts"] * total


OPTIMIZERS = {
    "one of one's own": lambda parameters: Restless(parameters, 0.1),
    "Adam": lambda parameters: Adam(parameters, 0.01),
    "SGD": lambda parameters: SGD(parameters, 0.1, 0.7),
    "RMSProp": lambda parameters: RMSProp(parameters, 0.01, 0.5, decay=0.9),
}


@pytest.mark.parametrize("make_optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_a_training_restored_at_iteration_7_ends_bit_for_bit_as_one_never_left(make_optimizer, tmp_path):
    path = tmp_path / "checkpoint.npz"
    game = Game(make_optimizer, seed=1)
    losses = []
    for _ in range(N_ITERATIONS):
        losses.append(game.step())
        if game.iteration == 7:
            game.save(path)
    later = Game(make_optimizer, seed=2)
    later.step()
    later.restore(path)
    assert later.iteration == 7
    assert [later.step() for _ in range(N_ITERATIONS - 7)] == losses[7:]
    assert_same(later.arrays(), game.arrays())
    assert [rng_state(rng) for rng in later.rngs.values()] == [rng_state(rng) for rng in game.rngs.values()]
    for finished in (game, later):
        finished.save(tmp_path / f"{finished is game}.npz")
    assert (tmp_path / "True.npz").read_bytes() == (tmp_path / "False.npz").read_bytes()


# files that are no checkpoint

WHOLE = saved_bytes()


def with_entries(change=None, **raw):
    """Return the whole file with its entries changed: to other bytes, or to none at all."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(WHOLE)) as old, zipfile.ZipFile(file, "w") as new:
        entries = {name: old.read(name) for name in old.namelist()} | (change or {})
        for name, content in entries.items():
            if content is not None:
                new.writestr(name, content)
    return file.getvalue()


def npy(array):
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def with_json(header):
    return with_entries({"json.npy": npy(np.array(header if isinstance(header, str) else json.dumps(header)))})


def header(**changes):
    whole = {"format": "tinygan", "format_version": 1, "kind": "checkpoint", "arrays": list(ARRAYS), "state": STATE}
    return {key: value for key, value in (whole | changes).items() if value is not ...}


def flipped(where):
    """Return the whole file with one bit changed, some bytes after the first occurrence of a text."""
    text, offset = where
    content = bytearray(WHOLE)
    content[WHOLE.index(text) + offset] ^= 1
    return bytes(content)


def as_npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def zipped(**files):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"{name}.txt", content)
    return file.getvalue()


DATA = ARRAYS["D.1.weight"].tobytes()
UNREADABLE = r"is not a checkpoint file that this tinygan reads: in its entry 'json', "
DAMAGED = r"is cut off or damaged: "
CORRUPTED = {
    "empty": (b"", r"is empty; it takes an \.npz file"),
    "one byte": (WHOLE[:1], r"starts with b'P'; it takes an \.npz file"),
    "cut in the first entry": (WHOLE[:100], DAMAGED + "the list of its entries cannot be read"),
    "cut in the middle": (WHOLE[: len(WHOLE) // 2], DAMAGED + "the list of its entries cannot be read"),
    "without its last byte": (WHOLE[:-1], DAMAGED + "the list of its entries cannot be read"),
    "beginning gone": (WHOLE[100:], r"starts with b'.*'; it takes an \.npz file, which starts with b'PK"),
    "text": (b"iteration 7", r"starts with b'iter'; it takes an \.npz file"),
    "npy": (npy(ARRAYS["D.1.bias"]), r"starts with b'\\x93NUM'; it takes an \.npz"),
    "zeros": (bytes(len(WHOLE)), r"starts with b'\\x00.*'; it takes"),
    "empty zip": (zipped(), r"starts with b'PK\\x05\\x06'; it takes an \.npz"),
    "zip of texts": (zipped(a="b"), DAMAGED + r"a\.txt cannot be read \(it is not an array\)"),
    "npz without json": (
        as_npz(a=np.ones(2), b=np.ones(3)),
        r"is not a checkpoint file: it holds a, b, but no entry 'json'",
    ),
    "json removed": (with_entries({"json.npy": None}), r"it holds D\.1\.weight, D\.1\.bias, but no entry 'json'"),
    "json cut off": (with_json(json.dumps(header())[:-5]), UNREADABLE + "Expecting"),
    "json empty": (with_json(""), UNREADABLE + "Expecting value"),
    "json of a list": (with_json([1]), UNREADABLE),
    "json of numbers": (with_entries({"json.npy": npy(np.ones(3))}), UNREADABLE),
    "json too deep": (with_json("[" * 100_000), UNREADABLE),
    "other format": (with_json(header(format="other")), UNREADABLE + "format is 'other', .* takes 'tinygan'"),
    "no format": (with_json(header(format=...)), UNREADABLE + "format is None, where this call takes 'tinygan'"),
    "version 2": (with_json(header(format_version=2)), UNREADABLE + "format_version is 2, where this call takes 1"),
    "version 2, otherwise unlike": (with_json({"format": "tinygan", "format_version": 2}), "format_version is 2"),
    "other kind": (with_json(header(kind="parameters")), UNREADABLE + "kind is 'parameters', .* takes 'checkpoint'"),
    "no state": (with_json(header(state=...)), UNREADABLE + "'state'"),
    "state of a number": (with_json(header(state=3)), UNREADABLE),
    "no list of arrays": (with_json(header(arrays=...)), UNREADABLE + "'arrays'"),
    "list of arrays is a number": (with_json(header(arrays=1)), UNREADABLE),
    "array gone": (with_entries({"D.1.bias.npy": None}), r"is not whole: missing D\.1\.bias; unexpected nothing"),
    "array too many": (with_entries({"a.npy": npy(ARRAYS["D.1.bias"])}), r"not whole: missing nothing; unexpected a$"),
    "lists of arrays": (with_json(header(arrays=[["a"], 1])), "is not whole: missing "),
    "object array": (with_entries({"D.1.bias.npy": npy(np.array([{}]))}), DAMAGED + r"D\.1\.bias .*Object arrays"),
    "object array as json": (with_entries({"json.npy": npy(np.array([{}]))}), DAMAGED + "json .*Object arrays"),
    "array of text": (
        with_entries({"D.1.bias.npy": b"3.14"}),
        DAMAGED + r"D\.1\.bias.* cannot be read \(it is not an arr",
    ),
    "array cut off": (with_entries({"D.1.bias.npy": npy(ARRAYS["D.1.bias"])[:-1]}), DAMAGED + r"D\.1\.bias cannot"),
    "array header cut off": (with_entries({"D.1.bias.npy": npy(np.ones(2))[:20]}), DAMAGED + r"D\.1\.bias cannot"),
    "bit of an array": (flipped((DATA, 5)), DAMAGED + r".*checksum of D\.1\.weight\.npy is wrong"),
    "bit of a shape": (flipped((b"(3, 2)", 1)), DAMAGED + r".*checksum of D\.1\.weight\.npy is wrong"),
    "bit of the json": (flipped((b"t\0\0\0i\0\0\0n\0\0\0", 0)), DAMAGED + r".*checksum of json\.npy is wrong"),
    "bit of a name": (flipped((b"D.1.weight", 2)), DAMAGED),
}


@pytest.mark.parametrize("name", CORRUPTED)
def test_what_is_no_checkpoint_is_refused_in_words_that_help(name, tmp_path):
    content, words = CORRUPTED[name]
    path = tmp_path / "checkpoint.npz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=words) as caught:
        load_checkpoint(path)
    assert type(caught.value) is ValueError
    assert str(caught.value).startswith(f"{path} ")
    assert path.read_bytes() == content


def test_there_are_many_corrupted_files_and_the_whole_one_loads(tmp_path):
    assert len({content for content, _ in CORRUPTED.values()}) == len(CORRUPTED) >= 15
    for content in (WHOLE, with_entries({}), with_json(header())):
        (tmp_path / "a.npz").write_bytes(content)
        assert load_checkpoint(tmp_path / "a.npz")[1] == STATE


def test_where_there_is_no_file_it_says_so(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.npz"):
        load_checkpoint(tmp_path / "nowhere.npz")
    with pytest.raises(ValueError, match=rf"^{re.escape(str(tmp_path))} is a folder; it takes an \.npz file$"):
        load_checkpoint(tmp_path)


@given(length=st.integers(0, len(WHOLE) - 1))
def test_a_file_cut_anywhere_is_refused(tmp_path_factory, length):
    path = tmp_path_factory.mktemp("cut") / "a.npz"
    path.write_bytes(WHOLE[:length])
    with pytest.raises(ValueError, match=f"^{re.escape(str(path))} ") as caught:
        load_checkpoint(path)
    assert type(caught.value) is ValueError


@given(position=st.integers(0, len(WHOLE) - 1), bit=st.integers(0, 7))
def test_a_changed_bit_never_changes_what_is_loaded(tmp_path_factory, position, bit):
    """Most are refused; a few, such as the date of an entry, mean nothing."""
    content = bytearray(WHOLE)
    content[position] ^= 1 << bit
    path = tmp_path_factory.mktemp("flipped") / "a.npz"
    path.write_bytes(content)
    try:
        found, state = load_checkpoint(path)
    except ValueError as error:
        refused = str(error)
    else:
        refused = f"{path} loads as if it was whole"
        assert_same(found, ARRAYS)
        assert state == STATE
    assert refused.startswith(f"{path} ")


# networks that do not fit


@pytest.fixture
def saved(tmp_path):
    D, G = players()
    save_parameters(tmp_path / "a.npz", D=D, G=G)
    return tmp_path / "a.npz"


@pytest.mark.parametrize(
    ("networks", "words"),
    [
        (lambda D, G: {"D": D}, r"a\.npz does not fit the network: missing nothing; unexpected G\.0\.weight, G\.0\."),
        (lambda D, G: {"D": D, "G": G, "H": Linear(1, 1)}, r"missing H\.weight, H\.bias; unexpected nothing$"),
        (lambda D, G: {"D": G, "G": D}, r"missing D\.3\.weight, D\.3\.bias, G\.3\.0\.weight, .*; unexpected D\.3\.0\."),
        (lambda D, G: {"D": D, "G": Sequential(Linear(3, 4), Linear(4, 2))}, r"missing G\.1\.weight, G\.1\.bias; un"),
        (lambda D, G: {"D": players(n_hidden=8)[0], "G": G},
         r"^D\.0\.weight has shape \(2, 6\) in \S+a\.npz and \(2, 8\) in the network; D\.0\.bias has shape \(6,\) in "
         r"\S+a\.npz and \(8,\) in the network; D\.3\.0\.weight has shape \(3, 3\) in \S+ and \(4, 3\) in the netw"),
        (lambda D, G: {"D": D, "G": players(dtype=np.float64)[1]},
         r"^G\.0\.weight has dtype float32 in \S+a\.npz and float64 in the network; G\.0\.bias has dtype"),
    ],
    ids=["too few", "too many", "swapped", "other layers", "other widths", "other precision"],
)  # fmt: skip
def test_a_network_that_does_not_fit_is_refused_by_name_and_left_alone(saved, networks, words):
    given = networks(*players(seed=3))
    before = copy.deepcopy(parameter_arrays(**given))
    with pytest.raises(ValueError, match=words):
        load_parameters(saved, **given)
    assert_same(parameter_arrays(**given), before)


def test_a_transposed_weight_is_no_match(tmp_path):
    save_parameters(tmp_path / "a.npz", D=Sequential(Dropout(0.5), Linear(3, 2)))
    with pytest.raises(ValueError, match=r"^D\.1\.weight has shape \(3, 2\) in \S+ and \(2, 3\) in the network"):
        load_parameters(tmp_path / "a.npz", D=Sequential(Dropout(0.5), Linear(2, 3)))


def test_a_file_of_one_kind_is_not_taken_for_the_other(saved, tmp_path):
    with pytest.raises(ValueError, match=r"kind is 'parameters', where this call takes 'checkpoint'"):
        load_checkpoint(saved)
    save_checkpoint(tmp_path / "b.npz", arrays={}, state={})
    with pytest.raises(
        ValueError, match=r"is not a parameters file .* kind is 'checkpoint', where this call takes 'param"
    ):
        load_parameters(tmp_path / "b.npz", D=Linear(1, 1))


class Twins(Layer):
    """A layer that calls both its parameters alike."""

    def __init__(self, value=1.0):
        self.parameters = (Parameter(np.full(2, value), "theta"), Parameter(np.full(2, 2 * value), "theta"))

    def forward(self, x, *, rng=None):
        return x, None

    def backward_input(self, grad_y, cache):
        return grad_y


def test_two_parameters_of_one_name_are_both_saved(tmp_path):
    save_parameters(tmp_path / "a.npz", D=Twins(3.0))
    other = Twins()
    load_parameters(tmp_path / "a.npz", D=other)
    assert [theta.data.tolist() for theta in other.parameters] == [[3, 3], [6, 6]]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda path: save_parameters(path), ValueError, "got no networks; it takes at least one by name"),
        (lambda path: save_parameters(path, D=3), TypeError, "got D=3; it takes a Layer"),
        (lambda path: optimizer_arrays("D", Linear(1, 1), SGD(Linear(1, 1).parameters, 1)), ValueError,
         "the optimizer of D updates other parameters than those of D"),
        (lambda path: save_checkpoint(path, arrays={"json": np.ones(1)}, state={}), ValueError, "array named 'json'"),
        (lambda path: save_checkpoint(path, arrays={"file": np.ones(1)}, state={}), ValueError, "array named 'file'"),
        (lambda path: save_checkpoint(path, arrays={"allow_pickle": np.ones(1)}, state={}), ValueError,
         r"array named 'allow_pickle'; it takes any name but \('json', 'file', 'allow_pickle'\)"),
        (lambda path: save_checkpoint(path, arrays={"a": np.array([{}])}, state={}), TypeError,
         r"got array\(\[\{\}\], dtype=object\) as a; it takes an array of numbers"),
        (lambda path: save_checkpoint(path, arrays={"a": [1.0]}, state={}), TypeError, r"got \[1\.0\] as a; it takes"),
        (lambda path: save_checkpoint(path, arrays={}, state={"a": np.ones(1)}), TypeError,
         "got a state that JSON cannot hold: Object of type ndarray"),
        (lambda path: save_checkpoint(path, arrays={}, state={"a": float("nan")}), ValueError, "that JSON cannot hold"),
    ],
)  # fmt: skip
def test_what_cannot_be_saved_is_refused_and_the_old_file_stays(call, error, words, tmp_path):
    (tmp_path / "a.npz").write_text("old")
    with pytest.raises(error, match=words) as caught:
        call(tmp_path / "a.npz")
    assert type(caught.value) is error
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("a.npz", "old")]


# interrupted while it writes


class FailingFile(io.FileIO):
    """A file that takes some bytes and then fails: once, as Ctrl-C does, or for ever, as a full disk does."""

    room, error, again = 0, OSError(errno.ENOSPC, "No space left on device"), True

    def write(self, content):
        size = memoryview(content).nbytes
        if self.room is not None and self.room < size:
            self.room = self.room if self.again else None
            raise self.error
        if self.room is not None:
            self.room -= size
        return super().write(content)


@pytest.mark.parametrize("old", [False, True], ids=["new file", "file that exists"])
@pytest.mark.parametrize("room", [0, 60, 150, 300, 700, len(WHOLE) - 100, len(WHOLE) - 1])
@pytest.mark.parametrize(
    ("error", "again"),
    [(OSError(errno.ENOSPC, "No space left on device"), True), (KeyboardInterrupt(), False)],
    ids=["full disk", "Ctrl-C"],
)
def test_what_stops_the_writing_leaves_the_old_file_whole(tmp_path, monkeypatch, error, again, room, old):
    path = tmp_path / "checkpoint.npz"
    if old:
        save_checkpoint(path, arrays=ARRAYS, state={"iteration": 6})
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    opened = []

    def failing_open(name, mode="r", *arguments, **options):
        if mode != "wb":
            return builtins.open(name, mode, *arguments, **options)
        file = FailingFile(name, "w")
        file.room, file.error, file.again = room, error, again
        opened.append(file)
        return file

    monkeypatch.setattr(checkpoint, "open", failing_open, raising=False)
    with pytest.raises(type(error)) as caught:
        save_checkpoint(path, arrays=ARRAYS, state=STATE)
    assert caught.value is error
    assert len(opened) == 1
    assert opened[0].closed
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before
    if old:
        assert load_checkpoint(path)[1] == {"iteration": 6}
