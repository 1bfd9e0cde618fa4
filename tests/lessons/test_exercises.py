"""Every exercise of every lesson: the stub is empty, the solution is right, every wrong answer is named."""

import ast
from collections import Counter

import numpy as np
import pytest

from tinygan.lessons.catalog import find_exercise, label, lessons
from tinygan.lessons.checking import judge, random_cases, verdict_on
from tinygan.lessons.definitions import definitions
from tinygan.lessons.exercise import call
from tinygan.lessons.script import BEGIN, END

LESSONS = list(lessons().values())
EXERCISES = [pytest.param(lesson, exercise, id=label(exercise)) for lesson in LESSONS for exercise in lesson.exercises]
OF_ARRAYS = [case for case in EXERCISES if case.values[1].run is call]


@pytest.fixture(scope="module")
def solutions():
    return {lesson.number: definitions(lesson.cells) for lesson in LESSONS}


@pytest.fixture(scope="module")
def stubs():
    return {lesson.number: definitions(lesson.stripped_cells) for lesson in LESSONS}


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_definitions_are_read_without_a_problem(lesson, solutions, stubs):
    assert solutions[lesson.number].problems == stubs[lesson.number].problems == []
    assert set(solutions[lesson.number].texts) == {"prediction", "explanation"}


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_a_lesson_has_at_most_five_exercises_and_one_for_each_solution(lesson):
    assert 1 <= len(lesson.exercises) <= 5
    solved = [cell for cell in lesson.cells if BEGIN in cell.source]
    assert len(solved) == len(lesson.exercises)
    for cell, exercise in zip(solved, lesson.exercises, strict=True):
        assert f"def {exercise.name}(" in cell.source
        assert f'check("{exercise.name}", {exercise.name})' in cell.source
    for heading, exercise in zip(_headings(lesson), lesson.exercises, strict=True):
        assert heading.startswith(f"### Exercise {label(exercise)}: {exercise.name}")


def _headings(lesson):
    lines = [line for cell in lesson.cells if cell.kind == "markdown" for line in cell.source.split("\n")]
    return [line for line in lines if line.startswith("### Exercise")]


@pytest.mark.parametrize(("lesson", "exercise"), EXERCISES)
def test_a_solution_is_short(lesson, exercise):
    cell = next(cell.source for cell in lesson.cells if f"def {exercise.name}(" in cell.source)
    lines = cell[cell.index(BEGIN) : cell.index(END)].strip().split("\n")[1:]
    assert 1 <= len([line for line in lines if line.strip()]) <= 12


@pytest.mark.parametrize(("lesson", "exercise"), EXERCISES)
def test_a_stub_is_empty(lesson, exercise, stubs):
    verdict = verdict_on(exercise, stubs[lesson.number].functions[exercise.name])
    assert (verdict.state, verdict.sentence) == ("empty", "nothing written yet")


@pytest.mark.parametrize(("lesson", "exercise"), EXERCISES)
def test_a_solution_is_right(lesson, exercise, solutions):
    check_solution(exercise, solutions[lesson.number], range(5))


@pytest.mark.slow
@pytest.mark.parametrize(("lesson", "exercise"), EXERCISES)
def test_a_solution_is_right_on_two_hundred_seeds(lesson, exercise, solutions):
    check_solution(exercise, solutions[lesson.number], range(200))


def check_solution(exercise, written, seeds):
    for seed in seeds:
        verdict = verdict_on(exercise, written.functions[exercise.name], rng=seed)
        assert verdict.is_right, (seed, verdict)


@pytest.mark.parametrize(("lesson", "exercise"), EXERCISES)
def test_a_function_that_returns_its_first_argument_is_not_right(lesson, exercise):
    assert not verdict_on(exercise, lambda first, *rest: first).is_right


@pytest.mark.parametrize(("lesson", "exercise"), OF_ARRAYS)
def test_an_answer_that_nobody_expected_is_told_where_it_differs(lesson, exercise):
    cases = random_cases(exercise, 0)
    rights = [exercise.outputs(exercise.right_answer, inputs) for inputs in cases]
    verdict = judge(exercise, cases, [tuple(array * 1.03 + 0.01 for array in right) for right in rights])
    assert verdict.state == "wrong"
    assert "wanted" in verdict.sentence


def named(exercise, seeds):
    """Return how often each wrong answer is called something else."""
    missed = Counter()
    for seed in seeds:
        for wrong in exercise.wrong_answers:
            verdict = verdict_on(exercise, wrong.function, rng=seed)
            if verdict.mistake != wrong.name or wrong.sentence not in verdict.sentence:
                missed[wrong.name, verdict.mistake or verdict.sentence] += 1
    return missed


@pytest.mark.parametrize(("lesson", "exercise"), EXERCISES)
def test_every_wrong_answer_is_named(lesson, exercise):
    assert len(exercise.wrong_answers) >= 4
    assert not named(exercise, range(2))


@pytest.mark.slow
@pytest.mark.parametrize(("lesson", "exercise"), EXERCISES)
def test_every_wrong_answer_is_named_on_fifty_seeds(lesson, exercise):
    assert not named(exercise, range(50))


@pytest.mark.parametrize(("lesson", "exercise"), EXERCISES)
def test_there_are_three_hints(lesson, exercise):
    assert len(exercise.hints) == len(set(exercise.hints)) == 3
    assert all(len(hint) > 20 for hint in exercise.hints)


def test_no_two_exercises_share_a_name():
    names = Counter(exercise.name for lesson in LESSONS for exercise in lesson.exercises)
    assert max(names.values()) == 1


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_a_stripped_lesson_holds_no_line_of_a_solution(lesson):
    kept = {line.strip() for cell in lesson.stripped_cells for line in cell.source.split("\n")}
    for cell in lesson.cells:
        inside = cell.source.partition(BEGIN)[2].partition(END)[0]
        statements = {line.strip() for line in inside.split("\n") if len(line.strip()) > 12}
        assert not statements & kept
    assert not any(BEGIN in line or END in line for line in kept)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_a_lesson_has_its_parts(lesson):
    text = "\n".join(cell.source for cell in lesson.cells if cell.kind == "markdown")
    for heading in ("## First, a prediction", "## A bug to find", "## Explain", "## Where to read on"):
        assert heading in text
    code = "\n".join(cell.source for cell in lesson.cells if cell.kind == "code")
    calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    shown = [call for call in calls if getattr(call.func, "id", "") == "show"]
    assert shown
    assert all(keyword.arg == "alt" for call in shown for keyword in call.keywords)


def test_inputs_are_not_constant_and_not_square():
    inputs = find_exercise("linear_backward").inputs(np.random.default_rng(0))
    assert len({*inputs["x"].shape, *inputs["weight"].shape}) == 3
