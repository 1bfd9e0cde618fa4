"""Small runs for the tests of what is done with a run."""

import json

import numpy as np

from tinygan.files import whole_file
from tinygan.recipes.mnist import MNIST
from tinygan.runs.start import start_run


def made_images(n=70, shape=(6, 5), seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, *shape), np.uint8)


def new_run(folder, *, images=None, seed=0, evaluate_every=5, **settings):
    """Return a run of small networks on made images, which lie beside the folder, at iteration 0."""
    data = folder.with_name(f"{folder.name}.npy")
    folder.parent.mkdir(parents=True, exist_ok=True)
    np.save(data, made_images() if images is None else images)
    recipe = MNIST(**{"n_epochs": 2, "batch_size": 20, **settings}).scaled(0.01)
    return start_run(folder, "images", recipe, data=data, seed=seed, threads=1, evaluate_every=evaluate_every)


def go_on(run, stop=None):
    """Train to the end, or to an iteration, save there, and leave; return the moments."""
    moments = []
    if stop != run.state.iteration:
        for moment in run.train():
            moments.append(moment)
            if moment.iteration == stop:
                run.save()
                break
    return moments


def tiny_run(folder, *, stop=None, **settings):
    """Train on made images, which lie beside the folder, to the end or to an iteration, and return the folder."""
    go_on(new_run(folder, **settings), stop)
    return folder


def quick_picture(images, path):
    """Write what `draw_samples` would draw, in no time."""
    with whole_file(path) as temporary:
        temporary.write_bytes(images.tobytes())


def arrays_of(folder):
    """Return the arrays of a checkpoint by name, read by nothing but NumPy."""
    with np.load(folder / "checkpoint.npz") as file:
        return {name: file[name] for name in file.files if name != "json"}


def state_of(folder):
    with np.load(folder / "checkpoint.npz") as file:
        return json.loads(file["json"].item())["state"]


def metrics_of(folder):
    """Return the lines of metrics.jsonl without what a clock told."""
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [{key: line[key] for key in line if key not in ("seconds", "examples_per_second")} for line in lines]


def assert_same_run(folder, other, *, shown=()):
    """Assert that two runs have the same parameters, velocities, streams, metrics and pictures, to the last bit.

    Epochs that only one of them has shown, since they were its last, are named.
    """
    for name, array in arrays_of(other).items():
        np.testing.assert_array_equal(arrays_of(folder)[name], array, err_msg=name, strict=True)
    assert _unscored(folder, shown) == _unscored(other, shown)
    assert (folder / "checkpoint.npz").read_bytes() == (other / "checkpoint.npz").read_bytes()
    unequal = {f"epoch_{epoch:04d}.png" for epoch in shown}
    pictures, others = (
        {path.name: path.read_bytes() for path in (run / "samples").iterdir() if path.name not in unequal}
        for run in (folder, other)
    )
    assert pictures == others


def _unscored(folder, epochs):
    return [
        {key: line[key] for key in line if key != "parzen" or line["epoch"] not in epochs}
        for line in metrics_of(folder)
    ]
