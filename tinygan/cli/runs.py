"""tinygan runs: list the runs in a folder with their state and score."""

import argparse
import json
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from tinygan.cli.terminal.streams import spelled
from tinygan.files import as_path

HEADER = ("run", "experiment", "updates", "seed", "epochs", "quick log-likelihood", "time", "state")
ALIGN = "<<<>>>><"


def add_parser(subparsers: Any) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "runs",
        help="list runs with their state and score",
        description="List the runs in a folder and below it. The quick log-likelihood is the last one of the training, "
        "in nats with its standard error, from 1,000 samples; tinygan evaluate takes 10,000, as Table 1 does, and "
        "often finds more. The time is the training time, in hours, minutes and seconds.",
    )
    parser.set_defaults(run=run)
    parser.add_argument(
        "folder", nargs="?", type=as_path, default=Path(), metavar="FOLDER", help="default: the current folder"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON array instead of the table")


def run(options: argparse.Namespace) -> int:
    """List the runs."""
    from tinygan.runs.listing import list_runs
    from tinygan.table import text_table

    found = list_runs(options.folder)
    if options.json:
        print(json.dumps([asdict(one) for one in found]))
    elif found:
        print(text_table(HEADER, [[spelled(cell) for cell in _row(one)] for one in found], ALIGN))
    else:
        place = "the current folder" if options.folder == Path() else str(options.folder)
        print(f"There is no run in {place} or below it. `tinygan train mnist` starts one")
    return 0


def _row(one: Any) -> list[str]:
    if one.state == "damaged":
        return [one.run, "", "", "", "", "", "", f"damaged: {one.why}"]
    state = {
        "finished": "finished",
        "unfinished": f"at epoch {one.epochs} of {one.n_epochs}",
        "diverged": f"diverged: {one.why}",
    }[one.state]
    score = "" if one.score is None else f"{one.score['mean']:.1f} ± {one.score['standard_error']:.1f}"
    time = str(timedelta(seconds=round(one.seconds)))
    return [one.run, one.experiment, one.updates, str(one.seed), str(one.epochs), score, time, state]
