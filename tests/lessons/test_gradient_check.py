"""Lesson 5: the layers on which a student's checker is scored are what their names say."""

import numpy as np
import pytest

from tinygan.gradcheck import check_gradients
from tinygan.lessons.catalog import find_exercise
from tinygan.lessons.exercises.gradient_check import RIGHT, subjects


@pytest.mark.parametrize("seed", range(3))
def test_the_library_s_checker_tells_the_bugs_from_the_right_layers(seed):
    x = find_exercise("gradient_is_right").inputs(np.random.default_rng(seed))["x"]
    for name, (layer, where) in subjects(x).items():
        assert check_gradients(layer, where, rng=0).rows[0].ok == name.startswith(RIGHT), name


def test_there_are_as_many_as_the_lesson_says():
    names = list(subjects(np.ones((2, 4))))
    assert len([name for name in names if not name.startswith(RIGHT)]) == 11
    assert len([name for name in names if name.startswith(RIGHT)]) == 6
