"""tinygan train under mpiexec: one run, whoever writes it, whoever fails, and however it is left and gone on with."""

import json
import os
import re
import shutil
import signal
import time

import numpy as np
import pytest
from support.ranks.mpi import HERE, PASSES_SIGNALS_ON, end, needs_mpi, start, together
from support.runs import arrays_of, go_on, made_images, metrics_of, new_run, state_of

from tinygan.runs.start import resume_run

pytestmark = [needs_mpi, pytest.mark.slow]

TINYGAN = ("-m", "tinygan", "train")
# 99 images: the last minibatch of an epoch has 19.
SETTINGS = {"n_epochs": 3, "batch_size": 20, "updates": "alternating", "learning_rate": 0.05}
LONG = ("--resume", "run", "--epochs", "10000", "--checkpoint-seconds", "0.05")


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Return the folder of a run that one process has trained."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    go_on(begin(folder))
    return folder


def begin(folder, **settings):
    """Start a run in this process, which any number of ranks may go on with."""
    return new_run(folder, images=made_images(139), evaluate_every=10**6, **{**SETTINGS, **settings})


def assert_close_run(folder, other):
    """Assert that two runs learned the same, but for rounding, and stand at the same place."""
    for name, array in arrays_of(other).items():
        np.testing.assert_allclose(arrays_of(folder)[name], array, rtol=1e-4, atol=1e-6, err_msg=name)
    here, there = state_of(folder), state_of(other)
    for name in ("iteration", "epoch", "position", "optimizers", "epoch_start"):
        assert here[name] == there[name]
    for line, expected in zip(metrics_of(folder), metrics_of(other), strict=True):
        assert line.keys() ^ expected.keys() <= {"parzen"}  # of an epoch that was the last one once
        for name in ("loss_d", "loss_g", "d_real", "d_fake"):
            assert line[name] == pytest.approx(expected[name], rel=1e-5), name


@pytest.mark.parametrize("n", [2, 3])
def test_it_is_the_run_that_one_process_trains(n, whole, tmp_path):
    begin(tmp_path / "run")
    out = together(n, *TINYGAN, "--resume", "run")
    first = [line.split()[0] for line in out.splitlines()]
    assert first == ["run:", "epoch", "epoch", "run", "tinygan", "tinygan", "Missed:"]
    assert f"3 epochs of 5 iterations, 1 thread on each of {n} ranks, from epoch 0, iteration 0\n" in out
    assert_close_run(tmp_path / "run", whole)
    files = {path.name for path in (tmp_path / "run").iterdir()}
    assert files == {"checkpoint.npz", "config.json", "metrics.jsonl", "samples", "summary.json"}
    assert "is finished: epoch 3. --epochs N trains it on" in together(n, *TINYGAN, "--resume", "run")


def test_a_new_run_of_two_ranks_is_that_of_one_process(whole, tmp_path):
    shutil.copy(whole.with_name("run.npy"), "made.npy")
    words = ["--scale", "0.01", "--threads", "1", "--updates", "alternating", "--epochs", "3"]
    for name in ("batch_size", "learning_rate"):
        words += ["--set", f"{name}={SETTINGS[name]}"]
    together(2, *TINYGAN, "images", "--data", "made.npy", *words, "--set", "discriminator_factor=0.5", "--out", "run")
    recipe = json.loads((whole / "config.json").read_text())["recipe"]
    assert json.loads((tmp_path / "run" / "config.json").read_text())["recipe"] == recipe
    assert_close_run(tmp_path / "run", whole)


def test_any_number_of_ranks_goes_on_with_it(whole, tmp_path):
    begin(tmp_path / "run", n_epochs=1)
    together(3, *TINYGAN, "--resume", "run", "-q")
    assert together(2, *TINYGAN, "--resume", "run", "--epochs", "2", "-q") == ""
    go_on(resume_run(tmp_path / "run", n_epochs=3))
    assert_close_run(tmp_path / "run", whole)


def test_two_runs_of_two_ranks_are_the_same_to_the_last_bit(tmp_path):
    for name in ("run", "again"):
        begin(tmp_path / name)
        together(2, *TINYGAN, "--resume", name, "-q")
    for name, array in arrays_of(tmp_path / "run").items():
        np.testing.assert_array_equal(arrays_of(tmp_path / "again")[name], array, err_msg=name)
    assert metrics_of(tmp_path / "run") == metrics_of(tmp_path / "again")


@pytest.mark.parametrize(
    ("words", "status", "error"),
    [
        ("--resume run --seed 1", 2, "a resumed run keeps the recipe that it began with; leave out --seed"),
        ("--resume nowhere", 1, "nowhere is not a run: it is not a folder"),
        ("images --data run.npy --out run", 1, "run is not empty: it is a run; `tinygan train --resume run` goes on"),
        ("images --data lost.npy --out new", 1, "there is no file lost.npy"),
        ("images --data run.npy --out new --set batch_size=1", 2, "2 ranks cannot share a minibatch of 1, "),
        ("images --data run.npy --out new --set batch_size=98", 2,
         "2 ranks cannot share the last minibatch of an epoch, of 1, "),
        ("images --data run.npy --out new --bad", 2, "there is no --bad here"),
        ("images --data run.npy --out new --live nowhere/a.png", 1, "nowhere"),
    ],
)  # fmt: skip
def test_what_is_refused_is_refused_once(words, status, error, tmp_path):
    begin(tmp_path / "run")
    found, out, err = end(start(2, *TINYGAN, *words.split()))
    assert (found, out) == (status, "")
    assert err.count("error: ") == 1, err
    assert error in err
    assert "Traceback" not in err
    assert not (tmp_path / "new").exists()


def test_an_image_that_only_one_rank_lacks_is_an_error_of_that_rank(tmp_path):
    begin(tmp_path / "run")
    shutil.copy("run.npy", "other.npy")
    images = np.load("other.npy")
    images[0] ^= 1
    np.save("other.npy", images)
    words = [*TINYGAN, "--resume", "run", "--data"]
    process = start_each([*words, "run.npy"], [*words, "other.npy"])
    status, out, err = end(process)
    assert (status, out) == (2, "")
    assert err.startswith("tinygan train: error: rank 1 of 2: the training images of images in other.npy are not those")
    assert err.count("error: ") == 1


def start_each(first, second):
    """Start two ranks with words of their own."""
    import sys

    return start(1, *first, ":", "-n", "1", sys.executable, *second)


def wait_until(happened, process):
    """Wait until something has happened to processes that run on."""
    stop = time.monotonic() + 60
    while not happened():
        if process.poll() is not None or time.monotonic() > stop:
            pytest.fail(f"it never happened: {end(process)}")
        time.sleep(0.02)


@pytest.mark.skipif(not PASSES_SIGNALS_ON, reason="this mpiexec stops all at once")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_to_mpiexec_leaves_all_at_the_same_iteration(number, status, tmp_path):
    begin(tmp_path / "run")
    process = start(2, *TINYGAN, *LONG)
    wait_until(lambda: state_of(tmp_path / "run")["iteration"] >= 50, process)
    process.send_signal(number)
    found, _, err = end(process)
    assert found == status
    iteration = state_of(tmp_path / "run")["iteration"]
    assert f"iteration {iteration:,}. To go on: tinygan train --resume run\n" in err
    assert iteration % 10 == 0
    assert len(re.findall("Saved at", err)) == 1
    go_on(resume_run(tmp_path / "run"), stop=iteration + 10)


@pytest.mark.parametrize("rank", [0, 1])
@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("OSError", "of this kind; the run stops"),
        ("ValueError", "of this kind"),
        ("KeyError", "this exception stops them all"),
        ("nan", "training diverged in iteration 33: "),
        ("drift", "the ranks have drifted apart: rank 1 has another "),
    ],
)
def test_a_rank_that_raises_stops_them_all(kind, told, rank, tmp_path):
    begin(tmp_path / "run")
    status, _, err = end(start(2, HERE / "failing.py", rank, kind, 32, *TINYGAN[2:], *LONG))
    assert status != 0
    assert f"rank {rank} of 2: {told}" in err, err
    assert 0 <= state_of(tmp_path / "run")["iteration"] <= 32
    go_on(resume_run(tmp_path / "run"), stop=40)  # the last good checkpoint


@pytest.mark.parametrize("to", ["the rank", "mpiexec"])
def test_a_second_signal_stops_a_rank_that_hangs(to, tmp_path):
    begin(tmp_path / "run")
    process = start(2, HERE / "failing.py", 1, "sleep", 32, *TINYGAN[2:], *LONG)
    asleep = tmp_path / "asleep"
    wait_until(lambda: asleep.exists() and asleep.read_text(), process)
    for _ in range(2):
        os.kill(process.pid if to == "mpiexec" else int(asleep.read_text()), signal.SIGINT)
        time.sleep(0.5)
    status, _, err = end(process)
    if to == "the rank":  # mpiexec itself, when told twice, ends with a status that depends on who falls first
        assert status == 130
        assert "left at once; what came after the last checkpoint is lost. To go on: tinygan train" in err
    assert 0 <= state_of(tmp_path / "run")["iteration"] <= 32
    go_on(resume_run(tmp_path / "run"), stop=40)
