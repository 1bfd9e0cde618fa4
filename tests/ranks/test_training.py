"""Several ranks that share every minibatch learn what one process learns, and never differ from each other."""

import hashlib

import numpy as np
import pytest
from support.ranks.mpi import HERE, needs_mpi, together

pytestmark = [needs_mpi, pytest.mark.slow]


def played(folder, n, *words):
    """Return what each of n ranks found."""
    together(n, HERE / "game.py", folder, *words)
    found = []
    for rank in range(n):
        with np.load(folder / f"{n}-{rank}.npz") as file:
            found.append(dict(file))
    return found


def digest(found):
    """Return a digest of all that is the same on every rank: what is learned, and where the streams are."""
    content = hashlib.sha256()
    for name in sorted(found.keys() - {"losses"}):
        content.update(found[name].tobytes())
    return content.hexdigest()


@pytest.mark.parametrize(
    ("n", "updates", "steps", "batch_size", "n_examples"),
    [
        (2, "alternating", 1, 100, 1000),
        (2, "alternating", 2, 100, 1000),
        (2, "simultaneous", 1, 100, 1000),
        (3, "alternating", 1, 100, 1000),  # 33, 33 and 34 rows
        (3, "simultaneous", 1, 100, 310),  # and 3, 3 and 4 at the end of an epoch
        (2, "alternating", 2, 100, 205),  # and 2 and 3
        (4, "simultaneous", 1, 10, 24),  # one row each
    ],
)  # fmt: skip
def test_the_ranks_learn_what_one_process_learns(n, updates, steps, batch_size, n_examples, tmp_path):
    words = (updates, steps, batch_size, n_examples)
    (alone,) = played(tmp_path, 1, *words)
    ranks = played(tmp_path, n, *words)
    assert len({digest(found) for found in ranks}) == 1  # to the last bit
    for name in alone.keys() - {"losses"}:
        np.testing.assert_allclose(ranks[0][name], alone[name], rtol=0, atol=1e-9, err_msg=name)
    if n_examples % batch_size == 0:
        sizes = np.diff([batch_size * i // n for i in range(n + 1)])
        means = np.average([found["losses"] for found in ranks], axis=0, weights=sizes)
        np.testing.assert_allclose(means, alone["losses"], rtol=0, atol=1e-9)
    assert not np.array_equal(ranks[0]["losses"], ranks[1]["losses"])  # each saw its own rows


def test_without_the_average_they_would_not(tmp_path):
    """The comparison can fail: one rank's rows alone lead elsewhere."""
    from support.ranks.game import play

    from tinygan.ranks.group import Ranks

    class Deaf(Ranks):
        rank, size = 0, 2

        def __init__(self):
            pass

        def average(self, array, weight):
            pass

    words = ("alternating", 1, 100, 1000, 20)
    alone, deaf = play(Ranks(), *words), play(Deaf(), *words)
    assert np.abs(alone["D0"] - deaf["D0"]).max() > 1e-3
    np.testing.assert_array_equal(alone["noise"], deaf["noise"])
