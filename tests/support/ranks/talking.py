"""What ranks can say to each other, checked on each of them; run by mpiexec."""

import sys
import warnings

import numpy as np
import pytest

from tinygan.ranks.group import Elsewhere, find_ranks


def fail():
    raise ValueError(f"on {ranks.rank}")


warnings.simplefilter("error")
ranks = find_ranks()
rank, size = ranks.rank, ranks.size
assert size > 1
assert 0 <= ranks.local < size
assert ranks.prefix == f"rank {rank} of {size}: "

# averages, of any length, in the bits of a sum in the order of the ranks
for dtype in (np.float32, np.float64):
    for n in (1, size - 1, size, 1000, 100_003):
        arrays = [np.random.default_rng(i).normal(scale=10.0**i, size=n).astype(dtype) for i in range(size)]
        expected = np.zeros(n, dtype)
        for i, other in enumerate(arrays):
            expected += other * ((i + 1) / 10)
        array = arrays[rank]
        ranks.average(array, (rank + 1) / 10)
        assert array.dtype == dtype
        assert array.tobytes() == expected.tobytes(), n

for array in (np.full((2, 3), rank, np.float32), np.array(rank), np.full(0, rank)):
    gathered = ranks.all_gather(array)
    assert len(gathered) == size
    assert all((there == i).all() for i, there in enumerate(gathered))

spread = np.full((3, 2), rank, np.float32).T  # of neither order of memory by right
ranks.broadcast(spread)
assert (spread == 0).all()

for text in ("", "plain", "σ = 0.2 ± …\n"):
    assert ranks.told(text if rank == 0 else "nonsense") == text
assert ranks.told_bytes(b"\0\xff" if rank == 0 else b"") == b"\0\xff"
assert ranks.largest(rank) == size - 1
assert ranks.largest(rank == 1) == 1
assert ranks.largest(0) == 0

with ranks.together():
    pass
for guilty in ({0}, {1}, {0, 1}, {size - 1}):
    first = rank == min(guilty)
    with pytest.raises(ValueError if first else Elsewhere, match=f"on {rank}" if first else None), ranks.together():
        {True: fail, False: int}[rank in guilty]()
ranks.abort(3)  # all know: nothing happens
if rank == 0:
    print("heard", sys.argv[1:])
