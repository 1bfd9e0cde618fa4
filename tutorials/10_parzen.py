# %% [markdown]
# # 10. Parzen: is 225 nats good?
#
# Table 1 of the paper says: adversarial nets on MNIST, 225 ± 2. It is the only number in the paper that says how good
# the samples are. In this lesson you write the evaluator that gave it. Then you ask the evaluator about pictures of
# which you know how good they are.
#
# You need Gaussians and logarithms.

# %%
import numpy as np

from tinygan.data import mnist_or_glyphs, scale_to_unit
from tinygan.evaluation import k_means
from tinygan.figures.lesson import picture
from tinygan.figures.style import BLACK, BLUE, VERMILION
from tinygan.lessons import NotYetWritten, check, once_written, show

# %% [markdown]
# ## First, a prediction
#
# Three sets of 1,000 pictures pretend to be the samples of a generator:
#
# - **real**: 1,000 training images;
# - **blurred**: the same images, each pixel the mean of four neighbours;
# - **averages**: 1,000 centroids of k-means, each the mean of some training images that look alike.
#
# The evaluator compares each set with the same test images. Which set gets the most nats, and which the least? Write
# down your order, and why.

# %%
prediction = """
"""

# %% [markdown]
# ## The images

# %%
digits = mnist_or_glyphs(n_train=10_000)
train, validation, test = (scale_to_unit(part.images) for part in digits[1:])
print(f"These are images of {digits.name}: {len(train):,} to train on, {len(validation):,} and {len(test):,} others.")

# %% [markdown]
# If it says glyphs, MNIST is not on this machine, and drawn digits stand in for it. All that follows is true of both;
# the numbers differ.
#
# ## A density from samples
#
# How likely is a test image x under G? We want log p_g(x), and G cannot tell: it can draw samples, and that is all.
# Section 5 of the paper takes a detour. Draw n samples μ_1, ..., μ_n from G, put a Gaussian of width σ on each, and use
# the mean of these Gaussians as if it were p_g:
#
# $$ p(x) = \frac{1}{n} \sum_{j=1}^n N(x;\, \mu_j, \sigma^2 I), \qquad
#    N(x;\, \mu, \sigma^2 I) = \frac{1}{(\sigma \sqrt{2\pi})^d}\, e^{-|x - \mu|^2 / (2 \sigma^2)} . $$
#
# This is a Parzen window. x has d pixels, so it is a point in d dimensions.
#
# All that we need of x is its squared distance from each sample. The direct way makes an array of all differences,
# m × n × d numbers for m images and n samples. The next cell says how large that is for Table 1. But
#
# $$ |x - \mu|^2 = |x|^2 + |\mu|^2 - 2\, x \cdot \mu , $$
#
# and all the products x·μ are one product of two matrices.

# %%
m, n, d = 10_000, 10_000, 784
print(f"m n d numbers: {8 * m * n * d / 1e9:.0f} gigabytes; m n numbers: {8 * m * n / 1e9:.1f} gigabytes")

# %% [markdown]
# ### Exercise 10.1: squared_distances


# %%
def squared_distances(x, samples):
    """Return |x_i - mu_j|^2 for all i and j, of shape (m, n); x is (m, d) and samples is (n, d).

    Make no array of shape (m, n, d).
    """
    ### BEGIN SOLUTION
    x_squared = (x**2).sum(axis=1)
    samples_squared = (samples**2).sum(axis=1)
    return x_squared[:, None] + samples_squared - 2 * x @ samples.T
    ### END SOLUTION


check("squared_distances", squared_distances)

# %% [markdown]
# ## Its logarithm
#
# With $a_j = -|x - \mu_j|^2 / (2\sigma^2)$, the logarithm of p(x) is
#
# $$ \log p(x) = \log \frac{1}{n} \sum_j e^{a_j} - d \log (\sigma \sqrt{2\pi}) . $$
#
# A computer cannot do this as it stands. Images lie far apart in 784 dimensions, and $a_j$ is soon below −1000. Then
# $e^{a_j}$ is 0 in floating point, for every j, and the logarithm of the sum is −∞. But we may take any number b out of
# the sum:
#
# $$ \log \sum_j e^{a_j} = b + \log \sum_j e^{a_j - b} . $$
#
# With b the largest $a_j$, the largest term is $e^0 = 1$. Nothing that matters is lost.
#
# ### Exercise 10.2: parzen_log_density


# %%
def parzen_log_density(squares, sigma, d):
    """Return log p(x) in nats for each x, of shape (m,).

    squares is (m, n), the squared distance of each x from each sample; d is the number of pixels.
    """
    ### BEGIN SOLUTION
    a = -squares / (2 * sigma**2)
    b = a.max(axis=1)
    log_mean = b + np.log(np.exp(a - b[:, None]).mean(axis=1))
    return log_mean - d * np.log(sigma * np.sqrt(2 * np.pi))
    ### END SOLUTION


check("parzen_log_density", parzen_log_density)

# %% [markdown]
# ## How certain is the mean?
#
# The score is the mean of log p(x) over the test images. Other test images would give another mean. If one log p(x) has
# the standard deviation s, the sum of n independent ones has the variance n s², and their mean n s² / n² = s² / n. The
# root of this is the **standard error**: the ± of Table 1.
#
# ### Exercise 10.3: mean_and_error


# %%
def mean_and_error(log_densities):
    """Return the mean of the log-densities, (n,), and its standard error, with s computed as by np.std."""
    ### BEGIN SOLUTION
    return log_densities.mean(), log_densities.std() / np.sqrt(len(log_densities))
    ### END SOLUTION


check("mean_and_error", mean_and_error)

# %% [markdown]
# Read the ± for what it is. It knows about other test images. It knows nothing about another seed, another training,
# or another choice of σ.
#
# ## Who chooses σ?
#
# σ belongs to the evaluator, and nothing in G says what it is. The authors try ten values and take the one that makes
# *validation* images most likely. Then they score the test images, once. Who chooses σ on the test images reports the
# best of ten tries.
#
# ### Exercise 10.4: parzen_score


# %%
def parzen_score(samples, validation, test, sigmas):
    """Return mean and standard error of log p(x) over the test images, and the sigma from sigmas that was chosen.

    The windows stand on the samples; samples, validation and test are arrays of rows.
    """
    ### BEGIN SOLUTION
    d = samples.shape[1]
    squares = squared_distances(validation, samples)
    means = [parzen_log_density(squares, sigma, d).mean() for sigma in sigmas]
    sigma = sigmas[np.argmax(means)]
    log_densities = parzen_log_density(squared_distances(test, samples), sigma, d)
    return *mean_and_error(log_densities), sigma
    ### END SOLUTION


check("parzen_score", parzen_score)

# %% [markdown]
# ## The picture: nats against σ
#
# Now for your prediction. The same evaluator looks at the three sets.

# %%
SIGMAS = np.geomspace(0.1, 0.5, 21)


def blurred(rows):
    """Return images in which each pixel is the mean of itself and of its neighbours to the right, below and between."""
    images = rows.reshape(-1, 28, 28)
    moved = [np.roll(images, shift, axis=(1, 2)) for shift in [(0, 0), (0, -1), (-1, 0), (-1, -1)]]
    return np.mean(moved, axis=0).reshape(-1, 784)


def curve(samples):
    """Return the mean log-density of the validation images for each sigma."""
    squares = squared_distances(validation, samples)  # once, for all sigmas
    return np.array([parzen_log_density(squares, sigma, samples.shape[1]).mean() for sigma in SIGMAS])


SETS = {
    "real": (train[:1000], BLACK),
    "blurred": (blurred(train[:1000]), BLUE),
    "averages": (k_means(train, 1000, 2, rng=0), VERMILION),
}

with once_written():
    figure, axes = picture(height=4.2)
    for name, (samples, color) in SETS.items():
        nats = curve(samples)
        mean, error, sigma = parzen_score(samples, validation, test, SIGMAS)
        print(f"{name:<9} {mean:6.1f} ± {error:.1f} nats on the test images, with sigma {sigma:.3f}")
        axes.plot(SIGMAS, nats, color=color, linewidth=2.5)
        axes.plot(sigma, nats.max(), "o", color=color, markersize=8)
        above = -45 if name == "real" else 12
        axes.annotate(name, (sigma, nats.max() + above), color=color, fontsize=15, ha="center")
    axes.set(xlabel="σ", ylabel="nats on validation images", xlim=(0.1, 0.4), ylim=(-150, nats.max() + 60))
    show(
        figure,
        alt="Mean log-likelihood of validation images against sigma, a curve for each of three sets of pictures. Each "
        "curve rises to a peak and falls. The peak of the averages is the highest, that of the blurred images comes "
        "next, and real images have the lowest.",
    )

# %% [markdown]
# And this is what they look like.

# %%
with once_written():
    figure, rows = picture(1, 3, height=1.1)
    for axes, (name, (samples, color)) in zip(rows, SETS.items(), strict=True):
        mean, error, _ = parzen_score(samples, validation, test, SIGMAS)
        axes.imshow(np.hstack(samples[:12].reshape(-1, 28, 28)), cmap="gray")
        axes.set_title(f"{name}: {mean:.0f} ± {error:.0f} nats", color=color, fontsize=15, loc="left")
        axes.axis("off")
    show(
        figure,
        alt="Twelve pictures of each set, with its score. The real ones are sharp and have the lowest score. The "
        "blurred ones are soft. The averages, some of which are smeared, have the highest.",
    )

# %% [markdown]
# The evaluator likes a blurred picture better than the real one that it was made from. Think of one window. It covers
# the images within about σ√d of its centre, so the best centre is the point that is near to many images at once: their
# average. A good picture is one image, at the rim of its cloud. The average is in the middle of the cloud, and nobody
# would take it for a picture.
#
# So a higher score does not mean better samples. Theis, van den Oord and Bethge showed this in 2016 ("A note on the
# evaluation of generative models"). It is how Table 1 misleads:

# %%
TABLE_1 = {"DBN": "138 ± 2", "Stacked CAE": "121 ± 1.6", "Deep GSN": "214 ± 1.1", "Adversarial nets": "225 ± 2"}
for model, nats in TABLE_1.items():
    print(f"{model:<17} {nats}")

# %% [markdown]
# Its four rows come from one evaluator with 10,000 samples each. They can be compared with each other, as far as the
# evaluator can be trusted. Your scores have 1,000 windows and cannot be put beside them. How much do the number of
# windows, the list of σ and the unit of a pixel matter?

# %%
with once_written():
    for n in (250, 500, 1000, 2000):
        mean, error, _ = parzen_score(train[:n], validation, test, SIGMAS)
        print(f"{n:>5} real images: {mean:6.1f} ± {error:.1f} nats")
    coarse, _, _ = parzen_score(train[:1000], validation, test, np.logspace(-1, 0, 10))
    fine, _, _ = parzen_score(train[:1000], validation, test, np.logspace(-1, 0, 91))
    print(f"With the paper's ten sigmas {coarse:.1f} nats, with nine more between each two {fine:.1f}.")
    print(f"With pixels from 0 to 255, each score is lower by 784 log 255 = {784 * np.log(255):.0f} nats.")

# %% [markdown]
# The zero of the scale means nothing: it moves with the unit of a pixel, because p is a density. Only a comparison
# means something. So is 225 nats good? It is about what real training images get from the same evaluator, with the same
# number of windows; `docs/results.md` has the number. G is as good as real images *for this evaluator*, and the same
# page shows that averages beat both by far.

# %% [markdown]
# ## A bug to find
#
# You have seen a formula that is right on paper and −∞ in floating point. This layer from the gallery has a gradient
# that is right on paper, too.

# %%
from tinygan.gradcheck.gallery import GALLERY, report

print(GALLERY["half_digits"].source)
print(report(GALLERY["half_digits"]))

# %% [markdown]
# ## Explain
#
# A paper says: "Our model reaches 300 nats and beats adversarial nets, which reach 225." Write three questions to its
# authors. For each, say which answer would make the sentence worthless.

# %%
explanation = """
"""

# %% [markdown]
# ## Where to read on
#
# - The paper, section 5 and Table 1.
# - `tinygan/evaluation/parzen.py` and `sums.py`: the same evaluator in constant memory, for all σ in one pass.
# - `docs/results.md`: our own run, beside real images and k-means with 10,000 windows each.
# - Lesson 11: another question to samples. Does G remember its training images?
