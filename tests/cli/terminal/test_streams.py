"""No print stops a command: whatever the terminal's encoding, the name of a folder, or what has become of stdout."""

import csv
import errno
import io
import json
import os
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from support.runs import made_images, quick_picture, state_of, tiny_run

from tinygan.cli import main
from tinygan.cli.terminal.streams import outlets, spelled
from tinygan.runs import run as run_module

TRAIN = ["train", "images", "--data", "made.npy", "--scale", "0.01", "--threads", "1", "--set", "batch_size=20",
         "--epochs", "2"]  # fmt: skip
LATIN_1 = os.fsdecode("résumé".encode("latin-1"))
# A name of bytes that are no UTF-8, one that TeX would fail on, one for a shell to trip over, one in another script.
NAMES = [LATIN_1, r"a$\frac$b", "it's a `run`; $HOME", "прогон"]


@pytest.fixture(scope="module")
def trained_once(tmp_path_factory):
    return tiny_run(tmp_path_factory.mktemp("runs") / "run", n_epochs=1)


@pytest.fixture(autouse=True)
def _with_made_images_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run_module, "draw_samples", quick_picture)
    np.save("made.npy", made_images())


@pytest.fixture
def on_a_terminal_of(monkeypatch):
    """Return a function that runs a command, and returns its status and what a terminal of an encoding shows."""

    def run(encoding, *words):
        streams = [io.TextIOWrapper(io.BytesIO(), encoding=encoding) for _ in range(2)]
        with monkeypatch.context() as patch:
            patch.setattr("sys.stdout", streams[0])
            patch.setattr("sys.stderr", streams[1])
            status = main([*words])
        for stream in streams:
            stream.flush()
        return status, *(stream.buffer.getvalue().decode(encoding) for stream in streams)

    return run


@pytest.mark.parametrize("encoding", ["ascii", "cp866", "koi8-r", "latin-1", "utf-8"])
def test_a_training_ends_on_every_terminal(encoding, on_a_terminal_of):
    status, out, err = on_a_terminal_of(encoding, *TRAIN)
    assert (status, err) == (0, "")
    assert (" ± " in out, " +- " in out) == ((True, False) if encoding in ("latin-1", "utf-8") else (False, True))
    assert "epoch 2." in out


@pytest.mark.slow
@pytest.mark.parametrize(("name", "encoding"), [*((name, "ascii") for name in NAMES), (LATIN_1, "utf-8")], ids=ascii)
def test_a_folder_may_have_any_name(name, encoding, on_a_terminal_of):
    one = ["--epochs", "1", "--out", name, "--live", f"{name}.png"]
    assert on_a_terminal_of(encoding, *TRAIN, *one)[::2] == (0, "")
    assert on_a_terminal_of(encoding, "train", "--resume", name, "--epochs", "2")[::2] == (0, "")
    assert state_of(Path(name))["iteration"] == 6
    for words in (["evaluate", name, "--samples", "20", "--curve", "curve.pdf"], ["generate", name], ["runs"]):
        status, out, err = on_a_terminal_of(encoding, *words)
        assert (status, err) == (0, "")
        assert out.count("\n") >= 2
    assert json.loads(on_a_terminal_of(encoding, "runs", "--json")[1])[0]["run"] == name
    out = on_a_terminal_of(encoding, "evaluate", name, "--samples", "20", "--csv", "--no-calibration")[1]
    assert len(list(csv.DictReader(io.StringIO(out)))) == 1


@pytest.mark.parametrize("words", [["evaluate", "run", "--samples", "50"], ["runs", "."]], ids=lambda words: words[0])
def test_a_table_is_as_straight_in_ascii(words, trained_once, on_a_terminal_of):
    Path("run").symlink_to(trained_once) if words[0] == "evaluate" else tiny_run(Path.cwd() / "run", n_epochs=1)
    plain, signs = (on_a_terminal_of(encoding, *words)[1].splitlines() for encoding in ("ascii", "utf-8"))
    if words[0] == "evaluate":
        assert [line.replace("+-", "±").split() for line in plain[:5]] == [line.split() for line in signs[:5]]
        assert len({line.index("+-") for line in plain[1:5]}) == len({len(line) for line in plain[:5]}) == 1
    else:
        assert plain[0].index("quick log-likelihood") + 20 == plain[1].index("  0:00:00")


class Failing(io.StringIO):
    """A stream of which every write, or every flush, fails."""

    def __init__(self, method, error):
        super().__init__()
        self.error = error
        setattr(self, method, self.fail)

    def fail(self, *arguments):
        raise self.error


GONE = {
    "the disk is full": OSError(errno.ENOSPC, "No space left on device"),
    "the terminal has gone": OSError(errno.EIO, "Input/output error"),
    "its reader has gone": BrokenPipeError(errno.EPIPE, "Broken pipe"),
    "it is closed": ValueError("I/O operation on closed file."),
}


@pytest.mark.parametrize("method", ["write", "flush"])
@pytest.mark.parametrize("name", GONE)
def test_a_training_goes_on_when_nothing_can_be_printed(name, method, monkeypatch):
    for stream in ("stdout", "stderr"):
        monkeypatch.setattr(sys, stream, Failing(method, GONE[name]))
        getattr(sys, stream).isatty = lambda: True  # so that there is a bar
    status = main([*TRAIN, "--out", "run"])
    assert status == (0 if "reader" in name else 1)
    assert state_of(Path("run"))["iteration"] == 6
    assert Path("run/summary.json").exists()


def test_what_was_lost_of_stdout_is_said(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdout", Failing("flush", GONE["the disk is full"]))
    assert main(["runs"]) == 1
    assert capsys.readouterr().err == "tinygan: error: stdout cannot be written to: No space left on device\n"


def test_closed_streams_are_none_for_python_and_stop_nothing(monkeypatch):
    monkeypatch.setattr("sys.stdout", None)
    monkeypatch.setattr("sys.stderr", None)
    assert main([*TRAIN, "--out", "run"]) == 0
    assert main(["train", "--resume", "nowhere"]) == 1


def test_the_streams_are_as_before_in_the_end(capsys):
    before = sys.stdout, sys.stderr
    with outlets() as out:
        print("é \udce9")
        assert sys.stdout is out
    assert (sys.stdout, sys.stderr) == before
    assert capsys.readouterr().out == "é \\udce9\n"


def test_signs_are_spelled_out_only_where_they_are_not_there():
    ascii = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    assert spelled("σ ± é €", ascii) == r"sigma +- \xe9 \u20ac"
    assert spelled("σ ± é €", io.TextIOWrapper(io.BytesIO(), encoding="utf-8")) == "σ ± é €"
    assert spelled("σ ± é €", io.StringIO()) == "σ ± é €"


def test_a_training_may_run_in_any_thread(capsys):
    statuses = []
    thread = threading.Thread(target=lambda: statuses.append(main([*TRAIN, "--out", "run", "-q"])))
    thread.start()
    thread.join()
    assert (statuses, capsys.readouterr()) == ([0], ("", ""))
    assert state_of(Path("run"))["iteration"] == 6
