"""Digits to learn from on every machine: MNIST where it is found, and glyphs where it is not."""

from typing import NamedTuple

import numpy as np

from tinygan.backend import as_rng, spawn_rngs
from tinygan.data.glyphs import glyphs, random_factors
from tinygan.data.images import SIDE, Labelled, load_mnist


class Digits(NamedTuple):
    """Images of digits in three parts, and where they come from.

    Attributes
    ----------
    name : {"MNIST", "glyphs"}
    train, validation, test : Labelled
        Images of shape (n, 28, 28), labels 0 to 9.
    """

    name: str
    train: Labelled
    validation: Labelled
    test: Labelled


def mnist_or_glyphs(n_train: int = 10_000, n_validation: int = 1_000, n_test: int = 1_000) -> Digits:
    """Return the first images of each part of MNIST or, where MNIST is not found, as many glyphs; say which by name.

    Nothing is downloaded. The same numbers give the same glyphs.

    Parameters
    ----------
    n_train, n_validation, n_test : int
        How many of each; MNIST has 50,000, 10,000 and 10,000.

    Returns
    -------
    Digits

    Raises
    ------
    ValueError
        If files of MNIST are there, and damaged.

    Examples
    --------
    >>> digits = mnist_or_glyphs(500, 100, 100)
    >>> digits.name in ("MNIST", "glyphs"), digits.train.images.shape
    (True, (500, 28, 28))
    """
    numbers = (n_train, n_validation, n_test)
    try:
        splits = load_mnist()
    except FileNotFoundError:
        return Digits("glyphs", *map(_some_glyphs, numbers, spawn_rngs(as_rng(0), 3)))
    return Digits(
        "MNIST", *(Labelled(part.images[:n], part.labels[:n]) for part, n in zip(splits, numbers, strict=True))
    )


def _some_glyphs(n: int, rng: np.random.Generator) -> Labelled:
    factors = random_factors(n, rng=rng)
    images = np.rint(255 * glyphs(**factors, side=SIDE)).astype(np.uint8)
    return Labelled(images.reshape(n, SIDE, SIDE), factors["kind"])
