"""Measure everything that docs/performance.md has a bar for, and print one table.

python -m benchmarks --json docs/results/performance.json --markdown docs/performance_table.md
"""

from benchmarks import memory, parzen, scale, startup, step
from benchmarks.timing import parser, report


def main() -> None:
    """Measure and print; exit with 1 if a bar is missed."""
    chosen = parser(__doc__).parse_args()
    found = []
    for part in (step, memory, parzen, startup, scale):
        print(f"{part.__name__} ...", flush=True)
        found += part.findings(quick=chosen.quick)
    raise SystemExit(report(found, chosen))


if __name__ == "__main__":
    main()
