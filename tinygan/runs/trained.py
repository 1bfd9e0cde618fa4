"""Load the generator of a run from its last checkpoint, ready to draw samples."""

from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from tinygan.adversarial import NoisePrior, generate
from tinygan.backend import Array, RngLike, to_device
from tinygan.layers import Sequential
from tinygan.recipes.base import Recipe
from tinygan.runs.checkpoint import load_checkpoint, network_arrays, restore_arrays
from tinygan.runs.folder import RunFolder, recipe_of


@dataclass(frozen=True)
class Trained:
    """A trained generator, as `load_trained` returns it.

    Attributes
    ----------
    G : Sequential
    prior : NoisePrior
    recipe : Recipe
    config : dict
        The contents of config.json.
    iteration : int
        The number of iterations that are done.
    """

    G: Sequential
    prior: NoisePrior
    recipe: Recipe
    config: dict[str, Any]
    iteration: int

    @property
    def epoch(self) -> int:
        """The number of whole epochs that are done."""
        return self.iteration // self.recipe.iterations_per_epoch(self.config["n_images"][0])

    def sample(self, n: int, *, rng: RngLike = None) -> Array:
        """Return n samples as rows, float32 of shape (n, n_pixels), on the device of G."""
        return generate(self.G, self.prior, n, rng=rng)

    def images(self, rows: Array) -> Array:
        """Return rows as images to look at, from 0 for black to 1 for white."""
        return self.recipe.to_images(rows, self.config["image_shape"])


def load_trained(folder: str | Path, *, device: str = "cpu") -> Trained:
    """Return the generator of a run, without needing its training images.

    Parameters
    ----------
    folder : str or Path
        The folder of the run.
    device : str
        Where to put G, see `tinygan.backend.to_device`; the run may have been trained on another device.

    Raises
    ------
    FileNotFoundError
        If the folder is not a run, or has no checkpoint.
    ValueError
        If a file of the run is damaged, or does not fit the others.
    RuntimeError, MemoryError
        As `tinygan.backend.to_device` raises them.
    """
    run_folder = RunFolder(folder)
    config = run_folder.read_config()
    recipe = recipe_of(config)
    G = recipe.generator(np.full(prod(config["image_shape"]), 0.5), rng=0)
    arrays, state = load_checkpoint(run_folder.checkpoint)
    current = network_arrays(G=G)
    restore_arrays(current, {name: array for name, array in arrays.items() if name in current}, run_folder.checkpoint)
    return Trained(to_device(G, device), recipe.prior(), recipe, config, int(state["iteration"]))
