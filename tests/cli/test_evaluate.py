"""tinygan evaluate, on a small run of made images, and on real digits."""

import csv
import io
import json
from contextlib import nullcontext

import numpy as np
import pytest
from support.pictures import real_folder

from tinygan.cli import main
from tinygan.evaluation import FINE_BANDWIDTHS, PAPER_BANDWIDTHS, parzen_log_likelihood
from tinygan.recipes.data_sets import load
from tinygan.recipes.mnist import MNIST
from tinygan.runs.start import start_run
from tinygan.runs.trained import load_trained


def made_images(seed, n=140):
    """Return n images of 6 x 5: one of four pictures each, and noise."""
    rng = np.random.default_rng(seed)
    pictures = np.random.default_rng(0).integers(0, 200, (4, 6, 5))
    return (pictures[rng.integers(4, size=n)] + rng.integers(0, 56, (n, 6, 5))).astype(np.uint8)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return the folder of a run of two epochs, and its data."""
    folder = tmp_path_factory.mktemp("made")
    np.save(folder / "images.npy", made_images(1))
    run = start_run(
        folder / "run", "images", MNIST(n_epochs=2, batch_size=30).scaled(0.01), data=folder / "images.npy", threads=1
    )
    for _ in run.train():
        pass
    return folder / "run", folder / "images.npy"


@pytest.fixture
def evaluate(made, capsys):
    def evaluate(*words, samples="80"):
        arguments = ["evaluate", str(made[0]), "--samples", samples, "--threads", "1", *map(str, words)]
        assert main(arguments) == 0
        return capsys.readouterr()

    return evaluate


def refused(words, capsys, status=2):
    """Return the one line that says what is wrong."""
    assert main(["evaluate", *map(str, words)]) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("tinygan evaluate: error: ")
    assert err.count("\n") == 1
    return err


def made_rows(path):
    """Return training, validation and test rows of the made images."""
    return [np.float32(part.images.reshape(len(part.images), -1) / 255) for part in load("images", path)]


def test_the_table_has_the_run_and_what_calibrates_it(evaluate, made):
    out, err = evaluate()
    assert err == ""
    lines = out.splitlines()
    assert lines[0].split("  ")[0] == "model"
    names = [line.split("  ")[0] for line in lines[1:5]]
    assert names == [f"{made[0]}, epoch 2", "80 real training images", "k-means, 20 centroids, 2 steps",
                     "the mean training image"]  # fmt: skip
    assert "in nats, of 20 test images under 80 samples; sigma chosen on 20 validation images." in " ".join(lines)
    assert "Theis et al. 2016" in out
    assert "in the paper" not in out


@pytest.mark.parametrize(("name", "grid"), [("paper_grid", PAPER_BANDWIDTHS), ("fine_grid", FINE_BANDWIDTHS)])
def test_the_numbers_are_those_of_the_evaluator(name, grid, evaluate, made):
    row = json.loads(evaluate("--json", "--seed", 5)[0])["rows"][0]
    _, validation, test = made_rows(made[1])
    wanted = parzen_log_likelihood(load_trained(made[0]).sample(80, rng=5), test, validation, grid)
    assert row[f"{name}_mean"] == pytest.approx(wanted.mean, abs=2e-3)
    assert row[f"{name}_standard_error"] == pytest.approx(wanted.standard_error, abs=1e-3)
    assert row[f"{name}_bandwidth"] == wanted.bandwidth


def test_json_csv_and_the_table_agree(evaluate, made):
    found = json.loads(evaluate("--json", "-q")[0])
    rows = found.pop("rows")
    assert found == {
        "run": str(made[0]),
        "experiment": "images",
        "epoch": 2,
        "seed": 0,
        "n_validation": 20,
        "n_test": 20,
        "missed": [
            "all samples look like the mean of the data (they spread 0% as far): "
            "G has learned little else yet; train longer"
        ],
    }
    assert [row["source"] for row in rows] == ["samples", *["calibration"] * 3]
    assert [row["n_samples"] for row in rows] == [80, 80, 20, 1]
    read = list(csv.DictReader(io.StringIO(evaluate("--csv", "-q")[0])))
    assert read == [{key: str(value) for key, value in row.items()} for row in rows]
    cells = [" ".join(line.split()[-8:]) for line in evaluate()[0].splitlines()[1:5]]
    assert cells == [
        "{paper_grid_mean:.1f} ± {paper_grid_standard_error:.1f} {paper_grid_bandwidth:.3f} "
        "{fine_grid_mean:.1f} ± {fine_grid_standard_error:.1f} {fine_grid_bandwidth:.3f}".format(**row)
        for row in rows
    ]


def test_the_same_seed_gives_the_same_and_calibration_does_not_depend_on_it(evaluate):
    first, again, other = (json.loads(evaluate("--json", "--seed", seed)[0])["rows"] for seed in (0, 0, 1))
    assert first == again
    assert first[0] != other[0]
    assert first[1:] == other[1:]


def test_no_calibration_leaves_one_row(evaluate):
    (row,) = json.loads(evaluate("--json", "--no-calibration")[0])["rows"]
    assert row["source"] == "samples"
    assert "leave out --no-calibration" in " ".join(evaluate("--no-calibration")[0].split())


def test_quiet_is_quiet_and_a_terminal_gets_a_bar(evaluate, monkeypatch):
    assert evaluate("-q") == ("", "")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert "scoring: 100%" in evaluate().err
    assert evaluate("-q") == ("", "")


def test_the_curve_is_drawn_of_every_row(evaluate, tmp_path, monkeypatch):
    evaluate("--curve", tmp_path / "sigma.svg", "-q")
    assert (tmp_path / "sigma.svg").read_text(encoding="utf-8").startswith("<?xml")
    drawn = []
    monkeypatch.setattr("tinygan.figures.likelihoods.draw_bandwidths", lambda *a, **k: drawn.append((a, k)))
    rows = json.loads(evaluate("--curve", tmp_path / "x.png", "--json")[0])["rows"]
    ((searches, path), named) = drawn[0]
    assert (path, named) == (tmp_path / "x.png", {"title": "20 validation images of images"})
    assert [(name, sigmas[curve.argmax()]) for name, (sigmas, curve) in searches.items()] == [
        (row["model"], row["fine_grid_bandwidth"]) for row in rows
    ]


def test_sigma_at_the_end_of_the_grid_is_said(tmp_path, capsys):
    np.save(tmp_path / "same.npy", np.full((40, 6, 5), 77, np.uint8))
    words = ["evaluate", "--samples-file", str(tmp_path / "same.npy"), "--data", str(tmp_path / "same.npy")]
    assert main([*words, "--experiment", "images", "--no-calibration"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert f"a better one may lie beyond, for: {tmp_path / 'same.npy'}." in said


# Samples from a file.


@pytest.mark.parametrize("form", ["rows", "images"])
def test_a_file_of_samples_scores_as_the_run_that_drew_them(form, evaluate, made, tmp_path, capsys):
    samples = load_trained(made[0]).sample(80, rng=0)
    np.save(tmp_path / "x.npy", samples if form == "rows" else samples.reshape(80, 6, 5))
    words = ["--samples-file", str(tmp_path / "x.npy"), "--experiment", "images", "--data", str(made[1]), "--json"]
    assert main(["evaluate", *words, "--threads", "1"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["samples_file"], found["experiment"]) == (str(tmp_path / "x.npy"), "images")
    wanted = json.loads(evaluate("--json")[0])["rows"]
    assert found["rows"][0]["fine_grid_mean"] == pytest.approx(wanted[0]["fine_grid_mean"], abs=1e-3)
    assert found["rows"][1:] == wanted[1:]


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_only_digits_are_beside_the_paper_s_rows(name, tmp_path, capsys):
    np.save(tmp_path / "x.npy", load(name, real_folder(name)).train.images[:20])
    words = ["evaluate", "--samples-file", str(tmp_path / "x.npy"), "--no-calibration", "--threads", "1"]
    words += ["--data", str(real_folder(name)), *([] if name == "mnist" else ["--experiment", name])]
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    published = [" ".join(line.split()) for line in lines if ", in the paper" in line]
    assert published == ([
        "DBN, in the paper 138 ± 2", "Stacked CAE, in the paper 121 ± 1.6", "Deep GSN, in the paper 214 ± 1.1",
        "Adversarial nets, in the paper 225 ± 2",
    ] if name == "mnist" else [])  # fmt: skip
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["n_validation"], found["n_test"]) == (1000, 10_000)
    assert [row["source"] for row in found["rows"]] == ["paper"] * len(published) + ["samples"]
    if published:
        assert found["rows"][3] == dict.fromkeys(found["rows"][-1]) | {
            "source": "paper", "model": "Adversarial nets", "paper_grid_mean": 225, "paper_grid_standard_error": 2,
        }  # fmt: skip
    assert main([*words, "--csv"]) == 0
    read = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert read == [{k: "" if v is None else str(v) for k, v in row.items()} for row in found["rows"]]


def test_tfd_says_whose_errors_are_over_what(tmp_path, capsys):
    from scipy.io import savemat

    faces = np.random.default_rng(0).integers(0, 256, (12, 48, 48)).astype(np.uint8)
    folds = np.array([0] * 6 + [2] * 3 + [3] * 3)[:, None]
    path = tmp_path / "TFD_48x48.mat"
    savemat(path, {"images": faces, "labs_ex": np.full((12, 1), -1), "folds": folds})
    np.save(tmp_path / "x.npy", faces[:2])
    words = ["--samples-file", str(tmp_path / "x.npy"), "--experiment", "tfd", "--data", str(path)]
    assert main(["evaluate", *words, "--no-calibration"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "Adversarial nets, in the paper 2057 ± 26" in out
    assert "over five folds" in out


# What is refused.


@pytest.mark.parametrize("words", [
    [], ["RUN", "--samples-file", "x.npy"], ["RUN", "--json", "--csv"], ["RUN", "--samples", "0"],
    ["RUN", "--threads", "none"], ["--samples-file", "x.npy", "--experiment", "svhn"],
])  # fmt: skip
def test_wrong_words_are_refused(words, capsys):
    with pytest.raises(SystemExit) as end:
        main(["evaluate", *words])
    assert end.value.code == 2
    assert capsys.readouterr().out == ""


def test_words_that_contradict_each_other_are_refused(made, tmp_path, capsys):
    assert "a run knows its own" in refused([made[0], "--experiment", "mnist"], capsys)
    for words in (["--samples", "5"], ["--seed", "0"]):
        assert "a file is scored as it is" in refused(["--samples-file", tmp_path / "x.npy", *words], capsys)


def test_what_is_no_run_and_a_run_without_its_data_are_refused(made, tmp_path, capsys):
    assert f"{tmp_path} is not a run" in refused([tmp_path], capsys, status=1)
    assert "none.npy" in refused([made[0], "--data", tmp_path / "none.npy"], capsys, status=1)
    np.save(tmp_path / "other.npy", made_images(2))
    err = refused([made[0], "--data", tmp_path / "other.npy"], capsys)
    assert f"the training images of images in {tmp_path / 'other.npy'} are not those that the run began with" in err


def test_the_same_data_at_another_place_will_do(evaluate, tmp_path):
    np.save(tmp_path / "moved.npy", made_images(1))
    assert evaluate("--data", tmp_path / "moved.npy", "--json") == evaluate("--json")


def test_a_curve_that_cannot_be_written_is_refused_before_anything_is_scored(made, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("tinygan.experiments.table1.table.score", None)
    assert "takes .png, .svg or .pdf" in refused([made[0], "--curve", tmp_path / "x.gif"], capsys)
    assert "there is no folder" in refused([made[0], "--curve", tmp_path / "none" / "x.png"], capsys, status=1)


def test_a_file_of_something_else_is_refused(made, tmp_path, capsys):
    np.save(tmp_path / "x.npy", np.zeros((5, 31), np.float32))
    words = ["--samples-file", tmp_path / "x.npy", "--experiment", "images"]
    assert "(5, 31); samples of images are of shape (n, 6, 5) or (n, 30)" in refused(
        [*words, "--data", made[1]], capsys
    )
    assert "images needs the images" in refused(words, capsys)


@pytest.mark.data
def test_cifar_without_validation_images_says_which_file_is_missing(tmp_path, capsys):
    batches = tmp_path / "cifar-10-batches-bin"
    batches.mkdir()
    for name in ("data_batch_1.bin", "test_batch.bin"):
        batch = real_folder("cifar-10-batches-bin") / "cifar-10-batches-bin" / name
        (batches / name).write_bytes(batch.read_bytes()[: 3073 * 20])
    np.save(tmp_path / "x.npy", np.zeros((5, 32, 32, 3), np.uint8))
    words = ["--samples-file", tmp_path / "x.npy", "--experiment", "cifar10", "--data", tmp_path]
    assert "put data_batch_5.bin beside the other batches" in refused(words, capsys)


def test_ctrl_c_leaves_at_once(made, capsys, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("tinygan.experiments.table1.row.shared_kernel_sums", interrupted)
    assert main(["evaluate", str(made[0])]) == 130
    assert capsys.readouterr() == ("", "tinygan evaluate: interrupted\n")


@pytest.mark.parametrize(("words", "asked"), [([], "auto"), (["--threads", "3"], 3)])
def test_threads_are_those_asked_for(words, asked, made, monkeypatch):
    calls = []
    monkeypatch.setattr("tinygan.backend.threads.resolved_threads", lambda *given: calls.append(given) or 1)
    monkeypatch.setattr("tinygan.backend.threads.blas_threads", lambda *given: calls.append(given) or nullcontext())
    assert main(["evaluate", str(made[0]), "--samples", "5", "--no-calibration", "-q", *words]) == 0
    assert (calls[0][0], calls[1]) == (asked, (1,))
