"""A class is graded: honest points, a report that grows, and a second call that goes on."""

import csv
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from support.attacks import ATTACKS, lesson_with
from support.sandbox import NoWalls, needs_bubblewrap

from tinygan.cli import main
from tinygan.lessons.catalog import find_exercise, find_lesson, lessons
from tinygan.lessons.checking import random_cases
from tinygan.lessons.grading import frames, sandbox
from tinygan.lessons.grading import grade as module
from tinygan.lessons.grading.grade import found_in, grade
from tinygan.lessons.grading.rows import Grades, Row, write_table
from tinygan.lessons.grading.sandbox import MUCH, Reply, Sandbox
from tinygan.lessons.script import as_script, notebook

LESSON = find_lesson(3)
RIGHT = as_script(LESSON.cells)
WORDS = '<script>alert("x")</script> = a derivative'


def replaced(old, new):
    assert old in RIGHT
    return RIGHT.replace(old, new)


# The state of each exercise of lesson 3, and words of the first sentence that is not empty.
CLASS = {
    "ada.py": (RIGHT, ["right"] * 4, ""),
    "bob/03_layers.ipynb": (notebook(LESSON.stripped_cells), ["empty"] * 4, "nothing written yet"),
    "carl.py": (
        replaced("return grad_y * (x > 0)", "return grad_y").replace('explanation = """', f'explanation = """{WORDS}'),
        ["right", "wrong", "right", "wrong"],
        "Every gradient passes",
    ),
    "dora.py": (
        replaced("return grad_y * (x > 0)", "return -grad_y * (x > 0)"),
        ["right", "wrong", "right", "wrong"],
        "The gradient checker: the gradient of x",
    ),
    "emil_03_layers.py": ("caf\xe9 = 1".encode("latin-1"), ["broken"] * 4, "is not text in UTF-8"),
    "fay.py": (
        replaced("def sigmoid_backward(", "def sigmoid_backwards("),
        ["right", "right", "empty", "right"],
        "it has sigmoid_backwards: is that the one?",
    ),
    "gus.py": (
        replaced("return grad_y * y * (1 - y)", "return grad_y * y * (1 - y"),
        ["right", "right", "broken", "right"],
        "is not Python",
    ),
    "hal_03_layers.ipynb": ("no notebook", ["broken"] * 4, "no notebook of Jupyter"),
    "ida.py": (
        replaced("import numpy as np", "import numpy as np\nfrom tinygan.layers import ReLU as R").replace(
            "return grad_y * (x > 0)", "return R().backward_input(grad_y, x > 0)"
        ),
        ["right", "needs a look", "right", "needs a look"],
        "It uses tinygan.layers.ReLU, which an answer to this exercise may not.",
    ),
}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "class"


def hand_in(folder, name, content):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def check_class(rows):
    """Check all states and sentences of the class above."""
    by_student = {}
    for row in rows:
        by_student.setdefault(row.student, []).append(row)
    assert len(by_student) == len(CLASS)
    for (name, (_, states, words)), its in zip(CLASS.items(), by_student.values(), strict=True):
        assert [row.exercise for row in its] == [exercise.name for exercise in LESSON.exercises]
        assert [row.state for row in its] == states, name
        assert [row.points for row in its] == [int(state == "right") for state in states]
        assert words in next((row.why for row in its if row.why), ""), name


def test_what_is_for_no_lesson_stands_last_on_the_page_of_the_class(folder, tmp_path):
    (folder / "bob").mkdir(parents=True)
    (folder / "ada_03_layers.ipynb").write_text("no notebook", encoding="utf-8")
    assert {row.state for row in grade(folder, tmp_path / "report", unsafe=True)} == {"broken", "needs a look"}
    page = (tmp_path / "report" / "class.html").read_text(encoding="utf-8")
    assert 0 < page.index("Backprop I") < page.index("No lesson")


@pytest.mark.slow
def test_a_class_without_a_sandbox(folder, tmp_path):
    for name, (content, _, _) in CLASS.items():
        hand_in(folder, name, content)
    rows = grade(folder, tmp_path / "report", unsafe=True, jobs=2)
    check_class(rows)
    assert "It was not run." in next(row.why for row in rows if row.state == "needs a look")

    with open(tmp_path / "report" / "grades.csv", encoding="utf-8-sig", newline="") as file:
        table = list(csv.DictReader(file))
    assert list(table[0]) == ["student", "exercise", "points", "state", "why"]
    assert [line["points"] for line in table[:4]] == ["1"] * 4
    assert table[1]["exercise"] == "3.2 relu_backward"

    page = (tmp_path / "report" / "class.html").read_text(encoding="utf-8")
    assert "wrong: 2" in page
    assert "<td>1</td><td>Every gradient passes" in page
    assert not [name for name in CLASS if name.partition(".")[0] in page]
    carl = (tmp_path / "report" / "students" / "carl.html").read_text(encoding="utf-8")
    assert "2 of 4 points" in carl
    assert "<script>" not in carl
    assert "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; = a derivative" in carl


@pytest.mark.slow
@needs_bubblewrap
def test_a_class_in_a_sandbox(folder, tmp_path):
    for name, (content, _, _) in CLASS.items():
        hand_in(folder, name, content)
    rows = grade(folder, tmp_path / "report", jobs=2)
    check_class(rows)
    assert "In the sandbox: raised" in next(row.why for row in rows if row.state == "needs a look")


@pytest.mark.slow
@needs_bubblewrap
@pytest.mark.parametrize("lesson", lessons().values(), ids=lambda lesson: lesson.name)
def test_every_solution_is_right_within_the_limits(lesson, folder, tmp_path):
    hand_in(folder, f"ada/{lesson.name}.py", as_script(lesson.cells))
    rows = grade(folder, tmp_path / "report")
    assert {(row.exercise, row.state, row.why) for row in rows} == {(e.name, "right", "") for e in lesson.exercises}


def test_a_second_call_goes_on(folder, tmp_path, monkeypatch):
    asked = []

    def counted(where, request, content, seconds):
        asked.append(request)
        if len(asked) == 3:
            raise KeyboardInterrupt
        return Reply(b"", 0, True)

    monkeypatch.setattr(module, "ask", counted)
    hand_in(folder, "ada.py", RIGHT)
    report = tmp_path / "report"
    with pytest.raises(KeyboardInterrupt):
        grade(folder, report, unsafe=True)
    assert len((report / "grades.csv").read_text().splitlines()) == 3  # the first two are kept
    with open(report / "rows.jsonl", "a") as file:
        file.write('{"student": "ad')  # and a line that was cut off
    n_asked = len(asked)  # the fourth may have begun when the third was interrupted
    seeds = {request["exercise"]: request["seed"] for request in asked}

    told = []
    rows = grade(folder, report, unsafe=True, tell=lambda *numbers: told.append(numbers))
    assert told == [(1, 2), (2, 2)]
    assert len(rows) == 4
    assert len(asked) == n_asked + 2
    assert seeds.items() <= {request["exercise"]: request["seed"] for request in asked}.items()
    assert len({request["seed"] for request in asked}) == 4

    grade(folder, report, unsafe=True)
    assert len(asked) == n_asked + 2
    hand_in(folder, "ada.py", RIGHT + "\n")
    assert len(grade(folder, report, unsafe=True)) == 4
    assert len(asked) == n_asked + 6


def test_what_was_graded_without_a_sandbox_is_graded_anew_with_one(folder, tmp_path, monkeypatch):
    ways = []
    monkeypatch.setattr(module, "ask", lambda where, *others: ways.append(where.is_safe) or Reply(b"", 0, True))
    monkeypatch.setattr(module, "Sandbox", NoWalls)
    hand_in(folder, "ada.py", RIGHT)
    for unsafe in (True, False, True):
        assert len(grade(folder, tmp_path / "report", unsafe=unsafe)) == 4
    assert ways == [False] * 4 + [True] * 4


def test_the_inputs_differ_from_report_to_report(tmp_path):
    assert Grades(tmp_path / "one").secret != Grades(tmp_path / "two").secret
    if os.name == "posix":
        assert (tmp_path / "one" / "secret").stat().st_mode & 0o777 == 0o600


def test_a_row_comes_back_as_it_was(tmp_path):
    row = Row("Ада", 3, "relu_backward", "wrong", "Why?\nSo.", "open_gate", "5e1f", "a.py", {"prediction": "\u2028"})
    Grades(tmp_path).add(row)
    assert list(Grades(tmp_path).rows.values()) == [row]


@pytest.mark.parametrize("text", ["=1+1", "\r=1+1", "\n=1+1", " \t@SUM(1)", "fine\n=1+1", "fine\r-1", 'a";=1+1;"'])
def test_a_cell_of_the_table_is_one_line_of_text_and_no_formula(text, tmp_path):
    write_table(tmp_path / "grades.csv", [Row("ada", 3, "relu_backward", "raised", text)])
    written = (tmp_path / "grades.csv").read_bytes()
    assert written.count(b"\n") == 2
    assert b"\r" not in written
    with open(tmp_path / "grades.csv", encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["why"][0] not in "=+-@\t\r\n"
    assert written.endswith(b'"\n')
    assert written.count(b'","') == 8


# Code that stands beside an answer.

THIEF = """
class Style:
    import sys
    __import__("numpy").stolen = sys.modules["tinygan.lessons.exercises.layers"].relu_backward.right_answer

"""


def test_only_what_the_answer_consists_of_is_run(folder, tmp_path):
    stolen = replaced("return grad_y * (x > 0)", "return np.stolen(grad_y, x)")
    hand_in(folder, "ada.py", stolen.replace("def relu_backward(", THIEF + "def relu_backward("))
    helped = replaced("return grad_y * (x > 0)", "return grad_y * is_open(x)")
    hand_in(folder, "bob.py", helped + "\n# %%\nLEVEL = 0 * np.pi\ndef is_open(x): return x > LEVEL\nwrong = 1 / 0\n")
    ada, bob = (rows[1] for rows in _by_four(grade(folder, tmp_path / "report", unsafe=True)))
    assert ada.state == "raised"
    assert "has no attribute 'stolen'" in ada.why
    assert bob.state == "right"


def _by_four(rows):
    return [rows[i : i + 4] for i in range(0, len(rows), 4)]


# What a worker may send after the student's code has taken it over.

EXERCISE = find_exercise("relu_backward")
READ = b'{"look": "", "runs": true, "texts": {}}'
VALUES = [frames.packed(inputs["grad_y"] * (inputs["x"] > 0)) for inputs in random_cases(EXERCISE, 5)]


def verdict(*sent, status=0, in_time=True):
    data = b"".join(letter + len(content).to_bytes(8, "little") + content for letter, content in sent)
    return found_in(Reply(data, status, in_time), EXERCISE, 5, 10)[0]


def test_values_count_and_words_do_not():
    read, right = (b"R", READ), [(b"A", value) for value in VALUES]
    wrong = [(b"A", frames.packed(np.zeros(3)))] * 3
    assert verdict(read, *right).state == "right"
    assert verdict(read, *right, (b"F", b"wrong\nNo.")).state == "right"
    assert verdict(read, *wrong, (b"F", b"right\nYes.")).state == "wrong"
    assert verdict(read, *right, right[0]).state == "died"
    assert verdict(read, *right[:2]).state == "died"
    assert verdict(read, (b"F", b"right\nYes.")).state == "died"
    assert verdict(read, (b"F", b"raised\n" + b"\xff" * 100_000)).state == "raised"
    assert len(verdict(read, (b"F", b"raised\n" + b"\xff" * 100_000)).sentence) < 2001
    assert verdict(read, (b"A", b"\xff" * 8)).state == "broken"
    assert verdict(read, (b"A", b""), status=139).state == "broken"
    assert verdict(*right).state == "broken"
    assert verdict().state == "broken"
    assert verdict(read, (b"D", bytes(MUCH))).state == "died"
    assert verdict(read, *right, *right * 1000).state == "died"
    with np.errstate(all="raise"):
        odd = frames.packed(np.full(random_cases(EXERCISE, 5)[0]["x"].shape, np.inf))
        assert verdict(read, (b"A", odd), *right[1:]).state == "wrong"


def test_of_a_flood_only_the_first_frames_are_read(monkeypatch):
    read = []

    def counted(data):
        for frame in true_frames(data):
            read.append(frame)
            yield frame

    true_frames = frames.frames
    monkeypatch.setattr(frames, "frames", counted)
    assert verdict((b"R", READ), *[(b"D", b"")] * 100_000).state == "died"
    assert len(read) < 10


def test_how_a_process_ended():
    read = (b"R", READ)
    assert verdict(read, status=-24).state == verdict(read, status=152).state == "too slow"
    assert verdict(read, status=-9, in_time=False).state == "too slow"
    assert "by SIGSEGV" in verdict(read, status=139).sentence
    assert "with exit status 3" in verdict(read, status=3).sentence
    assert verdict(status=139).state == "broken"


def test_without_bubblewrap_it_says_how_to_install_it(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    (folder / "ada").mkdir(parents=True)
    with pytest.raises(RuntimeError, match=r"apt install bubblewrap .*--unsafe"):
        grade(folder, tmp_path / "report")
    assert not (tmp_path / "report").exists()


@needs_bubblewrap
def test_where_no_sandbox_can_be_made_it_says_why(monkeypatch):
    monkeypatch.setattr(sandbox, "_namespaces", lambda: ["--no-such-option"])
    with pytest.raises(RuntimeError, match=r"bubblewrap makes no sandbox here: .*no-such-option"):
        Sandbox()


def test_a_processor_that_is_not_known(monkeypatch):
    with pytest.raises(RuntimeError, match="not of vax"):
        sandbox.refusing_program("vax")


def test_the_report_may_not_lie_among_the_submissions(folder):
    with pytest.raises(ValueError, match="needs a folder of its own"):
        grade(folder, folder / "report", unsafe=True)


def test_the_command(folder, tmp_path, capsys):
    hand_in(folder, "ada.py", RIGHT)
    hand_in(folder, "notes/essay.txt", "Dear teacher")
    assert main(["lesson", "grade", str(folder), "--out", str(tmp_path / "report"), "--unsafe"]) == 0
    printed = capsys.readouterr().out
    assert "2 students, 5 answers, 4 right" in printed
    assert "for you to look at: 1" in printed
    assert main(["lesson", "grade", str(tmp_path / "nowhere"), "--out", str(tmp_path / "report"), "--unsafe"]) == 2


# A whole class of attackers, with honest students among them.


def film():
    """A right notebook of 50 MB: it shows a long film."""
    data = json.loads(notebook(LESSON.cells))
    code = next(cell for cell in data["cells"] if cell["cell_type"] == "code")
    code["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["x" * 1000 + "\n"] * 50_000}]
    return json.dumps(data)


@pytest.mark.slow
@needs_bubblewrap
def test_attackers_harm_nobody_but_themselves(folder, tmp_path):
    killer = lesson_with("import os\nfor pid in {1, os.getppid()}:\n    os.kill(pid, 9)")
    held = {name: code for name, code in ATTACKS.items() if "{" not in code}  # those that need nothing to aim at
    for name, code in held.items():
        hand_in(folder, f"{name}.py", lesson_with(code))
    hand_in(folder, "killer.py", killer)
    hand_in(folder, "film.ipynb", film())
    hand_in(folder, "deep.py", RIGHT + "\nx = " + "(" * 10_000 + ")" * 10_000)
    hand_in(folder, "nested_03_layers.ipynb", "[" * 1_000_000)
    hand_in(folder, "rubbish_03_layers.ipynb", os.urandom(1 << 20))
    for student in ("aaa", "mmm", "zzz"):
        hand_in(folder, f"{student}.py", RIGHT)
    words = ["lesson", "grade", str(folder), "--out", str(tmp_path / "report"), "--jobs", "2"]
    # In a process of its own: an attack may kill it.
    done = subprocess.run([sys.executable, "-m", "tinygan", *words], capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    found = {}
    for row in Grades(tmp_path / "report").rows.values():
        found.setdefault(row.student, {})[row.exercise] = row
    for student in ("aaa", "mmm", "zzz", "film"):
        assert {row.state for row in found[student].values()} == {"right"}
    for student in (*held, "killer"):
        assert [found[student][name].points for name in ("linear_backward", "relu_backward", "network_backward")] == [
            1
        ] * 3
        assert not found[student]["sigmoid_backward"].points
        assert "In the sandbox: right" not in found[student]["sigmoid_backward"].why or student == "killer"
    for student in ("nested", "rubbish"):
        assert {row.state for row in found[student].values()} == {"broken"}
    assert (tmp_path / "report" / "class.html").exists()
