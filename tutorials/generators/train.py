"""Train the small generator that lesson 11 ships.

    python tutorials/generators/train.py

trains on MNIST where it is found and on glyphs where it is not, for some five minutes of one core, and writes mnist.npz
or glyphs.npz beside this file: weights and biases in half precision, named by layer. `numpy.load` reads them.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from tinygan.adversarial import train
from tinygan.data import ScaledImages, marginal_mean, mnist_or_glyphs
from tinygan.layers import Layer, Sequential
from tinygan.recipes.mnist_quick import MNISTQuick
from tinygan.runs.checkpoint import parameter_arrays


class Noise(Layer):
    """Adds Gaussian noise to what D sees: y = x + std N(0, I)."""

    def __init__(self, std):
        self.std = std

    def __call__(self, x):
        return x

    def forward(self, x, *, rng=None):
        return x + (self.std * rng.standard_normal(x.shape)).astype(x.dtype), None

    def backward_input(self, grad_y, cache):
        return grad_y


# `tinygan train mnist-quick` with other lengths. Glyphs differ in a few factors only, and their edges are so clean that
# D would win at once: they get a narrower G, fewer numbers in z, and noise on both real and generated images.
RECIPES = {
    "MNIST": (replace(MNISTQuick(), n_epochs=60), 0.0),
    "glyphs": (replace(MNISTQuick(), n_epochs=40, generator_units=200, latent_dim=10), 0.5),
}

digits = mnist_or_glyphs(n_train=50_000)
recipe, std = RECIPES[digits.name]
x = ScaledImages(digits.train.images, recipe.preprocess)
G = recipe.generator(marginal_mean(digits.train.images), rng=0)
noise = Noise(std)
D = Sequential(noise, *recipe.discriminator(x.shape[1], rng=1).layers)
optimizer_d, optimizer_g = recipe.optimizers(D, G)
n_batches = recipe.iterations_per_epoch(len(x))
n_iterations = recipe.n_epochs * n_batches
records = train(
    D,
    G,
    x,
    recipe.prior(),
    optimizer_d=optimizer_d,
    optimizer_g=optimizer_g,
    n_iterations=n_iterations,
    batch_size=recipe.batch_size,
    updates=recipe.updates,
    rng=2,
)
for done in range(n_iterations):
    recipe.schedule(optimizer_d, optimizer_g, iteration=done, epoch=done // n_batches)
    noise.std = std * (1 - 0.7 * done / n_iterations)
    record = next(records)
    if record.iteration % n_batches == 0:
        print(f"epoch {record.iteration // n_batches}: J_D {record.loss_d:.3f}, J_G {record.loss_g:.3f}", flush=True)

path = Path(__file__).with_name(f"{digits.name.lower()}.npz")
halves = {name: array.astype(np.float16) for name, array in parameter_arrays(G=G).items()}
np.savez_compressed(path, **halves)
print(f"{path.name}: {path.stat().st_size:,} bytes")
