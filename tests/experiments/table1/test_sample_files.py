"""Samples from files: what is read, and what is refused."""

import numpy as np
import pytest
from PIL import Image

from tinygan.data import scale_to_unit
from tinygan.experiments.table1.sample_files import read_samples
from tinygan.recipes.data_sets import RECIPES


def saved(path, array, **more):
    np.savez(path, array, **more) if path.suffix == ".npz" else np.save(path, array)
    return path


@pytest.mark.parametrize("name", ["x.npy", "x.npz"])
@pytest.mark.parametrize("shape", [(5, 28, 28), (5, 784)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float16, np.float32, np.float64])
def test_bytes_and_floats_give_the_same_rows(name, shape, dtype, tmp_path):
    images = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    stored = images if dtype == np.uint8 else (images / 255).astype(dtype)
    rows = read_samples(saved(tmp_path / name, stored), "mnist", (28, 28))
    assert (rows.dtype, rows.shape) == (np.float32, (5, 784))
    assert abs(rows - scale_to_unit(images)).max() <= (3e-4 if dtype == np.float16 else 1e-6)


def test_samples_of_cifar_are_preprocessed_as_its_images(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3)).astype(np.uint8)
    wanted = RECIPES["cifar10"].preprocess(images)
    for stored in (images, images / 255, (images / 255).reshape(3, -1)):
        assert np.allclose(read_samples(saved(tmp_path / "x.npy", stored), "cifar10", (32, 32, 3)), wanted, atol=1e-4)


@pytest.mark.parametrize(("array", "message"), [
    (np.zeros((0, 784)), r"shape \(0, 784\); samples of mnist are of shape \(n, 28, 28\) or \(n, 784\), n >= 1"),
    (np.zeros((5, 783)), r"float64 of shape \(5, 783\)"),
    (np.zeros((5, 28, 28, 2)), r"of shape \(5, 28, 28, 2\)"),
    (np.zeros((5, 3, 28, 28)), r"of shape \(5, 3, 28, 28\)"),
    (np.zeros(784), r"of shape \(784,\)"),
    (np.float64(3), r"of shape \(\)"),
    (np.zeros((5, 784), np.int64), "int64 .* it takes floats from 0 to 1, or uint8"),
    (np.eye(5, 784, dtype=np.uint8), "none above 1, where 255 is white; if 1 is to be white, save 255"),
    (np.zeros((5, 784), complex), "complex128"),
    (np.full((5, 784), np.nan), "with NaN among them"),
    (np.full((5, 784), np.inf), "with values from inf to inf"),
    (np.full((5, 784), -0.01), "with values from -0.01 to -0.01; it takes floats from 0 for black to 1 for white"),
    (np.full((5, 784), 255.0), "with values from 255 to 255"),
    (np.array([[None]]), "pickled Python objects, which are never loaded"),
])  # fmt: skip
def test_a_file_of_something_else_is_refused(array, message, tmp_path):
    path = saved(tmp_path / "x.npy", array)
    with pytest.raises(ValueError, match=message) as error:
        read_samples(path, "mnist", (28, 28))
    assert str(path) in str(error.value)


def test_axes_of_channels_may_stand_elsewhere(tmp_path):
    rng = np.random.default_rng(0)
    grey, colour = rng.random((2, 28, 28)), rng.random((2, 32, 32, 3))
    wanted = read_samples(saved(tmp_path / "x.npy", grey), "mnist", (28, 28))
    for stored in (grey[..., None], grey[:, None]):
        assert np.array_equal(read_samples(saved(tmp_path / "x.npy", stored), "mnist", (28, 28)), wanted)
    wanted = read_samples(saved(tmp_path / "x.npy", colour), "cifar10", (32, 32, 3))
    stored = saved(tmp_path / "x.npy", colour.transpose(0, 3, 1, 2))
    assert np.array_equal(read_samples(stored, "cifar10", (32, 32, 3)), wanted)


def test_bool_is_black_and_white(tmp_path):
    masks = np.random.default_rng(0).random((3, 784)) < 0.5
    assert np.array_equal(read_samples(saved(tmp_path / "x.npy", masks), "mnist", (28, 28)), masks)


def test_a_folder_of_pictures_is_a_file_of_samples(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28)).astype(np.uint8)
    for i, image in enumerate(images):
        Image.fromarray(image).save(tmp_path / f"{i}.png")
    assert np.array_equal(read_samples(tmp_path, "mnist", (28, 28)), scale_to_unit(images))


def test_two_arrays_no_array_and_no_file_are_refused(tmp_path):
    two = saved(tmp_path / "x.npz", np.zeros((5, 784)), other=np.zeros(3))
    with pytest.raises(ValueError, match="holds 2 arrays"):
        read_samples(two, "mnist", (28, 28))
    (tmp_path / "x.txt").write_text("0 1 2")
    with pytest.raises(ValueError, match="is not an idx file"):
        read_samples(tmp_path / "x.txt", "mnist", (28, 28))
    with pytest.raises(FileNotFoundError):
        read_samples(tmp_path / "none.npy", "mnist", (28, 28))
