"""Trains a recipe into a run folder, so that it can be watched, left at any iteration and gone on with bit for bit."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from tinygan.adversarial import TrainingState, train
from tinygan.adversarial.training.watch import check_in_time, check_loss
from tinygan.backend import Array, as_rng, spawn_rngs, to_device, to_host
from tinygan.data import ScaledImages, Splits, marginal_mean
from tinygan.figures.curves import draw_live
from tinygan.figures.samples import draw_samples
from tinygan.functional import sigmoid
from tinygan.ranks.group import Ranks
from tinygan.runs.folder import RunFolder, recipe_of, write_json
from tinygan.runs.parallel.agreeing import check_alike
from tinygan.runs.quick_score import quick_score
from tinygan.runs.snapshot import arrays_of, post_mortem, save
from tinygan.runs.tally import Tally

# D is asked about so many training images and samples, every so many iterations, without dropout.
N_PROBE, PROBE_EVERY = 100, 50
# The fixed z: the first of them make the picture, all of them the quick score.
N_VIEW, N_PICTURE = 1000, 100
# Several ranks ask each other whether to stop or to save, every so many iterations.
AGREE_EVERY = 10


class Moment(NamedTuple):
    """Where a run is after an iteration.

    Attributes
    ----------
    iteration, epoch : int
        Iterations and whole epochs that are done.
    loss_d, loss_g : float
        J_D and J_G, in nats: of this iteration, or on a GPU of the one when they were last fetched. Of several ranks,
        each has those of its rows; metrics has those of all.
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
    tally : Tally
        Of the epoch that has begun: what its line of metrics.jsonl will be made of.
    threads : int
        Of the matrix products; another number may round differently.
    device : str
        Where it trains; its files are the same wherever that is.
    x : ScaledImages
        To train on.
    validation : ndarray of float32, shape (n, n_pixels)
        For the quick score; of CIFAR-10 in part, there may be none.
    z_view : ndarray of shape (1000, latent_dim)
        The noise behind pictures and quick scores.
    ranks : Ranks
        Who train it together, see `tinygan.runs.parallel.joining.join`; at first, this process alone.
    """

    def __init__(
        self, folder: RunFolder, config: dict[str, Any], splits: Splits, threads: int, device: str = "cpu"
    ) -> None:
        self.folder, self.config, self.threads, self.device = folder, config, threads, device
        self.recipe = recipe_of(config)
        images = splits.train.images
        self.x = ScaledImages(images, self.recipe.preprocess).on(device)
        self.validation = to_device(self.recipe.preprocess(splits.validation.images[:N_VIEW]), device)
        rng_g, rng_d, rng_train, rng_view = spawn_rngs(as_rng(config["seed"]), 4)
        self.G = to_device(self.recipe.generator(marginal_mean(images), rng=rng_g), device)
        self.D = to_device(self.recipe.discriminator(self.x.shape[1], rng=rng_d), device)
        self.prior = self.recipe.prior()
        self.optimizer_d, self.optimizer_g = self.recipe.optimizers(self.D, self.G)
        self.state = TrainingState(rng_train)
        self.tally, self.ranks = Tally(), Ranks()
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

    def save(self) -> None:
        """Write the checkpoint, whole or not at all, or raise as `train` does if a parameter is no longer finite."""
        with self._explained():
            self._fetch_losses()
            self.tally.collect(self.ranks)
            check_alike(arrays_of(self), self.ranks)
            if self.ranks.rank == 0:
                save(self)

    def train(self, *, checkpoint_seconds: float = 60.0) -> Iterator[Moment]:
        """Train on to the end, and yield a moment an iteration.

        Between two moments, the run may be left: then `save` it. Several ranks leave together, see `agreed`.

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
        with self._explained(), threadpool_limits(self.threads, "blas"):
            yield from self._train(checkpoint_seconds)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Write post_mortem.json if what is done inside finds that training has diverged."""
        try:
            yield
        except FloatingPointError as error:
            with suppress(OSError):  # a full disk must not hide what happened
                post_mortem(self, error)
            raise

    def agreed(self, here: int) -> int:
        """Return the largest number that a rank brings; several ranks ask each other every tenth iteration, else 0."""
        if self.ranks.size == 1:
            return here
        return self.ranks.largest(here) if self.state.iteration % AGREE_EVERY == 0 else 0

    def _train(self, checkpoint_seconds: float) -> Iterator[Moment]:
        records = train(
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
            record = next(records)
            self.tally.note(record.loss_d, record.loss_g)
            epoch_ends = record.iteration % self.iterations_per_epoch == 0
            is_time = epoch_ends or record.iteration % PROBE_EVERY == 0
            if is_time or self.device == "cpu":  # a GPU would have to finish what it has been given
                losses = self._fetch_losses()[-1]
            if is_time:
                probe = self._probe()
                self.tally.add("probes", **probe)
            metrics = None
            if epoch_ends:
                share = (record.iteration - first) / self.iterations_per_epoch  # below 1 after a resumption
                metrics = self._end_epoch((time.perf_counter() - started) / share)
                first, started = record.iteration, time.perf_counter()
            if self.agreed(time.perf_counter() - saved > checkpoint_seconds):
                self.save()
                saved = time.perf_counter()
            yield Moment(record.iteration, self.epoch, **losses, **probe, metrics=metrics)
        next(records, None)  # train looks at the last update
        self._finish()

    def _fetch_losses(self) -> list[dict[str, float]]:
        """Return the losses since the last time, which now count, or raise if one of them is NaN or infinite."""
        losses, now = self.tally.fetch(), self.state.iteration
        for iteration, pair in enumerate(losses, now - len(losses) + 1):
            for name, loss in zip(("J_D", "J_G"), pair.values(), strict=True):
                check_in_time(iteration, name, np.float64(loss), now=now)
                check_loss(iteration, name, np.float64(loss), D=self.D, G=self.G)
        return losses

    def _probe(self) -> dict[str, float]:
        x_fake = self.G(self.z_view[:N_PROBE])
        d_real, d_fake = sigmoid(self.D(self.x[:N_PROBE])).mean(), sigmoid(self.D(x_fake)).mean()
        check_loss(self.state.iteration, "mean D(x) + mean D(G(z))", d_real + d_fake, D=self.D, G=self.G)
        return {"d_real": float(d_real), "d_fake": float(d_fake)}

    def _end_epoch(self, seconds: float) -> dict[str, Any] | None:
        """Score and draw if it is time; write the line of the epoch that has just ended, and return it: rank 0 does."""
        self.tally.collect(self.ranks)
        epoch, means = self.epoch, self.tally.means()
        self.tally.clear()
        if self.ranks.rank > 0:
            return None
        metrics: dict[str, Any] = {"epoch": epoch, "iteration": self.state.iteration, **means}
        metrics |= {"learning_rate": self.optimizer_g.learning_rate, "momentum": self.optimizer_g.momentum}
        if epoch == 1 or epoch % self.config["evaluate_every"] == 0:
            if len(self.validation):
                metrics["parzen"] = quick_score(self.G(self.z_view), self.validation)
            self.folder.samples.mkdir(exist_ok=True)
            draw_samples(self._picture(), self.folder.samples / f"epoch_{epoch:04d}.png")
        metrics |= {"seconds": round(seconds, 3), "examples_per_second": round(len(self.x) / seconds, 1)}
        self.folder.append_metrics(metrics)
        return metrics

    def draw_live(self, path: str | Path) -> None:
        """Draw where the run is: samples from the fixed z beside the curves so far."""
        title = f"{self.folder.path.name}, epoch {self.state.iteration / self.iterations_per_epoch:.1f}"
        draw_live(self._picture(), self.folder.read_metrics(), path, title=title)

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
        summary["seconds"] = round(sum(line["seconds"] for line in metrics), 1)
        write_json(self.folder.summary, summary)
