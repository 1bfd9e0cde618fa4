"""List the runs below a folder, with how far each has come and how good it is."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tinygan.files import as_path, in_words
from tinygan.runs.folder import RunFolder, read_json, recipe_of


@dataclass(frozen=True)
class ListedRun:
    """What `list_runs` says of one run; if it is damaged, only `run`, `state` and `why` are known.

    Attributes
    ----------
    run : str
        Its folder.
    state : {"finished", "unfinished", "diverged", "damaged"}
        An unfinished run is in training, or was interrupted.
    why : str or None
        What diverged, or what is damaged.
    experiment, updates : str or None
        The experiment, and the kind of updates, "simultaneous" or "alternating".
    seed, epochs, n_epochs : int or None
        The seed, the number of epochs that are done, and the number of epochs in all.
    score : dict or None
        The last quick log-likelihood: "epoch", "bandwidth", and "mean" and "standard_error" in nats.
    seconds : float or None
        The training time.
    """

    run: str
    state: str
    why: str | None = None
    experiment: str | None = None
    updates: str | None = None
    seed: int | None = None
    epochs: int | None = None
    n_epochs: int | None = None
    score: dict[str, Any] | None = None
    seconds: float | None = None


def list_runs(folder: str | Path = ".") -> list[ListedRun]:
    """Return the runs in a folder and below it, sorted by path; a damaged run is listed and is not an error.

    Parameters
    ----------
    folder : str or Path
        The folder to search. Hidden folders and links in it are skipped.

    Raises
    ------
    FileNotFoundError, NotADirectoryError
        If the path is not a folder.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("config.json", "checkpoint.npz"):
    ...         Path(folder, name).touch()
    ...     (found,) = list_runs(folder)
    >>> found.state
    'damaged'
    """
    folder = as_path(folder)
    if not folder.is_dir():
        kind = NotADirectoryError if folder.exists() else FileNotFoundError
        raise kind(f"{folder} is not a folder; it takes one that has runs in it")
    return [_listed(path) for path in sorted(_run_folders(folder))]


def _run_folders(folder: Path) -> Iterator[Path]:
    for name, folders, files in os.walk(folder):
        # Two of the three files make a run: a run that lost one is listed, and other programs' config.json are not.
        if len({"config.json", "checkpoint.npz", "metrics.jsonl"} & set(files)) >= 2:
            folders.clear()
            yield Path(name)
        folders[:] = [inner for inner in folders if not inner.startswith(".")]


def _listed(path: Path) -> ListedRun:
    try:
        return _intact(path)
    except Exception as error:  # whatever is in its files, the other runs are listed
        return ListedRun(str(path), "damaged", f"it lacks {error}" if isinstance(error, KeyError) else in_words(error))


def _intact(path: Path) -> ListedRun:
    run_folder = RunFolder(path)
    config = run_folder.read_config()
    recipe = recipe_of(config)
    iteration = _saved_iteration(run_folder.checkpoint)  # before the metrics, which a training run writes first
    metrics = run_folder.read_metrics()
    saved = iteration // recipe.iterations_per_epoch(config["n_images"][0])
    if len(metrics) < saved:
        raise ValueError(f"{run_folder.metrics.name} has {len(metrics)} epochs, where the checkpoint has done {saved}")
    state, why = _state(run_folder, recipe.n_epochs)
    return ListedRun(
        run=str(path),
        state=state,
        why=why,
        experiment=str(config["experiment"]),
        updates=recipe.updates,
        seed=int(config["seed"]),
        epochs=len(metrics),
        n_epochs=recipe.n_epochs,
        score=_score([line for line in metrics if "parzen" in line]),
        seconds=round(sum(float(line["seconds"]) for line in metrics), 1),
    )


def _saved_iteration(checkpoint: Path) -> int:
    """Return the number of iterations in a checkpoint, without reading its large arrays."""
    if not checkpoint.is_file():
        raise FileNotFoundError(f"there is no {checkpoint.name}")
    try:
        with open(checkpoint, "rb") as file, np.load(file) as archive:
            return int(json.loads(archive["json"].item())["state"]["iteration"])
    except OSError:
        raise
    except Exception as error:  # zipfile and numpy raise a dozen kinds of errors
        raise ValueError(f"{checkpoint.name} is cut off or damaged ({error})") from None


def _state(run_folder: RunFolder, n_epochs: int) -> tuple[str, str | None]:
    """Return the state, and why the run diverged; a finished run that was resumed for more epochs is unfinished."""
    if run_folder.summary.exists() and read_json(run_folder.summary)["epochs"] >= n_epochs:
        return "finished", None
    if run_folder.post_mortem.exists():
        return "diverged", str(read_json(run_folder.post_mortem)["error"])
    return "unfinished", None


def _score(evaluated: list[dict[str, Any]]) -> dict[str, Any] | None:
    if not evaluated:
        return None
    epoch, best = evaluated[-1]["epoch"], evaluated[-1]["parzen"]["best"]
    return {"epoch": int(epoch)} | {name: float(best[name]) for name in ("bandwidth", "mean", "standard_error")}
