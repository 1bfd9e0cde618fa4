"""What mpiexec tells the processes that it starts, read without MPI."""

import os

# The variables of Open MPI, MPICH and its relatives, MVAPICH and PMIx.
SIZES = ("OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MV2_COMM_WORLD_SIZE")
NUMBERS = ("OMPI_COMM_WORLD_RANK", "PMI_RANK", "MV2_COMM_WORLD_RANK", "PMIX_RANK")


def started_size() -> int:
    """Return how many processes were started together, this one included; 2 if the launcher does not say.

    Examples
    --------
    >>> started_size()
    1
    """
    unsaid = _number(("SLURM_STEP_NUM_TASKS",), 2) if "PMIX_RANK" in os.environ else 1  # PMIx does not say
    return _number(SIZES, unsaid)


def started_number() -> int:
    """Return this process's number among those that were started together, from 0.

    Examples
    --------
    >>> started_number()
    0
    """
    return _number(NUMBERS, 0)


def _number(names: tuple[str, ...], otherwise: int) -> int:
    return next((int(os.environ[name]) for name in names if os.environ.get(name, "").isdecimal()), otherwise)
