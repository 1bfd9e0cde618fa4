"""The checker finds every bug of the gallery, and names it rightly."""

import inspect
from functools import cache

import numpy as np
import pytest

from tinygan.adversarial import discriminator_step, generator_step
from tinygan.gradcheck import check_gradients
from tinygan.gradcheck.gallery import GALLERY, report
from tinygan.layers import Layer

# All that the checker can say of something that is wrong.
CODES = {
    "sign", "factor", "missing_mean", "extra_mean", "transposed", "permuted", "accumulated_twice", "not_accumulated",
    "other_batch", "stale_parameters", "zero", "missing_term", "summed_axis", "wrong_slope", "tie_duplicated",
    "redrawn_mask", "unscaled_mask", "mutated_input", "precision", "not_linear", "missing_mask",
    "wrong_argument", "other_tensor", "special_case", "one_sided_eps", "extra_term",
}  # fmt: skip

found = cache(lambda name: report(GALLERY[name]))
every_bug = pytest.mark.parametrize("name", GALLERY)


def test_there_are_many_bugs_of_every_kind():
    assert len(GALLERY) >= 24
    assert {bug.code for bug in GALLERY.values()} == CODES
    assert {bug.kind for bug in GALLERY.values()} == {"layer", "step"}
    assert {bug.right for bug in GALLERY.values()} >= {discriminator_step, generator_step}


@every_bug
def test_it_is_flagged(name):
    assert not found(name).ok
    assert found(name).suspects


@every_bug
def test_it_is_named(name):
    assert found(name).suspects[0].code == GALLERY[name].code


@every_bug
def test_it_tells_a_story_and_its_diagnosis(name):
    bug = GALLERY[name]
    assert len(bug.story.splitlines()) > 2
    said = " ".join(bug.story.split()).partition("Diagnosis: ")[2]
    assert said.startswith(bug.code)
    assert 10 < len(bug.title) < 50
    assert name == bug.name == name.lower()


@every_bug
def test_it_is_minimal(name):
    bug = GALLERY[name]
    assert len(inspect.getsource(bug.wrong).splitlines()) <= 25
    assert inspect.getsource(bug.wrong) in bug.source


@pytest.mark.parametrize("name", [name for name, bug in GALLERY.items() if bug.kind == "layer"])
def test_what_is_right_in_its_place_raises_no_alarm(name):
    bug = GALLERY[name]
    right = bug.right(**bug.arguments)
    assert isinstance(bug.build(), bug.wrong)
    assert isinstance(right, Layer)
    assert check_gradients(right, bug.x, rng=0).ok


def test_a_report_is_the_same_every_time():
    bug = GALLERY["redrawn_mask"]
    np.testing.assert_array_equal(bug.x, bug.x)
    assert report(bug) == report(bug)
