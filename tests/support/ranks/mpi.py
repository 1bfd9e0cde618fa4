"""Starts several processes by mpiexec for a test, and never waits for ever; or says why it cannot."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TESTS = HERE.parents[1]
# The mpiexec of a wheel lies beside the interpreter, and belongs to its mpi4py.
MPIEXEC = shutil.which("mpiexec", path=os.path.dirname(sys.executable)) or shutil.which("mpiexec")
SECONDS = 120
# Open MPI refuses root, and more ranks than cores, unless it is told.
OPEN_MPI = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
}
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

needs_mpi = pytest.mark.skipif(
    MPIEXEC is None or importlib.util.find_spec("mpi4py") is None or sys.platform == "win32",
    reason="needs mpi4py and mpiexec: pip install mpi4py mpich",
)

PASSES_SIGNALS_ON = (
    MPIEXEC is not None and "HYDRA" in subprocess.run([MPIEXEC, "--version"], capture_output=True, text=True).stdout
)


def start(n, *words, **environment):
    """Start n processes of this interpreter with the words, in a group of their own."""
    return subprocess.Popen(
        [MPIEXEC, "-n", str(n), sys.executable, *map(str, words)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        env=os.environ | ONE_THREAD | OPEN_MPI | {"MPLBACKEND": "Agg", "PYTHONPATH": str(TESTS)} | environment,
    )  # fmt: skip


def end(process):
    """Wait for processes, and return (status, stdout, stderr); kill them all, and fail, if they take too long."""
    try:
        out, err = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        pytest.fail(f"the ranks hung:\n{out}\n{err}")
    return process.returncode, out, err


def together(n, *words, **environment):
    """Run n processes to their end, which must be a good one, and return what they print."""
    status, out, err = end(start(n, *words, **environment))
    assert status == 0, err
    return out
