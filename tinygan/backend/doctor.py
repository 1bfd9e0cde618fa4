"""What this machine has to compute with, how fast it is, and what is wrong with it."""

import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

from tinygan import __version__
from tinygan.backend.devices import to_device
from tinygan.backend.probe import ABSENT, cupy_wheels, gpu_facts, gpu_problem
from tinygan.backend.threads import PINS

# The matrix product that is timed, (N, N) by (N, N), and how often: the fastest counts.
N, REPEATS = 2048, 3
GIGA = 1e9

HIDES = "CUDA_VISIBLE_DEVICES"

CPU_QUOTA = Path("/sys/fs/cgroup/cpu.max")

# In a process of its own, since MPI can be loaded only once and may end the process that loads it.
MPI_LIBRARY = "import mpi4py; mpi4py.rc.initialize = False; from mpi4py import MPI; print(MPI.Get_library_version())"


@dataclass
class Examination:
    """What `examine` found.

    Attributes
    ----------
    tinygan, python, system, numpy : str
        Versions, and the name of the operating system.
    blas : list of dict
        For each library of NumPy's matrix products its ``name``, ``version`` and ``threads``.
    cores : int
        How many cores this process may use.
    environment : dict
        The variables that pin threads or hide GPUs, as far as they are set.
    cupy : dict
        ``wheels``, the distributions that are installed, and ``version``, ``runtime`` and ``driver`` from `gpu_facts`.
    gpus : list of dict
        The GPUs, from `gpu_facts`.
    gpu_problem : str or None
        Why no kernel runs on a GPU.
    mpi : dict
        ``mpi4py``, its version, and ``library``, the MPI that it found: str or None.
    gflops : dict
        The speed of each device in a product of two 2048 x 2048 float32 matrices, in 1e9 operations a second.
    broken, advice : list of str
        What must be repaired, and what could be better; each says what to do.
    """

    tinygan: str = __version__
    python: str = field(default_factory=platform.python_version)
    system: str = field(default_factory=lambda: f"{platform.system()} {platform.machine()}")
    numpy: str = np.__version__
    blas: list[dict[str, Any]] = field(default_factory=list)
    cores: int = 1
    environment: dict[str, str] = field(default_factory=dict)
    cupy: dict[str, Any] = field(default_factory=dict)
    gpus: list[dict[str, Any]] = field(default_factory=list)
    gpu_problem: str | None = None
    mpi: dict[str, str | None] = field(default_factory=dict)
    gflops: dict[str, float] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)


def examine() -> Examination:
    """Examine this machine, and time a matrix product on each device.

    Examples
    --------
    >>> found = examine()
    >>> found.gflops["cpu"] > 0
    True
    """
    facts = gpu_facts()
    found = Examination(
        blas=[
            {"name": pool["internal_api"], "version": pool["version"], "threads": pool["num_threads"]}
            for pool in threadpool_info()
            if pool["user_api"] == "blas"
        ],
        cores=usable_cores(),
        environment={name: os.environ[name] for name in (*PINS, HIDES) if name in os.environ},
        cupy={"wheels": cupy_wheels()} | {key: facts[key] for key in ("version", "runtime", "driver")},
        gpus=facts["gpus"],
        gpu_problem=gpu_problem(),
    )
    _look_at_threads(found)
    _look_at_versions(found)
    _look_at_mpi(found)
    if found.gpu_problem is not None and not found.gpu_problem.startswith(ABSENT):
        found.broken.append(found.gpu_problem)
    n_gpus = len(found.gpus) if found.gpu_problem is None else 0
    for device in ("cpu", *(f"gpu:{number}" for number in range(n_gpus))):
        _time_product(found, device)
    return found


def usable_cores() -> int:
    """Return how many cores this process may use: those it is bound to, or fewer if its container grants fewer.

    Examples
    --------
    >>> usable_cores() >= 1
    True
    """
    bound = getattr(os, "sched_getaffinity", None)  # Linux has it
    cores = len(bound(0)) if bound else os.cpu_count() or 1
    try:
        quota, period = CPU_QUOTA.read_text(encoding="ascii").split()
        return max(1, min(cores, round(int(quota) / int(period))))
    except (OSError, ValueError):  # no container, or no limit: "max 100000"
        return cores


def _look_at_threads(found: Examination) -> None:
    threads = max((library["threads"] for library in found.blas), default=1)
    if threads > found.cores:
        name = next((name for name in PINS if name in found.environment), "OMP_NUM_THREADS")
        cores = f"{found.cores} core{'s' * (found.cores > 1)}"
        found.advice.append(f"{threads} BLAS threads wait for each other on {cores}; set {name}={found.cores}")


def _look_at_versions(found: Examination) -> None:
    """Compare the installed versions with those that tinygan and CuPy take."""
    for package in ("tinygan", *found.cupy["wheels"]):
        for requirement, name in _requirements(package):
            try:
                version = metadata.version(name)
            except metadata.PackageNotFoundError:
                found.broken.append(
                    f"{package} takes {requirement}, which is not installed; pip install '{requirement}'"
                )
                continue
            takes = f"{package} takes {requirement}, and {name} {version} is"
            bounds = dict(re.findall(r"(>=|<)\s*([\d.]+)", requirement))
            if _numbers(version) < _numbers(bounds.get(">=", "0")):
                found.broken.append(f"{takes} too old; pip install '{requirement}'")
            elif "<" in bounds and _numbers(version) >= _numbers(bounds["<"]):
                found.advice.append(f"{takes} newer than it was made for; pip install '{requirement}'")


def _requirements(package: str) -> Iterator[tuple[str, str]]:
    """Yield what a package always needs, as in numpy>=2.0, and its name."""
    with suppress(metadata.PackageNotFoundError):  # tinygan is run from its source, without being installed
        for requirement in metadata.requires(package) or ():
            if needed := re.fullmatch(r"([\w.-]+)[^;]*", requirement):  # what follows a ; is the condition of an extra
                yield requirement, needed[1]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)[:3]))


def _look_at_mpi(found: Examination) -> None:
    found.mpi = {"mpi4py": None, "library": None}
    try:
        found.mpi["mpi4py"] = metadata.version("mpi4py")
    except metadata.PackageNotFoundError:
        return
    asked = subprocess.run([sys.executable, "-c", MPI_LIBRARY], capture_output=True, text=True, check=False)
    said = (asked.stdout if asked.returncode == 0 else asked.stderr).strip().splitlines() or ["it says nothing"]
    if asked.returncode == 0:
        found.mpi["library"] = " ".join(said[0].replace("Version:", "").replace("\0", "").split())
    else:
        found.broken.append(f"mpi4py finds no MPI that it can load ({said[-1]}); pip install mpich brings one")


def _time_product(found: Examination, device: str) -> None:
    """Time a product of matrices of ones; each number of it is N."""
    try:
        x, seconds, entry = to_device(np.ones((N, N), np.float32), device), float("inf"), 0.0
        for _ in range(1 + REPEATS):  # the first one warms up
            start = time.perf_counter()
            entry = float((x @ x)[-1, -1])  # a number on the host, so the device has finished
            seconds = min(seconds, time.perf_counter() - start)
    except (MemoryError, RuntimeError) as error:
        found.broken.append(f"no product runs on {device}: {' '.join(str(error).split())}; nvidia-smi says who uses it")
        return
    if entry != N:
        found.broken.append(f"a product on {device} has {entry:g} where {N} is right; its driver or hardware is broken")
    found.gflops[device] = 2 * N**3 / seconds / GIGA
