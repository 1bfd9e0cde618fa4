"""A run folder: the names of its files, and how the small ones are read and written."""

import json
import os
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tinygan.files import as_path, whole_file
from tinygan.recipes.base import Recipe
from tinygan.recipes.data_sets import RECIPES

if sys.platform != "win32":
    import fcntl

FORMAT = {"format": "tinygan run", "format_version": 1}
# What config.json must hold, so that a run can be read or resumed.
KEYS: dict[str, type | tuple[type, ...]] = {
    "experiment": str,
    "recipe": dict,
    "seed": int,
    "evaluate_every": int,
    "data": (str, type(None)),
    "data_sha256": str,
    "n_images": list,
    "image_shape": list,
}


class RunFolder:
    """The files of one run.

    Parameters
    ----------
    path : str or Path
        The folder; it need not exist.

    Attributes
    ----------
    config, metrics, checkpoint, summary, post_mortem, samples : Path
        ``config.json`` says how to repeat the run. ``metrics.jsonl`` has a line for each epoch. ``checkpoint.npz``
        holds its current state. ``summary.json`` says how it ended, and ``post_mortem.json`` why it diverged.
        ``samples`` is a folder of pictures.

    Examples
    --------
    >>> RunFolder("runs/mnist").config.as_posix()
    'runs/mnist/config.json'
    """

    def __init__(self, path: str | Path) -> None:
        self.path = as_path(path)
        self.config = self.path / "config.json"
        self.metrics = self.path / "metrics.jsonl"
        self.checkpoint = self.path / "checkpoint.npz"
        self.summary = self.path / "summary.json"
        self.post_mortem = self.path / "post_mortem.json"
        self.samples = self.path / "samples"

    def check_new(self) -> None:
        """Raise a FileExistsError if the folder is not empty, or a NotADirectoryError if it is not a folder."""
        if self.path.exists() and not self.path.is_dir():
            raise NotADirectoryError(f"{self.path} is not a folder; it takes a new or an empty one")
        if self.path.exists() and any(self.path.iterdir()):
            is_run = self.config.exists()
            advice = (
                f"it is a run; `tinygan train --resume {shlex.quote(str(self.path))}` goes on with it"
                if is_run
                else "it takes a new or an empty folder"
            )
            raise FileExistsError(f"{self.path} is not empty: {advice}")

    def read_config(self) -> dict[str, Any]:
        """Return the contents of config.json, or raise an error if the folder is not a run of this format."""
        if not self.config.is_file():
            what = "holds no config.json" if self.path.is_dir() else "is not a folder"
            raise FileNotFoundError(f"{self.path} is not a run: it {what}. `tinygan runs` lists those below a folder")
        config = read_json(self.config)
        for key, value in FORMAT.items():
            if config.get(key) != value:
                raise ValueError(f"{self.config}: {key} is {config.get(key)!r}; this tinygan reads {value!r}")
        if (experiment := config.get("experiment")) not in RECIPES:
            raise ValueError(f"{self.config}: experiment is {experiment!r}; it takes one of {', '.join(RECIPES)}")
        for key, kind in KEYS.items():
            if not isinstance(config.get(key, ...), kind):
                what = f"its {key} is {config[key]!r:.60}" if key in config else f"it lacks {key!r}"
                raise ValueError(f"{self.config} is damaged: {what}")
        return config

    def write_config(self, config: Mapping[str, Any]) -> None:
        """Write config.json, whole or not at all."""
        write_json(self.config, {**FORMAT, **config})

    @contextmanager
    def locked(self) -> Iterator[bool]:
        """Keep other processes from training this run at the same time.

        Yields
        ------
        bool
            Whether the folder is locked. Windows and some network drives cannot lock it.

        Raises
        ------
        BlockingIOError
            If another process is training the run.
        """
        if sys.platform == "win32":  # has no fcntl
            yield False
            return
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            yield self._lock(descriptor)
        finally:
            os.close(descriptor)  # which unlocks

    def _lock(self, descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BlockingIOError(f"{self.path} is being trained by another process; wait for it, or stop it") from None
        except OSError:  # some file systems, such as network drives, have no locks
            return False
        return True

    def reopen(self, config: Mapping[str, Any]) -> None:
        """Write config.json again, and remove the files about an earlier end and those left half written by a kill."""
        self.write_config(config)
        for folder in (self.path, self.samples):
            for partial in folder.glob(".*.partial*"):
                partial.unlink()
        self.summary.unlink(missing_ok=True)
        self.post_mortem.unlink(missing_ok=True)

    def append_metrics(self, line: Mapping[str, Any]) -> None:
        """Add one line to metrics.jsonl, and wait until it is on the disk."""
        with open(self.metrics, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def read_metrics(self) -> list[dict[str, Any]]:
        """Return the lines of metrics.jsonl, without a last line that a killed process left incomplete."""
        if not self.metrics.exists():
            return []
        lines = []
        for number, text in enumerate(self.metrics.read_bytes().splitlines(keepends=True), 1):
            try:
                lines.append(dict(json.loads(text)))
            except (TypeError, ValueError, RecursionError) as error:
                if not text.endswith(b"\n"):
                    break
                raise ValueError(f"{self.metrics}, line {number}, is not a JSON object: {error}") from None
        return lines

    def cut_metrics(self, n_epochs: int) -> None:
        """Keep only the lines of the first n_epochs epochs, which are those that the checkpoint contains."""
        lines = self.read_metrics()
        kept = [line for line in lines if not isinstance(line.get("epoch"), int) or line["epoch"] <= n_epochs]
        epochs = [line.get("epoch") for line in kept]
        if epochs != list(range(1, n_epochs + 1)):
            raise ValueError(
                f"{self.metrics} has lines for the epochs {epochs}, where {self.checkpoint.name} has done {n_epochs}; "
                "put the missing lines back"
            )
        with whole_file(self.metrics) as temporary:
            temporary.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")


def recipe_of(config: Mapping[str, Any]) -> Recipe:
    """Return the recipe that a config.json holds, or raise a ValueError if this version of tinygan does not know it."""
    try:
        return RECIPES[config["experiment"]](**config["recipe"])
    except (LookupError, TypeError, ValueError) as error:
        raise ValueError(f"config.json holds a recipe that this tinygan does not know: {error!r}") from None


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file, or raise a ValueError that names the file.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_json(Path(folder, "a.json"), {"epochs": 3})
    ...     read_json(Path(folder, "a.json"))
    {'epochs': 3}
    """
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"{path} is damaged: it holds no JSON object ({error})") from None


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a mapping as JSON for people, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
