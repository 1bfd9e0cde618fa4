"""A hundred wrong layers of every kind: the checker flags them all, and names nearly all of them rightly first."""

from functools import cache

import numpy as np
import pytest
from support.homework import WRONG as HOMEWORK
from support.wrong_layers import WRONG_AFFINE, WRONG_FUNCTIONS, Affine, Function, X
from support.wrong_structures import WRONG_STRUCTURES, Softmax

from tinygan.gradcheck import check_gradients
from tinygan.gradcheck.suspect import CODES
from tinygan.layers import LeakyReLU, Linear, Tanh

WRONG = WRONG_AFFINE | WRONG_FUNCTIONS | WRONG_STRUCTURES
# Found, but by another name first: of a product of x with itself, no experiment cuts one of the two factors.
MISNAMED = {"one use of two": "unknown"}


@cache
def report(name):
    _, layer, x = WRONG[name]
    return check_gradients(layer, x, rng=0)


@pytest.mark.parametrize("name", WRONG)
def test_it_is_flagged_and_named(name):
    code = WRONG[name][0]
    assert report(name).ok == (code == "kinks_only")
    assert report(name).suspects[0].code == MISNAMED.get(name, code), str(report(name))


def test_nine_in_ten_are_named_rightly():
    assert len(WRONG) > 100
    codes = {code for code, _, _ in WRONG.values()} | {code for *_, code, _ in HOMEWORK}
    assert codes == set(CODES) - {"other_objective"}  # which is said of steps alone
    n_named = sum(report(name).suspects[0].code == code for name, (code, _, _) in WRONG.items())
    assert n_named == len(WRONG) - len(MISNAMED) >= 0.9 * len(WRONG)


def suspects(layer, x=X):
    return check_gradients(layer, x, rng=0).suspects


@pytest.mark.parametrize(
    "name",
    [
        "ReLU let through",  # the whole gradient is one path by itself
        "mask not scaled",
        "weight transposed, square",  # a transpose is a permutation
        "negative grad_x",  # and -1 a factor
        "softmax, zeros",  # whose sum over all entries is zero as well
        "softmax, only the diagonal",
    ],
)
def test_what_follows_from_the_first_suspect_is_no_second_one(name):
    codes = [suspect.code for suspect in report(name).suspects]
    assert codes in ([WRONG[name][0]], [WRONG[name][0], "factor"])
    assert "factor" not in codes or name == "mask not scaled"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("negative, at weights of 0", "at the parameters given, the mistake does not show; after an update, "),
        ("sum of a loss", "6 times with 6 examples, 5 times with 5"),
        ("bias of shape (1, n)", "in shape (1, 3), and bias has (3,): a reshape is missing"),
        ("not unflattened", "the right values, in shape (3, 72), and x has (3, 2, 6, 6): a reshape is missing"),
        ("bias over nothing", "has shape (6, 3), a row for every example: it is not summed"),
        ("softmax, only the diagonal", "has the diagonal of the Jacobian alone"),
        ("mean of a tanh held fixed", "lacks the path through the mean over axis 1"),
        ("mean of pieces", "is 2 times the right one, everywhere"),
        ("mask scaled twice", "and that is 1 / (1 - rate)"),
        ("another leak", "the slope that backward uses is 0.2, and the slope of forward is 0.3"),
        ("one wrong entry", "1 of 12 entries of the gradient of weight are wrong, on axis 0 only at 2; on axis 1 only"),
    ],
)  # fmt: skip
def test_the_message_says_what_was_seen(name, words):
    assert words in report(name).suspects[0].message


def test_a_shape_that_nothing_explains_is_told_with_both():
    (suspect,) = suspects(Affine(4, 3, weight=lambda x, g: np.ones((2, 2))))
    assert suspect.code == "unknown"
    assert "has shape (2, 2), and weight has (4, 3)" in suspect.message
    (suspect,) = suspects(Affine(4, 3, weight=lambda x, g: np.ones(12)))
    assert suspect.code == "unknown"


def test_a_ratio_of_one_number_explains_it_only_if_another_batch_has_the_same():
    assert suspects(Affine(4, 1, bias=lambda g: 3 * g.sum(axis=0)))[0].code == "factor"
    assert suspects(Affine(4, 1, bias=lambda g: np.sin(1.0 + np.arange(len(g))) @ g))[0].code == "unknown"
    assert suspects(Affine(4, 1, bias=lambda g: 3 * g.sum(axis=0)), X[:1])[0].code == "unknown"  # no smaller batch


def test_a_mean_is_told_from_a_constant_by_the_batch_size():
    six_times = Function(np.tanh, lambda g, x: 6 * g * (1 - np.tanh(x) ** 2))
    assert [suspect.code for suspect in suspects(six_times)] == ["factor"]
    assert "that is the batch size m = 6" in suspects(six_times)[0].message
    assert [suspect.code for suspect in suspects(six_times, X[:5])] == ["factor"]


def test_a_diagonal_that_is_all_there_is_is_right():
    assert check_gradients(Softmax(lambda g, y: y * (g - (g * y).sum(axis=1, keepdims=True))), X, rng=0).ok
    assert check_gradients(Tanh(), X, rng=0).ok


def test_nan_is_not_taken_for_a_change_from_call_to_call():
    (suspect,) = suspects(Function(np.tanh, lambda g, x: g * np.nan))
    assert suspect.code == "unknown"


def test_whole_numbers_are_not_taken_for_rounded_ones():
    (suspect,) = suspects(Function(np.tanh, lambda g, x: np.ones_like(g)))
    assert suspect.code == "not_linear"


def test_right_layers_at_zero_weights_stay_right():
    assert suspects(Affine(4, 3, init=lambda *_: np.zeros((4, 3)))) == []
    assert suspects(Linear(4, 3, rng=0)) == []
    assert suspects(LeakyReLU(0.1)) == []
