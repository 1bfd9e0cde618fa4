"""The line that is to blame for a gradient: one statement, or none if several have a part in it."""

import numpy as np
import pytest

from tinygan.gradcheck.subjects.lines import line_of_kept, line_of_returned, text_at


class Pass:
    def several(self, dout, cache):
        x, w = cache
        dx = np.zeros_like(x)
        for i in range(len(x)):
            dx[i] += dout[i] @ w.T
        self.grads = {}
        self.grads["dw"] = x.T @ dout
        self.b.grad = dout.sum(axis=0)
        self.gamma.accumulate(dout)
        twice = x
        twice = twice * 2
        self.late = np.tanh(twice)
        one = -dout
        return dx, twice, one, np.exp(dout), np.exp(twice)


def returns_twice(dout, cache):
    if cache:
        return dout
    return -dout


def masks(dout, x):
    dout[x < 0] = 0
    return dout


def test_a_line_that_writes_to_some_entries_is_found():
    assert text_at(line_of_kept(masks, "dout")) == "dout[x < 0] = 0"
    assert text_at(line_of_returned(masks)) == "dout[x < 0] = 0"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("dx", "dx[i] += dout[i] @ w.T"),
        ("dw", 'self.grads["dw"] = x.T @ dout'),
        ("b", "self.b.grad = dout.sum(axis=0)"),
        ("gamma", "self.gamma.accumulate(dout)"),
        ("one", "one = -dout"),
        ("twice", None),
        ("late", None),
        ("nothing", None),
    ],
)
def test_a_line_is_found_by_the_name_of_what_it_computes(name, text):
    where = line_of_kept(Pass.several, name)
    assert (where and text_at(where)) == text


@pytest.mark.parametrize(
    ("i", "text"),
    [
        (0, "dx[i] += dout[i] @ w.T"),
        (1, None),
        (2, "one = -dout"),
        (3, "return dx, twice, one, np.exp(dout), np.exp(twice)"),
        (4, None),
    ],
)
def test_or_by_its_place_in_what_is_returned(i, text):
    where = line_of_returned(Pass.several, i)
    assert (where and text_at(where)) == text


def test_no_line_is_found_where_there_is_no_source_or_more_than_one_return():
    assert line_of_returned(np.dot) is line_of_kept(len, "x") is None
    assert line_of_returned(returns_twice) is None
    made = {}
    exec("def made(dout): return dout", made)
    assert line_of_returned(made["made"]) is None
