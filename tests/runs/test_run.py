"""A run: what it writes, that it trains as Algorithm 1 does, and that leaving it changes nothing."""

import itertools
import json
import os
import shutil

import numpy as np
import pytest
from support.runs import (
    arrays_of,
    assert_same_run,
    go_on,
    made_images,
    metrics_of,
    new_run,
    quick_picture,
    state_of,
    tiny_run,
)
from threadpoolctl import threadpool_info

from tinygan.adversarial import TrainingState, train
from tinygan.backend import as_rng, spawn_rngs
from tinygan.evaluation import PAPER_BANDWIDTHS, ParzenWindow
from tinygan.functional import sigmoid
from tinygan.recipes.data_sets import load
from tinygan.recipes.mnist import MNIST
from tinygan.runs import run as run_module
from tinygan.runs.checkpoint import load_checkpoint, save_checkpoint
from tinygan.runs.start import resume_run, start_run


@pytest.fixture(autouse=True)
def _no_real_pictures(monkeypatch):
    monkeypatch.setattr(run_module, "draw_samples", quick_picture)


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


# what a run writes


def test_config_and_checkpoint_are_there_before_the_first_iteration(tmp_path):
    run = new_run(tmp_path / "run", seed=3)
    assert files(tmp_path / "run") == ["checkpoint.npz", "config.json"]
    state = state_of(tmp_path / "run")
    assert (state["iteration"], state["epoch"], state["position"], state["epoch_start"]) == (0, 0, 0, None)
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert (config["format"], config["format_version"]) == ("tinygan run", 1)
    assert (config["experiment"], config["seed"], config["evaluate_every"]) == ("images", 3, 5)
    assert config["data"] == str(tmp_path / "run.npy")
    assert (config["n_images"], config["image_shape"]) == ([50, 10, 10], [6, 5])
    assert MNIST(**config["recipe"]) == run.recipe
    assert set(config["versions"]) == {"tinygan", "python", "numpy"}
    assert arrays_of(tmp_path / "run")["G.0.weight"].tobytes() == run.G[0].weight.data.tobytes()


def test_a_whole_run_leaves_these_files(tmp_path):
    tiny_run(tmp_path / "run", n_epochs=4, evaluate_every=2)
    assert files(tmp_path / "run") == [
        "checkpoint.npz", "config.json", "metrics.jsonl",
        "samples/epoch_0001.png", "samples/epoch_0002.png", "samples/epoch_0004.png", "summary.json",
    ]  # fmt: skip
    assert [("parzen" in line) for line in metrics_of(tmp_path / "run")] == [True, True, False, True]


def test_the_picture_is_the_first_hundred_samples_of_the_fixed_noise(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(run_module, "draw_samples", lambda images, path: drawn.append((images.copy(), path)))
    run = new_run(tmp_path / "run", n_epochs=1)
    go_on(run)
    ((images, path),) = drawn
    np.testing.assert_array_equal(images, run.G(run.z_view[:100]).reshape(100, 6, 5))
    assert path == tmp_path / "run" / "samples" / "epoch_0001.png"


def test_a_real_picture_is_drawn(tmp_path, monkeypatch):
    monkeypatch.undo()
    tiny_run(tmp_path / "run", n_epochs=1, batch_size=50)
    assert (tmp_path / "run" / "samples" / "epoch_0001.png").read_bytes()[:4] == b"\x89PNG"


MEAN = "all samples look like the mean of the data (they spread 0% as far): G has learned little else yet; train longer"


def test_the_summary_says_how_it_ended(tmp_path):
    folder = tiny_run(tmp_path / "run", n_epochs=3)
    summary, metrics = json.loads((folder / "summary.json").read_text()), metrics_of(folder)
    seconds = [json.loads(line)["seconds"] for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert summary == {
        "epochs": 3, "iterations": 9, "threads": 1, **{name: metrics[-1][name] for name in PROGRESS},
        "last_quick_score": metrics[2]["parzen"]["best"], "seconds": round(sum(seconds), 1),
        "missed": [MEAN],
    }  # fmt: skip


PROGRESS = ("loss_d", "loss_g", "d_real", "d_fake")
# With larger first weights than the recipe's, so that the losses of so few iterations differ at all.
GAMES = {
    "simultaneous": {"batch_size": 1, "n_epochs": 2, "irange_d": 0.6},
    "alternating": {
        "batch_size": 3, "n_epochs": 2, "irange_d": 0.3, "updates": "alternating", "discriminator_steps": 2
    },
    "minimax": {"batch_size": 7, "n_epochs": 2, "irange_d": 0.5, "objective": "minimax", "max_col_norm": 0.9},
    "wasserstein": {"batch_size": 7, "n_epochs": 2, "irange_d": 0.5, "objective": "wasserstein", "max_col_norm": 0.9},
}  # fmt: skip


@pytest.mark.parametrize("name", GAMES)
def test_a_run_is_algorithm_1_by_hand(name, tmp_path):
    """Every loss, every line of metrics.jsonl and every parameter, from `train` and the formulas of the schedule."""
    run = new_run(tmp_path / "run", images=made_images(140), seed=5, **GAMES[name])
    moments = go_on(run)
    recipe, x = run.recipe, load("images", tmp_path / "run.npy").train.images.reshape(100, 30) / np.float32(255)
    per_epoch = -(-100 // recipe.batch_size)
    assert len(moments) == per_epoch * recipe.n_epochs

    rng_g, rng_d, rng_train, rng_view = spawn_rngs(as_rng(5), 4)
    G = recipe.generator(np.mean(x, axis=0, dtype=np.float64), rng=rng_g)
    D = recipe.discriminator(30, rng=rng_d)
    optimizer_d, optimizer_g = recipe.optimizers(D, G)
    z_view = recipe.prior().sample(1000, rng=rng_view)
    says = np.array if name == "wasserstein" else sigmoid  # a critic's output is no log-odds
    losses, probes, lines = [], [], []
    records = train(
        D, G, x, recipe.prior(), optimizer_d=optimizer_d, optimizer_g=optimizer_g, n_iterations=len(moments),
        batch_size=recipe.batch_size, discriminator_steps=recipe.discriminator_steps, objective=recipe.objective,
        updates=recipe.updates, state=TrainingState(rng_train),
    )  # fmt: skip
    for t, moment in enumerate(moments):
        optimizer_g.learning_rate = 0.1 / 1.000004**t
        optimizer_d.learning_rate = 0.05 / 1.000004**t
        optimizer_d.momentum = optimizer_g.momentum = 0.5 + 0.2 * (t // per_epoch) / 249
        record = next(records)
        losses.append((float(record.loss_d), float(record.loss_g)))
        assert moment.iteration == t + 1
        assert (moment.loss_d, moment.loss_g) == pytest.approx(losses[-1], rel=1e-5)
        if (t + 1) % 50 == 0 or (t + 1) % per_epoch == 0:
            probes.append([says(D(x[:100])).mean(), says(D(G(z_view[:100]))).mean()])
            assert [moment.d_real, moment.d_fake] == pytest.approx(probes[-1], rel=1e-4)
        if (t + 1) % per_epoch == 0:
            numbers = [*np.mean(losses, axis=0), *np.mean(probes, axis=0, dtype=np.float64)]
            rates = {"learning_rate": optimizer_g.learning_rate, "momentum": optimizer_g.momentum}
            lines.append(dict(zip(PROGRESS, numbers, strict=True)) | rates)
            losses, probes = [], []
    assert all(abs(lines[1][name] - lines[0][name]) > 1e-3 for name in PROGRESS)
    for epoch, (found, wanted) in enumerate(zip(metrics_of(tmp_path / "run"), lines, strict=True), 1):
        assert (found["epoch"], found["iteration"]) == (epoch, epoch * per_epoch)
        assert {key: found[key] for key in wanted} == pytest.approx(wanted, rel=1e-4)
    for ours, theirs in zip(D.parameters + G.parameters, run.D.parameters + run.G.parameters, strict=True):
        np.testing.assert_allclose(theirs.data, ours.data, rtol=1e-3, atol=1e-5)


def test_the_moments_tell_of_the_ends_of_epochs(tmp_path):
    moments = go_on(new_run(tmp_path / "run"))  # 50 images in minibatches of 20, 20 and 10
    assert [(moment.iteration, moment.epoch) for moment in moments] == [(1, 0), (2, 0), (3, 1), (4, 1), (5, 1), (6, 2)]
    assert [moment.metrics is not None for moment in moments] == [False, False, True] * 2
    assert [moment.metrics["epoch"] for moment in moments if moment.metrics] == [1, 2]


def test_the_last_short_batch_of_an_epoch_is_used(tmp_path, monkeypatch):
    run = new_run(tmp_path / "run", n_epochs=1)
    seen = []
    taken = type(run.x).__getitem__

    def take(self, key):
        rows = taken(self, key)
        seen.append(rows if isinstance(key, np.ndarray) else rows[:0])
        return rows

    monkeypatch.setattr(type(run.x), "__getitem__", take)
    go_on(run)
    batches = [rows for rows in seen if len(rows)]
    assert [len(rows) for rows in batches] == [20, 20, 10]
    used, there = np.concatenate(batches), taken(run.x, slice(None))
    np.testing.assert_array_equal(np.sort(used, axis=0), np.sort(there, axis=0))
    assert (used != there).any()


def test_the_quick_score_is_parzens(tmp_path):
    run = new_run(tmp_path / "run", n_epochs=1)
    go_on(run)
    samples = run.G(run.z_view).astype(np.float64)
    validation = load("images", tmp_path / "run.npy").validation.images.reshape(10, 30) / 255
    scores = {}
    for bandwidth in (0.2, *PAPER_BANDWIDTHS):
        densities = ParzenWindow(samples, bandwidth).log_density(validation)
        scores[bandwidth] = {
            "bandwidth": bandwidth, "mean": densities.mean(), "standard_error": densities.std() / np.sqrt(10)
        }  # fmt: skip
    best = max(scores.values(), key=lambda score: score["mean"])
    found = metrics_of(tmp_path / "run")[0]["parzen"]
    assert found["fixed"] == pytest.approx(scores[0.2], rel=1e-5)
    assert found["best"] == pytest.approx(best, rel=1e-5)
    assert best["bandwidth"] != 0.2


def test_only_a_thousand_validation_images_are_asked(tmp_path):
    run = new_run(tmp_path / "run", images=made_images(7700, (2, 2)), n_epochs=1)
    assert (len(run.x), len(run.validation), len(run.z_view)) == (5500, 1000, 1000)


def test_without_validation_images_there_is_no_score(tmp_path):
    run = new_run(tmp_path / "run", n_epochs=1)
    run.validation = run.validation[:0]
    go_on(run)
    assert "parzen" not in metrics_of(tmp_path / "run")[0]
    assert json.loads((tmp_path / "run" / "summary.json").read_text())["last_quick_score"] is None
    assert len(files(tmp_path / "run" / "samples")) == 1


def test_equal_seeds_give_equal_runs_and_others_do_not(tmp_path):
    first, again, other = (tiny_run(tmp_path / f"{i}", seed=seed) for i, seed in enumerate((1, 1, 2)))
    assert_same_run(again, first)
    found, different = arrays_of(first), arrays_of(other)
    assert [(found[name] != different[name]).any() for name in found if "weight" in name] == [True] * 12
    assert metrics_of(first)[0]["loss_d"] != metrics_of(other)[0]["loss_d"]


def test_looking_at_it_does_not_change_a_run(tmp_path, monkeypatch):
    plain = tiny_run(tmp_path / "plain")
    run = new_run(tmp_path / "watched")
    monkeypatch.setattr(run_module, "draw_live", lambda images, metrics, path, title: path.write_text(title))
    for _ in run.train(checkpoint_seconds=1e-9):
        run.draw_live(tmp_path / "live.png")
    assert_same_run(tmp_path / "watched", plain)
    assert (tmp_path / "live.png").read_text() == "watched, epoch 2.0"


def test_a_checkpoint_is_written_every_so_many_seconds(tmp_path, monkeypatch):
    clock = itertools.count(step=10)
    monkeypatch.setattr(run_module.time, "perf_counter", lambda: float(next(clock)))
    run = new_run(tmp_path / "run", n_epochs=1, batch_size=1)
    saved = []
    monkeypatch.setattr(run_module.Run, "_write_checkpoint", lambda run: saved.append(run.state.iteration))
    for _ in run.train(checkpoint_seconds=95):
        pass
    gaps = np.diff([0, *saved[:-1]])
    assert saved[-1] == 50  # at the end, whatever the clock says
    assert len(saved) >= 4
    assert gaps.min() >= 8
    assert gaps.max() <= 10


def test_a_line_of_metrics_is_on_the_disk_before_a_checkpoint_knows_of_it(tmp_path, monkeypatch):
    run = new_run(tmp_path / "run")
    flushed, fsync, replace = [], os.fsync, os.replace

    def noted_fsync(number):
        fsync(number)
        if run.folder.metrics.exists() and os.path.samestat(os.fstat(number), os.stat(run.folder.metrics)):
            flushed.append(len(run.folder.read_metrics()))

    def noted_replace(source, target):
        if target.name == "checkpoint.npz":
            flushed.append(f"saved {run.state.iteration}")
        replace(source, target)

    monkeypatch.setattr("os.fsync", noted_fsync)
    monkeypatch.setattr("os.replace", noted_replace)
    for _ in run.train(checkpoint_seconds=1e-9):
        pass
    assert flushed == ["saved 1", "saved 2", 1, "saved 3", "saved 4", "saved 5", 2, "saved 6", "saved 6"]


def test_the_checkpoint_holds_no_clock_and_the_sums_of_the_epoch(tmp_path):
    run = new_run(tmp_path / "run", batch_size=1)
    moments = go_on(run, stop=7)
    state = state_of(tmp_path / "run")
    assert sorted(state) == [
        "data_sha256", "epoch", "epoch_start", "experiment", "iteration", "optimizers", "position", "recipe", "seed",
        "streams", "sums", "threads",
    ]  # fmt: skip
    assert (state["iteration"], state["epoch"], state["position"]) == (7, 1, 7)
    assert state["optimizers"] == {"D": {"n_steps": 7}, "G": {"n_steps": 7}}
    assert sorted(state["streams"]) == ["data", "dropout", "noise"]
    assert state["sums"]["iterations"] == 7
    assert state["sums"]["loss_d"] == pytest.approx(sum(moment.loss_d for moment in moments), rel=1e-12)
    assert not run.folder.metrics.exists()


def test_a_run_whose_images_have_moved_goes_on_where_they_are(tmp_path):
    folder, other = tmp_path / "run", tmp_path / "other"
    tiny_run(other)
    tiny_run(folder, stop=2)
    moved = (tmp_path / "run.npy").rename(tmp_path / "moved.npy")
    with pytest.raises(FileNotFoundError, match=r"run\.npy.*If the images have moved, --data says where to"):
        resume_run(folder)
    go_on(resume_run(folder, data=moved))
    assert_same_run(folder, other)


# threads


def test_the_number_of_threads_is_resolved_stored_and_kept(tmp_path, monkeypatch):
    asked_for, resolved = [], lambda asked, *sizes: asked_for.append(sizes) or {"auto": 3}.get(asked, asked)
    monkeypatch.setattr("tinygan.runs.run.resolved_threads", resolved)
    np.save(tmp_path / "a.npy", made_images())
    run = start_run(tmp_path / "run", "images", MNIST(batch_size=20).scaled(0.01), data=tmp_path / "a.npy")
    assert run.config["threads"] == "auto"
    assert state_of(tmp_path / "run")["threads"] == run.threads == 3
    assert resume_run(tmp_path / "run").threads == 3  # it is measured once
    assert asked_for[0] == (20, max(theta.data.size for theta in run.D.parameters + run.G.parameters))


def test_training_has_the_threads_that_it_says_and_hands_them_back_with_every_progress(tmp_path, monkeypatch):
    def numbers():
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    before, inside = numbers(), []
    run = new_run(tmp_path / "run", n_epochs=1)
    run.threads = 2
    monkeypatch.setattr(MNIST, "schedule", lambda *_, **__: inside.append(numbers()))
    for _ in run.train():
        assert numbers() == before
    assert inside == [[2] * len(before)] * run.n_iterations


# left and gone on with

RESUMED = {
    "simultaneous": {},
    "alternating": {"updates": "alternating", "discriminator_steps": 2},
    "every column short": {"max_col_norm": 0.3, "objective": "minimax", "noise_prior": "spherical"},
}


@pytest.mark.parametrize("lag", [0, 3], ids=["saved when left", "killed 3 iterations after the checkpoint"])
@pytest.mark.parametrize("name", RESUMED)
def test_a_run_that_is_left_at_random_points_ends_bit_for_bit_as_one_that_is_not(name, lag, tmp_path):
    # 7 iterations an epoch
    settings = {"n_epochs": 4, "batch_size": 8, "seed": 2, "evaluate_every": 2, **RESUMED[name]}
    whole = tiny_run(tmp_path / "whole", **settings)
    rng = np.random.default_rng([lag, len(name)])
    stops = sorted(rng.choice(np.arange(1, 25), size=5, replace=False))
    run = new_run(tmp_path / "left", **settings)
    for stop in stops:
        for moment in run.train():
            if moment.iteration == stop:
                run.save()
            if moment.iteration == stop + lag:
                break
        run = resume_run(tmp_path / "left")
        assert run.state.iteration == stop
    go_on(run)
    assert_same_run(tmp_path / "left", whole)
    summaries = [json.loads((folder / "summary.json").read_text()) for folder in (tmp_path / "left", whole)]
    assert [summary.pop("seconds") >= 0 for summary in summaries] == [True, True]
    assert summaries[0] == summaries[1]


@pytest.mark.parametrize("stop", range(8))
def test_a_run_may_be_left_after_any_iteration(stop, tmp_path):
    settings = {"updates": "alternating", "batch_size": 15}  # 4 iterations an epoch
    whole = tiny_run(tmp_path / "whole", **settings)
    tiny_run(tmp_path / "left", stop=stop, **settings)
    run = resume_run(tmp_path / "left")
    assert run.state.iteration == stop
    go_on(run)
    assert_same_run(tmp_path / "left", whole)


def test_a_checkpoint_from_before_optimisers_named_what_they_keep_goes_on(tmp_path):
    whole = tiny_run(tmp_path / "whole")
    path = tiny_run(tmp_path / "left", stop=4) / "checkpoint.npz"
    arrays, state = load_checkpoint(path)
    state["n_steps"] = {player: numbers["n_steps"] for player, numbers in state.pop("optimizers").items()}
    save_checkpoint(path, arrays=arrays, state=state)
    go_on(resume_run(tmp_path / "left"))
    assert_same_run(tmp_path / "left", whole)


def test_sums_with_probes_are_kept(tmp_path):
    """Two probes an epoch of 100 iterations: the first is in the checkpoint, the second is to come."""
    settings = {"images": made_images(140), "batch_size": 1, "n_epochs": 1}
    whole = tiny_run(tmp_path / "whole", **settings)
    tiny_run(tmp_path / "left", stop=60, **settings)
    assert state_of(tmp_path / "left")["sums"]["probes"] == 1
    go_on(resume_run(tmp_path / "left"))
    assert_same_run(tmp_path / "left", whole)


def test_a_run_that_was_left_before_it_said_that_it_is_finished_says_so(tmp_path):
    whole = tiny_run(tmp_path / "whole")
    shutil.copytree(whole, tmp_path / "left")
    (tmp_path / "left" / "summary.json").unlink()
    assert go_on(resume_run(tmp_path / "left")) == []
    assert (tmp_path / "left" / "summary.json").read_text() == (whole / "summary.json").read_text()
    assert_same_run(tmp_path / "left", whole)


def test_the_folder_may_move(tmp_path):
    whole = tiny_run(tmp_path / "whole")
    tiny_run(tmp_path / "left", stop=4)
    shutil.move(tmp_path / "left", tmp_path / "moved")
    go_on(resume_run(tmp_path / "moved"))
    assert_same_run(tmp_path / "moved", whole)


@pytest.mark.parametrize("stop", [None, 4])
def test_more_epochs_are_as_one_long_run(stop, tmp_path):
    long = tiny_run(tmp_path / "long", n_epochs=5)
    tiny_run(tmp_path / "short", n_epochs=2, stop=stop)
    run = resume_run(tmp_path / "short", n_epochs=5)
    assert not run.folder.summary.exists()
    assert json.loads(run.folder.config.read_text())["recipe"]["n_epochs"] == 5
    go_on(run)
    assert_same_run(tmp_path / "short", long, shown=[2] if stop is None else [])
    assert json.loads(run.folder.summary.read_text())["epochs"] == 5


@pytest.mark.parametrize(("stop", "n_epochs", "begun"), [(7, 2, 3), (None, 3, 4), (10, 3, 4)])
def test_fewer_epochs_than_have_begun_are_refused(stop, n_epochs, begun, tmp_path):
    tiny_run(tmp_path / "run", n_epochs=4, stop=stop)
    before = {name: (tmp_path / "run" / name).read_bytes() for name in files(tmp_path / "run")}
    with pytest.raises(ValueError, match=rf"begun epoch {begun}; it takes as many epochs or more, not {n_epochs}"):
        resume_run(tmp_path / "run", n_epochs=n_epochs)
    assert {name: (tmp_path / "run" / name).read_bytes() for name in files(tmp_path / "run")} == before


def test_fewer_epochs_than_planned_are_as_one_short_run(tmp_path):
    short = tiny_run(tmp_path / "short", n_epochs=3)
    for stop in (7, 9):  # in epoch 3, and at its end
        tiny_run(tmp_path / f"{stop}", n_epochs=6, stop=stop)
        run = resume_run(tmp_path / f"{stop}", n_epochs=3)
        go_on(run)
        assert_same_run(tmp_path / f"{stop}", short, shown=[3] if stop == 9 else [])
        assert json.loads(run.folder.config.read_text())["recipe"]["n_epochs"] == 3
        assert json.loads(run.folder.summary.read_text())["epochs"] == 3


@pytest.mark.parametrize(("n_epochs", "error"), [(0, ValueError), (1.5, TypeError)])
def test_epochs_are_counted(n_epochs, error, tmp_path):
    tiny_run(tmp_path / "run", stop=1)
    with pytest.raises(error, match=f"resume_run got n_epochs={n_epochs}; it takes an int >= 1"):
        resume_run(tmp_path / "run", n_epochs=n_epochs)


def test_a_finished_run_is_left_as_it_is(tmp_path):
    folder = tiny_run(tmp_path / "run")
    before = {name: (folder / name).read_bytes() for name in files(folder)}
    run = resume_run(folder)
    assert run.state.iteration == run.n_iterations
    assert {name: (folder / name).read_bytes() for name in files(folder)} == before


# the door


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"evaluate_every": 0}, ValueError, "start_run got evaluate_every=0; it takes an int >= 1"),
        ({"seed": None}, ValueError, "start_run got seed=None; it takes an int >= 0"),
        ({"seed": -1}, ValueError, "start_run got seed=-1; it takes an int >= 0"),
        ({"seed": as_rng(0)}, ValueError, "start_run got seed=Generator"),
        ({"threads": 0}, ValueError, "^threads=0; it takes an int >= 1"),
        ({"data": None}, ValueError, "images needs the images; name their file or folder with --data"),
        ({"data": "nowhere.npy"}, FileNotFoundError, "nowhere"),
    ],
    ids=lambda value: repr(value)[:30] if isinstance(value, dict) else None,
)
def test_a_wrong_argument_makes_no_folder(arguments, error, words, tmp_path):
    np.save(tmp_path / "a.npy", made_images())
    with pytest.raises(error, match=words):
        start_run(tmp_path / "run", "images", MNIST().scaled(0.01), **{"data": tmp_path / "a.npy", **arguments})
    assert not (tmp_path / "run").exists()


def test_a_folder_with_something_in_it_is_refused_and_an_empty_one_taken(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").write_text("all of it")
    (tmp_path / "file").write_text("a file")
    tiny_run(tmp_path / "run", stop=1)
    with pytest.raises(FileExistsError, match=r"other is not empty: it takes a new or an empty folder"):
        new_run(tmp_path / "other")
    with pytest.raises(NotADirectoryError, match=r"file is not a folder; it takes a new or an empty one"):
        new_run(tmp_path / "file")
    with pytest.raises(FileExistsError, match=r"run is not empty: it is a run; `tinygan train --resume \S+run` goes"):
        new_run(tmp_path / "run")
    assert files(tmp_path / "other") == ["thesis.tex"]
    assert state_of(tmp_path / "run")["iteration"] == 1


def test_a_numpy_integer_is_a_seed(tmp_path):
    assert_same_run(tiny_run(tmp_path / "a", seed=np.int64(4)), tiny_run(tmp_path / "b", seed=4))
