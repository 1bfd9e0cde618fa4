"""Grade a class that handed in lesson 3, and print what it takes.

python -m benchmarks.grading --students 100

Linux does not count the processor time inside a sandbox as ours. So the same class is graded without one, where it is
counted, and the time on the clock says what the sandbox adds.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tinygan.lessons.catalog import find_lesson
from tinygan.lessons.grading.grade import grade
from tinygan.lessons.script import as_script

SOLUTION = "return grad_y * (x > 0)"
# What every fourth student wrote in its place.
ANSWERS = [SOLUTION, "return (x > 0) * 1.0", "return -grad_y * (x > 0)", 'raise NotYetWritten("relu_backward")']


def hand_in(folder: Path, n_students: int) -> None:
    """Write a script for each student."""
    script = as_script(find_lesson(3).cells)
    for i in range(n_students):
        text = script.replace(SOLUTION, ANSWERS[i % len(ANSWERS)])
        (folder / f"student{i}.py").write_text(text, encoding="utf-8")


def used() -> float:
    """Return the processor time of this process and of those that it started."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def measured(n_students: int) -> Iterator[str]:
    """Grade twice, and yield a line on each."""
    for unsafe in (True, False):
        with tempfile.TemporaryDirectory() as home:
            folder = Path(home, "class")
            folder.mkdir()
            hand_in(folder, n_students)
            before, began = used(), time.perf_counter()
            rows = grade(folder, Path(home, "report"), unsafe=unsafe)
            clock = time.perf_counter() - began
            processor = f"{used() - before:.0f} s of processor time" if unsafe else ""
            where = "without a sandbox" if unsafe else "in a sandbox"
            yield f"{where}: {len(rows)} answers, {clock:.0f} s on the clock  {processor}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--students", type=int, default=100)
    for line in measured(parser.parse_args().students):
        print(line, flush=True)


if __name__ == "__main__":
    main()
