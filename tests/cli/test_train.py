"""tinygan train, as a person at a terminal meets it, on small networks and made images."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat
from support.runs import arrays_of, assert_same_run, made_images, metrics_of, quick_picture, state_of

from tinygan.adversarial.objectives import OBJECTIVES
from tinygan.cli import main
from tinygan.cli import train as train_module
from tinygan.cli.terminal import argument_types
from tinygan.data import Labelled, Splits
from tinygan.files import in_words
from tinygan.recipes.data_sets import LOADERS
from tinygan.runs import run as run_module
from tinygan.runs.folder import RunFolder

SMALL = ["--scale", "0.01", "--threads", "1", "--set", "batch_size=20"]
IMAGES = ["train", "images", "--data", "made.npy", *SMALL]
TWO = ["--epochs", "2"]


@pytest.fixture(autouse=True)
def _with_made_images_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TINYGAN_DATA", raising=False)
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "cache" / name)
    monkeypatch.setattr(run_module, "draw_samples", quick_picture)
    np.save("made.npy", made_images())


def config_of(folder):
    return json.loads(Path(folder, "config.json").read_text())


def refused(capsys, *words, status=2):
    """Return the one line of a refusal."""
    assert main([*words]) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("tinygan train: error: ")
    return err.removeprefix("tinygan train: error: ").rstrip()


def refused_by_the_parser(capsys, *words):
    with pytest.raises(SystemExit) as end:
        main([*words])
    assert end.value.code == 2
    return capsys.readouterr().err


# a run from the command line


def test_it_trains_into_runs_name_and_says_how_it_went(capsys):
    assert main([*IMAGES, *TWO]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    folder = Path("runs/images")
    assert sorted(path.name for path in folder.iterdir()) == [
        "checkpoint.npz", "config.json", "metrics.jsonl", "samples", "summary.json"
    ]  # fmt: skip
    first, *lines, finished, evaluate, samples, missed = out.splitlines()
    assert first == (
        "runs/images: 50 images of 6 x 5, simultaneous updates, 2 epochs of 3 iterations, 1 thread, "
        "from epoch 0, iteration 0"
    )
    for epoch, metrics, line in zip((1, 2), metrics_of(folder), lines, strict=True):
        best = metrics["parzen"]["best"]
        assert line.startswith(f"epoch    {epoch}   J_D ")
        assert line.endswith(f"quick log-likelihood {best['mean']:>7.1f} ± {best['standard_error']:.1f} nats")
    assert finished == "runs/images is finished: epoch 2."
    assert evaluate.startswith("  tinygan evaluate runs/images   its row of Table 1, from ten times the samples")
    assert samples == "  tinygan samples runs/images    Figure 2"
    assert missed == (
        "Missed: all samples look like the mean of the data (they spread 0% as far): "
        "G has learned little else yet; train longer."
    )


def test_every_run_gets_a_folder_of_its_own():
    for _ in range(3):
        assert main([*IMAGES, "--epochs", "1", "-q"]) == 0
    assert sorted(path.name for path in Path("runs").iterdir()) == ["images", "images-2", "images-3"]
    assert_same_run(Path("runs/images-3"), Path("runs/images"))


def test_quiet_is_quiet(capsys):
    assert main([*IMAGES, *TWO, "-q"]) == 0
    assert capsys.readouterr() == ("", "")


def test_a_terminal_gets_a_bar(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert main([*IMAGES, *TWO]) == 0
    err = capsys.readouterr().err
    assert "epoch 2/2" in err
    assert "epoch 3/2" not in err
    assert all(word in err for word in ("examples/s", "J_D ", "J_G ", "D(x) ", "D(G(z)) "))


@pytest.mark.parametrize(
    ("words", "setting"),
    [
        (["--updates", "alternating"], {"updates": "alternating", "discriminator_factor": 1.0}),
        (["--updates", "alternating", "--discriminator-steps", "2"],
         {"updates": "alternating", "discriminator_factor": 1.0, "discriminator_steps": 2}),
        (["--updates", "alternating", "--set", "discriminator_factor=0.5"], {"updates": "alternating"}),
        (["--objective", "minimax"], {"objective": "minimax"}),
        (["--objective", "least_squares"], {"objective": "least_squares"}),
        (["--scale", "0.02"], {"generator_units": 24, "discriminator_units": 5}),
        (["--set", "momentum=0.9"], {"momentum": 0.9}),
        (["--set", "momentum=0.9", "--set", "n_pieces=2"], {"momentum": 0.9, "n_pieces": 2}),
        (["--set", "max_col_norm=0.1"], {"max_col_norm": 0.1}),
        (["--set", "noise_prior=gaussian"], {"noise_prior": "gaussian"}),
        (["--set", " learning_rate = 1e-3"], {"learning_rate": 0.001}),
        (["--set", "n_epochs=1"], {}),  # --epochs has the last word
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_every_option_of_the_recipe_does_what_it_says(words, setting):
    assert main([*IMAGES, *TWO, "-q"]) == 0
    assert main([*IMAGES, *TWO, "-q", *words]) == 0
    plain, other = config_of("runs/images")["recipe"], config_of("runs/images-2")["recipe"]
    assert other == plain | setting
    changed = metrics_of(Path("runs/images")) != metrics_of(Path("runs/images-2"))
    assert changed == bool(setting)


def test_the_command_line_knows_every_objective():
    assert tuple(OBJECTIVES) == argument_types.OBJECTIVES


def test_every_other_option_does_what_it_says(monkeypatch):
    threads = []
    monkeypatch.setattr("tinygan.runs.run.resolved_threads", lambda asked, *sizes: threads.append(asked) or 1)
    words = ["--out", "here", "--seed", "7", "--evaluate-every", "2", "--threads", "auto", "--epochs", "4"]
    assert main([*IMAGES, "-q", *words]) == 0
    config = config_of("here")
    assert (config["seed"], config["evaluate_every"], config["threads"]) == (7, 2, "auto")
    assert config["recipe"]["n_epochs"] == 4
    assert threads == ["auto"]
    assert [line["epoch"] for line in metrics_of(Path("here")) if "parzen" in line] == [1, 2, 4]
    assert not Path("runs").exists()


def test_checkpoint_seconds_says_how_often(monkeypatch):
    saved = []
    monkeypatch.setattr(run_module.Run, "_write_checkpoint", lambda run: saved.append(run.state.iteration))
    assert main([*IMAGES, *TWO, "-q", "--checkpoint-seconds", "1e-9", "--out", "often"]) == 0
    assert saved == [0, 1, 2, 3, 4, 5, 6, 6]
    saved.clear()
    assert main([*IMAGES, *TWO, "-q", "--out", "seldom"]) == 0
    assert saved == [0, 6]


def test_live_refreshes_a_picture(monkeypatch):
    drawn = []
    monkeypatch.setattr(run_module, "draw_live", lambda images, metrics, path, title: drawn.append((path, title)))
    assert main([*IMAGES, *TWO, "-q", "--live", "live.png"]) == 0
    times = [title.removeprefix("images, epoch ") for _, title in drawn]
    assert times == ["0.3", "1.0", "2.0"]  # at once, and at every end of an epoch
    drawn.clear()
    monkeypatch.setattr(train_module, "LIVE_SECONDS", -1.0)
    assert main([*IMAGES, *TWO, "-q", "--live", "live.png"]) == 0
    assert len(drawn) == 6
    assert {path for path, _ in drawn} == {Path("live.png")}


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), ValueError("no font"), MemoryError()]
)
def test_a_live_picture_that_cannot_be_drawn_stops_nothing(error, monkeypatch, capsys):
    def draw(*_, **__):
        raise error

    monkeypatch.setattr(run_module, "draw_live", draw)
    assert main([*IMAGES, *TWO, "-q", "--out", "run", "--live", "live.png"]) == 0
    assert capsys.readouterr() == ("", f"live.png could not be drawn ({in_words(error)}): no more of it.\n")
    assert state_of(Path("run"))["iteration"] == 6


def test_live_really_draws():
    assert main([*IMAGES, "--epochs", "1", "-q", "--live", "live.png", "--set", "batch_size=50"]) == 0
    assert Path("live.png").read_bytes()[:4] == b"\x89PNG"


# a run that is gone on with


def test_resume_goes_on_and_a_finished_run_says_so(capsys):
    assert main([*IMAGES, "--epochs", "3", "--out", "long", "-q"]) == 0
    assert main([*IMAGES, "--epochs", "1", "--out", "run", "-q"]) == 0
    assert main(["train", "--resume", "run"]) == 0
    assert capsys.readouterr() == ("run is finished: epoch 1. --epochs N trains it on, to epoch N\n", "")
    assert main(["train", "--resume", "run", "--epochs", "3"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.splitlines()[0].endswith("3 epochs of 3 iterations, 1 thread, from epoch 1, iteration 3")
    assert "run is finished: epoch 3." in out
    assert_same_run(Path("run"), Path("long"))
    assert main(["train", "--resume", "run", "--epochs", "3", "-q"]) == 0
    assert refused(capsys, "train", "--resume", "run", "--epochs", "2") == (
        "run has begun epoch 3; it takes as many epochs or more, not 2"
    )


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--out", "other"], "--out"),
        (["--seed", "0"], "--seed"),
        (["--updates", "simultaneous"], "--updates"),
        (["--discriminator-steps", "1"], "--discriminator-steps"),
        (["--objective", "minimax"], "--objective"),
        (["--threads", "1"], "--threads"),
        (["--scale", "1"], "--scale"),
        (["--stage-1", "run"], "--stage-1"),
        (["--evaluate-every", "5"], "--evaluate-every"),
        (["--set", "momentum=0.5"], "--set"),
        (["--seed", "0", "--set", "momentum=0.5"], "--seed, --set"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_resumed_run_keeps_its_recipe(words, named, capsys):
    assert refused(capsys, "train", "--resume", "run", *words) == (
        f"a resumed run keeps the recipe that it began with; leave out {named}"
    )


def test_a_run_that_another_process_trains_is_left_alone(capsys):
    assert main([*IMAGES, *TWO, "--out", "run", "-q"]) == 0
    with RunFolder("run").locked():
        assert refused(capsys, "train", "--resume", "run", "--epochs", "9", status=1) == (
            "run is being trained by another process; wait for it, or stop it"
        )
    assert main(["train", "--resume", "run", "--epochs", "3", "-q"]) == 0


def test_a_run_whose_folder_is_gone_is_not_called_whole(capsys, monkeypatch):
    assert main([*IMAGES, *TWO, "--out", "run", "-q"]) == 0
    probed = {"d_real": 0.5, "d_fake": 0.5}
    monkeypatch.setattr(run_module.Run, "_probe", lambda run: shutil.rmtree("run", ignore_errors=True) or probed)
    assert main(["train", "--resume", "run", "--epochs", "3", "-q"]) == 1
    said = "tinygan train: error: run/metrics.jsonl: No such file or directory; the run stops\n"
    assert capsys.readouterr() == ("", said)


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS])
def test_where_no_folder_can_be_locked_it_trains_and_says_so_once(number, capsys, monkeypatch):
    def flock(descriptor, operation):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", flock)
    said = "run cannot be locked here; let no other process train it meanwhile.\n"
    assert main([*IMAGES, "--epochs", "1", "--out", "run", "-q"]) == 0
    assert capsys.readouterr() == ("", said)
    assert main(["train", "--resume", "run", "--epochs", "2", "-q"]) == 0
    assert capsys.readouterr() == ("", said)
    assert state_of(Path("run"))["iteration"] == 6


def test_the_numbers_of_stage_1_cannot_be_set_again(capsys):
    words = ("train", "tfd", "--data", "x.mat", "--stage-1", "run", "--set", "relu_units=7", "--set", "momentum=0")
    assert refused(capsys, *words) == "--set got relu_units, which the run of stage 1 has decided"


def test_what_cannot_be_resumed_is_refused(capsys):
    assert (
        refused(capsys, "train", "mnist", "--resume", "run") == "--resume goes on with what is in run; leave out mnist"
    )
    words = refused(capsys, "train", "--resume", "run", status=1)
    assert words.startswith("run is not a run: it is not a folder")


def politely(signal_number, at):
    """Return a `polite_interrupts` in which a signal comes at an iteration: the process gets none."""

    class Interrupted:
        def __enter__(self):
            self.looks = 0
            return self

        def __exit__(self, *error):
            pass

        @property
        def signal_number(self):
            self.looks += 1
            return signal_number if self.looks >= at else None

    return Interrupted


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_an_interrupt_saves_and_says_how_to_go_on(number, status, capsys, monkeypatch):
    assert main([*IMAGES, *TWO, "--out", "whole", "-q"]) == 0
    with monkeypatch.context() as patch:
        patch.setattr(train_module, "polite_interrupts", politely(number, 4))
        assert main([*IMAGES, *TWO, "--out", "run", "-q"]) == status
    assert capsys.readouterr() == (
        "", "Saved at epoch 1, iteration 4. To go on: tinygan train --resume run\n"
    )  # fmt: skip
    assert state_of(Path("run"))["iteration"] == 4
    assert main(["train", "--resume", "run", "-q"]) == 0
    assert_same_run(Path("run"), Path("whole"))


def test_an_order_leaves_at_once(capsys, monkeypatch):
    def ordered(run):
        if run.state.iteration == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr("tinygan.runs.run.check_parameters", lambda iteration, **players: None)
    saved = run_module.Run._write_checkpoint
    monkeypatch.setattr(run_module.Run, "_write_checkpoint", lambda run: ordered(run) or saved(run))
    assert main([*IMAGES, *TWO, "--out", "run", "-q", "--checkpoint-seconds", "1e-9"]) == 130
    assert capsys.readouterr() == (
        "",
        "tinygan train: error: left at once; what came after the last checkpoint is lost. "
        "To go on: tinygan train --resume run\ntinygan train: interrupted\n",
    )
    assert state_of(Path("run"))["iteration"] == 3


# words that are refused


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "say what to train: one of mnist, mnist-quick, fashion-mnist, images, tfd, cifar10; or --resume RUN"),
        (["images"], "images needs the images; name their file or folder with --data"),
        (["tfd"], "tfd needs the images; name their file or folder with --data"),
        (["images", "--data", "made.npy", "--stage-1", "run"], "--stage-1 belongs to tfd, not to images"),
        (["mnist", "--set", "momentum=1.5"], "the recipe got momentum=1.5; it takes a number in [0, 1)"),
        (["mnist", "--set", "batch_size=ten"], "--set batch_size=ten: it takes a whole number"),
        (["mnist", "--set", "batch_size=2.5"], "--set batch_size=2.5: it takes a whole number"),
        (["mnist", "--set", "momentum=high"], "--set momentum=high: it takes a number"),
        (["mnist", "--set", "max_col_norm=much"], "--set max_col_norm=much: it takes a number"),
        (["mnist", "--set", "updates=both"],
         "the recipe got updates 'both'; it takes one of 'alternating', 'simultaneous'"),
        (["mnist", "--discriminator-steps", "2"], "the recipe got discriminator_steps=2 with simultaneous updates, "
         "where both players move at once; it takes updates=alternating with that"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_words_that_do_not_fit_are_refused(words, said, capsys):
    assert refused(capsys, "train", *words) == said
    assert not Path("runs").exists()


def test_an_unknown_setting_lists_them_all(capsys):
    said = refused(capsys, *IMAGES, "--set", "momentun=0.9")
    assert said.startswith("the recipe of MNIST has no momentun, did you mean momentum? It takes one of batch_size, ")
    main([*IMAGES, "--epochs", "1", "-q"])
    for name in config_of("runs/images")["recipe"]:
        assert name in said.split("It takes one of ")[1].split(", ")


def test_none_stands_for_none():
    assert main([*IMAGES, "--epochs", "1", "-q", "--set", "max_col_norm=None"]) == 0
    assert config_of("runs/images")["recipe"]["max_col_norm"] is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["svhn"], "there is no 'svhn'"),
        (["mnist", "--epochs", "0"], "'0' is not a whole number >= 1, such as 100"),
        (["mnist", "--seed", "-1"], "'-1' is not a whole number >= 0, such as 7"),
        (["mnist", "--threads", "none"], "'none' is not a whole number >= 1, such as 4, or auto"),
        (["mnist", "--scale", "0"], "'0' is not a number > 0"),
        (["mnist", "--scale", "nan"], "'nan' is not a number > 0"),
        (["mnist", "--checkpoint-seconds", "-1"], "'-1' is not a number > 0"),
        (["mnist", "--updates", "both"], "there is no 'both'"),
        (["mnist", "--set", "momentum"], "'momentum' is not a setting, such as momentum=0.9"),
        (["mnist", "--set", "=3"], "'=3' is not a setting, such as momentum=0.9"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_words_are_refused_with_an_example(words, said, capsys):
    assert said in refused_by_the_parser(capsys, "train", *words)


def test_wrong_files_are_refused(capsys):
    np.save("floats.npy", np.zeros((9, 4, 4)))
    np.save("two.npy", made_images(2))
    Path("empty.npy").write_bytes(b"")
    train = ["train", "images", *SMALL]
    assert "floats.npy" in refused(capsys, *train, "--data", "floats.npy")
    assert refused(capsys, *train, "--data", "two.npy") == (
        "two.npy holds 2 images; it takes 3 or more, to train, for validation and to test"
    )
    assert "empty.npy is empty" in refused(capsys, *train, "--data", "empty.npy")
    assert "nowhere.npy" in refused(capsys, *train, "--data", "nowhere.npy", status=1)
    assert "train-images-idx3-ubyte.gz" in refused(capsys, "train", "mnist", "--data", ".", *SMALL, status=1)
    assert "data_batch_1.bin" in refused(capsys, "train", "cifar10", "--data", ".", *SMALL, status=1)
    assert "cannot be read as a MATLAB file" in refused(capsys, "train", "tfd", "--data", "made.npy", *SMALL)
    assert refused(capsys, *IMAGES, "--live", "live.txt").startswith("live.txt")
    assert not Path("runs").exists()


def test_a_folder_with_something_in_it_is_refused(capsys):
    Path("full").mkdir()
    Path("full/thesis.tex").write_text("all of it")
    assert refused(capsys, *IMAGES, "--out", "full", status=1) == (
        "full is not empty: it takes a new or an empty folder"
    )
    assert [path.name for path in Path("full").iterdir()] == ["thesis.tex"]
    assert main([*IMAGES, "--epochs", "1", "--out", "run", "-q"]) == 0
    assert "`tinygan train --resume run` goes on with it" in refused(capsys, *IMAGES, "--out", "run", status=1)


def test_too_little_memory_hints_at_scale(capsys, monkeypatch):
    def none_left(*arguments):
        raise MemoryError("Unable to allocate 244 MiB")

    monkeypatch.setattr("tinygan.runs.start.Run", none_left)
    said = refused(capsys, *IMAGES, status=1)
    assert said == "Unable to allocate 244 MiB. --scale 0.05 trains the same with narrower layers"


# the other data sets


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_mnist_and_fashion_mnist_come_from_a_data_folder(name, monkeypatch, capsys):
    asked = []
    parts = [Labelled(made_images(n, (28, 28)), np.zeros(n)) for n in (50, 10, 10)]
    monkeypatch.setitem(LOADERS, name, lambda data_dir: asked.append(data_dir) or Splits(*parts))
    assert main(["train", name, *SMALL, "--epochs", "1", "-q", "--data", "here"]) == 0
    assert main(["train", name, *SMALL, "--epochs", "1", "-q"]) == 0
    assert capsys.readouterr() == ("", "")
    assert asked == [Path("here"), None]  # None: TINYGAN_DATA, then the user's cache
    given, found = config_of(f"runs/{name}"), config_of(f"runs/{name}-2")
    assert (given["data"], found["data"]) == (str(Path("here").resolve()), None)
    assert (given["experiment"], given["n_images"], given["image_shape"]) == (name, [50, 10, 10], [28, 28])
    assert_same_run(Path(f"runs/{name}"), Path(f"runs/{name}-2"))


@pytest.mark.parametrize(("n", "said"), [
    (3, ["1 image to train on, fewer than a minibatch of 20: too few to learn from."]),
    (28, []),
])  # fmt: skip
def test_too_few_images_are_said_to_be(n, said, capsys):
    np.save("few.npy", made_images(n))
    assert main(["train", "images", "--data", "few.npy", *SMALL, "--epochs", "1"]) == 0
    assert capsys.readouterr().err.splitlines() == said


@pytest.mark.parametrize("colour", [False, True])
def test_a_folder_of_pictures_is_trained_on_and_drawn(colour):
    for i, image in enumerate(made_images(50, (5, 4, 3) if colour else (5, 4))):
        Image.fromarray(image).save(f"{i:02}.png")
    assert main(["train", "images", "--data", ".", "--out", "run", *SMALL, "--epochs", "1"]) == 0
    assert config_of("run")["image_shape"] == ([5, 4, 3] if colour else [5, 4])


def make_cifar(n_by_batch):
    folder = Path("cifar-10-batches-bin")
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name, n in n_by_batch.items():
        records = rng.integers(0, 256, (n, 3073), np.uint8)
        records[:, 0] %= 10
        (folder / f"{name}.bin").write_bytes(records.tobytes())


@pytest.mark.parametrize("with_validation", [False, True])
def test_cifar10_in_part_says_so(with_validation, capsys):
    make_cifar({"data_batch_1": 40, "data_batch_3": 10} | ({"data_batch_5": 5} if with_validation else {}))
    assert main(["train", "cifar10", "--data", ".", "--scale", "0.002", *SMALL[2:], "--epochs", "1"]) == 0
    out, err = capsys.readouterr()
    said = ["50 of the recipe's 40,000 training images are there; it trains on these."]
    said += (
        []
        if with_validation
        else ["There are no validation images, so there is no log-likelihood during the training."]
    )
    assert err.splitlines() == said
    assert out.startswith("runs/cifar10: 50 images of 32 x 32, simultaneous updates, 1 epoch of 3 iterations")
    assert "epoch    1   J_D " in out
    assert (" nats" in out) == with_validation
    assert config_of("runs/cifar10")["n_images"] == [50, 5 if with_validation else 0, 0]
    assert arrays_of(Path("runs/cifar10"))["G.4.weight"].shape == (16, 3072)


def make_tfd(n=60):
    folds = np.repeat([0, 2, 3], [n - 20, 10, 10])
    faces = {"images": made_images(n, (48, 48)), "labs_ex": np.zeros((n, 1), int), "folds": np.stack([folds] * 5, 1)}
    savemat("TFD_48x48.mat", faces)


def test_tfd_in_two_stages(capsys):
    make_tfd()
    tfd = ["train", "tfd", "--data", "TFD_48x48.mat", "--scale", "0.002", *SMALL[2:], "-q"]
    assert main([*tfd, "--epochs", "2", "--out", "one"]) == 0
    below = arrays_of(Path("one"))
    assert [below[f"G.{i}.weight"].shape for i in (0, 2, 4)] == [(100, 16), (16, 16), (16, 2304)]
    assert config_of("one")["n_images"] == [40, 10, 10]
    stage_2 = [*tfd, "--stage-1", "one", "--set", "lower_units=3500", "--seed", "5"]
    assert main([*stage_2, "--epochs", "2", "--out", "two"]) == 0
    config = config_of("two")
    assert (config["experiment"], config["stage_1"]) == ("tfd-stage-2", str(Path("one").resolve()))
    assert config["recipe"]["lower_units"] == 7
    assert arrays_of(Path("two"))["G.2.weight"].shape == (7, 100)
    assert main(["train", "--resume", "two", "--epochs", "3", "-q"]) == 0  # stage 1 may be gone by then
    assert state_of(Path("two"))["iteration"] == 6
    Path("one/config.json").rename("one/gone.json")
    assert main(["train", "--resume", "two", "--epochs", "4", "-q"]) == 0
    assert capsys.readouterr() == ("", "")


def test_stage_2_starts_where_stage_1_ended(monkeypatch):
    make_tfd()
    tfd = ["train", "tfd", "--data", "TFD_48x48.mat", "--scale", "0.002", *SMALL[2:], "-q", "--epochs", "1"]
    assert main([*tfd, "--out", "one"]) == 0
    monkeypatch.setattr(run_module.Run, "train", lambda run, checkpoint_seconds: iter(()))
    assert main([*tfd, "--stage-1", "one", "--out", "two"]) == 0
    below, above = arrays_of(Path("one")), arrays_of(Path("two"))
    for layer in (0, 2, 4):
        for name in ("weight", "bias"):
            np.testing.assert_array_equal(above[f"G.{layer + 4}.{name}"], below[f"G.{layer}.{name}"])
    assert (above["D.1.weight"] != below["D.1.weight"]).any()  # D is new
    assert set(above["G.2.bias"]) == {-2}
    assert not above["G.4.weight.velocity"].any()


def test_stage_2_takes_a_run_of_stage_1_only(capsys):
    make_tfd()
    assert main([*IMAGES, "--epochs", "1", "--out", "digits", "-q"]) == 0
    tfd = ["train", "tfd", "--data", "TFD_48x48.mat", "--scale", "0.002", *SMALL[2:]]
    assert refused(capsys, *tfd, "--stage-1", "digits") == (
        "digits is not a run of stage 1; it takes one that `tinygan train tfd` made"
    )
    assert "nowhere is not a run" in refused(capsys, *tfd, "--stage-1", "nowhere", status=1)
    assert not Path("runs").exists()


def test_the_help_loads_no_network():
    code = (
        "import sys\nfrom tinygan.cli import main\n"
        "try: main(['train', '--help'])\nexcept SystemExit: pass\n"
        "print(sorted({'numpy', 'matplotlib', 'scipy'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[]"
