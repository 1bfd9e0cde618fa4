"""tinygan lesson: list the lessons, begin one, check it, get a hint or the solution, pack it to hand in."""

import argparse
from typing import Any

from tinygan.cli import grade_lessons
from tinygan.cli.terminal.display import painted
from tinygan.cli.terminal.status import FAILED
from tinygan.files import as_path


def add_parser(subparsers: Any) -> None:
    """Add the command, its own commands and their options."""
    parser = subparsers.add_parser(
        "lesson",
        help="learn how a GAN works: lessons with exercises that say why an answer is wrong",
        description="Without more words, list the lessons and what you have done.",
    )
    parser.set_defaults(run=_list)
    _add_folder(parser)
    parts = parser.add_subparsers(title="what to do", metavar="WHAT", dest="what")

    start = _add_part(parts, "start", "put a lesson into your folder, as a script and as a notebook")
    start.add_argument("lesson", type=_number, metavar="N", help="number of the lesson")
    start.set_defaults(run=_start)

    check = _add_part(parts, "check", "say of each exercise whether it is right, and if not, why")
    check.add_argument("lesson", type=_number, metavar="N", help="number of the lesson")
    check.set_defaults(run=_check)

    hint = _add_part(parts, "hint", "show the next of three hints for an exercise")
    hint.add_argument("exercise", metavar="EXERCISE", help="its number or name, such as 3.2")
    hint.set_defaults(run=_hint)

    solution = _add_part(parts, "solution", "show a solution, once your own is right")
    solution.add_argument("exercise", metavar="EXERCISE", help="its number or name, such as 3.2")
    solution.add_argument("--give-up", action="store_true", help="show it although yours is not right yet")
    solution.set_defaults(run=_solution)

    pack = _add_part(parts, "pack", "make one file of your lessons, to hand in")
    pack.add_argument("lessons", type=_number, nargs="*", metavar="N", help="numbers of lessons (default: all begun)")
    pack.add_argument("--name", required=True, help="your name, as the file is to carry it")
    pack.set_defaults(run=_pack)

    grade_lessons.add_parser(parts)
    nbgrader = _add_part(parts, "nbgrader", "for teachers: write all lessons as assignments of nbgrader")
    nbgrader.add_argument("folder", type=as_path, metavar="FOLDER", help="the course's folder; writes FOLDER/source")
    nbgrader.set_defaults(run=_nbgrader)

    for part in (start, check, hint, solution, pack):
        _add_folder(part)


def _add_part(parts: Any, name: str, what: str) -> Any:
    """Add one of the lesson's own commands, which say in a line what they do."""
    return parts.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.")


def _add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out",
        type=as_path,
        default=argparse.SUPPRESS,
        metavar="DIR",
        help="folder of your lessons (default: the current one if lessons are in it, else tinygan-lessons)",
    )


def _number(word: str) -> int:
    """Return the number of a lesson, also from the number of an exercise."""
    number = word.partition(".")[0]
    if not number.isdecimal():
        raise argparse.ArgumentTypeError(f"{word!r} is not the number of a lesson, such as 3")
    return int(number)


def _folder(options: argparse.Namespace) -> Any:
    from tinygan.lessons.student import lessons_folder

    return lessons_folder(getattr(options, "out", None))


def _command(options: argparse.Namespace, words: str) -> str:
    from tinygan.lessons.student import command

    return command(words, _folder(options))


def _list(options: argparse.Namespace) -> int:
    from tinygan.lessons.catalog import lessons
    from tinygan.lessons.progress import load_progress
    from tinygan.lessons.student import started
    from tinygan.table import text_table

    folder = _folder(options)
    solved = load_progress(folder).solved
    rows, to_do = [], []
    for lesson in lessons().values():
        names = [exercise.name for exercise in lesson.exercises]
        done = sum(name in solved for name in names)
        rows.append([str(lesson.number), lesson.title, f"{done} of {len(names)}"])
        if done < len(names):
            to_do.append(lesson)
    print(text_table(["", "lesson", "done"], rows, "><>"))
    if to_do:
        what = "check" if started(to_do[:1], folder) else "start"
        print(f"\nNext: {_command(options, f'{what} {to_do[0].number}')}")
    return 0


def _start(options: argparse.Namespace) -> int:
    from tinygan.lessons.catalog import find_lesson
    from tinygan.lessons.student import start

    lesson = find_lesson(options.lesson)
    written, kept = start(lesson, _folder(options))
    for path in written:
        print(f"wrote  {path}")
    for path in kept:
        print(f"kept   {path} (it was there; to begin anew, move it away)")
    print(f"Work in one of the two. To see whether it is right: {_command(options, f'check {lesson.number}')}")
    return 0


def _check(options: argparse.Namespace) -> int:
    from tinygan.lessons.catalog import find_lesson, label
    from tinygan.lessons.printed import table
    from tinygan.lessons.student import check_lesson

    lesson = find_lesson(options.lesson)
    checked = check_lesson(lesson, _folder(options))
    print(f"Lesson {lesson.number}. {lesson.title}\n{checked.path}\n")
    for remark in checked.remarks:
        print(f"Note: {remark}.")
    print(table(checked.verdicts))
    missing = [exercise for exercise, verdict in checked.verdicts if not verdict.is_right]
    n = len(checked.verdicts)
    if not missing:
        print(painted(f"\nAll {n} are right.", "good"))
        return 0
    hint = _command(options, f"hint {label(missing[0])}")
    print(f"\n{n - len(missing)} of {n} right. For a hint: {hint}")
    return FAILED


def _hint(options: argparse.Namespace) -> int:
    from tinygan.lessons.catalog import find_exercise, label
    from tinygan.lessons.progress import load_progress

    exercise = find_exercise(options.exercise)
    number, n = load_progress(_folder(options)).next_hint(exercise.name, len(exercise.hints)), len(exercise.hints)
    print(f"Hint {number} of {n} for {label(exercise)} {exercise.name}:\n{_filled(exercise.hints[number - 1])}")
    if number == n:
        print(f"\nThat was the last one. The solution: {_command(options, f'solution {label(exercise)} --give-up')}")
    return 0


def _filled(text: str) -> str:
    import textwrap

    return textwrap.fill(text, 100, break_on_hyphens=False)


def _solution(options: argparse.Namespace) -> int:
    from tinygan.lessons.catalog import find_exercise, find_lesson, label
    from tinygan.lessons.progress import load_progress

    exercise = find_exercise(options.exercise)
    number = int(label(exercise).partition(".")[0])
    if exercise.name not in load_progress(_folder(options)).solved and not options.give_up:
        print(
            f"{label(exercise)} {exercise.name} is not right yet; to check it: {_command(options, f'check {number}')}"
            f"\nTo see the solution all the same: {_command(options, f'solution {label(exercise)} --give-up')}"
        )
        return FAILED
    print(find_lesson(number).solution(exercise))
    return 0


def _pack(options: argparse.Namespace) -> int:
    from tinygan.lessons.catalog import find_lesson, lessons
    from tinygan.lessons.student import pack, started

    folder = _folder(options)
    chosen = [find_lesson(number) for number in options.lessons] or started(list(lessons().values()), folder)
    if not chosen:
        raise ValueError(f"{folder} holds no lesson; begin one with: {_command(options, 'start 1')}")
    path, remarks = pack(chosen, folder, options.name)
    for remark in remarks:
        print(f"Note: {remark}.")
    print(f"wrote {path}: {', '.join(f'lesson {lesson.number}' for lesson in chosen)}")
    return 0


def _nbgrader(options: argparse.Namespace) -> int:
    from tinygan.files import made_folder, whole_file
    from tinygan.lessons.catalog import lessons
    from tinygan.lessons.nbgrader import assignment

    for lesson in lessons().values():
        path = options.folder / "source" / lesson.name / f"{lesson.name}.ipynb"
        if path.exists():
            print(f"kept   {path} (it was there; to write it anew, move it away)")
            continue
        made_folder(path.parent)
        with whole_file(path) as file:
            file.write_text(assignment(lesson), encoding="utf-8")
        print(f"wrote  {path}")
    print(f"To make what students get: nbgrader generate_assignment NAME --course-dir={options.folder}")
    return 0
