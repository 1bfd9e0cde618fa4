# %% [markdown]
# # 11. MNIST: does it remember?
#
# A generator could cheat. It could learn a few thousand training images by heart and draw one of them for each z. Its
# samples would be perfect, and it would have learned nothing. The paper meets this suspicion with two pictures: Figure
# 2 shows the training image that is nearest to a sample, and Figure 3 walks along a line in z. In this lesson you make
# both from a trained G, and find out what they prove.
#
# You need lesson 10, or a formula from it: $|x - \mu|^2 = |x|^2 + |\mu|^2 - 2\, x \cdot \mu$.

# %%
import numpy as np

from tinygan.adversarial import NoisePrior
from tinygan.data import mnist_or_glyphs, scale_to_unit
from tinygan.figures.lesson import picture
from tinygan.figures.style import BLACK, BLUE, GREEN, VERMILION
from tinygan.functional import sigmoid
from tinygan.lessons import NotYetWritten, check, once_written, show
from tinygan.lessons.catalog import folder

# %% [markdown]
# ## First, a prediction
#
# Take a sample of G and a fresh test image, which neither G nor D has ever seen. Which of them is nearer to its nearest
# training image?
#
# Then take two samples, G(z_0) and G(z_1), and the point halfway between z_0 and z_1. What does G draw there: both
# samples at once like a film exposed twice, one of them, or something else? Write down both answers.

# %%
prediction = """
"""

# %% [markdown]
# ## A trained G
#
# To train a generator takes some five minutes, so this lesson comes with two small ones. One was trained on the 50,000
# training images of MNIST. The other was trained on 50,000 glyphs, which are digits drawn by a program. Whoever looks
# for copies needs the training images, and MNIST may not be on your machine; glyphs are drawn in a moment. The lesson
# takes MNIST where it is found. `tutorials/generators/train.py` made both generators.

# %%
digits = mnist_or_glyphs(n_train=50_000)
train, test = scale_to_unit(digits.train.images), scale_to_unit(digits.test.images)
weights = {
    name: half.astype(np.float32)
    for name, half in np.load(folder() / "generators" / f"{digits.name.lower()}.npz").items()
}
print(f"G was trained on {len(train):,} images of {digits.name}.")


def G(z):
    """Return images, (m, 784), for the rows of z: two layers of ReLU and a sigmoid, as in the paper."""
    h = np.maximum(z @ weights["G.0.weight"] + weights["G.0.bias"], 0)
    h = np.maximum(h @ weights["G.2.weight"] + weights["G.2.bias"], 0)
    return sigmoid(h @ weights["G.4.weight"] + weights["G.4.bias"])


latent_dim = len(weights["G.0.weight"])
prior = NoisePrior("uniform", latent_dim, low=-np.sqrt(3), high=np.sqrt(3))
samples = G(prior.sample(300, rng=0))

# %% [markdown]
# ## The nearest training image
#
# For each sample, look for the training image at the least distance |x − μ|. The root changes nothing in which is
# least, and neither does $|x|^2$: it is the same for all training images. So only $|\mu|^2 - 2\, x \cdot \mu$ need be
# compared. $|\mu|^2$ stays. Without it, the brightest image would be everybody's neighbour.
#
# ### Exercise 11.1: nearest_indices


# %%
def nearest_indices(x, examples):
    """Return for each row of x, (m, d), the index of the nearest row of examples, (n, d); make no (m, n, d) array."""
    ### BEGIN SOLUTION
    squares = (examples**2).sum(axis=1) - 2 * x @ examples.T
    return squares.argmin(axis=1)
    ### END SOLUTION


check("nearest_indices", nearest_indices)

# %% [markdown]
# This is Figure 2 of the paper. The samples are not chosen: they are the first twenty. The right column shows the
# training image nearest to the sample on its left.


# %%
def sheet(images, n_columns):
    """Return images side by side, row by row, with a thin line between them."""
    tiles = np.pad(images.reshape(-1, n_columns, 28, 28), ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=0.5)
    return np.block([list(row) for row in tiles])


with once_written():
    first = samples[:20]
    neighbours = train[nearest_indices(first[4::5], train)]
    left, right = sheet(first, 5), sheet(neighbours, 1)
    gap = np.ones((len(left), 10))
    figure, axes = picture(height=4.4)
    axes.imshow(np.hstack([left, gap, right]), cmap="gray", vmin=0, vmax=1)
    axes.text(0, -3, "samples", fontsize=15)
    axes.text(left.shape[1] + 40, -3, "nearest training image", fontsize=15, color=VERMILION, ha="right")
    axes.axis("off")
    show(figure, alt="Twenty samples in four rows and, beside the last of each row, the training image nearest to it.")

# %% [markdown]
# No sample is the same as its neighbour. So G does not copy? Not so fast: we have nothing to compare with.
#
# ## How near is near?
#
# Fresh test images are as new to the training set as samples should be. They are the yardstick: measure how far *they*
# are from their nearest training images. Copies would come much nearer than that.
#
# ### Exercise 11.2: distances_to_training


# %%
def distances_to_training(samples, train, test):
    """Return the distance from each sample to the nearest training image, and the same for each test image."""

    ### BEGIN SOLUTION
    def distances(x):
        return np.linalg.norm(x - train[nearest_indices(x, train)], axis=1)

    return distances(samples), distances(test)
    ### END SOLUTION


check("distances_to_training", distances_to_training)

# %% [markdown]
# One more set for comparison: **moved copies**, training images that were moved one pixel to the right. Nobody would
# call them new.

# %%
moved = np.roll(train[:300].reshape(-1, 28, 28), 1, axis=2).reshape(-1, 784)

with once_written():
    of_samples, of_test = distances_to_training(samples, train, test[:300])
    of_moved, _ = distances_to_training(moved, train, test[:1])
    figure, axes = picture(height=3.8)
    bins = np.linspace(0, max(of_samples.max(), of_test.max(), of_moved.max()), 31)
    for name, distances, color in (
        ("samples", of_samples, GREEN),
        ("test images", of_test, BLACK),
        ("moved copies", of_moved, VERMILION),
    ):
        axes.hist(distances, bins, histtype="step", color=color, linewidth=2.5, label=name)
        print(f"{name:<13} median distance to the nearest training image {np.median(distances):.2f}")
    axes.legend()
    axes.set(xlabel="distance to the nearest training image", ylabel="images")
    show(
        figure,
        alt="Histograms of the distance to the nearest training image, for samples, test images and moved copies. "
        "None of the three sets lies at 0, and the moved copies are no nearer than the test images.",
    )

# %% [markdown]
# Here is the answer to your first question. On MNIST, samples come about as near to the training images as test images
# do. With glyphs they stay farther away: a glyph has only five factors, so each test image has a near neighbour, and
# the strokes of G are not as clean. A G that draws its training images as they are would stand at 0. Neither of the two
# does.
#
# Then there is a warning. The moved copies are copies to every eye, and they lie as far from the training images as
# test images do, or farther. One pixel to the right is a long way in 784 dimensions. So Figure 2 shows that G does not
# copy pixel by pixel. It cannot show that G has not copied.

# %% [markdown]
# ## Along a line in z
#
# Figure 3 asks another question: what does G draw between two samples? Take two points of the prior and go from one to
# the other in a straight line:
#
# $$ z(t) = (1 - t)\, z_0 + t\, z_1, \qquad 0 \le t \le 1 . $$
#
# At t = 0 this is $z_0$, and at t = 1 it is $z_1$. G turns each point of the line into an image.
#
# ### Exercise 11.3: images_on_a_line


# %%
def images_on_a_line(G, z_0, z_1, n_steps):
    """Return n_steps images that G draws at equal steps from z_0 to z_1, both ends among them.

    z_0 and z_1 are vectors; G takes rows of z, (m, latent_dim), and returns rows of pixels.
    """
    ### BEGIN SOLUTION
    t = np.linspace(0, 1, n_steps)[:, None]
    return G((1 - t) * z_0 + t * z_1)
    ### END SOLUTION


check("images_on_a_line", images_on_a_line)

# %% [markdown]
# A generator that stores images has no image for a point in between. It would have to stay at one image for a while,
# and then jump to another. So measure the steps.
#
# ### Exercise 11.4: step_lengths


# %%
def step_lengths(images):
    """Return the L2 distance from each image to the next, (n - 1,); images is (n, n_pixels)."""
    ### BEGIN SOLUTION
    steps = images[1:] - images[:-1]
    return np.sqrt((steps**2).sum(axis=1))
    ### END SOLUTION


check("step_lengths", step_lengths)

# %% [markdown]
# Three ways to go from one sample to another:
#
# - **line in z**: what you have just written;
# - **stored**: for each image of that line, the nearest training image. This is a generator that remembers;
# - **line in pixels**: (1 − t) G(z_0) + t G(z_1), which needs no G in between.

# %%
N_STEPS = 13


def three_ways(z_0, z_1):
    """Return the images of the three ways from G(z_0) to G(z_1), by name."""
    in_z = images_on_a_line(G, z_0, z_1, N_STEPS)
    t = np.linspace(0, 1, N_STEPS)[:, None]
    return {
        "line in z": in_z,
        "stored": train[nearest_indices(in_z, train)],
        "line in pixels": (1 - t) * in_z[0] + t * in_z[-1],
    }


def grey(images):
    """Return how grey images are: 0 if each pixel is black or white, 1 if each is halfway."""
    return (4 * images * (1 - images)).mean()


COLORS = {"line in z": GREEN, "stored": VERMILION, "line in pixels": BLUE}

with once_written():
    z = prior.sample(20, rng=1)
    ways = [three_ways(*ends) for ends in zip(z[::2], z[1::2], strict=True)]
    figure, panels = picture(1, 3, height=1.6)
    for axes, (name, color) in zip(panels, COLORS.items(), strict=True):
        axes.imshow(sheet(np.concatenate([way[name] for way in ways[:3]]), N_STEPS), cmap="gray", vmin=0, vmax=1)
        axes.set_title(name, color=color, fontsize=15, loc="left")
        axes.axis("off")
        lengths = [step_lengths(way[name]) for way in ways]
        largest = np.mean([steps.max() / steps.sum() for steps in lengths])
        still = np.mean([(steps == 0).mean() for steps in lengths])
        middle = np.mean([grey(way[name][N_STEPS // 2]) for way in ways])
        print(f"{name:<14} largest step {largest:.0%} of the way, no step {still:.0%} of the time, grey {middle:.2f}")
    show(
        figure,
        alt="Three lines from one sample to another, in three ways. Along a line in z, one digit bends into the other. "
        "With stored images, the digit stays for some steps and jumps. Along a line in pixels, both digits lie over "
        "each other in the middle.",
    )

# %% [markdown]
# The line in z moves in small steps and stays black and white. Halfway it shows strokes that are in neither end. The
# stored images stand still and jump. The line in pixels has the most even steps of all, and that is no merit: in the
# middle it shows both ends in grey. Even steps alone prove nothing; neither does a sharp image. Together they say that
# G has learned how strokes can change.

# %% [markdown]
# ## A bug to find
#
# Samples that pass for digits do not prove a program right, either. This layer remembers, too: it keeps its input on
# `self`. A well-known GAN in NumPy does this, and it draws plausible digits.

# %%
from tinygan.gradcheck.gallery import GALLERY, report

print(GALLERY["input_on_self"].source)
print(report(GALLERY["input_on_self"]))

# %% [markdown]
# ## Explain
#
# The paper says that the last column of Figure 2 is there "in order to demonstrate that the model has not memorized the
# training set". In four sentences: what does that column show, what does it not show, and which comparison would you
# add?

# %%
explanation = """
"""

# %% [markdown]
# ## Where to read on
#
# - The paper, section 5, Figures 2 and 3.
# - `tinygan/evaluation/neighbours.py`: nearest images among any number, with exact distances.
# - `tinygan/experiments/figures2and3.py`, and `tinygan samples` and `tinygan interpolate`, which draw both figures from
#   a run of your own.
# - `docs/mnist.md`: how to train on MNIST with the paper's recipe.
