"""Compute what the paper's Figures 2 and 3 show of a trained generator, as arrays to draw."""

from typing import NamedTuple

import numpy as np

from tinygan.arguments import check_count
from tinygan.backend import Array, RngLike
from tinygan.backend.threads import threads_for
from tinygan.data import ScaledImages
from tinygan.evaluation import nearest_neighbours
from tinygan.layers.contents import largest_weight
from tinygan.runs.trained import Trained


class Figure2(NamedTuple):
    """Samples in rows, and the training image nearest to the last sample of each row.

    Attributes
    ----------
    images : ndarray of shape (n_rows * n_columns, height, width) or (n_rows * n_columns, height, width, 3)
        The samples, row by row, from 0 for black to 1 for white.
    neighbours : ndarray of shape (n_rows, height, width) or (n_rows, height, width, 3)
        The training image nearest to the last sample of each row.
    indices : ndarray of shape (n_rows,)
        The indices of these training images.
    distances : ndarray of shape (n_rows,)
        Their L2 distances from the samples, after both are preprocessed as D sees them.
    """

    images: Array
    neighbours: Array
    indices: Array
    distances: Array


def figure2(trained: Trained, examples: Array, *, n_rows: int = 4, n_columns: int = 5, rng: RngLike = None) -> Figure2:
    """Draw samples at random, and find the training images nearest to the last sample of each row.

    Parameters
    ----------
    trained : Trained
        The generator, as `load_trained` returns it.
    examples : ndarray of uint8, shape (n, height, width) or (n, height, width, 3)
        The training images.
    n_rows, n_columns : int
        Rows and columns of samples; the paper's MNIST panel has 4 and 5.
    rng : Generator, int or None
        The same seed gives the same samples.

    Examples
    --------
    >>> from tinygan.recipes.mnist import MNIST
    >>> recipe = MNIST().scaled(0.01)
    >>> G = recipe.generator(np.full(30, 0.5), rng=0)
    >>> trained = Trained(G, recipe.prior(), recipe, {"image_shape": [6, 5]}, iteration=0)
    >>> figure = figure2(trained, np.zeros((9, 6, 5), np.uint8), rng=0)
    >>> figure.images.shape, figure.neighbours.shape
    ((20, 6, 5), (4, 6, 5))
    """
    check_count("figure2 got n_rows", n_rows)
    check_count("figure2 got n_columns", n_columns)
    samples = trained.sample(n_rows * n_columns, rng=rng)
    # Distances are between images as D sees them: for CIFAR-10, after the contrast of every image is normalised.
    rows = ScaledImages(examples, trained.recipe.preprocess)
    indices, distances = nearest_neighbours(samples[n_columns - 1 :: n_columns], rows)
    return Figure2(trained.images(samples), trained.images(rows[indices]), indices, distances)


def figure3(trained: Trained, *, n_lines: int, n_steps: int, rng: RngLike = None) -> Array:
    """Return G(z) along straight lines, each between two points drawn from the prior.

    Parameters
    ----------
    trained : Trained
        The generator, as `load_trained` returns it.
    n_lines, n_steps : int
        The number of lines, at least 1, and the number of images on each line with both ends, at least 2.
    rng : Generator, int or None
        The same seed gives the same lines.

    Returns
    -------
    ndarray of shape (n_lines, n_steps, height, width) or (n_lines, n_steps, height, width, 3)
        From 0 for black to 1 for white.

    Examples
    --------
    >>> from tinygan.recipes.mnist import MNIST
    >>> recipe = MNIST().scaled(0.01)
    >>> G = recipe.generator(np.full(30, 0.5), rng=0)
    >>> trained = Trained(G, recipe.prior(), recipe, {"image_shape": [6, 5]}, iteration=0)
    >>> figure3(trained, n_lines=2, n_steps=7, rng=0).shape
    (2, 7, 6, 5)
    """
    ends = trained.prior.sample(2 * check_count("figure3 got n_lines", n_lines), rng=rng)
    lines = straight_lines(ends[0::2], ends[1::2], n_steps)  # more lines do not change the first
    with threads_for(n_steps * largest_weight(trained.G)):
        return np.stack([trained.images(trained.G(z)) for z in lines])


def straight_lines(z_0: Array, z_1: Array, n_steps: int) -> Array:
    """Return points at equal steps from each z_0 to its z_1, both included.

    Parameters
    ----------
    z_0, z_1 : ndarray of shape (n_lines, latent_dim)
        The ends of the lines.
    n_steps : int
        The number of points on each line, at least 2.

    Returns
    -------
    ndarray of shape (n_lines, n_steps, latent_dim)
        The points, of the same dtype as the ends.

    Examples
    --------
    >>> z_0, z_1 = np.zeros((1, 2)), np.array([[1.0, 4.0]])
    >>> straight_lines(z_0, z_1, 3)
    array([[[0. , 0. ],
            [0.5, 2. ],
            [1. , 4. ]]])
    """
    if check_count("straight_lines got n_steps", n_steps) < 2:
        raise ValueError(f"straight_lines got n_steps={n_steps}; it takes an int >= 2, for a line has two ends")
    t = np.linspace(0, 1, n_steps, dtype=z_0.dtype)[:, None]
    return (1 - t) * z_0[:, None] + t * z_1[:, None]
