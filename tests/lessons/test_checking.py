"""What a check says of a wrong answer is true of it, and names what is right."""

import numpy as np
import pytest

from tinygan.functional import log_mean_exp, sigmoid, softplus
from tinygan.layers.activations import _relu_slope
from tinygan.lessons.catalog import find_exercise, find_lesson
from tinygan.lessons.checking import verdict_on
from tinygan.lessons.definitions import definitions
from tinygan.lessons.exercise import Exercise


def only_the_bias_is_wrong(grad_y, x, weight):
    return grad_y @ weight.T, x.T @ grad_y, np.ones_like(grad_y).sum(axis=0)


def test_no_wrong_answer_is_named_that_speaks_of_arrays_that_are_right():
    verdict = verdict_on(find_exercise("linear_backward"), only_the_bias_is_wrong)
    assert "grad_x and grad_weight do not use grad_y" not in verdict.sentence
    assert "grad_x and grad_weight are right." in verdict.sentence


def test_what_is_right_is_said_beside_a_named_mistake():
    def mean_of_the_bias(grad_y, x, weight):
        return grad_y @ weight.T, x.T @ grad_y, grad_y.mean(axis=0)

    verdict = verdict_on(find_exercise("linear_backward"), mean_of_the_bias)
    assert verdict.mistake == "bias_mean"
    assert verdict.sentence.endswith("grad_x and grad_weight are right.")


def test_three_names_are_joined_by_a_comma():
    exercise = Exercise("four", ["a", "b", "c", "d"], inputs=lambda rng: {"x": rng.random()}, hints=["", "", ""])
    exercise.answer(lambda x: (x, x, x, x))
    verdict = verdict_on(exercise, lambda x: (x, x, x, -x))
    assert verdict.sentence.endswith("a, b and c are right.")


@pytest.mark.parametrize("reshaped", [np.ravel, np.mean, np.transpose])
def test_the_gradient_checker_is_not_asked_where_a_shape_does_not_fit(reshaped):
    def loss_of_d(logits_real, logits_fake):
        loss = softplus(-logits_real).mean() + softplus(logits_fake).mean()
        return loss, reshaped(-sigmoid(-logits_real)), reshaped(sigmoid(logits_fake))

    verdict = verdict_on(find_exercise("discriminator_loss"), loss_of_d)
    assert "grad_real has shape" in verdict.sentence
    assert "The gradient checker" not in verdict.sentence


def test_zero_has_no_sign():
    verdict = verdict_on(find_exercise("relu_backward"), lambda grad_y, x: np.where(x > 0, grad_y, 1.0))
    assert "wanted 0." in verdict.sentence


def test_many_names_are_counted():
    verdict = verdict_on(find_exercise("gradient_is_right"), lambda *arguments: True)
    assert verdict.mistake == "accepts_all"
    assert "The other 7 are right." in verdict.sentence


def test_a_loop_that_forgets_to_draw_is_told_so():
    def algorithm_1(step_d, step_g, draw_x, draw_z, n_iterations, k):
        return np.array([(step_d(draw_x, draw_z), step_g(draw_z)) for _ in range(n_iterations)])

    verdict = verdict_on(find_exercise("algorithm_1"), algorithm_1)
    assert "a step got the function draw_x itself; call it, draw_x(), for a minibatch" in verdict.sentence


def written_with(relu_backward):
    """Return a right network_backward that calls this relu_backward."""
    parts = [cell for cell in find_lesson(3).cells if cell.kind == "code"]
    written = definitions(parts).functions
    written["network_backward"].__globals__["relu_backward"] = relu_backward
    return written["network_backward"]


def test_an_answer_is_not_blamed_for_an_earlier_one():
    def relu_backward(grad_y, x):
        return grad_y

    verdict = verdict_on(find_exercise("network_backward"), written_with(relu_backward))
    assert verdict.sentence == "network_backward calls relu_backward (3.2), not right yet: begin there."
    assert not verdict.mistake


def test_noise_of_its_own_is_noticed():
    rng = np.random.default_rng(0)
    verdict = verdict_on(find_exercise("gaussian_generator"), lambda z, mu, L: mu + rng.normal(size=z.shape) @ L.T)
    assert "Two calls with the same arguments differ: it draws random numbers." in verdict.sentence


def test_primitives_of_the_library_may_be_used_where_they_are_not_the_answer():
    def through_the_logit(grad_y, y):
        s = sigmoid(np.log(y / (1 - y)))
        return grad_y * s * (1 - s)

    assert verdict_on(find_exercise("sigmoid_backward"), through_the_logit).is_right


@pytest.mark.parametrize(
    ("name", "function", "called"),
    [
        ("relu_backward", lambda grad_y, x: _relu_slope(grad_y, x), "tinygan.layers.activations._relu_slope"),
        ("parzen_log_density", lambda a, sigma, d: log_mean_exp(a), "tinygan.functional.log_mean_exp"),
    ],
)
def test_what_is_the_answer_is_called_by_its_name(name, function, called):
    verdict = verdict_on(find_exercise(name), function)
    assert verdict.state == "needs a look"
    assert f"calls {called}: that is the library's answer" in verdict.sentence
