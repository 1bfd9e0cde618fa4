"""What the grader found, row by row: written as it comes, so that an interrupted grading goes on."""

import csv
import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tinygan.files import made_folder, whole_file
from tinygan.lessons.catalog import find_exercise, label

ROWS, SECRET = "rows.jsonl", "secret"


@dataclass(frozen=True)
class Row:
    """What was found of one exercise of one student.

    Attributes
    ----------
    student : str
    lesson : int
        0 if no file says which lesson it is for.
    exercise : str
        Its name; empty without a lesson.
    state : str
        "right", "wrong", "empty", "raised", "too slow", "died", "broken" or "needs a look".
    why : str
        One sentence or more.
    mistake : str
        The name of the wrong answer that it equals, if it has one.
    digest : str
        A short name of the file's content.
    file : str
        The file's name.
    texts : dict from str to str
        The prediction and the explanation.
    unsafe : bool
        Whether it was graded without a sandbox.
    """

    student: str
    lesson: int
    exercise: str
    state: str
    why: str = ""
    mistake: str = ""
    digest: str = ""
    file: str = ""
    texts: dict[str, str] = field(default_factory=dict)
    unsafe: bool = False

    @property
    def points(self) -> int:
        """1 for a right answer."""
        return int(self.state == "right")

    @property
    def key(self) -> tuple[str, str, str, bool]:
        """What it is about: the same student, exercise and file are not graded twice in the same way."""
        return self.student, self.exercise, self.digest, self.unsafe


class Grades:
    """The rows of a report, kept in its folder.

    Parameters
    ----------
    folder : Path
        Made if it is not there.

    Attributes
    ----------
    rows : dict of Row
        By their keys: those that were there, and those added since.
    secret : str
        What the inputs are drawn from. It is made once, so that a grading that goes on asks the same.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as home:
    ...     Grades(Path(home)).add(Row("ada", 3, "relu_backward", "right", digest="5e1f"))
    ...     list(Grades(Path(home)).rows)
    [('ada', 'relu_backward', '5e1f', False)]
    """

    def __init__(self, folder: Path) -> None:
        made_folder(folder)
        self.folder = folder
        self.secret = self._secret()
        self.rows = {row.key: row for row in self._read()}
        with whole_file(folder / ROWS) as temporary:  # without a line that was cut off
            temporary.write_text("".join(map(_line, self.rows.values())), encoding="utf-8")

    def _secret(self) -> str:
        path = self.folder / SECRET
        if not path.exists():
            with whole_file(path) as temporary:
                temporary.touch(mode=0o600)
                temporary.write_text(secrets.token_hex(16))
        return path.read_text()

    def _read(self) -> Iterator[Row]:
        path = self.folder / ROWS
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
            with suppress(ValueError, TypeError):
                yield Row(**json.loads(line))

    def add(self, row: Row) -> None:
        """Take one row, and write it at once."""
        self.rows[row.key] = row
        with open(self.folder / ROWS, "a", encoding="utf-8") as file:
            file.write(_line(row))


def _line(row: Row) -> str:
    return json.dumps(asdict(row)) + "\n"


def write_table(path: Path, rows: Sequence[Row]) -> None:
    """Write the grades as a table that a spreadsheet opens.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as home:
    ...     write_table(Path(home, "grades.csv"), [Row("=ada", 3, "relu_backward", "right")])
    ...     print(Path(home, "grades.csv").read_text(encoding="utf-8-sig"), end="")
    "student","exercise","points","state","why"
    "'=ada","3.2 relu_backward","1","right",""
    """
    with whole_file(path) as temporary, open(temporary, "w", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        table.writerow(["student", "exercise", "points", "state", "why"])
        for row in rows:
            table.writerow([_cell(row.student), exercise_name(row), row.points, row.state, _cell(row.why)])


def exercise_name(row: Row) -> str:
    """Return number and name of the exercise of a row; empty if it is about none."""
    return f"{label(find_exercise(row.exercise))} {row.exercise}" if row.exercise else ""


def _cell(text: str) -> str:
    """Return a text on one line, that no spreadsheet takes for a formula."""
    line = " ".join(text.split())
    return f"'{line}" if line.startswith(("=", "+", "-", "@")) else line
