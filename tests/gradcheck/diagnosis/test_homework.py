"""Homework gone wrong in one place: the first suspect names the mistake, and says what was seen."""

import numpy as np
import pytest
from support.homework import RIGHT, WRONG, arguments

from tinygan.gradcheck.functions import check_functions

pytestmark = pytest.mark.slow

PAIRS = dict.fromkeys(pair for pair, *_ in WRONG)


def report(pair, text=RIGHT):
    functions = {}
    exec(text, functions)
    return check_functions(functions[f"{pair}_forward"], functions[f"{pair}_backward"], arguments(pair), rng=0)


def with_mistake(pair, old, new):
    start = RIGHT.index(f"def {pair}_backward")
    before, backward = RIGHT[:start], RIGHT[start:]
    assert old in backward.partition("\ndef ")[0]
    return report(pair, before + backward.replace(old, new, 1))


@pytest.mark.parametrize("pair", PAIRS)
def test_the_homework_is_right(pair):
    assert report(pair).outcome == "right"


@pytest.mark.parametrize(("pair", "old", "new", "code", "words"), WRONG)
def test_a_mistake_is_named(pair, old, new, code, words):
    found = with_mistake(pair, old, new)
    assert not found.ok
    assert found.suspects[0].code == code, str(found)
    assert words in found.suspects[0].message


def test_no_message_calls_the_gradient_by_a_name_that_the_homework_does_not_have():
    found = with_mistake("relu", "(x > 0)", "(dout > 0)")
    assert "grad_y" not in found.suspects[0].message


def test_what_is_wrong_everywhere_has_no_name():
    noise = np.random.default_rng(5).normal(size=(5, 4))
    found = with_mistake("entropy", "dout * dx", f"dout * dx * np.array({noise.tolist()})")
    assert [suspect.code for suspect in found.suspects] == ["unknown"]
