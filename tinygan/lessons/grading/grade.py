"""Grade a class: one process for each exercise of each student, and a report that grows row by row."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np

from tinygan.lessons.checking import N_CASES, Verdict, judge, random_cases
from tinygan.lessons.exercise import Exercise
from tinygan.lessons.grading import frames
from tinygan.lessons.grading.pages import write_pages
from tinygan.lessons.grading.rows import Grades, Row, write_table
from tinygan.lessons.grading.sandbox import MUCH, Reply, Sandbox, Unprotected, ask
from tinygan.lessons.grading.submissions import Submission, submissions

SECONDS = 10
# What a worker may say of an answer that gives nothing to compare.
STATES = ("empty", "raised", "wrong", "broken", "needs a look")
LONG_SENTENCE = 2000  # characters


def grade(
    folder: Path,
    report: Path,
    *,
    jobs: int = 1,
    unsafe: bool = False,
    seconds: int = SECONDS,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> list[Row]:
    """Grade what a class handed in, and write the report; a second call goes on where the first one stopped.

    Parameters
    ----------
    folder : Path
        What was handed in; see `submissions`.
    report : Path
        Folder for the report: ``grades.csv``, ``class.html``, a page for each student in ``students``, and what is
        needed to go on. An answer is graded anew when its file has changed, or `unsafe`.
    jobs : int
        How many answers to grade at the same time.
    unsafe : bool
        Whether to grade without a sandbox.
    seconds : int
        Processor time for one answer.
    tell : callable
        Called after each answer, with the number of those that are graded and the number of all.

    Returns
    -------
    list of Row
        In the order of students, lessons and exercises.

    Raises
    ------
    ValueError
        If `folder` is no folder or holds nothing to grade, or the report would lie in it.
    RuntimeError
        If no sandbox can be made.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as home:
    ...     Path(home, "class", "ada").mkdir(parents=True)
    ...     grade(Path(home, "class"), Path(home, "report"), unsafe=True)[0].state
    'needs a look'
    """
    if report.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"{report} lies inside {folder}; the report needs a folder of its own")
    tasks = [task for submission in submissions(folder) for task in _tasks(submission, unsafe)]
    where = Unprotected() if unsafe else Sandbox()
    kept = Grades(report)
    missing = [task for task in tasks if task.row.key not in kept.rows]
    try:
        with ThreadPoolExecutor(jobs) as pool:
            running = [pool.submit(_graded, task, where, kept.secret, seconds) for task in missing]
            try:
                for done, future in enumerate(as_completed(running), 1):
                    kept.add(future.result())
                    tell(done, len(missing))
            except BaseException:  # Ctrl-C too: let those end that have begun
                pool.shutdown(cancel_futures=True)
                raise
    finally:
        rows = [kept.rows[task.row.key] for task in tasks if task.row.key in kept.rows]
        write_table(report / "grades.csv", rows)
        write_pages(report, rows)
    return rows


@dataclass(frozen=True)
class _Task:
    """One exercise of one submission, and the row to fill in."""

    submission: Submission
    exercise: Exercise | None
    row: Row


def _tasks(submission: Submission, unsafe: bool) -> Iterator[_Task]:
    exercises = submission.lesson.exercises if submission.lesson else [None]
    file = submission.file.name if submission.file else ""
    if submission.others:
        file += f" (also handed in: {', '.join(submission.others)})"
    for exercise in exercises:
        row = Row(
            submission.student,
            submission.lesson.number if submission.lesson else 0,
            exercise.name if exercise else "",
            "broken" if exercise else "needs a look",
            submission.problem,
            digest=submission.digest,
            file=file,
            unsafe=unsafe,
        )
        yield _Task(submission, exercise, row)


def _graded(task: _Task, where: Sandbox | Unprotected, secret: str, seconds: int) -> Row:
    """Return the row of a task, filled in."""
    submission, exercise = task.submission, task.exercise
    if submission.problem or submission.file is None or submission.lesson is None or exercise is None:
        return task.row
    content, problem = submission.file.read()
    if problem:
        return replace(task.row, why=problem)
    seed = int.from_bytes(hashlib.sha256(f"{secret} {exercise.name}".encode()).digest()[:16], "big")
    request = {
        "module": submission.lesson.module,
        "exercise": exercise.name,
        "seed": seed,
        "file": submission.file.name,
    }
    reply = ask(where, request, content, seconds)
    verdict, texts = found_in(reply, exercise, seed, seconds)
    return replace(task.row, state=verdict.state, why=verdict.sentence, mistake=verdict.mistake, texts=texts)


def found_in(reply: Reply, exercise: Exercise, seed: int, seconds: int) -> tuple[Verdict, dict[str, str]]:
    """Return the verdict on what a worker sent, and the student's texts.

    The first frame was written before the student's code ran, so it is the worker's. Whatever comes after it may come
    from the student's code.
    """
    # The first frame, the arrays and a sentence; two more, so that too many are seen. A flood has millions.
    sent = list(islice(frames.frames(reply.data), N_CASES * len(exercise.returns) + 4))
    if not sent or sent[0][0] != frames.READ:
        return Verdict("broken", "Python ended, or took too long, while it read the file"), {}
    read = json.loads(sent[0][1])
    verdict = _verdict(reply, sent[1:], exercise, seed, seconds)
    if read["look"]:
        ran = f"In the sandbox: {verdict.state}. {verdict.sentence}" if read["runs"] else "It was not run."
        verdict = Verdict("needs a look", f"{read['look']} {ran}".strip())
    return verdict, read["texts"]


def _verdict(reply: Reply, sent: Sequence[tuple[bytes, bytes]], exercise: Exercise, seed: int, seconds: int) -> Verdict:
    """Return the verdict on what came after the first frame."""
    if len(reply.data) > MUCH:
        return Verdict("died", f"{exercise.name} returned more than {MUCH >> 20} MB, and was stopped")
    try:
        arrays = [frames.unpacked(content) for letter, content in sent if letter == frames.ARRAY]
    except ValueError as error:
        return Verdict("broken", str(error))
    n = len(exercise.returns)
    if len(arrays) == N_CASES * n:
        made = [tuple(arrays[i : i + n]) for i in range(0, len(arrays), n)]
        with np.errstate(all="ignore"):
            return judge(exercise, random_cases(exercise, seed), made, lambda: _text(sent, frames.DIAGNOSIS))
    state, _, sentence = _text(sent, frames.FAILURE).partition("\n")
    if state in STATES:
        return Verdict(state, sentence)
    if not reply.in_time or reply.signal == "SIGXCPU":
        return Verdict("too slow", f"{exercise.name} had not returned after {seconds} s: does a loop in it ever end?")
    how = f"by {reply.signal}" if reply.signal else f"with exit status {reply.status}"
    return Verdict("died", f"{exercise.name} ended Python {how}, and a function is to return")


def _text(sent: Sequence[tuple[bytes, bytes]], wanted: bytes) -> str:
    return next((content.decode(errors="replace") for letter, content in sent if letter == wanted), "")[:LONG_SENTENCE]
