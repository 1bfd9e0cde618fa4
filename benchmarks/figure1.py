"""Run the default recipe of Figure 1 on every target and many seeds, and print the table of what it reaches.

python -m benchmarks.figure1 --seeds 20 --processes 2 --table docs/figure1_table.md
"""

import argparse
import json
import time
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from tinygan.data import parse_distribution
from tinygan.experiments.figure1.diagnosis import ERROR_BAR, GAP_BAR, missed
from tinygan.experiments.figure1.play import Figure1Recipe, play
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
HEADER = ["data", "JSD median", "JSD 95 %", "JSD worst", "W1 median", "abs(D - D*) worst", "abs(D - 1/2) worst", "bar"]


def one_run(job: tuple[str, int]) -> dict:
    """Play one game and return its measures."""
    spec, seed = job
    start = time.perf_counter()
    game, iterations = play(parse_distribution(spec), Figure1Recipe(), rng=seed)
    with threadpool_limits(1):
        for _ in iterations:
            pass
    seconds = time.perf_counter() - start
    measures = game.measure()
    return {
        "data": spec,
        "seed": seed,
        "seconds": seconds,
        **asdict(measures),
        "missed": "; ".join(missed(game, measures)) or None,
    }


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


def main() -> None:
    """Run all and print the table; exit with 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=20, help="seeds a target (default: 20)")
    parser.add_argument("--first-seed", type=int, default=0, help="the first of them (default: 0)")
    parser.add_argument("--processes", type=int, default=1, help="runs at the same time, one thread each (default: 1)")
    parser.add_argument("--table", type=Path, help="write the table as Markdown to this file as well")
    parser.add_argument("--json", type=Path, help="write every run to this file as well")
    options = parser.parse_args()

    seeds = range(options.first_seed, options.first_seed + options.seeds)
    jobs = [(spec, seed) for specs, *_ in GROUPS.values() for spec in specs for seed in seeds]
    with get_context("spawn").Pool(options.processes) as pool:
        runs = []
        for run in pool.imap(one_run, jobs):
            runs.append(run)
            print(f"{len(runs)}/{len(jobs)}  {run['data']}  seed {run['seed']}  JSD {run['jsd']:.4f}", flush=True)

    rows = [
        row(spec, [run for run in runs if run["data"] == spec], *bars)
        for specs, *bars in GROUPS.values()
        for spec in specs
    ]
    print(text_table(HEADER, rows, "<" + ">" * (len(HEADER) - 2) + "<"))
    print(f"{len(runs)} runs of {np.median([run['seconds'] for run in runs]):.1f} s (median); JSD in nats")
    if options.table:
        options.table.write_text(markdown(rows), encoding="utf-8")
    if options.json:
        options.json.write_text(json.dumps(runs, indent=1) + "\n", encoding="utf-8")
    if any(cells[-1] == "missed" for cells in rows):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
