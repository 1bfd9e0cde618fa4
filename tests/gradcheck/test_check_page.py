"""The sessions that open the page on the checker end as the page says."""

import contextlib
import io
import re
import runpy
import shlex
from itertools import pairwise

from support.pages import ROOT, blocks

from tinygan.cli import main
from tinygan.gradcheck.remark import REMARKS
from tinygan.gradcheck.suspect import CODES

PAGE = ROOT / "docs" / "check.md"


def sessions():
    """Return the commands that are followed by what they print, with that."""
    return [
        (one.text, two.text) for one, two in pairwise(blocks(PAGE)) if (one.language, two.language) == ("sh", "text")
    ]


def printed(command):
    """Return what a command prints, with the files of the current folder by their own names."""
    program, *words = shlex.split(command)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        if program == "tinygan":
            main(words)
        else:
            runpy.run_path(words[0])
    return out.getvalue()


def test_three_sessions_print_what_the_page_shows(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for block in blocks(PAGE):
        if name := re.match(r"# (\w+\.py)\n", block.text):
            (tmp_path / name[1]).write_text(block.text, encoding="utf-8")
    assert len(sessions()) == 3
    for command, text in sessions():
        assert printed(command) == text, command


def test_the_page_has_every_code_and_its_meaning():
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert rows == [*REMARKS.items(), *CODES.items()]
