"""The images that judge samples: validation images to choose sigma on, and test images."""

from typing import NamedTuple

from tinygan.backend import Array
from tinygan.data import Splits
from tinygan.recipes.data_sets import RECIPES

# The number of validation images on which the released evaluator chooses sigma.
N_VALIDATION = 1000

# What the user can do if a part of the data is missing.
_REMEDIES = {
    ("cifar10", "validation"): "put data_batch_5.bin beside the other batches",
    ("cifar10", "test"): "put test_batch.bin beside the other batches",
    ("tfd", "validation"): "mark the faces with 2 in the first column of folds",
    ("tfd", "test"): "mark the faces with 3 in the first column of folds",
}


class HeldOut(NamedTuple):
    """The images that judge samples, as rows like those that G draws.

    Attributes
    ----------
    validation, test : ndarray of float32, shape (n, d)
        The images on which sigma is chosen, and the images whose log-likelihood is reported.
    """

    validation: Array
    test: Array


def held_out(experiment: str, splits: Splits) -> HeldOut:
    """Return the images that the paper's evaluator takes: 1,000 for validation (for TFD, all), and all test images.

    Parameters
    ----------
    experiment : str
        One of `RECIPES`.
    splits : Splits
        The images, as `tinygan.recipes.data_sets.load` returns them.

    Raises
    ------
    ValueError
        If there are no images for validation or for the test. The message says what is missing.

    Examples
    --------
    >>> import numpy as np
    >>> from tinygan.data import Labelled
    >>> splits = Splits(*(Labelled(np.zeros((n, 28, 28), np.uint8), np.zeros(n, int)) for n in (5, 1200, 30)))
    >>> [rows.shape for rows in held_out("mnist", splits)]
    [(1000, 784), (30, 784)]
    """
    data_set = experiment.removesuffix("-stage-2")
    for part in ("validation", "test"):
        if not len(getattr(splits, part).images):
            raise ValueError(
                f"{experiment} has no {part} images to evaluate with: "
                f"{_REMEDIES.get((data_set, part), 'its data hold none')}"
            )
    validation = splits.validation.images
    if data_set != "tfd":
        validation = validation[:N_VALIDATION]
    preprocess = RECIPES[experiment].preprocess
    return HeldOut(preprocess(validation), preprocess(splits.test.images))
