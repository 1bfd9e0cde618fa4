"""All of a run that changes while it trains, to its checkpoint and back, and what is left of it if it diverges."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tinygan.adversarial import TrainingState
from tinygan.adversarial.training.watch import check_parameters
from tinygan.backend import Array, to_host
from tinygan.layers import Sequential
from tinygan.optim import SGD
from tinygan.runs.checkpoint import (
    load_checkpoint,
    optimizer_arrays,
    parameter_arrays,
    restore_arrays,
    restored_rng,
    rng_state,
    save_checkpoint,
)
from tinygan.runs.folder import RunFolder, write_json
from tinygan.runs.tally import Tally

STREAMS = ("data", "noise", "dropout")
# What a checkpoint must share with config.json to be of the same run, beside the recipe.
IDENTITY = ("experiment", "seed", "data_sha256")


class Resumable(Protocol):
    """What a `tinygan.runs.run.Run` has that is kept, and what says where."""

    folder: RunFolder
    config: dict[str, Any]
    D: Sequential
    G: Sequential
    optimizer_d: SGD
    optimizer_g: SGD
    state: TrainingState
    tally: Tally
    threads: int


def save(run: Resumable) -> None:
    """Write the checkpoint of a run, or raise a FloatingPointError if a parameter is no longer finite."""
    state = run.state
    check_parameters(state.iteration, D=run.D, G=run.G)
    save_checkpoint(
        run.folder.checkpoint,
        arrays=arrays_of(run),
        state={
            **{name: run.config[name] for name in IDENTITY},
            "recipe": run.config["recipe"],
            "iteration": state.iteration,
            "epoch": state.epoch,
            "position": state.position,
            "epoch_start": None if state.epoch_start is None else rng_state(state.epoch_start),
            "streams": {name: rng_state(getattr(state, name)) for name in STREAMS},
            "n_steps": {"D": run.optimizer_d.n_steps, "G": run.optimizer_g.n_steps},
            "sums": run.tally.sums,
            "threads": run.threads,
        },
    )


def restore(run: Resumable, path: Path | None = None) -> None:
    """Put a run where its checkpoint, or a copy of it, has it, or raise a ValueError that says what does not fit."""
    path = path or run.folder.checkpoint
    arrays, saved = load_checkpoint(path)
    try:
        changed = [
            f"{name}={value!r} in {run.folder.config.name} and {saved['recipe'].get(name)!r} in {path.name}"
            for name, value in run.config["recipe"].items()
            if name != "n_epochs" and saved["recipe"].get(name) != value
        ]
        changed += [
            f"{name}={run.config[name]!r} in {run.folder.config.name} and {saved[name]!r} in {path.name}"
            for name in IDENTITY
            if saved[name] != run.config[name]
        ]
        if changed:
            raise ValueError(f"the run has changed: {'; '.join(changed)}")
        streams = {name: restored_rng(saved["streams"][name]) for name in STREAMS}
        numbers = {name: int(saved[name]) for name in ("iteration", "epoch", "position")}
        start = saved["epoch_start"]
        epoch_start = None if start is None else restored_rng(start).bit_generator.state
        n_steps = {player: int(saved["n_steps"][player]) for player in "DG"}
        sums = {name: type(zero)(saved["sums"][name]) for name, zero in run.tally.sums.items()}
        run.threads = int(saved["threads"])
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        reason = error if type(error) is ValueError else repr(error)
        raise ValueError(f"{path} is not the checkpoint of this run: {reason}") from None
    restore_arrays(arrays_of(run), arrays, path)
    for name, value in {**streams, **numbers, "epoch_start": epoch_start}.items():
        setattr(run.state, name, value)
    run.optimizer_d.n_steps, run.optimizer_g.n_steps = n_steps["D"], n_steps["G"]
    run.tally.sums = sums


def post_mortem(run: Resumable, error: FloatingPointError) -> None:
    """Write post_mortem.json: what diverged, the last metrics, and the size of every parameter and velocity."""
    metrics = run.folder.read_metrics()
    write_json(
        run.folder.post_mortem,
        {
            "error": str(error),
            "iteration": run.state.iteration,
            "last_metrics": metrics[-1] if metrics else None,
            "norms": {name: _norms(to_host(array)) for name, array in arrays_of(run).items()},
        },
    )


def arrays_of(run: Resumable) -> dict[str, Array]:
    """Return all arrays of a run that training changes, not copies, by name."""
    return {
        **parameter_arrays(D=run.D, G=run.G),
        **optimizer_arrays("D", run.D, run.optimizer_d),
        **optimizer_arrays("G", run.G, run.optimizer_g),
    }


def _norms(array: Array) -> Mapping[str, Any]:
    finite = np.isfinite(array)
    sizes = np.abs(array[finite], dtype=np.float64)
    return {
        "L2": float(np.sqrt((sizes**2).sum())),
        "largest": float(sizes.max(initial=0.0)),
        "not_finite": int((~finite).sum()),
    }
