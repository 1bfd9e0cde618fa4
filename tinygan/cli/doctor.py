"""tinygan doctor: say what hardware and libraries there are, how fast they are, and how to repair what is wrong."""

import argparse
import json
from dataclasses import asdict
from typing import Any

from tinygan.cli.terminal.argument_types import counted
from tinygan.cli.terminal.display import painted
from tinygan.cli.terminal.status import FAILED


def add_parser(subparsers: Any) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "doctor",
        help="say what is installed and whether it works: NumPy, CuPy, GPUs, MPI",
        description="Print the versions of Python, NumPy, its BLAS, CuPy, CUDA and MPI, run a kernel and a matrix "
        "product on each device, and say in a line what to do about each problem. The exit status is 1 if "
        "something is broken. A missing GPU is not a problem.",
    )
    parser.set_defaults(run=run)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> int:
    """Examine the machine, print what was found, and return the exit status."""
    from tinygan.backend.doctor import examine

    found = examine()
    if options.json:
        print(json.dumps(asdict(found)))
    else:
        print(_versions(found), _devices(found), _verdict(found), sep="\n\n")
    return FAILED if found.broken else 0


def _versions(found: Any) -> str:
    lines = {
        "Python": f"{found.python} on {found.system}",
        "tinygan": found.tinygan,
        "NumPy": found.numpy,
        "BLAS": ", ".join(f"{one['name']} {one['version']}, {counted(one['threads'], 'thread')}" for one in found.blas)
        or "one that does not say its name",
        "cores": str(found.cores),
        "pins": ", ".join(f"{name}={value}" for name, value in found.environment.items())
        or "no variable that pins threads or hides GPUs",
        "CuPy": " and ".join(found.cupy["wheels"]) or "not installed",
        "driver": f"for CUDA {found.cupy['driver']}" if found.cupy["driver"] else "none that CuPy finds",
        "MPI": "mpi4py is not installed, which only several ranks need",
    }
    if found.cupy["version"] is not None:
        lines["CuPy"] = f"{found.cupy['version']} for CUDA {found.cupy['runtime']}"
    else:
        del lines["driver"]
    if found.mpi["mpi4py"] is not None:
        lines["MPI"] = f"mpi4py {found.mpi['mpi4py']}, {found.mpi['library'] or 'but no library'}"
    return "\n".join(f"{name:<7}  {value}" for name, value in lines.items())


def _devices(found: Any) -> str:
    from tinygan.backend.doctor import N
    from tinygan.table import text_table

    rows = [["cpu", "", "", _speed(found, "cpu")]]
    for number, gpu in enumerate(found.gpus):
        memory = f"{gpu['free'] / 2**30:.1f} of {gpu['memory'] / 2**30:.1f} GiB"
        rows.append([f"gpu:{number}", gpu["name"], memory, _speed(found, f"gpu:{number}")])
    header = ["device", "name", "free memory", f"product of two {N} x {N} float32"]
    columns = [0, 1, 2, 3] if found.gpus else [0, 3]
    return text_table(
        [header[i] for i in columns], [[row[i] for i in columns] for row in rows], "".join("<<>>"[i] for i in columns)
    )


def _speed(found: Any, device: str) -> str:
    return f"{found.gflops[device]:,.0f} GFLOP/s" if device in found.gflops else "did not run"


def _verdict(found: Any) -> str:
    lines = [painted(f"broken: {line}", "bad") for line in found.broken]
    lines += [f"advice: {line}" for line in found.advice]
    if found.gpu_problem is not None and found.gpu_problem not in found.broken:
        lines.append(f"no GPU: {found.gpu_problem}")
    if not found.broken:
        chosen = "the cpu" if found.gpu_problem else "gpu:0"
        lines.append(painted(f"All is well; --device auto takes {chosen}.", "good"))
    return "\n".join(lines)
