"""The report: what it says to a person and to a machine."""

import json
import re

import numpy as np
import pytest

from tinygan.gradcheck import Remark, Report, Suspect, TensorCheck, check_gradients
from tinygan.gradcheck.remark import REMARKS
from tinygan.gradcheck.report import OUTCOMES
from tinygan.gradcheck.suspect import CODES, HARMLESS
from tinygan.layers import Dropout, Linear, Maxout, ReLU, Sequential, Tanh


def inputs(m=5, width=4):
    return np.random.default_rng(1).normal(size=(m, width))


class MissingBias(Linear):
    def backward_params(self, grad_y, cache):
        self.weight.accumulate(cache.T @ grad_y)


class NotTransposed(Linear):
    def backward_params(self, grad_y, cache):
        self.weight.accumulate(grad_y.T @ cache)
        self.bias.accumulate(grad_y.sum(axis=0))


class OneWrongEntry(Linear):
    def backward_params(self, grad_y, cache):
        super().backward_params(grad_y, cache)
        self.weight.grad[2, 1] *= 1.001


class Turned(Linear):
    def backward_params(self, grad_y, cache):
        super().backward_params(-grad_y, cache)


def test_the_report_is_a_table_that_says_what_is_wrong():
    text = str(check_gradients(MissingBias(4, 3, rng=0), inputs(), rng=0))
    assert text.splitlines()[0] == "MissingBias(4, 3): a gradient is wrong"
    header = "tensor  shape  checked  at kinks  unresolved  relative error  noise  verdict"
    assert text.splitlines()[1].split() == header.split()
    assert text.splitlines()[4].endswith("no gradient")
    assert "1. zero: there is no gradient of bias at all" in text
    assert text.splitlines()[-2].strip().startswith(__file__)
    assert text.splitlines()[-1].strip() == "def backward_params(self, grad_y, cache):"
    assert "every gradient is right" in str(check_gradients(Tanh(), inputs(), rng=0))


def test_the_headline_does_not_praise_what_was_not_compared():
    assert "nothing could be compared" in str(check_gradients(ReLU(), np.zeros((2, 3)), rng=0))


ISSUE_CODES = """sign factor missing_mean extra_mean transposed permuted accumulated_twice not_accumulated other_batch
other_objective stale_parameters zero missing_term summed_axis wrong_slope tie_duplicated redrawn_mask unscaled_mask
mutated_input precision kinks_only unknown not_linear missing_mask wrong_argument other_tensor special_case
one_sided_eps extra_term"""


def test_every_code_has_a_meaning():
    assert sorted(CODES) == sorted(ISSUE_CODES.split())
    assert set(HARMLESS) == {"kinks_only"}


def test_a_suspect_has_one_of_the_codes():
    with pytest.raises(ValueError, match="code 'typo'; it takes one of 'zero', 'not_linear'"):
        Suspect("typo", "x", 1.0, "", "")


def test_an_assert_is_a_test_and_fails_with_the_verdict_the_suspect_and_the_line():
    assert check_gradients(Tanh(), inputs(), rng=0)
    report = check_gradients(NotTransposed(4, 3, rng=0), inputs(), rng=0)
    assert not report
    words = repr(report)
    assert len(words) <= 240  # pytest cuts what is longer
    assert words.startswith(
        "<NotTransposed(4, 3): a gradient is wrong. transposed: the gradient of weight is the trans"
    )
    assert re.search(r"test_report\.py:\d+: self\.weight\.accumulate\(grad_y\.T @ cache\)>$", words)


def test_in_brief_a_report_has_one_suspect_and_one_line():
    def suspect(code, tensor):
        return Suspect(code, tensor, 1.0, f"the gradient of {tensor} is off.", "nowhere.py:3")

    report = Report(
        "f", [row("wrong")], [suspect(*of) for of in (("sign", "w"), ("zero", "x"), ("sign", "b"), ("factor", "w"))]
    )
    assert report.brief().splitlines() == [
        "f: wrong",
        "sign: the gradient of w is off. Likewise b.",
        "nowhere.py:3",
        "Also: x (zero).",
    ]
    assert Report("f", [row()]).brief() == "f: right"


def row(verdict="right", n_checked=6):
    return TensorCheck("x", (2, 3), n_checked, 0, 0, 0.0, 0.0, verdict)


def test_a_remark_leaves_a_right_gradient_right_and_is_said():
    remark = Remark("other_shape", "the gradient of b has shape (3,), and b has (1, 3).", "layers.py:9")
    report = Report("affine", [row()], remarks=[remark])
    assert (report.ok, report.outcome) == (True, "right, but")
    assert str(report).startswith("affine: the gradients are right, but\n")
    assert "the gradient of b has shape (3,), and b has (1, 3).\n   layers.py:9" in str(report)
    assert report.as_dict()["remarks"] == [{"code": remark.code, "message": remark.message, "where": remark.where}]
    with pytest.raises(ValueError, match="Remark got code 'typo'"):
        Remark("typo", "", "")


def test_every_report_has_one_of_four_outcomes():
    remark = Remark(next(iter(REMARKS)), "...", "")
    reports = [
        Report("f", [row()]),
        Report("f", [row()], remarks=[remark]),
        Report("f", [row("wrong")], remarks=[remark]),
        Report("f", [row("at kinks only", 0)], remarks=[remark]),
    ]
    assert tuple(report.outcome for report in reports) == OUTCOMES
    assert [report.ok for report in reports] == [True, True, False, True]


def test_the_same_seed_gives_the_same_report():
    network = Sequential(Dropout(0.2), Linear(4, 6, rng=0), Maxout(3), Linear(2, 1, rng=2))
    assert check_gradients(network, inputs(), rng=3) == check_gradients(network, inputs(), rng=3)


def test_the_tolerance_decides():
    assert check_gradients(OneWrongEntry(4, 3, rng=0), inputs(), rng=0, tolerance=0.01).ok
    assert not check_gradients(OneWrongEntry(4, 3, rng=0), inputs(), rng=0, tolerance=1e-5).ok


def test_a_gradient_of_the_wrong_shape_is_named():
    report = check_gradients(NotTransposed(4, 3, rng=0), inputs(), rng=0)
    assert [row.verdict for row in report.rows] == ["right", "gradient of shape (3, 4)", "right"]


def test_a_wrong_row_shows_that_it_is_wrong_beyond_the_noise():
    x, weight, bias = check_gradients(OneWrongEntry(4, 3, rng=0), inputs(), rng=0).rows
    assert 1e-5 < weight.relative_error < 2e-3
    assert 0 < weight.noise < 1e-4 * weight.relative_error
    for row in (x, bias):
        assert row.relative_error < row.noise + 1e-9
    report = check_gradients(OneWrongEntry(4, 3, rng=0), inputs(), rng=0)
    assert f"{weight.relative_error:.1e}  {weight.noise:.0e}  wrong" in str(report)


def test_the_noise_is_that_of_the_entry_that_is_most_wrong():
    class Curved(Tanh):
        def forward(self, x, *, rng=None):
            return np.sin(x * [1, 1, 1, 300.0]), x

        def backward_input(self, grad_y, cache):
            return grad_y * np.cos(cache * [1, 1, 1, 300.0]) * [1, 1, 1.001, 300.0]

    (row,) = check_gradients(Curved(), inputs(), rng=0, tolerance=1e-9).rows
    assert row.verdict == "wrong"
    assert row.noise < 1e-3 * row.relative_error


def test_an_error_that_shows_only_along_a_direction_is_in_the_row_too():
    class OneOfMany(Linear):
        def backward_params(self, grad_y, cache):
            super().backward_params(grad_y, cache)
            self.weight.grad[7, 11] += 1.0

    for seed in range(10):
        _, weight, _ = check_gradients(OneOfMany(30, 20, rng=0), inputs(width=30), rng=seed).rows
        assert weight.verdict == "wrong"
        assert weight.relative_error > 1e-6 + 100 * weight.noise


def test_what_is_said_of_several_tensors_is_said_once():
    report = check_gradients(Turned(4, 3, rng=0), inputs(), rng=0)
    assert [(suspect.code, suspect.tensor) for suspect in report.suspects] == [("sign", "weight"), ("sign", "bias")]
    text = " ".join(str(report).split())
    assert text.count("sign: the gradient of weight is right but for its sign") == 1
    assert "Likewise bias." in text
    assert "2. " not in text


@pytest.mark.parametrize("layer", [NotTransposed, MissingBias, OneWrongEntry, Linear])
def test_the_report_is_json(layer):
    report = check_gradients(layer(4, 3, rng=0), inputs(), rng=0)
    read = json.loads(json.dumps(report.as_dict(), allow_nan=False))
    assert read["ok"] == report.ok
    assert [row["tensor"] for row in read["rows"]] == ["x", "weight", "bias"]
    for row, found in zip(report.rows, read["rows"], strict=True):
        assert found["relative_error"] == (row.relative_error if row.relative_error < np.inf else None)
        assert found["noise"] == row.noise
    assert [suspect["code"] for suspect in read["suspects"]] == [suspect.code for suspect in report.suspects]
