"""tinygan samples: draw Figure 2 from a run."""

import argparse
from pathlib import Path
from typing import Any

from tinygan.cli.terminal.argument_types import count, seed
from tinygan.files import as_path


def add_parser(subparsers: Any) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "samples",
        help="draw Figure 2: samples of a run, and the training images nearest to them",
        description="Draw random samples, not picked by hand. The image in a frame at the end of each row is the "
        "training image nearest to the sample beside it in L2: it shows whether the generator has learned it by heart. "
        "The run may still be training. The file is replaced if it exists.",
    )
    parser.set_defaults(run=run)
    parser.add_argument("folder", type=as_path, metavar="RUN", help="the folder that tinygan train made")
    parser.add_argument(
        "--out",
        type=as_path,
        default=Path("figure2.png"),
        metavar="FILE",
        help=".png, .svg or .pdf (default: %(default)s)",
    )
    parser.add_argument(
        "--rows", type=count, default=4, metavar="R", help="rows of samples (default: %(default)s, as in the paper)"
    )
    parser.add_argument(
        "--columns", type=count, default=5, metavar="C", help="samples in a row (default: %(default)s, as in the paper)"
    )
    parser.add_argument(
        "--seed", type=seed, default=0, metavar="N", help="the same seed gives the same samples (default: 0)"
    )
    parser.add_argument(
        "--data",
        type=as_path,
        metavar="PATH",
        help="where the training images are now, as in tinygan train (default: where they were)",
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing but errors")


def run(options: argparse.Namespace) -> int:
    """Draw samples and their nearest training images, and print the distances."""
    from tinygan.experiments.figures2and3 import figure2
    from tinygan.figures.output import STILL, check_output
    from tinygan.figures.samples import draw_samples
    from tinygan.recipes.data_sets import load_again
    from tinygan.runs.trained import load_trained

    path = check_output(options.out, STILL)
    trained = load_trained(options.folder)
    examples = load_again(trained.config, options.data).train.images
    figure = figure2(trained, examples, n_rows=options.rows, n_columns=options.columns, rng=options.seed)
    draw_samples(figure.images, path, n_columns=options.columns, neighbours=figure.neighbours)
    if not options.quiet:
        distances = figure.distances
        print(f"samples   {len(figure.images)} of {options.folder} at epoch {trained.epoch}, seed {options.seed}")
        print(f"distance  {distances.mean():.2f} to the nearest training image, on average over {len(distances)} rows")
        print(f"file      {path}")
    return 0
