"""The export to nbgrader: what it writes, and, where nbgrader is installed, what nbgrader makes of it."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tinygan.cli import main
from tinygan.lessons.catalog import find_lesson, lessons
from tinygan.lessons.nbgrader import assignment
from tinygan.lessons.script import BEGIN


def graded_cells(lesson):
    cells = json.loads(assignment(lesson))["cells"]
    return [(cell["metadata"]["nbgrader"], "".join(cell["source"])) for cell in cells if "nbgrader" in cell["metadata"]]


@pytest.mark.parametrize("lesson", lessons().values(), ids=lambda lesson: lesson.name)
def test_every_exercise_is_a_solution_and_a_locked_check(lesson):
    cells = graded_cells(lesson)
    names = Counter(metadata["grade_id"] for metadata, _ in cells)
    assert set(names.values()) == {1}
    exercises = [exercise.name for exercise in lesson.exercises]
    assert set(names) == {"prediction", "explanation", *exercises, *(f"check_{name}" for name in exercises)}
    for metadata, source in cells:
        assert metadata["schema_version"] == 3
        is_check = metadata["grade_id"].startswith("check_")
        assert (metadata["locked"], metadata["solution"]) == (is_check, not is_check)
        assert (BEGIN in source) == (metadata["grade_id"] in exercises)


def test_the_command_writes_a_course_and_never_overwrites(tmp_path, capsys):
    assert main(["lesson", "nbgrader", str(tmp_path)]) == 0
    written = tmp_path / "source" / "03_layers" / "03_layers.ipynb"
    assert written.read_text(encoding="utf-8") == assignment(find_lesson(3))
    written.write_text("mine", encoding="utf-8")
    assert main(["lesson", "nbgrader", str(tmp_path)]) == 0
    assert written.read_text(encoding="utf-8") == "mine"
    assert f"kept   {written}" in capsys.readouterr().out


@pytest.mark.slow
def test_nbgrader_takes_it(tmp_path):
    tools = str(Path(sys.executable).parent)
    nbgrader = shutil.which("nbgrader", path=tools)
    if nbgrader is None:
        pytest.skip("nbgrader is not installed")
    main(["lesson", "nbgrader", str(tmp_path)])

    def run(*words):
        environment = {**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}  # it calls alembic by name
        command = [nbgrader, *words, f"--course-dir={tmp_path}"]
        subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True, timeout=300)

    run("generate_assignment", "03_layers")
    released = (tmp_path / "release" / "03_layers" / "03_layers.ipynb").read_text(encoding="utf-8")
    assert "grad_y * (x > 0)" not in released
    submitted = tmp_path / "submitted" / "ada" / "03_layers" / "03_layers.ipynb"
    submitted.parent.mkdir(parents=True)
    half = json.loads(released)
    for cell in half["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "relu_backward":
            cell["source"] = "def relu_backward(grad_y, x):\n    return grad_y * (x > 0)\n"
    submitted.write_text(json.dumps(half), encoding="utf-8")
    run("autograde", "03_layers", "--create")
    score = (
        "from nbgrader.api import Gradebook; "
        "print(Gradebook('sqlite:///gradebook.db').find_submission('03_layers', 'ada').score)"
    )
    told = subprocess.run([sys.executable, "-W", "ignore", "-c", score], cwd=tmp_path, check=True, capture_output=True)
    assert float(told.stdout) == 1
