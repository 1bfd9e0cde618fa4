"""What comes out of the sandbox is numbers of a known size, or nothing."""

import io
import struct

import numpy as np
import pytest

from tinygan.lessons.grading.frames import ARRAY, FAILURE, frames, packed, unpacked, write


@pytest.mark.parametrize(
    "array",
    [
        np.float64(3.5) * np.ones(()),
        np.arange(6).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.array([True, False]),
        np.zeros((0, 4), np.float32),
        np.array([np.inf, np.nan]),
    ],
)
def test_an_array_comes_back_as_it_was(array):
    back = unpacked(packed(array))
    assert back.dtype == np.float64
    assert np.array_equal(back, array.astype(float), equal_nan=True)
    assert back.shape == array.shape


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\1",
        struct.pack("<Q", 1),
        struct.pack("<QQ", 1, 2) + bytes(8),
        struct.pack("<QQ", 1, 1) + bytes(9),
        struct.pack("<QQ", 1, 1 << 62) + bytes(8),
        struct.pack("<Q", 1 << 62) + bytes(800),
        struct.pack("<Q33Q", 33, *[1] * 33) + bytes(8),
        struct.pack("<QQQ", 2, 1 << 63, 2) + bytes(8),
    ],
)
def test_a_shape_that_does_not_fit_is_refused(content):
    with pytest.raises(ValueError, match="frame of an array"):
        unpacked(content)


def test_an_empty_array_of_enormous_sides_is_refused():
    with pytest.raises(ValueError, match=r"array|dimension"):
        unpacked(struct.pack("<QQQ", 2, 0, 1 << 63))


def test_frames_end_where_one_is_cut_off():
    stream = io.BytesIO()
    write(stream, ARRAY, b"12345678")
    write(stream, FAILURE, b"raised\nno")
    data = stream.getvalue()
    assert list(frames(data)) == [(b"A", b"12345678"), (b"F", b"raised\nno")]
    assert list(frames(data[:-1])) == [(b"A", b"12345678")]
    assert list(frames(b"A" + b"\xff" * 8 + b"short")) == []
