"""Load the Toronto Face Database from its MATLAB file, which is not public; users need their own copy."""

from pathlib import Path
from typing import Any

import numpy as np

from tinygan.backend import Array
from tinygan.data.images import Labelled, Splits
from tinygan.data.kinds import existing_file
from tinygan.data.own_images import checked_content

KEYS = ("images", "labs_ex", "folds")
# The meaning of the numbers in folds.
UNLABELLED, VALIDATION, TEST = 0, 2, 3


def load_tfd(path: str | Path, fold: int = 0) -> Splits:
    """Return the Toronto Face Database: all unlabelled faces for training, and the validation and test of one fold.

    Parameters
    ----------
    path : str or Path
        ``TFD_48x48.mat``. Its ``images`` have shape (n, 48, 48). Its ``labs_ex`` has one expression for each face. Its
        ``folds`` have shape (n, 5) and hold 0 for unlabelled, 1 for training, 2 for validation and 3 for test.
    fold : int
        The number of the fold, from 0 to 4.

    Returns
    -------
    Splits
        Images of shape (n, 48, 48). The labels are the expressions, unchanged from the file.

    Raises
    ------
    ValueError
        If the file is not a MATLAB file, one of the three arrays is missing or does not fit the others, there is no
        such fold, or no face is unlabelled.
    OSError
        If the file is missing, a folder, or cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from scipy.io import savemat
    >>> faces = {"images": np.zeros((4, 48, 48), np.uint8), "labs_ex": [[-1], [-1], [3], [4]]}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     savemat(Path(folder, "TFD_48x48.mat"), faces | {"folds": [[0], [0], [2], [3]]})
    ...     tfd = load_tfd(Path(folder, "TFD_48x48.mat"))
    >>> tfd.train.images.shape, tfd.test.labels
    ((2, 48, 48), array([4]))
    """
    path = existing_file(path)
    arrays = _arrays(path)
    images, folds = checked_content(f"images in {path}", arrays["images"]), arrays["folds"]
    labels = arrays["labs_ex"].reshape(-1)
    n = len(images)
    if len(labels) != n or folds.ndim != 2 or len(folds) != n:
        raise ValueError(
            f"{path} holds {n:,} images, {len(labels):,} labs_ex and folds of shape {folds.shape}; "
            f"it takes one label an image, and folds of shape ({n}, 5)"
        )
    if not 0 <= fold < folds.shape[1]:
        raise ValueError(f"load_tfd got fold={fold!r}; {path} has folds 0 to {folds.shape[1] - 1}")

    def part(number: int) -> Labelled:
        members = folds[:, fold] == number
        return Labelled(np.ascontiguousarray(images[members]), labels[members].astype(np.int64))

    if not (train := part(UNLABELLED)).images.size:
        raise ValueError(f"{path} has no unlabelled face (0 in folds) to train on")
    return Splits(train, part(VALIDATION), part(TEST))


def _arrays(path: Path) -> dict[str, Array]:
    from scipy.io import loadmat, whosmat

    try:
        loaded: dict[str, Any] = loadmat(path, variable_names=KEYS)
        if missing := [key for key in KEYS if key not in loaded]:
            found = ", ".join(name for name, *_ in whosmat(path)) or "nothing"
    except PermissionError:
        raise
    except Exception as error:  # SciPy raises different errors for different damage
        raise ValueError(f"{path} cannot be read as a MATLAB file: {error}") from None
    if missing:
        raise ValueError(f"{path} holds {found}, and no {', '.join(missing)}; it takes {', '.join(KEYS)}")
    return {key: np.asarray(loaded[key]) for key in KEYS}
