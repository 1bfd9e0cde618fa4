"""What the tests of the checker on a GPU have in common: networks, and what two reports or one network amount to."""

import pytest

from tinygan.backend import fused
from tinygan.gradcheck.gallery import GALLERY, images, normalisation, sequences
from tinygan.layers import Dropout, Linear, Maxout, ReLU, Sequential, Sigmoid, normal

GPU = "gpu:0"
BOTH = ("cpu", GPU)
# They call functions of NumPy, or keep an array of the host on self, and so fail on a device by themselves.
HOST_ONLY = {
    "frozen_bias", "inner_factor", "whole_slopes", "double_mask", "forgotten_skip", "only_the_diagonal",
    "sum_over_examples", "old_transpose", "in_place_relu", "lost_gradient",
    *(bug.name for room in (images, sequences, normalisation) for bug in room.BUGS),
}  # fmt: skip


def anywhere(kind):
    return [name for name, bug in GALLERY.items() if bug.kind == kind and name not in HOST_ONLY]


def discriminator():
    made = {"weight_init": normal(0.5)}
    return Sequential(
        Dropout(0.2), Linear(4, 6, rng=0, **made), Maxout(3), Linear(2, 3, rng=1, **made), Dropout(0.5), ReLU(),
        Linear(3, 1, rng=2, **made),
    )  # fmt: skip


def generator():
    made = {"weight_init": normal(0.5)}
    return Sequential(Linear(3, 4, rng=3, **made), ReLU(), Linear(4, 4, rng=4, **made), Sigmoid())


def assert_alike(found, wanted):
    """Assert that two reports say the same, their errors within a noise that is below the checker's tolerance of 1e-6.

    The noise itself is rounding, other on every processor; complex steps, on the host alone, bring errors below it.
    """
    assert (found.subject, found.suspects) == (wanted.subject, wanted.suspects)
    for row, other in zip(found.rows, wanted.rows, strict=True):
        for name in ("tensor", "shape", "n_checked", "n_kinks", "n_unresolved", "verdict"):
            assert getattr(row, name) == getattr(other, name)
        assert row.relative_error == pytest.approx(other.relative_error, rel=1e-6, abs=row.noise)
        assert max(row.noise, other.noise) < 1e-6


def belongings(network):
    return [array for theta in network.parameters for array in (theta.data, theta.grad)]


def break_kernels(monkeypatch, right, wrong):
    """Put a mistake into the kernels, which each fake compiles anew; return the names of those that have it."""
    compiled, broken = fused._kernel, set()

    def compiled_wrong(cupy, source, name, real):
        if right in source:
            broken.add(name)
        return compiled(cupy, source.replace(right, wrong), name, real)

    monkeypatch.setattr(fused, "_kernel", compiled_wrong)
    return broken
