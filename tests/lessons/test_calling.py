"""Whatever a student's function does, the check ends in one sentence."""

import sys
import time

import numpy as np
import pytest

from tinygan.layers import ReLU
from tinygan.lessons import NotYetWritten
from tinygan.lessons.calling import attempt
from tinygan.lessons.catalog import find_exercise
from tinygan.lessons.checking import verdict_on

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


def not_yet(grad_y, x):
    raise NotYetWritten("relu_backward")


def waits_for_another(grad_y, x):
    raise NotYetWritten("linear_backward")


CASES = {
    loop: ("too slow", "had not returned after 0.5 s: does a loop in it ever end?"),
    stubborn_loop: ("too slow", "had not returned"),
    recursion: ("raised", "calls itself without end, in line"),
    in_place: ("wrong", "changes its argument grad_y in place"),
    shouts: ("wrong", "prints 1,000,001 characters"),
    calls_the_library: ("needs a look", "calls tinygan.layers.activations.ReLU"),
    leaves: ("raised", "a function returns, it does not exit"),
    divides: ("raised", "raised ZeroDivisionError: division by zero, in line 61: return 1 / 0"),
    not_yet: ("empty", "nothing written yet"),
    waits_for_another: ("empty", "calls linear_backward, in which nothing is written yet"),
    ReLU().backward_input: ("needs a look", "is tinygan.layers."),
    (lambda grad_y, x: None): ("wrong", "returns None: is its `return` missing?"),
    (lambda grad_y, x: right(grad_y, x).tolist()): ("wrong", "returns a list of"),
    (lambda grad_y, x: (grad_y, x)): ("wrong", "returns a tuple of 2 for grad_x; wanted an array of numbers"),
    (lambda grad_y, x: right(grad_y, x).T): ("wrong", "grad_x has shape ("),
    (lambda grad_y, x: right(grad_y, x) * np.nan): ("wrong", "returns grad_x with NaN in"),
    (lambda grad_y, x: "grad"): ("wrong", "returns a str for grad_x"),
    (lambda grad_y: grad_y): ("raised", "takes 1 positional argument but 2 were given"),
}


@pytest.mark.parametrize(("function", "wanted"), CASES.items(), ids=lambda item: getattr(item, "__name__", ""))
def test_every_failure_gets_a_sentence(function, wanted):
    verdict = verdict_on(EXERCISE, function, seconds=0.5)
    assert verdict.state == wanted[0]
    assert wanted[1] in verdict.sentence
    assert verdict_on(EXERCISE, right).is_right  # nothing of it stays


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


def test_the_gradient_checker_explains_what_has_no_name():
    verdict = verdict_on(EXERCISE, lambda grad_y, x: 0.3 * grad_y * (x > 0))
    assert "The gradient checker: the gradient is right on one side of 0 and not where x > 0" in verdict.sentence
