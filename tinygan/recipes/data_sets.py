"""Find the recipe and load the images of an experiment by its name."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tinygan.arguments import check_choice
from tinygan.backend import Array, as_rng
from tinygan.data import Labelled, Splits, load_cifar10, load_fashion_mnist, load_images, load_mnist, load_tfd
from tinygan.recipes.base import Recipe
from tinygan.recipes.cifar10 import CIFAR10
from tinygan.recipes.mnist import MNIST
from tinygan.recipes.mnist_quick import MNISTQuick
from tinygan.recipes.tfd import TFD, TFDStage2

RECIPES: dict[str, type[Recipe]] = {
    "mnist": MNIST,
    "mnist-quick": MNISTQuick,
    "fashion-mnist": MNIST,
    "images": MNIST,
    "tfd": TFD,
    "tfd-stage-2": TFDStage2,
    "cifar10": CIFAR10,
}

# Experiments that look for their images in a data folder; those in FROM_FILE need a file or a folder of images.
LOADERS = {
    "mnist": load_mnist,
    "mnist-quick": load_mnist,
    "fashion-mnist": load_fashion_mnist,
    "cifar10": load_cifar10,
}
FROM_FILE = ("images", "tfd", "tfd-stage-2")

# The number of images that the paper trains on, for a data set of which only a part may be present.
N_TRAIN = {"cifar10": 40_000}

# One seventh of a user's own images is for validation and one for the test, as in MNIST: 50 + 10 + 10 thousand.
HELD_OUT = 7


def load(name: str, data: str | Path | None = None) -> Splits:
    """Return the images of an experiment for training, validation and test.

    Parameters
    ----------
    name : str
        One of `RECIPES`.
    data : str or Path, optional
        For ``images``, their folder or file; for ``tfd``, its file. For other experiments, the data folder to look in;
        by default, the folder named by ``TINYGAN_DATA``, then the user's cache.

    Raises
    ------
    FileNotFoundError, ValueError, OSError
        As the readers of `tinygan.data` raise them, or if a file is needed and none is given.

    See Also
    --------
    load_again : Loads the images of an earlier run.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(Path(folder, "faces.npy"), np.zeros((70, 8, 6), np.uint8))
    ...     [part.images.shape for part in load("images", Path(folder, "faces.npy"))]
    [(50, 8, 6), (10, 8, 6), (10, 8, 6)]
    """
    check_choice("load got name", name, tuple(RECIPES))
    if name in FROM_FILE:
        if data is None:
            raise ValueError(f"{name} needs the images; name their file or folder with --data")
        return _split(load_images(data), data) if name == "images" else load_tfd(data)
    return LOADERS[name](data)


def load_again(config: Mapping[str, Any], data: str | Path | None = None) -> Splits:
    """Return the images that a run was trained on, and the images held out.

    Parameters
    ----------
    config : mapping
        The contents of the run's config.json.
    data : str or Path, optional
        Where the images are, as for `load`; by default, where they were when the run started.

    Raises
    ------
    FileNotFoundError, ValueError, OSError
        If the images cannot be read, or differ from those that the run was trained on.

    Examples
    --------
    >>> import tempfile
    >>> config = {"experiment": "images", "data": None, "data_sha256": fingerprint(np.zeros((50, 8, 6), np.uint8))}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(Path(folder, "faces.npy"), np.zeros((70, 8, 6), np.uint8))
    ...     load_again(config, Path(folder, "faces.npy")).train.images.shape
    (50, 8, 6)
    """
    place = config["data"] if data is None else data
    try:
        splits = load(config["experiment"], place)
    except FileNotFoundError as error:
        hint = "" if data else ". If the images have moved, --data says where to"
        raise FileNotFoundError(f"{error}{hint}") from None
    if fingerprint(splits.train.images) != config["data_sha256"]:
        where = "" if place is None else f" in {place}"
        raise ValueError(f"the training images of {config['experiment']}{where} are not those that the run began with")
    return splits


def fingerprint(images: Array) -> str:
    """Return the SHA-256 of images and their shape: equal only for the same images in the same order.

    Examples
    --------
    >>> fingerprint(np.zeros((2, 3, 4), np.uint8)) == fingerprint(np.zeros((2, 4, 3), np.uint8))
    False
    """
    return hashlib.sha256(repr(images.shape).encode() + np.ascontiguousarray(images).tobytes()).hexdigest()


def _split(images: Array, path: str | Path) -> Splits:
    """Split at random, since files are often sorted, but always in the same way for the same number of images."""
    n = -(-len(images) // HELD_OUT)
    if len(images) < 3:
        raise ValueError(f"{path} holds {len(images)} images; it takes 3 or more, to train, for validation and to test")
    order = as_rng(0).permutation(len(images))
    parts = (order[2 * n :], order[:n], order[n : 2 * n])
    train, validation, test = (Labelled(images[np.sort(part)], np.full(len(part), -1)) for part in parts)
    return Splits(train, validation, test)
