# %% [markdown]
# # 1. x = μ + L z: how does noise become data?
#
# A generator G takes random numbers z, the noise, and returns x = G(z). G itself is an ordinary function. All
# randomness is in z, and all that can be learned is in G. In this lesson you write the simplest generator there is,
# turn noise into any Gaussian, learn which way its parameters should move, and compute how x is spread when G bends.
#
# You need matrices, the mean and the variance, and derivatives. You do not need to have seen a neural network.

# %%
import numpy as np

from tinygan.adversarial import NoisePrior, pushforward_density
from tinygan.figures.lesson import picture
from tinygan.figures.style import BLACK, GREEN, VERMILION
from tinygan.lessons import NotYetWritten, check, once_written, show

# %% [markdown]
# ## First, a prediction
#
# 1. Draw many z from N(0, I) in the plane: a round cloud. Compute x = μ + L z for each, with a vector μ and a matrix
#    L. Which shapes can the cloud of x have?
# 2. Now z is one number, and each z between −1 and 1 is equally likely. G(z) = 2z³ − 1.2z rises, falls and rises
#    again. Where do most x lie: where G is steep, or where G is flat?
#
# Write down what you think, and why. Two pictures will answer.

# %%
prediction = """
"""

# %% [markdown]
# ## The simplest generator
#
# The paper (section 3) draws z from a fixed density p_z and maps it to data by G(z; θ_g). The parameters θ_g are what
# training changes; p_z never changes. The simplest G is affine:
#
# $$ x = \mu + L z, \qquad z \sim N(0, I), \qquad \theta_g = (\mu, L) . $$
#
# Here z and x are columns. In a program, a batch has one example in each row: z has the shape (m, n), and so has x.
# Transpose the equation and see what it says about a row.
#
# ### Exercise 1.1: gaussian_generator


# %%
def gaussian_generator(z, mu, L):
    """Return x = mu + L z for each row of z.

    z is (m, n), mu is (n,), L is (n, n).
    """
    ### BEGIN SOLUTION
    return mu + z @ L.T
    ### END SOLUTION


check("gaussian_generator", gaussian_generator)

# %% [markdown]
# You have written the first layer of a network. The library calls it `Linear`; its weight is your L transposed, and
# its bias is μ.

# %% [markdown]
# ## Which L?
#
# Which Gaussian comes out? The mean of z is 0, so the mean of x is μ. The covariance of z is I, so
#
# $$ E\big[(x - \mu)(x - \mu)^T\big] = L \, E\big[z z^T\big] \, L^T = L L^T . $$
#
# And x is Gaussian, because sums of independent Gaussian numbers are. To get a covariance that we want, we need an L
# with L Lᵀ equal to it. In two dimensions, try a lower triangular L and multiply out:
#
# $$ \begin{pmatrix} l_{11} & 0 \\ l_{21} & l_{22} \end{pmatrix}
#    \begin{pmatrix} l_{11} & l_{21} \\ 0 & l_{22} \end{pmatrix}
#    = \begin{pmatrix} l_{11}^2 & l_{11} l_{21} \\ l_{11} l_{21} & l_{21}^2 + l_{22}^2 \end{pmatrix} . $$
#
# Three equations for three unknowns. Solve one after the other.
#
# ### Exercise 1.2: covariance_factor


# %%
def covariance_factor(covariance):
    """Return the lower triangular L, with a positive diagonal, for which L @ L.T is the covariance (2, 2)."""
    ### BEGIN SOLUTION
    l11 = np.sqrt(covariance[0, 0])
    l21 = covariance[1, 0] / l11
    l22 = np.sqrt(covariance[1, 1] - l21**2)
    return np.array([[l11, 0], [l21, l22]])
    ### END SOLUTION


check("covariance_factor", covariance_factor)

# %% [markdown]
# This L is not the only one. Rotate the round cloud of z before you multiply: nobody sees a difference, and L times
# the rotation has the same L Lᵀ. So the data cannot tell us G. They can only tell us **p_g**, the density of x = G(z).
# The game of the paper compares p_g with p_data and leaves G free to get there as it likes.

# %% [markdown]
# ## The first picture: from z to x
#
# Your two functions turn a round cloud into one that is tilted. The circle of radius 2 around z becomes an ellipse
# around x.


# %%
def circle(n, radius=2):
    """Return n points on a circle, in rows."""
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
    return radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)


with once_written():
    mu, covariance = np.array([7.0, 1.0]), np.array([[2.0, 1.2], [1.2, 1.0]])
    L = covariance_factor(covariance)
    z = np.random.default_rng(0).normal(size=(400, 2))
    x = gaussian_generator(z, mu, L)

    figure, axes = picture(height=3.6)
    for points, outline, color in ((z, circle(200), BLACK), (x, gaussian_generator(circle(200), mu, L), GREEN)):
        axes.plot(*points.T, ".", color=color, markersize=4, alpha=0.3)
        axes.fill(*outline.T, fill=False, edgecolor=color, linewidth=2)
    for start, end in zip(circle(6), gaussian_generator(circle(6), mu, L), strict=True):
        arrow = {"arrowstyle": "->", "color": VERMILION, "linewidth": 1.4, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", end, start, arrowprops=arrow)
    axes.text(-1.6, 2.2, "z", color=BLACK, fontsize=18, ha="right")
    axes.text(8.6, -1.3, "x = μ + L z", color=GREEN, fontsize=18, ha="center")
    axes.set(aspect="equal", xlim=(-3.6, 11), ylim=(-3.6, 4.2))
    show(
        figure,
        alt="Left a round cloud of points z with a circle around it, right a long, tilted cloud of points x, "
        "with an ellipse around it. Six arrows lead from the circle to the ellipse.",
    )
    print(f"mean of x        {x.mean(axis=0).round(2)}")
    print(f"covariance of x  {np.cov(x.T).round(2).tolist()}")

# %% [markdown]
# That answers the first question: the cloud of an affine G is an ellipse, whatever μ and L are. An L that is not
# invertible makes it as flat as a line, but no L bends it and none cuts it in two.

# %% [markdown]
# ## Noise on one side, parameters on the other
#
# Why do we write x = μ + σ z, and not "draw x from N(μ, σ²)"? It is the same density. But suppose a judge f gives each
# x a penalty, and we want less of it:
#
# $$ J(\mu, \sigma) = \frac{1}{m} \sum_i f(x_i) . $$
#
# Should μ grow or shrink? If every call draws new x, there is nothing to differentiate. With x = μ + σ z, we can keep
# the same m draws z and ask how each x moves when a parameter moves. Then J is an ordinary function of μ and σ, and the
# chain rule applies:
#
# $$ \frac{\partial f(x_i)}{\partial \mu} = f'(x_i) \, \frac{\partial x_i}{\partial \mu}, \qquad
#    \frac{\partial f(x_i)}{\partial \sigma} = f'(x_i) \, \frac{\partial x_i}{\partial \sigma} . $$
#
# This is called the **reparametrisation** of x. In the paper D is the judge: its slope at x = G(z) is what G learns
# from.
#
# ### Exercise 1.3: generator_slopes


# %%
def generator_slopes(slope, z):
    """Return dJ/dmu and dJ/dsigma for x = mu + sigma z in one dimension.

    slope holds f'(x_i) for each of the m draws, z holds the draws; both are (m,).
    """
    ### BEGIN SOLUTION
    return slope.mean(), (slope * z).mean()
    ### END SOLUTION


check("generator_slopes", generator_slopes)

# %% [markdown]
# Now let G learn. The judge is f(x) = (x − 4)² / 2, so f'(x) = x − 4. Both parameters go downhill, in small steps.

# %%
with once_written():
    mu, sigma = 0.0, 1.0
    for step in range(301):
        if step % 60 == 0:
            print(f"step {step:>3}  mu {mu:5.2f}  sigma {sigma:5.2f}")
        z = np.random.default_rng(step).normal(size=1000)
        slope_mu, slope_sigma = generator_slopes(mu + sigma * z - 4, z)
        mu, sigma = mu - 0.03 * slope_mu, sigma - 0.03 * slope_sigma

# %% [markdown]
# μ goes to 4, as it should. And σ goes to 0: all z end at the one x that the judge likes best. A judge that never
# changes its mind gets a generator with one answer. That is why, in the paper, the judge learns too. Lesson 2 is about
# such games.

# %% [markdown]
# ## When G stretches
#
# Now let G be any function of one number, rising for the moment. How dense is x = G(z)? Follow a short piece of the z
# axis, from z to z + dz. It holds the mass p_z(z) dz. G turns it into the piece from x to x + dx, with dx = G'(z) dz.
# No mass is lost on the way:
#
# $$ p_g(x) \, dx = p_z(z) \, dz, \qquad\text{so}\qquad
#    p_g(x) = \frac{p_z(z)}{G'(z)} \quad\text{at the } z \text{ with } G(z) = x . $$
#
# Where G is steep, the mass is spread over more x and p_g is low. For a falling G, dx is negative; lengths are not, so
# we divide by |G'(z)|.
#
# Try it on x = exp(μ + σ z), with z from N(0, 1): the affine generator, and a bend after it. Find the z that lands on
# x, then the slope of G at this z.
#
# ### Exercise 1.4: lognormal_density


# %%
def lognormal_density(x, mu, sigma):
    """Return p_g at each of the points x > 0, for G(z) = exp(mu + sigma z) and z from N(0, 1)."""
    ### BEGIN SOLUTION
    z = (np.log(x) - mu) / sigma
    p_z = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    return p_z / (sigma * x)
    ### END SOLUTION


check("lognormal_density", lognormal_density)

# %% [markdown]
# ## When G folds
#
# If G rises and falls, several z may land on the same x. Each brings its mass, and masses add up:
#
# $$ p_g(x) = \sum_{z \,:\, G(z) = x} \frac{p_z(z)}{|G'(z)|} . $$
#
# For most G nobody can solve G(z) = x on paper. So cut the z axis into small cells, from z[i] to z[i + 1]. Inside a
# cell, G is nearly a straight line from g[i] to g[i + 1], where g = G(z). This line passes through x, or it does not.
# If it does, it is one term of the sum.
#
# ### Exercise 1.5: folded_density


# %%
def folded_density(x, z, g, p_z):
    """Return p_g at each of the points x.

    z is (n,), rising, and g = G(z) is (n,). p_z is (n - 1,): the density of z inside each cell.
    """
    ### BEGIN SOLUTION
    slope = np.diff(g) / np.diff(z)
    low, high = np.minimum(g[:-1], g[1:]), np.maximum(g[:-1], g[1:])
    lands = (low <= x[:, None]) & (x[:, None] < high)  # a row for each x, a column for each cell
    return (lands * p_z / np.abs(slope)).sum(axis=1)
    ### END SOLUTION


check("folded_density", folded_density)

# %% [markdown]
# ## The second picture: a fold
#
# On the left is G, on the right what becomes of even noise, on the same x axis. The green line is your function, the
# bars are a histogram of 20,000 samples, and the dots are the library's `pushforward_density`.


# %%
def G(z):
    """Rise, fall and rise again."""
    return 2 * z**3 - 1.2 * z


with once_written():
    z, x = np.linspace(-1, 1, 4001), np.linspace(-1, 1, 801)
    p_z = np.full(4000, 0.5)  # the same in every cell
    p_g = folded_density(x, z, G(z), p_z)
    library = pushforward_density(G, NoisePrior("uniform", 1), x)
    samples = G(np.random.default_rng(0).uniform(-1, 1, size=20000))

    figure, (left, right) = picture(2, height=3.9)
    turns = np.sqrt(0.2)  # G' = 6z² − 1.2 is 0 here
    falling = np.linspace(-turns, turns, 100)
    left.plot(z, G(z), color=BLACK, linewidth=2)
    left.plot(falling, G(falling), color=VERMILION, linewidth=2)
    landing = np.roots([2, 0, -1.2, -0.2])  # where G(z) = 0.2
    left.plot([-1, 1], [0.2, 0.2], ":", color="0.4")
    left.plot(landing, np.full(3, 0.2), "o", color=BLACK)
    left.text(0.33, 0.23, "three z, one x", ha="center", fontsize=12)
    left.set(xlabel="z", ylabel="x = G(z)")
    right.hist(samples, bins=80, range=(-1, 1), density=True, color=GREEN, alpha=0.25, orientation="horizontal")
    right.plot(p_g, x, color=GREEN, linewidth=2)
    right.plot(library[::20], x[::20], "o", color=BLACK, markersize=4)
    right.text(2.2, 0.5, "$p_g(x)$", color=GREEN, fontsize=18)
    right.set(xlabel="density", xlim=(0, 5))
    for axes in (left, right):
        axes.hlines([G(-turns), G(turns)], *axes.get_xlim(), color=VERMILION, linewidth=0.8)
        axes.set(ylim=(-1, 1), yticks=[-1, -0.5, 0, 0.5, 1])
    show(
        figure,
        alt="Left the curve of G, which rises, falls and rises again; a dotted line shows that three z land on one x. "
        "Right the density of x: it is low where G is steep and has two high peaks where G turns.",
    )
    print(f"p_g(0.2) by your function  {folded_density(np.array([0.2]), z, G(z), p_z)[0]:.3f}")
    print(f"p_g(0.2) by the sum        {np.sum(0.5 / np.abs(6 * landing**2 - 1.2)):.3f}")

# %% [markdown]
# That answers the second question: most x lie where G is flat. At the two turns the slope is 0, and p_g has a peak
# that goes to infinity. Three z land on each x between the two orange lines, and only one on each x outside them.
# Since p_g is known exactly, lesson 8 can say exactly how far a generator is from the data.

# %% [markdown]
# ## A bug to find
#
# In exercise 1.1 a matrix had to be transposed. It has to be transposed again on the way back, as lesson 3 will show,
# and the layer below forgets it. Its W is 4 by 4. If W were not square, NumPy would have complained.

# %%
from tinygan.gradcheck.gallery import GALLERY, report

print(GALLERY["forgotten_transpose"].source)
print(report(GALLERY["forgotten_transpose"]))

# %% [markdown]
# ## Explain
#
# A friend says: "G(z) is random, and one cannot differentiate a random number." In three sentences, tell your friend
# what is random in x = μ + σ z and what is not, what is kept fixed while we differentiate, and what the slope says.

# %%
explanation = """
"""

# %% [markdown]
# ## Where to read on
#
# - The paper, section 3: p_z and G(z; θ_g); Figure 1: a G that stretches.
# - `tinygan/adversarial/prior.py`: the densities p_z. `theory/density.py` beside it: p_g for any G of one number.
# - Lesson 2: what happens when the judge moves too.
