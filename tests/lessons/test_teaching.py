"""The instructor's guide has a page for each lesson, and speaks of exercises and wrong answers that exist."""

import re
import shutil
import subprocess
import sys

import pytest
from support.pages import ROOT, commands
from support.teaching import FOLDER, check_quotes, is_alike, page, quotes

from tinygan.lessons.catalog import find_exercise, label, lessons

LESSONS = [pytest.param(lesson, id=lesson.name) for lesson in lessons().values()]
LECTURE = FOLDER / "lecture.md"
PARTS = ["Aim", "Minutes", "On the board", "The poll", "Wrong answers to expect", "Explain"]


def parts(lesson):
    """Return the title of a lesson's page, and its parts by their headings."""
    title, *rest = re.split(r"^## ", page(lesson).read_text(encoding="utf-8"), flags=re.MULTILINE)
    return title.partition("\n")[0], {part.partition("\n")[0]: part.partition("\n")[2] for part in rest}


def test_the_guide_has_pages_for_lessons_that_exist():
    pages = {path.stem for path in FOLDER.glob("[0-9]*.md")}
    assert pages == {lesson.name for lesson in lessons().values()}
    assert all(f"\n{name}\n" in (FOLDER / "index.md").read_text(encoding="utf-8") for name in pages)


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_page_has_its_parts(lesson):
    title, found = parts(lesson)
    words = title.removeprefix(f"# Lesson {lesson.number}: ")
    assert lesson.title.startswith(words)
    assert list(found) == PARTS
    assert all(word in found["The poll"] for word in ("uestion.**", "**The class.**", "**What comes out.**"))
    assert quotes(page(lesson))
    assert [points for points in "3210" if f"- **{points}**: " in found["Explain"]] == ["3", "2", "1"]


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_minutes_are_those_of_a_session(lesson):
    minutes = re.findall(r"^\| (\d+) \|", parts(lesson)[1]["Minutes"], flags=re.MULTILINE)
    assert sum(map(int, minutes)) == 90


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_exercise_has_wrong_answers_with_a_question(lesson):
    _, *tables = re.split(r"^### ", parts(lesson)[1]["Wrong answers to expect"], flags=re.MULTILINE)
    headings = [table.partition("\n")[0] for table in tables]
    assert headings == [f"{label(exercise)} {exercise.name}" for exercise in lesson.exercises]
    for heading, table in zip(headings, tables, strict=True):
        rows = re.findall(r"^\| `(.*?)` \| (.*) \| (.*) \|$", table, flags=re.MULTILINE)
        assert len(rows) >= 2
        wrong = {answer.name for answer in find_exercise(heading.split()[1]).wrong_answers}
        assert {name for name, _, _ in rows} <= wrong
        assert all("?" in question for _, _, question in rows)


@pytest.fixture(scope="module")
def lecture(tmp_path_factory):
    """Return the folder in which the commands of the lecture were run, and what they printed."""
    folder = tmp_path_factory.mktemp("lecture")
    shutil.copytree(ROOT / "tutorials", folder / "tutorials")
    shorter = {"tinygan figure1": ["--iterations", "20"]}
    printed = []
    for command in commands(LECTURE):
        words = command.removeprefix("python ").replace("tinygan", "-m tinygan").split()
        done = subprocess.run(
            [sys.executable, *words, *shorter.get(command, [])],
            cwd=folder,
            capture_output=True,
            encoding="utf-8",
            timeout=300,
        )
        assert done.returncode == 0, f"{command}\n{done.stderr[-3000:]}"
        printed.append(done.stdout)
    return folder, "".join(printed)


@pytest.mark.slow
def test_the_commands_of_the_lecture_make_its_pictures(lecture):
    folder, printed = lecture
    text = LECTURE.read_text(encoding="utf-8")
    pictures = set(re.findall(r"`([\w/-]+\.(?:png|gif))`", text))
    assert len(pictures) == 8
    assert [name for name in pictures if not (folder / name).exists()] == []
    check_quotes(LECTURE, printed)


def test_the_lecture_takes_45_minutes_and_lists_its_commands_with_their_pictures():
    text = LECTURE.read_text(encoding="utf-8")
    ends = re.findall(r"^\| (\d+)–(\d+) \|", text, flags=re.MULTILINE)
    assert [start for start, _ in ends] == ["0", *[end for _, end in ends[:-1]]]
    assert ends[-1][1] == "45"
    assert [f"### {start}–{end}: " in text for start, end in ends] == [True] * len(ends)
    assert re.findall(r"^\| `(.*?)` \| \d+ \| `", text, flags=re.MULTILINE) == commands(LECTURE)


def test_quotes_are_compared_by_words_and_by_numbers():
    assert is_alike("real  106.0 ± 5.7 nats", "real      105.1 ± 5.8 nats")
    assert not is_alike("real  106.0 ± 5.7 nats", "real  246.0 ± 5.7 nats")
    assert not is_alike("real  106.0 ± 5.7 nats", "blurred  106.0 ± 5.7 nats")
    assert not is_alike("C = -1.16", "C = 1.16")
    assert is_alike("an error of 2.5e-08", "an error of 1.2e-08")
    assert not is_alike("an error of 2.5e-08", "an error of 2.5e-06")
