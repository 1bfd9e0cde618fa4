"""Train with and without every bug of the gallery, ask the checker, and print the table of both.

python -m benchmarks.gallery --seeds 3 --processes 2 --table docs/gallery_table.md
"""

import argparse
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from tinygan.experiments.bugs import Curve, players, train_with
from tinygan.gradcheck.gallery import GALLERY, report
from tinygan.table import text_table

HEADER = ["bug", "JSD without", "JSD with", "looks good", "relative error", "named first", "right"]


def one_run(job: tuple[str, bool, int]) -> Curve:
    """Play one game."""
    name, is_wrong, seed = job
    with threadpool_limits(1):
        return train_with(GALLERY[name], is_wrong=is_wrong, rng=seed)


def row(name: str, right: list[Curve], wrong: list[Curve]) -> list[str]:
    """Return the table's row for one bug: medians over the seeds, and what the checker says."""
    found = report(GALLERY[name])
    first = "nothing" if found.ok else found.suspects[0].code
    n_good = sum(curve.looks_good for curve in wrong)
    words = {0: "no", len(wrong): "yes"}.get(n_good, f"{n_good} of {len(wrong)} seeds")
    if not any(curve.looks_good for curve in right):
        words += ", nor without"
    without, with_bug = (f"{np.median([curve.jsd[-1] for curve in curves]):.3f}" for curves in (right, wrong))
    error = max(tensor.relative_error for tensor in found.rows)
    is_named = "yes" if first == GALLERY[name].code else f"no: {GALLERY[name].code}"
    return [name, without, with_bug, words, f"{error:.0e}", first, is_named]


def markdown(rows: list[list[str]]) -> str:
    """Return the rows as a Markdown table."""
    lines = [HEADER, ["---", "---:", "---:", "---", "---:", "---", "---"]]
    lines += [[f"`{name}`", *cells[:-2], f"`{cells[-2]}`", cells[-1]] for name, *cells in rows]
    return (
        "<!-- Written by benchmarks/gallery.py. -->\n\n"
        + "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
        + f"\n\n{summary(rows)}\n"
    )


def summary(rows: list[list[str]]) -> str:
    """Return how many look good, how many are flagged, and how many are named rightly."""
    n_good = sum(cells[3] == "yes" for cells in rows)
    n_flagged = sum(cells[5] != "nothing" for cells in rows)
    return (
        f"Of {len(rows)} bugs, {n_good} leave a picture that looks good with every seed. The checker flags "
        f"{n_flagged}, and names {n_named(rows)} of them rightly first."
    )


def n_named(rows: list[list[str]]) -> int:
    """Return how many have their right name first."""
    return sum(cells[-1] == "yes" for cells in rows)


def main() -> None:
    """Run all and print the table; exit with 1 if the checker misses a bug, or names more than a tenth wrongly."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=3, help="seeds a bug (default: 3)")
    parser.add_argument("--processes", type=int, default=1, help="runs at the same time, one thread each (default: 1)")
    parser.add_argument("--table", type=Path, help="write the table as Markdown to this file as well")
    options = parser.parse_args()

    seeds = range(options.seeds)
    games = {name: repr(players(bug, is_wrong=False, rng=0)) for name, bug in GALLERY.items()}
    firsts = {game: name for name, game in reversed(games.items())}  # who shares the right game, plays it once
    jobs = [(name, is_wrong, seed) for is_wrong in (False, True) for name in GALLERY for seed in seeds
            if is_wrong or name in firsts.values()]  # fmt: skip
    curves = {}
    with get_context("spawn").Pool(options.processes) as pool:
        for job, curve in zip(jobs, pool.imap(one_run, jobs), strict=True):
            curves[job] = curve
            print(f"{len(curves)}/{len(jobs)}  {job[0]}  {'with' if job[1] else 'without'}  seed {job[2]}  "
                  f"JSD {curve.jsd[-1]:.3f}", flush=True)  # fmt: skip

    rows = [
        row(
            name,
            [curves[firsts[games[name]], False, seed] for seed in seeds],
            [curves[name, True, seed] for seed in seeds],
        )
        for name in GALLERY
    ]
    print(text_table(HEADER, rows, "<>><><<"))
    print(summary(rows))
    if options.table:
        options.table.write_text(markdown(rows), encoding="utf-8")
    if any(cells[5] == "nothing" for cells in rows) or n_named(rows) < 0.9 * len(rows):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
