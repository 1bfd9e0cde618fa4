"""What a student has done: the exercises that were right once, and the hints that were read."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from tinygan.files import made_folder, whole_file

FILE = ".tinygan-progress.json"
DEFAULT_FOLDER = Path("tinygan-lessons")


@dataclass
class Progress:
    """What was done in one folder of lessons.

    Attributes
    ----------
    solved : list of str
        Names of exercises that were right once.
    hints : dict from str to int
        How many hints were read, by exercise.
    folder : Path, optional
        Where it is kept; without one, it is forgotten.
    """

    solved: list[str] = field(default_factory=list)
    hints: dict[str, int] = field(default_factory=dict)
    folder: Path | None = None

    def solve(self, *names: str) -> None:
        """Note that exercises are right."""
        if new := [name for name in names if name not in self.solved]:
            self.solved += new
            self._keep()

    def next_hint(self, name: str, n_hints: int) -> int:
        """Note that one more hint is read, and return its number, from 1."""
        self.hints[name] = min(self.hints.get(name, 0) + 1, n_hints)
        self._keep()
        return self.hints[name]

    def _keep(self) -> None:
        try:
            self.save()
        except OSError:
            print("This folder cannot be written, so what is done is not kept.")

    def save(self) -> None:
        """Write it to its folder, which is made if it is not there."""
        if self.folder is not None:
            made_folder(self.folder)
            with whole_file(self.folder / FILE) as file:
                file.write_text(json.dumps({"solved": self.solved, "hints": self.hints}, indent=1), encoding="utf-8")


def load_progress(folder: Path) -> Progress:
    """Return what was done in a folder; nothing, if nothing is kept there.

    Raises
    ------
    ValueError
        If the file is damaged. It is left as it is.
    """
    path = folder / FILE
    if not path.exists():
        return Progress(folder=folder)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return Progress([str(name) for name in data["solved"]], {k: int(v) for k, v in data["hints"].items()}, folder)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError(
            f"{path} is damaged: it is not what tinygan wrote. Move it away, and the lessons count from the start"
        ) from None


def nearest_progress() -> Progress:
    """Return the progress of the folder that one works in, or below it; without such a folder, one that is not kept."""
    for folder in (Path(), DEFAULT_FOLDER):
        if (folder / FILE).exists():
            return load_progress(folder)
    return Progress()
