"""The pictures of the documentation show what the code makes."""

import re
import sys
from pathlib import Path

import pytest
from PIL import Image

from tinygan.data import Gaussian
from tinygan.experiments.figure1 import four_panels, play

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PICTURES = sorted(path for path in DOCS.rglob("*") if path.suffix in (".png", ".svg", ".gif", ".pdf"))
sys.path.append(str(ROOT))  # last, so that an installed tinygan stays the one that is tested

from benchmarks import pictures  # noqa: E402


def numbers(words):
    return [float(number) for number in re.findall(r"\d+(?:\.\d+)?", words.replace(",", ""))]


@pytest.mark.slow
def test_the_captions_of_figure_1_are_those_of_a_fresh_run():
    """Another processor rounds otherwise, so that the run is another, though not much."""
    with Image.open(DOCS / "_static" / "figure1.png") as picture:
        drawn = picture.info["Description"]
    fresh = "\n\n".join(caption for caption, _ in four_panels(list(play(Gaussian(4, 0.5), rng=0))))
    assert re.sub(r"[\d.,]+", "0", drawn) == re.sub(r"[\d.,]+", "0", fresh)
    assert numbers(drawn) == pytest.approx(numbers(fresh), rel=0.2, abs=0.01)


def test_every_picture_is_drawn_by_the_command_and_shown_somewhere():
    by_command = {*pictures.COMMANDS, *pictures.COMMANDS_OF_A_RUN, "results/likelihood.png"}
    by_hand = {"_static/architecture.svg"}
    assert {
        path.relative_to(DOCS).as_posix() for path in PICTURES if "_build" not in path.parts
    } == by_command | by_hand
    pages = " ".join(page.read_text(encoding="utf-8") for page in DOCS.rglob("*.md"))
    assert [name for name in sorted(by_command | by_hand) if name not in pages] == []


def test_the_pictures_are_small():
    assert sum(path.stat().st_size for path in PICTURES) < 1_000_000


def test_the_page_of_figure_1_has_the_numbers_of_its_table():
    table = (DOCS / "figure1_table.md").read_text(encoding="utf-8")
    medians = dict(re.findall(r"^\| `(\S+)` \| ([\d.]+)", table, re.MULTILINE))
    page = (DOCS / "figure1.md").read_text(encoding="utf-8")
    eight, twenty = (medians[f"mixture:-{mode};{mode}"] for mode in ("2,0.5", "3,0.3"))
    said = re.search(r"eight deviations apart come out at a\s+median of ([\d.]+) nats,[^;]*\s([\d.]+);", page)
    assert [float(median) for median in said.groups()] == pytest.approx([float(eight), float(twenty)], abs=0.0006)
    assert "missed" not in table
