"""Train a recipe into a run folder, so that it can be watched, left at any iteration, and resumed bit for bit."""

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
from tinygan.layers.contents import largest_weight
from tinygan.optim import Optimizer
from tinygan.ranks.group import Ranks
from tinygan.runs.checkpoint import (
    load_checkpoint,
    network_arrays,
    optimizer_arrays,
    optimizer_numbers,
    restore_arrays,
    restored_rng,
    rng_state,
    save_checkpoint,
)
from tinygan.runs.epoch_means import EpochMeans
from tinygan.runs.folder import RunFolder, recipe_of, write_json
from tinygan.runs.parallel.agreeing import check_alike
from tinygan.runs.quick_score import quick_score

# D is asked, without dropout, about this number of training images and samples, once in this number of iterations.
N_PROBE, PROBE_EVERY = 100, 50
# The number of fixed z: the first of them make the picture, and all of them the quick score.
N_VIEW, N_PICTURE = 1000, 100
# Several ranks ask each other whether to stop or to save once in this number of iterations.
AGREE_EVERY = 10

STREAMS = ("data", "noise", "dropout")
# A checkpoint belongs to the run of a config.json if these entries and the recipe are equal.
IDENTITY = ("experiment", "seed", "data_sha256")


class Progress(NamedTuple):
    """How far a run has come after an iteration.

    Attributes
    ----------
    iteration, epoch : int
        Iterations and whole epochs that are done.
    loss_d, loss_g : float
        J_D and J_G of this iteration, in nats; on a GPU, of the last iteration whose losses were fetched. If several
        ranks train, these are the losses on this rank's rows, and metrics has the losses on all rows.
    d_real, d_fake : float
        Mean D(x) and mean D(G(z)), as last measured.
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
    """A recipe in training: the players, their state, and the folder that keeps them.

    `start_run` and `resume_run` make one.

    Attributes
    ----------
    folder : RunFolder
    config : dict
        The contents of config.json.
    recipe : Recipe
    D, G : Sequential
    prior : NoisePrior
    optimizer_d, optimizer_g : SGD
    state : TrainingState
    epoch_means : EpochMeans
        The sums from which the metrics.jsonl line of the current epoch will be computed.
    threads : int
        Threads of the matrix products. Another number of threads may round differently.
    device : str
        The device that trains. The files of the run do not depend on it.
    x : ScaledImages
        The training images.
    validation : ndarray of float32, shape (n, n_pixels)
        The images of the quick score; empty if the fifth batch of CIFAR-10 is missing.
    z_view : ndarray of shape (1000, latent_dim)
        The fixed noise of the pictures and the quick scores.
    ranks : Ranks
        The processes that train the run together; at first, this process alone. See
        `tinygan.runs.parallel.joining.join`.
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
        self.threads = resolved_threads(threads, self.recipe.batch_size, largest_weight(self.D, self.G))
        self.prior = self.recipe.prior()
        self.optimizer_d, self.optimizer_g = self.recipe.optimizers(self.D, self.G)
        self.state = TrainingState(rng_train)
        self.training: Training | None = None
        self.epoch_means, self.ranks = EpochMeans(), Ranks()
        self.z_view = to_device(self.prior.sample(N_VIEW, rng=rng_view), device)

    @property
    def iterations_per_epoch(self) -> int:
        """The number of iterations in an epoch, one for each minibatch."""
        return self.recipe.iterations_per_epoch(len(self.x))

    @property
    def n_iterations(self) -> int:
        """The number of iterations of the whole training."""
        return self.recipe.n_epochs * self.iterations_per_epoch

    @property
    def epoch(self) -> int:
        """The number of whole epochs that are done."""
        return self.state.iteration // self.iterations_per_epoch

    def train(self, *, checkpoint_seconds: float = 60.0) -> Iterator[Progress]:
        """Train to the end, and yield the progress after every iteration.

        The caller may stop between two iterations, and then calls `save`. Several ranks stop together, see `agreed`.

        Parameters
        ----------
        checkpoint_seconds : float
            Seconds from one checkpoint to the next.

        Raises
        ------
        FloatingPointError
            If a loss or a parameter is no longer finite. post_mortem.json says more, and the last checkpoint is good.
        OSError
            If a file of the folder cannot be written. The last checkpoint is whole.
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
        """Return the largest `here` of all ranks; several ranks compare only every tenth iteration, else it is 0."""
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
            if is_time or self.device == "cpu":  # a GPU would first have to finish its queue
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
        """Return the losses since the last call and add them to the means, or raise if one is NaN or infinite."""
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
        """Return whether an epoch gets a quick score and a picture: the first, the last and every few."""
        return epoch in (1, self.recipe.n_epochs) or epoch % int(self.config["evaluate_every"]) == 0

    def _end_epoch(self, seconds: float) -> dict[str, Any] | None:
        """On rank 0, score and draw if it is time, write the line of the epoch that has ended, and return it."""
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
        """Draw the present state of the run: samples from the fixed z beside the curves so far."""
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
        """Return what has gone wrong, in words; see `find_collapse`."""
        with blas_threads(self.threads):
            return find_collapse(self.G(self.z_view), self.x, **self._probe())

    @property
    def optimizers(self) -> dict[str, Optimizer]:
        """The optimisers by the names of their players."""
        return {"D": self.optimizer_d, "G": self.optimizer_g}

    @property
    def arrays(self) -> dict[str, Array]:
        """Return all arrays that training changes, by name; they are not copies."""
        return {
            **network_arrays(D=self.D, G=self.G),
            **optimizer_arrays("D", self.D, self.optimizer_d),
            **optimizer_arrays("G", self.G, self.optimizer_g),
        }

    def save(self) -> None:
        """Write the checkpoint, whole or not at all; if a parameter is not finite, raise an error as `train` does."""
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
        """Take the state from the checkpoint or a copy of it, or raise a ValueError that says what does not fit."""
        path = path or self.folder.checkpoint
        arrays, saved = load_checkpoint(path)
        try:
            self._check_identity(saved, path.name)
            streams = {name: restored_rng(saved["streams"][name]) for name in STREAMS}
            numbers = {name: int(saved[name]) for name in ("iteration", "epoch", "position")}
            start = saved["epoch_start"]
            epoch_start = None if start is None else restored_rng(start).bit_generator.state
            steps = {player: {"n_steps": n} for player, n in saved.get("n_steps", {}).items()}  # older files
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
        """Raise a ValueError unless the file of this name is a checkpoint of this run; only n_epochs may differ."""
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
        """Write post_mortem.json if the code inside finds that training has diverged."""
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
