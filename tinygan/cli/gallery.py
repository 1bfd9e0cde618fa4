"""tinygan gallery: list the bugs, or show one: its code, its diagnosis, and what it does to a training."""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from tinygan.arguments import alternatives
from tinygan.cli.terminal.argument_types import count, seed
from tinygan.cli.terminal.display import painted
from tinygan.files import as_path


def add_parser(subparsers: Any) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "gallery",
        help="show wrong backward passes and steps, and what the gradient checker says of them",
        description="Without a NAME, list the bugs. With one, show its code and the report of the gradient checker, "
        "train a shortened Figure 1 with the bug and without it, and draw both to gallery_NAME.png.",
    )
    parser.set_defaults(run=run)
    parser.add_argument("name", nargs="?", metavar="NAME", help="name of a bug, as in the list")
    parser.add_argument(
        "--out", type=as_path, metavar="FILE", help=".png, .svg or .pdf for the picture (default: gallery_NAME.png)"
    )
    parser.add_argument(
        "--no-draw", action="store_true", help="only show the code and the report: do not train, draw or write"
    )
    parser.add_argument("--no-code", action="store_true", help="only draw, and do not show what the bug is")
    parser.add_argument("--iterations", type=count, metavar="N", help="length of the training (default: 600)")
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="seed of the training (default: 0)")
    parser.add_argument("--json", action="store_true", help="print JSON: a list of all bugs, or an object for one")


def run(options: argparse.Namespace) -> int:
    """List all bugs, or show one."""
    from tinygan.gradcheck.gallery import GALLERY

    if options.no_draw and options.out:
        raise ValueError("--no-draw and --out contradict each other; leave out one of them")
    if options.no_draw and options.iterations:
        raise ValueError("--no-draw does not train, so --iterations has no use; leave out one of them")
    if options.no_draw and options.no_code:
        raise ValueError("--no-draw and --no-code together leave nothing to show; leave out one of them")
    if options.name is None:
        for word in ("out", "no_draw", "no_code", "iterations"):
            if getattr(options, word):
                raise ValueError(f"--{word.replace('_', '-')} needs a NAME; tinygan gallery lists them")
        print(_list(GALLERY, as_json=options.json))
        return 0
    if options.name not in GALLERY:
        raise ValueError(f"there is no bug {options.name!r} in the gallery{alternatives(options.name, list(GALLERY))}")
    return _show(GALLERY[options.name], options)


def _list(bugs: Any, *, as_json: bool) -> str:
    from tinygan.table import text_table

    if as_json:
        return json.dumps([_entry(bug) for bug in bugs.values()])
    return text_table(["name", "diagnosis", "title"], [[bug.name, bug.code, bug.title] for bug in bugs.values()], "<<<")


def _entry(bug: Any) -> dict[str, Any]:
    return {"name": bug.name, "kind": bug.kind, "code": bug.code, "title": bug.title}


def _show(bug: Any, options: argparse.Namespace) -> int:
    from tinygan.gradcheck.gallery import report

    path = None if options.no_draw else _checked_file(bug, options)
    found = None if options.no_code else report(bug)
    if found is not None and not options.json:
        print(f"{bug.source}\n\n{found}\n", flush=True)
    ends = None if path is None else _draw(bug, path, options)
    if options.json:
        code = {} if found is None else {"source": bug.source, "report": found.as_dict()}
        print(json.dumps(_entry(bug) | code | {"training": ends}))
    elif ends is not None:
        print(_summary(ends))
    return 0


def _checked_file(bug: Any, options: argparse.Namespace) -> Path:
    from tinygan.figures.output import STILL, check_output

    return check_output(options.out or Path(f"gallery_{bug.name}.png"), STILL)


def _draw(bug: Any, path: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Train with and without the bug, draw both trainings, and return how they end."""
    from tinygan.backend.threads import blas_threads
    from tinygan.experiments.bugs import LOOKS_GOOD, SHORT, train_with
    from tinygan.figures.gallery import DrawnTraining, draw_comparison

    recipe = SHORT if options.iterations is None else replace(SHORT, n_iterations=options.iterations)
    with blas_threads(1):  # the networks are far too small for more
        right, wrong = (
            train_with(bug, is_wrong=is_wrong, recipe=recipe, rng=options.seed) for is_wrong in (False, True)
        )
    title = "What is wrong here?" if options.no_code else f"{bug.name}: {bug.title}"
    with_bug = DrawnTraining(wrong.iterations, wrong.jsd, wrong.x, wrong.p_g)
    without = DrawnTraining(right.iterations, right.jsd, right.x, right.p_g)
    draw_comparison(title, without, with_bug, right.p_data, LOOKS_GOOD, path)
    return {
        "iterations": right.iterations[-1],
        "jsd_right": right.jsd[-1],
        "jsd_wrong": wrong.jsd[-1],
        "looks_good_right": right.looks_good,
        "looks_good_wrong": wrong.looks_good,
        "stopped": wrong.stopped,
        "file": str(path),
    }


def _summary(ends: dict[str, Any]) -> str:
    if ends["looks_good_wrong"]:
        verdict = painted("It still trains: who looks at the picture alone finds nothing.", "bad")
    elif ends["looks_good_right"]:
        verdict = painted("It does not get there.", "good")
    else:
        verdict = painted("Neither gets there.", "bad")
    lines = {
        "JSD without": f"{ends['jsd_right']:.4f} nats after {ends['iterations']} iterations",
        "JSD with": ends["stopped"] or f"{ends['jsd_wrong']:.4f} nats",
        "file": ends["file"],
    }
    return "\n".join([*(f"{name:<11}  {value}" for name, value in lines.items()), verdict])
