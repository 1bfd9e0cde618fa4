"""tinygan runs: the table, its JSON, and what it says where there is none."""

import json
import shutil
from pathlib import Path

import pytest
from support.runs import tiny_run

from tinygan.cli import main
from tinygan.runs.folder import RunFolder


@pytest.fixture(scope="module")
def trained_once(tmp_path_factory):
    return tiny_run(tmp_path_factory.mktemp("runs") / "done", seed=3)


@pytest.fixture
def score(trained_once):
    return RunFolder(trained_once).read_metrics()[1]["parzen"]["best"]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_the_table_tells_of_every_run(trained_once, score, capsys):
    for name in ("broken", "done", "diverged", "left"):
        shutil.copytree(trained_once, Path("runs", name))
    Path("runs/broken/checkpoint.npz").unlink()
    for name in ("diverged", "left"):
        Path("runs", name, "summary.json").unlink()
    Path("runs/diverged/post_mortem.json").write_text('{"error": "J_D is nan in iteration 7"}')
    left = RunFolder("runs/left")
    lines = [json.dumps(line | {"seconds": 5000.4}) + "\n" for line in left.read_metrics()]
    left.metrics.write_text("".join(lines))
    assert main(["runs"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    rows = [[cell.strip() for cell in row.split("  ") if cell] for row in out.splitlines()]
    nats = f"{score['mean']:.1f} ± {score['standard_error']:.1f}"
    head = ["images", "simultaneous", "3", "2", nats]
    assert rows[0] == ["run", "experiment", "updates", "seed", "epochs", "quick log-likelihood", "time", "state"]
    assert rows[1] == ["runs/broken", "damaged: there is no checkpoint.npz"]
    assert rows[2] == ["runs/diverged", *head, "0:00:00", "diverged: J_D is nan in iteration 7"]
    assert rows[3] == ["runs/done", *head, "0:00:00", "finished"]
    assert rows[4] == ["runs/left", *head, "2:46:41", "at epoch 2 of 2"]
    words = ["state", "damaged:", "diverged:", "finished", "at epoch"]
    starts = [line.index(word) for line, word in zip(out.splitlines(), words, strict=True)]
    assert len(set(starts)) == 1


def test_json_has_every_number(trained_once, score, capsys):
    assert main(["runs", str(trained_once), "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found.pop("seconds") >= 0
    assert found == {
        "run": str(trained_once), "state": "finished", "why": None, "experiment": "images", "updates": "simultaneous",
        "seed": 3, "epochs": 2, "n_epochs": 2, "score": {"epoch": 2, **score},
    }  # fmt: skip


def test_before_the_first_epoch_there_is_no_score(tmp_path, capsys):
    tiny_run(tmp_path / "new", stop=0)
    assert main(["runs"]) == 0
    row = capsys.readouterr().out.splitlines()[1]
    assert row.split() == ["new", "images", "simultaneous", "0", "0", "0:00:00", "at", "epoch", "0", "of", "2"]


def test_an_empty_folder_says_so_and_how_to_start(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    for words, place in (([], "the current folder"), (["empty"], "empty")):
        assert main(["runs", *words]) == 0
        assert capsys.readouterr().out == f"There is no run in {place} or below it. `tinygan train mnist` starts one\n"
    assert main(["runs", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_a_folder_that_is_none_is_refused(capsys):
    assert main(["runs", "nowhere"]) == 1
    assert capsys.readouterr() == (
        "",
        "tinygan runs: error: nowhere is not a folder; it takes one that has runs in it\n",
    )
