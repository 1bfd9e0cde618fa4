"""Homework may do what the protocol of our layers forbids, as long as its gradients are right: that is a remark."""

import numpy as np
import pytest

from tinygan.gradcheck import check_functions
from tinygan.gradcheck.report import Report

X = np.random.default_rng(1).normal(size=(5, 4))
W = np.random.default_rng(2).normal(size=(4, 3))


def check(forward, backward, *arguments) -> Report:
    return check_functions(forward, backward, arguments or (X, W), rng=0)


def affine_forward(x, w):
    return x @ w, (x, w)


def affine_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout


def codes(report):
    assert report.ok, str(report)
    assert report.suspects == []
    return [remark.code for remark in report.remarks]


def test_what_is_simply_right_gets_none():
    assert codes(check(affine_forward, affine_backward)) == []


def test_an_argument_changed_in_place():
    def centred_forward(x):
        x -= x.mean(axis=0)
        return x**2, x  # the cache is the changed array

    def centred_backward(dout, x):
        dout *= 2 * x
        return dout - dout.mean(axis=0)

    report = check(centred_forward, centred_backward, X)
    assert codes(report) == ["changed_argument"]
    assert report.remarks[0].message.startswith("x and dout are not the same after the call as before")


def test_a_backward_pass_that_works_once():
    def once_backward(dout, cache):
        x, w = cache
        dx = dout @ w.T
        w -= 0.1 * x.T @ dout  # the update, in place
        return dx, x.T @ dout

    report = check(lambda x, w: (x @ w, (x, w.copy())), once_backward)
    assert codes(report) == ["not_repeatable"]
    assert "gives another gradient of x" in report.remarks[0].message


def test_a_gradient_with_other_axes_of_length_1_in_front():
    def bias_backward(dout, shape):
        return dout, dout.sum(axis=0).reshape(shape)

    for b, shape, right in (
        (np.ones((1, 3)), (3,), True),
        (np.ones(3), (1, 3), True),
        (np.ones((3, 1)), (3,), False),  # b -= rate * db would make a square of it
        (np.ones(3), (3, 1), False),
    ):
        report = check(lambda x, b, shape=shape: (x + b.reshape(-1), shape), bias_backward, X[:, :3], b)
        assert report.ok == right
        if right:
            assert codes(report) == ["other_shape"]
            assert f"has shape {shape}, and b has {b.shape}" in report.remarks[0].message


def mean_inside_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout / len(x), dout.sum(axis=0) / len(x)


def test_gradients_of_all_parameters_divided_by_m():
    def affine(x, w, b):
        return x @ w + b, (x, w)

    report = check(affine, mean_inside_backward, X, W, np.ones(3))
    assert codes(report) == ["divided_by_m"]
    assert [row.verdict for row in report.rows] == ["right", "right / m", "right / m"]
    assert "the gradient of w and of b is divided by the number of examples" in report.remarks[0].message

    def one_of_two(dout, cache):
        return *mean_inside_backward(dout, cache)[:2], dout.sum(axis=0)

    report = check(affine, one_of_two, X, W, np.ones(3))
    assert (report.outcome, report.suspects[0].code) == ("wrong", "extra_mean")

    def all_three(dout, cache):
        return *(gradient / 5 for gradient in affine_backward(dout, cache)), dout.sum(axis=0) / 5

    assert check(affine, all_three, X, W, np.ones(3)).outcome == "wrong"


def windows(share):
    """Return max pooling over windows of 3 with stride 2, in which ``share(x == max)`` gets the gradient."""

    def pool_forward(x):
        return np.stack([x[:, i : i + 3].max(axis=1) for i in (0, 2, 4)], axis=1), x

    def pool_backward(dout, x):
        dx = np.zeros_like(x)
        for k, i in enumerate((0, 2, 4)):
            window = x[:, i : i + 3]
            dx[:, i : i + 3] += share(window == window.max(axis=1, keepdims=True)) * dout[:, k : k + 1]
        return dx

    return check(pool_forward, pool_backward, np.random.default_rng(0).normal(size=(5, 7)))


def test_a_tie_that_is_shared_even_where_windows_overlap():
    report = windows(lambda tied: tied / tied.sum(axis=1, keepdims=True))
    assert codes(report) == ["shared_tie"]
    assert codes(windows(lambda tied: tied & (tied.cumsum(axis=1) == 1))) == []
    assert windows(lambda tied: tied).suspects[0].code == "tie_duplicated"


def single(array):
    return array.astype(np.float32)


def test_float32_in_backward_only():
    def single_backward(dout, cache):
        x, w = cache
        return single(dout) @ single(w).T, np.float64(single(x).T @ single(dout))

    report = check(affine_forward, single_backward)
    assert codes(report) == ["single_precision"]
    assert "gradient of x and of w fits into float32" in report.remarks[0].message


@pytest.mark.parametrize("after", [single, lambda h: single(h).astype(float) ** 2])
def test_float32_in_forward_is_measured_and_a_wrong_gradient_still_found(after):
    def curve_forward(x, w):
        h = np.tanh(x @ w)
        return after(h), (x, w, h)

    def curve_backward(factor):
        def backward(dout, cache):
            x, w, h = cache
            d = dout * (1 - h**2) * (1 if after is single else 2 * h)
            return d @ w.T, factor * x.T @ d

        return backward

    report = check(curve_forward, curve_backward(1.0))
    assert codes(report) == ["single_precision"]
    assert report.remarks[0].message.startswith("only to about three digits, since forward computes in float32")
    report = check(curve_forward, curve_backward(1.01))
    assert report.outcome == "wrong"
    assert report.suspects[0].code == "factor"


def test_steep_curves_are_not_taken_for_float32():
    report = check(lambda x: (np.sin(1e3 * x), x), lambda dout, x: 1.001e3 * np.cos(1e3 * x) * dout, X)
    assert report.outcome == "wrong"
    assert report.remarks == []


def test_a_tensor_at_kinks_only_is_not_passed_over_in_silence():
    def hinge_forward(x, b):
        return x + np.abs(b), (x.shape, b)

    def hinge_backward(dout, cache):
        return dout, dout.sum(axis=0) * np.sign(cache[1])

    report = check(hinge_forward, hinge_backward, X, np.zeros(4))
    assert report.ok
    assert [remark.code for remark in report.remarks] == ["not_looked_at"]
    assert "no entry of the gradient of b could be compared: every one is at a kink" in report.remarks[0].message
    assert str(report).startswith("hinge: the gradients are right, but\n")


def test_a_wrong_gradient_stays_wrong_beside_a_remark():
    def turned_backward(dout, cache):
        dx, dw = affine_backward(dout, cache)
        dout *= 0
        return dx, -dw

    report = check(affine_forward, turned_backward)
    assert report.outcome == "wrong"
    assert report.suspects[0].code == "sign"


def log_of(p):
    return np.log(p + 1e-6)


def test_what_differs_by_next_to_nothing_is_not_called_permuted():
    def loss_forward(x, t):
        p = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
        return -log_of(p[np.arange(len(x)), t]).sum(), (p, t)

    def loss_backward(dout, cache):
        p, t = cache
        return dout * (p - np.eye(4)[t])

    suspect = check(loss_forward, loss_backward, X, np.array([0, 3, 2, 1, 1])).suspects[0]
    assert suspect.code == "one_sided_eps"
    assert "without the 1e-06 of log_of" in suspect.message
    report = check(lambda x: (np.tanh(x), x), lambda dout, x: dout * (1 - np.tanh(x) ** 2) * (1 + x / 250_000), X)
    assert (report.outcome, report.suspects[0].code) == ("wrong", "unknown")
    assert "forward and backward differ by something small" in report.suspects[0].message
