"""What runs inside the sandbox: one exercise of one file, asked for on stdin and answered in frames on stdout."""

import ast
import json
import math
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, BinaryIO

from tinygan.lessons.calling import Failure, attempts
from tinygan.lessons.checking import diagnosis, judge, random_cases
from tinygan.lessons.definitions import Written, asked_text, cells_of, definitions, imported
from tinygan.lessons.exercise import Exercise
from tinygan.lessons.grading import frames
from tinygan.lessons.grading.needs_a_look import may_import, reason_to_look
from tinygan.lessons.grading.reached import defined, reached, statements
from tinygan.lessons.script import Cell

MEMORY = 1 << 30  # bytes of addresses
MANY_FILES = 32
LONG_TEXT = 20_000  # characters


def limit(seconds: int) -> None:
    """Limit what this process may use from here on: processor time, memory, files, processes.

    No process may be started at all. The superuser is exempt from this one; there the sandbox's filter sees to it.
    """
    if sys.platform != "linux":
        return
    import resource

    used = math.ceil(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]))
    for what, soft, hard in (
        (resource.RLIMIT_CPU, used + seconds, used + seconds + 1),
        (resource.RLIMIT_AS, MEMORY, MEMORY),
        (resource.RLIMIT_FSIZE, 0, 0),
        (resource.RLIMIT_NOFILE, MANY_FILES, MANY_FILES),
        (resource.RLIMIT_NPROC, 0, 0),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        resource.setrlimit(what, (soft, hard))


def main() -> None:
    """Read a request and the student's file, and answer."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what the student's code prints is no answer
    request = json.loads(sys.stdin.buffer.readline())
    exercises = vars(import_module(request["module"])).values()
    exercise = next(each for each in exercises if isinstance(each, Exercise) and each.name == request["exercise"])
    limit(request["seconds"])
    try:
        parts = cells_of(sys.stdin.buffer.read(), request["file"])
    except ValueError as error:
        _send(answers, frames.READ, json.dumps({"look": "", "runs": False, "texts": {}}))
        return _send(answers, frames.FAILURE, f"broken\n{error}")
    look = reason_to_look(exercise, parts)
    runs = not look or request["run_all"]
    _send(answers, frames.READ, json.dumps({"look": look, "runs": runs, "texts": _texts(parts)}, ensure_ascii=False))
    if runs:
        _answer(answers, exercise, parts, request)


def _send(answers: BinaryIO, letter: bytes, text: str) -> None:
    frames.write(answers, letter, text.encode(errors="replace"))


def _texts(parts: Sequence[Cell]) -> dict[str, str]:
    """Return the prediction and the explanation."""
    found = [text for node in statements(parts) if (text := asked_text(node)) and text[1]]
    return {name: text[:LONG_TEXT] for name, text in found}


def _answer(answers: BinaryIO, exercise: Exercise, parts: Sequence[Cell], request: dict[str, Any]) -> None:
    """Run what the student's answer consists of, and send what it gives."""
    written = _written(exercise, parts)
    found = written.find(exercise.name, request["file"])
    if isinstance(found, Failure):
        problem = next(iter(written.problems), "")
        state, sentence = ("broken", f"{found.sentence}; {problem}") if problem else (found.state, found.sentence)
        return _send(answers, frames.FAILURE, f"{state}\n{sentence}")
    cases = random_cases(exercise, request["seed"])
    made = attempts(exercise, found, cases, seconds=math.inf)
    if isinstance(made, Failure):
        return _send(answers, frames.FAILURE, f"{made.state}\n{made.sentence}{written.about(made.sentence)}")
    for array in (array for arrays in made for array in arrays):
        frames.write(answers, frames.ARRAY, frames.packed(array))
    verdict = judge(exercise, cases, made)  # to know whether to explain; the grader judges for itself
    if verdict.state == "wrong" and not verdict.mistake:
        _send(answers, frames.DIAGNOSIS, diagnosis(exercise, found, seconds=math.inf))


def _written(exercise: Exercise, parts: Sequence[Cell]) -> Written:
    """Return what the answer consists of; the other names of the file too, but nothing of theirs has run."""
    names = set(reached(exercise.name, parts))

    def is_wanted(node: ast.stmt) -> bool:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            return all(may_import(exercise, name) for name in imported(node))
        return not names.isdisjoint(defined(node))

    written = definitions(parts, wanted=is_wanted)
    for node in statements(parts):
        for name in defined(node) - names:  # an answer under a wrong name is among them
            written.functions.setdefault(name, None)
    return written


if __name__ == "__main__":
    main()
