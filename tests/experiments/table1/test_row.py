"""Table 1's row against SciPy, and the images that judge."""

import math

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.special import logsumexp

from tinygan.data import Labelled, Splits
from tinygan.evaluation import FINE_BANDWIDTHS, PAPER_BANDWIDTHS, parzen_log_likelihood
from tinygan.experiments.table1 import PAPER, HeldOut, held_out, score
from tinygan.recipes.data_sets import RECIPES

GRIDS = {"paper_grid": PAPER_BANDWIDTHS, "fine_grid": FINE_BANDWIDTHS}


def rows_of(seed, n, d=30):
    """Return n points near five prototypes, with values in [0, 1]."""
    rng = np.random.default_rng(seed)
    prototypes = np.random.default_rng(0).random((5, d))
    return (prototypes[rng.integers(5, size=n)] + 0.12 * rng.normal(size=(n, d))).clip(0, 1).astype(np.float32)


def log_densities(samples, x, bandwidths):
    """Return log p(x) from all differences in float64, of shape (n, B)."""
    n, d = samples.shape
    squares = cdist(np.float64(x), np.float64(samples), "sqeuclidean")
    return np.stack(
        [logsumexp(-squares / (2 * s**2), axis=1) - math.log(n) - d * math.log(s * math.sqrt(2 * math.pi))
         for s in bandwidths], axis=1,
    )  # fmt: skip


def splits_of(n_train, n_validation, n_test, shape=(28, 28)):
    """Return images that are all alike within a part, at 10, 20 and 30."""
    return Splits(
        *(Labelled(np.full((n, *shape), 10 * i, np.uint8), np.zeros(n, int))
          for i, n in enumerate((n_train, n_validation, n_test), 1))
    )  # fmt: skip


# The row.


@pytest.fixture(scope="module")
def judged():
    samples, images = rows_of(1, 120), HeldOut(rows_of(2, 40), rows_of(3, 60))
    return samples, images, score("G", samples, images)


@pytest.mark.parametrize("name", GRIDS)
def test_a_row_is_the_formula_on_each_grid(name, judged):
    samples, (validation, test), row = judged
    curve = log_densities(samples, validation, GRIDS[name]).mean(axis=0)
    found = getattr(row, name)
    assert abs(found.search.curve - curve).max() <= 1e-3
    assert np.array_equal(found.search.bandwidths, GRIDS[name])
    assert found.bandwidth == GRIDS[name][curve.argmax()]
    wanted = log_densities(samples, test, [found.bandwidth])[:, 0]
    assert found.mean == pytest.approx(wanted.mean(), abs=1e-3)
    assert found.standard_error == pytest.approx(wanted.std() / math.sqrt(60), abs=1e-4)
    assert (row.model, row.n_samples, row.n_validation, row.n_test) == ("G", 120, 40, 60)
    assert not found.search.is_at_end


@pytest.mark.parametrize("name", GRIDS)
def test_one_pass_for_both_grids_equals_one_for_each(name, judged):
    samples, (validation, test), row = judged
    wanted, found = parzen_log_likelihood(samples, test, validation, GRIDS[name]), getattr(row, name)
    assert found.bandwidth == wanted.bandwidth
    assert [found.mean, found.standard_error] == pytest.approx([wanted.mean, wanted.standard_error], abs=1e-3)
    assert abs(found.search.curve - wanted.search.curve).max() <= 1e-3


def test_the_grids_choose_different_sigmas(judged):
    row = judged[-1]
    assert row.paper_grid.bandwidth != row.fine_grid.bandwidth
    assert row.fine_grid.search.curve.max() > row.paper_grid.search.curve.max()


@pytest.mark.parametrize(("scale", "sigma"), [(30, 1.0), (0.05, 0.1)])
def test_a_sigma_at_the_end_of_its_grid_is_known_as_such(scale, sigma):
    rows = scale * np.random.default_rng(0).normal(size=(3, 50, 5))
    row = score("G", rows[0], HeldOut(*rows[1:]))
    assert row.fine_grid.bandwidth == pytest.approx(sigma)
    assert row.fine_grid.search.is_at_end


def test_a_record_has_every_number_of_the_row(judged):
    row = judged[-1]
    assert row.as_dict() == {
        "model": "G",
        "n_samples": 120,
        "paper_grid_mean": row.paper_grid.mean,
        "paper_grid_standard_error": row.paper_grid.standard_error,
        "paper_grid_bandwidth": row.paper_grid.bandwidth,
        "fine_grid_mean": row.fine_grid.mean,
        "fine_grid_standard_error": row.fine_grid.standard_error,
        "fine_grid_bandwidth": row.fine_grid.bandwidth,
    }


@pytest.mark.parametrize(("samples", "message"), [
    (np.zeros((0, 30), np.float32), "empty"),
    (np.full((3, 30), np.nan), "NaN"),
    (np.zeros((3, 29)), r"it takes \(n, 29\)"),
])  # fmt: skip
def test_samples_of_another_kind_are_refused(samples, message, judged):
    with pytest.raises(ValueError, match=message):
        score("G", samples, judged[1])


def test_the_paper_s_rows_are_those_of_its_table_1():
    assert [tuple(row) for row in PAPER["mnist"]] == [
        ("DBN", 138, 2), ("Stacked CAE", 121, 1.6), ("Deep GSN", 214, 1.1), ("Adversarial nets", 225, 2),
    ]  # fmt: skip
    assert [row[1:] for row in PAPER["tfd"]] == [(1909, 66), (2110, 50), (1890, 29), (2057, 26)]
    assert set(PAPER) == {"mnist", "mnist-quick", "tfd", "tfd-stage-2"} <= set(RECIPES)


# The images that judge.


@pytest.mark.parametrize(("name", "n"), [("mnist", 1000), ("fashion-mnist", 1000), ("images", 1000), ("tfd", 1100),
                                         ("tfd-stage-2", 1100)])  # fmt: skip
def test_sigma_is_chosen_on_1000_images_and_on_all_of_tfd(name, n):
    validation, test = held_out(name, splits_of(3, 1100, 7))
    assert (validation.shape, test.shape) == ((n, 784), (7, 784))
    assert validation.dtype == test.dtype == np.float32
    assert np.allclose(validation, 20 / 255)
    assert np.allclose(test, 30 / 255)


def test_the_images_of_cifar_are_preprocessed_as_g_learns_them():
    images = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3)).astype(np.uint8)
    part = Labelled(images, np.zeros(4, int))
    validation, _ = held_out("cifar10", Splits(part, part, part))
    assert np.allclose(validation.mean(axis=1), 0, atol=1e-5)
    assert np.allclose(np.linalg.norm(validation, axis=1), 55)


@pytest.mark.parametrize(("name", "sizes", "message"), [
    ("cifar10", (5, 0, 5), "cifar10 has no validation images to evaluate with: put data_batch_5.bin beside"),
    ("cifar10", (5, 5, 0), "cifar10 has no test images to evaluate with: put test_batch.bin beside"),
    ("tfd", (5, 0, 5), "tfd has no validation images .*: mark the faces with 2"),
    ("tfd-stage-2", (5, 5, 0), "tfd-stage-2 has no test images .*: mark the faces with 3"),
])  # fmt: skip
def test_a_missing_part_is_named(name, sizes, message):
    with pytest.raises(ValueError, match=message):
        held_out(name, splits_of(*sizes))
