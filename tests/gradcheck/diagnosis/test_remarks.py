"""Homework may do what the protocol of our layers forbids, as long as its gradients are right: that is a remark."""

import numpy as np

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


def test_a_wrong_gradient_stays_wrong_beside_a_remark():
    def turned_backward(dout, cache):
        dx, dw = affine_backward(dout, cache)
        dout *= 0
        return dx, -dw

    report = check(affine_forward, turned_backward)
    assert report.outcome == "wrong"
    assert report.suspects[0].code == "sign"
