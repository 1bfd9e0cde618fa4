"""Made image files in the formats of the real ones, and where the real ones are."""

import gzip
import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

from tinygan.data.catalog import TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS, DataSet, File

REPOSITORY = Path(__file__).parents[2]
NAMED = os.environ.get("TINYGAN_DATA")  # tests may change it
FOUR = [TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS]


def idx_bytes(array, kind=8):
    """Return a uint8 array as the contents of an idx file."""
    header = bytes([0, 0, kind, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return header + array.tobytes()


def packed(content):
    return gzip.compress(content, 1, mtime=0)


def numbered_images(n, first=0):
    """Return images of 28 x 28 that carry their number in the first three pixels."""
    images = np.zeros((n, 28, 28), np.uint8)
    numbers = np.arange(first, first + n)
    for digit in range(3):
        images[:, 0, digit] = numbers // 256**digit % 256
    return images


def numbers_of(images):
    return images[:, 0, :3].astype(int) @ [1, 256, 256**2]


def make_mnist(data_dir, name="mnist"):
    """Make an MNIST of the right size in a data folder: the training images are 0 ..., those of the test 100000 ..."""
    arrays = {
        TRAIN_IMAGES: numbered_images(60_000),
        TRAIN_LABELS: (np.arange(60_000) % 10).astype(np.uint8),
        TEST_IMAGES: numbered_images(10_000, first=100_000),
        TEST_LABELS: (np.arange(10_000) % 7).astype(np.uint8),
    }
    (data_dir / name).mkdir()
    for file, array in arrays.items():
        (data_dir / name / f"{file}.gz").write_bytes(packed(idx_bytes(array)))
    return data_dir


def data_set_of(contents, mirrors, name="mnist"):
    """Return a catalog's entry for packed files, a dict from their names without .gz to their bytes."""
    files = [
        File(
            file,
            len(content),
            hashlib.sha256(content).hexdigest(),
            hashlib.sha256(gzip.decompress(content)).hexdigest(),
        )
        for file, content in contents.items()
    ]
    return DataSet(name, tuple(mirrors), tuple(files), name.upper())


def real_folder(name):
    """Return the data folder that has the real data set, or skip."""
    data_dir = Path(NAMED) if NAMED else REPOSITORY.parent / "shared" / "data"
    if not (data_dir / name).is_dir():
        pytest.skip(f"there is no {name} in {data_dir}; set TINYGAN_DATA to a folder that has it")
    return data_dir
