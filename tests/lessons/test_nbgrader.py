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
from tinygan.lessons import once_written, verdict
from tinygan.lessons.catalog import find_lesson, lessons
from tinygan.lessons.definitions import TEXTS
from tinygan.lessons.nbgrader import assignment
from tinygan.lessons.script import BEGIN


def graded_cells(lesson):
    return [cell for cell in json.loads(assignment(lesson))["cells"] if "nbgrader" in cell["metadata"]]


@pytest.mark.parametrize("lesson", lessons().values(), ids=lambda lesson: lesson.name)
def test_every_exercise_is_a_solution_and_a_locked_check(lesson):
    cells = [(cell["metadata"]["nbgrader"], "".join(cell["source"])) for cell in graded_cells(lesson)]
    names = Counter(metadata["grade_id"] for metadata, _ in cells)
    assert set(names.values()) == {1}
    exercises = [exercise.name for exercise in lesson.exercises]
    assert set(names) == {"prediction", "explanation", *exercises, *(f"check_{name}" for name in exercises)}
    for metadata, source in cells:
        assert metadata["schema_version"] == 3
        is_check = metadata["grade_id"].startswith("check_")
        assert (metadata["locked"], metadata["solution"]) == (is_check, not is_check)
        assert (BEGIN in source) == (metadata["grade_id"] in exercises)


def test_texts_are_no_code_and_a_check_does_not_stop_those_who_run_all_cells():
    for cell in graded_cells(find_lesson(3)):
        name = cell["metadata"]["nbgrader"]["grade_id"]
        assert cell["cell_type"] == ("markdown" if name in TEXTS else "code")
        assert ("raises-exception" in cell["metadata"].get("tags", [])) == name.startswith("check_")


def as_nbgrader_strips(error):
    def relu_backward(grad_y, x):
        raise error

    return relu_backward


def test_the_stub_of_nbgrader_is_empty_too(capsys):
    stub = as_nbgrader_strips(NotImplementedError())
    assert verdict("relu_backward", stub).sentence == "nothing written yet"
    with once_written():
        stub(1.0, 2.0)
    assert capsys.readouterr().out == "These lines wait for relu_backward (exercise 3.2).\n"


def test_another_error_of_this_class_is_an_error():
    stub = as_nbgrader_strips(NotImplementedError("float16"))
    assert verdict("relu_backward", stub).state == "raised"
    with pytest.raises(NotImplementedError, match="float16"), once_written():
        stub(1.0, 2.0)


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
    import nbclient
    import nbformat

    main(["lesson", "nbgrader", str(tmp_path)])

    def run(*words):
        environment = {**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}  # it calls alembic by name
        command = [nbgrader, *words, f"--course-dir={tmp_path}"]
        subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True, timeout=300)

    run("generate_assignment", "03_layers")
    released = (tmp_path / "release" / "03_layers" / "03_layers.ipynb").read_text(encoding="utf-8")
    assert "grad_y * (x > 0)" not in released
    path = tmp_path / "release" / "03_layers" / "03_layers.ipynb"
    book = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(book, timeout=300, resources={"metadata": {"path": tmp_path}}).execute()
    said = [output.text for cell in book.cells for output in cell.get("outputs", []) if "text" in output]
    assert "".join(said).count("nothing written yet") == 4
    assert "These lines wait for relu_backward (exercise 3.2)." in "".join(said)

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
