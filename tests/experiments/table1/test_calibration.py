"""Real images, k-means and the mean image as samples: what calibrates the score."""

import numpy as np
import pytest
from support.pictures import real_folder

from tinygan.data import ScaledImages, load_mnist, scale_to_unit
from tinygan.evaluation import k_means
from tinygan.experiments.table1 import HeldOut, score
from tinygan.experiments.table1.calibration import calibration


def test_the_calibration_is_real_images_centroids_and_the_mean():
    images = np.random.default_rng(0).integers(0, 256, (1500, 4, 3)).astype(np.uint8)
    x = ScaledImages(images)
    (real_name, real), (centroids_name, centroids), (mean_name, mean) = calibration(x, 1200)
    assert np.array_equal(real, scale_to_unit(images[:1200]))
    assert np.array_equal(centroids, k_means(x, 300, 2, rng=0))
    assert np.allclose(mean, scale_to_unit(images).mean(axis=0, keepdims=True), atol=1e-6)
    assert [real_name, centroids_name, mean_name] == [
        "1,200 real training images", "k-means, 300 centroids, 2 steps", "the mean training image",
    ]  # fmt: skip


@pytest.mark.parametrize(("n", "sizes"), [(1, (1, 1)), (7, (7, 7)), (90, (50, 10))])
def test_the_calibration_takes_as_many_as_there_are(n, sizes):
    x = ScaledImages(np.random.default_rng(0).integers(0, 256, (50, 2, 2)).astype(np.uint8))
    assert tuple(len(samples) for _, samples in calibration(x, n)) == (*sizes, 1)


@pytest.mark.data
def test_k_means_outscores_real_digits_which_outscore_the_mean():
    splits = load_mnist(real_folder("mnist"))
    validation, test = (part.images[:150] for part in splits[1:])
    images = HeldOut(scale_to_unit(validation), scale_to_unit(test))
    rows = [
        score(name, samples, images) for name, samples in calibration(ScaledImages(splits.train.images[:4000]), 500)
    ]
    real, centroids, mean = (row.fine_grid.mean for row in rows)
    assert centroids > real + 20 > mean + 100
