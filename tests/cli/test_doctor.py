"""tinygan doctor, on machines that are whole, without a GPU, and broken in every way that can be faked."""

import json
import sys
from importlib import metadata
from types import SimpleNamespace

import numpy as np
import pytest
from fake_gpu import arrays, fake_cupy

from tinygan.backend import doctor
from tinygan.cli import main


@pytest.fixture(autouse=True)
def machine(monkeypatch, tmp_path):
    """Make a machine with one CuPy, a fake one, no MPI and no limits; the product is a small one."""
    monkeypatch.setattr(doctor, "N", 64)
    monkeypatch.setattr(doctor, "CPU_QUOTA", tmp_path / "cpu.max")
    for name in (*doctor.PINS, doctor.HIDES):
        monkeypatch.delenv(name, raising=False)
    packages = {
        "tinygan": ["numpy>=2.0", "matplotlib>=3.10.7", 'numpydoc<1; extra == "docs"'],
        "numpy": [],
        "matplotlib": [],
        "cupy-cuda12x": ["numpy<99,>=2.0", 'numpy<1; extra == "old"'],
    }
    versions = {"numpy": np.__version__, "matplotlib": "3.10.7"}

    def version(name):
        if name not in packages:
            raise metadata.PackageNotFoundError(name)
        return versions.get(name, "4.1.2")

    monkeypatch.setattr(metadata, "version", version)
    monkeypatch.setattr(metadata, "requires", packages.get)
    monkeypatch.setattr(
        metadata, "distributions", lambda: [SimpleNamespace(metadata={"Name": name}) for name in packages]
    )
    return packages


@pytest.fixture
def cupy(monkeypatch):
    return fake_cupy.install(monkeypatch, device_count=2)


@pytest.fixture
def _no_cupy(machine, monkeypatch):
    del machine["cupy-cuda12x"]
    monkeypatch.setitem(sys.modules, "cupy", None)


@pytest.fixture
def examine(capsys):
    """Return a function that runs the command and returns its lines by their first word, and as JSON."""

    def examine(status=0):
        assert main(["doctor"]) == status
        lines = capsys.readouterr().out.splitlines()
        assert main(["doctor", "--json"]) == status
        (text,) = capsys.readouterr().out.splitlines()
        return {line.split("  ")[0].split(":")[0]: line for line in lines if line}, json.loads(text)

    return examine


@pytest.mark.usefixtures("_no_cupy")
def test_without_cupy_all_is_well(examine):
    lines, found = examine()
    assert lines["Python"].startswith(f"Python   {sys.version.split()[0]} on ")
    assert lines["NumPy"] == f"NumPy    {np.__version__}"
    assert lines["CuPy"] == "CuPy     not installed"
    assert "driver" not in lines
    assert lines["no GPU"].startswith('no GPU: CuPy is not installed; pip install "cupy-cuda12x[ctk]" brings it')
    assert lines["All is well; --device auto takes the cpu."]
    assert lines["cpu"].endswith(" GFLOP/s")
    assert list(found["gflops"]) == ["cpu"]
    assert (found["gpus"], found["broken"], found["advice"]) == ([], [], [])


def test_every_gpu_is_named_and_timed(examine, cupy):
    lines, found = examine()
    assert lines["CuPy"] == f"CuPy     {fake_cupy.VERSION} for CUDA 12.9"
    assert lines["driver"] == "driver   for CUDA 12.9"
    assert lines["gpu"].startswith("gpu:1   Fake GPU  80.0 of 80.0 GiB  ")
    assert lines["All is well; --device auto takes gpu"].endswith("gpu:0.")
    assert list(found["gflops"]) == ["cpu", "gpu:0", "gpu:1"]
    assert all(speed > 0 for speed in found["gflops"].values())
    assert found["gpus"] == [{"name": "Fake GPU", "memory": 80 * 2**30, "free": cupy.cuda.Device(0).mem_info[0]}] * 2
    assert found["cupy"] == {
        "wheels": ["cupy-cuda12x"], "version": fake_cupy.VERSION, "runtime": "12.9", "driver": "12.9"
    }  # fmt: skip


def test_the_columns_are_straight(cupy, capsys):
    main(["doctor"])
    versions, devices, _ = capsys.readouterr().out.split("\n\n")
    assert {line[7:9] for line in versions.splitlines()} == {"  "}
    assert all(line[9] != " " for line in versions.splitlines())
    rows = devices.splitlines()
    assert len({len(row) for row in rows}) == 1
    assert [row.split()[0] for row in rows] == ["device", "cpu", "gpu:0", "gpu:1"]
    assert rows[0].endswith("product of two 64 x 64 float32")


# What is broken


def broken(examine):
    lines, found = examine(status=1)
    assert found["broken"]
    assert not any(line.startswith("All is well") for line in lines)
    assert lines["broken"] == f"broken: {found['broken'][-1]}"
    return found["broken"]


def test_two_cupys_are_broken(examine, cupy, machine):
    machine["cupy-cuda13x"] = []
    assert broken(examine) == [
        "2 CuPys are installed over each other, cupy-cuda12x and cupy-cuda13x; "
        "pip uninstall cupy-cuda12x cupy-cuda13x, then install one"
    ]
    assert examine(status=1)[0]["CuPy"] == "CuPy     cupy-cuda12x and cupy-cuda13x"


def test_an_old_driver_is_broken(examine, cupy):
    cupy.machine.driver_too_old = True
    assert broken(examine) == [
        "the GPU's driver is too old for this CuPy (it runs CUDA 11.4, CuPy is made for 12.9); update the driver"
    ]


def test_a_gpu_that_runs_no_kernel_is_broken(examine, cupy):
    cupy.machine.launch_error = RuntimeError("no rtc")
    (line,) = broken(examine)
    assert line == "no kernel runs on the GPU: no rtc"


def test_a_wrong_product_is_broken(examine, cupy, monkeypatch):
    monkeypatch.setattr(arrays.ndarray, "__matmul__", lambda x, y: x + y)
    first, second = broken(examine)
    assert first == "a product on gpu:0 has 2 where 64 is right; its driver or hardware is broken"
    assert "gpu:1" in second


def test_a_gpu_whose_memory_is_full_is_broken(examine, cupy):
    cupy.machine.memory_limit = 16 * 1024 + 512  # one matrix and the probe
    lines = broken(examine)
    assert len(lines) == 2
    assert lines[0].startswith("no product runs on gpu:0: Out of memory allocating 16,384 bytes")
    assert "did not run" in str(examine(status=1)[0])


@pytest.mark.parametrize("takes", ["numpy>=99.1", "numpy<99.3,>=99.1", "numpy>=2.999", "numpy!=3.0,>=99"])
@pytest.mark.parametrize("package", ["tinygan", "cupy-cuda12x"])
def test_a_numpy_that_is_too_old_is_broken(examine, cupy, machine, package, takes):
    machine[package][0] = takes
    assert broken(examine) == [f"{package} takes {takes}, and numpy {np.__version__} is too old; pip install '{takes}'"]


@pytest.mark.parametrize(("least", "is_old"), [("3.10.8", True), ("3.10.7", False), ("3.10", False), ("3.9.9", False)])
def test_versions_are_compared_number_by_number(examine, cupy, machine, least, is_old):
    machine["tinygan"][1] = takes = f"matplotlib>={least}"
    if is_old:
        assert broken(examine) == [f"tinygan takes {takes}, and matplotlib 3.10.7 is too old; pip install '{takes}'"]
    else:
        examine()


def test_a_package_that_is_not_installed_is_broken(examine, cupy, machine):
    machine["tinygan"].append("tqdm>=4.66.3")
    assert broken(examine) == ["tinygan takes tqdm>=4.66.3, which is not installed; pip install 'tqdm>=4.66.3'"]


def test_the_packages_of_this_machine_are_new_enough(capsys, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(doctor, "N", 64)
    main(["doctor", "--json"])
    assert "tinygan takes" not in capsys.readouterr().out
    assert "matplotlib" in {name for _, name in doctor._requirements("tinygan")}


def test_a_tinygan_that_runs_from_its_source_has_no_requirements(examine, cupy, monkeypatch):
    def requires(package):
        raise metadata.PackageNotFoundError(package)

    monkeypatch.setattr(metadata, "requires", requires)
    examine()


def test_an_mpi4py_without_mpi_is_broken(examine, cupy, machine, monkeypatch):
    machine["mpi4py"] = []
    monkeypatch.setattr(doctor, "MPI_LIBRARY", "raise RuntimeError('cannot load MPI library')")
    assert broken(examine) == [
        "mpi4py finds no MPI that it can load (RuntimeError: cannot load MPI library); pip install mpich brings one"
    ]
    assert examine(status=1)[0]["MPI"] == "MPI      mpi4py 4.1.2, but no library"


# What is not


def test_mpi_is_named(examine, cupy, machine, monkeypatch):
    assert examine()[0]["MPI"] == "MPI      mpi4py is not installed, which only several ranks need"
    machine["mpi4py"] = []
    monkeypatch.setattr(doctor, "MPI_LIBRARY", r"print('MPICH Version:      5.0.2\nMPICH Release date: today')")
    assert examine()[0]["MPI"] == "MPI      mpi4py 4.1.2, MPICH 5.0.2"


@pytest.mark.parametrize(
    ("config", "words"),
    [({"device_count": 0}, "cudaErrorNoDevice"), ({"driver_too_old": True}, "there is no NVIDIA driver")],
)
def test_a_cupy_without_a_gpu_is_not_broken(examine, cupy, monkeypatch, config, words):
    for name, value in config.items():
        setattr(cupy.machine, name, value)
    monkeypatch.setattr(cupy.cuda.runtime, "driverGetVersion", lambda: 0)
    lines, found = examine()
    assert found["gpu_problem"].startswith("CuPy finds no GPU")
    assert words in lines["no GPU"]
    assert lines["driver"] == "driver   none that CuPy finds"


def test_a_numpy_that_is_too_new_for_cupy_is_worth_a_line(examine, cupy, machine):
    machine["cupy-cuda12x"][0] = "numpy<2.0"
    lines, _ = examine()
    assert lines["advice"].endswith("is newer than it was made for; pip install 'numpy<2.0'")


@pytest.mark.parametrize("pinned", [None, "MKL_NUM_THREADS"])
def test_more_threads_than_cores_are_worth_a_line(examine, cupy, monkeypatch, pinned):
    if pinned:
        monkeypatch.setenv(pinned, "8")
    pool = {"user_api": "blas", "internal_api": "openblas", "version": "0.3", "num_threads": 8}
    monkeypatch.setattr(doctor, "threadpool_info", lambda: [pool, pool | {"user_api": "openmp", "num_threads": 99}])
    doctor.CPU_QUOTA.write_text("200000 100000\n", encoding="ascii")
    monkeypatch.setattr(doctor.os, "sched_getaffinity", lambda _: range(64), raising=False)
    lines, found = examine()
    assert lines["BLAS"] == "BLAS     openblas 0.3, 8 threads"
    assert lines["cores"] == "cores    2"
    name = pinned or "OMP_NUM_THREADS"
    assert found["advice"] == [f"8 BLAS threads wait for each other on 2 cores; set {name}=2"]
    assert (
        lines["pins"] == f"pins     {'MKL_NUM_THREADS=8' if pinned else 'no variable that pins threads or hides GPUs'}"
    )


@pytest.mark.parametrize(("quota", "cores"), [("max 100000", 4), ("150000 100000", 2), ("1 100000", 1), ("", 4)])
def test_the_cores_are_those_that_a_container_grants(monkeypatch, quota, cores):
    monkeypatch.setattr(doctor.os, "sched_getaffinity", lambda _: range(4), raising=False)
    doctor.CPU_QUOTA.write_text(quota, encoding="ascii")
    assert doctor.usable_cores() == cores


def test_without_affinities_all_cores_count(monkeypatch):
    monkeypatch.delattr(doctor.os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(doctor.os, "cpu_count", lambda: 7)
    assert doctor.usable_cores() == 7
