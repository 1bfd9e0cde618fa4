"""Run the default recipe of Figure 1 on every target and many seeds, and print the table of what it reaches.

python -m benchmarks.figure1 --seeds 20 --processes 2 --runs figure1.jsonl --table docs/figure1_table.md

Every run is kept in the file of --runs as soon as it is done; the same command goes on from there.
"""

import argparse
import json
import math
import time
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from tinygan.data import parse_distribution
from tinygan.experiments.figure1 import Moment, four_panels, missed, play
from tinygan.experiments.figure1.diagnosis import ERROR_BAR, GAP_BAR
from tinygan.table import text_table

# group -> (its targets, share of seeds, JSD on that share, JSD on all seeds, whether the bars on D apply)
GROUPS = {
    "one mode": (
        [
            "gaussian:0,1",
            "gaussian:-3,0.3",
            "gaussian:4,0.5",
            "gaussian:2,2",
            "gaussian:1,1.5",
            "gaussian:-1,0.7",
            "uniform:-1,1",
            "laplace:0,1",
            "gumbel:0,1",
        ],
        0.95,
        0.015,
        0.02,
        True,
    ),
    "exponential": (["exponential:1"], 0.8, 0.03, 0.05, False),
    "two modes, four deviations apart": (
        ["mixture:-2,1;2,1", "mixture:-1,0.5,0.3;1,0.5,0.7"],
        0.7,
        0.03,
        np.inf,
        False,
    ),
    "two modes, well separated": (["mixture:-2,0.5;2,0.5", "mixture:-3,0.3;3,0.3"], 0.0, np.inf, np.inf, False),
}
# Where panel (c) is to be nearer than (a): on the default target, to this share of its JSD, on this share of seeds.
STORY, NEARER, NEARER_SHARE = "gaussian:4,0.5", 0.7, 0.9
HEADER = ["data", "JSD median", "JSD 95 %", "JSD worst", "W1 median", "abs(D - D*) worst", "abs(D - 1/2) worst", "bar"]


def one_run(job: tuple[str, int]) -> dict:
    """Play one game and return its measures."""
    spec, seed = job
    start = time.perf_counter()
    with threadpool_limits(1):
        moments = list(play(parse_distribution(spec), rng=seed))
        seconds = time.perf_counter() - start
        end = moments[-1]
        return {
            "data": spec,
            "seed": seed,
            "seconds": seconds,
            **asdict(end.measures),
            "panel_c_to_a": nearness(moments) if spec == STORY else None,
            "missed": "; ".join(missed(end.game, end.measures)) or None,
        }


def nearness(moments: list[Moment]) -> float:
    """Return the JSD of panel (c) as a share of that of panel (a)."""
    (_, a), _, (_, c), _ = four_panels(moments)
    return (c.criterion + math.log(4)) / (a.criterion + math.log(4))


def kept(file: Path | None) -> dict[tuple[str, int], dict]:
    """Return the runs that an earlier call has kept in a file."""
    lines = file.read_text(encoding="utf-8").splitlines() if file and file.exists() else []
    return {(run["data"], run["seed"]): run for run in map(json.loads, lines)}


def row(spec: str, runs: list[dict], share: float, share_bar: float, all_bar: float, bars_on_d: bool) -> list[str]:
    """Return the table's row for one target: what was reached, and whether that is within its bars."""
    jsd = np.array([run["jsd"] for run in runs])
    error = max(run["discriminator_error"] for run in runs)
    gap = max(run["discriminator_gap"] for run in runs)
    met = np.mean(jsd <= share_bar) >= share and jsd.max() <= all_bar
    met &= not bars_on_d or (error <= ERROR_BAR and gap <= GAP_BAR)
    verdict = ("met" if met else "missed") if share else "none"
    w1 = np.median([run["wasserstein"] for run in runs])
    numbers = [np.median(jsd), np.quantile(jsd, 0.95), jsd.max()]
    return [spec, *(f"{n:.4f}" for n in numbers), f"{w1:.3f}", f"{error:.3f}", f"{gap:.3f}", verdict]


def markdown(rows: list[list[str]]) -> str:
    """Return the rows as a Markdown table."""
    lines = [HEADER, ["---", *["---:"] * (len(HEADER) - 2), "---"], *([f"`{spec}`", *cells] for spec, *cells in rows)]
    return (
        "<!-- Written by benchmarks/figure1.py. -->\n\n"
        + "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
        + "\n"
    )


def in_words(shares: list[float]) -> str:
    """Say how much nearer than panel (a) panel (c) is."""
    return (
        f"On `{STORY}`, the JSD of panel (c) is at most {NEARER} of that of panel (a) on "
        f"{sum(share <= NEARER for share in shares)} of {len(shares)} seeds: {np.median(shares):.2f} in the median, "
        f"{max(shares):.2f} at worst."
    )


def main() -> None:
    """Run all and print the table; exit with 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=20, help="seeds a target (default: 20)")
    parser.add_argument("--first-seed", type=int, default=0, help="the first of them (default: 0)")
    parser.add_argument("--processes", type=int, default=1, help="runs at the same time, one thread each (default: 1)")
    parser.add_argument("--table", type=Path, help="write the table as Markdown to this file as well")
    parser.add_argument("--runs", type=Path, help="keep every run in this file, a line of JSON each, and go on from it")
    options = parser.parse_args()

    seeds = range(options.first_seed, options.first_seed + options.seeds)
    jobs = [(spec, seed) for specs, *_ in GROUPS.values() for spec in specs for seed in seeds]
    done = kept(options.runs)
    with get_context("spawn").Pool(options.processes) as pool:
        for run in pool.imap(one_run, [job for job in jobs if job not in done]):
            done[run["data"], run["seed"]] = run
            print(f"{len(done)}/{len(jobs)}  {run['data']}  seed {run['seed']}  JSD {run['jsd']:.4f}", flush=True)
            if options.runs:
                with options.runs.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(run) + "\n")

    runs = [done[job] for job in jobs]
    rows = [
        row(spec, [run for run in runs if run["data"] == spec], *bars)
        for specs, *bars in GROUPS.values()
        for spec in specs
    ]
    print(text_table(HEADER, rows, "<" + ">" * (len(HEADER) - 2) + "<"))
    print(f"{len(runs)} runs of {np.median([run['seconds'] for run in runs]):.1f} s (median); JSD in nats")
    print(story := in_words(shares := [run["panel_c_to_a"] for run in runs if run["data"] == STORY]))
    if options.table:
        options.table.write_text(f"{markdown(rows)}\n{story}\n", encoding="utf-8")
    if any(cells[-1] == "missed" for cells in rows) or np.mean(np.array(shares) <= NEARER) < NEARER_SHARE:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
