"""Weigh a process that trains the MNIST recipe, beyond one that has only imported NumPy.

python -m benchmarks.memory
"""

import subprocess
import sys
from pathlib import Path

from benchmarks.timing import Finding, parser, report

BAR_MEGABYTES = 250

ROOT = Path(__file__).parents[1]

# All that was ever resident at one time. (What getrusage tells may have begun in the parent process.)
PEAK = """
from pathlib import Path
lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(lines["VmHWM"].split()[0])
"""

NUMPY = "import numpy\n"

TRAIN = """
import numpy as np
from benchmarks.step import iteration, recipe
images = np.random.default_rng(0).integers(0, 256, ({n_images}, {n_pixels}), dtype=np.uint8)
step = iteration(recipe(), images)
for _ in range(5):
    step()
"""


def peak(program: str) -> float:
    """Return the most megabytes that a Python program had resident; Linux only."""
    command = [sys.executable, "-c", program + PEAK]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    return int(done.stdout) * 1024 / 1e6


def measure(n_images: int, n_pixels: int = 784) -> list[Finding]:
    """Return what training holds, with so many images as bytes."""
    what, size = "memory of training, beyond import numpy", f"batch 100, {n_images:,} images"
    if not Path("/proc/self/status").exists():
        return [Finding(what, size, None, "MB", bar=BAR_MEGABYTES, note="this system does not tell")]
    value = peak(TRAIN.format(n_images=n_images, n_pixels=n_pixels)) - peak(NUMPY)
    return [Finding(what, size, value, "MB", bar=BAR_MEGABYTES)]


def findings(*, quick: bool) -> list[Finding]:
    """Return what training holds with the images of the paper, or with few."""
    return measure(2000 if quick else 50_000)


def main() -> None:
    """Measure and print; exit with 1 if the bar is missed."""
    chosen = parser(__doc__).parse_args()
    raise SystemExit(report(findings(quick=chosen.quick), chosen))


if __name__ == "__main__":
    main()
