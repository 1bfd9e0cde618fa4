"""What tinygan samples, interpolate, curves and generate refuse, and how they say so."""

import errno
import re
import shutil
from pathlib import Path

import pytest
from support.runs import tiny_run

from tinygan.cli import main

COMMANDS = {
    "samples": "figure2.png", "interpolate": "figure3.png", "curves": "curves.png", "generate": "samples.npy"
}  # fmt: skip
DRAWING = [command for command in COMMANDS if command != "curves"]
every_command = pytest.mark.parametrize("command", COMMANDS)


@pytest.fixture(scope="module")
def trained_once(tmp_path_factory):
    return tiny_run(tmp_path_factory.mktemp("runs") / "done")


@pytest.fixture
def run(trained_once, tmp_path, monkeypatch):
    """Return the name of a run in the current folder, which has nothing else in it."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(trained_once, "run")
    return "run"


def files():
    return sorted(path.name for path in Path().iterdir())


def error_line(command, capsys):
    """Return the one line that a failed command has printed."""
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"tinygan {command}: error: ")
    assert err.count("\n") == 1
    return err


@every_command
def test_what_was_there_is_replaced_whole_or_not_at_all(command, run, capsys, monkeypatch):
    out = Path(COMMANDS[command])
    out.write_bytes(b"of another day")

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        assert main([command, run]) == 1
    said, err = capsys.readouterr()
    assert said == ""
    assert re.fullmatch(rf"tinygan {command}: error: \S+: No space left on device\n", err)
    assert out.read_bytes() == b"of another day"
    assert files() == sorted([out.name, "run"])
    assert main([command, run, "-q"]) == 0
    assert out.read_bytes() != b"of another day"


SUFFIXES = {
    "samples": "a.gif ends in .gif; it takes .png, .svg or .pdf (a picture)",
    "interpolate": "a.mp4 ends in .mp4; it takes .gif (the animation), .png, .svg or .pdf (the rows)",
    "curves": "a has no suffix; it takes .png, .svg or .pdf (a picture)",
    "generate": "a.png ends in .png; it takes .npy or .npz (the samples)",
}


@pytest.mark.parametrize(("command", "said"), SUFFIXES.items())
def test_a_file_that_cannot_be_is_refused_before_any_work(command, said, run, capsys, monkeypatch):
    monkeypatch.setattr("tinygan.runs.folder.RunFolder.read_config", None)  # it would be called next
    for out, status, words in (
        (said.split()[0], 2, said),
        (f"nowhere/{COMMANDS[command]}", 1, "cannot be written: there is no folder nowhere"),
        (f"run/config.json/{COMMANDS[command]}", 1, "is not a folder"),
    ):
        assert main([command, run, "--out", out]) == status
        assert words in error_line(command, capsys)


def damaged(commands, damages):
    """Return a test's parameters: every one of the commands with every one of the damages."""
    return [
        pytest.param(command, *damage, id=f"{command}-{name}")
        for command in commands
        for name, damage in damages.items()
    ]


CONFIG = {
    "no run": (shutil.rmtree, 1, "run is not a run: it is not a folder. `tinygan runs` lists"),
    "no config": (lambda run: (run / "config.json").unlink(), 1, "run is not a run: it holds no config.json"),
    "config": (lambda run: (run / "config.json").write_text("{"), 2, "config.json is damaged: it holds no JSON object"),
}
CHECKPOINT = {
    "gone": (lambda run: (run / "checkpoint.npz").unlink(), 1, "checkpoint.npz"),
    "empty": (lambda run: (run / "checkpoint.npz").write_bytes(b""), 2, "checkpoint.npz is empty"),
    "cut off": (
        lambda run: (run / "checkpoint.npz").write_bytes((run / "checkpoint.npz").read_bytes()[:-9]),
        2,
        "checkpoint.npz is cut off or damaged",
    ),
}
METRICS = {
    "gone": (lambda run: (run / "metrics.jsonl").unlink(), 2, "run has nothing to plot: each epoch adds a line to"),
    "damaged": (
        lambda run: (run / "metrics.jsonl").write_text("?\n"),
        2,
        "metrics.jsonl, line 1, is not a JSON object",
    ),
    "other": (lambda run: (run / "metrics.jsonl").write_text("{}\n"), 2, "metrics.jsonl is damaged: "),
    "words": (lambda run: (run / "metrics.jsonl").write_text('{"epoch": "one"}\n'), 2, "metrics.jsonl is damaged: "),
}


@pytest.mark.parametrize(
    ("command", "damage", "status", "said"),
    damaged(COMMANDS, CONFIG) + damaged(DRAWING, CHECKPOINT) + damaged(["curves"], METRICS),
)
def test_a_damaged_run_gets_one_clear_line(command, damage, status, said, run, capsys):
    damage(Path(run))
    assert main([command, run]) == status
    assert said in error_line(command, capsys)
    assert COMMANDS[command] not in files()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["samples", "run", "--rows", "0"], "argument --rows: '0' is not a whole number >= 1"),
        (["samples", "run", "--columns", "x"], "argument --columns: 'x' is not a whole number >= 1"),
        (["interpolate", "run", "--lines", "0"], "argument --lines: '0' is not a whole number >= 1"),
        (["interpolate", "run", "--steps", "1.5"], "argument --steps: '1.5' is not a whole number >= 1"),
        (["generate", "run", "--n", "-1"], "argument --n: '-1' is not a whole number >= 1"),
        (["generate", "run", "--seed", "-1"], "argument --seed: '-1' is not a whole number >= 0"),
        (["curves"], "the following arguments are required: RUN"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_wrong_words_are_refused_by_name(words, said, capsys):
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == 2
    assert said in capsys.readouterr().err


def test_a_line_has_two_ends(run, capsys):
    assert main(["interpolate", run, "--steps", "1"]) == 2
    assert "n_steps=1; it takes an int >= 2, for a line has two ends" in error_line("interpolate", capsys)
