"""Every path that a person writes may begin with ~: those of the API, of every command, and of TINYGAN_DATA."""

import argparse
import ast
from pathlib import Path

import numpy as np
import pytest
from support.runs import tiny_run

import tinygan
from tinygan.cli import COMMANDS, main
from tinygan.data import load_cifar10, load_images, load_mnist, load_tfd
from tinygan.experiments.table1.sample_files import read_samples
from tinygan.figures.curves import draw_curves
from tinygan.figures.output import check_output
from tinygan.files import as_path
from tinygan.layers import Linear
from tinygan.recipes.mnist import MNIST
from tinygan.runs.checkpoint import load_parameters, save_parameters
from tinygan.runs.folder import RunFolder
from tinygan.runs.listing import list_runs
from tinygan.runs.start import resume_run, start_run
from tinygan.runs.trained import load_trained


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Return a home with a finished run, its images, a file of samples and one of layers."""
    home = tmp_path_factory.mktemp("home")
    tiny_run(home / "run", n_epochs=1)
    np.save(home / "samples.npy", np.full((5, 6, 5), 0.5))
    (home / "layers.py").write_text("from tinygan.layers import Linear\n\nclass Mine(Linear):\n    pass\n")
    return home


@pytest.fixture(autouse=True)
def _at_home(home, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("TINYGAN_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    yield
    assert not Path(tmp_path, "~").exists()


def test_the_api_reads_and_writes_at_home(home):
    layer = Linear(2, 1, rng=0)
    save_parameters("~/layer.npz", layer=layer)
    load_parameters("~/layer.npz", layer=layer)
    assert load_images("~/run.npy").shape == (70, 6, 5)
    assert read_samples("~/samples.npy", "images", (6, 5)).shape == (5, 30)
    assert load_trained("~/run").iteration == resume_run("~/run").state.iteration == 3
    assert {Path(found.run).parent for found in list_runs("~")} == {home}
    run = start_run("~/new", "images", MNIST(batch_size=20).scaled(0.01), data="~/run.npy", threads=1)
    assert (run.folder.path, run.config["data"]) == (home / "new", str(home / "run.npy"))
    draw_curves(RunFolder("~/run").read_metrics(), "~/curves.svg")
    assert check_output("~/curves.svg") == home / "curves.svg"
    assert (home / "curves.svg").exists()


@pytest.mark.parametrize("load", [load_mnist, load_cifar10, load_tfd])
def test_data_that_are_not_there_are_looked_for_at_home(load, home, monkeypatch):
    with pytest.raises(FileNotFoundError, match=str(home)):
        load("~/nowhere")
    if load is not load_tfd:
        monkeypatch.setenv("TINYGAN_DATA", "~/named")
        with pytest.raises(FileNotFoundError, match=str(home / "named")):
            load()


WORDS = [
    ["train", "images", "--data", "~/run.npy", "--out", "~/first", "--scale", "0.01", "--threads", "1", "--epochs", "1",
     "--set", "batch_size=50"],
    ["train", "--resume", "~/run", "--data", "~/run.npy"],
    ["evaluate", "~/run", "--data", "~/run.npy", "--samples", "20", "--no-calibration"],
    ["evaluate", "--samples-file", "~/samples.npy", "--experiment", "images", "--data", "~/run.npy"],
    ["generate", "~/run", "--out", "~/samples.npz", "--n", "3"],
    ["check", "~/layers.py:Mine"],
]  # fmt: skip


@pytest.mark.parametrize("words", WORDS, ids=lambda words: " ".join(words[:2]))
def test_commands_read_and_write_at_home(words, home):
    assert main(words) == 0
    for word in words:
        if word.startswith("~/"):
            assert Path(word.partition(":")[0].replace("~", str(home))).exists()


def test_every_option_that_is_a_path_goes_through_the_one_door():
    parser = argparse.ArgumentParser()
    subparsers = parser.add_subparsers()
    for command in COMMANDS:
        command.add_parser(subparsers)
    options = [option for one in subparsers.choices.values() for option in one._actions]
    paths = [option for option in options if option.metavar in ("DIR", "FILE", "FOLDER", "PATH", "RUN")]
    assert len(paths) > 15
    assert [option.dest for option in paths if option.type is not as_path] == []


def test_every_argument_that_is_a_path_goes_through_the_one_door():
    """Nothing but `as_path` makes a Path of what a function was given."""
    root = Path(tinygan.__file__).parent
    for file in root.rglob("*.py"):
        syntax = ast.parse(file.read_text(encoding="utf-8"))
        for function in [node for node in ast.walk(syntax) if isinstance(node, ast.FunctionDef)]:
            given = [one.arg for one in function.args.args if one.annotation and "Path" in ast.unparse(one.annotation)]
            calls = {ast.unparse(node) for node in ast.walk(function) if isinstance(node, ast.Call)}
            assert function.name == "as_path" or calls.isdisjoint({f"Path({name})" for name in given}), file
