"""tinygan figure1: play the game of Figure 1, draw it, and say how it ended."""

import argparse
import copy
import json
import sys
import textwrap
import time
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from tinygan.cli.status import FAILED, INTERRUPTED
from tinygan.cli.terminal import painted, progress

DEFAULT_DATA = "gaussian:4,0.5"
DEFAULT_OUT = ("figure1.gif", "figure1.png")


def add_parser(subparsers: Any) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "figure1",
        help="train a 1-D GAN and watch p_g walk onto p_data while D settles at 1/2",
        description="Train a generator and a discriminator of one number by Algorithm 1, from raw samples and random "
        "weights, and draw what Figure 1 of the paper draws. Writes figure1.gif and figure1.png.",
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
    game.add_argument("--objective", choices=("non_saturating", "minimax"), help="of G (default: non_saturating)")
    game.add_argument(
        "--updates",
        choices=("alternating", "simultaneous"),
        help="Algorithm 1, or both players at once as in the released code (default: alternating)",
    )
    game.add_argument(
        "--discriminator-steps",
        type=_count,
        metavar="K",
        help="k, steps of D an iteration (default: 4; simultaneous: 1)",
    )
    game.add_argument("--batch-size", type=_count, metavar="M", help="m, examples a step (default: 256)")
    game.add_argument("--iterations", type=_count, metavar="N", dest="n_iterations", help="default: 2400")
    game.add_argument("--learning-rate-d", type=_rate, metavar="RATE", help="of D, at the start (default: 0.005)")
    game.add_argument("--learning-rate-g", type=_rate, metavar="RATE", help="of G, at the start (default: 0.005)")
    game.add_argument("--momentum", type=_momentum, metavar="SHARE", help="of both players (default: 0)")
    game.add_argument("--noise-prior", choices=("uniform", "gaussian", "spherical"), help="p_z (default: uniform)")
    game.add_argument("--seed", type=_seed, default=0, metavar="N", help="the same seed, the same run (default: 0)")
    output = parser.add_argument_group("the output")
    output.add_argument(
        "--out",
        action="append",
        type=Path,
        metavar="FILE",
        help=".gif, .mp4 or .html for the animation, .png, .svg or .pdf for the four panels; may be repeated "
        f"(default: {' and '.join(DEFAULT_OUT)})",
    )
    output.add_argument("--json", action="store_true", help="print one JSON object instead of the summary")
    output.add_argument("--no-draw", action="store_true", help="draw nothing, write nothing")
    output.add_argument(
        "-q", "--quiet", action="store_true", help="print nothing but errors (and what --json asks for)"
    )


def run(options: argparse.Namespace) -> int:
    """Play, draw and report."""
    import numpy as np
    from threadpoolctl import threadpool_limits

    from tinygan.data import parse_distribution
    from tinygan.experiments.figure1 import play

    start = time.perf_counter()
    if options.no_draw and options.out:
        raise ValueError("--no-draw and --out contradict each other; leave out one of them")
    files = [] if options.no_draw else _checked_files(options)
    data = parse_distribution(options.data)
    recipe = _recipe(options)
    failures, window = [], None
    # The networks are far too small for more than one thread; what diverges is reported in words.
    with threadpool_limits(1), np.errstate(all="ignore"):
        game, iterations = play(data, recipe, rng=options.seed)
        if files:
            window = _open_window(recipe.n_iterations, options.quiet)
        training = _train(game, iterations, recipe.n_iterations, window, options)
        for path in files:
            try:
                _draw(training, recipe.objective, path, options.quiet)
            except OSError as error:
                failures.append(f"{path} could not be written: {error.strerror or error}")
                files = [file for file in files if file != path]
    _report(training, files, time.perf_counter() - start, options)
    for failure in failures:
        print(f"tinygan figure1: error: {failure}", file=sys.stderr)
    if window is not None and not (options.json or options.quiet):
        window.hold()
    return INTERRUPTED if training.is_interrupted else FAILED if failures else 0


@dataclass
class Training:
    """What a run leaves behind: copies of the game, their frames if they are drawn, and why it stopped early."""

    iterations: list[int]
    games: list[Any]
    measures: list[Any]
    frames: list[Any]
    stopped: str | None = None
    is_interrupted: bool = False


def _checked_files(options: argparse.Namespace) -> list[Path]:
    from tinygan.figures.output import check_output

    return [check_output(path) for path in dict.fromkeys(options.out or map(Path, DEFAULT_OUT))]


def _recipe(options: argparse.Namespace) -> Any:
    from tinygan.experiments.figure1 import Recipe

    given = {field.name: getattr(options, field.name, None) for field in fields(Recipe)}
    if options.updates == "simultaneous" and options.discriminator_steps is None:
        given["discriminator_steps"] = 1
    return Recipe(**{name: value for name, value in given.items() if value is not None})


def _open_window(n_iterations: int, is_quiet: bool) -> Any:
    from tinygan.figures.window import open_window

    window = open_window(n_iterations)
    if window is None and not is_quiet:
        print("No display: no window, only files.", file=sys.stderr)
    return window


def _train(game: Any, iterations: Any, n_iterations: int, window: Any, options: argparse.Namespace) -> Training:
    from tinygan.adversarial.checks import check_parameters
    from tinygan.experiments.figure1_frames import draw_frame, frame_iterations

    training = Training([], [], [], [])

    def keep(iteration: int) -> None:
        check_parameters(iteration, D=game.D, G=game.G)
        training.measures.append(game.measure())
        training.iterations.append(iteration)
        training.games.append(copy.deepcopy(game))
        if not options.no_draw:
            training.frames.append(draw_frame(game, iteration))
        if window is not None:
            window.show(training.frames)

    wanted = set(frame_iterations(n_iterations))
    try:
        keep(0)
        for record in progress(iterations, total=n_iterations, label="training", quiet=options.quiet):
            if record.iteration in wanted:
                keep(record.iteration)
    except FloatingPointError as error:
        training.stopped = str(error)
    except KeyboardInterrupt:
        training.stopped, training.is_interrupted = "interrupted", True
    return training


def _draw(training: Training, objective: str, path: Path, is_quiet: bool) -> None:
    from tinygan.experiments.figure1_frames import four_panels
    from tinygan.figures.output import is_animation
    from tinygan.figures.saving import draw_panels, save_animation

    if is_animation(path):
        frames = training.frames
        for _ in progress(save_animation(frames, path), total=len(frames), label=path.name, quiet=is_quiet):
            pass
    else:
        moments = list(zip(training.games, training.frames, strict=True))
        draw_panels(list(progress(four_panels(moments, objective), total=4, label=path.name, quiet=is_quiet)), path)


def _report(training: Training, files: list[Path], seconds: float, options: argparse.Namespace) -> None:
    from tinygan.experiments.diagnosis import missed

    iteration, measures = training.iterations[-1], training.measures[-1]
    misses = missed(training.games[-1], measures)
    if training.stopped is not None:
        misses.insert(0, f"{training.stopped}; what follows is as of iteration {iteration:,}")
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


def _count(word: str) -> int:
    return _whole_number(word, 1, "100")


def _seed(word: str) -> int:
    return _whole_number(word, 0, "7")


def _whole_number(word: str, least: int, example: str) -> int:
    try:
        number = int(word)
    except ValueError:
        number = least - 1
    if number < least:
        raise argparse.ArgumentTypeError(f"{word!r} is no whole number >= {least}, such as {example}")
    return number


def _rate(word: str) -> float:
    return _number(word, float("inf"), "is no number > 0, such as 0.005", above_zero=True)


def _momentum(word: str) -> float:
    return _number(word, 1.0, "is no number >= 0 and < 1, such as 0.5", above_zero=False)


def _number(word: str, end: float, complaint: str, *, above_zero: bool) -> float:
    try:
        number = float(word)
    except ValueError:
        number = -1.0
    if not 0 <= number < end or (above_zero and number == 0):
        raise argparse.ArgumentTypeError(f"{word!r} {complaint}")
    return number
