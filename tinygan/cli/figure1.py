"""tinygan figure1: play the game of Figure 1, draw it, and say how it ended."""

import argparse
import json
import sys
import textwrap
import time
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

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
    from threadpoolctl import threadpool_limits

    from tinygan.data import parse_distribution

    start = time.perf_counter()
    if options.no_draw and options.out:
        raise ValueError("--no-draw and --out contradict each other; leave out one of them")
    data = parse_distribution(options.data)
    recipe = _recipe(options)
    files: list[Path] = []
    window = None
    with threadpool_limits(1):  # the networks are far too small for more
        if options.no_draw:
            game = _play(data, recipe, options)
        else:
            game, files, window = _play_and_draw(data, recipe, options)
    _report(game, recipe, files, time.perf_counter() - start, options)
    if window is not None:
        window.hold()
    return 0


def _recipe(options: argparse.Namespace) -> Any:
    from tinygan.experiments.figure1 import Recipe

    given = {field.name: getattr(options, field.name, None) for field in fields(Recipe)}
    if options.updates == "simultaneous" and options.discriminator_steps is None:
        given["discriminator_steps"] = 1
    return Recipe(**{name: value for name, value in given.items() if value is not None})


def _play(data: Any, recipe: Any, options: argparse.Namespace) -> Any:
    from tinygan.experiments.figure1 import play

    game, iterations = play(data, recipe, rng=options.seed)
    for _ in progress(iterations, total=recipe.n_iterations, label="training", quiet=options.quiet):
        pass
    return game


def _play_and_draw(data: Any, recipe: Any, options: argparse.Namespace) -> tuple[Any, list[Path], Any]:
    import copy

    from tinygan.experiments.figure1 import play
    from tinygan.experiments.figure1_frames import draw_frame, four_panels, frame_iterations
    from tinygan.figures.output import check_output, is_animation

    files = [check_output(path) for path in options.out or map(Path, DEFAULT_OUT)]
    game, iterations = play(data, recipe, rng=options.seed)

    from tinygan.figures.saving import draw_panels, save_animation
    from tinygan.figures.window import open_window

    window = open_window(recipe.n_iterations)
    if window is None and not options.quiet:
        print("No display: no window, only files.", file=sys.stderr)
    wanted = set(frame_iterations(recipe.n_iterations))
    moments = [(copy.deepcopy(game), draw_frame(game, 0))]
    for record in progress(iterations, total=recipe.n_iterations, label="training", quiet=options.quiet):
        if record.iteration in wanted:
            moments.append((copy.deepcopy(game), draw_frame(game, record.iteration)))
            if window is not None:
                window.show([frame for _, frame in moments])
    frames = [frame for _, frame in moments]
    panels = [] if all(map(is_animation, files)) else four_panels(moments, recipe)
    for path in files:
        if is_animation(path):
            for _ in progress(save_animation(frames, path), total=len(frames), label=path.name, quiet=options.quiet):
                pass
        else:
            draw_panels(panels, path)
    return game, files, window


def _report(game: Any, recipe: Any, files: list[Path], seconds: float, options: argparse.Namespace) -> None:
    from tinygan.experiments.diagnosis import missed

    measures = game.measure()
    misses = missed(game, measures)
    if options.json:
        head = {
            "data": options.data,
            "seed": options.seed,
            "iterations": recipe.n_iterations,
            "seconds": round(seconds, 3),
        }
        print(json.dumps(head | asdict(measures) | {"missed": "; ".join(misses) or None}))
    elif not options.quiet:
        print(_summary(measures, recipe, files, seconds, options))
        print(_verdict(misses))


def _summary(measures: Any, recipe: Any, files: list[Path], seconds: float, options: argparse.Namespace) -> str:
    lines = {
        "data": f"{options.data}, seed {options.seed}",
        "iterations": f"{recipe.n_iterations:,}",
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
