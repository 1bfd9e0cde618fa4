# %% [markdown]
# # 7. D* and Figure 1: what does D learn?
#
# Hold G still and let D learn for as long as it likes. Where does it end? The answer is one short formula, and the
# four panels of the paper's Figure 1 follow from it. In this lesson you derive the formula, watch a D climb to it,
# and then play the game until the four panels are there.
#
# You need the derivative of a logarithm, and lesson 6 for the training at the end.

# %%
import copy

import numpy as np

from tinygan.adversarial import discriminator_step, generator_step
from tinygan.data import Gaussian
from tinygan.experiments.figure1 import Figure1Recipe, start_game
from tinygan.figures.lesson import picture
from tinygan.figures.style import BLACK, BLUE, GREEN, LIGHT_VERMILION, VERMILION
from tinygan.functional import sigmoid
from tinygan.gradcheck.gallery import GALLERY
from tinygan.lessons import NotYetWritten, check, once_written, show
from tinygan.optim import SGD, RMSProp

# %% [markdown]
# ## First, a prediction
#
# The data lie around 4.5, the fakes around 3, and both heaps are equally wide. D has learned all there is to learn.
# Sketch D(x) for x from 0 to 8. Where is it largest: where the data are densest, or somewhere else? And what does D
# say at x = 8, where hardly an example of either kind has ever been? Write down what you think.

# %%
prediction = """
"""

# %% [markdown]
# ## The best answer at one x
#
# The value of the game has two means, one over the data and one over z. When z is drawn, x = G(z) is drawn from p_g.
# So the second mean is one over p_g, and both become one integral (section 4.1, eq. (3)):
#
# $$ V(D, G) = \int p_\mathrm{data}(x) \log D(x) + p_g(x) \log\bigl(1 - D(x)\bigr) \, dx . $$
#
# Let D be any function at all. Then it may choose its value at each x by itself, and what it says at one x changes
# nothing at another. So V is largest if the integrand is largest at every x. At one x the densities are two numbers,
# and D is a third one that you may choose:
#
# $$ f(D) = p_\mathrm{data} \log D + p_g \log(1 - D), \qquad
#    f'(D) = \frac{p_\mathrm{data}}{D} - \frac{p_g}{1 - D} . $$
#
# Set the derivative to 0 and solve for D. There is one solution, and it is a maximum: both terms of f'' are negative.
#
# Where both densities are 0, f is 0 for every D, so any answer is as good as any other. Let yours be 1/2, and without
# a warning: NumPy would divide 0 by 0.
#
# ### Exercise 7.1: optimal_discriminator


# %%
def optimal_discriminator(p_data, p_g):
    """Return D* for two arrays of densities at the same points; 1/2 where both vanish."""
    ### BEGIN SOLUTION
    total = p_data + p_g
    return np.where(total > 0, p_data / np.where(total > 0, total, 1), 0.5)
    ### END SOLUTION


check("optimal_discriminator", optimal_discriminator)

# %% [markdown]
# So D* is a share: gather all examples at x, real and fake, and count how many of them are real.

# %% [markdown]
# ## The way there
#
# A real D does not jump to D*, it climbs. It learns a logit a, with D = σ(a), and dD/da = D (1 − D). By the chain rule
# the slope of f by the logit is f'(D) · D (1 − D). Multiply out, and see the fractions go.
#
# ### Exercise 7.2: slope_of_value


# %%
def slope_of_value(logits, p_data, p_g):
    """Return df/da at each x, where f = p_data log D + p_g log(1 - D) and D = sigmoid(a)."""
    ### BEGIN SOLUTION
    d = sigmoid(logits)
    return p_data * (1 - d) - p_g * d
    ### END SOLUTION


check("slope_of_value", slope_of_value)

# %% [markdown]
# Read the result as a tug of war. The real examples at x pull the logit up, each as strongly as D still doubts it.
# The fake ones pull it down. D* is where the rope stands still.
#
# The simplest D is a table: it keeps one logit for every x of a grid and learns each by itself. No network is so
# free, and the theory of section 4 is about such a D. Train it: begin with logits of 0, where D says 1/2, and go up
# the slope.
#
# ### Exercise 7.3: train_table


# %%
def train_table(p_data, p_g, rate, n_steps):
    """Return D after n_steps steps up the slope of V, each `rate` times the slope long."""
    ### BEGIN SOLUTION
    logits = np.zeros_like(p_data)
    for _ in range(n_steps):
        logits = logits + rate * slope_of_value(logits, p_data, p_g)
    return sigmoid(logits)
    ### END SOLUTION


check("train_table", train_table)

# %% [markdown]
# ## The value
#
# To see how far D has come, compute V itself, the integral above. On a grid, `np.trapezoid(y, x)` is the integral of
# y over x. In this lesson D is never exactly 0 or 1 where it matters; lesson 8 takes care of 0 log 0.
#
# ### Exercise 7.4: value_function


# %%
def value_function(d, p_data, p_g, x):
    """Return V(D, G), in nats, from D and the two densities on the grid x, which may be uneven."""
    ### BEGIN SOLUTION
    return np.trapezoid(p_data * np.log(d) + p_g * np.log(1 - d), x)
    ### END SOLUTION


check("value_function", value_function)

# %% [markdown]
# ## The picture: D climbs to D*
#
# Now for your prediction.

# %%
with once_written():
    x = np.linspace(0, 8, 401)
    p_data, p_g = Gaussian(4.5, 0.8).pdf(x), Gaussian(3, 0.8).pdf(x)
    d_star = optimal_discriminator(p_data, p_g)
    figure, axes = picture(height=4.2)
    axes.plot(x, d_star, color=LIGHT_VERMILION, linewidth=7)
    axes.plot(x, p_data, ":", color=BLACK, linewidth=2.5)
    axes.plot(x, p_g, color=GREEN, linewidth=2.5)
    for n_steps, label, place in (
        (3, "3 steps", (4.9, 0.7)),
        (30, "30", (5.85, 0.77)),
        (1000, "1000", (6.68, 0.83)),
    ):
        d = train_table(p_data, p_g, rate=4, n_steps=n_steps)
        axes.plot(x, d, "--", color=BLUE, linewidth=1.8)
        axes.text(*place, label, color=BLUE, ha="center")
        print(f"V after {n_steps:>4} steps  {value_function(d, p_data, p_g, x):.4f}")
    print(f"V with D*           {value_function(d_star, p_data, p_g, x):.4f}")
    axes.text(7.4, 1.04, "D*", color=VERMILION, fontsize=15)
    axes.text(5.15, 0.4, "the data", fontsize=15)
    axes.text(2.9, 0.53, "the fakes", color=GREEN, fontsize=15, ha="center")
    axes.set(xlabel="x", ylim=(-0.03, 1.12))
    show(
        figure,
        alt="Two densities, the fakes around 3 and the data around 4.5, and D*, which rises from 0 to 1 between them "
        "and stays at 1. D after 3, 30 and 1000 steps agrees with D* between the densities, and over more and more of "
        "the x axis; far out on both sides it is still near 1/2.",
    )

# %% [markdown]
# D* is not largest where the data are densest. It only asks which of the two densities is larger, and how many times,
# and to the right this ratio grows without end. At x = 8 D* is 1, though there is almost nothing.
#
# The D that learns tells another story there. Its slope is made of p_data and p_g, and where both are small it stands
# still. After 1000 steps V has all but reached its largest value, and D(8) is still near 1/2. **D learns nothing where
# nobody is**, and V does not mind.

# %% [markdown]
# ## What D knows
#
# Solve D* for p_data, and use the logit. From D* = σ(a) follows D* / (1 − D*) = exp(a). Write D* / (1 − D*) in the
# densities, too. So whoever knows D* and p_g knows the density of the data, although D has seen nothing but
# examples.
#
# ### Exercise 7.5: data_density_from_d


# %%
def data_density_from_d(logits, p_g):
    """Return p_data at each x, from the logits of the best D and from p_g."""
    ### BEGIN SOLUTION
    return p_g * np.exp(logits)
    ### END SOLUTION


check("data_density_from_d", data_density_from_d)

# %% [markdown]
# ## Figure 1
#
# Now two networks play. The data are N(4, 0.5²), and G begins on their left. In our words, the caption of the paper's
# Figure 1 says: (a) the players are on their way, and D is partly right. (b) D learns alone until it is D*. (c) G
# follows the slope of D to where D says "real". (d) After many turns p_g = p_data, and D = 1/2 everywhere.
#
# For (b) and (c) one player learns and the other is held. The two functions below work on copies, so that the game
# itself can go on.

# %%
data = Gaussian(4, 0.5)


def minibatches(game, rng):
    """Return a minibatch of examples and one of noise."""
    return game.source.sample(256, rng=rng).astype(np.float32), game.prior.sample(256, rng=rng)


def d_plays_alone(game, step=discriminator_step, n_steps=1500):
    """Return a copy of the game in which D has learned and G has not moved."""
    game, rng = copy.deepcopy(game), np.random.default_rng(0)
    optimizer = RMSProp(game.D.parameters, 0.005, decay=0.9)
    for t in range(n_steps):
        optimizer.learning_rate = 0.005 * 0.02 ** (t / n_steps)  # smaller and smaller, so that D settles
        step(game.D, game.G, *minibatches(game, rng), optimizer)
    return game


def g_plays_alone(game):
    """Return a copy of the game in which G has learned and D has not moved."""
    game, rng = copy.deepcopy(game), np.random.default_rng(1)
    optimizer = SGD(game.G.parameters, 0.05)
    for _ in range(12):
        generator_step(game.D, game.G, minibatches(game, rng)[1], optimizer)
    return game


def draw_panel(axes, game, title):
    """Draw the densities, D and D*, and below them lines from z up to x = G(z)."""
    x = np.linspace(1.8, 5.8, 801)
    p_data, p_g = data.pdf(x), game.p_g(x)
    axes.plot(x, optimal_discriminator(p_data, p_g), color=LIGHT_VERMILION, linewidth=6)
    axes.plot(x, p_data, ":", color=BLACK, linewidth=2.5)
    axes.plot(x, p_g, color=GREEN, linewidth=2.5)
    axes.plot(x, game.d(x), "--", color=BLUE, linewidth=2)
    z = np.linspace(-1, 1, 17)
    ends = np.stack([3.8 + 1.6 * z, game.generate(z)])
    axes.plot(ends, [[-0.5] * 17, [-0.08] * 17], color=GREEN, linewidth=1)
    axes.axhline(-0.04, color=BLACK, linewidth=1)
    axes.set(title=title, xlim=(1.8, 5.8), ylim=(-0.55, 1.3), yticks=[0, 0.5, 1])


with once_written():
    game, iterations = start_game(data, Figure1Recipe(n_iterations=1500), rng=0)
    while next(iterations).iteration < 20:
        pass
    near = copy.deepcopy(game)
    best_d = d_plays_alone(near)
    moved = g_plays_alone(best_d)
    for _ in iterations:  # the game itself goes on, to its end
        pass
    figure, panels = picture(2, 2, height=3.4)
    for axes, (title, moment) in zip(
        panels.flat,
        {"(a) on the way": near, "(b) D alone": best_d, "(c) then G alone": moved, "(d) the end": game}.items(),
        strict=True,
    ):
        draw_panel(axes, moment, title)
        where = moment.measure()
        print(f"{title:<17} JSD {where.jsd:.3f}   mean |D − D*| {where.discriminator_error:.3f}")
    panels[0, 0].text(2.35, 1.1, "$p_g$", color=GREEN, fontsize=16)
    panels[0, 0].text(4.6, 0.6, r"$p_\mathrm{data}$", fontsize=16)
    panels[0, 0].text(5.3, 0.8, "$D$", color=BLUE, fontsize=16)
    panels[0, 0].text(5.3, 1.09, "$D^*$", color=VERMILION, fontsize=16)
    panels[0, 0].text(5.55, -0.23, "$x$", fontsize=16)
    panels[0, 0].text(5.55, -0.52, "$z$", fontsize=16)
    show(
        figure,
        alt="Four panels of densities, D and D*, with lines from z to G(z) below. (a) p_g is to the left of the data, "
        "D is near D*. (b) D lies on D*. (c) p_g has moved to the right, and D has stayed. (d) p_g lies on the "
        "data, and D is near 1/2 wherever G reaches.",
    )

# %% [markdown]
# Look at (b) and (c) together. G has never seen an example. It climbed D, and D is steep just where the fakes end and
# the data go on. Once G has moved, the old D is far from the new D*, and it is D's turn again.
#
# One thing differs from the paper's drawing. Our z is uniform, so G(z) has two ends. Beyond them every example is
# real, and D* is 1.
#
# In (b) D has learned alone, from examples only. What does it know about the density of the data?

# %%
with once_written():
    x = np.linspace(1.8, 5.8, 801)
    p_g = best_d.p_g(x)
    figure, axes = picture()
    from_d = np.where(p_g > 0, data_density_from_d(best_d.logits(x), p_g), np.nan)
    axes.plot(x, from_d, color=BLUE, linewidth=4)
    axes.plot(x, data.pdf(x), ":", color=BLACK, linewidth=2.5)
    axes.fill_between(x, p_g, color=GREEN, alpha=0.2)
    axes.text(4.6, 0.55, "the data", fontsize=15)
    axes.text(2.35, 0.2, "the fakes", color=GREEN, fontsize=15)
    axes.text(3.75, 0.9, "from D", color=BLUE, fontsize=15, ha="right")
    axes.set(xlabel="x", ylim=(0, 1.1))
    show(
        figure,
        alt="The density of the data, and over it the one computed from D and p_g. They agree where there are fakes, "
        "but for the last bit before their end.",
    )

# %% [markdown]
# D knows the density of the data as a multiple of p_g. So it knows nothing of it where p_g is 0: there D can only say
# "real". And at the end of the fakes D* jumps, which a smooth D cannot follow.

# %% [markdown]
# ## A bug to find
#
# Here are two wrong steps of D from the gallery. The gradient checker refuses both. But one of them still leads D to
# D*, and the other does not. Which? Do not guess: write down the integrand that each of them makes as large as it
# can, and set its derivative to 0.

# %%
for name in ("halved_loss", "only_the_fakes"):
    print(GALLERY[name].source)

# %% [markdown]
# Now let D learn alone with each of them.

# %%
with once_written():
    print(f"right step        mean |D − D*| {best_d.measure().discriminator_error:.3f}")
    for name in ("halved_loss", "only_the_fakes"):
        error = d_plays_alone(near, GALLERY[name].wrong).measure().discriminator_error
        print(f"{name:<17} mean |D − D*| {error:.3f}")

# %% [markdown]
# A factor before the whole integrand does not move the point where its slope is 0. A factor before one of its terms
# does. Such a D answers another question, and its answer would be p_data / (p_data + c p_g).

# %% [markdown]
# ## Explain
#
# At the end of a game that went well, D says 1/2 to everything. A friend says: "Then D has learned nothing, so the
# training was useless." In three sentences, tell your friend what 1/2 means, what D knew on the way, and why you
# would not use this D to find fakes on the web.

# %%
explanation = """
"""

# %% [markdown]
# ## Where to read on
#
# - The paper, Figure 1, and Proposition 1 in section 4.1.
# - `tinygan/adversarial/theory/value.py`: the same formulas as yours. `tinygan/experiments/figure1/`: the game.
# - `tinygan figure1 --data "mixture:-2,1;2,1"` on the command line plays it with other data and draws a film.
# - Lesson 8: put D* into V, and see which number G lowers.
