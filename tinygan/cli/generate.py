"""tinygan generate: write samples of a run to a file of NumPy."""

import argparse
from pathlib import Path
from typing import Any

from tinygan.cli.terminal.argument_types import count, seed
from tinygan.files import as_path

TAKES = {"the samples": (".npy", ".npz")}


def add_parser(subparsers: Any) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "generate",
        help="write samples of a run to a .npy or .npz file",
        description="Write samples as images: float32 of shape (n, height, width), or (n, height, width, 3) in colour, "
        "from 0 for black to 1 for white, as tinygan evaluate --samples-file takes them. cifar10 "
        "learns from images of normalised contrast, so its samples are stretched until a pixel is black or white. The "
        "run may still be training. The file is replaced if it exists.",
    )
    parser.set_defaults(run=run)
    parser.add_argument("folder", type=as_path, metavar="RUN", help="the folder that tinygan train made")
    parser.add_argument(
        "--n", type=count, default=10_000, metavar="N", help="number of samples (default: 10,000, as for Table 1)"
    )
    parser.add_argument(
        "--out",
        type=as_path,
        default=Path("samples.npy"),
        metavar="FILE",
        help=".npy, or .npz with the name samples in it (default: %(default)s)",
    )
    parser.add_argument(
        "--seed", type=seed, default=0, metavar="N", help="the same seed gives the same samples (default: 0)"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing but errors")


def run(options: argparse.Namespace) -> int:
    """Write the samples, and print their shape and range."""
    import numpy as np

    from tinygan.figures.output import check_output
    from tinygan.files import whole_file
    from tinygan.runs.trained import load_trained

    path = check_output(options.out, TAKES)
    trained = load_trained(options.folder)
    samples = trained.images(trained.sample(options.n, rng=options.seed))
    with whole_file(path) as temporary, open(temporary, "wb") as file:
        if path.suffix.lower() == ".npz":
            np.savez(file, samples=samples)
        else:
            np.save(file, samples)
    if not options.quiet:
        shape = " x ".join(f"{length:,}" for length in samples.shape)
        print(f"samples  {shape}, {samples.dtype} from {samples.min():.3g} to {samples.max():.3g}")
        print(f"run      {options.folder} at epoch {trained.epoch}, seed {options.seed}")
        print(f"file     {path}")
    return 0
