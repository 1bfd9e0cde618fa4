"""The reference lists all that a room exports, and nothing else."""

import importlib
import re

import pytest
from support.pages import ROOT

REFERENCE = ROOT / "docs" / "api"
ROOMS = (
    "layers",
    "optim",
    "adversarial",
    "adversarial.theory",
    "gradcheck",
    "data",
    "evaluation",
    "backend",
    "experiments.figure1",
    "lessons",
)
CONSTANTS = {"NON_SATURATING", "MINIMAX", "LEAST_SQUARES", "WASSERSTEIN"}  # listed below the table, with their sources
TYPES = {"Array", "RngLike"}


def listed():
    """Return the names in the tables of the reference, by module."""
    found = {}
    for page in REFERENCE.glob("*.md"):
        tables = re.findall(
            r"currentmodule:: (\S+)\n\n.*?:nosignatures:\n\n(.*?)```", page.read_text("utf-8"), re.DOTALL
        )
        for module, names in tables:
            found.setdefault(module, []).extend(names.split())
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_all_that_a_room_exports_is_listed_once(room):
    exported = set(importlib.import_module(f"tinygan.{room}").__all__) - TYPES
    if room == "adversarial":
        exported -= CONSTANTS | set(importlib.import_module("tinygan.adversarial.theory").__all__)
    assert sorted(listed()[f"tinygan.{room}"]) == sorted(exported)


@pytest.mark.parametrize("module", sorted(listed()))
def test_what_is_listed_is_there(module):
    for name in listed()[module]:
        assert hasattr(importlib.import_module(module), name), name


def test_every_room_has_a_page():
    pages = {page.stem for page in REFERENCE.glob("*.md")}
    index = (REFERENCE / "index.md").read_text("utf-8").partition(":maxdepth: 1")[2].strip("`\n ").split()
    assert set(index) == pages - {"index"}
    assert {"experiments", "figures"} <= pages
