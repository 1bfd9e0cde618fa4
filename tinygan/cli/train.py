"""tinygan train: train a recipe into a run folder, or resume a run."""

import argparse
import shlex
import sys
import time
from typing import TYPE_CHECKING, Any

from tinygan.cli.start_training import NAMES, locked_run
from tinygan.cli.terminal.argument_types import OBJECTIVES, count, counted, rate, seed, setting, threads
from tinygan.cli.terminal.devices import add_device_option
from tinygan.cli.terminal.display import painted
from tinygan.cli.terminal.interrupts import Request, polite_interrupts
from tinygan.cli.terminal.status import FAILED
from tinygan.files import as_path, in_words

if TYPE_CHECKING:
    from tinygan.runs.run import Run

LIVE_SECONDS = 10.0


def add_parser(subparsers: Any) -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "train",
        help="train the paper's networks on images; stop and resume at any time",
        description="Train the paper's networks by the paper's recipe. Ctrl-C saves the run and prints the command "
        "that resumes it. A run that was interrupted ends exactly as one that was not.",
    )
    parser.set_defaults(run=run)
    parser.add_argument("experiment", nargs="?", choices=NAMES, help="the images, and with them the recipe")
    parser.add_argument("--resume", type=as_path, metavar="RUN", help="resume this run")
    game = parser.add_argument_group("the recipe of a new run")
    game.add_argument(
        "--data",
        type=as_path,
        metavar="PATH",
        help="images: a folder of PNG or JPEG files, or a .npy, .npz or idx file of bytes; tfd: TFD_48x48.mat; "
        "otherwise the data folder (default: the one that TINYGAN_DATA names, then the user's cache)",
    )
    game.add_argument(
        "--seed",
        type=seed,
        metavar="N",
        help="the same seed on the same number of threads gives the same run (default: 0)",
    )
    game.add_argument(
        "--updates",
        choices=("simultaneous", "alternating"),
        help="both players at the same time, as in the authors' code (the default), or Algorithm 1 as printed",
    )
    game.add_argument(
        "--discriminator-steps",
        type=count,
        metavar="K",
        help="k, steps of D in each iteration, if alternating (default: 1)",
    )
    game.add_argument("--objective", choices=OBJECTIVES, help="what D and G minimise (default: non_saturating)")
    game.add_argument(
        "--scale", type=rate, metavar="SHARE", help="multiply the width of every hidden layer by this number"
    )
    game.add_argument(
        "--set",
        type=setting,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        dest="settings",
        help="change a number of the recipe; a wrong name prints all names; may be repeated",
    )
    game.add_argument("--stage-1", type=as_path, metavar="RUN", help="tfd: train stage 2 on top of this run of stage 1")
    game.add_argument(
        "--threads", type=threads, metavar="N", help="threads of the matrix products (default: auto, which measures)"
    )
    length = parser.add_argument_group("length and output")
    length.add_argument(
        "--out", type=as_path, metavar="RUN", help="the folder of the run (default: runs/NAME, or runs/NAME-2, ...)"
    )
    length.add_argument(
        "--epochs",
        type=count,
        dest="n_epochs",
        metavar="N",
        help="epochs in all (default: as the recipe, or the resumed run, says)",
    )
    length.add_argument(
        "--evaluate-every",
        type=count,
        metavar="N",
        help="print a line, compute a quick log-likelihood and draw samples every N epochs (default: 5), and after the "
        "first and the last",
    )
    length.add_argument(
        "--checkpoint-seconds",
        type=rate,
        default=60.0,
        metavar="S",
        help="save a checkpoint every S seconds (default: %(default)g)",
    )
    length.add_argument(
        "--live", type=as_path, metavar="FILE", help="draw samples and curves to this file while training"
    )
    add_device_option(length)
    length.add_argument("-q", "--quiet", action="store_true", help="print nothing but errors")


def run(options: argparse.Namespace) -> int:
    """Start or resume a run, train it, and print how it went."""
    if options.ranks.rank > 0:
        options.live = None
    with options.ranks.together():
        if options.live is not None:
            from tinygan.figures.output import STILL, check_output

            check_output(options.live, STILL)
    with locked_run(options) as training:
        return _run(training, options)


def _run(training: "Run", options: argparse.Namespace) -> int:
    """Train the run, and print how it went."""
    import numpy as np

    folder, ranks = training.folder, options.ranks
    is_done = training.state.iteration == training.n_iterations and folder.summary.exists()
    if ranks.largest(ranks.rank == 0 and is_done):  # rank 0 has the folder
        _say(options, f"{folder.path} is finished: epoch {training.epoch}. --epochs N trains it on, to epoch N")
        return 0
    _say(options, _beginning(training))
    try:
        with polite_interrupts() as request, np.errstate(all="ignore"):  # divergence is reported in words
            stopped_by = _train(training, request, options)
    except FloatingPointError as error:
        left = f"{folder.post_mortem} has the last metrics and norms, {folder.checkpoint} is the last good one"
        raise FloatingPointError(f"{error}. {left}") from None
    except OSError as error:
        _say_failure(f"{ranks.prefix}{in_words(error)}; the run stops")
        if folder.checkpoint.exists():
            _say_failure(f"{folder.checkpoint} is whole; when that is mended: {_resume_words(training)}")
        ranks.abort(FAILED)
        return FAILED
    except KeyboardInterrupt:
        _say_failure(f"left at once; what came after the last checkpoint is lost. To go on: {_resume_words(training)}")
        raise
    if stopped_by:
        if ranks.rank == 0:
            print(f"Saved at {_place(training)}. To go on: {_resume_words(training)}", file=sys.stderr)
        return 128 + stopped_by
    _say(options, _ending(training))
    return 0


def _train(training: "Run", request: Request, options: argparse.Namespace) -> int:
    """Train to the end and return 0, or until any rank gets a signal, and return the number of the signal."""
    from tqdm import tqdm

    batch = training.recipe.batch_size
    bar = tqdm(
        total=training.n_iterations * batch,
        initial=training.state.iteration * batch,
        unit=" examples",
        unit_scale=True,
        dynamic_ncols=True,
        disable=options.quiet or not sys.stderr.isatty(),
    )
    drawn = -LIVE_SECONDS
    with bar:
        for progress in training.train(checkpoint_seconds=options.checkpoint_seconds):
            if not bar.disable:
                epoch = -(-progress.iteration // training.iterations_per_epoch)
                bar.set_description(f"epoch {epoch}/{training.recipe.n_epochs}", refresh=False)
                bar.set_postfix_str(
                    f"J_D {progress.loss_d:.2f}, J_G {progress.loss_g:.2f}, "
                    f"D(x) {progress.d_real:.2f}, D(G(z)) {progress.d_fake:.2f}",
                    refresh=False,
                )
                bar.update(batch)
            if progress.metrics and training.is_shown(progress.epoch):
                _say(options, _line(progress.metrics))
            if options.live is not None and (progress.metrics or time.monotonic() - drawn > LIVE_SECONDS):
                _draw_live(training, options)
                drawn = time.monotonic()
            if progress.iteration < training.n_iterations and (number := training.agreed(request.signal_number or 0)):
                training.save()
                return number
    return 0


def _draw_live(training: "Run", options: argparse.Namespace) -> None:
    """Draw the picture again; an error in drawing does not stop the training."""
    try:
        training.draw_live(options.live)
    except Exception as error:
        print(f"{options.live} could not be drawn ({in_words(error)}): no more of it.", file=sys.stderr)
        options.live = None


def _line(metrics: dict[str, Any]) -> str:
    line = (
        f"epoch {metrics['epoch']:>4}   J_D {metrics['loss_d']:.3f}   J_G {metrics['loss_g']:.3f}   "
        f"D(x) {metrics['d_real']:.2f}   D(G(z)) {metrics['d_fake']:.2f}"
    )
    if "parzen" not in metrics:
        return line
    best = metrics["parzen"]["best"]
    return f"{line}   quick log-likelihood {best['mean']:>7.1f} ± {best['standard_error']:.1f} nats"


def _beginning(training: "Run") -> str:
    recipe = training.recipe
    height, width = training.config["image_shape"][:2]
    where = counted(training.threads, "thread") if training.device == "cpu" else training.device
    where += f" on each of {training.ranks.size} ranks" if training.ranks.size > 1 else ""
    return (
        f"{training.folder.path}: {len(training.x):,} images of {height} x {width}, {recipe.updates} updates, "
        f"{counted(recipe.n_epochs, 'epoch')} of {counted(training.iterations_per_epoch, 'iteration')}, "
        f"{where}, from {_place(training)}"
    )


def _ending(training: "Run") -> str:
    folder = _quoted(training)
    return "\n".join(
        [
            painted(f"{training.folder.path} is finished: epoch {training.epoch}.", "good"),
            f"  tinygan evaluate {folder}   its row of Table 1, from ten times the samples of the quick log-likelihood",
            f"  tinygan samples {folder}    Figure 2",
            *(painted(f"Missed: {cause}.", "bad") for cause in training.missed()),
        ]
    )


def _place(training: "Run") -> str:
    return f"epoch {training.epoch}, iteration {training.state.iteration:,}"


def _resume_words(training: "Run") -> str:
    return f"tinygan train --resume {_quoted(training)}"


def _quoted(training: "Run") -> str:
    return shlex.quote(str(training.folder.path))


def _say(options: argparse.Namespace, text: str) -> None:
    """Print a line without disturbing the progress bar."""
    if options.quiet:
        return
    from tqdm import tqdm

    tqdm.write(text, file=sys.stdout)
    sys.stdout.flush()


def _say_failure(text: str) -> None:
    print(f"tinygan train: error: {text}", file=sys.stderr)
