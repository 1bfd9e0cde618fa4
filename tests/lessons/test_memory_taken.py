"""A student's function is measured; what our own answers take is written down, as graders run several at a time."""

import tracemalloc

import numpy as np
import pytest

from tinygan.lessons.catalog import find_exercise
from tinygan.lessons.checking import judge, random_cases, verdict_on
from tinygan.lessons.memory_taken import with_memory

EXERCISES = [find_exercise(name) for name in ("squared_distances", "nearest_indices")]


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_our_own_answers_take_what_is_written_down(exercise):
    (inputs, *_) = random_cases(exercise, 0)
    for function in (exercise.right_answer, *(wrong.function for wrong in exercise.wrong_answers)):
        _, measured = with_memory(lambda *arguments, function=function: function(*arguments), inputs)
        assert with_memory(function, inputs)[1] == measured


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_to_judge_values_nothing_is_measured(exercise, monkeypatch):
    cases = random_cases(exercise, 0)
    right = [(exercise.right_answer(*inputs.values()), np.array(False)) for inputs in cases]
    monkeypatch.delattr(tracemalloc, "start")
    assert judge(exercise, cases, right).is_right
    assert judge(exercise, cases, [(values, np.array(True)) for values, _ in right]).mistake == "broadcast"


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_a_students_function_is_measured(exercise):
    broadcast = next(wrong.function for wrong in exercise.wrong_answers if wrong.name == "broadcast")
    assert verdict_on(exercise, lambda x, others: broadcast(x, others)).mistake == "broadcast"
