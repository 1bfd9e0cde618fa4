"""A user's own images in one file: which are read, and what is said of those that are not."""

import io
import zipfile

import numpy as np
import pytest
from support.pictures import idx_bytes, packed

from tinygan.data import load_images

FACES = np.arange(5 * 4 * 3, dtype=np.uint8).reshape(5, 4, 3)


def npy(array, **options):
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def zipped(*names):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return buffer.getvalue()


OWN = {
    "f.npy": npy(FACES),
    "one.npz": npz(faces=FACES),
    "named.npz": npz(person=np.arange(5), images=FACES),
    "f-idx3-ubyte": idx_bytes(FACES),
    "f.idx.gz": packed(idx_bytes(FACES)),
    "fortran.npy": npy(np.asfortranarray(FACES)),
    "channel.npy": npy(FACES[..., None]),
    "no-suffix": npy(FACES),
    "wrong-suffix.gz": npz(faces=FACES),
}


@pytest.mark.parametrize("name", OWN)
def test_own_images_are_read(name, tmp_path):
    (tmp_path / name).write_bytes(OWN[name])
    images = load_images(str(tmp_path / name))
    np.testing.assert_array_equal(images, FACES)
    assert images.dtype == np.uint8
    assert images.flags.c_contiguous


def test_a_mask_is_black_and_white(tmp_path):
    np.save(tmp_path / "masks.npy", FACES > 20)
    np.testing.assert_array_equal(load_images(tmp_path / "masks.npy"), np.where(FACES > 20, 255, 0))


def test_colour_is_kept(tmp_path):
    colours = np.arange(2 * 4 * 5 * 3, dtype=np.uint8).reshape(2, 4, 5, 3)
    np.save(tmp_path / "colours.npy", colours)
    np.testing.assert_array_equal(load_images(tmp_path / "colours.npy"), colours)


def test_black_images_are_images(tmp_path):
    np.save(tmp_path / "black.npy", 0 * FACES)
    assert not load_images(tmp_path / "black.npy").any()


OBJECTS = np.array([[["a", None]]], dtype=object)
# fmt: off
REFUSED = {
    "floats": ("f.npy", npy(FACES / 255), r"f\.npy holds float64 of shape \(5, 4, 3\); it takes uint8 of shape "
               r"\(n, height, width\) or .*, from 0 .* to 255 for white\. .*\(255 \* x\)\.round\(\)\.astype"),
    "wide integers": ("f.npy", npy(FACES.astype(np.int64)), r"holds int64 .*If these are such bytes, save x\.astype"),
    "rows": ("f.npy", npy(FACES.reshape(5, 12)), r"holds uint8 of shape \(5, 12\); it takes .*\(n, height, width\)"),
    "wider integers": ("f.npy", npy(100 * FACES.astype(np.int64)), r"holds int64 of shape \(5, 4, 3\); .* for white$"),
    "negative integers": ("f.npy", npy(-FACES.astype(np.int64)), r"holds int64 of shape \(5, 4, 3\); .* for white$"),
    "floats up to 255": ("f.npy", npy(FACES / 1.0), r"holds float64 .*\. If these are such bytes, save x\.astype"),
    "square rows": ("f.npy", npy(np.zeros((5, 49), np.uint8)),
                    r"holds uint8 of shape \(5, 49\); .*rows of 7 x 7 pixels, save x\.reshape\(-1, 7, 7\)$"),
    "transparency": ("f.npy", npy(np.zeros((5, 4, 4, 4), np.uint8)), r"shape \(5, 4, 4, 4\); .*save x\[\.\.\., :3\]$"),
    "channels first": ("f.npy", npy(np.zeros((5, 3, 6, 7), np.uint8)),
                       r"shape \(5, 3, 6, 7\); .*save x\.transpose\(0, 2, 3, 1\)$"),
    "one channel first": ("f.npy", npy(np.zeros((5, 1, 6, 7), np.uint8)),
                          r"shape \(5, 1, 6, 7\); .*save x\.transpose\(0, 2, 3, 1\)$"),
    "many channels": ("f.npy", npy(np.zeros((5, 4, 4, 7), np.uint8)), r"shape \(5, 4, 4, 7\); .*, with n >= 1$"),
    "0 and 1": ("f.npy", npy(FACES % 2),
                r"shape \(5, 4, 3\), but none above 1, where 255 is white; if 1 is to be white, save 255 \* x$"),
    "17 shades": ("f.npy", npy(FACES % 17), r"none above 16, .*save \(x \* \(255 / 16\)\)\.astype\(np\.uint8\)$"),
    "a scalar": ("f.npy", npy(np.uint8(3)), r"holds uint8 of shape \(\)"),
    "no images": ("f.npy", npy(FACES[:0]), r"holds uint8 of shape \(0, 4, 3\); .*with n >= 1$"),
    "no pixels": ("f.npy", npy(FACES[:, :0]), r"shape \(5, 0, 3\)"),
    "no images, idx": ("f", idx_bytes(FACES[:0]), r"shape \(0, 4, 3\); .*n >= 1"),
    "no images, npz": ("f.npz", npz(images=FACES[:0]), r"shape \(0, 4, 3\); .*n >= 1"),
    "several arrays": ("f.npz", npz(a=FACES, b=FACES), r"holds 2 arrays \(a, b\); it takes one, or one .* images"),
    "no arrays": ("f.npz", b"PK\5\6" + bytes(18), r"holds 0 arrays \(none\); it takes one"),
    "a zip of something else": ("f.npz", zipped("readme.txt"),
                                r"f\.npz cannot be read: readme\.txt .* is not an array"),
    "a zip of many": ("f.npz", zipped(*(f"{i}.png" for i in range(9))),
                      r"f\.npz holds 9 arrays \(0\.png, 1\.png, 2\.png, 3\.png, 4\.png, \.\.\.\);"),
    "a web page": ("f.npz", b"\n<!DOCTYPE html><html>", r"f\.npz is a web page, such as .*; get the file again$"),
    "a web page, idx": ("f-idx3-ubyte.gz", b"<html></html>", r"ubyte\.gz is a web page"),
    "objects": ("f.npy", npy(OBJECTS, allow_pickle=True), "it holds pickled Python objects, which are never loaded"),
    "objects, npz": ("f.npz", npz(images=OBJECTS), "pickled Python objects, which are never loaded"),
    "a pickle": ("f.npy", b"\x80\x04]\x94.", r"f\.npy starts with 80 04 5d 94 2e; it takes a file that numpy\.save"),
    "empty": ("f.npy", b"", r"f\.npy is empty; it takes a file that numpy\.save"),
    "empty, npz": ("f.npz", b"", r"f\.npz is empty"),
    "cut off": ("f.npy", npy(FACES)[:-1], r"f\.npy cannot be read: "),
    "cut off in the header": ("f.npy", npy(FACES)[:20], r"f\.npy cannot be read: "),
    "cut off, npz": ("f.npz", npz(images=FACES)[:-30], r"f\.npz cannot be read: "),
    "labels": ("f-idx1-ubyte", idx_bytes(FACES[:, 0, 0]), "holds labels"),
}
# fmt: on


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_set_of_images_is_refused(case, tmp_path):
    name, content, message = REFUSED[case]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message) as refusal:
        load_images(tmp_path / name)
    assert str(tmp_path / name) in str(refusal.value)


def test_a_damaged_archive_is_refused(tmp_path):
    content = bytearray(npz(images=FACES))
    content[60:70] = bytes(10)
    (tmp_path / "f.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r"f\.npz cannot be read: "):
        load_images(tmp_path / "f.npz")


def test_nothing_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no file .*faces\.npy"):
        load_images(tmp_path / "faces.npy")
