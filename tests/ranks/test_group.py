"""Ranks: one alone for free, several that hear each other, and launchers of all kinds."""

import sys

import numpy as np
import pytest
from fake_gpu import fake_cupy, host_cuda
from support.ranks.mpi import HERE, end, needs_mpi, start, together

from tinygan.backend import choose_device, device_of, to_device, to_host
from tinygan.ranks import group, launcher
from tinygan.ranks.group import ALONE, Ranks, find_ranks

VARIABLES = {*launcher.SIZES, *launcher.NUMBERS, "SLURM_STEP_NUM_TASKS"}


def test_alone_nothing_changes():
    array = np.ones(3)
    ALONE.average(array, 0.5)
    ALONE.broadcast(array)
    assert array.tolist() == [1, 1, 1]
    assert ALONE.all_gather(array)[0] is array
    assert (ALONE.told("a"), ALONE.told_bytes(b"a"), ALONE.largest(-3)) == ("a", b"a", -3)
    assert ALONE.prefix == ""
    ALONE.abort(1)
    with pytest.raises(ValueError, match="own"), ALONE.together():
        raise ValueError("own")


@pytest.mark.parametrize(
    ("variables", "size", "number"),
    [
        ({}, 1, 0),
        ({"PMI_SIZE": "4", "PMI_RANK": "3"}, 4, 3),
        ({"PMI_SIZE": "1", "PMI_RANK": "0"}, 1, 0),
        ({"OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_RANK": "1", "PMIX_RANK": "1"}, 2, 1),
        ({"OMPI_COMM_WORLD_SIZE": "1", "PMIX_RANK": "0"}, 1, 0),
        ({"PMIX_RANK": "5"}, 2, 5),
        ({"PMIX_RANK": "0", "SLURM_STEP_NUM_TASKS": "1"}, 1, 0),
        ({"SLURM_STEP_NUM_TASKS": "8"}, 1, 0),  # srun without MPI
        ({"PMI_SIZE": "many"}, 1, 0),
    ],
)
def test_every_launcher_is_understood(variables, size, number, monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert (launcher.started_size(), launcher.started_number()) == (size, number)


def test_a_plain_start_does_not_look_for_mpi(monkeypatch):
    monkeypatch.setitem(sys.modules, "mpi4py", None)  # an import would fail
    assert find_ranks() is ALONE


def test_without_mpi4py_mpiexec_is_told_what_to_install(monkeypatch, capsys):
    from tinygan.cli import main

    monkeypatch.setitem(sys.modules, "mpi4py", None)
    monkeypatch.setenv("PMI_SIZE", "2")
    with pytest.raises(RuntimeError, match=r"mpi4py cannot be imported .*pip install mpi4py brings it"):
        find_ranks()
    for rank, status in (("0", 1), ("1", 0)):
        monkeypatch.setenv("PMI_RANK", rank)
        assert main(["runs"]) == status
        assert capsys.readouterr().err.count("mpiexec started this, but mpi4py cannot be imported") == status


@pytest.mark.parametrize("words", [["train", "--bad"], ["nonsense"], ["--version"]])
def test_other_ranks_leave_wrong_words_to_rank_0(words, monkeypatch, capsys):
    from tinygan.cli import main

    monkeypatch.setenv("PMI_RANK", "1")
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == 0
    assert capsys.readouterr() == ("", "")


def test_an_mpiexec_of_another_mpi_is_refused(monkeypatch):
    """Else every process would take itself for rank 0, and all would write into one folder."""
    monkeypatch.setattr(group, "started_size", lambda: 2)
    monkeypatch.setitem(sys.modules, "mpi4py", Stranger)
    with pytest.raises(RuntimeError, match="mpiexec started 2 processes, but mpi4py finds only one"):
        find_ranks()


class Stranger:
    class MPI:
        class COMM_WORLD:
            Get_size = staticmethod(lambda: 1)


class Twins:
    """Two ranks with the same arrays, of which the test is one."""

    def Get_rank(self):
        return 0

    def Get_size(self):
        return 2

    def Alltoall(self, sent, received):
        received[:] = np.split(sent, 2)[0]

    def Allgather(self, sent, received):
        received.reshape(2, -1)[:] = sent.reshape(1, -1)


@pytest.mark.skipif(not host_cuda.available(), reason="there is no C++ compiler to run the kernels with")
def test_arrays_of_a_gpu_go_through_the_host_and_back(monkeypatch):
    fake_cupy.install(monkeypatch)
    ranks = Ranks(Twins())
    gradient = to_device(np.full(4, 3.0, np.float32), "gpu:0")
    ranks.average(gradient, 0.25)
    assert device_of(gradient) == "gpu:0"
    assert to_host(gradient).tolist() == [1.5] * 4
    assert [device_of(there) for there in ranks.all_gather(gradient)] == ["gpu:0"] * 2


@pytest.mark.skipif(not host_cuda.available(), reason="there is no C++ compiler to run the kernels with")
def test_the_gpus_of_a_machine_are_dealt_out_to_its_ranks(monkeypatch):
    fake_cupy.install(monkeypatch, device_count=2)
    for asked in ("gpu", "auto"):
        assert [choose_device(asked, local)[0] for local in range(4)] == ["gpu:0", "gpu:1", "gpu:0", "gpu:1"]
    assert choose_device("gpu:1", 2)[0] == "gpu:1"


@needs_mpi
@pytest.mark.slow
@pytest.mark.parametrize("n", [2, 3])
def test_ranks_hear_each_other(n):
    assert together(n, HERE / "talking.py", "well") == "heard ['well']\n"


@needs_mpi
@pytest.mark.slow
@pytest.mark.parametrize("guilty", [0, 1])
def test_an_exception_that_nobody_catches_stops_all_ranks(guilty):
    script = (
        "from tinygan.ranks.group import find_ranks\nranks = find_ranks()\n"
        f"if ranks.rank == {guilty}: raise KeyError('lost')\nranks.largest(1)\nprint('went on')"
    )
    status, out, err = end(start(2, "-c", script))
    assert status != 0
    assert "went on" not in out
    assert f"rank {guilty} of 2: this exception stops them all" in err
    assert "KeyError: 'lost'" in err


@needs_mpi
@pytest.mark.slow
def test_other_commands_are_left_to_rank_0(tmp_path):
    assert together(2, "-m", "tinygan", "--version").count("tinygan") == 1
    assert together(2, "-m", "tinygan").count("usage") == 1
    assert together(2, "-m", "tinygan", "runs", tmp_path).count("\n") == 1
