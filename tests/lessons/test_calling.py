"""Whatever a student's function does, the check ends in one sentence."""

import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial

import numpy as np
import pytest

from tinygan.adversarial import kullback_leibler, optimal_discriminator
from tinygan.layers import ReLU
from tinygan.lessons import NotYetWritten
from tinygan.lessons.calling import SECONDS, attempt
from tinygan.lessons.catalog import find_exercise, lessons
from tinygan.lessons.checking import N_CASES, verdict_on

EXERCISE = find_exercise("relu_backward")


def right(grad_y, x):
    return grad_y * (x > 0)


def loop(grad_y, x):
    while True:
        pass


def stubborn_loop(grad_y, x):
    for _ in range(10):
        try:
            time.sleep(0.2)
            while True:
                pass
        except BaseException:
            continue


def recursion(grad_y, x):
    return recursion(grad_y, x)


def in_place(grad_y, x):
    grad_y *= x > 0
    return grad_y


def shouts(grad_y, x):
    print("x" * 1_000_000)
    return right(grad_y, x)


def calls_the_library(grad_y, x):
    relu = ReLU()
    return relu.backward_input(grad_y, relu.forward(x)[1])


def leaves(grad_y, x):
    sys.exit(0)


def divides(grad_y, x):
    return 1 / 0


DIVISION = divides.__code__.co_firstlineno + 1


def not_yet(grad_y, x):
    raise NotYetWritten("relu_backward")


def stub_below(grad_y, x):
    """Return grad_x."""
    x = x > 0
    raise NotYetWritten("relu_backward")


def stub_above(grad_y, x):
    raise NotYetWritten("relu_backward")
    return grad_y * (x > 0)


def other_order(x, grad_y):
    return grad_y * (x > 0)


def wrong_in_numpy(grad_y, x):
    return np.linalg.cholesky(-np.eye(2))


WRONG_IN_NUMPY = wrong_in_numpy.__code__.co_firstlineno + 1


def does_not_fit(grad_y, x):
    return grad_y @ x


def waits_for_another(grad_y, x):
    raise NotYetWritten("linear_backward")


class SilentError(Exception):
    def __str__(self):
        raise ValueError


def raises_silently(grad_y, x):
    raise SilentError


class Borrowed:
    __call__ = staticmethod(kullback_leibler)


ANSWER = EXERCISE.right_answer


def looks_it_up(grad_y, x):
    return find_exercise("relu_backward").right_answer(grad_y, x)


LOOPS = {
    loop: ("too slow", "had not returned after 0.5 s: does a loop in it ever end?"),
    stubborn_loop: ("too slow", "had not returned"),
}
CASES = {
    recursion: ("raised", "calls itself without end, in line"),
    in_place: ("wrong", "changes its argument grad_y in place"),
    shouts: ("wrong", "prints 1,000,001 characters"),
    calls_the_library: ("needs a look", "calls tinygan.layers.activations.ReLU"),
    leaves: ("raised", "a function returns, it does not exit"),
    divides: ("raised", f"ZeroDivisionError: division by zero, in line {DIVISION}: return 1 / 0"),
    not_yet: ("empty", "nothing written yet"),
    stub_below: ("empty", "The line `raise NotYetWritten(...)` still stands in it: take it out."),
    stub_above: ("empty", "The line `raise NotYetWritten(...)` still stands in it: take it out."),
    other_order: ("wrong", "takes (x, grad_y); it is called with (grad_y, x), in this order"),
    wrong_in_numpy: ("raised", f"in line {WRONG_IN_NUMPY}: return np.linalg.cholesky(-np.eye(2))"),
    does_not_fit: ("raised", "ValueError: matmul: the shapes do not fit (size"),
    waits_for_another: ("empty", "calls linear_backward, in which nothing is written yet"),
    ReLU().backward_input: ("needs a look", "is tinygan.layers."),
    ANSWER: ("needs a look", "is tinygan.lessons.exercises.layers."),
    looks_it_up: ("needs a look", "calls tinygan.lessons.catalog.find_exercise"),
    (lambda grad_y, x: ANSWER(grad_y, x)): ("needs a look", "calls tinygan.lessons.exercises.layers."),
    partial(kullback_leibler): ("needs a look", "is tinygan.adversarial."),
    partial(partial(optimal_discriminator)): ("needs a look", "is tinygan.adversarial."),
    Borrowed(): ("needs a look", "is tinygan.adversarial."),
    [].append: ("raised", "relu_backward raised TypeError"),
    raises_silently: ("raised", "relu_backward raised SilentError, in line"),
    (lambda grad_y, x: None): ("wrong", "returns None: is its `return` missing?"),
    (lambda grad_y, x: right(grad_y, x).tolist()): ("wrong", "returns a list of"),
    (lambda grad_y, x: (grad_y, x)): ("wrong", "returns a tuple of 2 for grad_x; wanted an array of numbers"),
    (lambda grad_y, x: right(grad_y, x).T): ("wrong", "grad_x has shape ("),
    (lambda grad_y, x: right(grad_y, x) * np.nan): ("wrong", "returns grad_x with NaN in"),
    (lambda grad_y, x: "grad"): ("wrong", "returns a str for grad_x"),
    (lambda grad_y: grad_y): ("raised", "takes 1 positional argument but 2 were given"),
}


@pytest.mark.parametrize(
    ("function", "wanted"), (LOOPS | CASES).items(), ids=lambda item: getattr(item, "__name__", "")
)
def test_every_failure_gets_a_sentence(function, wanted):
    verdict = verdict_on(EXERCISE, function, seconds=0.5 if function in LOOPS else SECONDS)
    assert verdict.state == wanted[0]
    assert wanted[1] in verdict.sentence
    assert verdict_on(EXERCISE, right).is_right  # nothing of it stays


@pytest.mark.parametrize("lesson", lessons().values(), ids=lambda lesson: lesson.name)
def test_every_answer_of_the_library_is_known(lesson):
    for exercise in lesson.exercises:
        inputs = exercise.inputs(np.random.default_rng(0))
        for function in (exercise.right_answer, lambda *arguments, e=exercise: e.right_answer(*arguments)):
            assert attempt(exercise, function, inputs).state == "needs a look"


def test_the_shapes_are_told_where_they_do_not_fit():
    assert "Here the shapes are: grad_y (" in verdict_on(EXERCISE, does_not_fit).sentence


def test_a_mistake_that_raises_is_named():
    verdict = verdict_on(find_exercise("gaussian_generator"), lambda z, mu, L: mu + L @ z)
    assert (verdict.state, verdict.mistake) == ("raised", "column_for_row")
    assert "each draw is a row of z" in verdict.sentence


AFTER_A_CALL_THAT_WAITS = """
import threading
from tinygan.lessons import time_limit
from tinygan.lessons.catalog import find_exercise
from tinygan.lessons.checking import verdict_on

time_limit.TRIES = 2
exercise = find_exercise("relu_backward")
print(verdict_on(exercise, lambda grad_y, x: threading.Event().wait(), seconds=0.1).state)
print(verdict_on(exercise, lambda grad_y, x: grad_y * (x > 0), seconds=5.0).state)
"""


def test_nothing_is_falsely_too_slow_after_a_call_that_cannot_be_stopped():
    """In a process of its own: in CPython 3.11, whoever traces, as coverage does, would now wait for that call."""
    command = [sys.executable, "-c", AFTER_A_CALL_THAT_WAITS]
    told = subprocess.run(command, check=True, capture_output=True, encoding="utf-8", timeout=120)
    assert told.stdout.split("\n")[:2] == ["too slow", "right"]


def test_an_interrupted_check_leaves_no_loop_behind():
    ticks = []

    def ticking(grad_y, x):
        while True:
            ticks.append(1)
            time.sleep(0.01)

    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        verdict_on(EXERCISE, ticking)
    time.sleep(0.1)
    n = len(ticks)
    time.sleep(0.1)
    assert len(ticks) == n


def test_the_inputs_are_never_shared():
    inputs = EXERCISE.inputs(np.random.default_rng(0))
    before = inputs["grad_y"].copy()
    attempt(EXERCISE, in_place, inputs)
    np.testing.assert_array_equal(inputs["grad_y"], before)


def test_several_returned_arrays_are_counted_in_words():
    exercise = find_exercise("linear_backward")
    verdict = verdict_on(exercise, lambda grad_y, x, weight: (grad_y, x))
    assert verdict.sentence == ("linear_backward returns 2 values; wanted 3: grad_x, grad_weight, grad_bias")


def test_what_is_right_of_a_wrong_answer_is_said():
    verdict = verdict_on(
        find_exercise("linear_backward"),
        lambda grad_y, x, weight: (grad_y @ weight.T, x.T @ grad_y, np.cos(grad_y.sum(axis=0))),
    )
    assert "grad_x and grad_weight are right" in verdict.sentence


def test_two_mistakes_are_both_named():
    verdict = verdict_on(
        find_exercise("linear_backward"),
        lambda grad_y, x, weight: (grad_y @ weight.T, grad_y.T @ x, grad_y),
    )
    assert verdict.mistake == "swapped_factors+bias_not_summed"
    assert "transposed" in verdict.sentence
    assert "has a row for each example" in verdict.sentence


@pytest.mark.parametrize("surprise", [lambda: sys.exit(1), lambda: print("loud"), lambda: 1 / 0])
def test_the_gradient_checker_calls_an_answer_with_the_same_care(surprise, capsys):
    calls = []

    def off(grad_y, x):
        calls.append(1)
        if len(calls) > N_CASES:
            surprise()
        return 0.3 * grad_y * (x > 0)

    assert verdict_on(EXERCISE, off).state == "wrong"
    assert capsys.readouterr().out == ""


def test_values_in_brackets_are_told_so():
    verdict = verdict_on(find_exercise("linear_backward"), lambda grad_y, x, weight: [grad_y, x, weight])
    assert verdict.sentence == "linear_backward returns a list: return the 3 without brackets"


def test_the_gradient_checker_explains_what_has_no_name():
    verdict = verdict_on(EXERCISE, lambda grad_y, x: 0.3 * grad_y * (x > 0))
    assert "The gradient checker: the gradient is right on one side of 0 and not where x > 0" in verdict.sentence
