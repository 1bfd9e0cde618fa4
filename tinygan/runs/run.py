"""Trains a recipe into a run folder, so that it can be watched, left at any iteration and gone on with bit for bit."""

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tinygan.adversarial import Training, TrainingState, train
from tinygan.adversarial.objectives import OBJECTIVES
from tinygan.adversarial.training.watch import check_loss, check_parameters
from tinygan.backend import Array, as_rng, spawn_rngs, to_device, to_host
from tinygan.backend.threads import blas_threads, resolved_threads
from tinygan.data import ScaledImages, Splits, marginal_mean
from tinygan.evaluation import find_collapse
from tinygan.figures.curves import draw_live
from tinygan.figures.samples import draw_samples
from tinygan.figures.style import to_the_letter
from tinygan.optim import Optimizer
from tinygan.ranks.group import Ranks
from tinygan.runs.checkpoint import (
    load_checkpoint,
    optimizer_arrays,
    optimizer_numbers,
    parameter_arrays,
    restore_arrays,
    restored_rng,
    rng_state,
    save_checkpoint,
)
from tinygan.runs.epoch_means import EpochMeans
from tinygan.runs.folder import RunFolder, recipe_of, write_json
from tinygan.runs.parallel.agreeing import check_alike
from tinygan.runs.quick_score import quick_score

# How many training images and samples D is asked about, without dropout, and every how many iterations.
N_PROBE, PROBE_EVERY = 100, 50
# The fixed z: the first of them make the picture, all of them the quick score.
N_VIEW, N_PICTURE = 1000, 100
# Every how many iterations several ranks ask each other whether to stop or to save.
AGREE_EVERY = 10

STREAMS = ("data", "noise", "dropout")
# What a checkpoint must share with config.json to be of the same run, beside the recipe.
IDENTITY = ("experiment", "seed", "data_sha256")


class Progress(NamedTuple):
    """Where a run is after an iteration.

    Attributes
    ----------
    iteration, epoch : int
        Iterations and whole epochs that are done.
    loss_d, loss_g : float
        J_D and J_G, in nats: of this iteration; on a GPU, of the last iteration whose losses were fetched. Each
        of several ranks has the losses of its rows; metrics has the losses of all.
    d_real, d_fake : float
        Mean D(x) and mean D(G(z)) when D was last asked.
    metrics : dict or None
        The line of metrics.jsonl if an epoch has just ended.
    """

    iteration: int
    epoch: int
    loss_d: float
    loss_g: float
    d_real: float
    d_fake: float
    metrics: dict[str, Any] | None


class Run:
    """A recipe in training: the players, where they stand, and the folder that keeps them.

    `start_run` and `resume_run` make one.

    Attributes
    ----------
    folder : RunFolder
    config : dict
        What config.json holds.
    recipe : Recipe
    D, G : Sequential
    prior : NoisePrior
    optimizer_d, optimizer_g : SGD
    state : TrainingState
    epoch_means : EpochMeans
        What the line of metrics.jsonl for the epoch that has begun will be made of.
    threads : int
        Threads of the matrix products; another number may round differently.
    device : str
        Where it trains; its files are the same wherever that is.
    x : ScaledImages
        To train on.
    validation : ndarray of float32, shape (n, n_pixels)
        For the quick score; empty if CIFAR-10 is there without its fifth batch.
    z_view : ndarray of shape (1000, latent_dim)
        The noise behind pictures and quick scores.
    ranks : Ranks
        The processes that train it together, see `tinygan.runs.parallel.joining.join`; at first, this one alone.
    """

    def __init__(
        self, folder: RunFolder, config: dict[str, Any], splits: Splits, threads: int | str, device: str = "cpu"
    ) -> None:
        self.folder, self.config, self.device = folder, config, device
        self.recipe = recipe_of(config)
        images = splits.train.images
        self.x = ScaledImages(images, self.recipe.preprocess).on(device)
        self.validation = to_device(self.recipe.preprocess(splits.validation.images[:N_VIEW]), device)
        rng_g, rng_d, rng_train, rng_view = spawn_rngs(as_rng(config["seed"]), 4)
        self.G = to_device(self.recipe.generator(marginal_mean(images), rng=rng_g), device)
        self.D = to_device(self.recipe.discriminator(self.x.shape[1], rng=rng_d), device)
        largest_weight = max(theta.data.size for theta in (*self.D.parameters, *self.G.parameters))
        self.threads = resolved_threads(threads, self.recipe.batch_size, largest_weight)
        self.prior = self.recipe.prior()
        self.optimizer_d, self.optimizer_g = self.recipe.optimizers(self.D, self.G)
        self.state = TrainingState(rng_train)
        self.training: Training | None = None
        self.epoch_means, self.ranks = EpochMeans(), Ranks()
        self.z_view = to_device(self.prior.sample(N_VIEW, rng=rng_view), device)

    @property
    def iterations_per_epoch(self) -> int:
        """As many as there are minibatches."""
        return self.recipe.iterations_per_epoch(len(self.x))

    @property
    def n_iterations(self) -> int:
        """How many there are in all."""
        return self.recipe.n_epochs * self.iterations_per_epoch

    @property
    def epoch(self) -> int:
        """Whole epochs that are done."""
        return self.state.iteration // self.iterations_per_epoch

    def train(self, *, checkpoint_seconds: float = 60.0) -> Iterator[Progress]:
        """Train on to the end, and yield its progress after every iteration.

        Between two iterations, the run may be left: then `save` it. Several ranks leave together, see `agreed`.

        Parameters
        ----------
        checkpoint_seconds : float
            How often a checkpoint is written.

        Raises
        ------
        FloatingPointError
            If a loss or a parameter is no longer finite; post_mortem.json says more, and the last checkpoint is good.
        OSError
            If a file of the folder cannot be written; the last checkpoint is whole.
        """
        with self._explained():
            progresses = self._train(checkpoint_seconds)
            while True:
                with blas_threads(self.threads):
                    progress = next(progresses, None)
                if progress is None:
                    return
                yield progress

    def agreed(self, here: int) -> int:
        """Return the largest number that a rank brings; several ranks ask each other every tenth iteration, else 0."""
        if self.ranks.size == 1:
            return here
        return self.ranks.largest(here) if self.state.iteration % AGREE_EVERY == 0 else 0

    def _train(self, checkpoint_seconds: float) -> Iterator[Progress]:
        self.training = train(
            self.D,
            self.G,
            self.x,
            self.prior,
            optimizer_d=self.optimizer_d,
            optimizer_g=self.optimizer_g,
            n_iterations=self.n_iterations,
            batch_size=self.recipe.batch_size,
            discriminator_steps=self.recipe.discriminator_steps,
            objective=self.recipe.objective,
            updates=self.recipe.updates,
            state=self.state,
        )
        saved = started = time.perf_counter()
        first, probe, losses = self.state.iteration, self._probe(), {"loss_d": math.nan, "loss_g": math.nan}
        while self.state.iteration < self.n_iterations:
            self.recipe.schedule(self.optimizer_d, self.optimizer_g, iteration=self.state.iteration, epoch=self.epoch)
            record = next(self.training)
            self.epoch_means.note(record.loss_d, record.loss_g)
            epoch_ends = record.iteration % self.iterations_per_epoch == 0
            is_time = epoch_ends or record.iteration % PROBE_EVERY == 0
            if is_time or self.device == "cpu":  # a GPU would have to finish what it has been given
                losses = self._fetch_losses()[-1]
            if is_time:
                probe = self._probe()
                self.epoch_means.add("probes", **probe)
            metrics = None
            if epoch_ends:
                share = (record.iteration - first) / self.iterations_per_epoch  # below 1 after a resumption
                metrics = self._end_epoch((time.perf_counter() - started) / share)
                first, started = record.iteration, time.perf_counter()
            if self.agreed(time.perf_counter() - saved > checkpoint_seconds):
                self.save()
                saved = time.perf_counter()
            yield Progress(record.iteration, self.epoch, **losses, **probe, metrics=metrics)
        next(self.training, None)  # train looks at the last update
        self._finish()

    def _fetch_losses(self) -> list[dict[str, float]]:
        """Return the losses since the last time, which now count, or raise if one of them is NaN or infinite."""
        if self.training is not None:
            self.training.look()
        return self.epoch_means.fetch()

    def _probe(self) -> dict[str, float]:
        x_fake = self.G(self.z_view[:N_PROBE])
        output = OBJECTIVES[self.recipe.objective].output
        d_real, d_fake = output(self.D(self.x[:N_PROBE])).mean(), output(self.D(x_fake)).mean()
        check_loss(self.state.iteration, "mean D(x) + mean D(G(z))", d_real + d_fake, D=self.D, G=self.G)
        return {"d_real": float(d_real), "d_fake": float(d_fake)}

    def is_shown(self, epoch: int) -> bool:
        """Whether an epoch gets a quick score and a picture: the first, the last and every few."""
        return epoch in (1, self.recipe.n_epochs) or epoch % int(self.config["evaluate_every"]) == 0

    def _end_epoch(self, seconds: float) -> dict[str, Any] | None:
        """Score and draw if it is time; write the line of the epoch that has just ended, and return it: rank 0 does."""
        self.epoch_means.collect(self.ranks)
        epoch, means = self.epoch, self.epoch_means.means()
        self.epoch_means.clear()
        if self.ranks.rank > 0:
            return None
        metrics: dict[str, Any] = {"epoch": epoch, "iteration": self.state.iteration, **means}
        metrics |= {"learning_rate": self.optimizer_g.learning_rate, "momentum": self.optimizer_g.momentum}
        if self.is_shown(epoch) and len(self.validation):
            metrics["parzen"] = quick_score(self.G(self.z_view), self.validation)
        metrics |= {"seconds": round(seconds, 3), "examples_per_second": round(len(self.x) / seconds, 1)}
        self.folder.append_metrics(metrics)  # before the picture, which may fail
        if self.is_shown(epoch):
            self.folder.samples.mkdir(exist_ok=True)
            draw_samples(self._picture(), self.folder.samples / f"epoch_{epoch:04d}.png")
        return metrics

    def draw_live(self, path: str | Path) -> None:
        """Draw where the run is: samples from the fixed z beside the curves so far."""
        name, epoch = to_the_letter(self.folder.path.name), self.state.iteration / self.iterations_per_epoch
        draw_live(self._picture(), self.folder.read_metrics(), path, title=f"{name}, epoch {epoch:.1f}")

    def _picture(self) -> Array:
        samples = to_host(self.G(self.z_view[:N_PICTURE]))
        return self.recipe.to_images(samples, self.config["image_shape"])

    def _finish(self) -> None:
        self.save()
        if self.ranks.rank > 0:
            return
        metrics = self.folder.read_metrics()
        scores = [line["parzen"]["best"] for line in metrics if "parzen" in line]
        summary: dict[str, Any] = {"epochs": self.epoch, "iterations": self.state.iteration, "threads": self.threads}
        summary |= {name: metrics[-1][name] for name in ("loss_d", "loss_g", "d_real", "d_fake")}
        summary["last_quick_score"] = scores[-1] if scores else None
        summary["missed"] = self.missed()
        summary["seconds"] = round(sum(line["seconds"] for line in metrics), 1)
        write_json(self.folder.summary, summary)

    def missed(self) -> list[str]:
        """Return what has gone wrong, see `find_collapse`."""
        return find_collapse(self.G(self.z_view), self.x, **self._probe())

    @property
    def optimizers(self) -> dict[str, Optimizer]:
        """The optimisers by the names of their players."""
        return {"D": self.optimizer_d, "G": self.optimizer_g}

    @property
    def arrays(self) -> dict[str, Array]:
        """All arrays that training changes, not copies, by name."""
        return {
            **parameter_arrays(D=self.D, G=self.G),
            **optimizer_arrays("D", self.D, self.optimizer_d),
            **optimizer_arrays("G", self.G, self.optimizer_g),
        }

    def save(self) -> None:
        """Write the checkpoint, whole or not at all, or raise as `train` does if a parameter is no longer finite."""
        with self._explained():
            self._fetch_losses()
            self.epoch_means.collect(self.ranks)
            check_alike(self.arrays, self.ranks)
            if self.ranks.rank == 0:
                self._write_checkpoint()

    def _write_checkpoint(self) -> None:
        state = self.state
        check_parameters(state.iteration, D=self.D, G=self.G)
        save_checkpoint(
            self.folder.checkpoint,
            arrays=self.arrays,
            state={
                **{name: self.config[name] for name in IDENTITY},
                "recipe": self.config["recipe"],
                "iteration": state.iteration,
                "epoch": state.epoch,
                "position": state.position,
                "epoch_start": None if state.epoch_start is None else rng_state(state.epoch_start),
                "streams": {name: rng_state(getattr(state, name)) for name in STREAMS},
                "optimizers": {player: optimizer_numbers(optimizer) for player, optimizer in self.optimizers.items()},
                "sums": self.epoch_means.sums,
                "threads": self.threads,
            },
        )

    def restore(self, path: Path | None = None) -> None:
        """Go where the checkpoint, or a copy of it, is, or raise a ValueError that says what does not fit."""
        path = path or self.folder.checkpoint
        arrays, saved = load_checkpoint(path)
        try:
            self._check_identity(saved, path.name)
            streams = {name: restored_rng(saved["streams"][name]) for name in STREAMS}
            numbers = {name: int(saved[name]) for name in ("iteration", "epoch", "position")}
            start = saved["epoch_start"]
            epoch_start = None if start is None else restored_rng(start).bit_generator.state
            steps = {player: {"n_steps": n} for player, n in saved.get("n_steps", {}).items()}  # as older files have it
            kept = saved.get("optimizers", steps)
            numbers_of = {
                player: {name: type(now)(kept[player][name]) for name, now in optimizer_numbers(optimizer).items()}
                for player, optimizer in self.optimizers.items()
            }
            sums = {name: type(zero)(saved["sums"][name]) for name, zero in self.epoch_means.sums.items()}
            threads = int(saved["threads"])
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            reason = error if type(error) is ValueError else repr(error)
            raise ValueError(f"{path} is not the checkpoint of this run: {reason}") from None
        restore_arrays(self.arrays, arrays, path)
        for name, value in {**streams, **numbers, "epoch_start": epoch_start}.items():
            setattr(self.state, name, value)
        for player, optimizer in self.optimizers.items():
            optimizer.state.update(numbers_of[player])
        self.epoch_means.sums, self.threads = sums, threads

    def _check_identity(self, saved: Mapping[str, Any], name: str) -> None:
        """Raise a ValueError unless the file of this name is a checkpoint of this run; only n_epochs may change."""
        here, there = (
            {**source["recipe"], **{key: source[key] for key in IDENTITY}} for source in (self.config, saved)
        )
        changed = [
            f"{key}={value!r} in {self.folder.config.name} and {there.get(key)!r} in {name}"
            for key, value in here.items()
            if key != "n_epochs" and there.get(key) != value
        ]
        if changed:
            raise ValueError(f"the run has changed: {'; '.join(changed)}")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Write post_mortem.json if what is done inside finds that training has diverged."""
        try:
            yield
        except FloatingPointError as error:
            with suppress(OSError):  # a full disk must not hide what happened
                self._write_post_mortem(error)
            raise

    def _write_post_mortem(self, error: FloatingPointError) -> None:
        """Write what diverged, the last metrics, and the size of every parameter and velocity."""
        metrics = self.folder.read_metrics()
        write_json(
            self.folder.post_mortem,
            {
                "error": str(error),
                "iteration": self.state.iteration,
                "last_metrics": metrics[-1] if metrics else None,
                "norms": {name: _norms(to_host(array)) for name, array in self.arrays.items()},
            },
        )


def _norms(array: Array) -> Mapping[str, Any]:
    finite = np.isfinite(array)
    sizes = np.abs(array[finite], dtype=np.float64)
    return {
        "L2": float(np.sqrt((sizes**2).sum())),
        "largest": float(sizes.max(initial=0.0)),
        "not_finite": int((~finite).sum()),
    }
