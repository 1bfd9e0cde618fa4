# %% [markdown]
# # 5. Is my gradient right?
#
# A wrong gradient rarely crashes. The network still learns, slowly or strangely, and with two networks that play
# against each other everything looks strange anyway. So you need a judge that looks at the gradient itself. In this
# lesson you write one. Then it has to find the bugs in a gallery of wrong layers, and to leave the right ones alone.
#
# You need the derivative, and what lessons 3 and 4 say about layers.

# %%
import numpy as np

from tinygan.figures.lesson import picture
from tinygan.figures.style import BLACK, BLUE, GREEN, VERMILION
from tinygan.gradcheck.gallery import GALLERY, report
from tinygan.gradcheck.gallery.bug import linear_arguments
from tinygan.layers import Linear, Sequential, Tanh
from tinygan.lessons import NotYetWritten, check, once_written, show

# %% [markdown]
# ## First, a prediction
#
# A computer can find a slope without any calculus: it takes a small step h and looks how much f changes. In a
# textbook the result is exact when h goes to 0. Your computer has about 16 digits. Which of these steps will give the
# most digits of a slope: 0.1, 1e-5, 1e-10 or 1e-15? And how would a wrong backward pass look if you tried all of
# these steps? Write it down, with a reason.

# %%
prediction = """
"""

# %% [markdown]
# ## A slope without calculus
#
# Step to the right of x, step to the left, and write down Taylor's formula for both:
#
# $$ f(x \pm h) = f(x) \pm h f'(x) + \tfrac{h^2}{2} f''(x) \pm \tfrac{h^3}{6} f'''(x) + \dots $$
#
# If you use one step alone, then $(f(x + h) - f(x)) / h$ is off by about $\tfrac{h}{2} f''(x)$. In the difference of
# the two formulas f'' drops out, and the slope is off by $\tfrac{h^2}{6} f'''(x)$ only. With h = 0.001 this is an
# error of a millionth in place of a thousandth. This slope is called the **central difference**.
#
# ### Exercise 5.1: central_difference


# %%
def central_difference(f, x, h):
    """Return the slope of f at x from one step of h to each side."""
    ### BEGIN SOLUTION
    return (f(x + h) - f(x - h)) / (2 * h)
    ### END SOLUTION


check("central_difference", central_difference)

# %% [markdown]
# ## A gradient, entry by entry
#
# A loss takes a whole array and returns one number. Its gradient has one slope for each entry of the array: move this
# entry, leave the others where they are, and see how the loss changes. So for each entry make a function g of one
# number t, where g(t) is f with t added to this entry, and ask for its slope at t = 0.
#
# Let `rule` be the function that finds the slope. You will call your loop with two rules; the first is
# `central_difference`.
#
# ### Exercise 5.2: entry_by_entry


# %%
def entry_by_entry(rule, f, x, h):
    """Return rule(g, 0.0, h) for each entry of the array x, where g(t) is f with t added to this entry."""
    ### BEGIN SOLUTION
    slopes = np.empty_like(x)
    for index in np.ndindex(x.shape):

        def g(t, index=index):
            moved = x.copy()
            moved[index] += t
            return f(moved)

        slopes[index] = rule(g, 0.0, h)
    return slopes
    ### END SOLUTION


check("entry_by_entry", entry_by_entry)

# %% [markdown]
# This is slow: two losses for each entry. Backpropagation finds all of them in one walk, and therefore we use it. But
# the slow way needs no calculus, so it makes none of your mistakes.

# %% [markdown]
# ## How different are two gradients?
#
# They differ by 0.001. Whether this is much depends on how large they are: for a gradient of size 1000 it is
# rounding, and for one of size 0.001 it is everything. So divide:
#
# $$ \text{relative error} = \frac{\text{largest } |\text{grad} - \text{numerical}|}
#                                 {\text{largest entry, in size, of either}} . $$
#
# If both are 0 everywhere, they agree, and the error is 0.
#
# ### Exercise 5.3: relative_error


# %%
def relative_error(grad, numerical):
    """Return the largest difference, divided by the largest entry of the two arrays; 0 if both are 0."""
    ### BEGIN SOLUTION
    largest = max(np.abs(grad).max(), np.abs(numerical).max())
    return np.abs(grad - numerical).max() / largest if largest > 0 else 0.0
    ### END SOLUTION


check("relative_error", relative_error)

# %% [markdown]
# ## A kink, or a bug?
#
# At 0, ReLU has the slope 0 to the left and 1 to the right. The central difference says 1/2, a backward pass says 0 or
# 1, and nobody is wrong: there is no derivative. A judge must know such places, or it accuses the innocent.
#
# Look at the gap between the slope to the right and the slope to the left:
#
# $$ \text{gap}(h) = \frac{f(x + h) - f(x)}{h} - \frac{f(x) - f(x - h)}{h}
#                  = \frac{f(x + h) - 2 f(x) + f(x - h)}{h} . $$
#
# At a smooth place Taylor's formula gives $h f''(x)$, which vanishes with h. At a kink of size s, the gap is s however
# small h is. With both: $\text{gap}(h) = s + h f''(x)$. Take the gap at h and the gap at 2 h, and combine them so that
# only s is left.
#
# ### Exercise 5.4: kink_size


# %%
def kink_size(f, x, h):
    """Return by how much the slope of f jumps at x, from the gaps at h and at 2 * h."""

    ### BEGIN SOLUTION
    def gap(step):
        return (f(x + step) - 2 * f(x) + f(x - step)) / step

    return 2 * gap(h) - gap(2 * h)
    ### END SOLUTION


check("kink_size", kink_size)

# %% [markdown]
# ## The judge
#
# Now put it together. A layer of this library has two methods that you need:
#
# - `layer.forward(x, rng=0)` returns y and the cache;
# - `layer.backward_input(grad_y, cache)` returns grad_x.
#
# The y is an array, and a slope needs one number. Draw grad_y at random and let the loss be L(x) = sum of grad_y * y:
# its gradient at y is grad_y, so its gradient at x must be grad_x. Give each forward pass the same rng, the number 0,
# so that dropout draws the same mask each time. Leave out the entries at which L has a kink: those where kink_size is
# more than 1e-6 of the largest slope. The layer is right if the relative error of the others is below 1e-6.
#
# Your judge meets eleven wrong layers, which it must not let go, and seven right ones, some at difficult places, which
# it must not accuse. Names do not help: one wrong layer has the name of a right one.
#
# ### Exercise 5.5: gradient_is_right


# %%
def gradient_is_right(layer, x):
    """Return whether layer.backward_input agrees with central differences, at all entries of x without a kink."""
    ### BEGIN SOLUTION
    y, cache = layer.forward(x, rng=0)
    grad_y = np.random.default_rng(1).normal(size=y.shape)
    grad_x = layer.backward_input(grad_y, cache)

    def loss(x):
        return np.sum(grad_y * layer.forward(x, rng=0)[0])

    numerical = entry_by_entry(central_difference, loss, x, 1e-5)
    kinks = entry_by_entry(kink_size, loss, x, 1e-5)
    smooth = np.abs(kinks) <= 1e-6 * np.abs(numerical).max()
    return relative_error(grad_x[smooth], numerical[smooth]) < 1e-6
    ### END SOLUTION


check("gradient_is_right", gradient_is_right)

# %% [markdown]
# Try it on all layers of the gallery, and on what each of them should have been.

# %%
with once_written():
    layers = [bug for bug in GALLERY.values() if bug.kind == "layer"]
    missed = [bug for bug in layers if gradient_is_right(bug.build(), bug.x)]
    left_alone = [gradient_is_right(bug.right(**bug.arguments), bug.x) for bug in layers]
    print(f"bugs caught: {len(layers) - len(missed)} of {len(layers)}")
    print(f"right layers left alone: {sum(left_alone)} of {len(layers)}")
    for bug in missed:
        print(f"missed: {bug.name:<18} {bug.title}")

# %% [markdown]
# Many of those that it missed spoil the gradient of a weight or a bias, and your judge looks at the gradient of x only.
# The others are right in what it tries, and wrong elsewhere: at a tie, after a second forward pass, after a step of
# the optimizer, in float32, or for whoever still needs x. A test finds what it looks for.
#
# And why the other number? A judge that accuses everybody catches every bug. Only both numbers together say what a
# judge is worth.

# %% [markdown]
# ## The picture: the error against the step
#
# Now for your prediction. A small network, Linear, Tanh, Linear, and the relative error between its backward pass and
# your numerical gradient, for steps from 0.1 down to 1e-15. Then the same with a wrong layer on top: half_digits,
# which computes its gradient with three digits.


# %%
def errors(rule, top, steps):
    """Return the relative errors between the backward pass of a network and its numerical gradients."""
    rng = np.random.default_rng(0)
    network = Sequential(Linear(**linear_arguments(4, 5)), Tanh(), top(**linear_arguments(5, 3)))
    x, grad_y = rng.normal(size=(6, 4)), rng.normal(size=(6, 3))
    grad_x = network.backward_input(grad_y, network.forward(x)[1])

    def loss(x):
        return np.sum(grad_y * network(x))

    return [relative_error(grad_x, entry_by_entry(rule, loss, x, h)) for h in steps]


def slope_to_the_right(f, x, h):
    return (f(x + h) - f(x)) / h


with once_written():
    steps = 10.0 ** np.arange(-15, -0.9, 0.25)
    figure, axes = picture(height=4.4)
    for name, rule, top, color, place in (
        ("one step to the right", slope_to_the_right, Linear, GREEN, (1e-5, 3e-5)),
        ("central difference", central_difference, Linear, BLUE, (4e-8, 5e-11)),
        ("wrong layer", central_difference, GALLERY["half_digits"].wrong, VERMILION, (3e-5, 8e-4)),
    ):
        axes.loglog(steps, errors(rule, top, steps), color=color, linewidth=2.4)
        axes.annotate(name, place, color=color, fontsize=14, ha="right")
        some = errors(rule, top, (1e-1, 1e-5, 1e-10, 1e-15))
        print(f"{name:<22} h = 0.1: {some[0]:.0e}   1e-5: {some[1]:.0e}   1e-10: {some[2]:.0e}   1e-15: {some[3]:.0e}")
    axes.axhline(1e-6, color=BLACK, linewidth=1, linestyle=":")
    axes.annotate("tolerance", (1.2e-15, 1.5e-7), fontsize=12)
    axes.set(xlabel="step h", ylabel="relative error")
    show(
        figure,
        alt="Relative error against the step, both axes logarithmic. The central difference makes a V, lowest near a "
        "step of 1e-5. One step to the right makes a V that is less deep. With the wrong layer the error stays flat, "
        "far above the tolerance.",
    )

# %% [markdown]
# To the right of the V the textbook's error rules: it falls as h², two digits for each digit of h. To the left the
# computer's: f is rounded to 16 digits, which leaves an error of about eps = 2.2e-16 in it, and the slope divides this
# error by h. Together, with all factors of size 1 left out:
#
# $$ \text{error} \approx h^2 + \frac{\text{eps}}{h}, \qquad
#    \text{smallest where}\quad 2 h - \frac{\text{eps}}{h^2} = 0, \quad
#    h = \sqrt[3]{\text{eps} / 2} \approx 5 \cdot 10^{-6} . $$
#
# So 1e-5 is a good step for numbers of size 1. And the third curve is how you know a bug: **an error that neither
# falls with h nor rises, but stays, does not come from the step.** It comes from the backward pass.

# %% [markdown]
# ## A bug to find
#
# This is the mistake of the best-known GAN in NumPy on the web. Your judge lets it go. Read it, and find out why one
# forward and one backward pass cannot show it. Then see what the library's checker does in addition.

# %%
bug = GALLERY["input_on_self"]
print(bug.source)
with once_written():
    print("your judge:", "right" if gradient_is_right(bug.build(), bug.x) else "wrong")
print(report(bug))

# %% [markdown]
# ## Explain
#
# The relative error of your layer is 0.0004. A friend says: "Numerical gradients are never exact. This is noise." In
# three sentences: which experiment decides who is right, what would you both see, and why?

# %%
explanation = """
"""

# %% [markdown]
# ## Where to read on
#
# - `tinygan/gradcheck/numerical.py`: three steps in place of one, and how far to trust them.
# - `tinygan/gradcheck/complex_step.py`: a slope without a subtraction, right to the last digit.
# - `tinygan check --help`: the checker for the layers in a file of your own.
# - Lesson 6: Algorithm 1, and whose cache is whose.
