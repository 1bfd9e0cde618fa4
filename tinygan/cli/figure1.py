"""tinygan figure1: play the game of Figure 1, draw it, and say how it ended."""

import argparse
import json
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

from tinygan.cli.terminal.argument_types import count, momentum, rate, seed
from tinygan.cli.terminal.devices import add_device_option, chosen_device
from tinygan.cli.terminal.display import painted, progress
from tinygan.cli.terminal.status import FAILED, INTERRUPTED
from tinygan.files import as_path

DEFAULT_DATA = "gaussian:4,0.5"
DEFAULT_OUT = ("figure1.gif", "figure1.png")


def add_parser(subparsers: Any) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "figure1",
        help="train a 1-D GAN and watch p_g walk onto p_data while D settles at 1/2",
        description="Train a generator and a discriminator on a distribution of numbers by Algorithm 1, from random "
        "weights, and draw the paper's Figure 1 of them. Writes figure1.gif and figure1.png.",
    )
    parser.set_defaults(run=run)
    game = parser.add_argument_group("the game")
    game.add_argument(
        "--data",
        metavar="SPEC",
        default=DEFAULT_DATA,
        help="p_data: gaussian:MEAN,STD, mixture:MEAN,STD;MEAN,STD;... (or MEAN,STD,WEIGHT;...), uniform:LOW,HIGH, "
        "exponential:SCALE, laplace:MEAN,SCALE or gumbel:LOC,SCALE (default: %(default)s)",
    )
    game.add_argument(
        "--objective",
        choices=("non_saturating", "minimax", "least_squares"),
        help="what the players minimise (default: non_saturating)",
    )
    game.add_argument(
        "--updates",
        choices=("alternating", "simultaneous"),
        help="Algorithm 1, or both players at the same time, as in the authors' code (default: alternating)",
    )
    game.add_argument(
        "--discriminator-steps",
        type=count,
        metavar="K",
        help="k, steps of D in each iteration (default: 4; simultaneous: 1)",
    )
    game.add_argument("--batch-size", type=count, metavar="M", help="m, examples in each step (default: 256)")
    game.add_argument(
        "--iterations", type=count, metavar="N", dest="n_iterations", help="length of the training (default: 2400)"
    )
    game.add_argument(
        "--learning-rate-d", type=rate, metavar="RATE", help="D's learning rate at the start (default: 0.005)"
    )
    game.add_argument(
        "--learning-rate-g", type=rate, metavar="RATE", help="G's learning rate at the start (default: 0.005)"
    )
    game.add_argument("--momentum", type=momentum, metavar="SHARE", help="momentum of both players (default: 0)")
    game.add_argument(
        "--noise-prior",
        choices=("uniform", "gaussian", "spherical"),
        help="p_z, the distribution of z (default: uniform)",
    )
    game.add_argument("--seed", type=seed, default=0, metavar="N", help="the same seed gives the same run (default: 0)")
    add_device_option(game, default="cpu", why="since the networks are too small for a GPU to be faster")
    output = parser.add_argument_group("the output")
    output.add_argument(
        "--out",
        action="append",
        type=as_path,
        metavar="FILE",
        help=".gif, .mp4 or .html for the animation, .png, .svg or .pdf for the four panels; may be repeated "
        f"(default: {' and '.join(DEFAULT_OUT)})",
    )
    output.add_argument("--json", action="store_true", help="print one JSON object instead of the summary")
    output.add_argument("--no-draw", action="store_true", help="draw and write nothing")
    output.add_argument(
        "-q", "--quiet", action="store_true", help="print nothing but errors (and what --json asks for)"
    )


def run(options: argparse.Namespace) -> int:
    """Play the game, draw it, and report how it ended."""
    import numpy as np

    from tinygan.backend.threads import blas_threads
    from tinygan.data import parse_distribution
    from tinygan.experiments.figure1 import missed, play

    start = time.perf_counter()
    if options.no_draw and options.out:
        raise ValueError("--no-draw and --out contradict each other; leave out one of them")
    files = [] if options.no_draw else _checked_files(options)
    data = parse_distribution(options.data)
    device = chosen_device(options)
    recipe = _recipe(options)
    # The networks are far too small for more than one thread. A game that diverges is reported in words.
    with blas_threads(1), np.errstate(all="ignore"):
        moments = play(data, recipe, rng=options.seed, device=device, progress=_bar("training", options))
        window = _open_window(recipe.n_iterations, options.quiet) if files else None
        played = _look(moments, window)
        written, failures = _write(played, recipe.objective, files, options)
        misses = missed(played.moments[-1].game, played.moments[-1].measures)
    _report(played, misses, written, time.perf_counter() - start, options)
    for failure in failures:
        print(f"tinygan figure1: error: {failure}", file=sys.stderr)
    if window is not None and not (options.json or options.quiet):
        window.hold()
    return INTERRUPTED if played.is_interrupted else FAILED if failures else 0


@dataclass
class PlayedGame:
    """The moments of a game, and why it stopped early if it did."""

    moments: list[Any]
    stopped: str | None = None
    is_interrupted: bool = False


def _checked_files(options: argparse.Namespace) -> list[Path]:
    from tinygan.figures.output import check_output

    return [check_output(path) for path in dict.fromkeys(options.out or map(Path, DEFAULT_OUT))]


def _recipe(options: argparse.Namespace) -> Any:
    from tinygan.experiments.figure1 import Figure1Recipe

    given = {field.name: getattr(options, field.name, None) for field in fields(Figure1Recipe)}
    if options.updates == "simultaneous" and options.discriminator_steps is None:
        given["discriminator_steps"] = 1
    return Figure1Recipe(**{name: value for name, value in given.items() if value is not None})


def _open_window(n_iterations: int, is_quiet: bool) -> Any:
    from tinygan.figures.window import open_window

    window = open_window(n_iterations)
    if window is None and not is_quiet:
        print("No display: no window, only files.", file=sys.stderr)
    return window


def _bar(label: str, options: argparse.Namespace) -> Callable[..., Any]:
    return partial(progress, label=label, quiet=options.quiet)


def _look(moments: Iterator[Any], window: Any) -> PlayedGame:
    """Keep every moment and show it in the window, until the game ends or stops early."""
    played = PlayedGame([])
    try:
        for moment in moments:
            played.moments.append(moment)
            if window is not None:
                window.show([moment.frame for moment in played.moments])
    except FloatingPointError as error:
        played.stopped = str(error)
    except KeyboardInterrupt:
        if not played.moments:
            raise
        played.stopped, played.is_interrupted = "interrupted", True
    return played


def _write(
    played: PlayedGame, objective: str, files: list[Path], options: argparse.Namespace
) -> tuple[list[Path], list[str]]:
    """Draw every file; return the files that were written, and messages about the others."""
    from tinygan.experiments.figure1 import draw_play

    written, failures = [], []
    for i, path in enumerate(files):
        try:
            draw_play(played.moments, path, objective=objective, progress=_bar(path.name, options))
        except OSError as error:
            failures.append(f"{path} could not be written: {error.strerror or error}")
        except KeyboardInterrupt:
            played.is_interrupted = True
            failures.append(f"interrupted before {', '.join(map(str, files[i:]))}")
            break
        else:
            written.append(path)
    return written, failures


def _report(
    played: PlayedGame, misses: list[str], files: list[Path], seconds: float, options: argparse.Namespace
) -> None:
    iteration, _, measures, _ = played.moments[-1]
    if played.stopped is not None:
        misses.insert(0, f"{played.stopped}; what follows is as of iteration {iteration:,}")
    if options.json:
        head = {"data": options.data, "seed": options.seed, "iterations": iteration, "seconds": round(seconds, 3)}
        print(json.dumps(head | asdict(measures) | {"missed": "; ".join(misses) or None}))
    elif not options.quiet:
        print(_summary(measures, iteration, files, seconds, options))
        print(_verdict(misses))


def _summary(measures: Any, iteration: int, files: list[Path], seconds: float, options: argparse.Namespace) -> str:
    lines = {
        "data": f"{options.data}, seed {options.seed}",
        "iterations": f"{iteration:,}",
        "time": f"{seconds:.1f} s",
        "JSD": f"{measures.jsd:.4f} nats",
        "W1": f"{measures.wasserstein:.4f}",
        "|D - D*|": f"{measures.discriminator_error:.4f}",
        "|D - 1/2|": f"{measures.discriminator_gap:.4f}",
        "V(G, D)": f"{measures.value:.4f} nats, against -log 4 = -1.3863",
        "files": ", ".join(map(str, files)) or "none",
    }
    return "\n".join(f"{name:<10}  {value}" for name, value in lines.items())


def _verdict(misses: list[str]) -> str:
    if not misses:
        return painted("Arrived: p_g is close to p_data, and D to 1/2.", "good")
    lines = [textwrap.fill(miss, 100, initial_indent="  - ", subsequent_indent="    ") for miss in misses]
    return "\n".join([painted("Missed:", "bad"), *lines])
