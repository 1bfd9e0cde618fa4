"""Digits on every machine: MNIST where it is, glyphs where it is not."""

import numpy as np
import pytest
from support.pictures import make_mnist, numbers_of

from tinygan.data import mnist_or_glyphs


@pytest.fixture
def nothing_found(tmp_path, monkeypatch):
    monkeypatch.setenv("TINYGAN_DATA", str(tmp_path))
    monkeypatch.setattr("tinygan.data.folders.user_cache", lambda: tmp_path)
    return tmp_path


def test_without_mnist_there_are_glyphs(nothing_found):
    digits = mnist_or_glyphs(300, 200, 100)
    assert digits.name == "glyphs"
    for part, n in zip(digits[1:], (300, 200, 100), strict=True):
        assert part.images.shape == (n, 28, 28)
        assert part.images.dtype == np.uint8
        assert part.images.max() == 255
        assert set(part.labels) == set(range(10))
    assert not (digits.validation.images[:100] == digits.test.images).all()
    np.testing.assert_array_equal(digits.train.images, mnist_or_glyphs(300, 200, 100).train.images)


def test_mnist_comes_first(nothing_found):
    make_mnist(nothing_found)
    digits = mnist_or_glyphs(30, 20, 10)
    assert digits.name == "MNIST"
    for part, first, n in zip(digits[1:], (0, 50_000, 100_000), (30, 20, 10), strict=True):
        np.testing.assert_array_equal(numbers_of(part.images), np.arange(first, first + n))
        assert len(part.labels) == n


def test_a_damaged_mnist_is_not_passed_over(nothing_found):
    make_mnist(nothing_found)
    for file in (nothing_found / "mnist").iterdir():
        file.write_bytes(b"half a file")
    with pytest.raises(ValueError, match="not with gzip"):
        mnist_or_glyphs()
