# %% [markdown]
# # 8. Theorem 1: what does G minimise?
#
# In lesson 7 you found the best discriminator for a given G: D* = p_data / (p_data + p_g). Now let D be this good all
# the time. Then the value of the game depends on G alone, and G lowers it. Which number is it that G lowers? In this
# lesson you compute it, find that it is a distance between p_g and p_data, and see where this distance guides G and
# where it does not.
#
# You need integrals, logarithms, and D*.

# %%
import numpy as np

from tinygan.figures.lesson import picture
from tinygan.figures.style import BLACK, BLUE, GREEN, VERMILION
from tinygan.lessons import NotYetWritten, check, once_written, show

# %% [markdown]
# ## First, a prediction
#
# p_data is a normal density, and p_g is the same curve, moved to the right by d. D is always the best there is. How
# does the value of the game change while d grows from 0 to 8? Sketch it, or describe it: where does it start, where
# does it end, where is it steep, where is it flat? From which d would you like G to start?

# %%
prediction = """
"""

# %% [markdown]
# ## Densities on a grid
#
# A density is an array here: its values at the points of a grid x. An integral is `np.trapezoid(y, x)`. All logarithms
# are natural, so what we measure is in nats.

# %%
x = np.linspace(-12, 20, 1601)


def normal(mean, deviation=1.0):
    return np.exp(-(((x - mean) / deviation) ** 2) / 2) / (deviation * np.sqrt(2 * np.pi))


# %% [markdown]
# ## How far is q from p?
#
# You see an example, and somebody asks: is it from p or from q? Then log(p(x) / q(x)) tells how strongly the example
# speaks for p. Its mean, when the examples are from p, is the Kullback-Leibler divergence:
#
# $$ \mathrm{KL}(p \,\|\, q) = \int p(x) \log \frac{p(x)}{q(x)} \, dx . $$
#
# It is never below 0. For log t ≤ t − 1, and so
#
# $$ -\mathrm{KL}(p \,\|\, q) = \int p \log \frac{q}{p} \, dx \le \int p \Big( \frac{q}{p} - 1 \Big) dx
#    = \int q \, dx - \int p \, dx = 0 . $$
#
# Both sides are equal only where q / p = 1: the divergence is 0 if p = q, and only then.
#
# What does a point add where p = 0? The limit of t log t at t = 0 is 0, so it adds nothing. NumPy does not know this:
# `0 * np.log(0)` is NaN.
#
# ### Exercise 8.1: kl_divergence


# %%
def kl_divergence(p, q, x):
    """Return KL(p || q), a number in nats; p, q and the grid x are of shape (n,). p may be 0 where it likes."""
    ### BEGIN SOLUTION
    ratio = np.divide(p, q, out=np.ones_like(p), where=p > 0)
    return np.trapezoid(p * np.log(ratio), x)
    ### END SOLUTION


check("kl_divergence", kl_divergence)

# %% [markdown]
# It has two properties that one does not expect of a distance. It is not symmetric. And it has no limit:

# %%
with once_written():
    for d in (1, 2, 4, 8):
        print(
            f"two normal densities with their means {d} apart: KL = {kl_divergence(normal(0), normal(d), x):.2f} nats"
        )
    print(f"broad from narrow: {kl_divergence(normal(0, 2), normal(0), x):.2f} nats")
    print(f"narrow from broad: {kl_divergence(normal(0), normal(0, 2), x):.2f} nats")

# %% [markdown]
# ## Both from the middle
#
# Do not measure p from q. Measure both from their middle m = (p + q) / 2, and take the mean of the two numbers:
#
# $$ \mathrm{JSD}(p \,\|\, q) = \tfrac12 \mathrm{KL}(p \,\|\, m) + \tfrac12 \mathrm{KL}(q \,\|\, m) . $$
#
# This is the Jensen-Shannon divergence. It is symmetric, and it is 0 only for p = q. It has a limit, too: m is at least
# p / 2, so p / m is at most 2, and neither KL can be larger than log 2.
#
# ### Exercise 8.2: js_divergence


# %%
def js_divergence(p, q, x):
    """Return JSD(p || q), a number in nats; p, q and the grid x are of shape (n,)."""
    ### BEGIN SOLUTION
    m = (p + q) / 2
    return (kl_divergence(p, m, x) + kl_divergence(q, m, x)) / 2
    ### END SOLUTION


check("js_divergence", js_divergence)

# %% [markdown]
# ## The value of the game with the best D
#
# The paper calls it C(G) (section 4.1). It is V(D, G) of eq. (1), with D* in the place of D:
#
# $$ C(G) = \max_D V(D, G) = \int p_\mathrm{data} \log D^* \, dx + \int p_g \log (1 - D^*) \, dx . $$
#
# Compute it from D*, as it stands here. There is no divergence in this formula, and you need not put one in.
#
# ### Exercise 8.3: best_value


# %%
def best_value(p_data, p_g, x):
    """Return C(G) = V(D*, G), a number in nats; the densities and the grid x are of shape (n,)."""
    ### BEGIN SOLUTION
    total = p_data + p_g  # D* = p_data / total, and 1 - D* = p_g / total
    return kl_divergence(p_data, total, x) + kl_divergence(p_g, total, x)
    ### END SOLUTION


check("best_value", best_value)

# %% [markdown]
# ## Theorem 1
#
# If the line above says "right", you have just verified a theorem on three pairs of densities: the check did not
# compare your number with V. It compared it with −log 4 + 2 JSD. Why are the two the same?
#
# With the middle m = (p_data + p_g) / 2, the best D is p_data / (2 m). The 2 comes out of the logarithm:
#
# $$ \log D^* = \log \frac{p_\mathrm{data}}{m} - \log 2, \qquad \log (1 - D^*) = \log \frac{p_g}{m} - \log 2 . $$
#
# Take the mean of the first over p_data and of the second over p_g. Each log 2 is a constant, so it stays as it is:
#
# $$ C(G) = \mathrm{KL}(p_\mathrm{data} \,\|\, m) + \mathrm{KL}(p_g \,\|\, m) - 2 \log 2
#         = -\log 4 + 2 \, \mathrm{JSD}(p_\mathrm{data} \,\|\, p_g) . $$
#
# So the lowest C is −log 4 = −1.386. It is reached if p_g = p_data, and only then, and D* is 1/2 everywhere. The
# highest is −log 4 + 2 log 2 = 0, when p_g and p_data have nothing in common.
#
# Nobody has told G about this divergence. It comes out of two networks that play for one number.

# %% [markdown]
# ## The picture: C against the distance
#
# Now for your prediction.

# %%
with once_written():
    distances = np.linspace(0, 8, 81)
    values = [best_value(normal(0), normal(d), x) for d in distances]
    figure, axes = picture(height=3.8)
    for level, words in ((0, "0: nothing in common"), (-np.log(4), r"$-\log\,4$: $p_g = p_\mathrm{data}$")):
        axes.axhline(level, color="0.7", linewidth=1.2)
        axes.annotate(words, (8, level), xytext=(0, -5), textcoords="offset points", ha="right", va="top", color="0.3")
    axes.plot(distances, values, color=GREEN, linewidth=3)
    axes.annotate("C(G)", (2.2, values[22]), xytext=(12, -14), textcoords="offset points", color=GREEN, fontsize=16)
    axes.set(xlabel=r"distance $d$ between $p_g$ and $p_\mathrm{data}$", ylabel="nats", xlim=(0, 8), ylim=(-1.65, 0.15))
    show(
        figure,
        alt="C(G) against the distance d of two normal densities. It starts flat at minus log 4, is steepest near 1.6, "
        "and bends over to a limit of 0, which it has all but reached at 6.",
    )
    for d in (0, 1, 2, 4, 8):
        change = (best_value(normal(0), normal(d + 0.01), x) - best_value(normal(0), normal(d), x)) / 0.01
        print(f"d = {d}: C = {best_value(normal(0), normal(d), x):7.4f}, its slope {change:.1e} nats per unit")

# %% [markdown]
# The curve is flat at both ends, for two very different reasons. At d = 0 there is nothing left to gain. At d = 8 there
# is everything to gain, and C does not say in which direction: to be 8 away is hardly worse than to be 6 away. KL would
# say 32 nats against 18. A G that starts far out, against the best D, learns next to nothing. Lesson 9 is about this.

# %% [markdown]
# ## Proposition 2: downhill, if p_g itself may move
#
# The paper promises more (section 4.2): if D is at its best before each step, and p_g makes small steps down C, then
# p_g arrives at p_data. How can that be, if C has flat places far out?
#
# Hold D fixed. Then V(D, G) = constant + ∫ p_g log(1 − D) dx: twice as much p_g at a place counts twice. So V is a
# straight line in p_g. C takes the highest of these lines at each p_g, one for each D, and the highest of many lines is
# a bowl: **C is convex in p_g**. A bowl has no flat place but its bottom.
#
# And its slope? At p_g, the highest line is the one of D*. It touches the bowl there, so its slope is the slope of the
# bowl: with D held at D*, how does V change if p_g grows a little at x? (Let D* move along, and its share is 0: V is
# flat at its best D.)
#
# ### Exercise 8.4: criterion_slope


# %%
def criterion_slope(p_data, p_g):
    """Return the slope of C with respect to p_g at each point; both densities are above 0, of shape (n,)."""
    ### BEGIN SOLUTION
    return np.log(p_g / (p_data + p_g))  # log(1 - D*), without a subtraction
    ### END SOLUTION


check("criterion_slope", criterion_slope)

# %% [markdown]
# Now the step. p_g shall grow where the slope is low and shrink where it is high. But it must stay a density: if we
# subtract, it may fall below 0. So we multiply each value by exp(−step · slope), which is never negative, and divide by
# the integral.
#
# ### Exercise 8.5: density_step


# %%
def density_step(p_g, slope, step, x):
    """Return the density after one step down the slope; all arrays are of shape (n,), step is a number."""
    ### BEGIN SOLUTION
    p_g = p_g * np.exp(-step * slope)
    return p_g / np.trapezoid(p_g, x)
    ### END SOLUTION


check("density_step", density_step)

# %% [markdown]
# Start at d = 6, where the curve of the last picture is all but flat, and take a few steps of length 1. The right panel
# compares two ways between the same two ends, from p_g = p_data to a p_g that is 6 away: p_g *moves* there, or p_g is
# a *mixture* of the two ends, with more and more of the far one.

# %%
with once_written():
    p_data, far = normal(0), normal(6)
    figure, (left, right) = picture(2, height=3.6)
    p_g, steps = far, [far]
    for _ in range(10):
        p_g = density_step(p_g, criterion_slope(p_data, p_g), 1.0, x)
        steps.append(p_g)
    for i, alpha in ((0, 0.25), (1, 0.5), (2, 0.75), (10, 1.0)):
        left.plot(x, steps[i], color=GREEN, alpha=alpha, linewidth=2.6)
        if i < 10:
            left.annotate(
                f"{i}", (6, steps[i].max() if i == 0 else np.interp(6, x, steps[i])), ha="center", va="bottom"
            )
    left.plot(x, p_data, color=BLACK, linestyle=(0, (1, 1.4)), linewidth=2.6)
    left.annotate("10 steps", (0.9, 0.3), color=GREEN, fontsize=14)
    left.annotate(r"$p_\mathrm{data}$", (-1.0, 0.3), ha="right", fontsize=15)
    left.set(xlim=(-4, 10), ylim=(0, 0.45), xlabel="x", ylabel="density", title=r"$p_g$ after each step")
    shares = np.linspace(0, 1, 61)
    right.plot(shares, [best_value(p_data, normal(6 * t), x) for t in shares], color=VERMILION, linewidth=2.6)
    right.plot(shares, [best_value(p_data, (1 - t) * p_data + t * far, x) for t in shares], color=BLUE, linewidth=2.6)
    right.annotate("it moves", (0.36, -0.25), color=VERMILION, fontsize=15, ha="right")
    right.annotate("it is a mixture", (0.5, -1.1), color=BLUE, fontsize=15)
    right.set(
        xlabel=r"from $p_\mathrm{data}$ (0) to the far end (1)", ylabel="C(G), nats", title="two ways to the same end"
    )
    show(
        figure,
        alt="Left: p_g starts 6 away from p_data; after each step half of what is still there has gone over to p_data, "
        "and after 10 steps the two lie on each other. Right: C along two ways with the same ends. Where p_g moves, C "
        "rises fast and bends over to a flat end; where it is a mixture, C is a bowl that is steep at the far end.",
    )
    for i in (0, 1, 2, 3, 10):
        print(f"after {i:2} steps: C = {best_value(p_data, steps[i], x):.6f}")

# %% [markdown]
# Look at the left panel: p_g did not travel. It sank where it was and rose where p_data is. And each step of length 1
# takes p_g exactly halfway, since p_g · exp(−log(1 − D*)) = p_g (p_data + p_g) / p_g = p_data + p_g.
#
# A generator cannot do this. It has parameters θ_g, and p_g can go only where they take it. A G that shifts all its
# samples is on the upper curve of the right panel, and C is no bowl there. So Proposition 2 is about p_g, and a network
# learns θ_g. The paper says so itself at the end of section 4.2. That networks learn nevertheless is an observation,
# and not a theorem.

# %% [markdown]
# ## A bug to find
#
# This step of G is from the gallery. One sign is wrong. We train with it and without it, from the same weights, and
# measure C(G) from the exact densities all the time. Before you read the code: which way will C go with it? And which
# of the two trainings has the prettier losses?

# %%
from tinygan.experiments.bugs import train_with
from tinygan.gradcheck.gallery import GALLERY, report

bug = GALLERY["helpful_generator"]
figure, axes = picture(height=3.4)
for is_wrong, color, words, place in ((True, VERMILION, "with the bug", -0.14), (False, GREEN, "without", -1.2)):
    curve = train_with(bug, is_wrong=is_wrong, rng=0)
    axes.plot(curve.iterations, -np.log(4) + 2 * np.array(curve.jsd), color=color, linewidth=2.6)
    axes.annotate(words, (curve.iterations[-1], place), color=color, ha="right", va="top", fontsize=15)
axes.set(xlabel="iterations", ylabel="C(G), nats", ylim=(-1.5, 0.1))
show(
    figure,
    alt="C(G) against the iterations of two trainings from the same weights. With the bug it rises to 0 and stays "
    "there: p_g and p_data have nothing in common. Without it, it falls to about minus log 4.",
)
print(bug.source)
print(report(bug))

# %% [markdown]
# ## Explain
#
# Your friend's discriminator has the loss 1.386 = log 4. "By Theorem 1", your friend says, "p_g is p_data." In three
# sentences: what does the theorem ask of D that your friend has not shown, when else is the loss of D log 4, and what
# would you look at?

# %%
explanation = """
"""

# %% [markdown]
# ## Where to read on
#
# - The paper, section 4: two pages, and you have now done all of their mathematics.
# - `tinygan/adversarial/theory/`: `divergences.py` and `value.py`, your functions with their doors.
# - Lesson 9: what becomes of the flat end of C when G is a network, and what the paper does about it.
