"""From bytes to rows: scaling, contrast, the mean image, and images that stay bytes in memory."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from tinygan.data.preprocessing import ScaledImages, marginal_mean, normalize_contrast, scale_to_unit

bytes_of_images = arrays(np.uint8, array_shapes(min_dims=2, max_dims=4, max_side=5))
IMAGES = np.random.default_rng(0).integers(0, 256, (40, 6, 5)).astype(np.uint8)


@given(bytes_of_images)
def test_scaling_is_division_by_255_in_float32(images):
    before = images.copy()
    rows = scale_to_unit(images)
    assert rows.dtype == np.float32
    assert rows.shape == (len(images), images[0].size)
    np.testing.assert_array_equal(rows.ravel(), (images.ravel() / 255).astype(np.float32))
    np.testing.assert_array_equal(images, before)


def test_every_byte_survives_scaling():
    every = np.arange(256, dtype=np.uint8).reshape(1, 256)
    rows = scale_to_unit(every)
    assert (rows.min(), rows.max()) == (0, 1)
    np.testing.assert_array_equal(np.rint(rows * 255).astype(np.uint8), every)


@given(bytes_of_images, st.sampled_from([55.0, 1.0]))
def test_contrast_is_normalised_an_image_at_a_time(images, norm):
    before = images.copy()
    rows = normalize_contrast(images, norm)
    assert rows.dtype == np.float32
    assert rows.shape == (len(images), images[0].size)
    for row, image in zip(rows.astype(np.float64), images.astype(np.float64), strict=True):
        centred = image.ravel() - image.mean()
        if (image == image.ravel()[0]).all():
            assert not row.any()
            continue
        np.testing.assert_allclose(row, norm * centred / np.linalg.norm(centred), rtol=1e-6, atol=1e-5 * norm)
        assert np.linalg.norm(row) == pytest.approx(norm, rel=1e-6)
    np.testing.assert_array_equal(images, before)


def test_the_paper_s_norm_is_55_and_the_mean_is_over_all_channels():
    images = np.zeros((1, 32, 32, 3), np.uint8)
    images[..., 0] = 255  # each channel has one shade: a mean a channel would leave nothing
    row = normalize_contrast(images)[0].reshape(32, 32, 3)
    assert np.linalg.norm(row) == pytest.approx(55)
    assert row[0, 0, 0] == pytest.approx(-2 * row[0, 0, 1])


@given(bytes_of_images)
def test_the_marginal_mean_is_that_of_the_scaled_images(images):
    mean = marginal_mean(images)
    assert mean.dtype == np.float64
    np.testing.assert_allclose(mean, (images / 255).mean(axis=0).ravel(), rtol=1e-12)


def test_the_marginal_mean_of_many_bright_images_does_not_overflow():
    assert marginal_mean(np.full((70_000, 1, 2), 255, np.uint8)).tolist() == [1, 1]


@pytest.mark.parametrize("indices", [slice(3, 9), np.array([5, 0, 5]), [1, -1], slice(None), np.arange(40) % 2 == 0])
def test_rows_are_those_of_the_images_asked_for(indices):
    x = ScaledImages(IMAGES)
    assert (len(x), x.shape, x.ndim, x.dtype) == (40, (40, 30), 2, np.float32)
    np.testing.assert_array_equal(x[indices], scale_to_unit(IMAGES)[indices])
    assert x[indices].dtype == np.float32


def test_one_index_gives_one_row_and_a_loop_ends():
    x = ScaledImages(IMAGES)
    np.testing.assert_array_equal(x[-1], scale_to_unit(IMAGES)[-1])
    np.testing.assert_array_equal(x[np.int64(3)], scale_to_unit(IMAGES)[3])
    assert sum(1 for _ in x) == 40
    with pytest.raises(IndexError):
        x[40]


def test_another_preprocessing_can_be_given():
    x = ScaledImages(IMAGES, normalize_contrast)
    np.testing.assert_array_equal(x[4:6], normalize_contrast(IMAGES[4:6]))


def test_all_rows_as_an_array():
    x = ScaledImages(IMAGES)
    np.testing.assert_array_equal(np.asarray(x), scale_to_unit(IMAGES))
    assert np.asarray(x, np.float64).dtype == np.float64
    with pytest.raises(ValueError, match="no array to share"):
        np.array(x, copy=False)


def test_bytes_stay_bytes_in_memory():
    images = np.zeros((20_000, 28, 28), np.uint8)
    tracemalloc.start()
    try:
        x = ScaledImages(images)
        x[np.arange(100)]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert x.images is images
    assert peak < 2e6  # all rows in float32 would be 63 MB


def test_the_images_are_left_alone_and_repr_says_what_there_is():
    before = IMAGES.copy()
    x = ScaledImages(IMAGES)
    x[:10][:] = 7
    np.testing.assert_array_equal(IMAGES, before)
    assert repr(ScaledImages(np.zeros((1200, 32, 32, 3), np.uint8))) == "ScaledImages(1,200 images of 32 x 32 x 3)"


@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        (IMAGES / 255, TypeError, r"ScaledImages holds float64 of shape \(40, 6, 5\); it takes uint8 .*255 \* x"),
        (
            IMAGES > 9,
            TypeError,
            r"holds bool of shape \(40, 6, 5\); .*If True is white, save 255 \* x\.astype\(np\.uint8\)$",
        ),
        (
            IMAGES % 2,
            ValueError,
            r"holds uint8 .*none above 1, where 255 is white; if 1 is to be white, save 255 \* x$",
        ),
        (IMAGES.tolist(), TypeError, r"ScaledImages holds list of shape \(40, 6, 5\)"),
        (IMAGES[0, 0], ValueError, r"holds uint8 of shape \(5,\); it takes uint8 of shape \(n, \.\.\.\)"),
        (IMAGES[:0], ValueError, r"holds uint8 of shape \(0, 6, 5\).*n >= 1"),
    ],
)
def test_what_are_no_images_is_refused(images, error, message):
    with pytest.raises(error, match=message):
        ScaledImages(images)


@pytest.mark.parametrize("preprocess", [lambda images: images[:, 0, 0], lambda images: images.reshape(len(images), -1)])
def test_a_preprocess_that_returns_no_rows_of_float32_is_refused(preprocess):
    with pytest.raises(ValueError, match="it takes one that returns float32 of shape"):
        ScaledImages(np.zeros((2, 3, 3), np.uint8), preprocess)
