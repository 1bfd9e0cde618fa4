"""A student's whole way through lesson 3 by the command line, and what may go wrong on it."""

import json
import os
import time
import zipfile

import pytest

from tinygan.cli import main
from tinygan.lessons import student, verdict
from tinygan.lessons.catalog import find_exercise, find_lesson
from tinygan.lessons.checking import verdict_on
from tinygan.lessons.definitions import definitions, read_cells
from tinygan.lessons.script import Cell, as_script, cells, notebook, notebook_cells, stripped

LESSON = find_lesson(3)
NAMES = [exercise.name for exercise in LESSON.exercises]


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lesson(*words):
    return main(["lesson", *words])


def write(path, name, body):
    """Put a body in the place of a stub."""
    text = path.read_text(encoding="utf-8")
    stub = f'raise NotYetWritten("{name}")'
    assert stub in text
    path.write_text(text.replace(stub, body), encoding="utf-8")


def test_the_whole_way(home, capsys):
    assert lesson("start", "3") == 0
    script = home / "tinygan-lessons" / "03_layers.py"
    assert lesson("check", "3") == 1
    assert capsys.readouterr().out.count("nothing written yet") == 4

    write(script, "linear_backward", "return grad_y @ weight.T, x.T @ grad_y, grad_y")
    write(script, "relu_backward", "return (x > 0) * 1.0")
    assert lesson("check", "3") == 1
    printed = " ".join(capsys.readouterr().out.split())
    assert "3.1 linear_backward wrong: grad_bias has shape" in printed
    assert "One bias serves all examples" in printed
    assert "3.2 relu_backward wrong: That is the slope of ReLU and not yet the gradient" in printed
    assert "0 of 4 right. For a hint: tinygan lesson hint 3.1" in printed

    for number in (1, 2, 3, 3):
        assert lesson("hint", "3.2") == 0
        assert capsys.readouterr().out.startswith(f"Hint {number} of 3 for 3.2 relu_backward:\n")
    assert lesson("solution", "3.2") == 1
    assert "is not right yet" in capsys.readouterr().out
    assert lesson("solution", "relu_backward", "--give-up") == 0
    assert "return grad_y * (x > 0)" in capsys.readouterr().out

    script.write_text(as_script(LESSON.cells), encoding="utf-8")
    assert lesson("check", "3") == 0
    assert "All 4 are right." in capsys.readouterr().out
    assert lesson("solution", "3.2") == 0
    assert lesson() == 0
    assert "4 of 4" in capsys.readouterr().out
    assert lesson("pack", "--name", "ada") == 0
    with zipfile.ZipFile(home / "tinygan-lessons" / "tinygan-ada.zip") as archive:
        assert archive.namelist() == ["03_layers.py"]


def test_hints_go_on_before_the_lesson_is_begun(home, capsys):
    for number in (1, 2, 3):
        assert lesson("hint", "3.2") == 0
        assert capsys.readouterr().out.startswith(f"Hint {number} of 3")


ADVICE = {
    "start 3": "tinygan lesson check 3 --out 'my lessons'\n",
    "check 3": "tinygan lesson hint 3.1 --out 'my lessons'\n",
    "solution 3.2": "tinygan lesson solution 3.2 --give-up --out 'my lessons'\n",
    "": "tinygan lesson start 1 --out 'my lessons'\n",
    "check 4": "tinygan lesson start 4 --out 'my lessons'\n",
}


def test_advice_is_for_the_folder_that_was_given(home, capsys):
    for words, advice in ADVICE.items():
        lesson(*words.split(), "--out", "my lessons")
        printed = capsys.readouterr()
        assert (printed.out + printed.err).endswith(advice)


def test_a_file_in_the_place_of_the_folder_is_named(home, capsys):
    (home / "notes").touch()
    for words in (["start", "3", "--out", "notes"], ["nbgrader", "notes"]):
        assert lesson(*words) == 1
        assert capsys.readouterr().err == "tinygan lesson: error: notes is a file, where a folder belongs\n"


def test_start_never_overwrites(home, capsys):
    lesson("start", "3", "--out", "mine")
    script = home / "mine" / "03_layers.py"
    script.write_text("# my work\n", encoding="utf-8")
    (home / "mine" / "03_layers.ipynb").unlink()
    assert lesson("start", "3", "--out", "mine") == 0
    assert script.read_text(encoding="utf-8") == "# my work\n"
    printed = capsys.readouterr().out
    assert "kept   mine/03_layers.py (it was there" in printed
    assert "wrote  mine/03_layers.ipynb" in printed


def test_start_keeps_the_progress(home):
    lesson("start", "3")
    file = home / "tinygan-lessons" / ".tinygan-progress.json"
    file.write_text(json.dumps({"solved": ["relu_backward"], "hints": {}}), encoding="utf-8")
    lesson("start", "3")
    assert json.loads(file.read_text(encoding="utf-8"))["solved"] == ["relu_backward"]


def test_the_file_that_was_worked_in_counts(home, capsys):
    lesson("start", "3")
    script, book = (home / "tinygan-lessons" / f"03_layers{suffix}" for suffix in (".py", ".ipynb"))
    book.write_text(notebook(LESSON.cells), encoding="utf-8")
    os.utime(script, (time.time() + 10, time.time() + 10))
    assert lesson("check", "3") == 0
    assert "03_layers.ipynb\n" in capsys.readouterr().out

    write(script, "relu_backward", "return grad_y")
    os.utime(script, (time.time() + 10, time.time() + 10))
    assert lesson("check", "3") == 1
    printed = capsys.readouterr().out
    assert "Note: 03_layers.ipynb was changed as well as 03_layers.py, which is newer" in printed


def test_lessons_in_the_current_folder_are_found(home, monkeypatch):
    lesson("start", "3", "--out", ".")
    assert (home / "03_layers.py").exists()
    assert lesson("check", "3") == 1


MISTAKES = {
    "no lesson": (["start", "77"], "there is no lesson 77; there are"),
    "not begun": (["check", "3"], "tinygan-lessons has no 03_layers.py; begin it with: tinygan lesson start 3"),
    "no exercise": (["hint", "relu_backwards"], "did you mean relu_backward?"),
    "a lesson": (["hint", "3"], "'3' is a lesson; its exercises are 3.1 linear_backward, 3.2 relu_backward, 3.3"),
    "a typo": (["hint", "qwerty"], "there is no exercise 'qwerty'; it takes a number such as 3.2, or a name"),
    "no name": (["pack", "3", "--name", "a/b"], "pack got the name 'a/b'"),
    "nothing to pack": (["pack", "--name", "ada"], "tinygan-lessons holds no lesson"),
}


@pytest.mark.parametrize(("words", "message"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_in_the_call_exits_with_2(home, capsys, words, message):
    assert lesson(*words) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_damaged_progress_is_said_and_left(home, capsys):
    lesson("start", "3")
    file = home / "tinygan-lessons" / ".tinygan-progress.json"
    file.write_text('{"solved": 3', encoding="utf-8")
    assert lesson("check", "3") == 2
    assert "tinygan-progress.json is damaged" in capsys.readouterr().err
    assert file.read_text(encoding="utf-8") == '{"solved": 3'


def test_a_syntax_error_costs_one_cell_only(home, capsys):
    lesson("start", "3")
    script = home / "tinygan-lessons" / "03_layers.py"
    write(script, "relu_backward", "return grad_y * (x > 0")
    write(script, "sigmoid_backward", "return grad_y * y * (1 - y)")
    assert lesson("check", "3") == 1
    printed = capsys.readouterr().out
    assert "is not Python: '(' was never closed" in printed
    assert "3.2 relu_backward     its cell is not Python, see the note" in printed
    number = script.read_text(encoding="utf-8").split("\n").index("    return grad_y * (x > 0") + 1
    assert f"in line {number}: return grad_y * (x > 0" in printed
    assert "3.3 sigmoid_backward  right" in printed


def test_a_wrong_name_is_guessed(home, capsys):
    lesson("start", "3")
    script = home / "tinygan-lessons" / "03_layers.py"
    script.write_text(script.read_text(encoding="utf-8").replace("def relu_backward(", "def relu_backwards("))
    lesson("check", "3")
    assert "it has relu_backwards: is that the one? Then rename it" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe\x00x", "03_layers.py is not text in UTF-8; save it as UTF-8"),
        (b"", "03_layers.py has no function relu_backward"),
    ],
)
def test_files_that_cannot_be_read(home, capsys, content, message):
    lesson("start", "3")
    (home / "tinygan-lessons" / "03_layers.ipynb").unlink()
    (home / "tinygan-lessons" / "03_layers.py").write_bytes(content)
    assert lesson("check", "3") in (1, 2)
    printed = capsys.readouterr()
    assert message in printed.out + printed.err


@pytest.mark.parametrize("text", ["", "not json", "[1, 2]", '{"cells": [{"cell_type": "code"}]}', "[" * 100_000])
def test_what_is_no_notebook_is_refused(tmp_path, text):
    path = tmp_path / "03_layers.ipynb"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"03_layers.ipynb: this is no notebook"):
        read_cells(path)


def test_only_definitions_run(tmp_path, capsys):
    path = tmp_path / "lesson.py"
    path.write_text(
        "print('loud')\nx = open('made', 'w')\nimport numpy as np\nlog2 = np.log(2)\nhalf = lambda x: x / 2\n"
        "def double(x):\n    return 2 * x\nfor i in range(3):\n    print(i)\n",
        encoding="utf-8",
    )
    written = definitions(read_cells(path))
    assert {"log2", "half", "double"} <= set(written.functions)
    assert "x" not in written.functions
    assert capsys.readouterr().out == ""


def test_a_random_generator_is_a_constant():
    code = "import numpy as np\nrng = np.random.default_rng(0)\ndef draw():\n    return rng.random()"
    written = definitions([Cell("code", code)])
    assert written.problems == []
    assert 0 < written.functions["draw"]() < 1


@pytest.mark.parametrize("loop", ["class A:\n    while True: pass", "def f(x=[1 for _ in iter(int, 1)]): pass"])
def test_a_definition_that_never_ends_is_a_problem_and_the_rest_counts(loop):
    written = definitions([Cell("code", f"{loop}\ndef one():\n    return 1")], seconds=0.5)
    assert written.problems == ["cell 1, line 1 had not ended after 0.5 s, and was stopped"]
    assert written.functions["one"]() == 1


def test_a_check_stops_a_definition_that_never_ends(home, capsys, monkeypatch):
    monkeypatch.setattr(student, "SECONDS", 0.5)
    lesson("start", "3")
    script = home / "tinygan-lessons" / "03_layers.py"
    script.write_text("class A:\n    while True: pass\n", encoding="utf-8")
    assert lesson("check", "3") == 1
    assert "had not ended after 0.5 s" in capsys.readouterr().out


@pytest.mark.parametrize(
    "line", ["%matplotlib inline", "!pip list", "?np.sum", "np.sum?", "np.sum??", "if True:\n    %time one()"]
)
def test_lines_for_notebooks_cost_nothing(line):
    parts = notebook_cells(notebook([Cell("code", f"import numpy as np\n{line}\ndef one():\n    return 1")]))
    written = definitions(parts)
    assert written.problems == []
    assert written.functions["one"]() == 1


def test_python_in_a_notebook_is_left_as_it_is():
    source = 'explanation = """\nWhy?\n"""\nword = ("%d"\n    % 3)'
    assert notebook_cells(notebook([Cell("code", source)])) == [Cell("code", source)]


def test_a_definition_that_raises_is_a_problem_and_the_rest_counts():
    written = definitions([Cell("code", "import no_such_module\ndef one():\n    return 1")])
    assert written.problems == ["cell 1, line 1 does not run: ModuleNotFoundError: No module named 'no_such_module'"]
    assert written.functions["one"]() == 1


def test_cells_come_back_from_a_script_and_from_a_notebook():
    parts = LESSON.cells
    assert cells(as_script(parts)) == parts
    plain = LESSON.stripped_cells
    assert notebook_cells(notebook(plain)) == plain


@pytest.mark.parametrize(
    "source",
    [
        "### BEGIN SOLUTION\n1\n### END SOLUTION",
        "def f():\n    ### BEGIN SOLUTION\n    return 1",
        "def f():\n    ### END SOLUTION",
    ],
)
def test_marks_without_partner_or_function_are_refused(source):
    with pytest.raises(ValueError, match="has no partner"):
        stripped(source)


def test_the_other_file_counts_for_what_is_empty_in_the_newer_one(home, capsys):
    lesson("start", "3")
    script, book = (home / "tinygan-lessons" / f"03_layers{suffix}" for suffix in (".py", ".ipynb"))
    script.write_text(as_script(LESSON.cells), encoding="utf-8")
    book.write_text(
        book.read_text(encoding="utf-8").replace(
            'explanation = \\"\\"\\"\\n', 'explanation = \\"\\"\\"It is a slope.\\n'
        )
    )
    os.utime(book, (time.time() + 10, time.time() + 10))
    assert lesson("check", "3") == 0
    assert "03_layers.py was changed as well as 03_layers.ipynb, which is newer" in capsys.readouterr().out
    assert lesson("pack", "--name", "ada") == 0
    with zipfile.ZipFile(home / "tinygan-lessons" / "tinygan-ada.zip") as archive:
        assert set(archive.namelist()) == {"03_layers.py", "03_layers.ipynb"}
        assert b"It is a slope." in archive.read("03_layers.ipynb")


def test_a_broken_notebook_does_not_block_a_good_script(home, capsys):
    lesson("start", "3")
    (home / "tinygan-lessons" / "03_layers.ipynb").write_text("not json", encoding="utf-8")
    (home / "tinygan-lessons" / "03_layers.py").write_text(as_script(LESSON.cells), encoding="utf-8")
    assert lesson("check", "3") == 0
    assert lesson("pack", "--name", "ada") == 0
    assert capsys.readouterr().out.count("Note: 03_layers.ipynb: this is no notebook of Jupyter") == 2


def test_a_folder_that_cannot_be_written_is_said_once(home, capsys, monkeypatch):
    lesson("start", "3")
    (home / "tinygan-lessons" / "03_layers.py").write_text(as_script(LESSON.cells), encoding="utf-8")

    def refused(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("tinygan.lessons.progress.whole_file", refused)
    assert lesson("check", "3") == 0
    printed = capsys.readouterr().out
    assert printed.count("This folder cannot be written, so what is done is not kept.") == 1
    assert "All 4 are right." in printed
    monkeypatch.chdir(home / "tinygan-lessons")
    verdict("relu_backward", lambda grad_y, x: grad_y * (x > 0))
    assert "This folder cannot be written" in capsys.readouterr().out


def test_lessons_are_found_in_the_current_folder_by_their_names(home, monkeypatch, capsys):
    lesson("start", "3")
    folder = home / "tinygan-lessons"
    (folder / ".tinygan-progress.json").unlink()
    (folder / "progress.json").write_text("of another program", encoding="utf-8")
    monkeypatch.chdir(folder)
    assert lesson("start", "1") == 0
    assert (folder / "01_noise_to_data.py").exists()
    assert lesson("check", "3") == 1


@pytest.mark.parametrize("name", ["03_layers (1).py", "my_layers.ipynb"])
def test_a_renamed_file_is_guessed(home, capsys, name):
    (home / "tinygan-lessons").mkdir()
    (home / "tinygan-lessons" / name).write_text("", encoding="utf-8")
    assert lesson("check", "3") == 2
    assert f"has no 03_layers.py; if {name} is the one, rename it" in capsys.readouterr().err


def test_the_number_of_an_exercise_does_for_its_lesson(home, capsys):
    lesson("start", "3.2")
    assert lesson("check", "3.2") == 1
    assert lesson() == 0
    assert "Next: tinygan lesson start 1" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        lesson("check", "layers")
    assert "'layers' is not the number of a lesson, such as 3" in capsys.readouterr().err


SETTINGS = {
    "a float": "eps = float(1e-8)",
    "a generator": "rng, eps = np.random.default_rng(0), 0.0",
    "an if": "if True:\n    eps = 0.0\n    print('loud')",
    "a try": "try:\n    import no_such_module\nexcept ImportError:\n    eps = 0.0",
}


@pytest.mark.parametrize("line", SETTINGS.values(), ids=SETTINGS.keys())
def test_what_sets_a_constant_is_run(line, capsys):
    code = f"import numpy as np\n{line}\ndef relu_backward(grad_y, x):\n    return grad_y * (x > eps * 0)"
    written = definitions([Cell("code", code)])
    assert verdict_on(find_exercise("relu_backward"), written.functions["relu_backward"]).is_right
    assert capsys.readouterr().out == ""


def test_a_line_that_is_not_run_is_said(home, capsys):
    lesson("start", "3")
    script = home / "tinygan-lessons" / "03_layers.py"
    write(script, "relu_backward", "return grad_y * (x > eps)")
    script.write_text(script.read_text(encoding="utf-8") + "\n# %%\neps = float(input())\n", encoding="utf-8")
    lesson("check", "3")
    printed = " ".join(capsys.readouterr().out.split())
    assert "eps is set by a line that a check does not run; move it into the function" in printed


def test_code_below_a_cell_of_text_counts():
    parts = cells("# %% [markdown]\n# Words\n\ndef double(x):\n    # twice\n    return 2 * x\n# %%\ny = 1\n")
    assert parts == [
        Cell("markdown", "Words"),
        Cell("code", "def double(x):\n    # twice\n    return 2 * x"),
        Cell("code", "y = 1"),
    ]
    assert [cell.line for cell in parts] == [2, 4, 8]


@pytest.mark.parametrize("line", ["files = !ls", "%time", "np.sum?", "if True:\n    %time", "x, y = %sx ls"])
def test_lines_for_notebooks_alone_do_not_cost_the_cell(line):
    book = notebook([Cell("code", f"def one():\n    return 1\n{line}")])
    written = definitions(notebook_cells(book))
    assert written.problems == []
    assert written.functions["one"]() == 1
