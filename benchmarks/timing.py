"""What the benchmarks share: how they time and weigh, and how they report."""

import argparse
import contextlib
import datetime
import json
import os
import platform
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

from tinygan.table import text_table

HEADER = ["what", "size", "measured", "quartiles", "bar", ""]
ALIGN = "<<>>><"

# How a number of each unit is written; "" is a ratio.
FORMATS = {
    "": "{:.2f}",
    "ns": "{:.2g} ns",
    "ms": "{:.1f} ms",
    "s": "{:.3f} s",
    "MB": "{:.0f} MB",
    "GFLOP": "{:.2f} GFLOP",
    "nats": "{:.0e} nats",
}

PACKAGES = ("tinygan", "numpy", "scipy", "torch", "jax", "jaxlib", "cupy-cuda12x", "cupy-cuda13x")


@dataclass(frozen=True)
class Finding:
    """One line of the table.

    Attributes
    ----------
    what, size : str
        What was measured, and on how much.
    value : float or None
        None where it could not be measured; then the note says why.
    unit : str
        One of `FORMATS`.
    quartiles : tuple of float or None
        The lower and the upper one, where value is a median.
    bar : float or None
        The most that value may be.
    note : str
    in_table : bool
        Whether the table shows it; the file of numbers has it in any case.
    """

    what: str
    size: str
    value: float | None
    unit: str = ""
    quartiles: tuple[float, float] | None = None
    bar: float | None = None
    note: str = ""
    in_table: bool = True

    @property
    def verdict(self) -> str:
        """Return whether the bar is met, or the note where there is nothing to compare."""
        if self.value is None or self.bar is None:
            return self.note
        return "met" if self.value <= self.bar else "missed"

    def cells(self) -> list[str]:
        """Return what the table shows, a text for each column."""
        form = FORMATS[self.unit].format
        value = "absent" if self.value is None else form(self.value)
        bare = FORMATS[self.unit].split()[0].format
        spread = "" if self.quartiles is None else " to ".join(map(bare, self.quartiles))
        bar = "" if self.bar is None else f"<= {form(self.bar)}"
        return [self.what, self.size, value, spread, bar, self.verdict]


def seconds(
    calls: Mapping[str, Callable[[], object]],
    rounds: int,
    *,
    warm_up: int = 0,
    clock: Callable[[], float] = time.process_time,
) -> dict[str, np.ndarray]:
    """Return the seconds that each call took in each round; the calls take turns, so that all see the same machine.

    Parameters
    ----------
    calls : mapping of str to callable
        By name.
    rounds, warm_up : int
        How often each is called, and how often before that without being timed.
    clock : callable
        By default the CPU time of the process, all its threads together.
    """
    times: dict[str, list[float]] = {name: [] for name in calls}
    for i in range(warm_up + rounds):
        for name, call in calls.items():
            start = clock()
            call()
            taken = clock() - start
            if i >= warm_up:
                times[name].append(taken)
    return {name: np.array(taken) for name, taken in times.items()}


def median(what: str, size: str, values: np.ndarray, unit: str = "", **rest: Any) -> Finding:
    """Return the finding whose value is the median of several."""
    low, middle, high = (float(q) for q in np.quantile(values, [0.25, 0.5, 0.75]))
    return Finding(what, size, middle, unit, (low, high), **rest)


def megabytes(call: Callable[[], object]) -> float:
    """Return the most memory that the call holds at one time, beyond what was there before."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


@contextlib.contextmanager
def one_core() -> Iterator[None]:
    """Keep the process on one core, where the system can: what goes by the number of cores then runs one thread."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def setting() -> dict[str, Any]:
    """Return what the numbers depend on: the machine, the versions, the threads and the day."""
    versions = {}
    for package in PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions[package] = metadata.version(package)
    pools = threadpool_info()
    return {
        "date": datetime.date.today().isoformat(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "versions": versions,
        "blas": sorted({f"{pool['internal_api']} {pool['version']}" for pool in pools if pool["user_api"] == "blas"}),
        "threads": max((pool["num_threads"] for pool in pools), default=1),
    }


def processor() -> str:
    """Return the model of the processor, as exactly as the system tells it."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            name, _, model = line.partition(":")
            if name.strip() == "model name":
                return model.strip()
    return platform.processor() or platform.machine()


def parser(doc: str | None) -> argparse.ArgumentParser:
    """Return a parser of the options that every benchmark has, with the first line of a docstring."""
    made = argparse.ArgumentParser(description=(doc or "").partition("\n")[0])
    made.add_argument("--quick", action="store_true", help="small sizes and few rounds; then no bar applies")
    made.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to this file as well")
    made.add_argument("--markdown", type=Path, metavar="FILE", help="write the table to this file as well, as Markdown")
    return made


def report(findings: Sequence[Finding], options: argparse.Namespace) -> int:
    """Print the table, write the files that were asked for, and return the exit status: 1 if a bar is missed."""
    if options.quick:
        findings = [replace(finding, bar=None) for finding in findings]
    here = setting()
    print(text_table(HEADER, _rows(findings), ALIGN))
    print(summary(here))
    if options.json:
        content = {"setting": here, "quick": options.quick, "findings": [asdict(finding) for finding in findings]}
        _write(options.json, json.dumps(content, indent=1) + "\n")
    if options.markdown:
        _write(options.markdown, markdown(findings, here))
    return int(any(finding.verdict == "missed" for finding in findings))


def markdown(findings: Sequence[Finding], here: Mapping[str, Any]) -> str:
    """Return the table as Markdown, and below it what the numbers depend on."""
    rule = [{"<": "---", ">": "---:"}[side] for side in ALIGN]
    table = "\n".join("| " + " | ".join(cells) + " |" for cells in [HEADER, rule, *_rows(findings)])
    return f"<!-- Written by python -m benchmarks. -->\n\n{table}\n\n{summary(here)}\n"


def summary(here: Mapping[str, Any]) -> str:
    """Return in one sentence what the numbers depend on."""
    versions = ", ".join(f"{name} {version}" for name, version in here["versions"].items())
    threads = f"{here['threads']} BLAS thread" + "s" * (here["threads"] > 1)
    machine = f"{here['processor']}, {here['cores']} cores, {threads}"
    return f"{machine}; {here['system']}, Python {here['python']}, {versions}; {here['date']}."


def _rows(findings: Sequence[Finding]) -> list[list[str]]:
    return [finding.cells() for finding in findings if finding.in_table]


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
