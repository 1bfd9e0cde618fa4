"""What the ranks of a run agree on, without MPI: shares, checksums and the losses of all."""

import re

import numpy as np
import pytest

from tinygan.layers import Layer, Linear, Residual, Sequential, Tanh
from tinygan.ranks.group import ALONE, Ranks
from tinygan.recipes.mnist import MNIST
from tinygan.runs.epoch_means import EpochMeans
from tinygan.runs.parallel.agreeing import check_alike, check_rows_apart, check_shares
from tinygan.runs.parallel.joining import join
from tinygan.runs.start import start_run


class Fellows(Ranks):
    """A rank among others, which answer what the test says."""

    def __init__(self, rank, size, answers):
        super().__init__()
        self.rank, self.size, self.answers = rank, size, answers

    def all_gather(self, array):
        return self.answers(array)

    def told_bytes(self, content):
        return content


@pytest.mark.parametrize(
    ("n_ranks", "n_images", "batch_size"), [(1, 1, 1), (4, 100, 4), (4, 104, 100), (100, 1000, 100)]
)
def test_shares_that_have_a_row_are_accepted(n_ranks, n_images, batch_size):
    check_shares(n_ranks, n_images, batch_size)


@pytest.mark.parametrize(
    ("n_ranks", "n_images", "batch_size", "error"),
    [
        (5, 100, 4, "5 ranks cannot share a minibatch of 4, "),
        (4, 103, 100, "4 ranks cannot share the last minibatch of an epoch, of 3, "),
        (2, 1, 100, "2 ranks cannot share the last minibatch of an epoch, of 1, "),
    ],
)
def test_shares_without_a_row_are_refused(n_ranks, n_images, batch_size, error):
    with pytest.raises(ValueError, match=error):
        check_shares(n_ranks, n_images, batch_size)


class Centred(Layer):
    """Each row minus the mean of all rows."""

    mixes_rows = True

    def forward(self, x, *, rng=None):
        return x - x.mean(axis=0), None

    def backward_input(self, grad_y, cache):
        return grad_y - grad_y.mean(axis=0)


@pytest.mark.parametrize(
    ("D", "layer"),
    [
        (Centred(), "0, Centred()"),
        (Sequential(Linear(2, 2), Centred(), Linear(2, 1)), "1, Centred()"),
        (Sequential(Linear(2, 2), Residual(Tanh(), Centred())), "1.1, Centred()"),
    ],
)
def test_a_layer_that_looks_at_its_whole_batch_is_refused_by_name(D, layer):
    words = f"4 ranks cannot train D: its layer {layer}, looks at its whole batch, and every rank has only some rows"
    with pytest.raises(ValueError, match=re.escape(words)):
        check_rows_apart(4, G=Linear(2, 2), D=D)
    check_rows_apart(4, G=Linear(2, 2), D=Sequential(Residual(Tanh()), Linear(2, 1)))


def test_a_run_with_such_a_layer_is_not_joined(tmp_path):
    np.save(tmp_path / "faces.npy", np.zeros((80, 8, 6), np.uint8))
    recipe = MNIST(n_epochs=1, batch_size=20).scaled(0.01)
    run = start_run(tmp_path / "run", "images", recipe, data=tmp_path / "faces.npy", threads=1)
    assert join(run, ALONE) is run
    run.G = Sequential(*run.G, Centred())
    assert join(run, ALONE) is run  # one process may
    with pytest.raises(ValueError, match=r"^2 ranks cannot train G: its layer \d, Centred\(\), looks at its whole"):
        join(run, Fellows(0, 2, lambda found: [found, 0 * found]))


def test_a_bit_that_differs_is_named():
    arrays = {"D.0.weight": np.ones(3), "D.0.bias": np.zeros(2)}
    check_alike(arrays, ALONE)
    check_alike(arrays, Fellows(0, 3, lambda found: [found] * 3))
    with pytest.raises(RuntimeError, match=r"rank 2 has another D\.0\.bias than rank 0; are they"):
        check_alike(arrays, Fellows(0, 3, lambda found: [found, found, found + np.array([0, 1])]))


def test_losses_are_weighted_as_they_were_when_they_came_and_end_on_rank_0():
    means = EpochMeans()
    means.weights["loss_d"] = 0.25
    means.note(4.0, 1.0)
    means.weights["loss_d"] = 0.5
    means.note(4.0, 1.0)
    assert means.fetch() == [{"loss_d": 4.0, "loss_g": 1.0}] * 2
    assert (means.sums["loss_d"], means.sums["loss_g"]) == (3.0, 2.0)
    means.collect(Fellows(0, 2, lambda found: [found, found + 1]))
    assert (means.sums["loss_d"], means.sums["loss_g"], means.sums["iterations"]) == (7.0, 5.0, 2)
    means.collect(Fellows(1, 2, lambda found: [found, found]))
    assert (means.sums["loss_d"], means.sums["loss_g"], means.sums["iterations"]) == (0.0, 0.0, 2)
