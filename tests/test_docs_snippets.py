"""Every snippet of README.md, CONTRIBUTING.md and the documentation runs when it is pasted, page by page."""

import importlib
import re
import shlex
import tomllib
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image
from support.pages import PAGES, README, ROOT, Block, blocks, commands, python_blocks
from support.pictures import real_folder
from support.sandbox import WHY_NOT

from tinygan.cli import main

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DIRECTIVES = {"{image}", "{include}", "{literalinclude}", "{eval-rst}", "{toctree}"}

# What makes a command short enough for a test.
SHORTENED = {
    "figure1": ["--iterations", "20"],
    "train": ["--epochs", "1", "--scale", "0.02", "--set", "batch_size=1000", "--threads", "1", "-q"],
    "evaluate": ["--samples", "200", "--no-calibration"],
}
# The files in check.md have mistakes for the checker to find; a lesson that was just begun has nothing written.
STATUS = dict.fromkeys(
    ["tinygan check layers.py", "tinygan check dense.py", "tinygan lesson check 1", "tinygan lesson check 3"], 1
)
# Commands of other programs that set up a clone; continuous integration runs their like.
SET_UP = {
    "cd tinygan",
    "python -m venv .venv",
    ". .venv/bin/activate",
    "pre-commit install",
    "pytest",
    "nox",
}


def pages_with(find):
    return [pytest.param(page, id=str(page.relative_to(ROOT))) for page in PAGES if find(page)]


def tinygan_commands(page):
    """Return the commands of a page that run tinygan, without what starts several processes or an environment."""
    plain = [re.sub(r"^(mpiexec -n \d+|uv run) ", "", command) for command in commands(page)]
    return [command for command in plain if command.startswith("tinygan ")]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Enter a fresh folder; images are read where they lie, and nothing is downloaded in a test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("matplotlib.pyplot.show", lambda: None)
    return tmp_path


@pytest.mark.parametrize("page", pages_with(python_blocks))
def test_python_runs(page, folder):
    names = {"__name__": "__main__"}
    for block in python_blocks(page):
        exec(compile(block, page.name, "exec"), names)
    if page.name == "first-gan.md":
        assert names["samples"].mean() == pytest.approx(4.0, abs=0.2)
        assert names["samples"].std() == pytest.approx(0.5, abs=0.15)


@pytest.mark.slow
@pytest.mark.parametrize("page", pages_with(tinygan_commands))
def test_commands_run(page, folder, monkeypatch, capsys):
    for block in python_blocks(page):
        if name := re.match(r"# (\w+\.py)\n", block):
            (folder / name[1]).write_text(block, encoding="utf-8")
    (folder / "faces").mkdir()
    for number, face in enumerate(np.random.default_rng(0).integers(0, 256, (140, 8, 8), dtype=np.uint8)):
        Image.fromarray(face).save(folder / "faces" / f"{number}.png")
    for command in tinygan_commands(page):
        words = shlex.split(command)[1:]
        if words[:2] == ["lesson", "grade"] and WHY_NOT:
            words.append("--unsafe")
        if words[0] in ("data", "train", "samples", "evaluate"):
            name = words[1] if words[0] == "data" else "mnist"
            monkeypatch.setenv("TINYGAN_DATA", str(real_folder(name)))
        try:
            status = main(words + SHORTENED.get(words[0], []))
        except SystemExit as end:  # --help and --version
            status = end.code
        assert status == STATUS.get(command, 0), f"{command}\n{capsys.readouterr().err}"


def extras(line):
    return set(re.findall(r"[\w-]+", "".join(re.findall(r"\[([\w,-]+)\]", line))))


def check_other(command):
    """Fail if a command of another program asks for what this repository does not have."""
    words = shlex.split(command)
    words = words[3:] if words[0] == "mpiexec" else words
    if words[:2] == ["pip", "install"]:
        assert extras(command) <= set(PROJECT["project"]["optional-dependencies"]), command
        groups = [group for flag, group in pairwise(words) if flag == "--group"]
        assert set(groups) <= set(PROJECT["dependency-groups"]), command
    elif words[:2] == ["git", "clone"]:
        assert words[2:] == [PROJECT["project"]["urls"]["Homepage"]]
    elif words[:2] == ["python", "-m"] and words[2].startswith("benchmarks"):
        name = words[2] if "." in words[2] else "benchmarks.__main__"
        module = importlib.import_module(name)
        files = [ROOT / "benchmarks" / f"{part}.py" for part in (name.partition(".")[2], "timing")]
        source = "".join(file.read_text(encoding="utf-8") for file in files)
        assert callable(module.main)
        assert all(f'"{word}"' in source for word in words if word.startswith("--")), command
    elif words[:2] == ["nox", "-s"]:
        assert f"def {words[2]}(" in (ROOT / "noxfile.py").read_text(encoding="utf-8")
    elif words[0] == "python" and words[1].endswith(".py") and not words[1].startswith("tutorials/"):
        assert any(block.startswith(f"# {words[1]}\n") for page in PAGES for block in python_blocks(page)), command
    elif words[0] == "bash" or words[-1].endswith(".py"):
        assert (ROOT / words[1]).exists()
    else:
        assert command in SET_UP


@pytest.mark.parametrize("page", pages_with(commands))
def test_commands_of_other_programs_ask_for_what_there_is(page):
    for command in commands(page):
        if not re.match(r"((mpiexec -n \d+|uv run) )?tinygan ", command):
            check_other(command)


@pytest.mark.parametrize("page", pages_with(blocks))
def test_every_block_says_what_it_is(page):
    """A block without a language would be run by nobody; a text is what a command printed."""
    assert {block.language for block in blocks(page)} <= {"python", "{code-cell}", "sh", "text"} | DIRECTIVES


def test_there_are_snippets_to_run():
    assert "tinygan figure1" in tinygan_commands(README)
    assert sum(len(tinygan_commands(page)) for page in PAGES) > 20
    assert sum(len(python_blocks(page)) for page in PAGES) >= 8


def test_the_blocks_of_a_page_are_found(tmp_path):
    page = tmp_path / "page.md"
    cell = "```{code-cell} python\n---\nz: 1\n---\nw\n```\n"
    page.write_text(f"```sh\na && b\nc\n```\n\n1. x\n\n   ```python\n   y\n   ```\n\n{cell}", encoding="utf-8")
    assert commands(page) == ["a", "b", "c"]
    assert blocks(page)[1:] == [Block("python", "y\n"), Block("{code-cell}", "w\n")]
