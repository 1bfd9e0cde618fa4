"""Real processes that are killed or interrupted: nothing is lost but what came after the last checkpoint."""

import os
import random
import shlex
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from support.runs import assert_same_run, made_images, quick_picture, state_of

from tinygan.recipes.mnist import MNIST
from tinygan.runs import run as run_module
from tinygan.runs.checkpoint import load_checkpoint
from tinygan.runs.start import resume_run, start_run

pytestmark = [
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this platform cannot kill a process as POSIX does"),
    pytest.mark.slow,
]

# Of 250 iterations an epoch, about half a millisecond each; the checkpoints that are asked for take longer than that.
SETTINGS = {"n_epochs": 4, "batch_size": 20, "updates": "alternating", "discriminator_steps": 2}
SECONDS = 60  # what to wait at most for a process on a busy machine


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a folder with the images, and a run that was never interrupted."""
    folder = tmp_path_factory.mktemp("made")
    np.save(folder / "images.npy", made_images(7000, (4, 4)))
    begin(folder, "whole", quick_picture)
    return folder


def begin(folder, name, picture=None):
    """Start a run, and train it to the end if there is a way to draw its picture."""
    recipe = MNIST(**SETTINGS).scaled(0.01)
    run = start_run(folder / name, "images", recipe, data=folder / "images.npy", seed=1, threads=1, evaluate_every=10)
    if picture is not None:
        finish(run)
    return run


def finish(run):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_module, "draw_samples", quick_picture)
        for _ in run.train():
            pass


class Process:
    """`tinygan train --resume` in a process of its own, as it is when it has just written its first checkpoint."""

    def __init__(self, folder, checkpoint_seconds):
        words = ["train", "--resume", str(folder), "--checkpoint-seconds", str(checkpoint_seconds)]
        self.folder = folder
        before = os.stat(folder / "checkpoint.npz").st_mtime_ns
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tinygan", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=os.environ | {"MPLBACKEND": "Agg"},
        )  # fmt: skip
        end = time.monotonic() + SECONDS
        while os.stat(folder / "checkpoint.npz").st_mtime_ns == before:
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < end
            time.sleep(0.002)

    def signal(self, *numbers):
        """Send signals, wait for the end, and return (status, stdout, stderr, seconds)."""
        start = time.monotonic()
        for number in numbers:
            self.process.send_signal(number)
            time.sleep(0.02)
        out, err = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, out, err, time.monotonic() - start


@pytest.fixture
def started(made, tmp_path):
    """Start processes in a folder, which are all gone when the test ends."""
    processes = []

    def started(folder, checkpoint_seconds=1e-9):
        processes.append(Process(folder, checkpoint_seconds))
        return processes[-1]

    yield started
    for process in processes:
        process.process.kill()
        process.process.communicate()


def test_kill_9_at_random_moments_changes_nothing_in_the_end(made, started):
    folder, rng = begin(made, "killed").folder.path, random.Random(0)
    reached = [0]
    for _ in range(3):
        process = started(folder)
        time.sleep(rng.uniform(0, 0.2))
        status, *_ = process.signal(signal.SIGKILL)
        assert status == -signal.SIGKILL
        arrays, state = load_checkpoint(folder / "checkpoint.npz")  # whole
        assert all(np.isfinite(array).all() for array in arrays.values())
        reached.append(state["iteration"])
    assert sorted(set(reached)) == reached  # every process went on from where the last one came to
    run = resume_run(folder)
    assert run.state.iteration == reached[-1]
    finish(run)
    compare(folder, made / "whole")


def compare(folder, whole):
    """Compare all but the picture, which a process may have drawn better than we do here."""
    for run in (folder, whole):
        for picture in (run / "samples").iterdir():
            picture.unlink()
    assert_same_run(folder, whole)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_request_to_leave_is_granted_within_seconds(number, status, made, started):
    folder = begin(made, f"left by {number.name}").folder.path
    process = started(folder, checkpoint_seconds=0.05)
    found, out, err, seconds = process.signal(number)
    assert (found, seconds < 10) == (status, True)
    state = state_of(folder)
    assert f"{folder}: 5,000 images of 4 x 4, alternating updates" in out
    place, name = f"epoch {state['iteration'] // 250}, iteration {state['iteration']:,}", shlex.quote(str(folder))
    assert err == f"Saved at {place}. To go on: tinygan train --resume {name}\n"
    assert 0 < state["iteration"] < 1000
    finish(resume_run(folder))
    compare(folder, made / "whole")


def test_a_second_ctrl_c_leaves_at_once_with_the_checkpoint_whole(made, started):
    folder = begin(made, "left at once").folder.path
    slow = (  # the first Ctrl-C is noted in an iteration that takes for ever
        "import sys, time\nfrom tinygan.recipes.mnist import MNIST\nfrom tinygan.cli import main\n"
        "schedule = MNIST.schedule\n"
        "def slow_schedule(recipe, *optimizers, iteration, epoch):\n"
        "    if iteration == 50: time.sleep(600)\n"
        "    return schedule(recipe, *optimizers, iteration=iteration, epoch=epoch)\n"
        "MNIST.schedule = slow_schedule\nsys.exit(main(sys.argv[1:]))\n"
    )
    words = ["train", "--resume", str(folder), "--checkpoint-seconds", "1e-9"]
    process = subprocess.Popen(
        [sys.executable, "-c", slow, *words], stderr=subprocess.PIPE, text=True,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        end = time.monotonic() + SECONDS
        while state_of(folder)["iteration"] < 50:
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.01)
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        assert process.poll() is None  # it is still in the iteration
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=SECONDS)
        assert time.monotonic() - start < 10
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 130
    assert err == (
        "tinygan train: error: left at once; what came after the last checkpoint is lost. "
        f"To go on: tinygan train --resume {shlex.quote(str(folder))}\ntinygan train: interrupted\n"
    )
    assert state_of(folder)["iteration"] == 50
    finish(resume_run(folder))
    compare(folder, made / "whole")
