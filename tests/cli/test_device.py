"""--device on the commands that train or evaluate: what it takes, what it says, and that all end the same."""

import json
import sys

import numpy as np
import pytest
from fake_gpu import fake_cupy
from support.runs import made_images, tiny_run

from tinygan.cli import main
from tinygan.experiments.figure1 import panels

FIGURE1 = ["figure1", "--iterations", "3", "--no-draw", "--json"]
ON_GPU = "device: gpu:0, Fake GPU, on which a kernel ran\n"


@pytest.fixture
def cupy(monkeypatch):
    return fake_cupy.install(monkeypatch, device_count=2)


@pytest.fixture
def _no_cupy(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    monkeypatch.setattr("tinygan.backend.probe.cupy_wheels", list)


@pytest.fixture
def evaluate(tmp_path, capsys):
    """Return a function that scores a run on made images, and returns its rows and what it said on stderr."""
    run = str(tiny_run(tmp_path / "run", n_epochs=1))

    def evaluate(*words, status=0):
        assert main(["evaluate", *(words or [run]), "--threads", "1", "--json"]) == status
        out, err = capsys.readouterr()
        return json.loads(out)["rows"] if out else None, err

    evaluate.run = run
    return evaluate


def numbers(record):
    return {name: value for name, value in record.items() if isinstance(value, (int, float))}


def said(capsys, *words, status=0):
    assert main([*words]) == status
    return capsys.readouterr().err


# What it says


@pytest.mark.usefixtures("_no_cupy")
def test_without_cupy_nobody_hears_of_gpus_unless_they_ask(capsys, evaluate):
    assert evaluate()[1] == ""
    assert said(capsys, *FIGURE1) == ""
    assert said(capsys, *FIGURE1, "--device", "cpu") == ""
    assert said(capsys, *FIGURE1, "--device", "auto").startswith(
        'device: the cpu, since CuPy is not installed; pip install "cupy-cuda12x[ctk]" brings it'
    )
    assert said(capsys, *FIGURE1, "--device", "auto", "-q") == ""


def test_with_cupy_evaluate_takes_a_gpu_and_says_so(evaluate, cupy):
    with cupy.counting() as counts:
        assert evaluate()[1] == ON_GPU
    assert counts.launches > 100
    assert evaluate(evaluate.run, "-q")[1] == ""
    cupy.machine.device_count = 0
    assert evaluate()[1].startswith("device: the cpu, since CuPy finds no GPU")


def test_figure1_takes_a_gpu_only_if_told(capsys, cupy):
    with cupy.counting() as counts:
        assert said(capsys, *FIGURE1) == ""
    assert counts.launches == 0
    with cupy.counting() as counts:
        assert said(capsys, *FIGURE1, "--device", "auto") == ON_GPU
    assert counts.launches > 100
    assert said(capsys, *FIGURE1, "--device", "gpu:1") == "device: gpu:1, Fake GPU, as asked\n"


def test_the_help_says_why_figure1_stays_on_the_cpu(capsys):
    with pytest.raises(SystemExit):
        main(["figure1", "--help"])
    words = " ".join(capsys.readouterr().out.split())
    assert "(default: cpu, since the networks are too small for a GPU to be faster)" in words
    with pytest.raises(SystemExit):
        main(["evaluate", "--help"])
    words = " ".join(capsys.readouterr().out.split())
    assert "the first GPU if a kernel runs on it, else the CPU (default: auto)" in words


# What it takes


@pytest.mark.parametrize("command", [["figure1"], ["evaluate", "RUN"], ["train", "mnist"]])
@pytest.mark.parametrize("word", ["cuda", "GPU", "gpu:", "gpu:-1", "gpu:x", "cpu:0", ""])
def test_a_word_that_names_no_device_is_refused(command, word, capsys):
    with pytest.raises(SystemExit) as end:
        main([*command, "--device", word])
    assert end.value.code == 2
    assert f"{word!r} is not a device; it takes cpu, gpu, gpu:1 and so on, or auto\n" in capsys.readouterr().err


def test_a_gpu_that_is_not_there_is_refused(capsys, cupy):
    err = said(capsys, *FIGURE1, "--device", "gpu:7", status=2)
    assert err == 'tinygan figure1: error: got the device "gpu:7", but there are gpu:0 to gpu:1\n'


@pytest.mark.usefixtures("_no_cupy")
def test_a_gpu_without_cupy_is_one_line(capsys):
    err = said(capsys, *FIGURE1, "--device", "gpu", status=1)
    assert err.startswith('tinygan figure1: error: found no usable GPU for "gpu": CuPy is not installed; pip install')
    assert err.count("\n") == 1


def test_an_old_driver_is_one_line(capsys, cupy):
    cupy.machine.driver_too_old = True
    err = said(capsys, *FIGURE1, "--device", "gpu", status=1)
    assert "error: found no usable GPU" in err
    assert "too old" in err
    assert err.count("\n") == 1


# What comes out


def test_a_run_scores_the_same_on_a_gpu(evaluate, cupy):
    host, device = (evaluate(evaluate.run, "--device", device)[0] for device in ("cpu", "gpu"))
    assert [row["source"] for row in device] == ["samples", *["calibration"] * 3]
    for row, wanted in zip(device, host, strict=True):
        assert numbers(row) == pytest.approx(numbers(wanted), rel=1e-4)


def test_a_file_scores_the_same_on_a_gpu(evaluate, cupy, tmp_path):
    np.save(tmp_path / "x.npy", made_images(n=30)[:20])
    words = [
        "--samples-file",
        str(tmp_path / "x.npy"),
        "--experiment",
        "images",
        "--data",
        str(tmp_path / "run.npy"),
    ]
    host, device = (evaluate(*words, "--device", device)[0] for device in ("cpu", "gpu"))
    assert [numbers(row) for row in device] == [pytest.approx(numbers(row), rel=1e-6) for row in host]


def test_the_curve_of_a_gpu_is_drawn(evaluate, cupy, tmp_path):
    evaluate(evaluate.run, "--device", "gpu", "--curve", str(tmp_path / "sigma.svg"))
    assert (tmp_path / "sigma.svg").exists()


@pytest.mark.slow
def test_figure1_ends_and_looks_the_same_on_a_gpu(capsys, cupy, tmp_path, monkeypatch):
    monkeypatch.setattr(panels, "D_UPDATES", 3)
    ends = []
    for device in ("cpu", "gpu"):
        path = tmp_path / f"{device}.png"
        words = ["figure1", "--iterations", "5", "--json", "--out", str(path), "--device", device]
        assert main(words) == 0
        ends.append(json.loads(capsys.readouterr().out.splitlines()[-1]))
        assert path.exists()
    host, device = (numbers(end) | {"seconds": 0} for end in ends)
    assert len(host) == 9
    assert device == pytest.approx(host, rel=1e-3)


# Out of memory


@pytest.mark.parametrize(
    ("words", "fewer"), [([], "--samples 5000 takes less"), (["--samples", "300"], "--samples 150 takes less")]
)
def test_a_run_that_does_not_fit_is_told_what_takes_less(evaluate, cupy, words, fewer):
    cupy.machine.memory_limit = 50_000
    rows, err = evaluate(evaluate.run, "--device", "gpu", *words, status=1)
    assert rows is None
    assert err.startswith("device: gpu:0, Fake GPU, as asked\ntinygan evaluate: error: gpu:0 ")
    assert "Out of memory allocating" in err
    assert f"; {fewer}, or --device cpu, which takes none of gpu:0's\n" in err


def test_a_file_that_does_not_fit_is_told_what_takes_less(evaluate, cupy, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((500, *made_images(n=1).shape[1:]), np.uint8))
    cupy.machine.memory_limit = 30_000
    words = [
        "--samples-file",
        str(tmp_path / "x.npy"),
        "--experiment",
        "images",
        "--data",
        str(tmp_path / "run.npy"),
    ]
    assert "; a file with fewer samples takes less, or --device cpu" in evaluate(*words, status=1)[1]


def test_the_host_s_memory_is_the_host_s(evaluate, monkeypatch):
    def too_much(*_, **__):
        raise MemoryError("Unable to allocate 244 MiB")

    monkeypatch.setattr("tinygan.experiments.table1.table.score", too_much)
    err = evaluate(evaluate.run, "--device", "cpu", status=1)[1]
    assert err == (
        "tinygan evaluate: error: the host has too little memory (Unable to allocate 244 MiB); "
        "--samples 5000 takes less\n"
    )
