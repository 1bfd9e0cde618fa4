"""README.md shows what runs: the step is the library's, and continuous integration runs the commands."""

import re

import pytest
from support.pages import PAGES, README, ROOT, python_blocks


def test_the_step_that_the_readme_shows_is_the_step_that_runs():
    shown = re.search(r"    x_fake, _ =.*?    return loss\n", "".join(python_blocks(README)), flags=re.DOTALL)[0]
    source = (ROOT / "tinygan" / "adversarial" / "algorithm1.py").read_text(encoding="utf-8")
    assert shown in source


def test_the_install_lines_are_run_by_ci():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    installs = re.findall(r"^pip install .*$", README.read_text(encoding="utf-8"), flags=re.MULTILINE)
    patterns = re.findall(r"readme_command '(.*)'", script)
    assert len(installs) == len(patterns) == 2
    for line in installs:
        assert any(re.fullmatch(pattern, line) for pattern in patterns), line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_to_files_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
