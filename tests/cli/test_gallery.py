"""tinygan gallery, as a person at a terminal meets it."""

import json
from dataclasses import replace

import pytest

from tinygan.cli import main
from tinygan.gradcheck.gallery import GALLERY, report


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


SHORT = ["--iterations", "20"]


def test_without_a_name_it_lists_them_all_in_columns(capsys, tmp_path):
    assert main(["gallery"]) == 0
    header, *lines = capsys.readouterr().out.splitlines()
    assert header.split() == ["name", "diagnosis", "title"]
    assert [line.split()[:2] for line in lines] == [[bug.name, bug.code] for bug in GALLERY.values()]
    assert {line.index(bug.title) for line, bug in zip(lines, GALLERY.values(), strict=True)} == {header.index("title")}
    assert list(tmp_path.iterdir()) == []


def test_the_list_as_json(capsys):
    assert main(["gallery", "--json"]) == 0
    entries = json.loads(capsys.readouterr().out)
    assert [entry["name"] for entry in entries] == list(GALLERY)
    assert entries[0] == {
        "name": "mean_twice", "kind": "layer", "code": "extra_mean", "title": "divides by the batch size once more",
    }  # fmt: skip


def test_a_name_shows_the_code_and_the_report(capsys, tmp_path):
    assert main(["gallery", "forgotten_leak", "--no-draw"]) == 0
    out = capsys.readouterr().out
    assert out == f"{GALLERY['forgotten_leak'].source}\n\n{report(GALLERY['forgotten_leak'])}\n\n"
    assert out.startswith("class ForgottenLeak(LeakyReLU):\n")
    assert "1. wrong_slope: " in out
    assert list(tmp_path.iterdir()) == []


def test_code_that_the_library_has_nothing_like_comes_with_what_would_be_right(capsys):
    assert main(["gallery", "forgotten_skip", "--no-draw"]) == 0
    out = capsys.readouterr().out
    assert out.index("class Skip(Layer):") < out.index("class ForgottenSkip(Skip):")


@pytest.mark.parametrize("name", ["lost_gradient", "mean_twice", "other_order", "unscaled_mask", "turned_tanh"])
def test_a_name_draws_the_training_with_and_without(name, capsys, tmp_path):
    assert main(["gallery", name, *SHORT]) == 0
    out, err = capsys.readouterr()
    assert (tmp_path / f"gallery_{name}.png").read_bytes()[:4] == b"\x89PNG"
    assert "JSD without  0." in out
    assert "nats after 20 iterations" in out
    assert f"gallery_{name}.png" in out
    assert err == ""


def test_out_chooses_the_file_and_the_same_seed_gives_the_same(capsys, tmp_path):
    for name in ("one.svg", "two.svg"):
        assert main(["gallery", "helpful_generator", "--no-code", "--out", name, "--seed", "3", *SHORT]) == 0
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    assert "def " not in capsys.readouterr().out


def test_one_as_json(capsys, tmp_path):
    assert main(["gallery", "lost_gradient", "--json", "--out", "a.png", *SHORT]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["report"]["ok"] is False
    assert shown["source"].startswith("def lost_gradient(")
    training = shown["training"]
    assert (training["iterations"], training["file"], training["stopped"]) == (20, "a.png", None)
    assert training["jsd_right"] != training["jsd_wrong"]
    assert (training["looks_good_right"], training["looks_good_wrong"]) == (False, False)
    assert main(["gallery", "lost_gradient", "--json", "--no-draw"]) == 0
    assert json.loads(capsys.readouterr().out) == shown | {"training": None}


def test_a_training_that_diverges_is_drawn_as_far_as_it_came(monkeypatch, capsys, tmp_path):
    def explode(D, G, z, optimizer, *, rng=None):
        G[0].weight.data[...] = float("nan")
        return float("nan")

    monkeypatch.setitem(GALLERY, "explode", replace(GALLERY["lost_gradient"], name="explode", wrong=explode))
    assert main(["gallery", "explode", "--no-code", *SHORT]) == 0
    out = capsys.readouterr().out
    assert "training diverged in iteration 1" in out
    assert "Neither gets there." in out  # 20 iterations are too few
    assert (tmp_path / "gallery_explode.png").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "verdict"),
    [("leaking_gradient", "It still trains: who looks at"), ("helpful_generator", "It does not get there.")],
)
def test_it_says_whether_the_picture_would_tell(name, verdict, capsys):
    assert main(["gallery", name, "--no-code"]) == 0
    assert verdict in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["no_such_bug"], "there is no bug 'no_such_bug' in the gallery; it takes one of mean_twice, "),
        (["mean_twice", "--out", "a.gif"], "a.gif ends in .gif; it takes .png, .svg or .pdf (a picture)"),
        (["mean_twice", "--out", "a.bmp"], "a.bmp ends in .bmp"),
        (["mean_twice", "--no-draw", "--out", "a.png"], "--no-draw and --out contradict each other"),
        (["mean_twice", "--no-draw", "--no-code"], "leave nothing to show"),
        (["--out", "a.png"], "--out needs a NAME"),
        (["--no-code"], "--no-code needs a NAME"),
        (["--no-draw"], "--no-draw needs a NAME"),
        (["--iterations", "20"], "--iterations needs a NAME"),
        (["mean_twice", "--no-draw", "--iterations", "20"], "--no-draw does not train, so --iterations has no use"),
    ],
)
def test_wrong_words_are_refused_in_one_line(words, complaint, capsys, tmp_path):
    assert main(["gallery", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("tinygan gallery: error: ")
    assert complaint in err
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_told_before_the_training(capsys):
    assert main(["gallery", "mean_twice", "--out", "nowhere/a.png"]) == 1
    assert "there is no folder nowhere" in capsys.readouterr().err
