"""A run that meets damage, a full disk or divergence: one clear error, and what was trained is still there."""

import builtins
import errno
import json
import os
import re
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

from tinygan.cli import main
from tinygan.files import in_words
from tinygan.runs import folder as folder_module
from tinygan.runs import run as run_module
from tinygan.runs.checkpoint import load_checkpoint, save_checkpoint
from tinygan.runs.start import resume_run
from tinygan.runs.trained import load_trained

SETTINGS = {"n_epochs": 3}  # of 3 iterations each


@pytest.fixture(autouse=True)
def _no_real_pictures(monkeypatch):
    monkeypatch.setattr(run_module, "draw_samples", quick_picture)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a folder with a whole run, and one that was left at iteration 7."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_module, "draw_samples", quick_picture)
        tiny_run(folder / "whole", **SETTINGS)
        tiny_run(folder / "left", stop=7, **SETTINGS)
    return folder


@pytest.fixture
def left(made, tmp_path):
    return shutil.copytree(made / "left", tmp_path / "run")


@pytest.fixture
def whole(made):
    return made / "whole"


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# metrics.jsonl beside a checkpoint that is older


@pytest.mark.parametrize(
    "tail", ['{"epoch": 3, "iter', '{"epoch": 3, "iteration": 9', "\0\0\0", '{"epoch": 2, "b": 1}\n']
)
def test_lines_beyond_the_checkpoint_are_cut(tail, left, whole):
    lines = (left / "metrics.jsonl").read_text().splitlines(keepends=True)
    tail = tail.replace('"epoch": 2', '"epoch": 3')
    (left / "metrics.jsonl").write_text("".join(lines) + tail)
    run = resume_run(left)
    assert (left / "metrics.jsonl").read_text() == "".join(lines)
    go_on(run)
    assert_same_run(left, whole)


def test_a_line_that_a_kill_cut_anywhere_is_written_again(tmp_path, whole):
    run = new_run(tmp_path / "run", **SETTINGS)
    go_on(run, stop=2)
    for moment in run.train():
        if moment.iteration == 5:  # epoch 1 has its line, and the checkpoint does not know
            break
    content = run.folder.metrics.read_bytes()
    for length in (0, 1, len(content) // 2, len(content) - 1, len(content)):
        run.folder.metrics.write_bytes(content[:length])
        assert resume_run(run.folder.path).state.iteration == 2
        assert run.folder.metrics.read_bytes() == b""
    go_on(resume_run(run.folder.path))
    assert_same_run(run.folder.path, whole)


# files that are damaged, or another's


def changed_config(**changes):
    def damage(folder):
        config = json.loads((folder / "config.json").read_text()) | changes
        (folder / "config.json").write_text(json.dumps({k: v for k, v in config.items() if v is not ...}))

    return damage


def changed_recipe(**changes):
    def damage(folder):
        config = json.loads((folder / "config.json").read_text())
        recipe = {k: v for k, v in (config["recipe"] | changes).items() if v is not ...}
        changed_config(recipe=recipe)(folder)

    return damage


def changed_state(change):
    def damage(folder):
        arrays, state = load_checkpoint(folder / "checkpoint.npz")
        change(state)
        save_checkpoint(folder / "checkpoint.npz", arrays=arrays, state=state)

    return damage


def without(*keys):
    def change(state):
        for key in keys[:-1]:
            state = state[key]
        del state[keys[-1]]

    return changed_state(change)


def changed_arrays(change):
    def damage(folder):
        arrays, state = load_checkpoint(folder / "checkpoint.npz")
        save_checkpoint(folder / "checkpoint.npz", arrays=change(arrays), state=state)

    return damage


def written(name, content):
    def damage(folder):
        (folder / name).write_bytes(content if isinstance(content, bytes) else content((folder / name).read_bytes()))

    return damage


def another_run(**settings):
    def damage(folder):
        other = tiny_run(folder.parent / "other", stop=7, **{**SETTINGS, **settings})
        shutil.copy(other / "checkpoint.npz", folder)

    return damage


def other_images(folder):
    np.save(folder.parent / "other.npy", made_images(seed=1))
    changed_config(data=str(folder.parent / "other.npy"))(folder)


def metrics_line(**changes):
    def damage(content):
        first, second = content.splitlines()
        return json.dumps(json.loads(first) | changes).encode() + b"\n" + second + b"\n"

    return written("metrics.jsonl", damage)


OF_THIS_RUN = r"checkpoint\.npz is not the checkpoint of this run: "
DAMAGES = {
    "config empty": (written("config.json", b""), r"config\.json is damaged: it holds no JSON object"),
    "config cut off": (written("config.json", lambda b: b[: len(b) // 2]), r"config\.json is damaged"),
    "config of bytes": (written("config.json", b"\xff\xfe\x00"), r"config\.json is damaged"),
    "config is a list": (written("config.json", b"[1, 2]"), r"config\.json is damaged"),
    "config nested": (written("config.json", b"[" * 100_000), r"config\.json is damaged"),
    "config of a later format": (changed_config(format_version=2), r"config\.json: format_version is 2; this tinygan"),
    "config of another program": (changed_config(format="gan"), r"config\.json: format is 'gan'; this tinygan reads"),
    "no experiment": (changed_config(experiment=...), r"config\.json: experiment is None; it takes one of mnist, "),
    "an unknown experiment": (changed_config(experiment="svhn"), r"config\.json: experiment is 'svhn'; it takes"),
    "no recipe": (changed_config(recipe=...), r"config\.json is damaged: it lacks 'recipe'"),
    "recipe is a list": (changed_config(recipe=[1]), r"config\.json is damaged: its recipe is \[1\]"),
    "no seed": (changed_config(seed=...), r"config\.json is damaged: it lacks 'seed'"),
    "no data": (changed_config(data=...), r"config\.json is damaged: it lacks 'data'"),
    "seed is a word": (changed_config(seed="one"), r"config\.json is damaged: its seed is 'one'"),
    "no fingerprint": (changed_config(data_sha256=...), r"config\.json is damaged: it lacks 'data_sha256'"),
    "no shape": (changed_config(image_shape=...), r"config\.json is damaged: it lacks 'image_shape'"),
    "rate is NaN": (changed_recipe(learning_rate=np.nan), r"config\.json holds a recipe .* learning_rate=nan"),
    "rate is a word": (changed_recipe(learning_rate="high"), r"config\.json holds a recipe .* learning_rate='high'"),
    "recipe has more": (changed_recipe(beta=1), r"config\.json holds a recipe that this tinygan does not know: .*beta"),
    "recipe has another number": (changed_recipe(momentum=0.6), OF_THIS_RUN + r".*the run has changed: momentum=0.6 "
                                  r"in config\.json and 0\.5 in checkpoint\.npz"),
    "recipe is wider": (changed_recipe(generator_units=13), OF_THIS_RUN + r".*generator_units=13 in config\.json"),
    "fewer epochs": (changed_recipe(n_epochs=2), r"run has begun epoch 3; it takes as many epochs or more, not 2"),
    "images of another file": (other_images, r"images of images in \S+ are not those that the run began with"),
    "images gone": (changed_config(data="/nowhere/a.npy"), r"/nowhere/a\.npy"),
    "images without a file": (changed_config(data=None), r"images needs the images"),
    "checkpoint gone": (lambda folder: (folder / "checkpoint.npz").unlink(), r"checkpoint\.npz"),
    "checkpoint empty": (written("checkpoint.npz", b""), r"checkpoint\.npz is empty"),
    "checkpoint cut off": (written("checkpoint.npz", lambda b: b[:-200]), r"checkpoint\.npz is cut off or damaged"),
    "checkpoint flipped": (written("checkpoint.npz", lambda b: b[:900] + bytes([b[900] ^ 1]) + b[901:]),
                           r"checkpoint\.npz is cut off or damaged"),
    "no iteration": (without("iteration"), OF_THIS_RUN + r"KeyError\('iteration'\)"),
    "no position": (without("position"), OF_THIS_RUN + r"KeyError\('position'\)"),
    "no recipe in the checkpoint": (without("recipe"), OF_THIS_RUN + r"KeyError\('recipe'\)"),
    "no streams": (without("streams"), OF_THIS_RUN + r"KeyError\('streams'\)"),
    "no noise": (without("streams", "noise"), OF_THIS_RUN + r"KeyError\('noise'\)"),
    "no sums": (without("sums"), OF_THIS_RUN + r"KeyError\('sums'\)"),
    "no sum of J_D": (without("sums", "loss_d"), OF_THIS_RUN + r"KeyError\('loss_d'\)"),
    "no steps": (without("optimizers", "D"), OF_THIS_RUN + r"KeyError\('D'\)"),
    "no threads": (without("threads"), OF_THIS_RUN + r"KeyError\('threads'\)"),
    "no start of the epoch": (without("epoch_start"), OF_THIS_RUN + r"KeyError\('epoch_start'\)"),
    "iteration is a word": (changed_state(lambda s: s.update(iteration="seven")), OF_THIS_RUN + r".*seven"),
    "sums are a list": (changed_state(lambda s: s.update(sums=[1, 2])), OF_THIS_RUN + r"TypeError"),
    "recipe is null": (changed_state(lambda s: s.update(recipe=None)), OF_THIS_RUN + r"TypeError"),
    "a stream of zeros": (changed_state(lambda s: s["streams"].update(data={})), OF_THIS_RUN + r".*restored_rng got"),
    "a stream without its counter": (without("streams", "dropout", "state", "counter"), OF_THIS_RUN + ".*restored"),
    "a start that is no stream": (changed_state(lambda s: s.update(epoch_start=7)), OF_THIS_RUN + ".*restored"),
    "a weight gone": (changed_arrays(lambda a: {k: v for k, v in a.items() if k != "D.1.weight"}),
                      r"checkpoint\.npz does not fit the network: missing D\.1\.weight; unexpected nothing"),
    "a velocity gone": (changed_arrays(lambda a: {k: v for k, v in a.items() if k != "G.0.bias.velocity"}),
                        r"missing G\.0\.bias\.velocity; unexpected nothing"),
    "a weight too many": (changed_arrays(lambda a: a | {"H": a["D.1.bias"]}), r"missing nothing; unexpected H"),
    "a weight transposed": (changed_arrays(lambda a: a | {"G.0.weight": a["G.0.weight"].T}),
                            r"G\.0\.weight has shape \(12, 100\) in \S+checkpoint\.npz and \(100, 12\) in the network"),
    "float64": (changed_arrays(lambda a: a | {"D.1.bias": a["D.1.bias"].astype(float)}), r"D\.1\.bias has dtype floa"),
    "of a run with other rates": (another_run(learning_rate=0.2), OF_THIS_RUN + r".*learning_rate=0\.1 in conf"),
    "of a run with wider layers": (another_run(generator_units=2000), OF_THIS_RUN + r".*generator_units=12 in config"),
    "of a run on larger images": (another_run(images=made_images(shape=(7, 5))), OF_THIS_RUN + r".*data_sha256="),
    "metrics gone": (lambda folder: (folder / "metrics.jsonl").unlink(), r"metrics\.jsonl has lines for the epochs"),
    "metrics empty": (written("metrics.jsonl", b""), r"metrics\.jsonl has lines for the epochs \[\], where checkpoint"),
    "a line missing": (written("metrics.jsonl", lambda b: b[b.index(b"\n") + 1 :]),
                       r"metrics\.jsonl has lines for the epochs \[2\], where checkpoint\.npz has done 2; put the mis"),
    "a line twice": (written("metrics.jsonl", lambda b: b + b), r"metrics\.jsonl has lines for .* \[1, 2, 1, 2\]"),
    "a line broken": (written("metrics.jsonl", lambda b: b"{oops\n" + b),
        r"metrics\.jsonl, line 1, is not a JSON object"),
    "a line of bytes": (written("metrics.jsonl", lambda b: b + b"\xff\xfe\n"),
        r"metrics\.jsonl, line 3, is not a JSON"),
    "a line that is a list": (written("metrics.jsonl", lambda b: b + b"[1]\n"),
        r"metrics\.jsonl, line 3, is not a JSON"),
    "a line without its epoch": (metrics_line(epoch=None), r"metrics\.jsonl has lines for the epochs \[None, 2\]"),
    "an epoch that is a word": (metrics_line(epoch="one"), r"metrics\.jsonl has lines for the epochs \['one', 2\]"),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_run_is_refused_in_one_line_and_left_as_it_is(name, left, capsys):
    damage, words = DAMAGES[name]
    damage(left)
    before = contents(left)
    with pytest.raises((ValueError, OSError), match=words) as caught:
        resume_run(left)
    assert contents(left) == before
    assert main(["train", "--resume", str(left)]) == (1 if isinstance(caught.value, OSError) else 2)
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"tinygan train: error: {in_words(caught.value)}\n"
    assert contents(left) == before


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"run is not a run: it is not a folder"):
        resume_run(tmp_path / "run")
    (tmp_path / "run").mkdir()
    with pytest.raises(FileNotFoundError, match=r"run is not a run: it holds no config\.json"):
        resume_run(tmp_path / "run")


# divergence


def poison(run, player, layer, value=np.nan):
    getattr(run, player)[layer].weight.data[0, 0] = value


@pytest.mark.parametrize(("player", "layer", "shape"), [("D", 4, "2, 10"), ("G", 2, "12, 12")])
def test_a_parameter_that_is_no_longer_finite_stops_the_run(player, layer, shape, left):
    words = rf"diverged in iteration 7: the weight of layer {layer} of {player}, Linear\({shape}\), is no longer finite"
    before = contents(left)
    run = resume_run(left)
    poison(run, player, layer)
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match=words) as end:
        go_on(run)
    post_mortem = json.loads((left / "post_mortem.json").read_text())
    assert post_mortem["error"] == str(end.value)
    assert post_mortem["iteration"] == 7
    assert post_mortem["last_metrics"] == json.loads((left / "metrics.jsonl").read_text().splitlines()[-1])
    assert set(post_mortem["norms"]) == set(arrays_of(left))
    assert post_mortem["norms"][f"{player}.{layer}.weight"]["not_finite"] > 0
    assert (left / "checkpoint.npz").read_bytes() == before["checkpoint.npz"]
    assert load_trained(left).iteration == 7


def test_the_norms_of_a_post_mortem(left):
    run = resume_run(left)
    run.D[1].bias.data[:] = 0
    run.D[1].bias.data[:3] = [3, -4, np.inf]
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError):
        run.save()
    norms = json.loads((left / "post_mortem.json").read_text())["norms"]
    assert norms["D.1.bias"] == {"L2": 5.0, "largest": 4.0, "not_finite": 1}
    assert norms["G.0.weight"]["L2"] == pytest.approx(np.linalg.norm(run.G[0].weight.data.astype(float)))
    assert norms["G.0.weight.velocity"]["largest"] == pytest.approx(abs(run.optimizer_g.state["velocity"][0]).max())


def test_nothing_that_is_not_finite_is_ever_saved(left):
    before = contents(left)
    run = resume_run(left)
    poison(run, "G", 0, np.inf)
    with pytest.raises(FloatingPointError, match=r"iteration 7: the weight of layer 0 of G, Linear\(100, 12\), is no"):
        run.save()
    assert contents(left)["checkpoint.npz"] == before["checkpoint.npz"]
    assert "post_mortem.json" in contents(left)


@pytest.mark.parametrize(
    ("iteration", "said", "epochs"),
    [(3, r"3: the weight of layer 4 of G, Linear\(12, 30\)", []), (5, r"6: the \w+ of layer \d of [DG]", [1])],
    ids=["at the end of an epoch", "within one"],
)
def test_what_an_update_has_poisoned_is_never_scored(iteration, said, epochs, tmp_path, monkeypatch):
    """At the end of an epoch, G and D are asked before the next loss could tell."""
    run = new_run(tmp_path / "run", **SETTINGS)
    step = run.optimizer_g.step

    def poisoned_step():
        step()
        if run.optimizer_g.n_steps == iteration:
            poison(run, "G", 4)

    monkeypatch.setattr(run.optimizer_g, "step", poisoned_step)
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match=rf"in iteration {said}.* no longer finite"):
        go_on(run)
    assert state_of(tmp_path / "run")["iteration"] == 0
    assert run.folder.post_mortem.exists()
    assert [line["epoch"] for line in run.folder.read_metrics()] == epochs


def test_the_last_update_is_looked_at_too(tmp_path, monkeypatch):
    run = new_run(tmp_path / "run", **SETTINGS)
    monkeypatch.setattr(run, "_end_epoch", lambda *numbers: poison(run, "D", 1, np.inf) if run.epoch == 3 else None)
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match=r"iteration 9: the weight of layer 1 of D"):
        go_on(run)
    assert not run.folder.summary.exists()
    assert run.folder.post_mortem.exists()


def test_a_rate_that_is_far_too_high_is_said_in_words(tmp_path, capsys, monkeypatch):
    np.save(tmp_path / "a.npy", made_images())
    words = ["train", "images", "--data", str(tmp_path / "a.npy"), "--out", str(tmp_path / "run"), "--threads", "1"]
    settings = ["learning_rate=1e6", "learning_rate_floor=1e6", "batch_size=5", "n_epochs=9"]
    assert main([*words, "--scale", "0.01", *(word for s in settings for word in ("--set", s))]) == 1
    err = capsys.readouterr().err
    assert re.match(r"tinygan train: error: training diverged in iteration \d+: .* of layer \d of [DG], Linear\(", err)
    assert f"{tmp_path / 'run' / 'post_mortem.json'} has the last metrics and norms, " in err
    assert f"{tmp_path / 'run' / 'checkpoint.npz'} is the last good one\n" in err
    assert err.count("\n") == 1
    assert all(np.isfinite(array).all() for array in arrays_of(tmp_path / "run").values())
    assert main(["train", "--resume", str(tmp_path / "run"), "-q"]) == 1  # it is no accident
    assert capsys.readouterr().err == err


# a full disk, and a folder that turns read-only


class Fault:
    """Lets a call go through so many times, and then raises an OSError, once."""

    def __init__(self, call, error, after, applies=lambda *arguments: True):
        self.call, self.error, self.left, self.applies = call, error, after, applies

    def __call__(self, *arguments, **options):
        if self.applies(*arguments):
            self.left -= 1
            if self.left == -1:
                raise self.error
        return self.call(*arguments, **options)


ERRORS = {"full disk": errno.ENOSPC, "read-only": errno.EROFS}


def failure(name):
    return OSError(ERRORS[name], os.strerror(ERRORS[name]))


def onto(name):
    return lambda source, target: target.name == name


def in_mode(*modes):
    return lambda path, mode="r", *arguments: mode in modes


def half_written(*arguments, **options):
    """Open a file that takes half of what it is given."""
    file = builtins.open(*arguments, **options)  # noqa: SIM115
    write = file.write

    def write_half(text):
        write(text[: len(text) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    file.write = write_half
    return file


FAULTS = {
    # what is replaced or called -> patch(monkeypatch, error, after)
    "checkpoint in place": lambda m, e, n: m.setattr("os.replace", Fault(os.replace, e, n, onto("checkpoint.npz"))),
    "picture in place": lambda m, e, n: m.setattr("os.replace", Fault(os.replace, e, n, onto("epoch_0003.png"))),
    "summary in place": lambda m, e, n: m.setattr("os.replace", Fault(os.replace, e, n, onto("summary.json"))),
    "metrics in place": lambda m, e, n: m.setattr("os.replace", Fault(os.replace, e, n, onto("metrics.jsonl"))),
    "config in place": lambda m, e, n: m.setattr("os.replace", Fault(os.replace, e, n, onto("config.json"))),
    "flushing": lambda m, e, n: m.setattr("os.fsync", Fault(os.fsync, e, n)),
    "opening the checkpoint": lambda m, e, n: m.setattr(
        "tinygan.runs.checkpoint.open", Fault(builtins.open, e, n, in_mode("wb")), raising=False
    ),
    "opening the metrics": lambda m, e, n: m.setattr(
        folder_module, "open", Fault(builtins.open, e, n, in_mode("a")), raising=False
    ),
    "half a line of metrics": lambda m, e, n: m.setattr(folder_module, "open", half_written, raising=False),
}
AFTER = {"checkpoint in place": (0, 1, 2), "flushing": (0, 1, 2, 3, 4, 5, 6), "opening the checkpoint": (0, 2)}


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize(("fault", "after"), [(name, n) for name in FAULTS for n in AFTER.get(name, (0,))])
def test_a_write_that_fails_stops_the_run_and_nothing_is_lost(fault, after, error, left, whole, capsys):
    words = ["train", "--resume", str(left), "--checkpoint-seconds", "1e-9"]
    with pytest.MonkeyPatch.context() as patch:
        FAULTS[fault](patch, failure(error), after)
        assert main([*words, "-q"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    said = os.strerror(errno.ENOSPC if "half" in fault else ERRORS[error])
    assert err.startswith("tinygan train: error: ")
    assert said in err.splitlines()[0]
    assert not [name for name in contents(left) if "partial" in name]
    assert 7 <= load_trained(left).iteration <= 9
    json.loads((left / "config.json").read_text())
    assert main([*words, "-q"]) == 0
    assert capsys.readouterr() == ("", "")
    assert arrays_of(left).keys() == arrays_of(whole).keys()
    assert (left / "checkpoint.npz").read_bytes() == (whole / "checkpoint.npz").read_bytes()
    assert metrics_of(left) == metrics_of(whole)
    assert (left / "summary.json").exists()


def test_while_it_trains_the_words_say_where_what_is_left_is(left, capsys, monkeypatch):
    monkeypatch.setattr("os.replace", Fault(os.replace, failure("full disk"), 1, onto("checkpoint.npz")))
    assert main(["train", "--resume", str(left), "-q", "--checkpoint-seconds", "1e-9"]) == 1
    assert capsys.readouterr().err == (
        f"tinygan train: error: {left / 'checkpoint.npz'}: No space left on device; the run stops\n"
        f"tinygan train: error: {left / 'checkpoint.npz'} is whole; when that is mended: "
        f"tinygan train --resume {left}\n"
    )
    assert state_of(left)["iteration"] == 8


@pytest.mark.parametrize("after", [0, 1])
def test_a_run_that_cannot_begin_says_why(after, tmp_path, capsys, monkeypatch):
    np.save(tmp_path / "a.npy", made_images())
    monkeypatch.setattr("os.replace", Fault(os.replace, failure("full disk"), after))
    words = ["train", "images", "--data", str(tmp_path / "a.npy"), "--out", str(tmp_path / "run"), "--scale", "0.01"]
    assert main([*words, "--threads", "1", "--set", "batch_size=20"]) == 1
    out, err = capsys.readouterr()
    name = ("checkpoint.npz", "config.json")[after]
    assert (out, err) == (
        "",
        f"tinygan train: error: {tmp_path / 'run' / name}: No space left on device\n",
    )
    assert not (tmp_path / "run").exists()
