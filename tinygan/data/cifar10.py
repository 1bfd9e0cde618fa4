"""Load CIFAR-10 from the official binary batches."""

from pathlib import Path

import numpy as np

from tinygan.backend import Array
from tinygan.data.folders import first_folder_with
from tinygan.data.images import N_CLASSES, Labelled, Splits
from tinygan.data.kinds import existing_file

FOLDER, PICKLED = "cifar-10-batches-bin", "cifar-10-batches-py"
SOURCE = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
# Batches 1 to 4 are the first 40,000 images.
TRAIN = tuple(f"data_batch_{i}.bin" for i in range(1, 5))
VALIDATION = ("data_batch_5.bin",)
TEST = ("test_batch.bin",)

SIDE, N_CHANNELS = 32, 3
RECORD = 1 + N_CHANNELS * SIDE**2  # a label, then the red, the green and the blue plane


def load_cifar10(data_dir: str | Path | None = None) -> Splits:
    """Return CIFAR-10: the first 40,000 images for training, the next 10,000 for validation, 10,000 for the test.

    The images of a missing batch are left out, so a part may be shorter or empty. The caller tells the user.

    Parameters
    ----------
    data_dir : str or Path, optional
        The folder that contains ``cifar-10-batches-bin``. By default, the folder named by ``TINYGAN_DATA``, then the
        user's cache.

    Returns
    -------
    Splits
        Images of shape (n, 32, 32, 3), whose last axis is red, green and blue; labels 0 to 9.

    Raises
    ------
    FileNotFoundError
        If there is no image to train on. The message says which files to put where.
    ValueError
        If a file is cut off, or is not a batch of CIFAR-10.

    See Also
    --------
    tinygan.recipes.cifar10.CIFAR10 : The recipe that trains on these images.

    Examples
    --------
    >>> load_cifar10().train.images.shape  # doctest: +SKIP
    (40000, 32, 32, 3)
    """
    folder = first_folder_with(FOLDER, TRAIN, data_dir)
    if not any((folder / name).exists() for name in TRAIN):
        names = ", ".join((*TRAIN, *VALIDATION, *TEST))
        pickled = " (the version for Python is pickled, and never loaded)" if folder.with_name(PICKLED).is_dir() else ""
        raise FileNotFoundError(
            f"there is nothing of CIFAR-10 to train on in {folder}{pickled}. "
            f"Unpack {SOURCE}, and put these 6 files there: {names}"
        )
    train, validation, test = (_joined(folder, names) for names in (TRAIN, VALIDATION, TEST))
    return Splits(train, validation, test)


def read_batch(path: str | Path) -> Labelled:
    """Return the images and labels of one binary batch.

    Parameters
    ----------
    path : str or Path
        The file. Each image takes 3073 bytes: its label, then its three planes of 32 x 32 bytes.

    Returns
    -------
    Labelled
        Images of shape (n, 32, 32, 3), and labels of shape (n,).

    Raises
    ------
    ValueError
        If the file is empty, if its length is not a multiple of 3073, or if a label is above 9.
    OSError
        If it is missing, a folder, or cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "data_batch_1.bin")
    ...     _ = path.write_bytes(bytes([7]) + bytes([255] * 1024) + bytes(2048))
    ...     images, labels = read_batch(path)
    >>> images.shape, images[0, 0, 0], labels
    ((1, 32, 32, 3), array([255,   0,   0], dtype=uint8), array([7], dtype=uint8))
    """
    path = existing_file(path)
    records = np.fromfile(path, np.uint8)
    n, rest = divmod(len(records), RECORD)
    if rest or not n:
        found = f"{len(records):,} bytes" + (f", {n:,} images and {rest:,} bytes more" if n else "")
        raise ValueError(f"{path} holds {found}; it takes a multiple of {RECORD} bytes, an image each")
    records = records.reshape(n, RECORD)
    labels = records[:, 0].copy()
    if labels.max() >= N_CLASSES:
        raise ValueError(
            f"{path} holds the label {labels.max()}, where 0 to {N_CLASSES - 1} belong: "
            "it is not a batch of the binary version of CIFAR-10"
        )
    planes = records[:, 1:].reshape(n, N_CHANNELS, SIDE, SIDE)
    return Labelled(np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), labels)


def _joined(folder: Path, names: tuple[str, ...]) -> Labelled:
    batches = [read_batch(folder / name) for name in names if (folder / name).exists()]
    images: list[Array] = [batch.images for batch in batches] or [np.zeros((0, SIDE, SIDE, N_CHANNELS), np.uint8)]
    labels: list[Array] = [batch.labels for batch in batches] or [np.zeros(0, np.uint8)]
    return Labelled(np.concatenate(images), np.concatenate(labels))
