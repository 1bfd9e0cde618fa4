"""Turn the arguments of `tinygan train` into a run, which is new or resumed."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinygan.cli.terminal.argument_types import counted, typed
from tinygan.cli.terminal.devices import chosen_device

if TYPE_CHECKING:
    from tinygan.runs.folder import RunFolder
    from tinygan.runs.run import Run

NAMES = ("mnist", "mnist-quick", "fashion-mnist", "images", "tfd", "cifar10")
# Options that only a new run takes; a resumed run keeps those that it began with.
ONCE = (
    "out",
    "seed",
    "updates",
    "discriminator_steps",
    "objective",
    "threads",
    "scale",
    "stage_1",
    "evaluate_every",
)


@contextmanager
def locked_run(options: argparse.Namespace) -> "Iterator[Run]":
    """Yield the run that the arguments ask for, on every rank; during the block, no other process can train it."""
    from tinygan.runs.parallel.joining import join

    with ExitStack() as held:
        training, device = None, "cpu"
        with options.ranks.together():
            if options.ranks.rank > 0:
                device = chosen_device(options)
            elif options.resume is not None:
                training = _resumed_run(options, held)
            else:
                training = _new_run(options)
                _lock(training.folder, held)
        yield join(training, options.ranks, data=options.data, device=device)


def _resumed_run(options: argparse.Namespace, held: ExitStack) -> "Run":
    """Return the run from its last checkpoint, and keep it locked."""
    from tinygan.runs.folder import RunFolder
    from tinygan.runs.start import resume_run

    _check_resumption(options)
    folder = RunFolder(options.resume)
    folder.read_config()  # raises an error if there is nothing to lock
    _lock(folder, held)
    return resume_run(
        options.resume,
        n_epochs=options.n_epochs,
        data=options.data,
        device=chosen_device(options),
        n_ranks=options.ranks.size,
    )


def _lock(folder: "RunFolder", held: ExitStack) -> None:
    """Lock the folder, or print on stderr that it cannot be locked, and train all the same."""
    if not held.enter_context(folder.locked()):
        print(f"{folder.path} cannot be locked here; let no other process train it meanwhile.", file=sys.stderr)


def _new_run(options: argparse.Namespace) -> "Run":
    """Return the new run that the arguments ask for, and print on stderr which data it lacks."""
    from tinygan.recipes.base import recipe_with
    from tinygan.recipes.data_sets import N_TRAIN, RECIPES
    from tinygan.recipes.tfd import TFDStage2
    from tinygan.runs.start import stage_2_recipe, start_run

    if options.experiment is None:
        raise ValueError(f"say what to train: one of {', '.join(NAMES)}; or --resume RUN")
    if options.stage_1 is not None and options.experiment != "tfd":
        raise ValueError(f"--stage-1 belongs to tfd, not to {options.experiment}")
    experiment = "tfd-stage-2" if options.stage_1 is not None else options.experiment
    settings = _settings(options, RECIPES[experiment])
    if options.stage_1 is not None and (
        of_stage_1 := sorted({"relu_units", "sigmoid_units", "code_units"} & {*settings})
    ):
        raise ValueError(f"--set got {', '.join(of_stage_1)}, which the run of stage 1 has decided")
    recipe = recipe_with(RECIPES[experiment], settings)
    if options.scale is not None:
        recipe = recipe.scaled(options.scale)
    if isinstance(recipe, TFDStage2):
        recipe = stage_2_recipe(recipe, options.stage_1)
    try:
        training = start_run(
            options.out or _free_folder(options.experiment),
            experiment,
            recipe,
            device=chosen_device(options),
            n_ranks=options.ranks.size,
            **_given(options, ("data", "seed", "threads", "evaluate_every", "stage_1")),
        )
    except MemoryError as error:
        raise MemoryError(f"{error}. --scale 0.05 trains the same with narrower layers") from None
    wanted = N_TRAIN.get(experiment, 0)
    if len(training.x) < wanted and not options.quiet:
        print(
            f"{len(training.x):,} of the recipe's {wanted:,} training images are there; it trains on these.",
            file=sys.stderr,
        )
    if len(training.x) < recipe.batch_size and not options.quiet:
        n = counted(len(training.x), "image")
        print(
            f"{n} to train on, fewer than a minibatch of {recipe.batch_size}: too few to learn from.", file=sys.stderr
        )
    if not len(training.validation) and not options.quiet:
        print("There are no validation images, so there is no log-likelihood during the training.", file=sys.stderr)
    return training


def _check_resumption(options: argparse.Namespace) -> None:
    """Raise a ValueError if the arguments would change the recipe of the run that they resume."""
    given = [f"--{name.replace('_', '-')}" for name in _given(options, ONCE)]
    given += ["--set"] if options.settings else []
    if options.experiment is not None:
        raise ValueError(f"--resume goes on with what is in {options.resume}; leave out {options.experiment}")
    if given:
        raise ValueError(f"a resumed run keeps the recipe that it began with; leave out {', '.join(given)}")


def _settings(options: argparse.Namespace, kind: Any) -> dict[str, Any]:
    """Return the settings in the arguments, each with the type of its default."""
    named = _given(options, ("n_epochs", "updates", "discriminator_steps", "objective"))
    types = {name: field.type for name, field in kind.__dataclass_fields__.items()}
    return {name: typed(name, value, types.get(name, str)) for name, value in options.settings} | named


def _given(options: argparse.Namespace, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(options, name) for name in names if getattr(options, name) is not None}


def _free_folder(experiment: str) -> Path:
    number = 1
    while (folder := Path("runs", experiment if number == 1 else f"{experiment}-{number}")).exists():
        number += 1
    return folder
