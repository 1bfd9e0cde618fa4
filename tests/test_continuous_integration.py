"""What continuous integration, nox and mutmut are told to look at exists."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
MUTMUT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]


def test_every_path_that_is_named_leads_to_tests():
    for name in (".ci/run", "noxfile.py", "pyproject.toml"):
        paths = re.findall(r"tests/[\w./]+", (ROOT / name).read_text(encoding="utf-8"))
        assert paths, name
        for path in paths:
            assert (ROOT / path).exists(), f"{name} names {path}"


def test_what_is_mutated_is_there():
    for pattern in MUTMUT["only_mutate"]:
        assert list(ROOT.glob(pattern)), pattern
