"""tinygan lesson grade: grade a class, in a sandbox."""

import argparse
import sys
from typing import Any

from tinygan.cli.terminal.argument_types import count, counted
from tinygan.files import as_path


def add_parser(subparsers: Any) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "grade",
        help="grade a class: a table, a page for each student, a page for the class",
        description="Grade what a class handed in: scripts, notebooks and packs, in a folder for each student or under "
        "the student's name. Every answer runs in a sandbox. A second call goes on where the first one stopped, and "
        "grades anew what has changed.",
    )
    parser.set_defaults(run=run)
    parser.add_argument("handed_in", type=as_path, metavar="FOLDER", help="what the class handed in")
    parser.add_argument("--out", type=as_path, required=True, metavar="REPORT", help="folder for the report")
    parser.add_argument(
        "--jobs", type=count, default=1, metavar="N", help="how many answers to grade at the same time (default: 1)"
    )
    parser.add_argument(
        "--unsafe", action="store_true", help="grade without a sandbox; only for code that you trust as your own"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing but errors")


def run(options: argparse.Namespace) -> int:
    """Grade the class."""
    from tinygan.lessons.grading.grade import grade

    def tell(done: int, total: int) -> None:
        if sys.stderr.isatty() and not options.quiet:
            print(f"\rgraded {done} of {total}", end="" if done < total else "\n", file=sys.stderr, flush=True)

    rows = grade(options.handed_in, options.out, jobs=options.jobs, unsafe=options.unsafe, tell=tell)
    if not options.quiet:
        n_students = len({row.student for row in rows})
        print(f"{counted(n_students, 'student')}, {counted(len(rows), 'answer')}, {sum(r.points for r in rows)} right")
        if n_look := sum(row.state == "needs a look" for row in rows):
            print(f"for you to look at: {n_look}")
        for name in ("grades.csv", "class.html", "students"):
            print(f"  {options.out / name}")
    return 0
