"""Lesson 5: the layers on which a student's checker is scored are what their names say, and honest checkers pass."""

import numpy as np
import pytest

from tinygan.gradcheck import check_gradients
from tinygan.layers import Dropout, Linear, Maxout, ReLU, Tanh
from tinygan.lessons.catalog import find_exercise, find_lesson
from tinygan.lessons.checking import judge, random_cases, verdict_on
from tinygan.lessons.definitions import definitions
from tinygan.lessons.exercises.gradient_check import RIGHT, subjects
from tinygan.lessons.script import as_script, cells

EXERCISE = find_exercise("gradient_is_right")


@pytest.mark.parametrize("seed", range(3))
def test_the_library_s_checker_tells_the_bugs_from_the_right_layers(seed):
    x = EXERCISE.inputs(np.random.default_rng(seed))["x"]
    for name, (layer, where) in subjects(x).items():
        assert check_gradients(layer, where, rng=0).rows[0].ok == name.startswith(RIGHT), name


def test_there_are_as_many_as_the_lesson_says():
    names = list(subjects(np.ones((2, 4))))
    assert len([name for name in names if not name.startswith(RIGHT)]) == 11
    assert len([name for name in names if name.startswith(RIGHT)]) == 7


def check_on(seeds, function):
    for seed in seeds:
        cases = random_cases(EXERCISE, seed)
        verdict = judge(EXERCISE, cases, [EXERCISE.outputs(function, inputs) for inputs in cases])
        assert verdict.is_right, (seed, verdict)


def solution(changes=()):
    """Return the lesson's own solution, changed in some places."""
    script = as_script(find_lesson(5).cells)
    for old, new in changes:
        assert old in script
        script = script.replace(old, new)
    return definitions(cells(script)).functions["gradient_is_right"]


def test_the_solution_is_right_on_many_seeds():
    check_on(range(15), solution())


@pytest.mark.parametrize("h", ["1e-3", "1e-6"])
def test_the_solution_is_right_whatever_it_draws_and_with_any_sensible_step(h):
    """Small entries of grad_y make small kinks."""
    drawn = "np.random.default_rng(1).normal(size=y.shape)"
    small = "rng.normal(size=y.shape) * rng.choice([1, 5e-4], size=y.shape)"
    judge_of_layers = solution([(drawn, small), ("loss, x, 1e-5)", f"loss, x, {h})")])
    judge_of_layers.__globals__["rng"] = np.random.default_rng(0)
    check_on(range(5), judge_of_layers)


def by_type(layer, x):
    return type(layer) in (Dropout, Linear, Maxout, ReLU, Tanh)


def by_name(layer, x):
    return type(layer).__module__.startswith("tinygan.layers") or type(layer).__name__ == "Sine"


@pytest.mark.parametrize("judge_of_names", [by_type, by_name])
def test_names_do_not_tell_who_is_right(judge_of_names):
    assert verdict_on(EXERCISE, judge_of_names).state == "wrong"
