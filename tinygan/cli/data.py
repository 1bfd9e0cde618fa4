"""tinygan data: verify the files of a data set, and download those that are missing."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tinygan.cli.terminal.display import painted
from tinygan.files import as_path

NAMES = ("mnist", "fashion-mnist")
PARTS = ("training", "validation", "the test")


def add_parser(subparsers: Any) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "data",
        help="download MNIST or Fashion-MNIST, or verify the files that are there",
        description="Verify the four files of a data set by their SHA-256, and download those that are missing. "
        "Without --data-dir, look in the folder that TINYGAN_DATA names, then in the user's cache.",
    )
    parser.set_defaults(run=run)
    parser.add_argument("name", choices=NAMES, metavar="NAME", help=f"which data set: {' or '.join(NAMES)}")
    parser.add_argument(
        "--data-dir",
        type=as_path,
        metavar="DIR",
        help="look in this folder only, and download to it; each data set has its own folder in it",
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing but errors")


def run(options: argparse.Namespace) -> int:
    """Verify and download the files, read them, and print what was found."""
    from tinygan.data.folders import fetch
    from tinygan.data.images import load_fashion_mnist, load_mnist

    with _byte_bars(options.quiet) as progress:
        fetched = fetch(options.name, options.data_dir, progress=progress)
    load = {"mnist": load_mnist, "fashion-mnist": load_fashion_mnist}[options.name]
    splits = load(options.data_dir)
    if not options.quiet:
        print(_summary(options.name, fetched, splits))
    return 0


def _summary(name: str, fetched: Any, splits: Any) -> str:
    from tinygan.table import text_table

    states = [(path, "verified") for path in fetched.verified] + [(path, "downloaded") for path in fetched.downloaded]
    rows = [[path.name, f"{path.stat().st_size:,}", state] for path, state in sorted(states)]
    height, width = splits.train.images.shape[1:]
    counts = ", ".join(f"{len(part.images):,} for {what}" for part, what in zip(splits, PARTS, strict=True))
    return "\n".join(
        [
            text_table(["file", "bytes", "SHA-256"], rows, "<><"),
            f"images of {height} x {width}: {counts}",
            painted(f"{name} is whole, in {fetched.folder}", "good"),
        ]
    )


@contextmanager
def _byte_bars(quiet: bool) -> Iterator[Any]:
    """Yield a function that shows how much of each file has arrived as a bar, or None unless a person is looking."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    bars: dict[str, Any] = {}

    def show(name: str, n_bytes: int, size: int) -> None:
        if name not in bars:
            bars[name] = tqdm(total=size, desc=name, unit="B", unit_scale=True, dynamic_ncols=True, file=sys.stderr)
        bars[name].update(n_bytes - bars[name].n)

    try:
        yield show
    finally:
        for bar in bars.values():
            bar.close()
