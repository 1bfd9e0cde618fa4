"""A Parzen window whose samples are shared out scores as one process does."""

import json

import numpy as np
import pytest
from support.ranks.mpi import HERE, end, needs_mpi, start, together
from support.ranks.scoring import scored, scored_sums
from support.runs import tiny_run

from tinygan.evaluation import KernelSums
from tinygan.evaluation.sums_over_ranks import merged, share
from tinygan.ranks.group import ALONE, Ranks


class Part(Ranks):
    """A rank whose fellows exist only in the test."""

    def __init__(self, rank, size):
        super().__init__()
        self.rank, self.size = rank, size


@pytest.mark.parametrize("n", [1, 2, 7, 10_000, 10_001])
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_every_sample_is_one_ranks_and_the_first_is_that_of_rank_0(n, size):
    parts = [range(n)[share(n, Part(rank, size))] for rank in range(size)]
    assert [i for part in parts for i in part] == list(range(n))
    assert len(parts[0]) > 0
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_sums_of_no_samples_add_nothing():
    whole = KernelSums(np.array([1.0, 2.0]), np.array([3.0]), np.array([[1.5, 1.25]]), 4, 2)
    none = KernelSums(whole.bandwidths, np.array([np.inf]), np.zeros((1, 2)), 0, 2)
    both = whole.merge(none)
    assert (both.nearest, both.sums.tolist(), both.count) == (whole.nearest, whole.sums.tolist(), 4)
    assert merged(whole, ALONE) is whole


@needs_mpi
@pytest.mark.slow
@pytest.mark.parametrize(("n", "d"), [(9000, 5), (3000, 200), (2, 5)])
@pytest.mark.parametrize("size", [2, 3])
def test_the_score_is_that_of_one_process(n, d, size, tmp_path):
    together(size, HERE / "scoring.py", tmp_path, n, d)
    ranks = [dict(np.load(tmp_path / f"{size}-{rank}.npz")) for rank in range(size)]
    alone = scored(ALONE, n, d)
    for name, expected in alone.items():
        for found in ranks[1:]:
            np.testing.assert_array_equal(found[name], ranks[0][name], err_msg=name)
        rtol = 1e-12 if name == "nearest" else 1e-6
        np.testing.assert_allclose(ranks[0][name], expected, rtol=rtol, err_msg=name)


@needs_mpi
@pytest.mark.slow
def test_the_merge_is_that_of_the_parts_to_the_last_bit(tmp_path):
    together(2, HERE / "scoring.py", tmp_path, 3000, 5)
    with np.load(tmp_path / "2-1.npz") as found:
        parts = []
        for rank in range(2):
            mine = Part(rank, 2)
            mine.all_gather = lambda array: [array]
            parts.append(scored_sums(mine, 3000, 5))
        both = parts[0].merge(parts[1])
        np.testing.assert_array_equal(found["sums"], both.sums)
        np.testing.assert_array_equal(found["nearest"], both.nearest)
        assert found["count"] == both.count == 3000


@needs_mpi
@pytest.mark.slow
def test_tinygan_evaluate_says_once_what_one_process_says(tmp_path, capsys):
    from tinygan.cli import main

    folder = tiny_run(tmp_path / "run", n_epochs=1)
    words = ["evaluate", str(folder), "--samples", "5000", "--json", "--threads", "1"]
    assert main(words) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    found = json.loads(together(2, "-m", "tinygan", *words))["rows"]
    for row, expected in zip(found, rows, strict=True):
        assert row.keys() == expected.keys()
        for name, value in expected.items():
            assert row[name] == (pytest.approx(value, rel=1e-6) if isinstance(value, float) else value)


@needs_mpi
@pytest.mark.slow
def test_tinygan_evaluate_refuses_once(tmp_path):
    status, out, err = end(start(2, "-m", "tinygan", "evaluate", tmp_path / "nowhere"))
    assert (status, out) == (1, "")
    assert err.startswith("tinygan evaluate: error: rank 0 of 2: ")
    assert err.count("error: ") == 1
