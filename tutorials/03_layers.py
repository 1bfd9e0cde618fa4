# %% [markdown]
# # 3. Backprop I: what does a layer hand down?
#
# A network is a chain of layers, and the loss stands at its end. To learn, every weight needs to know one number:
# if I grow a little, does the loss rise or fall, and how fast? Backpropagation answers this for all weights in one
# walk from the loss down to the input. In this lesson you write that walk for three kinds of layers, and then for a
# network.
#
# You need matrices and the chain rule. You do not need to have seen a neural network.

# %%
import numpy as np

from tinygan.figures.lesson import picture
from tinygan.figures.style import GREEN, VERMILION
from tinygan.lessons import NotYetWritten, check, once_written, show

# %% [markdown]
# ## First, a prediction
#
# Twelve layers lie on top of each other, each a matrix and a sigmoid. The loss sits above the last one. How large
# is the gradient that reaches the lowest layer, compared with the one at the top: about the same, a tenth, a
# millionth? And with ReLU in place of the sigmoid? Write down what you think, and why. You will see at the end of
# the lesson.

# %%
prediction = """
"""

# %% [markdown]
# ## What arrives, and what goes on
#
# A layer computes y from x, and the layers above it turn y into the loss L. They tell our layer one array:
#
# **grad_y** = dL/dy, of the shape of y: one number for every entry of y, saying how L changes with it.
#
# From this the layer computes two things:
#
# - **grad_x** = dL/dx, which it hands down: for the layer below, it is the new grad_y;
# - the gradients of its own parameters, which the optimizer will use.
#
# The layer need not know what stands above it: grad_y tells it everything that it needs. This is the chain rule, and
# it is why a layer can be written once and used in any network.

# %% [markdown]
# ## The linear layer
#
# y = x weight + bias. The batch x has one example in each of its m rows, so its shape is (m, n_in); weight has the
# shape (n_in, n_out), and y the shape (m, n_out). Entry by entry:
#
# $$ y_{ij} = \sum_k x_{ik}\, W_{kj} + b_j . $$
#
# Which entries of y does $W_{kj}$ touch? All of column j: once for each example i, with the factor $x_{ik}$. So
#
# $$ \frac{\partial L}{\partial W_{kj}} = \sum_i x_{ik} \frac{\partial L}{\partial y_{ij}} . $$
#
# The other two follow in the same way: ask which entries of y a number touches, and add up. Then write the sums as
# products of matrices. One check is free: **a gradient has the shape of what it belongs to.**
#
# ### Exercise 3.1: linear_backward


# %%
def linear_backward(grad_y, x, weight):
    """Return grad_x, grad_weight and grad_bias of y = x @ weight + bias.

    grad_y is (m, n_out), x is (m, n_in), weight is (n_in, n_out).
    """
    ### BEGIN SOLUTION
    grad_x = grad_y @ weight.T
    grad_weight = x.T @ grad_y
    grad_bias = grad_y.sum(axis=0)
    return grad_x, grad_weight, grad_bias
    ### END SOLUTION


check("linear_backward", linear_backward)

# %% [markdown]
# Where is the 1/m of the mean over the batch? In the loss, and nowhere else. The loss divides once, and its 1/m
# travels down inside grad_y. A layer that divides again makes the steps of its own weights m times too small, and the
# network still learns, slowly. Nobody notices.

# %% [markdown]
# ## ReLU
#
# y = max(x, 0), entry by entry. No entry of y depends on another entry of x, so there is no sum: the chain rule is
# a product, grad_y times the slope.
#
# At x = 0 itself the slope jumps, and there is no right value. Any number from 0 to 1 will do; **we say 0**.
#
# ### Exercise 3.2: relu_backward


# %%
def relu_backward(grad_y, x):
    """Return grad_x of y = max(x, 0); grad_y and x have one shape."""
    ### BEGIN SOLUTION
    return grad_y * (x > 0)
    ### END SOLUTION


check("relu_backward", relu_backward)

# %% [markdown]
# ## The sigmoid
#
# y = σ(x) = 1 / (1 + exp(−x)). The forward pass has already computed the exponential. It would be a waste to do so
# again, so the cache of this layer is y, not x. Find the slope as a function of y:
#
# $$ \frac{dy}{dx} = \frac{e^{-x}}{(1 + e^{-x})^2}
#    = \frac{1}{1 + e^{-x}} \cdot \frac{e^{-x}}{1 + e^{-x}} = \;? $$
#
# ### Exercise 3.3: sigmoid_backward


# %%
def sigmoid_backward(grad_y, y):
    """Return grad_x of y = sigmoid(x), from y; grad_y and y have one shape."""
    ### BEGIN SOLUTION
    return grad_y * y * (1 - y)
    ### END SOLUTION


check("sigmoid_backward", sigmoid_backward)

# %% [markdown]
# Many programs on the web take the sigmoid of y here, a second time. The slope then lies between 0.197 and 0.25,
# close to the right one wherever σ is near 1/2. Such a network learns. It learns the wrong thing a little in each
# step.

# %% [markdown]
# ## A network
#
# Two linear layers with a ReLU between them:
#
# ```text
# x ──▶ Linear(weight_1, bias_1) ──▶ a ──▶ ReLU ──▶ h ──▶ Linear(weight_2, bias_2) ──▶ y
# ```
#
# Walk back from y to x. You have written every step of the way: call your functions. ReLU's own input a was not
# kept, but h > 0 exactly where a > 0.
#
# ### Exercise 3.4: network_backward


# %%
def network_backward(grad_y, x, h, weight_1, weight_2):
    """Return grad_x, grad_weight_1 and grad_weight_2 of the network above."""
    ### BEGIN SOLUTION
    grad_h, grad_weight_2, _ = linear_backward(grad_y, h, weight_2)
    grad_a = relu_backward(grad_h, h)
    grad_x, grad_weight_1, _ = linear_backward(grad_a, x, weight_1)
    return grad_x, grad_weight_1, grad_weight_2
    ### END SOLUTION


check("network_backward", network_backward)

# %% [markdown]
# That is all of backpropagation. What a library adds is bookkeeping.

# %% [markdown]
# ## The picture: a gradient on its way down
#
# Now for your prediction. Twelve layers of 50 units; the gradient starts at the top with length 1 and is handed
# down by your functions. The weights are drawn so that the numbers keep their size on the way up.


# %%
def sizes_on_the_way_down(kind, n_layers=12, n=50, m=100):
    """Return the size of the gradient below each layer, from the top to the bottom."""
    rng = np.random.default_rng(0)
    x, kept = rng.normal(size=(m, n)), []
    for _ in range(n_layers):
        weight = rng.normal(size=(n, n)) * np.sqrt((2 if kind == "ReLU" else 1) / n)
        a = x @ weight
        y = np.maximum(a, 0) if kind == "ReLU" else 1 / (1 + np.exp(-a))
        kept.append((x, weight, y))
        x = y
    grad = rng.normal(size=(m, n))
    sizes = [np.linalg.norm(grad)]
    for x, weight, y in reversed(kept):
        grad = relu_backward(grad, y) if kind == "ReLU" else sigmoid_backward(grad, y)
        grad, _, _ = linear_backward(grad, x, weight)
        sizes.append(np.linalg.norm(grad))
    return np.array(sizes) / sizes[0]


with once_written():
    figure, axes = picture(height=3.8)
    for kind, color, above in (("ReLU", GREEN, 1.8), ("sigmoid", VERMILION, 0.25)):
        sizes = sizes_on_the_way_down(kind)
        axes.semilogy(sizes, "o-", color=color)
        axes.annotate(kind, (8, sizes[8] * above), color=color, fontsize=15, ha="right")
        print(f"{kind:<8} the gradient below layer 1 is {sizes[-1]:.1e} of the one at the top")
    axes.set(xlabel="layers on the way down", ylabel="size of the gradient", ylim=(1e-9, 20))
    show(
        figure,
        alt="The size of the gradient against the number of layers it has passed, on a logarithmic scale. With ReLU it "
        "keeps its size. With the sigmoid it falls by the same factor in each layer, to less than a millionth.",
    )

# %% [markdown]
# The slope of the sigmoid is at most 1/4, so each layer takes away three quarters of the gradient or more, unless its
# weights make up for it. This is one reason why deep networks of sigmoids learned so slowly, and it is why both
# players of the paper use units whose slope is 1 where they are on: ReLU in G, maxout in D (section 5). The sigmoid
# is left for the very end, and lesson 9 shows what it does even there.

# %% [markdown]
# ## A bug to find
#
# This layer is from the gallery. It has the right slope and computes it from the wrong number. The gradient
# checker, which you will write yourself in lesson 5, compares it with numerical derivatives.

# %%
from tinygan.gradcheck.gallery import GALLERY, report

print(GALLERY["slope_of_input"].source)
print(report(GALLERY["slope_of_input"]))

# %% [markdown]
# ## Explain
#
# A friend says: "Backpropagation sends the error back through the network." What is sent back is no error. In three
# sentences, tell your friend what it is, what a layer does with it, and why the layer need not know what stands
# above it.

# %%
explanation = """
"""

# %% [markdown]
# ## Where to read on
#
# - `tinygan/layers/linear.py`, `activations.py` and `sequential.py`: the same lines as yours, with their doors.
# - The paper, section 5: which units the two players have.
# - Lesson 4: units that compete, and units that are left out.
