"""tinygan interpolate: draw Figure 3 from a run."""

import argparse
from pathlib import Path
from typing import Any

from tinygan.cli.terminal.argument_types import count, seed
from tinygan.files import as_path

# Lines and steps of a picture, and of an animation, which shows all lines at once, step after step.
PICTURE, ANIMATION = (5, 15), (25, 36)


def add_parser(subparsers: Any) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "interpolate",
        help="draw Figure 3: samples of a run along straight lines in z",
        description="Draw samples along straight lines in z. Each line leads from one random point of the prior to "
        "another. The run may still be training. The file is replaced if it exists.",
    )
    parser.set_defaults(run=run)
    parser.add_argument("folder", type=as_path, metavar="RUN", help="the folder that tinygan train made")
    parser.add_argument(
        "--out",
        type=as_path,
        default=Path("figure3.png"),
        metavar="FILE",
        help=".png, .svg or .pdf for a line a row, .gif for an animation (default: %(default)s)",
    )
    for i, (name, what) in enumerate({"lines": "straight lines in z", "steps": "images on each line"}.items()):
        parser.add_argument(
            f"--{name}", type=count, metavar="N", help=f"{what} (default: {PICTURE[i]}, or {ANIMATION[i]} for a .gif)"
        )
    parser.add_argument(
        "--seed", type=seed, default=0, metavar="N", help="the same seed gives the same lines (default: 0)"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing but errors")


def run(options: argparse.Namespace) -> int:
    """Draw the lines."""
    from tinygan.experiments.figures2and3 import figure3
    from tinygan.figures.output import FIGURE3, check_output, is_animation
    from tinygan.figures.samples import draw_interpolation
    from tinygan.runs.trained import load_trained

    path = check_output(options.out, FIGURE3)
    n_lines, n_steps = ANIMATION if is_animation(path) else PICTURE
    n_lines, n_steps = options.lines or n_lines, options.steps or n_steps
    trained = load_trained(options.folder)
    draw_interpolation(figure3(trained, n_lines=n_lines, n_steps=n_steps, rng=options.seed), path)
    if not options.quiet:
        print(f"lines  {n_lines} of {n_steps} steps, {options.folder} at epoch {trained.epoch}, seed {options.seed}")
        print(f"file   {path}")
    return 0
