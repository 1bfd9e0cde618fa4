"""The page on the checker says what each code means in the words of the code itself."""

import re
from pathlib import Path

from tinygan.gradcheck.suspect import CODES

PAGE = Path(__file__).parents[3] / "docs" / "check.md"


def test_the_page_has_every_code_and_its_meaning():
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert rows == list(CODES.items())
