"""The bugs in training: the wrong step or layer is the one that plays, and all else is the same."""

from dataclasses import replace

import numpy as np
import pytest

from tinygan.experiments.bugs import SHORT, train_with
from tinygan.gradcheck.gallery import GALLERY

QUICK = replace(SHORT, n_iterations=20, batch_size=16)


def curves(name, recipe=QUICK):
    return [train_with(GALLERY[name], is_wrong=is_wrong, recipe=recipe, rng=0) for is_wrong in (False, True)]


@pytest.mark.parametrize("name", ["only_the_fakes", "helpful_generator", "forgotten_leak"])
def test_the_bug_makes_the_difference(name):
    right, wrong = curves(name)
    again, _ = curves(name)
    assert right.iterations == wrong.iterations == [*range(21)]
    assert right.jsd[0] == wrong.jsd[0]  # they start alike
    assert right.jsd[-1] != wrong.jsd[-1]
    assert right.jsd == again.jsd
    assert right.stopped is wrong.stopped is None


def test_a_generator_whose_gradient_is_lost_stays_where_it_is():
    right, wrong = curves("lost_gradient")
    assert len(set(wrong.jsd)) == 1
    assert len(set(right.jsd)) == 21


@pytest.mark.parametrize("name", ["only_the_fakes", "lost_gradient"])
def test_the_step_of_the_other_player_is_right(name):
    """What is right in both games plays the same game, whatever the bug is named after."""
    assert curves(name)[0].jsd == curves("halved_loss")[0].jsd


def test_a_training_that_diverges_says_where_it_ended():
    with np.errstate(all="ignore"):
        right, _ = curves("halved_loss", replace(QUICK, learning_rate_d=1e38, momentum=0.9))
    assert right.stopped.startswith("training diverged in iteration ")
    assert 0 < len(right.jsd) < 21
    assert not right.looks_good


def test_a_gradient_that_the_optimiser_refuses_stops_the_training():
    _, wrong = curves("forgotten_axis")
    assert wrong.stopped.startswith("RMSProp.step found a gradient of shape ()")
    assert wrong.iterations == [0]
