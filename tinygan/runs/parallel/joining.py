"""Let several ranks train one run: each has both networks and takes its rows of every minibatch, and rank 0 writes."""

import json
import tempfile
from functools import partial
from pathlib import Path

from tinygan.backend import Array
from tinygan.ranks.group import Ranks
from tinygan.recipes.data_sets import load_again
from tinygan.runs.folder import RunFolder
from tinygan.runs.parallel.agreeing import check_rows_apart
from tinygan.runs.run import Run


def join(run: Run | None, ranks: Ranks, *, data: str | Path | None = None, device: str = "cpu") -> Run:
    """Return, on every rank, the run that rank 0 has just started or resumed, so that all ranks train it together.

    Rank 0 sends the checkpoint, with the networks, the optimisers and the random streams. So the other ranks need no
    folder. Each rank reads the images, which must be the same everywhere.

    Parameters
    ----------
    run : Run or None
        The run on rank 0; None on the other ranks.
    ranks : Ranks
        The processes. All of them call this function.
    data : str or Path, optional
        Where this rank finds the images. By default, the place that the run names.
    device : str
        Where this rank trains.

    Raises
    ------
    ValueError, OSError
        If this rank cannot read the images, its images differ from the run's, or a layer mixes rows.
    tinygan.ranks.group.Elsewhere
        If another rank failed.
    """
    if ranks.size > 1:
        run = _told(run, ranks, data, device)
        run.ranks = ranks
        run.state.take_share(ranks.rank, ranks.size)
        for player, optimizer in (("loss_d", run.optimizer_d), ("loss_g", run.optimizer_g)):
            optimizer.average = partial(_average, run, player)
    assert run is not None
    return run


def _told(run: Run | None, ranks: Ranks, data: str | Path | None, device: str) -> Run:
    """Return the run of rank 0, or a new copy of it on the other ranks."""
    about = "" if run is None else json.dumps([str(run.folder.path), run.config, run.threads])
    path, config, threads = json.loads(ranks.told(about))
    checkpoint = ranks.told_bytes(b"" if run is None else run.folder.checkpoint.read_bytes())
    with ranks.together():
        if run is None:
            run = Run(RunFolder(path), config, load_again(config, data), threads, device)
            with tempfile.TemporaryDirectory() as folder:
                copy = Path(folder, run.folder.checkpoint.name)
                copy.write_bytes(checkpoint)
                run.restore(copy)
            run.epoch_means.clear()  # rank 0 has the sums of all
        check_rows_apart(ranks.size, D=run.D, G=run.G)
    return run


def _average(run: Run, player: str, grad: Array) -> None:
    """Average a gradient over all ranks, and keep the weight of this rank, which its loss has as well."""
    run.epoch_means.weights[player] = run.state.weight
    run.ranks.average(grad, run.state.weight)
