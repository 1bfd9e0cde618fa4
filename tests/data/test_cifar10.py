"""CIFAR-10 from binary batches, some of which may be missing."""

import numpy as np
import pytest
from support.pictures import real_folder

from tinygan.data.cifar10 import load_cifar10, read_batch

SIX = [f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"]


def batch(n, red):
    """Return so many records: their number as label, red everywhere, green 100 at the top, blue 200 on the left."""
    records = np.zeros((n, 3073), np.uint8)
    records[:, 0] = np.arange(n) % 10
    planes = records[:, 1:].reshape(n, 3, 32, 32)
    planes[:, 0], planes[:, 1, 0, :], planes[:, 2, :, 0] = red, 100, 200
    return records.tobytes()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder with all six batches, of 3 images each; data_batch_1 is the one with red 1, and so on."""
    monkeypatch.delenv("TINYGAN_DATA", raising=False)
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    for red, name in enumerate(SIX, 1):
        (folder / name).write_bytes(batch(3, red))
    return folder


def test_planes_become_the_last_dimension(folder):
    images, labels = read_batch(folder / SIX[0])
    assert images.shape == (3, 32, 32, 3)
    assert images.dtype == labels.dtype == np.uint8
    assert images.flags.c_contiguous
    assert images[0, 5, 5].tolist() == [1, 0, 0]
    assert images[2, 0, 5].tolist() == [1, 100, 0]
    assert images[2, 5, 0].tolist() == [1, 0, 200]
    assert labels.tolist() == [0, 1, 2]


def test_four_batches_are_for_training_one_for_validation_one_for_the_test(folder):
    train, validation, test = load_cifar10(folder.parent)
    assert train.images[:, 9, 9, 0].tolist() == [1] * 3 + [2] * 3 + [3] * 3 + [4] * 3
    assert train.labels.tolist() == [0, 1, 2] * 4
    assert validation.images[:, 9, 9, 0].tolist() == [5] * 3
    assert test.images[:, 9, 9, 0].tolist() == [6] * 3


def test_of_missing_batches_the_rest_is_returned(folder, monkeypatch):
    for name in (*SIX[1:3], *SIX[4:]):
        (folder / name).unlink()
    monkeypatch.setenv("TINYGAN_DATA", str(folder.parent))
    train, validation, test = load_cifar10()
    assert train.images[:, 9, 9, 0].tolist() == [1] * 3 + [4] * 3
    for part in (validation, test):
        assert part.images.shape == (0, 32, 32, 3)
        assert part.labels.shape == (0,)
        assert part.images.dtype == part.labels.dtype == np.uint8


@pytest.mark.parametrize("left", [[], SIX[4:]])
def test_nothing_to_train_on_is_an_error_that_says_what_to_put_where(folder, left):
    for name in set(SIX) - set(left):
        (folder / name).unlink()
    with pytest.raises(FileNotFoundError) as refusal:
        load_cifar10(folder.parent)
    assert str(folder) in str(refusal.value)
    assert ", ".join(SIX) in str(refusal.value)
    assert "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz" in str(refusal.value)


def test_the_pickled_version_is_named(folder):
    for name in SIX:
        (folder / name).unlink()
    folder.with_name("cifar-10-batches-py").mkdir()
    with pytest.raises(FileNotFoundError, match=r"cifar-10-batches-bin \(the version for Python is pickled, and never"):
        load_cifar10(folder.parent)


def test_the_folder_itself_may_be_named(folder):
    assert len(load_cifar10(folder).train.images) == len(load_cifar10(folder.parent).train.images)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"data_batch_2\.bin holds 0 bytes; it takes a multiple of 3073 bytes"),
        (batch(1, 0)[:-1], r"holds 3,072 bytes; it takes a multiple of 3073"),
        (batch(2, 0) + b"\0", r"holds 6,147 bytes, 2 images and 1 bytes more; it takes a multiple of 3073"),
        (b"\x0a" + batch(1, 0)[1:], r"holds the label 10, where 0 to 9 belong: it is not a batch of the binary"),
    ],
    ids=["empty", "cut off", "trailing byte", "label"],
)
def test_a_damaged_batch_is_refused(content, message, folder):
    (folder / SIX[1]).write_bytes(content)
    with pytest.raises(ValueError, match=message):
        load_cifar10(folder.parent)


def test_a_folder_in_the_place_of_a_batch_is_refused(folder):
    (folder / SIX[1]).unlink()
    (folder / SIX[1]).mkdir()
    with pytest.raises(IsADirectoryError, match=r"data_batch_2\.bin is a folder"):
        load_cifar10(folder.parent)


@pytest.mark.data
def test_the_real_batches_are_right():
    train, _, test = load_cifar10(real_folder("cifar-10-batches-bin"))
    assert len(train.images) % 10_000 == 0
    assert train.labels[:5].tolist() == [6, 9, 9, 4, 1]  # frog, truck, truck, deer, car
    assert test.labels[:5].tolist() == [3, 8, 8, 0, 6]
    # The published means of the channels of the training set; a batch is close.
    np.testing.assert_allclose(train.images.mean(axis=(0, 1, 2)) / 255, [0.4914, 0.4822, 0.4465], atol=5e-3)
    neighbours = np.abs(np.diff(train.images[:500].astype(int), axis=1)).mean()
    assert neighbours < 20  # rows are rows: shuffled pixels would differ by some 70
