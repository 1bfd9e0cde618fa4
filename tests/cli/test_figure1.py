"""tinygan figure1, as a person at a terminal meets it."""

import contextlib
import errno
import io
import json
import os
import shlex
import signal
import subprocess
import sys

import pytest

from tinygan.cli import main
from tinygan.cli.terminal.display import painted
from tinygan.data import Gaussian
from tinygan.experiments.figure1 import Moment

SHORT = ["figure1", "--iterations", "12"]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tinygan.experiments.figure1.panels.D_UPDATES", 20)  # a panel in no time


def run_json(capsys, *words):
    assert main([*SHORT, "--json", *words]) == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_it_writes_the_animation_and_the_panels_and_ends_with_a_summary(tmp_path, capsys):
    assert main(SHORT) == 0
    out, err = capsys.readouterr()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["figure1.gif", "figure1.png"]
    assert (tmp_path / "figure1.gif").read_bytes()[:6] == b"GIF89a"
    assert (tmp_path / "figure1.png").read_bytes()[:4] == b"\x89PNG"
    names = [line[:12].strip() for line in out.splitlines()[:9]]
    assert names == ["data", "iterations", "time", "JSD", "W1", "|D - D*|", "|D - 1/2|", "V(G, D)", "files"]
    assert "nats, against -log 4 = -1.3863" in out
    assert "figure1.gif, figure1.png" in out
    assert "Missed:" in out  # 12 iterations are too few
    assert err == "No display: no window, only files.\n"


def test_out_chooses_the_files(tmp_path, capsys):
    assert main([*SHORT, "--out", "a.png", "--out", "b.html", "--out", "c.svg"]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.html", "c.svg"]
    assert "a.png, b.html, c.svg" in capsys.readouterr().out


def test_json_is_the_last_line_and_has_every_number(capsys):
    result = run_json(capsys, "--no-draw", "--seed", "3", "--data", "laplace:1,2")
    assert list(result) == [
        "data", "seed", "iterations", "seconds", "jsd", "wasserstein", "discriminator_error", "discriminator_gap",
        "value", "bound", "missed",
    ]  # fmt: skip
    assert (result["data"], result["seed"], result["iterations"]) == ("laplace:1,2", 3, 12)
    assert 0 < result["jsd"] < 0.7
    assert result["bound"] == pytest.approx(-1.3862944 + 2 * result["jsd"], abs=1e-6)
    assert result["value"] <= result["bound"] + 1e-9
    assert "JSD" in result["missed"]


def test_the_same_seed_gives_the_same_json_and_the_same_picture(tmp_path, capsys):
    first = run_json(capsys, "--out", "first.png")
    second = run_json(capsys, "--out", "second.png")
    other = run_json(capsys, "--seed", "1", "--no-draw")
    assert first.pop("seconds") > 0
    second.pop("seconds")
    assert json.dumps(first) == json.dumps(second)
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "second.png").read_bytes()
    assert first["jsd"] != other["jsd"]


def test_drawing_does_not_change_the_run(capsys):
    drawn = run_json(capsys, "--out", "a.png")
    plain = run_json(capsys, "--no-draw")
    assert drawn["jsd"] == plain["jsd"]
    assert drawn["value"] == plain["value"]


def test_no_draw_writes_nothing(tmp_path, capsys):
    assert main([*SHORT, "--no-draw"]) == 0
    assert list(tmp_path.iterdir()) == []
    out, err = capsys.readouterr()
    assert "files       none" in out
    assert err == ""


@pytest.mark.parametrize("words", [["--json"], ["-q"]])
def test_a_script_is_not_held_by_the_window(words, monkeypatch):
    class Window:
        def show(self, past):
            pass

    monkeypatch.setattr("tinygan.figures.window.open_window", lambda n_iterations: Window())
    assert main([*SHORT, "--out", "a.png", *words]) == 0


def test_the_same_file_twice_is_written_once(capsys):
    assert main([*SHORT, "--out", "a.png", "--out", "a.png"]) == 0
    assert "files       a.png\n" in capsys.readouterr().out


def test_quiet_is_quiet(capsys):
    assert main([*SHORT, "--out", "a.png", "-q"]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.fixture(scope="module")
def plain_jsd():
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert main([*SHORT, "--json", "--no-draw"]) == 0
    return json.loads(out.getvalue())["jsd"]


@pytest.mark.parametrize(
    "words",
    [
        ["--objective", "minimax"],
        ["--objective", "least_squares"],
        ["--updates", "simultaneous"],
        ["--discriminator-steps", "1"],
        ["--batch-size", "16"],
        ["--learning-rate-d", "0.001"],
        ["--learning-rate-g", "0.001"],
        ["--momentum", "0.5"],
        ["--noise-prior", "gaussian"],
        ["--iterations", "31"],
        ["--seed", "1"],
        ["--data", "uniform:-1,1"],
    ],
    ids=lambda words: words[0],
)
def test_every_option_of_the_game_does_something(words, plain_jsd, capsys):
    assert run_json(capsys, "--no-draw", *words)["jsd"] != plain_jsd


FAMILIES = [
    "gaussian:4,0.5", "mixture:-2,1;2,1", "mixture:-2,1,1;2,1,3", "uniform:0,1", "exponential:2", "laplace:0,1",
    "gumbel:1,2",
]  # fmt: skip


@pytest.mark.parametrize("spec", FAMILIES)
def test_every_family_can_be_played(spec, capsys):
    assert run_json(capsys, "--no-draw", "--data", spec)["data"] == spec


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["--data", "gauss:0,1"],
            "'gauss:0,1' names no distribution, did you mean gaussian? It takes one of gaussian:MEAN,STD",
        ),
        (["--data", "gaussian:0"], "read 1 number where 2 belong; for example gaussian:4,0.5"),
        (["--data", "gaussian:0,-1"], "got std=-1.0; it takes a finite number > 0; for example gaussian:4,0.5"),
        (["--data", "mixture:0,1;2"], "read components of 2, 1 numbers"),
        (["--data", "uniform:1,x"], "read 'x' where a number belongs; for example uniform:-1,1"),
        (
            ["--updates", "simultaneous", "--discriminator-steps", "2"],
            "discriminator_steps=2 with simultaneous updates, where both players move at once",
        ),
        (["--noise-prior", "spherical"], "the sphere is two points"),
        (["--no-draw", "--out", "a.png"], "--no-draw and --out contradict each other"),
        (["--out", "a.bmp"], "a.bmp ends in .bmp; it takes .gif"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_wrong_words_get_one_clear_line_before_any_training(words, said, tmp_path, capsys):
    assert main(["figure1", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("tinygan figure1: error: ")
    assert said in err
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--batch-size", "0"], "argument --batch-size: '0' is not a whole number >= 1, such as 100"),
        (["--iterations", "many"], "'many' is not a whole number >= 1"),
        (["--discriminator-steps", "1.5"], "'1.5' is not a whole number >= 1"),
        (["--seed", "-1"], "'-1' is not a whole number >= 0"),
        (["--learning-rate-d", "0"], "'0' is not a number > 0, such as 0.005"),
        (["--learning-rate-g", "nan"], "'nan' is not a number > 0"),
        (["--momentum", "1"], "'1' is not a number >= 0 and < 1"),
        (["--momentum", "half"], "'half' is not a number >= 0 and < 1"),
        (["--objective", "wasserstein"], "there is no 'wasserstein'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_wrong_numbers_are_refused_by_the_name_of_their_option(words, said, capsys):
    with pytest.raises(SystemExit) as refusal:
        main(["figure1", *words])
    assert refusal.value.code == 2
    assert said in capsys.readouterr().err


def test_a_missing_folder_is_said_before_any_training(capsys):
    assert main(["figure1", "--out", "nowhere/a.png"]) == 1
    assert "no folder nowhere" in capsys.readouterr().err


@pytest.mark.parametrize("draw", [["--no-draw"], ["--out", "a.png"]], ids=["no-draw", "draw"])
def test_training_that_diverges_is_a_miss_with_the_last_good_numbers(draw, tmp_path, capsys):
    assert main(["figure1", "--iterations", "60", "--learning-rate-d", "1e38", "--json", *draw]) == 0
    out, _ = capsys.readouterr()
    result = json.loads(out)
    assert result["iterations"] < 60
    assert "training diverged in iteration" in result["missed"]
    assert f"what follows is as of iteration {result['iterations']}" in result["missed"]
    assert 0 < result["jsd"] < 0.7
    assert [path.name for path in tmp_path.iterdir()] == ([] if draw == ["--no-draw"] else ["a.png"])


def test_a_full_disk_costs_one_file_and_not_the_result(tmp_path, capsys, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")
        yield

    monkeypatch.setattr("tinygan.figures.saving._write_gif", full)
    assert main([*SHORT, "--out", "a.gif", "--out", "b.png"]) == 1
    out, err = capsys.readouterr()
    assert [path.name for path in tmp_path.iterdir()] == ["b.png"]
    assert "files       b.png\n" in out
    assert err.splitlines()[-1] == "tinygan figure1: error: a.gif could not be written: No space left on device"


def test_the_window_sees_every_frame_and_is_held_at_the_end(capsys, monkeypatch):
    class Window:
        shown, held = [], 0

        def show(self, past):
            self.shown.append(past[-1].iteration)

        def hold(self):
            assert "JSD" in capsys.readouterr().out  # the summary does not wait for the window
            self.held += 1

    window = Window()
    monkeypatch.setattr("tinygan.figures.window.open_window", lambda n_iterations: window)
    assert main([*SHORT, "--out", "a.png"]) == 0
    assert window.shown[-1] == 12
    assert len(window.shown) > 10
    assert window.held == 1


def test_progress_is_shown_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert main([*SHORT, "--out", "a.gif", "--out", "b.png"]) == 0
    err = capsys.readouterr().err
    for label in ("training", "a.gif", "b.png"):
        assert f"{label}: 100%" in err


def test_the_verdict_is_coloured_on_a_terminal_unless_no_color_is_set(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    main([*SHORT, "--no-draw"])
    assert "\x1b[33mMissed:\x1b[0m" in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    main([*SHORT, "--no-draw"])
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb"), ("OMPI_COMM_WORLD_SIZE", "2")])
def test_nothing_is_painted_where_nobody_wants_it(name, value, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert painted("text", "good") == "\x1b[36mtext\x1b[0m"
    monkeypatch.setenv(name, value)
    assert painted("text", "good") == "text"


def test_ctrl_c_ends_the_training_and_keeps_what_was_reached(tmp_path, capsys, monkeypatch):
    calls = []
    draw = Gaussian._draw

    def interrupt_in_the_middle(data, n, rng):
        calls.append(n)
        if len(calls) == 25:
            signal.raise_signal(signal.SIGINT)
        return draw(data, n, rng)

    monkeypatch.setattr(Gaussian, "_draw", interrupt_in_the_middle)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background is born deaf to it
    try:
        assert main(SHORT) == 130
    finally:
        signal.signal(signal.SIGINT, before)
    out, _ = capsys.readouterr()
    assert "  - interrupted; what follows is as of iteration " in out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["figure1.gif", "figure1.png"]


def test_ctrl_c_while_drawing_leaves_no_half_written_file_and_keeps_the_result(tmp_path, capsys, monkeypatch):
    (tmp_path / "figure1.gif").write_bytes(b"of another day")

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("tinygan.figures.figure1.Figure1Plot.draw", interrupted)
    assert main(SHORT) == 130
    assert [path.name for path in tmp_path.iterdir()] == ["figure1.gif"]
    assert (tmp_path / "figure1.gif").read_bytes() == b"of another day"
    out, err = capsys.readouterr()
    assert "JSD" in out
    assert "files       none" in out
    assert err.splitlines()[-1] == "tinygan figure1: error: interrupted before figure1.gif, figure1.png"


@pytest.mark.parametrize("error", [KeyboardInterrupt, FloatingPointError("training diverged")])
def test_a_moment_is_kept_whole_or_not_at_all(error, tmp_path, monkeypatch, capsys):
    moment_of, calls = Moment.of, []

    def fails_once(game, iteration=0):
        calls.append(iteration)
        if len(calls) == 3:
            raise error
        return moment_of(game, iteration)

    monkeypatch.setattr(Moment, "of", fails_once)
    main([*SHORT, "--out", "a.png"])
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
    assert f"what follows is as of iteration {calls[1]}" in capsys.readouterr().out


@pytest.mark.skipif(os.name == "nt", reason="Windows has no sh")
@pytest.mark.parametrize("closed", [">&-", "2>&-"])
def test_a_closed_stream_does_not_stop_it(closed):
    command = f"{shlex.quote(sys.executable)} -m tinygan figure1 --iterations 3 --no-draw --json {closed}"
    run = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert run.stderr == ""
    assert (json.loads(run.stdout)["iterations"] if closed == "2>&-" else 3) == 3


def test_a_link_that_leads_nowhere_is_said_before_any_training(tmp_path, capsys):
    (tmp_path / "loop.png").symlink_to("loop.png")
    (tmp_path / "away.png").symlink_to("nowhere/away.png")
    assert main(["figure1", "--out", "loop.png"]) == 1
    assert "loop.png is a link that leads to itself" in capsys.readouterr().err
    assert main(["figure1", "--out", "away.png"]) == 1
    assert "there is no folder" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["module://matplotlib_inline.backend_inline", "of_a_notebook_elsewhere"])
def test_the_backend_of_a_notebook_does_not_keep_files_from_being_drawn(backend, tmp_path):
    """With the second Matplotlib refuses to be imported, and with the first, too, where that package is not here."""
    command = [sys.executable, "-m", "tinygan", "figure1", "--iterations", "3", "--out", "a.svg", "-q"]
    done = subprocess.run(
        command, cwd=tmp_path, env=os.environ | {"MPLBACKEND": backend}, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "a.svg").read_text().startswith("<?xml")
