"""Every lesson runs as a script: with its solutions, and stripped of them."""

import os
import subprocess
import sys

import pytest
from support.teaching import check_quotes, page

from tinygan.lessons.catalog import lessons
from tinygan.lessons.script import as_script

LESSONS = list(lessons().values())


def run(script, folder):
    """Return what a script prints; like a student's, it may use as many threads as there are cores."""
    unpinned = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, script],
        cwd=folder,
        env={**unpinned, "PYTHONWARNINGS": "error", "MPLBACKEND": "agg"},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def check_with_solutions(lesson, folder):
    printed = run(lesson.script, folder)
    for exercise in lesson.exercises:
        assert f"{exercise.name}  right" in printed
    assert "Picture: " in printed
    assert "These lines wait" not in printed
    check_quotes(page(lesson), printed)
    pictures = list((folder / "pictures").iterdir())
    assert pictures
    assert all(picture.stat().st_size < 300_000 for picture in pictures)


def check_stripped(lesson, folder):
    script = folder / f"{lesson.name}.py"
    script.write_text(as_script(lesson.stripped_cells), encoding="utf-8")
    printed = run(script, folder)
    for exercise in lesson.exercises:
        assert f"{exercise.name}  nothing written yet" in printed
    assert "These lines wait for " in printed


@pytest.mark.parametrize("lesson", LESSONS[:1], ids=lambda lesson: lesson.name)
@pytest.mark.parametrize("run_one", [check_with_solutions, check_stripped])
def test_the_first_lesson_runs(lesson, run_one, tmp_path):
    run_one(lesson, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("lesson", LESSONS[1:], ids=lambda lesson: lesson.name)
@pytest.mark.parametrize("run_one", [check_with_solutions, check_stripped])
def test_the_others_run(lesson, run_one, tmp_path):
    run_one(lesson, tmp_path)
