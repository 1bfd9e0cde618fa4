"""tinygan evaluate: print Table 1's row for a run or for any samples, beside the paper's and calibrating rows."""

import argparse
import csv
import json
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tinygan.cli.terminal.argument_types import count, seed, threads
from tinygan.cli.terminal.devices import add_device_option, chosen_device
from tinygan.cli.terminal.display import painted, progress
from tinygan.cli.terminal.streams import spelled
from tinygan.files import as_path

EXPERIMENTS = ("mnist", "fashion-mnist", "images", "tfd", "cifar10")
# Rows of the matrix products that are timed to choose the number of threads.
N_PROBE = 100
WIDTH = 100


def add_parser(subparsers: Any) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "evaluate",
        help="score a run, or a file of samples, as Table 1 does",
        description="Print the mean log-likelihood of the test images under a Parzen window on samples. Sigma is "
        "chosen on validation images, on the paper's grid and on a fine one. The rows of real images, of k-means "
        "and of the mean image show how far to trust the score.",
    )
    parser.set_defaults(run=run)
    subject = parser.add_mutually_exclusive_group(required=True)
    subject.add_argument("folder", nargs="?", type=as_path, metavar="RUN", help="the folder of a run")
    subject.add_argument(
        "--samples-file",
        type=as_path,
        metavar="FILE",
        help="score the samples in this file: "
        "a .npy or .npz of shape (n, height, width) or (n, pixels), floats from 0 to 1 or uint8; or "
        "a folder of PNG or JPEG files",
    )
    parser.add_argument(
        "--experiment",
        choices=EXPERIMENTS,
        help="the images that the samples of the file should be like (default: mnist)",
    )
    parser.add_argument(
        "--data",
        type=as_path,
        metavar="PATH",
        help="images, tfd: the file with the images; otherwise the data folder (default: where the run had it; for a "
        "file, the folder that TINYGAN_DATA names, then the user's cache)",
    )
    parser.add_argument(
        "--samples",
        type=count,
        metavar="N",
        help="samples to draw from the run (default: 10000, as in the authors' code)",
    )
    parser.add_argument("--seed", type=seed, metavar="S", help="seed of these samples (default: 0)")
    parser.add_argument(
        "--no-calibration",
        action="store_true",
        help="leave out the rows of real images, k-means and the mean image, which are slow",
    )
    parser.add_argument(
        "--threads",
        type=threads,
        default="auto",
        metavar="N",
        help="threads of the matrix products (default: auto, which measures)",
    )
    add_device_option(parser)
    output = parser.add_argument_group("the output")
    formats = output.add_mutually_exclusive_group()
    formats.add_argument("--json", action="store_true", help="print one JSON object instead of the table")
    formats.add_argument("--csv", action="store_true", help="print the table as CSV")
    output.add_argument(
        "--curve", type=as_path, metavar="FILE", help="draw the log-likelihood over sigma: .png, .svg or .pdf"
    )
    output.add_argument(
        "-q", "--quiet", action="store_true", help="print nothing but errors (and what --json or --csv asks for)"
    )


class SampleSource(NamedTuple):
    """The source of the samples, with the images already read and the samples not drawn yet."""

    model: str
    experiment: str
    splits: Any
    draw: Callable[[], Any]
    about: dict[str, Any]
    d_real: float | None = None
    d_fake: float | None = None


def run(options: argparse.Namespace) -> int:
    """Score the samples, and report the scores."""
    from tinygan.backend import to_device
    from tinygan.backend.threads import blas_threads, resolved_threads
    from tinygan.experiments.table1 import PAPER, table1

    ranks = options.ranks
    with ranks.together():
        if options.curve is not None:
            from tinygan.figures.output import STILL, check_output

            check_output(options.curve, STILL)
        device = chosen_device(options)
        source = _from_run(options, device) if options.samples_file is None else _from_file(options)
        n_threads = resolved_threads(options.threads, N_PROBE) if ranks.rank == 0 else 0
    with blas_threads(ranks.largest(n_threads)):
        try:
            with ranks.together():
                samples, calibrate = to_device(source.draw(), device), not options.no_calibration
                found = table1(
                    samples, source.splits, source.experiment, model=source.model, calibrate=calibrate, ranks=ranks
                )
            ranks.broadcast(samples)  # so that all ranks have the same bits
            rows = list(progress(found, total=4 if calibrate else 1, label="scoring", quiet=options.quiet))
        except MemoryError as error:
            raise MemoryError(_out_of_memory(error, device, options)) from None
    if ranks.rank > 0:
        return 0
    paper, missed = PAPER.get(source.experiment, ()), _missed(source, samples)
    if options.json:
        sizes = {"n_validation": rows[0].n_validation, "n_test": rows[0].n_test}
        print(json.dumps(source.about | sizes | {"rows": _records(paper, rows), "missed": missed}))
    elif options.csv:
        records = _records(paper, rows)
        writer = csv.DictWriter(sys.stdout, list(records[-1]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(records)
    elif not options.quiet:
        print(_table(paper, rows))
        print(
            *(
                textwrap.fill(note, WIDTH, break_on_hyphens=False, break_long_words=False)
                for note in _notes(source.experiment, rows)
            ),
            *(painted(f"Missed: {cause}.", "bad") for cause in missed),
            sep="\n",
        )
    if options.curve is not None:
        _draw(rows, options.curve, f"{rows[0].n_validation:,} validation images of {source.experiment}")
    return 0


def _out_of_memory(error: MemoryError, device: str, options: argparse.Namespace) -> str:
    """Return a message that says what ran out of memory, and how to need less."""
    from tinygan.experiments.table1 import N_SAMPLES

    fewer = "a file with fewer samples"
    if options.samples_file is None:
        fewer = f"--samples {max((options.samples or N_SAMPLES) // 2, 1)}"
    elsewhere = "" if device == "cpu" else f", or --device cpu, which takes none of {device}'s"
    what = str(error).rstrip(".") or "of unknown size"
    return f"{'the host' if device == 'cpu' else device} has too little memory ({what}); {fewer} takes less{elsewhere}"


def _missed(source: SampleSource, samples: Any) -> list[str]:
    """Return what has gone wrong with the samples, in words, beside their score."""
    from tinygan.data import ScaledImages
    from tinygan.evaluation import find_collapse
    from tinygan.recipes.data_sets import RECIPES

    x = ScaledImages(source.splits.train.images, RECIPES[source.experiment].preprocess)
    return find_collapse(samples, x, d_real=source.d_real, d_fake=source.d_fake)


def _from_run(options: argparse.Namespace, device: str) -> SampleSource:
    from tinygan.experiments.table1 import N_SAMPLES
    from tinygan.recipes.data_sets import load_again
    from tinygan.runs.folder import RunFolder
    from tinygan.runs.trained import load_trained

    if options.experiment is not None:
        raise ValueError("--experiment goes with --samples-file; a run knows its own")
    trained = load_trained(options.folder, device=device)
    config, n = trained.config, options.samples or N_SAMPLES
    draw_seed = options.seed or 0
    about = {"run": str(options.folder), "experiment": config["experiment"], "epoch": trained.epoch, "seed": draw_seed}
    last = ({}, *RunFolder(options.folder).read_metrics())[-1]
    return SampleSource(
        f"{options.folder}, epoch {trained.epoch}",
        config["experiment"],
        load_again(config, options.data),
        lambda: trained.sample(n, rng=draw_seed),
        about,
        last.get("d_real"),
        last.get("d_fake"),
    )


def _from_file(options: argparse.Namespace) -> SampleSource:
    from tinygan.experiments.table1.sample_files import read_samples
    from tinygan.recipes.data_sets import load

    if options.samples is not None or options.seed is not None:
        raise ValueError("--samples and --seed draw from a run; a file is scored as it is")
    experiment = options.experiment or "mnist"
    splits = load(experiment, options.data)
    samples = read_samples(options.samples_file, experiment, splits.train.images.shape[1:])
    about = {"samples_file": str(options.samples_file), "experiment": experiment}
    return SampleSource(str(options.samples_file), experiment, splits, lambda: samples, about)


def _records(paper: Sequence[Any], rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Return all rows as flat records with the same keys; numbers that the paper does not state are None."""
    found = [
        {"source": source} | row.as_dict()
        for row, source in zip(rows, ["samples", *["calibration"] * (len(rows) - 1)], strict=True)
    ]
    unsaid = dict.fromkeys(found[0])
    published = [
        unsaid
        | {"source": "paper", "model": model, "paper_grid_mean": mean, "paper_grid_standard_error": standard_error}
        for model, mean, standard_error in paper
    ]
    return published + found


def _table(paper: Sequence[Any], rows: Sequence[Any]) -> str:
    from tinygan.table import text_table

    header = ["model", "paper's grid", "sigma", "fine grid", "sigma"]
    published = [[f"{row.model}, in the paper", f"{row.mean:g} ± {row.standard_error:g}", "", "", ""] for row in paper]
    cells = [[spelled(cell) for cell in line] for line in published + [_cells(row) for row in rows]]
    return text_table(header, cells, "<>>>>")


def _cells(row: Any) -> list[str]:
    cells = [row.model]
    for found in (row.paper_grid, row.fine_grid):
        cells += [f"{found.mean:.1f} ± {found.standard_error:.1f}", f"{found.bandwidth:.3f}"]
    return cells


def _notes(experiment: str, rows: Sequence[Any]) -> Iterator[str]:
    yield (
        f"Mean log-likelihood ± standard error, in nats, of {rows[0].n_test:,} test images under "
        f"{rows[0].n_samples:,} samples; sigma chosen on {rows[0].n_validation:,} validation images."
    )
    if experiment.startswith("tfd"):
        yield "The paper's standard errors for TFD are over five folds; ours are over the test images of the first."
    if at_end := [row.model for row in rows if row.fine_grid.search.is_at_end]:
        yield f"Sigma is at an end of the grid, and a better one may lie beyond, for: {'; '.join(at_end)}."
    advice = (
        "leave out --no-calibration to compare with k-means, which generates nothing"
        if len(rows) == 1
        else "compare the averages that k-means makes, which generate nothing, with real images"
    )
    yield f"This score ranks models badly (Theis et al. 2016, arXiv 1511.01844): {advice}."


def _draw(rows: Sequence[Any], path: Path, title: str) -> None:
    from tinygan.figures.likelihoods import draw_bandwidths
    from tinygan.figures.style import to_the_letter

    searches = {to_the_letter(row.model): (row.fine_grid.search.bandwidths, row.fine_grid.search.curve) for row in rows}
    draw_bandwidths(searches, path, title=title)
