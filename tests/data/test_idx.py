"""The reader of idx files, and what it says of files that are none."""

import gzip
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from support.pictures import idx_bytes, packed

from tinygan.data.idx import read_idx

IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
LABELS = np.array([5, 0, 4], np.uint8)
GOOD = idx_bytes(IMAGES)
PACKED = packed(GOOD)
NOISE = np.random.default_rng(0).integers(0, 256, (40, 5, 5)).astype(np.uint8)  # does not get shorter when packed


@given(arrays(np.uint8, array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5)), st.booleans())
def test_what_was_written_is_read(tmp_path_factory, array, pack):
    path = tmp_path_factory.mktemp("idx") / "file"
    path.write_bytes(packed(idx_bytes(array)) if pack else idx_bytes(array))
    read = read_idx(path)
    assert read.dtype == np.uint8
    assert read.shape == array.shape
    np.testing.assert_array_equal(read, array)
    np.testing.assert_array_equal(read_idx(str(path), ndim=array.ndim), array)


def test_the_last_dimension_is_the_fastest_and_the_lengths_are_big_endian(tmp_path):
    (tmp_path / "a").write_bytes(bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6]))
    assert read_idx(tmp_path / "a").tolist() == [[1, 2, 3], [4, 5, 6]]


def test_a_file_of_several_pieces_is_read_whole(tmp_path, monkeypatch):
    monkeypatch.setattr("tinygan.data.idx.PIECE", 7)
    for name, content in (("plain", GOOD), ("packed", PACKED)):
        (tmp_path / name).write_bytes(content)
        np.testing.assert_array_equal(read_idx(tmp_path / name), IMAGES)


def test_the_array_can_be_written_to_and_is_packed_or_not_by_its_content(tmp_path):
    (tmp_path / "named-plain").write_bytes(PACKED)
    array = read_idx(tmp_path / "named-plain")
    array[0, 0, 0] = 9
    assert array.flags.c_contiguous


# fmt: off
DAMAGED = {
    "empty": ("f", b"", 3, r"f is empty; it takes an idx file"),
    "empty, named gz": ("f.gz", b"", 3, r"f\.gz is empty"),
    "cut in the magic": ("f", GOOD[:3], 3, r"cut off: it has 3 of the 4 bytes"),
    "cut in the header": ("f", GOOD[:10], 3, r"cut off in its header: 6 of 12 bytes"),
    "cut after the header": ("f", GOOD[:16], 3, r"cut off: its header states 2 x 3 x 4 = 24 bytes, but only 0 bytes"),
    "cut in the body": ("f", GOOD[:-1], 3, r"header states 2 x 3 x 4 = 24 bytes, but only 23 bytes follow"),
    "cut before packing": ("f.gz", packed(GOOD[:-5]), 3, r"24 bytes, but only 19 bytes follow"),
    "trailing byte": ("f", GOOD + b"\0", 3, r"too long: its header states 2 x 3 x 4 = 24 bytes, but more follow"),
    "trailing byte, packed": ("f.gz", packed(GOOD + b"\0"), 3, r"too long"),
    "gzip cut in its header": ("f.gz", PACKED[:5], 3, r"f\.gz is cut off: its gzip stream ends too early"),
    "gzip cut in its stream": ("f.gz", packed(idx_bytes(NOISE))[:600], 3, r"gzip stream ends too early"),
    "gzip without its sum": ("f.gz", PACKED[:-8], 3, r"gzip stream ends too early"),
    "gzip with a wrong sum": ("f.gz", PACKED[:-8] + bytes(4) + PACKED[-4:], 3, r"damaged: .*CRC"),
    "gzip with a wrong method": ("f.gz", PACKED[:2] + b"\7" + PACKED[3:], 3, r"damaged: .*method"),
    "gzip with a damaged stream": ("f.gz", PACKED[:10] + b"\xff" * 9 + PACKED[19:], 3, r"damaged: its gzip stream"),
    "gzip with something after it": ("f.gz", PACKED + b"and more", 3, r"damaged: its gzip stream"),
    "not gzip": ("f.gz", GOOD, 3, r"f\.gz is named \.gz, but starts with 00 00 and not with gzip's 1f 8b"),
    "labels for images": ("f", idx_bytes(LABELS), 3,
                          r"holds labels \(00 00 08 01\), where images \(00 00 08 03\) belong"),
    "images for labels": ("f", GOOD, 1, r"holds images \(00 00 08 03\), where labels \(00 00 08 01\) belong"),
    "two dimensions": ("f", idx_bytes(IMAGES[0]), 3, r"an array of 2 dimensions .*where images"),
    "text": ("f", b"404 not found", 3, r"not an idx file: it starts with 34 30 34 20, where 00 00 08 03 belongs"),
    "a web page": ("f.gz", b"\n<html>404</html>", 3, r"f\.gz is a web page, such as .*; get the file again$"),
    "a web page after its mark": ("f.gz", b"\xef\xbb\xbf<html>404</html>", 3, r"f\.gz is a web page"),
    "a web page, packed": ("f.gz", packed(b"<html>404</html>"), 3, r"not an idx file: it holds a web page, where"),
    "another magic": ("f", b"\1" + GOOD[1:], 1,
                      r"not an idx file: it starts with 01 00 08 03, where 00 00 08 01 belongs"),
    "no dimensions": ("f", b"\0\0\x08\0\1", None, r"not an idx file"),
    "floats": ("f", idx_bytes(LABELS, kind=0x0D), 1, r"holds float32 \(idx type 0x0d\); it takes uint8 \(0x08\)"),
    "signed bytes": ("f", idx_bytes(LABELS, kind=0x09), 1, r"holds int8 \(idx type 0x09\)"),
    "unknown type": ("f", idx_bytes(LABELS, kind=0x0A), 1, r"not an idx file: it starts with 00 00 0a 01"),
    "header for more than there is memory": ("f", b"\0\0\x08\3" + struct.pack(">3I", *[2**32 - 1] * 3) + b"body", 3,
                                             r"but only 4 bytes follow"),
}
# fmt: on


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_file_is_refused_with_what_was_found(case, tmp_path):
    name, content, ndim, message = DAMAGED[case]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message) as refusal:
        read_idx(tmp_path / name, ndim=ndim)
    assert str(tmp_path / name) in str(refusal.value)


def test_the_cut_gzip_stream_is_one_that_breaks_off_in_the_middle():
    with pytest.raises(EOFError):
        gzip.decompress(DAMAGED["gzip cut in its stream"][1])


def test_a_missing_file_a_folder_and_a_file_without_permission_are_refused(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"there is no file .*nowhere"):
        read_idx(tmp_path / "nowhere")
    with pytest.raises(IsADirectoryError, match="is a folder; it takes a file"):
        read_idx(tmp_path)
    (tmp_path / "locked").write_bytes(GOOD)

    def locked(path, *_):  # permissions do nothing for root
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("builtins.open", locked)
    with pytest.raises(PermissionError, match=r"Permission denied: .*locked"):
        read_idx(tmp_path / "locked")
