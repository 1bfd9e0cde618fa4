# %% [markdown]
# # 9. Saturation: why not the loss of eq. (1)?
#
# In eq. (1), two players share one number: D raises V, and G lowers it. In section 3 the paper then says that G had
# better not do this, and gives it a loss of its own. Why? In this lesson you write both losses of G with their
# gradients, compute how much time each of them costs, and watch a G that stands still on digits.
#
# You need the two steps of Algorithm 1 (lesson 6) and the sigmoid (lesson 3).

# %%
import numpy as np

from tinygan.adversarial import NoisePrior, train
from tinygan.backend import blas_threads
from tinygan.data import mnist_or_glyphs
from tinygan.figures.lesson import picture
from tinygan.figures.style import BLUE, GREEN, VERMILION
from tinygan.layers import Linear, ReLU, Sequential, Sigmoid, marginal_bias
from tinygan.lessons import NotYetWritten, check, once_written, show
from tinygan.optim import SGD, RMSProp

# %% [markdown]
# ## First, a prediction
#
# Early in training, D finds it easy to tell samples from data: it gives a sample of G one chance in 1,000 of being
# real. Two generators start from here. The first lowers log(1 − D(G(z))), as eq. (1) says. The second raises
# log D(G(z)). Both have the same learning rate, and both go on until D says 1/2. How many times as long does the first
# one take: once, twice, ten times, a hundred times?

# %%
prediction = """
"""

# %% [markdown]
# ## What eq. (1) tells G
#
# D ends in a logit a, and D = σ(a) = 1 / (1 + exp(−a)). Only one part of V depends on G:
#
# $$ J_G = \frac1m \sum_i \log (1 - D(G(z_i))) . $$
#
# All that G hears of D comes down through the logit, so everything depends on one slope. Since
# 1 − D = 1 / (1 + exp(a)),
#
# $$ \log (1 - D) = -\log (1 + e^{a}), \qquad
#    \frac{d}{da} \log (1 - D) = - \frac{e^{a}}{1 + e^{a}} = \;? $$
#
# Write the question mark as a function of D before you go on. Where is this slope large, and where is it small?
#
# Now the computer. At a = 50, D is 1 to the last digit, so `np.log(1 - d)` is minus infinity, and the right answer is
# −50. At a = 800, exp(a) itself is infinite. So we never form D in a loss. `np.logaddexp(0, a)` is log(1 + exp(a)), and
# right for every a. If you need D, take it from its logarithm: log D = −log(1 + exp(−a)).
#
# ### Exercise 9.1: minimax_generator_loss


# %%
def minimax_generator_loss(logits):
    """Return J_G of eq. (1), the mean of log(1 - D), and its gradient; logits and gradient are (m, 1)."""
    ### BEGIN SOLUTION
    loss = -np.logaddexp(0, logits).mean()
    d = np.exp(-np.logaddexp(0, -logits))
    return loss, -d / len(logits)
    ### END SOLUTION


check("minimax_generator_loss", minimax_generator_loss)

# %% [markdown]
# The slope is −D. When D is sure that the samples are not real, D is near 0, and so is all that G hears. It gets the
# smallest gradient when it has the most to learn. This is what the paper calls saturation.
#
# Some texts tell it the other way round. To remember it, draw log(1 − D) against the logit: it is flat on the left,
# where D is sure of a fake, and it falls on the right, where G has won already.

# %% [markdown]
# ## What section 3 tells G
#
# Do not lower the probability of being caught. Raise the probability of passing: maximise log D(G(z)). An optimizer
# descends, so the loss is
#
# $$ J_G = - \frac1m \sum_i \log D(G(z_i)), \qquad -\log D = \log (1 + e^{-a}) . $$
#
# ### Exercise 9.2: non_saturating_generator_loss


# %%
def non_saturating_generator_loss(logits):
    """Return J_G of section 3, the mean of -log D, and its gradient; logits and gradient are (m, 1)."""
    ### BEGIN SOLUTION
    loss = np.logaddexp(0, -logits).mean()
    not_d = np.exp(-np.logaddexp(0, logits))
    return loss, -not_d / len(logits)
    ### END SOLUTION


check("non_saturating_generator_loss", non_saturating_generator_loss)

# %% [markdown]
# Now the slope is −(1 − D): nearly −1 when D is sure of a fake. Both slopes are negative everywhere, so for one sample
# both losses pull the same way, to a higher logit. Only the strength differs. And both can rest at the same place: if
# p_g = p_data and D says 1/2 wherever there are examples, D has no slope in x, and neither loss moves G.
#
# It is no longer one number for two players. Each has its own loss now, and V is not what G minimises. The theorem of
# lesson 8 is about eq. (1).

# %% [markdown]
# ## How long does it take?
#
# Forget the networks for a moment. Let the logit of one sample move by itself: in a short time dt it goes up by the
# slope times dt. With eq. (1) its speed is D, and with section 3 it is 1 − D. It starts at some a below 0. When does
# it reach 0, where D = 1/2?
#
# Time is distance over speed. Here the speed changes on the way, so the time is an integral:
#
# $$ T = \int_a^0 \frac{da'}{D(a')} = \int_a^0 \big( 1 + e^{-a'} \big) \, da'
#    \qquad \text{and} \qquad T = \int_a^0 \frac{da'}{1 - D(a')} = \int_a^0 \big( 1 + e^{a'} \big) \, da' . $$
#
# ### Exercise 9.3: time_to_half


# %%
def time_to_half(logit):
    """Return how long the logit takes to 0, with eq. (1) and with section 3; all three have the shape of logit."""
    ### BEGIN SOLUTION
    minimax = -logit + np.exp(-logit) - 1
    non_saturating = -logit + 1 - np.exp(logit)
    return minimax, non_saturating
    ### END SOLUTION


check("time_to_half", time_to_half)

# %% [markdown]
# ## The picture: two slopes, and what they cost
#
# Now for your prediction. The left panel shows both slopes. On the right, your two gradients move a logit from
# D = 1/1000, in steps of length 0.1.


# %%
def climb(loss, logit, until=1200.0, step=0.1):
    """Return the times, and D at each of them, while the logit descends the loss."""
    logit, logits = np.full((1, 1), logit), []
    for _ in range(int(until / step)):
        logits.append(logit.item())
        logit = logit - step * loss(logit)[1]
    return step * np.arange(1, len(logits) + 1), 1 / (1 + np.exp(-np.array(logits)))


with once_written():
    start = -np.log(999)  # D = 1/1000
    d = np.linspace(0.001, 0.999, 200)
    figure, (left, right) = picture(2, height=3.6)
    for loss, color in ((minimax_generator_loss, VERMILION), (non_saturating_generator_loss, GREEN)):
        slopes = [loss(np.full((1, 1), np.log(p / (1 - p))))[1].item() for p in d]
        left.plot(d, np.abs(slopes), color=color, linewidth=3)
        right.semilogx(*climb(loss, start), color=color, linewidth=3)
    left.annotate("eq. (1)", (0.82, 0.86), color=VERMILION, fontsize=15, ha="right")
    left.annotate("section 3", (0.2, 0.86), color=GREEN, fontsize=15)
    left.axvspan(0, 0.1, color="0.9")
    left.annotate("early in training", (0.05, 0.48), color="0.3", rotation=90, ha="center", va="center")
    left.set(xlabel="D(G(z))", ylabel="size of the slope", xlim=(0, 1), ylim=(0, 1.05))
    right.axhline(0.5, color="0.7", linewidth=1.2, zorder=0)
    right.annotate("eq. (1)", (700, 0.2), color=VERMILION, fontsize=15, ha="right")
    right.annotate("section 3", (6, 0.7), color=GREEN, fontsize=15, ha="right")
    right.set(xlabel="time", ylabel="D(G(z))", ylim=(0, 1))
    show(
        figure,
        alt="Left: the size of both slopes against D. With eq. (1) it rises from 0 to 1, with section 3 it falls from "
        "1 to 0; early in training, D is near 0. Right: D of a sample against time, on a logarithmic scale. From "
        "1/1000 it reaches 1/2 at time 8 with the loss of section 3, and at time 1,000 with eq. (1).",
    )
    slow, fast = time_to_half(start)
    print(
        f"from D = 1/1000 to D = 1/2: time {slow:.0f} with eq. (1), {fast:.1f} with section 3: {slow / fast:.0f} times"
    )

# %% [markdown]
# This was the good case, in which D waits. The real D goes on learning in the meantime, and the logit sinks.

# %% [markdown]
# ## A real run that stalls
#
# Small players, 5,000 digits: MNIST where tinygan finds it, else our glyphs, drawn from strokes. G begins as the mean
# of all images, with a little noise from z. We train three times from the same weights and with the same examples: with
# each of your two losses by gradient descent with momentum, as in the paper, and once more with the loss of eq. (1) by
# RMSProp. The first picture shows what D says of the samples, and the second shows the samples.

# %%
digits = mnist_or_glyphs(n_train=5000)
images = digits.train.images.reshape(5000, -1) / np.float32(255)
print(f"These are images of {digits.name}.")


def step_with(generator_loss):
    """Return the step of G of Algorithm 1 with a loss of our own."""

    def generator_step(D, G, z, optimizer, *, rng=None):
        x_fake, cache_g = G.forward(z, rng=rng)
        logits, cache_d = D.forward(x_fake, rng=rng)
        loss, grad_logits = generator_loss(logits)
        G.backward_params(D.backward_input(grad_logits, cache_d), cache_g)
        optimizer.step()
        return loss

    return generator_step


def play(generator_loss, optimizer, *settings, n_iterations=1000):
    """Train small players; return D(G(z)) after each iteration, the first samples and the last."""
    rng, prior = np.random.default_rng(0), NoisePrior("uniform", 32)
    G = Sequential(
        Linear(32, 128, rng=rng),
        ReLU(),
        Linear(128, 784, bias_init=marginal_bias(images.mean(axis=0)), rng=rng),
        Sigmoid(),
    )
    D = Sequential(Linear(784, 128, rng=rng), ReLU(), Linear(128, 1, rng=rng))
    z = prior.sample(50, rng=rng)
    first, passed = G(z), []
    game = train(
        D,
        G,
        images,
        prior,
        optimizer_d=optimizer(D.parameters, *settings),
        optimizer_g=optimizer(G.parameters, *settings),
        n_iterations=n_iterations,
        generator_step=step_with(generator_loss),
        rng=rng,
    )
    with blas_threads(1):  # for players as small as these, several threads only wait for each other
        for _ in game:
            passed.append((1 / (1 + np.exp(-D(G(z))))).mean())
    return passed, first, G(z)


with once_written():
    runs = {
        "eq. (1)": (VERMILION, play(minimax_generator_loss, SGD, 0.1, 0.5)),
        "section 3": (GREEN, play(non_saturating_generator_loss, SGD, 0.1, 0.5)),
        "eq. (1) with RMSProp": (BLUE, play(minimax_generator_loss, RMSProp, 0.001)),
    }
    figure, axes = picture(height=3.6)
    for name, (color, (passed, _, _)) in runs.items():
        smooth = np.exp(np.convolve(np.log(passed), np.full(20, 1 / 20), mode="valid"))
        axes.semilogy(np.arange(20, 1001), smooth, color=color, linewidth=2.6)
        axes.annotate(name, (1010, smooth[-1]), color=color, fontsize=13, va="center", annotation_clip=False)
    axes.set(xlabel="iterations", ylabel="D(G(z))", xlim=(0, 1000), ylim=(3e-4, 1))
    show(
        figure,
        alt="The mean of D(G(z)) against the iterations, on a logarithmic scale. With the loss of eq. (1) it sinks to "
        "about a thousandth and goes on sinking. With the loss of section 3, and with RMSProp, it stays higher.",
    )

    figure, rows = picture(n_rows=4, height=1.0)
    shown = {"the first samples": ("0.3", runs["eq. (1)"][1][1])}
    shown |= {name: (color, samples) for name, (color, (_, _, samples)) in runs.items()}
    for axes, (name, (color, samples)) in zip(rows, shown.items(), strict=True):
        axes.imshow(samples[:10].reshape(10, 28, 28).transpose(1, 0, 2).reshape(28, 280), cmap="gray")
        axes.set_title(name, color=color, fontsize=13, loc="left")
        axes.set_axis_off()
    show(
        figure,
        alt="Four rows of ten samples. The first samples all look like the blurred mean of the digits. After training "
        "with the loss of eq. (1) they still do. With the loss of section 3, and with RMSProp, they are strokes, some "
        "of them digits.",
    )
    for name, (_, (_, first, samples)) in runs.items():
        print(f"{name:<21} a pixel has moved by {abs(samples - first).mean():.5f} since the start")

# %% [markdown]
# With eq. (1), G has hardly moved. D won in the first hundred iterations. From then on G heard some hundredths of the
# full slope, and in the end a thousandth. Both losses are near 0 and quiet, which looks like success.
#
# The loss of section 3 does not make G win. D is still ahead, and some samples are speckle. But G is told at full
# strength what to change, and so it goes on learning.
#
# And RMSProp? It divides each gradient by its own usual size. What eq. (1) makes small, it makes large again. So a
# program may train with eq. (1), and nobody notices. But this works only as long as the small number is there at all:

# %%
with once_written():
    tiny = minimax_generator_loss(np.full((1, 1), -20, np.float32))[1]
    print(f"the slope of eq. (1) at a = -20: {tiny.item():.1e} in float32, {tiny.astype(np.float16).item()} in float16")

# %% [markdown]
# ## A bug to find
#
# This step of G is from the gallery, and comes from a published library. Its users saw just what you saw: D wins, the
# samples stay as they were. They said that GANs are hard to train. Read the code, and say how you would tell this bug
# from saturation, by looking at one number. Then read what the gradient checker says.

# %%
from tinygan.gradcheck.gallery import GALLERY, report

print(GALLERY["lost_gradient"].source)
print(report(GALLERY["lost_gradient"]))

# %% [markdown]
# ## Explain
#
# Your friend trains with the loss of eq. (1). After an hour D's loss is 0.001 and G's loss is −0.001. "Both are near 0,
# so the game has converged." In three sentences: what has happened, what would the losses be at p_g = p_data, and what
# would you change first?

# %%
explanation = """
"""

# %% [markdown]
# ## Where to read on
#
# - The paper, section 3: its last paragraph is what this lesson is about.
# - `tinygan/adversarial/objectives.py`: both losses, and two that others have invented since.
# - `tinygan train mnist --objective minimax`: the same loss, with the players of the paper.
# - Lesson 10: G has learned something. How good is it, in nats?
