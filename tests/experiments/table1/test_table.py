"""Table 1 as a program asks for it: the row of its samples, and the rows of what no generator drew."""

import numpy as np
import pytest

from tinygan.data import Labelled, ScaledImages, Splits
from tinygan.experiments.table1 import held_out, score, table1
from tinygan.experiments.table1.calibration import calibration


def made_splits(n=60, n_test=30):
    images = np.random.default_rng(0).integers(0, 256, (3, n, 6, 5), np.uint8)
    return Splits(
        *(Labelled(part[:size], np.zeros(size, int)) for part, size in zip(images, (n, n, n_test), strict=True))
    )


def numbers(row):
    return row.as_dict() | {"curve": row.fine_grid.search.curve.tolist()}


def test_the_rows_are_the_scores_of_the_samples_and_of_what_calibrates_them():
    splits, samples = made_splits(), np.random.default_rng(1).random((50, 30), np.float32)
    images = held_out("images", splits)
    others = calibration(ScaledImages(splits.train.images), 50)
    wanted = [score(name, rows, images) for name, rows in [("mine", samples), *others]]
    found = list(table1(samples, splits, "images", model="mine"))
    assert len(found) == 4
    assert list(map(numbers, found)) == list(map(numbers, wanted))
    (alone,) = table1(samples, splits, "images", model="mine", calibrate=False)
    assert numbers(alone) == numbers(wanted[0])


def test_a_row_says_its_numbers_in_words():
    (row,) = table1(np.full((5, 30), 0.5, np.float32), made_splits(), "images", calibrate=False)
    assert str(row) == f"G: {row.paper_grid}; on the fine grid {row.fine_grid}"
    assert str(row.fine_grid).endswith(f"nats (sigma {row.fine_grid.bandwidth:.4g})")


def test_what_is_missing_is_said_at_once():
    with pytest.raises(ValueError, match="images has no test images to evaluate with: its data hold none"):
        table1(np.zeros((5, 30), np.float32), made_splits(n_test=0), "images")
