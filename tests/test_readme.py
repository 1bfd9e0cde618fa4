"""What README.md and the documentation tell a newcomer to type really runs."""

import re
import shlex
from pathlib import Path

import pytest
from support.pictures import real_folder

from tinygan.cli import main

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def commands(page):
    lines = [line for block in blocks(page, "sh") for line in block.splitlines()]
    return [part.strip() for line in lines for part in line.split("&&")]


TINYGAN = sorted({command for page in PAGES for command in commands(page) if command.startswith("tinygan ")})


def test_there_are_commands_to_run():
    assert "tinygan figure1" in TINYGAN
    assert len(TINYGAN) >= 4


# What makes a command short enough for a test.
SHORTENED = {
    "figure1": ["--iterations", "20"],
    "train": ["--epochs", "1", "--scale", "0.02", "--set", "batch_size=1000", "--threads", "1"],
    "evaluate": ["--samples", "200", "--no-calibration"],
}
NEED_A_RUN = ("samples", "interpolate", "curves", "evaluate", "generate", "runs")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Return a folder in which the README's command has trained for a moment."""
    folder = tmp_path_factory.mktemp("readme")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("TINYGAN_DATA", str(real_folder("mnist")))
        assert main(["train", "mnist", "--out", "runs/mnist", *SHORTENED["train"], "-q"]) == 0
    return folder


@pytest.mark.parametrize("command", TINYGAN)
def test_the_command_runs(command, tmp_path, monkeypatch, capsys, request):
    words = shlex.split(command)[1:]
    monkeypatch.chdir(request.getfixturevalue("trained") if words[0] in NEED_A_RUN else tmp_path)
    if words[0] in ("data", "train", *NEED_A_RUN):  # read where it lies; nothing is downloaded in a test
        monkeypatch.setenv("TINYGAN_DATA", str(real_folder(words[1] if words[0] == "data" else "mnist")))
    words += SHORTENED.get(words[0], [])
    try:
        status = main(words)
    except SystemExit as end:  # --help and --version
        status = end.code
    assert status == 0, capsys.readouterr().err


@pytest.mark.parametrize("block", [block for block in blocks(ROOT / "README.md", "python") if "import" in block])
def test_the_example_runs(block, capsys):
    exec(compile(block, "README.md", "exec"), {})
    assert "every gradient is right" in capsys.readouterr().out


def test_the_step_that_the_readme_shows_is_the_step_that_runs():
    (shown,) = [block for block in blocks(ROOT / "README.md", "python") if "import" not in block]
    source = (ROOT / "tinygan" / "adversarial" / "algorithm1.py").read_text(encoding="utf-8")
    assert "".join(f"    {line}\n" for line in shown.splitlines()) in source


def test_the_install_lines_are_run_by_ci():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    installs = [line for block in blocks(ROOT / "README.md", "sh") for line in block.splitlines() if "pip" in line]
    patterns = re.findall(r"readme_command '(.*)'", script)
    assert len(installs) == len(patterns) == 2
    for line in installs:
        assert any(re.fullmatch(pattern, line) for pattern in patterns), line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_files_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
