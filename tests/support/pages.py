"""README.md, CONTRIBUTING.md and the pages of docs/, and the fenced blocks in them."""

import re
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = [README, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


class Block(NamedTuple):
    """A fenced block of a page: its language and its text."""

    language: str
    text: str


def blocks(page):
    """Return the fenced blocks of a page in their order; a notebook's cell without the options at its head."""
    fenced = re.compile(r"^( *)```(\S*)[^\n]*\n(.*?)^\1```", flags=re.MULTILINE | re.DOTALL)
    options = re.compile(r"\A---\n.*?^---\n", flags=re.MULTILINE | re.DOTALL)
    found = fenced.findall(page.read_text(encoding="utf-8"))
    return [Block(language, options.sub("", dedent(text))) for _, language, text in found]


def python_blocks(page):
    return [block.text for block in blocks(page) if block.language in ("python", "{code-cell}")]


def commands(page):
    """Return the commands of a page in their order; those of one line, joined by &&, one by one."""
    lines = [line for block in blocks(page) if block.language == "sh" for line in block.text.splitlines()]
    return [part.strip() for line in lines for part in line.split("&&") if part.strip()]
