# %% [markdown]
# # 4. Backprop II: where does the gradient go when units compete or vanish?
#
# In lesson 3 a layer handed its gradient down to everything below it. The discriminator of the paper is different.
# In each of its layers five pieces compete and one wins, and half of the units are left out at random. Who loses,
# and who is left out, hears nothing from the loss. In this lesson you write both layers, forward and backward, and
# watch where the gradient goes.
#
# You need lesson 3, and reshape of NumPy.

# %%
import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch

from tinygan.experiments.bugs import train_with
from tinygan.figures.lesson import picture
from tinygan.figures.style import BLUE, VERMILION
from tinygan.gradcheck.gallery import GALLERY, report
from tinygan.lessons import NotYetWritten, check, once_written, show

# %% [markdown]
# ## First, a prediction
#
# A layer of the paper's D has 240 maxout units with 5 pieces each: 1200 numbers, each with its own weights. The
# dropout above it leaves out each unit with probability 1/2. One example goes up, and its gradient comes down. How
# many of the 1200 pieces get a gradient? And after 100 examples, each with other winners and another mask: how many
# have got none yet? Write down both numbers.

# %%
prediction = """
"""

# %% [markdown]
# ## Maxout: units whose pieces compete
#
# A ReLU unit is y = max(a, 0): one affine function of the input competes with the constant 0. A maxout unit lets
# n_pieces affine functions compete, and the largest is its output:
#
# $$ y_{iu} = \max_p \; a_{i,pu} . $$
#
# ReLU is the case of two pieces, one of which is 0. The absolute value is another: the pieces a and −a. In general a
# unit can form any curve that is convex and made of n_pieces straight parts, and it learns which. Every part has a
# slope of its own, and no part is flat unless its weights are 0.
#
# All affine functions come from one Linear layer, which is n_pieces * n_units wide. So maxout itself has no
# parameters. It must only know which columns belong together, and here the columns come piece by piece:
# **piece p of unit u is column p * n_units + u.** With two pieces and three units:
#
# ```text
# column      0       1       2       3       4       5
# piece       0       0       0       1       1       1
# unit        0       1       2       0       1       2
# ```
#
# ### Exercise 4.1: maxout_forward


# %%
def maxout_forward(x, n_pieces):
    """Return y of shape (m, n_units): the largest piece of each unit; x is (m, n_pieces * n_units)."""
    ### BEGIN SOLUTION
    pieces = x.reshape(len(x), n_pieces, -1)
    return pieces.max(axis=1)
    ### END SOLUTION


check("maxout_forward", maxout_forward)

# %% [markdown]
# ## Backward: the winner takes it all
#
# Move a losing piece by a little h. It still loses, and y does not move: its slope is 0. Move the winner by h, and y
# moves by h: its slope is 1. So grad_y goes to the winner, and all other pieces of the unit get 0.
#
# What if two pieces tie? Then y has a kink, and there is no derivative. But not everything is allowed. Move all tied
# pieces by h together: y moves by h. So their shares must add up to grad_y, no more. Let the first of the largest
# take all, as `argmax` has it.
#
# ### Exercise 4.2: maxout_backward


# %%
def maxout_backward(grad_y, x, n_pieces):
    """Return grad_x of y = maxout_forward(x, n_pieces); on a tie the first of the largest pieces gets grad_y."""
    ### BEGIN SOLUTION
    winner = x.reshape(len(x), n_pieces, -1).argmax(axis=1)
    won = np.arange(n_pieces)[:, None] == winner[:, None]
    return (grad_y[:, None] * won).reshape(x.shape)
    ### END SOLUTION


check("maxout_backward", maxout_backward)

# %% [markdown]
# Two random numbers never tie, so do ties matter? They do where many numbers are exactly 0. If every input of a layer
# was dropped, or the picture is black, and the biases are 0, then all pieces are 0, and all of them tie.

# %% [markdown]
# ## Dropout: units that vanish
#
# In training, dropout multiplies each entry of x by its own entry of a random mask:
#
# $$ y = x \cdot \text{mask}, \qquad
#    \text{mask} = \begin{cases} 0 & \text{with probability rate} \\
#                               c & \text{otherwise.} \end{cases} $$
#
# In evaluation nothing is dropped, and y = x. The layers above should not notice the difference on average, so the
# mean of the mask must be 1:
#
# $$ 0 \cdot \text{rate} + c \, (1 - \text{rate}) = 1
#    \quad\Rightarrow\quad c = \frac{1}{1 - \text{rate}} . $$
#
# In this project **rate is always the probability of dropping.** In the paper's code it is 0.2 for the input of D and
# 0.5 for the input of every later layer. The random numbers are given to you, evenly spread between 0 and 1: drop an
# entry where its number is below rate.
#
# ### Exercise 4.3: dropout_forward


# %%
def dropout_forward(x, rate, uniform):
    """Return y and mask, both of the shape of x; an entry is dropped where uniform < rate."""
    ### BEGIN SOLUTION
    mask = (uniform >= rate) / (1 - rate)
    return x * mask, mask
    ### END SOLUTION


check("dropout_forward", dropout_forward)

# %% [markdown]
# On the way back a layer has more at hand than it needs: the mask that forward returned, its rate, and a source of
# new random numbers. You get all of them. Which do you use?
#
# ### Exercise 4.4: dropout_backward


# %%
def dropout_backward(grad_y, mask, rate, uniform):
    """Return grad_x of y, mask = dropout_forward(x, rate, ...); uniform holds random numbers drawn after that."""
    ### BEGIN SOLUTION
    return grad_y * mask
    ### END SOLUTION


check("dropout_backward", dropout_backward)

# %% [markdown]
# Dropout is random only once, in forward. After that the mask is a constant like any other, and backward
# differentiates exactly the function that forward computed.

# %% [markdown]
# ## A layer of the discriminator
#
# Put together, a layer of the paper's D is
#
# ```text
# x ──▶ Dropout ──▶ h ──▶ Linear(weight, bias) ──▶ a ──▶ Maxout ──▶ y
# ```
#
# Walk it back. One question decides whether you get it right: which array did the Linear see?
#
# ### Exercise 4.5: discriminator_layer_backward


# %%
def discriminator_layer_backward(grad_y, x, mask, weight, bias, n_pieces):
    """Return grad_x, grad_weight and grad_bias of the layer above; mask is what the dropout drew in forward."""
    ### BEGIN SOLUTION
    h = x * mask
    a = h @ weight + bias
    grad_a = maxout_backward(grad_y, a, n_pieces)
    grad_h = grad_a @ weight.T
    return grad_h * mask, h.T @ grad_a, grad_a.sum(axis=0)
    ### END SOLUTION


check("discriminator_layer_backward", discriminator_layer_backward)

# %% [markdown]
# A weight learns from an example only if its entry of x was kept *and* its piece won.

# %% [markdown]
# ## The picture: who won, and who was dropped
#
# Now for your prediction: 240 units of 5 pieces, and the dropout of the layer above.


# %%
def heard(rng, n_units=240, n_pieces=5, m=100, rate=0.5):
    """Return which pieces win and which get a gradient, both of shape (m, n_pieces, n_units)."""
    a = rng.normal(size=(m, n_pieces * n_units))
    y = maxout_forward(a, n_pieces)
    _, mask = dropout_forward(y, rate, rng.random(y.shape))
    grad_y = dropout_backward(np.ones_like(y), mask, rate, rng.random(y.shape))
    won, paid = (maxout_backward(grad, a, n_pieces) != 0 for grad in (np.ones_like(y), grad_y))
    return won.reshape(m, n_pieces, -1), paid.reshape(m, n_pieces, -1)


with once_written():
    won, paid = heard(np.random.default_rng(0))
    print(f"pieces: {paid[0].size}; that win on the first example: {won[0].sum()}; that hear of it: {paid[0].sum()}")
    print(f"after 100 examples, {(~paid.any(axis=0)).sum()} have heard nothing")
    print(f"on average a piece hears of {paid.mean():.1%} of the examples")

    figure, (above, below) = picture(n_rows=2, height=2.5)
    shown = 15  # of the 240 units
    paint = {"hears": BLUE, "won, but its unit was dropped": VERMILION, "lost": "0.9"}
    colors = np.array([to_rgb(paint["lost"]), to_rgb(paint["won, but its unit was dropped"]), to_rgb(paint["hears"])])
    above.imshow(colors[won[0, :, :shown].astype(int) + paid[0, :, :shown]], aspect="auto")
    above.set_title("one example", loc="left")
    above.legend(
        handles=[Patch(color=color, label=word) for word, color in paint.items()],
        ncols=3,
        loc="lower right",
        bbox_to_anchor=(1.01, 1),
        fontsize=11,
        handlelength=1,
        columnspacing=1,
    )
    times = paid.sum(axis=0)[:, :shown]
    below.imshow(times, aspect="auto", cmap="Blues", vmin=0, vmax=2 * times.max())
    for (piece, unit), n in np.ndenumerate(times):
        below.text(unit, piece, n, ha="center", va="center", fontsize=12)
    below.set_title("100 examples: how many each piece hears of", loc="left")
    for axes in (above, below):
        axes.set(xticks=range(shown), yticks=range(5), ylabel="piece")
        axes.set_xticks(np.arange(shown + 1) - 0.5, minor=True)
        axes.set_yticks(np.arange(6) - 0.5, minor=True)
        axes.grid(which="minor", color="white", linewidth=2)
        axes.tick_params(which="both", length=0)
    below.set_xlabel("unit")
    show(
        figure,
        alt="Two tables of 5 pieces by 15 units. For one example one piece of each unit wins, and some of these hear "
        "nothing because their units were dropped. Over 100 examples, every piece hears of about ten.",
    )

# %% [markdown]
# One piece in five wins, and one unit in two is kept: a tenth. A single example teaches a tenth of the layer's weights,
# and the next example teaches others. So each piece becomes good at the examples that it wins, and no unit can rely
# on another to be there. After a minibatch of 100, every piece has heard of some.
#
# What arrives is not weakened on the way, as it is by a sigmoid. It passes a winner with the factor 1, and a unit that
# was kept with the factor 2, which makes up for the half that is missing. The paper's introduction speaks of piecewise
# linear units "which have a particularly well-behaved gradient". G needs this in D: all that G learns comes down
# through D.

# %% [markdown]
# ## A bug to find
#
# This dropout from the gallery does not keep its mask, and draws another in backward. "It is random anyway." Train a
# small GAN with it, and the same GAN with the right dropout, and look at the distance between p_g and p_data at the
# end: the smaller, the better.

# %%
bug = GALLERY["redrawn_mask"]
print(bug.source)
for name, is_wrong in (("right", False), ("wrong", True)):
    print(f"{name} dropout: JSD {train_with(bug, is_wrong=is_wrong, rng=0).jsd[-1]:.3f} nats")

# %% [markdown]
# The results look alike. Nobody would find this bug by looking at a training, and still a part of every gradient of D
# is noise. Ask the gradient checker:

# %%
print(report(bug))

# %% [markdown]
# ## Explain
#
# A ReLU unit that is off for every example gets no gradient, and stays off for ever. Can this happen to a maxout unit?
# And to one of its pieces? Answer in three sentences, and say what the gradient has to do with it.

# %%
explanation = """
"""

# %% [markdown]
# ## Where to read on
#
# - `tinygan/layers/maxout.py` and `dropout.py`: how the library keeps the winners, and why its masks are cheap.
# - The paper, section 5: maxout and dropout in D, and neither in G.
# - Goodfellow and others, *Maxout Networks* (2013), where the two were brought together.
# - Lesson 5: how to find a bug that training does not show.
