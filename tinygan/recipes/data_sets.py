"""Which recipe and which images belong to the name of an experiment."""

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

# These look for their images in a data folder; those in FROM_FILE need the path of a file or of a folder of images.
LOADERS = {
    "mnist": load_mnist,
    "mnist-quick": load_mnist,
    "fashion-mnist": load_fashion_mnist,
    "cifar10": load_cifar10,
}
FROM_FILE = ("images", "tfd", "tfd-stage-2")

# How many images the paper trains on, where a data set may be there in part.
N_TRAIN = {"cifar10": 40_000}

# A seventh of a user's own images is for validation and a seventh for the test: MNIST has 50 + 10 + 10 thousand.
HELD_OUT = 7


def load(name: str, data: str | Path | None = None) -> Splits:
    """Return the images of an experiment: to train on, for validation and for the test.

    Parameters
    ----------
    name : str
        One of `RECIPES`.
    data : str or Path, optional
        The folder or file of ``images``, the file of ``tfd``; for the others, the data folder to look in, by default
        the usual ones.

    Raises
    ------
    FileNotFoundError, ValueError, OSError
        As the readers of `tinygan.data` raise them, or if a file is needed and none is given.

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
    """Return the images that a run was trained on, and those held out.

    Parameters
    ----------
    config : mapping
        What its config.json holds.
    data : str or Path, optional
        Where they are, as for `load`; by default, where they were.

    Raises
    ------
    FileNotFoundError, ValueError, OSError
        If they cannot be read, or are others.

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
    """Split at random, since files are often sorted, but always in the same way."""
    n = -(-len(images) // HELD_OUT)
    if len(images) < 3:
        raise ValueError(f"{path} holds {len(images)} images; it takes 3 or more, to train, for validation and to test")
    order = as_rng(0).permutation(len(images))
    parts = (order[2 * n :], order[:n], order[n : 2 * n])
    train, validation, test = (Labelled(images[np.sort(part)], np.full(len(part), -1)) for part in parts)
    return Splits(train, validation, test)
