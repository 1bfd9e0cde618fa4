"""Time what tinygan adds to the start of a Python that imports it, and of its command.

python -m benchmarks.startup
"""

import subprocess
import sys
import time

import numpy as np

from benchmarks.timing import Finding, median, parser, report, seconds

# The most milliseconds that tinygan may add to `import numpy`, and its command to a Python that does nothing.
IMPORT_BAR, HELP_BAR = 60, 250

PROGRAMS = {
    "python -c pass": ["-c", "pass"],
    "import numpy": ["-c", "import numpy"],
    "import numpy, tinygan": ["-c", "import numpy, tinygan"],
    "import the layers, optimisers and Algorithm 1": ["-c", "import tinygan.adversarial"],
    "tinygan --help": ["-m", "tinygan", "--help"],
}


def children_clock() -> float:
    """Return the CPU time of all child processes that have ended, or where a system does not tell, the time."""
    try:
        import resource
    except ImportError:  # Windows
        return time.perf_counter()
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def start(arguments: list[str]) -> None:
    """Run one Python program to its end."""
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)


def measure(rounds: int) -> list[Finding]:
    """Return what starting takes."""
    calls = {name: lambda arguments=arguments: start(arguments) for name, arguments in PROGRAMS.items()}
    times = seconds(calls, rounds, warm_up=1, clock=children_clock)  # the first run writes the bytecode
    taken = {name: 1e3 * values for name, values in times.items()}

    def added(name: str, base: str, bar: float | None = None) -> Finding:
        difference: np.ndarray = taken[name] - taken[base]
        return median(name, f"beyond {base}", difference, "ms", bar=bar)

    return [
        *(median(name, "", values, "ms", in_table=False) for name, values in taken.items()),
        added("import numpy, tinygan", "import numpy", IMPORT_BAR),
        added("import the layers, optimisers and Algorithm 1", "import numpy"),
        added("tinygan --help", "python -c pass", HELP_BAR),
    ]


def findings(*, quick: bool) -> list[Finding]:
    """Return what starting takes."""
    return measure(3 if quick else 21)


def main() -> None:
    """Measure and print; exit with 1 if a bar is missed."""
    chosen = parser(__doc__).parse_args()
    raise SystemExit(report(findings(quick=chosen.quick), chosen))


if __name__ == "__main__":
    main()
