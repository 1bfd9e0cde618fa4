"""Start a run in a new folder, or resume one from its checkpoint."""

import numbers
import platform
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from tinygan import __version__
from tinygan.arguments import check_count
from tinygan.backend import get_array_module
from tinygan.files import as_path, new_folder
from tinygan.layers import Sequential
from tinygan.recipes.base import Recipe
from tinygan.recipes.data_sets import RECIPES, fingerprint, load, load_again
from tinygan.recipes.tfd import TFD, TFDStage2
from tinygan.runs.folder import RunFolder
from tinygan.runs.parallel.agreeing import check_shares
from tinygan.runs.run import Run
from tinygan.runs.trained import load_trained


def start_run(
    folder: str | Path,
    experiment: str,
    recipe: Recipe,
    *,
    data: str | Path | None = None,
    seed: int = 0,
    threads: int | str = "auto",
    evaluate_every: int = 5,
    stage_1: str | Path | None = None,
    device: str = "cpu",
    n_ranks: int = 1,
) -> Run:
    """Return a new run at iteration 0, with its config.json and its first checkpoint on the disk.

    Parameters
    ----------
    folder : str or Path
        The folder of the run. It must be new or empty.
    experiment : str
        One of `RECIPES`; it decides which images are loaded.
    recipe : Recipe
        The networks and hyper-parameters.
    data : str or Path, optional
        Where the images are, see `tinygan.recipes.data_sets.load`.
    seed : int
        The same seed gives the same run.
    threads : int or "auto"
        Threads of the matrix products; "auto" measures whether one or all are faster.
    evaluate_every : int
        Epochs from one quick score and picture to the next. The first and the last epoch always get them.
    stage_1 : str or Path, optional
        For ``tfd-stage-2``, the run whose generator becomes the upper half of the new generator.
    device : str
        Where to train, see `tinygan.backend.to_device`. The run may be resumed on another device.
    n_ranks : int
        The number of processes that will share every minibatch, see `tinygan.runs.parallel.joining.join`.

    Raises
    ------
    FileExistsError
        If the folder is not empty.
    TypeError, ValueError, OSError
        If an argument is wrong, or the images cannot be read.

    See Also
    --------
    resume_run : Goes on with a run.
    tinygan.runs.trained.load_trained : Loads its generator, to draw samples.

    Examples
    --------
    >>> import tempfile
    >>> from tinygan.recipes.mnist import MNIST
    >>> recipe = MNIST(n_epochs=1, batch_size=25).scaled(0.01)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(Path(folder, "faces.npy"), np.zeros((70, 8, 6), np.uint8))
    ...     run = start_run(Path(folder, "run"), "images", recipe, data=Path(folder, "faces.npy"), threads=1)
    ...     for progress in run.train():
    ...         print(progress.iteration, progress.epoch)
    1 0
    2 1
    """
    run_folder = RunFolder(folder)
    run_folder.check_new()
    check_count("start_run got evaluate_every", evaluate_every)
    splits = load(experiment, data)
    kind = RECIPES[experiment]
    if type(recipe) is not kind:
        raise TypeError(f"start_run got a {type(recipe).__name__} for {experiment}; it takes a {kind.__name__}")
    check_shares(n_ranks, len(splits.train.images), recipe.batch_size)
    config = {
        "experiment": experiment,
        "recipe": asdict(recipe),
        "seed": _checked_seed(seed),
        "evaluate_every": evaluate_every,
        "threads": threads,
        "data": None if data is None else str(as_path(data).resolve()),
        "data_sha256": fingerprint(splits.train.images),
        "n_images": [len(part.images) for part in splits],
        "image_shape": list(splits.train.images.shape[1:]),
        "stage_1": None if stage_1 is None else str(as_path(stage_1).resolve()),
        "versions": {"tinygan": __version__, "python": platform.python_version(), "numpy": np.__version__},
        "machine": f"{platform.system()} {platform.machine()}",
    }
    run = Run(run_folder, config, splits, threads, device)
    if stage_1 is not None:
        put_on_top(run.G, load_trained(stage_1).G)
    with new_folder(run_folder.path):
        try:
            run.save()
            run_folder.write_config(config)  # last, so that a folder with config.json is a whole run
        except BaseException:
            run_folder.checkpoint.unlink(missing_ok=True)  # else the folder would not be empty next time
            raise
    return run


def resume_run(
    folder: str | Path,
    *,
    n_epochs: int | None = None,
    data: str | Path | None = None,
    device: str = "cpu",
    n_ranks: int = 1,
) -> Run:
    """Return a run in the state of its last checkpoint.

    Parameters
    ----------
    folder : str or Path
        The folder of the run.
    n_epochs : int, optional
        A new number of epochs for the whole training, at least that of the epoch that has begun.
    data : str or Path, optional
        Where the images are, if they have moved.
    device : str
        Where to go on training; it may be another device than before.
    n_ranks : int
        The number of processes that will share every minibatch; it may be another number than before.

    Raises
    ------
    FileNotFoundError
        If the folder is not a run, or the images are missing.
    ValueError
        If a file of the run is damaged, the images are not those of the run, or n_epochs is too small.

    See Also
    --------
    start_run : Begins a new run.
    """
    run_folder = RunFolder(folder)
    config = run_folder.read_config()
    planned = config["recipe"].get("n_epochs")
    if n_epochs is not None:
        config["recipe"]["n_epochs"] = check_count("resume_run got n_epochs", n_epochs)
    run = Run(run_folder, config, load_again(config, data), threads=1, device=device)
    check_shares(n_ranks, len(run.x), run.recipe.batch_size)
    run.restore()
    if run.state.iteration > run.n_iterations:
        begun = -(-run.state.iteration // run.iterations_per_epoch)
        raise ValueError(
            f"{folder} has begun epoch {begun}; it takes as many epochs or more, not {run.recipe.n_epochs}"
        )
    run_folder.cut_metrics(run.epoch)
    if run.state.iteration < run.n_iterations or run.recipe.n_epochs != planned:
        run_folder.reopen(config)
    return run


def _checked_seed(seed: Any) -> int:
    """Return the seed as an int that config.json can hold; a run without a seed could not be repeated."""
    if isinstance(seed, bool) or not isinstance(seed, numbers.Integral) or seed < 0:
        raise ValueError(f"start_run got seed={seed!r}; it takes an int >= 0")
    return int(seed)


def stage_2_recipe(recipe: TFDStage2, stage_1: str | Path) -> TFDStage2:
    """Return the recipe with the widths of the stage 1 run whose generator it will extend.

    Raises
    ------
    ValueError
        If the run is not stage 1 of the Toronto Face Database.
    """
    lower = load_trained(stage_1).recipe
    if type(lower) is not TFD:
        raise ValueError(f"{stage_1} is not a run of stage 1; it takes one that `tinygan train tfd` made")
    return replace(recipe, relu_units=lower.relu_units, sigmoid_units=lower.sigmoid_units, code_units=lower.latent_dim)


def put_on_top(G: Sequential, trained: Sequential) -> None:
    """Copy the parameters of a trained generator into the uppermost layers of another, in place.

    Raises
    ------
    ValueError
        If the shapes of the parameters differ.

    Examples
    --------
    >>> from tinygan.layers import Linear
    >>> trained = Sequential(Linear(3, 2, rng=0))
    >>> G = Sequential(Linear(5, 3, rng=1), Linear(3, 2, rng=2))
    >>> put_on_top(G, trained)
    >>> bool((G[1].weight.data == trained[0].weight.data).all())
    True
    """
    upper = G.parameters[-len(trained.parameters) :]
    shapes, wanted = ([theta.data.shape for theta in thetas] for thetas in (trained.parameters, upper))
    if shapes != wanted:
        raise ValueError(f"the trained generator has parameters of shapes {shapes}; it takes {wanted}")
    for theta, learned in zip(upper, trained.parameters, strict=True):
        theta.data[...] = get_array_module(theta.data).asarray(learned.data)
