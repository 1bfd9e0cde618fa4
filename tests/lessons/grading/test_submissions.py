"""Which file is whose, and for which lesson."""

import io
import os
import zipfile

import pytest

from tinygan.lessons.catalog import find_lesson
from tinygan.lessons.grading import handed_in as module
from tinygan.lessons.grading.submissions import submissions
from tinygan.lessons.script import as_script, notebook

LESSON = find_lesson(3)
RIGHT = as_script(LESSON.cells)
STUB = as_script(LESSON.stripped_cells)


def put(path, content=RIGHT):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def pack(files, method=zipfile.ZIP_DEFLATED):
    """Return a zip file as bytes."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return written.getvalue()


def whose(folder):
    return [(found.student, found.lesson and found.lesson.number, found.problem) for found in submissions(folder)]


@pytest.mark.parametrize(
    ("path", "student"),
    [
        ("ada.py", "ada"),
        ("ada_03_layers.py", "ada"),
        ("ada/03_layers.py", "ada"),
        ("ada/tinygan-lessons/03_layers.ipynb", "ada"),
        ("Ada Lovelace_1234_assignsubmission_file_/03_layers.py", "Ada Lovelace"),
        ("Ada Lovelace_1234_assignsubmission_file_03_layers.py", "Ada Lovelace"),
        ("lovelaceada_12345_678901_03_layers-1.ipynb", "lovelaceada"),
        ("lovelaceada_LATE_12345_678901_03_layers.py", "lovelaceada"),
        ("Ада/03_layers.py", "Ада"),
    ],
)
def test_a_file_is_named_by_its_student(path, student, tmp_path):
    put(tmp_path / path, notebook(LESSON.cells) if path.endswith(".ipynb") else RIGHT)
    assert whose(tmp_path) == [(student, 3, "")]


@pytest.mark.parametrize(
    "path",
    [
        "ada.zip",
        "tinygan-ada.zip",
        "ada/anything.zip",
        "ada_20_30_tinygan-bob.zip",
        "ada_1_assignsubmission_file_/x.zip",
    ],
)
def test_a_pack_is_named_by_its_student(path, tmp_path):
    files = {"tinygan-lessons/03_layers.py": RIGHT, "__MACOSX/._03_layers.py": b"\0", "04_notes.txt": "nothing"}
    put(tmp_path / path, pack(files))
    assert whose(tmp_path) == [("ada", 3, "")]
    (found,) = submissions(tmp_path)
    assert found.file.read() == (RIGHT.encode(), "")


def test_a_pack_is_opened_once_for_all_that_it_holds(tmp_path, monkeypatch):
    opened, true_content = [], module._content
    monkeypatch.setattr(module, "_content", lambda path: opened.append(path) or true_content(path))
    put(tmp_path / "ada.zip", pack({f"{i}/03_layers.py": RIGHT + "\n" * i for i in range(50)}))
    (found,) = submissions(tmp_path)
    assert len(found.others) == 49
    assert len(opened) == 1
    assert found.file.read()[0].startswith(RIGHT.encode())


def test_one_damaged_file_in_a_pack_does_not_hide_the_others(tmp_path):
    content = pack({"02_games.py": "x = 1", "03_layers.py": RIGHT}, zipfile.ZIP_STORED).replace(b"x = 1", b"x = 2")
    put(tmp_path / "ada.zip", content)
    games, layers = whose(tmp_path)
    assert games[:2] == ("ada", 2)
    assert "the pack is damaged" in games[2]
    assert layers == ("ada", 3, "")


MOODLE, CANVAS = "_assignsubmission_file_", "03_layers.py"


@pytest.mark.parametrize(
    ("paths", "students"),
    [
        ([f"Ada_1234{MOODLE}/03_layers.py", f"Ada_5678{MOODLE}/03_layers.py"], ["Ada 1234", "Ada 5678"]),
        ([f"Ada_1234{MOODLE}03_layers.py", f"Ada_5678{MOODLE}03_layers.py"], ["Ada 1234", "Ada 5678"]),
        ([f"Ada_1234{MOODLE}/03_layers.py", f"Ada_5678{MOODLE}/essay.txt"], ["Ada 1234", "Ada 5678"]),
        ([f"ada_12_345_{CANVAS}", f"ada_LATE_67_890_{CANVAS}"], ["ada 12", "ada 67"]),
        ([f"ada_12_345_{CANVAS}", "ada_12_346_04_maxout_and_dropout.py"], ["ada", "ada"]),
        ([f"Ada_1234{MOODLE}/03_layers.py", "Ada_1234_assignsubmission_onlinetext_/essay.txt"], ["Ada"]),
        ([f"Ada_1234{MOODLE}/03_layers.py", f"Bob_5678{MOODLE}/03_layers.py"], ["Ada", "Bob"]),
    ],
)
def test_namesakes_are_told_apart_by_the_platforms_numbers(paths, students, tmp_path):
    for path in paths:
        put(tmp_path / path)
    assert [student for student, _, _ in whose(tmp_path)] == students


def test_a_lesson_is_known_by_its_functions_if_not_by_its_name(tmp_path):
    put(tmp_path / "ada" / "homework.ipynb", notebook(LESSON.cells))
    put(tmp_path / "bob" / "notes.py", "def mean(x): return sum(x) / len(x)")
    put(tmp_path / "eve" / "essay.txt", "Dear teacher")
    (ada, bob, eve) = whose(tmp_path)
    assert ada == ("ada", 3, "")
    assert bob[:2] == ("bob", None)
    assert "which lesson is it for?" in bob[2]
    assert eve == ("eve", None, "there is no script, no notebook and no pack")


def test_of_two_files_the_one_that_was_worked_in_counts(tmp_path):
    put(tmp_path / "ada" / "03_layers.ipynb", notebook(LESSON.cells))
    put(tmp_path / "ada" / "03_layers.py", STUB)
    put(tmp_path / "ada" / "plot.py", "import matplotlib")
    put(tmp_path / "ada" / ".ipynb_checkpoints" / "03_layers-checkpoint.ipynb", notebook(LESSON.cells))
    (found,) = submissions(tmp_path)
    assert found.file.name == "03_layers.ipynb"
    assert found.others == ["03_layers.py"]


def test_several_lessons_of_one_student(tmp_path):
    put(tmp_path / "ada.zip", pack({"01_noise_to_data.py": "", "03_layers.py": RIGHT}))
    assert whose(tmp_path) == [("ada", 1, ""), ("ada", 3, "")]


def test_a_changed_file_has_another_digest(tmp_path):
    put(tmp_path / "ada.py")
    before = submissions(tmp_path)[0].digest
    assert submissions(tmp_path)[0].digest == before
    put(tmp_path / "ada.py", RIGHT + "\n")
    assert submissions(tmp_path)[0].digest != before


@pytest.mark.skipif(os.name == "nt", reason="links and pipes of POSIX")
def test_links_and_pipes_are_not_read(tmp_path):
    put(tmp_path / "secret" / "03_layers.py")
    folder = tmp_path / "class"
    for student in ("ada", "bob"):
        (folder / student).mkdir(parents=True)
    (folder / "ada" / "03_layers.py").symlink_to(tmp_path / "secret" / "03_layers.py")
    os.mkfifo(folder / "bob" / "03_layers.py")
    (folder / "eve").symlink_to(tmp_path / "secret")
    assert whose(folder) == [
        ("ada", 3, "03_layers.py is a link; links are not followed"),
        ("bob", 3, "03_layers.py is no file"),
        ("eve", None, "there is no script, no notebook and no pack"),
    ]


def test_a_name_that_is_no_utf_8(tmp_path):
    try:
        put(tmp_path / os.fsdecode(b"ad\xe9.py"))
    except OSError:
        pytest.skip("this file system has no such names")
    (found,) = submissions(tmp_path)
    found.student.encode()
    assert found.file.read()[0] == RIGHT.encode()


def bomb():
    return pack({"03_layers.py": bytes(module.LARGE + 1)})


def lying_bomb():
    """A pack whose file is larger than it says."""
    content = bytearray(pack({"03_layers.py": bytes(1 << 20)}))
    for mark, place in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = content.index(mark) + place
        content[at : at + 4] = (100).to_bytes(4, "little")
    return bytes(content)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (bomb, "more than 64 MB when unpacked"),
        (lying_bomb, "the pack is damaged"),
        (lambda: pack({f"{i}.py": "" for i in range(module.MANY + 1)}), "more than 1000 files"),
        (lambda: pack({"03_layers.py": RIGHT})[:-30], "no pack that can be read"),
        (lambda: b"no zip file", "no pack that can be read"),
        (lambda: b"", "no pack that can be read"),
        (lambda: pack({"essay.txt": "Dear teacher"}), "holds no script and no notebook"),
    ],
)
def test_packs_that_are_none(make, words, tmp_path):
    put(tmp_path / "ada.zip", make())
    ((student, _, problem),) = whose(tmp_path)
    assert student == "ada"
    assert words in problem


def test_a_file_that_is_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LARGE", 1000)
    put(tmp_path / "ada_03_layers.py")
    assert "larger than 0 MB" in whose(tmp_path)[0][2]


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(ValueError, match="is no folder"):
        submissions(tmp_path / "class")


def test_a_folder_with_nothing_to_grade(tmp_path):
    (tmp_path / "essay.txt").touch()
    with pytest.raises(ValueError, match="holds no folder of a student, no script, no notebook and no pack"):
        submissions(tmp_path)
