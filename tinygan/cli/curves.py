"""tinygan curves: plot how a run went."""

import argparse
from pathlib import Path
from typing import Any

from tinygan.files import as_path


def add_parser(subparsers: Any) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "curves",
        help="plot how a run went: losses, D(x) and D(G(z)), log-likelihood",
        description="Plot the losses of both players, the means of D(x) and D(G(z)), and the quick log-likelihoods "
        "over the epochs. The run may still be training. The file is replaced if it exists.",
    )
    parser.set_defaults(run=run)
    parser.add_argument("folder", type=as_path, metavar="RUN", help="the folder that tinygan train made")
    parser.add_argument(
        "--out",
        type=as_path,
        default=Path("curves.png"),
        metavar="FILE",
        help=".png, .svg or .pdf (default: %(default)s)",
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing but errors")


def run(options: argparse.Namespace) -> int:
    """Plot the metrics."""
    from tinygan.figures.curves import draw_curves
    from tinygan.figures.output import STILL, check_output
    from tinygan.runs.folder import RunFolder

    path = check_output(options.out, STILL)
    folder = RunFolder(options.folder)
    folder.read_config()
    metrics = folder.read_metrics()
    if not metrics:
        raise ValueError(
            f"{folder.path} has nothing to plot: each epoch adds a line to metrics.jsonl, and there is none"
        )
    try:
        draw_curves(metrics, path)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{folder.metrics} is damaged: {error}") from None
    if not options.quiet:
        print(f"epochs  {len(metrics)} of {folder.path}")
        print(f"file    {path}")
    return 0
