"""MNIST and Fashion-MNIST: what is where, and what is refused."""

import shutil

import numpy as np
import pytest
from support.pictures import idx_bytes, make_mnist, numbered_images, numbers_of, packed, real_folder

from tinygan.data.catalog import CATALOG, TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS
from tinygan.data.folders import fetch
from tinygan.data.images import load_fashion_mnist, load_mnist


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_mnist(tmp_path_factory.mktemp("made"))


def test_the_splits_are_those_of_the_paper(made):
    train, validation, test = load_mnist(made)
    for part, first, n in ((train, 0, 50_000), (validation, 50_000, 10_000), (test, 100_000, 10_000)):
        assert part.images.shape == (n, 28, 28)
        assert part.images.dtype == part.labels.dtype == np.uint8
        np.testing.assert_array_equal(numbers_of(part.images), np.arange(first, first + n))
    np.testing.assert_array_equal(train.labels, np.arange(50_000) % 10)
    np.testing.assert_array_equal(validation.labels, np.arange(10_000) % 10)
    np.testing.assert_array_equal(test.labels, np.arange(10_000) % 7)


def test_tinygan_data_names_the_folder(made, monkeypatch):
    monkeypatch.setenv("TINYGAN_DATA", str(made))
    assert len(load_mnist().test.images) == 10_000


def test_fashion_mnist_lies_in_a_folder_of_its_own(made, tmp_path):
    shutil.copytree(made / "mnist", tmp_path / "fashion-mnist")
    assert len(load_fashion_mnist(tmp_path).train.images) == 50_000
    with pytest.raises(
        FileNotFoundError, match=r"fashion-mnist is not whole .*put these 4 files into .*fashion-mnist:"
    ):
        load_fashion_mnist(made)


def test_unpacked_files_are_read_too(made, tmp_path):
    shutil.copytree(made / "mnist", tmp_path / "mnist")
    (tmp_path / "mnist" / f"{TEST_IMAGES}.gz").unlink()
    (tmp_path / "mnist" / TEST_IMAGES).write_bytes(idx_bytes(numbered_images(10_000)))
    assert numbers_of(load_mnist(tmp_path).test.images)[-1] == 9_999


def labels_of(n, label=1):
    return packed(idx_bytes(np.full(n, label, np.uint8)))


def images_of(*shape):
    return packed(idx_bytes(np.zeros(shape, np.uint8)))


# fmt: off
WRONG = {
    "labels for images": (TRAIN_IMAGES, labels_of(60_000), "train-images.* holds labels .*where images .* belong"),
    "images for labels": (TRAIN_LABELS, images_of(60_000, 1, 1), "train-labels.* holds images .*where labels"),
    "test images for training images": (
        TRAIN_IMAGES, images_of(10_000, 28, 28),
        r"train-images.* holds 10,000 x 28 x 28 pixels, where 60,000 x 28 x 28 belong; .*test look swapped$"),
    "training images for test images": (
        TEST_IMAGES, images_of(60_000, 28, 28), r"t10k-images.* 60,000 x 28 x 28 pixels, where 10,000 .* look swapped"),
    "test labels for training labels": (
        TRAIN_LABELS, labels_of(10_000), r"train-labels.* holds 10,000 labels, where 60,000 belong; .*look swapped"),
    "another number of images": (TEST_IMAGES, images_of(9_999, 28, 28), "holds 9,999 x 28 x 28 .* belong$"),
    "another number of labels": (TEST_LABELS, labels_of(9_999), "holds 9,999 labels, where 10,000 belong$"),
    "another side": (TEST_IMAGES, images_of(10_000, 28, 27), "holds 10,000 x 28 x 27 pixels"),
    "a label above 9": (TEST_LABELS, labels_of(10_000, 10), "holds the label 10, where 0 to 9 belong"),
    "a cut stream": (TEST_LABELS, labels_of(10_000)[:-9], "is cut off"),
}
# fmt: on


@pytest.mark.parametrize("case", WRONG)
def test_a_file_that_is_not_what_its_name_says_is_refused(case, made, tmp_path):
    name, content, message = WRONG[case]
    shutil.copytree(made / "mnist", tmp_path / "mnist")
    (tmp_path / "mnist" / f"{name}.gz").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        load_mnist(tmp_path)


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize(("name", "load"), [("mnist", load_mnist), ("fashion-mnist", load_fashion_mnist)])
def test_the_real_files_are_right(name, load):
    data_dir = real_folder(name)
    assert len(fetch(name, data_dir).verified) == len(CATALOG[name].files)
    train, validation, test = load(data_dir)
    assert [len(part.images) for part in (train, validation, test)] == [50_000, 10_000, 10_000]
    # The published mean and standard deviation of the pixels of the training set.
    both = np.concatenate([train.images, validation.images])
    mean, std = {"mnist": (0.1307, 0.3081), "fashion-mnist": (0.2860, 0.3530)}[name]
    assert both.mean() / 255 == pytest.approx(mean, abs=5e-5)
    assert both.std() / 255 == pytest.approx(std, abs=5e-5)
    first = {"mnist": [5, 0, 4, 1, 9], "fashion-mnist": [9, 0, 0, 3, 0]}[name]
    assert train.labels[:5].tolist() == first
    assert set(test.labels.tolist()) == set(range(10))
