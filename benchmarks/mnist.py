"""Train on MNIST with both orders of updates, score every tenth epoch as Table 1 does, and draw the curve.

python -m benchmarks.mnist --out runs/results --json docs/results/mnist.json --figure docs/results/likelihood.png

Hours on one core; what is there already, of an earlier and interrupted call, is taken as it is.
"""

import argparse
import os
import platform
import shutil
from pathlib import Path
from typing import Any

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np  # noqa: E402  after the threads are pinned
from threadpoolctl import threadpool_info  # noqa: E402

from tinygan import __version__  # noqa: E402
from tinygan.data import ScaledImages, Splits  # noqa: E402
from tinygan.experiments.table1 import N_SAMPLES, HeldOut, held_out, score  # noqa: E402
from tinygan.experiments.table1.calibration import calibration  # noqa: E402
from tinygan.figures.likelihoods import draw_likelihoods  # noqa: E402
from tinygan.recipes.base import recipe_with  # noqa: E402
from tinygan.recipes.data_sets import load  # noqa: E402
from tinygan.recipes.mnist import MNIST  # noqa: E402
from tinygan.runs.folder import RunFolder, read_json, write_json  # noqa: E402
from tinygan.runs.start import resume_run, start_run  # noqa: E402
from tinygan.runs.trained import load_trained  # noqa: E402
from tinygan.table import text_table  # noqa: E402

PAPER = 225.0  # Table 1
GRIDS = {"paper_grid": "the paper's", "fine_grid": "fine"}
HEADER = ["updates", "epochs", "paper's grid", "sigma", "fine grid", "sigma", "training hours"]


def snapshot(out: Path, updates: str, epoch: int, data: Path | None) -> Path:
    """Return the folder with what a run was at an epoch; train the run on to there if it is missing."""
    folder = out / "snapshots" / f"{updates}-{epoch:04d}"
    if not (folder / "config.json").exists():
        run_folder = RunFolder(out / updates)
        if run_folder.config.exists():
            run = resume_run(run_folder.path, n_epochs=epoch, data=data)
        else:
            recipe = recipe_with(MNIST, {"updates": updates, "n_epochs": epoch})
            run = start_run(run_folder.path, "mnist", recipe, data=data, seed=0, threads=1)
        for _ in run.train():
            pass
        folder.mkdir(parents=True, exist_ok=True)
        for file in (run_folder.checkpoint, run_folder.config):  # the second says that the first is whole
            shutil.copy(file, folder)
    return folder


def curve(out: Path, updates: str, epochs: range, images: HeldOut, data: Path | None) -> list[dict[str, Any]]:
    """Return the score at each epoch; those that were computed earlier come from scores.json."""
    path = out / "scores.json"
    scores = read_json(path) if path.exists() else {}
    for epoch in epochs:
        name = f"{updates}-{epoch:04d}"
        if name not in scores:
            trained = load_trained(snapshot(out, updates, epoch, data))
            row = score(f"{updates} updates", trained.sample(N_SAMPLES, rng=0), images)
            scores[name] = {"epoch": trained.epoch, **row.as_dict()}
            write_json(path, scores)
            print(
                f"{name}   {row.paper_grid.mean:7.1f} ± {row.paper_grid.standard_error:.1f} nats on the paper's grid, "
                f"{row.fine_grid.mean:7.1f} ± {row.fine_grid.standard_error:.1f} on the fine one",
                flush=True,
            )
    return [scores[f"{updates}-{epoch:04d}"] for epoch in epochs]


def calibrated(out: Path, splits: Splits, images: HeldOut) -> list[dict[str, Any]]:
    """Return the scores of samples that no network drew; they never change, so scores.json keeps them."""
    path = out / "scores.json"
    scores = read_json(path) if path.exists() else {}
    if "calibration" not in scores:
        rows = calibration(ScaledImages(splits.train.images), N_SAMPLES)
        scores["calibration"] = [score(name, samples, images).as_dict() for name, samples in rows]
        write_json(path, scores)
    return scores["calibration"]


def about(out: Path, updates: str, points: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what is to be known of a run: its recipe, how long it took, and its curve."""
    folder = RunFolder(out / updates)
    config, epochs = folder.read_config(), points[-1]["epoch"]
    lines = [line for line in folder.read_metrics() if line["epoch"] <= epochs]
    return {
        "recipe": {**config["recipe"], "n_epochs": epochs},
        "seed": config["seed"],
        "threads": config["threads"],
        "training_seconds": round(sum(line["seconds"] for line in lines)),
        "curve": points,
    }


def machine() -> dict[str, Any]:
    """Return what the numbers were computed with."""
    blas = next((pool for pool in threadpool_info() if pool["user_api"] == "blas"), {})
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": f"{blas.get('internal_api')} {blas.get('version')}, {blas.get('architecture')}",
        "tinygan": __version__,
    }


def table_row(updates: str, run: dict[str, Any]) -> list[str]:
    """Return how a run ended, as a row of the printed table."""
    last = run["curve"][-1]
    cells = [updates, str(last["epoch"])]
    for grid in GRIDS:
        cells += [
            f"{last[f'{grid}_mean']:.1f} ± {last[f'{grid}_standard_error']:.1f}",
            f"{last[f'{grid}_bandwidth']:.4f}",
        ]
    return [*cells, f"{run['training_seconds'] / 3600:.1f}"]


def curves(runs: dict[str, Any]) -> dict[str, tuple[np.ndarray, ...]]:
    """Return epochs, means and standard errors of both runs on both grids, by what to call them."""
    return {
        f"{updates}, {words} grid": tuple(
            np.array([point[key] for point in run["curve"]])
            for key in ("epoch", f"{grid}_mean", f"{grid}_standard_error")
        )
        for updates, run in runs.items()
        for grid, words in GRIDS.items()
    }


def draw_curves(runs: dict[str, Any], calibration_rows: list[dict[str, Any]], path: Path) -> None:
    """Draw how the scores of both runs rise."""
    real = calibration_rows[0]["paper_grid_mean"]
    draw_likelihoods(curves(runs), path, levels={"the paper": PAPER, "real images": real})


def main() -> None:
    """Train, score, draw and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("runs/results"), help="default: runs/results")
    parser.add_argument("--simultaneous", type=int, default=250, metavar="N", help="epochs (default: 250)")
    parser.add_argument("--alternating", type=int, default=100, metavar="N", help="epochs (default: 100)")
    parser.add_argument("--every", type=int, default=10, metavar="N", help="epochs between scores (default: 10)")
    parser.add_argument("--data", type=Path, help="the data folder (default: TINYGAN_DATA, then the user's cache)")
    parser.add_argument("--json", type=Path, help="write the numbers to this file as well")
    parser.add_argument("--figure", type=Path, help="draw the curves to this file as well")
    options = parser.parse_args()
    if not 0 < options.every <= min(options.simultaneous, options.alternating):
        parser.error(f"--every {options.every} leaves a curve without a point")

    splits = load("mnist", options.data)
    images = held_out("mnist", splits)
    runs = {}
    for updates in ("simultaneous", "alternating"):
        epochs = range(options.every, getattr(options, updates) + 1, options.every)
        runs[updates] = about(options.out, updates, curve(options.out, updates, epochs, images, options.data))
    calibration_rows = calibrated(options.out, splits, images)
    print(text_table(HEADER, [table_row(updates, run) for updates, run in runs.items()], "<" + 6 * ">"))
    if options.json:
        numbers = {"units": "nats", "samples": N_SAMPLES, "test_images": len(images.test), "machine": machine()}
        write_json(options.json, numbers | {"runs": runs, "calibration": calibration_rows})
    if options.figure:
        draw_curves(runs, calibration_rows, options.figure)


if __name__ == "__main__":
    main()
