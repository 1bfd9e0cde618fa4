# %% [markdown]
# # 6. Algorithm 1: who may touch what?
#
# You have two networks and one number, V(D, G), which one of them raises and the other lowers. Algorithm 1 of the
# paper says in ten lines how they learn. In this lesson you write all of it: the two losses, the step of D, the step
# of G, and the loop. None of them is long. The difficulty is to keep the players apart: whose gradient goes where,
# through which pass, and what it may change on its way.
#
# You need lesson 3. The layers are the library's now, and you have written most of them yourself.

# %%
import numpy as np

from tinygan.adversarial import NoisePrior, jensen_shannon_divergence
from tinygan.data import Gaussian
from tinygan.experiments.figure1 import Game, Standardised, discriminator, generator
from tinygan.figures.lesson import picture
from tinygan.figures.style import BLACK, GREEN, VERMILION
from tinygan.functional import sigmoid, softplus
from tinygan.gradcheck import check_step
from tinygan.gradcheck.gallery import GALLERY
from tinygan.lessons import NotYetWritten, check, once_written, show
from tinygan.optim import RMSProp

# %% [markdown]
# ## First, a prediction
#
# D runs twice before it goes back: once on real examples, once on fake ones. Each pass returns a cache. A programmer
# calls both of them `cache`, so the second one replaces the first. The shapes fit and nothing complains. After 600
# iterations, what will the loss of D look like, beside that of a right program? And what will the samples of G look
# like? Write down what you think.

# %%
prediction = """
"""

# %% [markdown]
# ## The algorithm
#
# Algorithm 1, in the paper's words made short (section 4):
#
# ```text
# repeat:
#     repeat k times:
#         draw x_1 ... x_m from the data and z_1 ... z_m from the prior
#         move theta_d up the gradient of   1/m Σ [ log D(x_i) + log(1 − D(G(z_i))) ]
#     draw new z_1 ... z_m from the prior
#     move theta_g down the gradient of     1/m Σ log(1 − D(G(z_i)))
# ```
#
# Section 3 changes one thing. At the start D is sure of every fake, log(1 − D(G(z))) is flat there, and G learns
# nothing. So G moves **up** the gradient of log D(G(z)) instead. Lesson 9 is about this; we follow the advice now.

# %% [markdown]
# ## The loss of D
#
# Our optimizers go down, so D gets the loss J_D = −V:
#
# $$ J_D = \frac{1}{m}\sum_i -\log D(x_i) \;+\; \frac{1}{m}\sum_i -\log\bigl(1 - D(G(z_i))\bigr) . $$
#
# D ends in a number a of any size, the **logit**, and D = σ(a). It is tempting to compute σ(a) first and then its
# logarithm. But σ(50) rounds to 1, and then log(1 − D) is −∞, where the truth is −50. So we stay with the logit:
#
# $$ -\log \sigma(a) = \log(1 + e^{-a}) = \mathrm{softplus}(-a), \qquad
#    -\log(1 - \sigma(a)) = \log(1 + e^{a}) = \mathrm{softplus}(a) . $$
#
# `softplus` and `sigmoid` from `tinygan.functional` are right for every a. And since the slope of softplus is the
# sigmoid, the slopes are simple:
#
# | | loss of one example | its slope by a |
# |---|---|---|
# | real | softplus(−a) | −σ(−a) = −(1 − D) |
# | fake | softplus(a) | σ(a) = D |
#
# The two batches may differ in size, and each mean divides by its own.
#
# ### Exercise 6.1: discriminator_loss


# %%
def discriminator_loss(logits_real, logits_fake):
    """Return J_D, and its gradients with respect to logits_real and logits_fake.

    The logits have the shapes (m, 1), with an m of their own.
    """
    ### BEGIN SOLUTION
    loss = softplus(-logits_real).mean() + softplus(logits_fake).mean()
    grad_real = -sigmoid(-logits_real) / len(logits_real)
    grad_fake = sigmoid(logits_fake) / len(logits_fake)
    return loss, grad_real, grad_fake
    ### END SOLUTION


check("discriminator_loss", discriminator_loss)

# %% [markdown]
# ## The loss of G
#
# G raises log D(G(z)), so its loss is
#
# $$ J_G = \frac{1}{m}\sum_i -\log D(G(z_i)) . $$
#
# You have met this term: it is what D loses on real examples. G pays it for its fakes.
#
# ### Exercise 6.2: generator_loss


# %%
def generator_loss(logits_fake):
    """Return J_G, and its gradient with respect to logits_fake, of shape (m, 1)."""
    ### BEGIN SOLUTION
    loss = softplus(-logits_fake).mean()
    grad_logits = -sigmoid(-logits_fake) / len(logits_fake)
    return loss, grad_logits
    ### END SOLUTION


check("generator_loss", generator_loss)

# %% [markdown]
# ## Who may touch what
#
# | | theta_d | theta_g |
# |---|---|---|
# | step of D | moves | is a constant |
# | step of G | is a constant, but the gradient passes through D | moves |
#
# A network of ours has a forward pass and two ways back, and the table tells which one to take:
#
# - `y, cache = D.forward(x, rng=rng)`: the cache is all that the way back needs from this pass. D keeps nothing.
# - `D.backward_params(grad_y, cache)`: adds to the gradients of D's own parameters, and hands nothing down.
# - `D.backward_input(grad_y, cache)`: returns grad_x, and touches no parameter.
# - `optimizer.step()`: moves the parameters that it was made for, and drops their gradients.
#
# `rng` is for layers that draw, such as dropout. Pass it on to every forward pass.

# %% [markdown]
# ## The step of D
#
# Three passes go forward: G on z, D on x, D on what G made. Then two go back, both through D. Their gradients add
# up, because J_D is a sum. Nothing goes back through G.
#
# ### Exercise 6.3: discriminator_step


# %%
def discriminator_step(D, G, x, z, optimizer, *, rng=None):
    """Update D once, by the gradient of J_D, and return J_D as it was before the update."""
    ### BEGIN SOLUTION
    x_fake, _ = G.forward(z, rng=rng)
    logits_real, cache_real = D.forward(x, rng=rng)
    logits_fake, cache_fake = D.forward(x_fake, rng=rng)
    loss, grad_real, grad_fake = discriminator_loss(logits_real, logits_fake)
    D.backward_params(grad_real, cache_real)
    D.backward_params(grad_fake, cache_fake)
    optimizer.step()
    return loss
    ### END SOLUTION


check("discriminator_step", discriminator_step)

# %% [markdown]
# ## The step of G
#
# The loss of G is a function of theta_g through two networks, J_G(D(G(z))). The chain rule walks back through both:
# first through D, where it changes nothing, then through G.
#
# ### Exercise 6.4: generator_step


# %%
def generator_step(D, G, z, optimizer, *, rng=None):
    """Update G once, by the gradient of J_G, and return J_G as it was before the update."""
    ### BEGIN SOLUTION
    x_fake, cache_g = G.forward(z, rng=rng)
    logits, cache_d = D.forward(x_fake, rng=rng)
    loss, grad_logits = generator_loss(logits)
    grad_x_fake = D.backward_input(grad_logits, cache_d)
    G.backward_params(grad_x_fake, cache_g)
    optimizer.step()
    return loss
    ### END SOLUTION


check("generator_step", generator_step)

# %% [markdown]
# Look at `grad_x_fake`. Minus this array says, for every example that G made, in which direction it should move so
# that D takes it for real. It is all that G ever learns about the data. G never sees a real example.

# %% [markdown]
# ## The loop
#
# Now put the steps together. `step_d(x, z)` and `step_g(z)` do one step each and return its loss; `draw_x()` and
# `draw_z()` return a new minibatch each time that they are called.
#
# ### Exercise 6.5: algorithm_1


# %%
def algorithm_1(step_d, step_g, draw_x, draw_z, n_iterations, k):
    """Do n_iterations of Algorithm 1, each with k steps of D and one of G.

    Return the losses as an array of shape (n_iterations, 2): in each row that of the last step of D and that of G.
    """
    ### BEGIN SOLUTION
    losses = []
    for _ in range(n_iterations):
        for _ in range(k):
            loss_d = step_d(draw_x(), draw_z())
        loss_g = step_g(draw_z())
        losses.append((loss_d, loss_g))
    return np.array(losses)
    ### END SOLUTION


check("algorithm_1", algorithm_1)

# %% [markdown]
# That is the whole of the paper's method. The library's `train` does the same, and looks after seeds, devices and
# numbers that overflow.

# %% [markdown]
# ## The picture: one cache beside two
#
# The data are numbers from N(4, 0.5²), and G makes a number from a number. In one dimension we can compute p_g
# exactly, and its distance from p_data: the JSD, which is 0 where they agree and 0.693 where they have nothing in
# common (lesson 8). Both programs start from the same weights and see the same examples. They differ in the name of
# one variable.


# %%
def play(step_d, step_g, n_iterations=600):
    """Train two small networks with these steps; return the game in the end, and the losses on the way."""
    rng = np.random.default_rng(0)
    D, G, prior = discriminator(rng=0), generator(-2.0, rng=1), NoisePrior("uniform", 1)
    data = Standardised(Gaussian(4, 0.5), center=4, scale=0.5)
    optimizer_d = RMSProp(D.parameters, 0.005, decay=0.9)
    optimizer_g = RMSProp(G.parameters, 0.002, decay=0.99)
    losses = algorithm_1(
        lambda x, z: step_d(D, G, x, z, optimizer_d),
        lambda z: step_g(D, G, z, optimizer_g),
        lambda: data.sample(128, rng=rng).astype(np.float32),
        lambda: prior.sample(128, rng=rng),
        n_iterations,
        k=2,
    )
    return Game(D, G, prior, data), losses


def report(name, game, losses):
    """Print where a game ended, the losses as means of the last 100 iterations."""
    x = game.grid()
    jsd = jensen_shannon_divergence(game.source.data.pdf(x), game.p_g(x), x)
    loss_d, loss_g = losses[-100:].mean(axis=0)
    print(f"{name:<20} J_D {loss_d:.2f}   J_G {loss_g:.2f}   JSD {jsd:.3f}")


with once_written():
    figure, (left, right) = picture(2, height=3.6)
    x = np.linspace(1, 7, 2001)
    right.plot(x, Gaussian(4, 0.5).pdf(x), ":", color=BLACK, linewidth=3, zorder=3)
    right.text(4.65, 0.68, "the data", fontsize=15)
    for name, step_d, color, place in (
        ("two caches", discriminator_step, GREEN, (5.12, 0.2)),
        ("one cache", GALLERY["one_cache"].wrong, VERMILION, (1.15, 0.9)),
    ):
        game, losses = play(step_d, generator_step)
        report(name, game, losses)
        left.plot(losses[:, 0], color=color, linewidth=1)
        right.plot(x, game.p_g(x), color=color, linewidth=2.5)
        right.fill_between(x, game.p_g(x), color=color, alpha=0.2)
        right.text(*place, name, color=color, fontsize=15)
    left.set(xlabel="iteration", title="the loss of D", ylim=(0, 2))
    right.set(xlabel="x", title="what G makes", xlim=(1, 7.2), ylim=(0, 1.2))
    show(
        figure,
        alt="Left: the loss of D against the iterations, for the right program and for the one with one cache. Both "
        "soon stay near 1.4. Right: the densities in the end. With two caches p_g covers the data. With one "
        "cache it is a narrow spike, cut off at the top.",
    )

# %% [markdown]
# The losses of the two programs look alike, and so do those of many broken programs on the web. At the end of a
# game that went well, D says 1/2 wherever there are examples, so J_D = log 4 = 1.39 and J_G = log 2 = 0.69. But a
# game that went badly can show these numbers too: a low loss of G says that it fools **this** D, and this D has
# learned from a wrong gradient.
#
# So in a game a loss does not tell you whether the program is right. A gradient does. `check_step` does your two
# steps on small networks and compares every parameter's move with a numerical derivative of its player's loss:

# %%
with once_written():
    D, G = discriminator(rng=0), generator(rng=1)
    print(check_step(D, G, discriminator_step=discriminator_step, generator_step=generator_step, rng=0))

# %% [markdown]
# ## A bug to find
#
# This step of G is from the gallery. It moves G by exactly the right gradient, and the text in quotes at its top says
# what it does besides. Find the one word that does it, and say who pays for it, and when.

# %%
with once_written():
    wrong_step = GALLERY["leaking_gradient"].wrong
    report("right", *play(discriminator_step, generator_step))
    report("leaking gradient", *play(discriminator_step, wrong_step))
    print(GALLERY["leaking_gradient"].source)
    print(check_step(D, G, discriminator_step=discriminator_step, generator_step=wrong_step, rng=0))

# %% [markdown]
# Every row of the table is right: each step, taken alone, does what it should. What is wrong lies between them. D
# now learns a little to please G, so J_G settles below log 2. p_g is no worse here, as the JSD says. What is lost is
# what J_G means: this D cannot tell you any more how good the fakes are.

# %% [markdown]
# ## Explain
#
# Programs in other libraries write `detach` between G and D in the step of D. Some say that this is for speed, and
# some that the program would be wrong without it. In three sentences: what does it cost if the gradient of D's step
# goes on into G, when is the result wrong, and when is it not? Where in your own step is this decided?

# %%
explanation = """
"""

# %% [markdown]
# ## Where to read on
#
# - The paper, Algorithm 1 and the end of section 3.
# - `tinygan/adversarial/algorithm1.py`: the same lines as yours. `objectives.py`: losses that others have tried.
# - `tinygan/gradcheck/gallery/wrong_steps.py`: nine wrong steps, most of them from programs that were published.
# - Lesson 7: what D learns from all this, and the picture that the paper draws of it.
