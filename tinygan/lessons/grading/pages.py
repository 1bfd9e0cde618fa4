"""The report's pages: one for each student, and one for the class, which shows no names."""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from tinygan.files import whole_file
from tinygan.lessons.catalog import find_exercise, find_lesson
from tinygan.lessons.exercise import Exercise
from tinygan.lessons.grading.rows import Row, exercise_name

STYLE = """
body { font: 17px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #ddd; }
blockquote { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; padding: .5rem 1rem; background: #f4f4f4; }
"""


def write_pages(folder: Path, rows: Sequence[Row]) -> None:
    """Write ``class.html``, and a page for each student into ``students``.

    Parameters
    ----------
    folder : Path
    rows : sequence of Row
    """
    _write(folder / "class.html", class_page(rows))
    (folder / "students").mkdir(exist_ok=True)
    by_student: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_student[row.student].append(row)
    for student, its in by_student.items():
        _write(folder / "students" / file_name(student), student_page(student, its))


def file_name(student: str) -> str:
    """Return the name of a student's page: of plain letters, and no two alike.

    Examples
    --------
    >>> file_name("ada"), file_name("Ada/..")
    ('ada.html', 'Ada_..-dc4396.html')
    """
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", student)[:80]
    if plain == student and plain.islower():
        return f"{plain}.html"
    return f"{plain}-{hashlib.sha256(student.encode()).hexdigest()[:6]}.html"


def student_page(student: str, rows: Sequence[Row]) -> str:
    """Return a student's page: the answers, what is said to each, and what the student wrote in words.

    Examples
    --------
    >>> "<script>" in student_page("<script>", [Row("<script>", 3, "relu_backward", "right")])
    False
    """
    parts = [f"<p>{sum(row.points for row in rows)} of {len(rows)} points.</p>"]
    for number in _numbers(rows):
        its = [row for row in rows if row.lesson == number]
        parts += [_heading(number), f"<p>File: {escape(its[0].file) or 'none'}</p>"]
        words = [[exercise_name(row), row.state, row.why] for row in its]
        parts.append(_table(["exercise", "state", "why"], words))
        texts = {name: text for row in its for name, text in row.texts.items()}
        for name, text in texts.items():
            parts.append(f"<h3>{escape(name.capitalize())}</h3>\n<blockquote>{escape(text)}</blockquote>")
    return _page(student, parts)


def class_page(rows: Sequence[Row]) -> str:
    """Return the page for the class: how many are right, and the wrong answers by frequency.

    Examples
    --------
    >>> page = class_page([Row("ada", 3, "relu_backward", "wrong", mistake="open_gate")])
    >>> "Every gradient passes" in page, "ada" in page
    (True, False)
    """
    n_students = len({row.student for row in rows})
    parts = [f"<p>Students: {n_students}. Answers: {len(rows)}. No names are on this page.</p>"]
    for number in _numbers(rows):
        parts.append(_heading(number))
        its = [row for row in rows if row.lesson == number]
        for name in dict.fromkeys(row.exercise for row in its):
            parts += _exercise(name, [row for row in its if row.exercise == name])
    return _page("The class", parts)


def _numbers(rows: Sequence[Row]) -> list[int]:
    """Return the numbers of the lessons in their order; what is for none, 0, comes last."""
    return sorted({row.lesson for row in rows}, key=lambda number: (number == 0, number))


def _heading(number: int) -> str:
    return f"<h2>{escape(f'{number}. {find_lesson(number).title}') if number else 'No lesson'}</h2>"


def _exercise(name: str, rows: Sequence[Row]) -> Iterable[str]:
    """Yield an exercise's part of the class's page."""
    states = Counter(row.state for row in rows)
    yield f"<h3>{escape(exercise_name(rows[0]) or 'Files that were not graded')}</h3>"
    yield f"<p>{', '.join(f'{escape(state)}: {n}' for state, n in states.most_common())}.</p>"
    if name and states["wrong"]:
        exercise = find_exercise(name)
        mistakes = Counter(row.mistake for row in rows if row.state == "wrong")
        words = [[str(n), _sentence(exercise, mistake)] for mistake, n in mistakes.most_common()]
        yield _table(["how often", "wrong answer"], words)


def _sentence(exercise: Exercise, mistake: str) -> str:
    """Return what is said to a mistake, or to several that are joined by +."""
    said = {answer.name: answer.sentence for answer in exercise.wrong_answers}
    return " ".join(said[name] for name in mistake.split("+") if name in said) or "Another one, of no known kind."


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(word)}</th>" for word in heads)
    lines = ("".join(f"<td>{escape(word)}</td>" for word in row) for row in rows)
    return f"<table>\n<tr>{head}</tr>\n" + "".join(f"<tr>{line}</tr>\n" for line in lines) + "</table>"


def _page(title: str, parts: Sequence[str]) -> str:
    """Return a page that loads nothing and runs nothing, whatever stands in it."""
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n<h1>{escape(title)}</h1>",
            *parts,
            "</html>\n",
        ]
    )


def _write(path: Path, page: str) -> None:
    with whole_file(path) as temporary:
        temporary.write_text(page, encoding="utf-8")
