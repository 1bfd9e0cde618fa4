"""Draw the pictures of README and the documentation again, by the commands that a reader would type.

python -m benchmarks.pictures
python -m benchmarks.pictures --run runs/mnist

The second also draws what takes a trained run: Figures 2 and 3.
"""

import argparse
import json
from pathlib import Path

from benchmarks.mnist import draw_curves
from tinygan.cli import main as tinygan

DOCS = Path(__file__).parents[1] / "docs"
COMMANDS = {
    "_static/figure1.png": ["figure1", "-q"],
    "_static/gallery_one_cache.png": ["gallery", "one_cache", "--no-code"],
}
COMMANDS_OF_A_RUN = {"_static/figure2.png": ["samples"], "results/figure3.png": ["interpolate"]}


def main() -> None:
    """Draw them all; exit with 1 if one cannot be drawn."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--run", help="the folder of a run on MNIST, for Figures 2 and 3")
    parser.add_argument("--out", type=Path, default=DOCS, help="the folder to draw into (default: docs)")
    options = parser.parse_args()

    commands = dict(COMMANDS)
    if options.run:
        commands |= {name: [*words, options.run] for name, words in COMMANDS_OF_A_RUN.items()}
    for folder in {(options.out / name).parent for name in [*commands, "results/likelihood.png"]}:
        folder.mkdir(parents=True, exist_ok=True)
    failures = sum(tinygan([*words, "--out", str(options.out / name)]) != 0 for name, words in commands.items())
    numbers = json.loads((DOCS / "results" / "mnist.json").read_text(encoding="utf-8"))
    draw_curves(numbers["runs"], numbers["calibration"], options.out / "results" / "likelihood.png")
    raise SystemExit(min(failures, 1))


if __name__ == "__main__":
    main()
