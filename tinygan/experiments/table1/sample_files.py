"""Read samples of any model from a file or from a folder of pictures."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tinygan.backend import Array
from tinygan.data.own_images import read_images
from tinygan.data.preprocessing import check_images
from tinygan.recipes.data_sets import RECIPES


def read_samples(path: str | Path, experiment: str, image_shape: Sequence[int]) -> Array:
    """Return the samples in a file as rows, preprocessed as the images of the experiment are.

    Parameters
    ----------
    path : str or Path
        A folder of PNG or JPEG files; a ``.npy``; or an ``.npz`` with one array, or with one named ``images``. An array
        holds at least one sample, as an image or as a row: floats from 0 for black to 1 for white, uint8 from 0 to
        255, or bool.
    experiment : str
        One of `RECIPES`.
    image_shape : sequence of int
        The shape of the experiment's images: (height, width) or (height, width, 3).

    Returns
    -------
    ndarray of float32, shape (n, d)

    Raises
    ------
    ValueError
        If the file does not hold such samples. The message says what it holds.
    OSError
        If the path is missing, or cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(Path(folder, "digits.npy"), np.full((2, 28, 28), 51, np.uint8))
    ...     read_samples(Path(folder, "digits.npy"), "mnist", (28, 28))[:, :3]
    array([[0.2, 0.2, 0.2],
           [0.2, 0.2, 0.2]], dtype=float32)
    """
    shape, samples = tuple(image_shape), read_images(path)
    if samples.shape[1:] == (*(shape[2:] or (1,)), *shape[:2]):  # channels first
        samples = np.moveaxis(samples, 1, -1).reshape(len(samples), *shape)
    is_float = samples.dtype.kind == "f"
    found = f"{path} holds {samples.dtype} of shape {samples.shape}"
    wanted = f"(n, {', '.join(map(str, shape))}) or (n, {math.prod(shape)}), n >= 1"
    if not (is_float or samples.dtype == np.uint8):
        raise ValueError(f"{found}; it takes floats from 0 to 1, or uint8 from 0 to 255")
    if samples.shape[1:] not in (shape, (math.prod(shape),)) or not len(samples):
        raise ValueError(f"{found}; samples of {experiment} are of shape {wanted}")
    if not is_float:
        check_images(str(path), samples)
    else:
        if np.isnan(samples).any():
            raise ValueError(f"{found} with NaN among them; it takes floats from 0 to 1")
        if samples.min() < 0 or samples.max() > 1:
            raise ValueError(
                f"{found} with values from {samples.min():g} to {samples.max():g}; it takes floats from 0 for black "
                "to 1 for white"
            )
        samples = 255 * samples.astype(np.float32)  # preprocessing takes values from 0 to 255
    return RECIPES[experiment].preprocess(samples)
