"""The list of runs: every state is told, and no broken run hides the others."""

import json
import shutil

import numpy as np
import pytest
from support.runs import tiny_run

from tinygan.runs.folder import RunFolder
from tinygan.runs.listing import list_runs


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return tiny_run(tmp_path_factory.mktemp("runs") / "done", seed=3)


@pytest.fixture
def folder(finished, tmp_path):
    return RunFolder(shutil.copytree(finished, tmp_path / "run"))


def only(folder):
    (found,) = list_runs(folder.path.parent)
    assert found.run == str(folder.path)
    return found


def test_a_finished_run_has_everything(folder):
    found, metrics = only(folder), folder.read_metrics()
    assert (found.state, found.why) == ("finished", None)
    assert (found.experiment, found.updates, found.seed) == ("images", "simultaneous", 3)
    assert (found.epochs, found.n_epochs) == (2, 2)
    assert found.score == {"epoch": 2, **metrics[1]["parzen"]["best"]}
    assert found.seconds == pytest.approx(sum(line["seconds"] for line in metrics), abs=0.1)


def test_the_score_is_the_last(folder):
    metrics = folder.read_metrics()
    metrics[1]["parzen"] = {"best": {"bandwidth": 0.5, "mean": -7.0, "standard_error": 0.25}}
    folder.metrics.write_text("".join(json.dumps(line) + "\n" for line in metrics))
    assert only(folder).score == {"epoch": 2, "bandwidth": 0.5, "mean": -7.0, "standard_error": 0.25}


@pytest.mark.parametrize(("stop", "epochs"), [(0, 0), (2, 0), (3, 1), (4, 1)])
def test_a_run_that_was_left_says_how_far_it_is(stop, epochs, tmp_path):
    found = only(RunFolder(tiny_run(tmp_path / "run", stop=stop)))
    assert (found.state, found.epochs, found.n_epochs) == ("unfinished", epochs, 2)
    assert (found.score is None) == (epochs == 0)


def test_metrics_that_are_ahead_of_the_checkpoint_are_no_damage(folder, tmp_path):
    early = tiny_run(tmp_path / "elsewhere" / "early", stop=0)
    shutil.copy(early / "checkpoint.npz", folder.checkpoint)
    folder.summary.unlink()
    (found,) = list_runs(folder.path)
    assert (found.state, found.epochs) == ("unfinished", 2)


def test_a_finished_run_that_goes_on_is_unfinished(folder):
    config = folder.read_config()
    config["recipe"]["n_epochs"] = 5
    folder.write_config(config)
    found = only(folder)
    assert (found.state, found.epochs, found.n_epochs) == ("unfinished", 2, 5)


def test_a_diverged_run_says_why(tmp_path):
    with pytest.raises(FloatingPointError) as end, np.errstate(all="ignore"):
        tiny_run(tmp_path / "run", learning_rate=1e30)
    found = only(RunFolder(tmp_path / "run"))
    assert (found.state, found.why) == ("diverged", str(end.value))
    assert found.experiment == "images"


DAMAGES = {
    "config cut off": (lambda run: run.config.write_text("{"), "config.json is damaged"),
    "config gone": (lambda run: run.config.unlink(), "holds no config.json"),
    "config of another format": (lambda run: run.write_config({"format_version": 9}), "format_version is 9"),
    "config without images": (
        lambda run: run.write_config({k: v for k, v in run.read_config().items() if k != "n_images"}),
        "it lacks 'n_images'",
    ),
    "unknown recipe": (lambda run: run.write_config({"experiment": "svhn"}), "'svhn'"),
    "checkpoint gone": (lambda run: run.checkpoint.unlink(), "there is no checkpoint.npz"),
    "checkpoint cut off": (lambda run: run.checkpoint.write_bytes(run.checkpoint.read_bytes()[:-100]), "is cut off"),
    "checkpoint empty": (lambda run: run.checkpoint.write_bytes(b""), "checkpoint.npz is cut off"),
    "metrics damaged": (lambda run: run.metrics.write_text("?\n"), "metrics.jsonl, line 1, is not a JSON object"),
    "metrics gone": (lambda run: run.metrics.unlink(), "metrics.jsonl has 0 epochs, where the checkpoint has done 2"),
    "metrics of other things": (lambda run: run.metrics.write_text("{}\n{}\n"), "it lacks 'seconds'"),
    "summary damaged": (lambda run: run.summary.write_text("[1]"), "summary.json is damaged"),
}


@pytest.mark.parametrize(("damage", "said"), DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_run_is_listed_with_what_is_wrong(damage, said, folder, finished):
    whole = shutil.copytree(finished, folder.path.parent / "whole")
    damage(folder)
    broken, other = list_runs(folder.path.parent)
    assert (broken.run, broken.state, other.run, other.state) == (str(folder.path), "damaged", str(whole), "finished")
    assert said in broken.why
    assert broken.score is None


def test_a_run_that_may_not_be_read_is_listed_without_a_number_of_the_system(folder, monkeypatch):
    def refused(path, *_):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("tinygan.runs.listing.open", refused, raising=False)
    found = only(folder)
    assert (found.state, found.why) == ("damaged", f"{folder.checkpoint}: Permission denied")


def test_runs_are_found_wherever_they_are_and_nothing_else_is(finished, tmp_path):
    for name in ("b", "d", "a/2", "a/1", "c", "e", ".hidden/run", "b/samples/inner"):
        shutil.copytree(finished, tmp_path / name, dirs_exist_ok=True)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")  # some other program's
    names = ["a/1", "a/2", "b", "c", "d", "e"]  # sorted, in whatever order the disk has them
    assert [found.run for found in list_runs(tmp_path)] == [str(tmp_path / name) for name in names]
    assert [found.run for found in list_runs(tmp_path / "b")] == [str(tmp_path / "b")]
    assert list_runs(tmp_path / "model") == []


def test_a_folder_that_is_none_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FileNotFoundError, match="nowhere is not a folder; it takes one that has runs in it"):
        list_runs(tmp_path / "nowhere")
    with pytest.raises(NotADirectoryError, match="file is not a folder"):
        list_runs(tmp_path / "file")
