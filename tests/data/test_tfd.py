"""The Toronto Face Database from a made MATLAB file of its form."""

import numpy as np
import pytest
from scipy.io import savemat

from tinygan.data.tfd import load_tfd

N = 12
IMAGES = np.arange(N, dtype=np.uint8)[:, None, None] + np.zeros((1, 48, 48), np.uint8)
IMAGES[:, -1, -1] = 255
LABELS = np.where(np.arange(N) < 6, -1, np.arange(N))[:, None]
# Of the last six faces, every fold makes two each for training, validation and test.
FOLDS = np.array([[0] * 6 + list(np.roll([1, 1, 2, 2, 3, 3], fold)) for fold in range(5)]).T
GOOD = {"images": IMAGES, "labs_ex": LABELS, "folds": FOLDS}


@pytest.fixture
def write(tmp_path):
    def write(arrays, **options):
        savemat(tmp_path / "TFD_48x48.mat", arrays, **options)
        return tmp_path / "TFD_48x48.mat"

    return write


@pytest.mark.parametrize("compressed", [False, True])
def test_a_fold_is_unlabelled_faces_validation_and_test(write, compressed):
    path = write(GOOD | {"labs_id": LABELS}, do_compression=compressed)
    train, validation, test = load_tfd(path)
    assert train.images.shape == (6, 48, 48)
    assert train.images.dtype == np.uint8
    assert train.images.flags.c_contiguous
    assert [part.images[:, 0, 0].tolist() for part in (train, validation, test)] == [list(range(6)), [8, 9], [10, 11]]
    assert [part.labels.tolist() for part in (train, validation, test)] == [[-1] * 6, [8, 9], [10, 11]]
    assert load_tfd(path, 1).validation.labels.tolist() == [9, 10]
    assert load_tfd(path, fold=4).test.labels.tolist() == [8, 9]


def test_pixels_are_not_turned_around(write):
    images = np.zeros((N, 48, 48), np.uint8)
    images[:, 3, 7] = 255
    assert np.argwhere(load_tfd(write(GOOD | {"images": images})).train.images[0]).tolist() == [[3, 7]]


def without(key):
    return {name: array for name, array in GOOD.items() if name != key}


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (without("images"), r"holds labs_ex, folds, and no images; it takes images, labs_ex, folds"),
        (without("labs_ex"), r"holds images, folds, and no labs_ex; it takes"),
        (without("folds"), r"holds images, labs_ex, and no folds; it takes"),
        ({"x": 1}, r"holds x, and no images, labs_ex, folds; it takes"),
        (GOOD | {"images": IMAGES / 255}, r"images in .*mat holds float64 of shape \(12, 48, 48\); it takes uint8"),
        (GOOD | {"images": IMAGES[:, 0]}, r"images in .* holds uint8 of shape \(12, 48\); .*\(n, height, width\)"),
        (GOOD | {"labs_ex": LABELS[1:]}, r"holds 12 images, 11 labs_ex and folds of shape \(12, 5\); it takes one"),
        (GOOD | {"folds": FOLDS[1:]}, r"holds 12 images, 12 labs_ex and folds of shape \(11, 5\); .*\(12, 5\)"),
        (GOOD | {"folds": FOLDS + 1}, r"has no unlabelled face \(0 in folds\) to train on"),
    ],
    ids=["no images", "no labs_ex", "no folds", "none", "floats", "rows", "labels", "folds", "all labelled"],
)
def test_what_is_no_tfd_is_refused(arrays, message, write):
    with pytest.raises(ValueError, match=message) as refusal:
        load_tfd(write(arrays))
    assert "TFD_48x48.mat" in str(refusal.value)


@pytest.mark.parametrize("fold", [-1, 5])
def test_there_are_folds_0_to_4(write, fold):
    with pytest.raises(ValueError, match=rf"load_tfd got fold={fold}; .*mat has folds 0 to 4"):
        load_tfd(write(GOOD), fold)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("length", [0, 1, 100, 130, 200, 250, -100, -1])
def test_a_file_that_is_cut_off_is_refused(write, length, compressed):
    path = write(GOOD, do_compression=compressed)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(ValueError, match=r"TFD_48x48\.mat "):
        load_tfd(path)


def test_other_files_are_refused(tmp_path):
    (tmp_path / "text.mat").write_text("images labs_ex folds " * 100)
    hdf5 = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + bytes(400)
    (tmp_path / "hdf5.mat").write_bytes(hdf5)
    for name in ("text.mat", "hdf5.mat"):
        with pytest.raises(ValueError, match=rf"{name} cannot be read as a MATLAB file"):
            load_tfd(tmp_path / name)
    with pytest.raises(FileNotFoundError, match=r"there is no file .*TFD_48x48\.mat"):
        load_tfd(tmp_path / "TFD_48x48.mat")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        load_tfd(tmp_path)


def test_a_file_without_permission_is_said_to_be_one(write, monkeypatch):
    def locked(path, **_):  # permissions do nothing for root
        raise PermissionError(13, "Permission denied", str(path))

    path = write(GOOD)
    monkeypatch.setattr("scipy.io.loadmat", locked)
    with pytest.raises(PermissionError, match=r"Permission denied: .*mat"):
        load_tfd(path)
