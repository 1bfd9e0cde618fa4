"""What the page of results says is what the file of numbers beside it says."""

import json
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
NUMBERS = json.loads((DOCS / "results" / "mnist.json").read_text(encoding="utf-8"))
ROWS = {run["curve"][-1]["model"]: run["curve"][-1] for run in NUMBERS["runs"].values()}
ROWS |= {row["model"]: row for row in NUMBERS["calibration"]}


@pytest.mark.parametrize("model", ROWS)
def test_the_table_has_the_numbers_of_the_file(model):
    lines = (DOCS / "results.md").read_text(encoding="utf-8").splitlines()
    (line,) = [
        line for line in lines if line.startswith("| *no net") or line.startswith("| **tinygan") if model in line
    ]
    row = ROWS[model]
    cells = [cell.strip() for cell in line.strip("|").split("|")[1:]]
    assert cells == [
        cell
        for grid in ("paper_grid", "fine_grid")
        for cell in (
            f"{row[f'{grid}_mean']:.1f} ± {row[f'{grid}_standard_error']:.1f}",
            f"{row[f'{grid}_bandwidth']:.3f}",
        )
    ]


def test_the_runs_are_as_long_as_the_page_says():
    simultaneous, alternating = (NUMBERS["runs"][name]["curve"] for name in ("simultaneous", "alternating"))
    assert [point["epoch"] for point in simultaneous] == list(range(10, 251, 10))
    assert [point["epoch"] for point in alternating] == list(range(10, 101, 10))
    for ahead, behind in zip(alternating, simultaneous, strict=False):
        assert ahead["paper_grid_mean"] > behind["paper_grid_mean"]
