"""The instructor's guide: its page for each lesson, and what it quotes of a lesson's output."""

import re

import pytest

from support.pages import ROOT, blocks

FOLDER = ROOT / "docs" / "teaching"
NUMBER = r"-?\d+(?:,\d{3})*(?:\.\d+)?(?:e[+-]?\d+)?"


def page(lesson):
    return FOLDER / f"{lesson.name}.md"


def quotes(path):
    """Return the blocks of output that a page quotes, each as its lines."""
    return [block.text.splitlines() for block in blocks(path) if block.language == "text"]


def check_quotes(path, printed):
    """Fail if a page quotes what was not printed; numbers may differ a little, as they do between processors.

    A quote whose first line names the images, MNIST or glyphs, counts only where these were found.
    """
    lines = printed.splitlines()
    for quote in quotes(path):
        images = next((name for name in ("MNIST", "glyphs") if name in quote[0]), "")
        if images in printed:
            for line in quote:
                assert any(is_alike(line, other) for other in lines), f"{path.name} quotes: {line}"


def is_alike(quoted, printed):
    """Whether two lines have the same words, and numbers that are nearly the same."""
    pairs = zip(re.findall(NUMBER, quoted), re.findall(NUMBER, printed), strict=False)
    return _words(quoted) == _words(printed) and all(_are_near(*pair) for pair in pairs)


def _words(line):
    return re.sub(NUMBER, "0", line).split()


def _are_near(quoted, printed):
    """Compare orders of magnitude where numbers are written with one."""
    a, b = (float(number.replace(",", "")) for number in (quoted, printed))
    if "e" in quoted + printed:
        return abs(a) / 5 < abs(b) < 5 * abs(a)
    return b == pytest.approx(a, rel=0.2, abs=0.02)
