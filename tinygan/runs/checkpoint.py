"""Checkpoints: one `.npz` with named arrays and a JSON entry, which plain `numpy.load` and `json.loads` can read."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tinygan.backend import Array, get_array_module, to_host
from tinygan.backend.arrays import check_arrays
from tinygan.files import as_path, whole_file
from tinygan.layers import Layer, named_buffers, named_parameters
from tinygan.optim import Optimizer

FORMAT = {"format": "tinygan", "format_version": 1}
ENTRY = "json"
RESERVED = (ENTRY, "file", "allow_pickle")  # the last two are arguments of numpy.savez
BIT_GENERATORS = ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64")
MAGIC = b"PK\x03\x04"


def save_checkpoint(
    path: str | Path, *, arrays: Mapping[str, Array], state: Mapping[str, Any], kind: str = "checkpoint"
) -> None:
    """Write arrays and a state to one file, whole or not at all; the same content gives the same bytes.

    Parameters
    ----------
    path : str or Path
        The file. An older file of this name stays until the new one is complete.
    arrays : mapping from str to ndarray
        See `network_arrays` and `optimizer_arrays`. Arrays on a GPU are copied to the host.
    state : mapping
        What JSON can hold: the iteration, the recipe, each optimiser's numbers, random streams through `rng_state`.
    kind : str
        The kind of the file; `load_checkpoint` takes the file only if it is called with the same kind.

    Raises
    ------
    TypeError, ValueError
        If a value is not an array or holds objects, a name is reserved, or JSON cannot hold the state. Nothing is
        written then.

    See Also
    --------
    load_checkpoint : Reads such a file.
    save_parameters : Writes the parameters of networks alone.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_checkpoint(f"{folder}/a.npz", arrays={"theta": np.ones(2)}, state={"iteration": 7})
    ...     with np.load(f"{folder}/a.npz") as file:
    ...         print(file["theta"], json.loads(file["json"].item())["state"])
    ...     load_checkpoint(f"{folder}/a.npz")
    [1. 1.] {'iteration': 7}
    ({'theta': array([1., 1.])}, {'iteration': 7})
    """
    contents: dict[str, Any] = {}
    check_arrays("save_checkpoint", **arrays)
    for name, array in arrays.items():
        host = to_host(array)
        if name in RESERVED:
            raise ValueError(f"save_checkpoint got an array named {name!r}; it takes any name but {RESERVED}")
        if not isinstance(host, np.ndarray) or host.dtype.hasobject:
            raise TypeError(f"save_checkpoint got {host!r:.60} as {name}; it takes an array of numbers")
        contents[name] = np.asarray(host, order="C")  # else equal arrays could give different bytes
    header = {**FORMAT, "kind": kind, "arrays": list(contents), "state": dict(state)}
    try:
        contents[ENTRY] = np.array(json.dumps(header, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise type(error)(f"save_checkpoint got a state that JSON cannot hold: {error}") from None
    with whole_file(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, **contents)


def load_checkpoint(path: str | Path, *, kind: str = "checkpoint") -> tuple[dict[str, Array], dict[str, Any]]:
    """Return the arrays and the state that `save_checkpoint` wrote; tuples in the state have become lists.

    Raises
    ------
    ValueError
        If the file is empty, cut off, damaged, a folder, of another kind or format version, or incomplete.
    OSError
        If the file is missing or cannot be read.
    """
    path = as_path(path)
    if path.is_dir():
        raise ValueError(f"{path} is a folder; it takes an .npz file")
    with open(path, "rb") as file:
        start = file.read(len(MAGIC))
        if start != MAGIC:
            found = f"starts with {start!r}" if start else "is empty"
            raise ValueError(f"{path} {found}; it takes an .npz file, which starts with {MAGIC!r}")
        file.seek(0)
        reading, contents = "the list of its entries", {}
        try:
            with np.load(file) as archive:
                if damaged := archive.zip.testzip():  # numpy may stop before the checksum
                    raise ValueError(f"the checksum of {damaged} is wrong")
                for reading in archive.files:
                    contents[reading] = archive[reading]
                    if not isinstance(contents[reading], np.ndarray):
                        raise ValueError("it is not an array")
        except Exception as error:  # zipfile and numpy raise a dozen kinds of errors
            raise ValueError(f"{path} is cut off or damaged: {reading} cannot be read ({error})") from None
    if ENTRY not in contents:
        raise ValueError(
            f"{path} is not a {kind} file: it holds {', '.join(contents) or 'nothing'}, but no entry {ENTRY!r}"
        )
    try:
        header = json.loads(contents.pop(ENTRY).item())
        for key, value in {**FORMAT, "kind": kind}.items():
            if header.get(key) != value:
                raise ValueError(f"{key} is {header.get(key)!r}, where this call takes {value!r}")
        names, state = list(map(str, header["arrays"])), dict(header["state"])
    except (AttributeError, LookupError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(
            f"{path} is not a {kind} file that this tinygan reads: in its entry {ENTRY!r}, {error}"
        ) from None
    _check_names(f"{path} is not whole", names, contents)
    return contents, state


def save_parameters(path: str | Path, /, **networks: Layer) -> None:
    """Write the parameters and buffers of networks to one file, whole or not at all, with names such as ``D.1.weight``.

    Examples
    --------
    >>> import tempfile
    >>> from tinygan.layers import Linear
    >>> D, other = Linear(2, 1, rng=0), Linear(2, 1, rng=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_parameters(f"{folder}/d.npz", D=D)
    ...     load_parameters(f"{folder}/d.npz", D=other)
    >>> bool((D.weight.data == other.weight.data).all())
    True
    """
    save_checkpoint(path, arrays=network_arrays(**networks), state={}, kind="parameters")


def load_parameters(path: str | Path, /, **networks: Layer) -> None:
    """Load, in place, what `save_parameters` wrote; errors are those of `load_checkpoint` and `restore_arrays`."""
    current = network_arrays(**networks)
    restore_arrays(current, load_checkpoint(path, kind="parameters")[0], path)


def parameter_arrays(**networks: Layer) -> dict[str, Array]:
    """Return the arrays of all parameters by name; they are not copies.

    Examples
    --------
    >>> from tinygan.layers import Linear, Sequential
    >>> list(parameter_arrays(G=Sequential(Linear(2, 3), Linear(3, 1))))
    ['G.0.weight', 'G.0.bias', 'G.1.weight', 'G.1.bias']
    """
    if not networks:
        raise ValueError("got no networks; it takes at least one by name, as in D=D, G=G")
    arrays: dict[str, Array] = {}
    for player, network in networks.items():
        if not isinstance(network, Layer):
            raise TypeError(f"got {player}={network!r}; it takes a Layer")
        arrays |= {f"{player}.{name}": theta.data for name, theta in named_parameters(network)}
    return arrays


def network_arrays(**networks: Layer) -> dict[str, Array]:
    """Return the arrays of all parameters and buffers by name: all that evaluation needs; they are not copies.

    Examples
    --------
    >>> from tinygan.layers import BatchNorm
    >>> list(network_arrays(G=BatchNorm(3)))
    ['G.gamma', 'G.beta', 'G.mean', 'G.variance']
    """
    arrays = parameter_arrays(**networks)
    for player, network in networks.items():
        arrays |= {f"{player}.{name}": buffer.data for name, buffer in named_buffers(network)}
    return arrays


def optimizer_arrays(player: str, network: Layer, optimizer: Optimizer) -> dict[str, Array]:
    """Return the arrays, not copies, that an optimiser of a network keeps, such as ``D.1.weight.velocity``.

    The numbers that an optimiser keeps belong in the state of the checkpoint; see `optimizer_numbers`.

    Examples
    --------
    >>> from tinygan.layers import Linear
    >>> from tinygan.optim import SGD
    >>> D = Linear(2, 1)
    >>> list(optimizer_arrays("D", D, SGD(D.parameters, 0.1)))
    ['D.weight.velocity', 'D.bias.velocity']
    """
    names = list(parameter_arrays(**{player: network}))
    if list(map(id, optimizer.parameters)) != list(map(id, network.parameters)):
        raise ValueError(f"the optimizer of {player} updates other parameters than those of {player}")
    kept = {word: arrays for word, arrays in optimizer.state.items() if isinstance(arrays, list)}
    return {f"{name}.{word}": array for word in kept for name, array in zip(names, kept[word], strict=True)}


def optimizer_numbers(optimizer: Optimizer) -> dict[str, Any]:
    """Return the numbers that an optimiser keeps, such as `n_steps`; `Optimizer.state` takes them back.

    Examples
    --------
    >>> from tinygan.layers import Linear
    >>> from tinygan.optim import SGD
    >>> optimizer_numbers(SGD(Linear(2, 1).parameters, 0.1))
    {'n_steps': 0}
    """
    return {word: number for word, number in optimizer.state.items() if not isinstance(number, list)}


def restore_arrays(current: Mapping[str, Array], saved: Mapping[str, Array], path: str | Path) -> None:
    """Copy the saved arrays into the current arrays of the same names, in place: all of them or none.

    A name, shape or dtype that differs is a ValueError, whose message calls the file `path`.

    Examples
    --------
    >>> theta = np.zeros(2)
    >>> restore_arrays({"theta": theta}, {"theta": np.ones(2)}, "a.npz")
    >>> theta
    array([1., 1.])
    """
    _check_names(f"{path} does not fit the network", current, saved)
    faults = [
        f"{name} has {what} {getattr(saved[name], what)} in {path} and {getattr(array, what)} in the network"
        for name, array in current.items()
        for what in ("shape", "dtype")
        if getattr(saved[name], what) != getattr(array, what)
    ]
    if faults:
        raise ValueError("; ".join(faults))
    for name, array in current.items():
        array[...] = get_array_module(array).asarray(saved[name])


def rng_state(rng: Any) -> dict[str, Any]:
    """Return the state of a generator, or a state that its bit generator gave, in a form that JSON can hold.

    Examples
    --------
    >>> rng = np.random.Generator(np.random.Philox(0))
    >>> twin = restored_rng(json.loads(json.dumps(rng_state(rng))))
    >>> bool(rng.random() == twin.random())
    True
    """
    if isinstance(rng, np.random.Generator):
        rng = rng.bit_generator.state
    plain = {key: value.tolist() if isinstance(value, np.ndarray) else value for key, value in rng.items()}
    return {key: rng_state(value) if isinstance(value, dict) else value for key, value in plain.items()}


def restored_rng(state: Mapping[str, Any]) -> np.random.Generator:
    """Return a generator that goes on from what `rng_state` returned, or raise a ValueError."""
    try:
        if state["bit_generator"] not in BIT_GENERATORS:
            raise ValueError(f"bit_generator is none of {', '.join(BIT_GENERATORS)}")
        rng = np.random.Generator(getattr(np.random, state["bit_generator"])(0))
        rng.bit_generator.state = state
        within = 0 <= state.get("buffer_pos", 0) <= 4 and 0 <= state["state"].get("pos", 0) <= 624  # its buffer
        if not within or rng_state(rng) != rng_state(state):
            raise ValueError("a number is out of range, or there are too many")
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise ValueError(f"restored_rng got no state of a random stream: {error!r}") from None
    return rng


def _check_names(what: str, expected: Collection[str], found: Collection[str]) -> None:
    missing = ", ".join(name for name in expected if name not in found)
    unexpected = ", ".join(name for name in found if name not in expected)
    if missing or unexpected:
        raise ValueError(f"{what}: missing {missing or 'nothing'}; unexpected {unexpected or 'nothing'}")
