"""tinygan samples, interpolate, curves and generate, on a small run."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.runs import made_images, tiny_run

from tinygan.cli import main
from tinygan.recipes.data_sets import load
from tinygan.runs.folder import RunFolder
from tinygan.runs.trained import load_trained

COMMANDS = {
    "samples": "figure2.png", "interpolate": "figure3.png", "curves": "curves.png", "generate": "samples.npy"
}  # fmt: skip
every_command = pytest.mark.parametrize("command", COMMANDS)


@pytest.fixture(scope="module")
def trained_once(tmp_path_factory):
    return tiny_run(tmp_path_factory.mktemp("runs") / "done")


@pytest.fixture(scope="module")
def unfinished_once(tmp_path_factory):
    return tiny_run(tmp_path_factory.mktemp("runs") / "left", stop=4)


@pytest.fixture
def run(trained_once, tmp_path, monkeypatch):
    """Return the name of a run in the current folder, which has nothing else in it."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    shutil.copytree(trained_once, "run")
    return "run"


@pytest.fixture
def drawn(monkeypatch):
    """Return what the commands ask to be drawn, instead of a picture."""
    calls = []
    for name in ("samples.draw_samples", "samples.draw_interpolation", "curves.draw_curves"):
        monkeypatch.setattr(f"tinygan.figures.{name}", lambda *args, **words: calls.append((*args, words)))
    return calls


def files(folder="."):
    return sorted(path.name for path in Path(folder).iterdir())


@every_command
def test_it_writes_its_file_here_and_says_so(command, run, capsys):
    assert main([command, run]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert files() == sorted([COMMANDS[command], "run"])
    assert out.splitlines()[-1].split() == ["file", COMMANDS[command]]
    assert " run" in out
    if command != "generate":
        with Image.open(COMMANDS[command]) as picture:
            assert min(picture.size) > 200


@every_command
def test_quiet_is_quiet_and_the_run_stays_as_it_is(command, run, trained_once, capsys):
    assert main([command, run, "-q"]) == 0
    assert capsys.readouterr() == ("", "")
    assert COMMANDS[command] in files()
    assert files(run) == files(trained_once)
    for name in ("config.json", "metrics.jsonl", "checkpoint.npz", "summary.json"):
        assert Path(run, name).read_bytes() == (trained_once / name).read_bytes()


def test_samples_draws_rows_of_samples_and_the_neighbours_of_the_last(run, trained_once, drawn, capsys):
    assert main(["samples", run, "--rows", "3", "--columns", "2", "--seed", "5", "--out", "a.svg"]) == 0
    ((images, path, words),) = drawn
    trained = load_trained(run)
    samples = trained.sample(6, rng=5)
    np.testing.assert_array_equal(images, trained.images(samples))
    assert (str(path), words["n_columns"]) == ("a.svg", 2)
    examples = load("images", trained_once.with_name("done.npy")).train.images / np.float32(255)
    distances = np.linalg.norm(images[1::2, None] - examples, axis=(2, 3))
    np.testing.assert_array_equal(words["neighbours"], examples[distances.argmin(axis=1)])
    out = capsys.readouterr().out
    assert "samples   6 of run at epoch 2, seed 5\n" in out
    assert f"distance  {distances.min(axis=1).mean():.2f} to the nearest training image, on average over 3 rows" in out


def test_samples_are_five_in_each_of_four_rows_of_seed_0_unless_told(run, drawn):
    assert main(["samples", run]) == 0
    assert main(["samples", run, "--rows", "4", "--columns", "5", "--seed", "0"]) == 0
    (first, *_), (second, *_) = drawn
    assert len(first) == 20
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(("out", "shape"), [("a.png", (5, 15)), ("a.GIF", (25, 36))])
def test_interpolate_takes_more_lines_and_steps_for_an_animation(out, shape, run, drawn, capsys):
    assert main(["interpolate", run, "--out", out]) == 0
    assert main(["interpolate", run, "--out", out, "--lines", "2", "--steps", "3", "--seed", "4"]) == 0
    (first, path, _), (second, *_) = drawn
    assert (str(path), first.shape, second.shape) == (out, (*shape, 6, 5), (2, 3, 6, 5))
    trained = load_trained(run)
    ends = trained.images(trained.G(trained.prior.sample(4, rng=4)))
    np.testing.assert_allclose(second[:, [0, 2]], ends.reshape(2, 2, 6, 5), rtol=1e-5)
    assert "lines  2 of 3 steps, run at epoch 2, seed 4\n" in capsys.readouterr().out


def test_interpolate_animates(tmp_path):
    run, out = tiny_run(tmp_path / "run", stop=0, irange_g=3.0), tmp_path / "a.gif"  # frames that are alike become one
    assert main(["interpolate", str(run), "--out", str(out), "--lines", "2", "--steps", "4", "-q"]) == 0
    with Image.open(out) as picture:
        assert picture.n_frames == 6  # forth and back


def test_curves_draws_every_epoch(run, drawn, capsys):
    assert main(["curves", run, "--out", "a.pdf"]) == 0
    ((metrics, path, _),) = drawn
    assert (metrics, str(path)) == (RunFolder(run).read_metrics(), "a.pdf")
    assert "epochs  2 of run\n" in capsys.readouterr().out


@pytest.mark.parametrize("out", ["a.npy", "a.npz", "a.NPZ"])
def test_generate_writes_images(out, run, capsys):
    assert main(["generate", run, "--n", "7", "--seed", "2", "--out", out]) == 0
    with open(out, "rb") as file:
        loaded = np.load(file)
        images = loaded if out == "a.npy" else loaded["samples"]
    assert (images.dtype, images.shape) == (np.float32, (7, 6, 5))
    np.testing.assert_array_equal(images.reshape(7, -1), load_trained(run).sample(7, rng=2))
    assert "samples  7 x 6 x 5, float32 from 0." in capsys.readouterr().out
    assert files() == sorted([out, "run"])


def test_generate_writes_as_many_as_table_1_takes(run):
    assert main(["generate", run, "-q"]) == 0
    assert len(np.load("samples.npy")) == 10_000


@pytest.mark.parametrize(
    ("command", "words", "suffix"),
    [("samples", ["--rows", "2"], "png"), ("interpolate", ["--lines", "2"], "png"), ("generate", ["--n", "9"], "npz")],
)
def test_the_same_seed_gives_the_same_file(command, words, suffix, run):
    contents = []
    for seed in (1, 1, 2):
        out = Path(f"{len(contents)}.{suffix}")
        assert main([command, run, *words, "--out", str(out), "--seed", str(seed), "-q"]) == 0
        contents.append(out.read_bytes())
    assert contents[0] == contents[1] != contents[2]


@every_command
def test_a_run_in_training_will_do(command, unfinished_once, tmp_path, drawn, capsys):
    assert main([command, str(unfinished_once), "--out", str(tmp_path / COMMANDS[command])]) == 0
    said = "epochs  1 of " if command == "curves" else "at epoch 1, seed 0"
    assert said in capsys.readouterr().out


@pytest.mark.parametrize("command", ["interpolate", "curves", "generate"])
def test_only_samples_needs_the_data(command, run, drawn, monkeypatch):
    def missing(*_):
        raise FileNotFoundError("the data are gone")

    monkeypatch.setattr("tinygan.recipes.data_sets.load", missing)
    assert main([command, run, "-q"]) == 0


def test_samples_finds_data_that_have_moved(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    tiny_run(tmp_path / "run", stop=0)
    (tmp_path / "run.npy").rename("moved.npy")
    assert main(["samples", "run"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert str(tmp_path / "run.npy") in err
    assert err.endswith("If the images have moved, --data says where to\n")
    assert main(["samples", "run", "--data", "moved.npy", "-q"]) == 0
    np.save("other.npy", made_images(seed=1))
    assert main(["samples", "run", "--data", "other.npy"]) == 2
    assert "images in other.npy are not those that the run began with" in capsys.readouterr().err
    assert main(["samples", "run", "--data", "gone.npy"]) == 1
    assert "--data" not in capsys.readouterr().err
