# %% [markdown]
# # 2. Two players, one number: what is solving a game?
#
# Most networks learn alone: one loss, and every step goes downhill. The paper's game (eq. 1) has two players:
#
# $$ \min_G \max_D V(D, G) . $$
#
# G moves V down, D moves V up. What does it mean to solve such a game, and do small steps get there? In this lesson you
# solve games that fit on a sheet of paper, and then let two players walk.
#
# You need averages, derivatives and the idea of a probability. No networks yet.

# %%
import numpy as np

from tinygan.figures.lesson import picture
from tinygan.figures.style import BLACK, BLUE, VERMILION
from tinygan.lessons import NotYetWritten, check, once_written, show

# %% [markdown]
# ## First, a prediction
#
# Two numbers play for V = x y. The number x plays the part of G: it moves so that V falls. The number y plays the part
# of D: it moves so that V rises. They start at x = 1, y = 0, and each takes many small steps along its own slope. Where
# do they go: to the middle (0, 0), away from it, or round it? Does it matter whether both move at once, or in turn?
# Write down what you think, and why.

# %%
prediction = """
"""

# %% [markdown]
# ## A game on a table
#
# Let both players have a few choices. G picks a row and D picks a column; the entry of the table is V. In a game
# that children play, each hides a coin in a hand, heads or tails. If the two sides are equal, D wins 1, else G does:

# %%
COINS = np.array([[1.0, -1.0], [-1.0, 1.0]])

# %% [markdown]
# Suppose G moves first, and D sees it. Whatever row G picks, D answers with its largest entry. So the best that G can
# do is **min max**: the row whose largest entry is smallest. If D moves first and G sees it, the best that D can do is
# **max min**: the column whose smallest entry is largest.
#
# ### Exercise 2.1: min_max_and_max_min


# %%
def min_max_and_max_min(table):
    """Return V if G picks its row first, and V if D picks its column first.

    table[i, j] is V if G picks row i and D picks column j. Both play as well as they can.
    """
    ### BEGIN SOLUTION
    min_max = table.max(axis=1).min()
    max_min = table.min(axis=0).max()
    return min_max, max_min
    ### END SOLUTION


check("min_max_and_max_min", min_max_and_max_min)

# %% [markdown]
# It is never good to move first. For every row i and every column j,
#
# $$ \min_{i'} V_{i'j} \;\le\; V_{ij} \;\le\; \max_{j'} V_{ij'} . $$
#
# The left side depends on the column alone and the right side on the row alone. So the largest left side is at most the
# smallest right side: **max min ≤ min max**. They are equal if some entry is the largest of its row and the smallest
# of its column, a **saddle point**. How often is there one, in a table of random numbers?

# %%
with once_written():
    print(f"hidden coins: min max {min_max_and_max_min(COINS)[0]:g}, max min {min_max_and_max_min(COINS)[1]:g}")
    rng = np.random.default_rng(0)
    for n in (2, 3, 5):
        pairs = [min_max_and_max_min(rng.normal(size=(n, n))) for _ in range(2000)]
        print(f"{n} by {n}: a saddle in {np.mean([low == high for high, low in pairs]):.0%} of 2,000 random tables")

# %% [markdown]
# The larger the table, the rarer a saddle. With hidden coins there is none: who shows the coin first has lost.

# %% [markdown]
# ## The best response
#
# So G had better not show its move, and not even know it: let it pick its row by chance. A **mix** gives each row a
# probability. D may know the mix; it does not know the row that will be drawn. What should D do?
#
# Could D gain by mixing, too? Its average is then a mean of what the single columns bring. A mean is never above the
# largest of them, so one column is enough.
#
# ### Exercise 2.2: best_response


# %%
def best_response(table, mix):
    """Return the column that is best for D against a mix of the rows, and the average V it brings."""
    ### BEGIN SOLUTION
    averages = mix @ table
    return averages.argmax(), averages.max()
    ### END SOLUTION


check("best_response", best_response)

# %% [markdown]
# That is the inner maximum of eq. (1): for a given G, the best D. Now let the two answer each other. What is good for G
# is bad for D, so G answers as D does, in the table with its sign and its sides exchanged.

# %%
with once_written():
    row, sides = 0, ("heads", "tails")
    for _ in range(3):
        column, _ = best_response(COINS, np.eye(2)[row])
        row, _ = best_response(-COINS.T, np.eye(2)[column])
        print(f"D answers {sides[column]}, G answers {sides[row]}")

# %% [markdown]
# They chase each other for ever. Each answer is the best, and all of them together lead nowhere.

# %% [markdown]
# ## The value of a game
#
# A better plan for G: look for the mix against which even the best response brings D little. Take a table with two rows
# and two columns, and let p be the probability of row 0:
#
# $$ V = \begin{pmatrix} a & b \\ c & d \end{pmatrix}: \qquad
#    \text{column 0 brings } \; p a + (1 - p) c, \qquad \text{column 1 brings } \; p b + (1 - p) d . $$
#
# Two straight lines in p. D picks the higher one. If the table has no saddle point, one line rises and the other falls,
# and the higher of the two is lowest where they cross. There D does not care what it picks.
#
# ### Exercise 2.3: solve_table


# %%
def solve_table(table):
    """Return the probability of row 0 in the best mix of G, and V then; the table is (2, 2), without a saddle point."""
    ### BEGIN SOLUTION
    (a, b), (c, d) = table
    p = (d - c) / (a - b - c + d)
    return p, p * a + (1 - p) * c
    ### END SOLUTION


check("solve_table", solve_table)

# %% [markdown]
# D can do the same from its side. What do the two find?

# %%
with once_written():
    for table in (COINS, np.array([[3.0, -1.0], [-2.0, 1.0]])):
        (p, value_g), (q, value_d) = solve_table(table), solve_table(-table.T)
        print(f"the table {table.tolist()}")
        print(f"  G takes row 0    with probability {p:.3f}, and V is at most  {value_g:.3f}")
        print(f"  D takes column 0 with probability {q:.3f}, and V is at least {-value_d:z.3f}")

# %% [markdown]
# The same V: with mixes, min max and max min are equal. That is the **value** of the game, and every table has one (von
# Neumann, 1928). Now we can say what solving a game is: **find a pair of moves from which neither player gains by
# moving alone.** V is a saddle there: G cannot lower it, and D cannot raise it.
#
# The paper's game has such a pair as well: p_g = p_data and D = 1/2 everywhere, with the value −log 4 (Theorem 1;
# lesson 8 derives it). Still, the order of min and max matters. It is min max, with D inside, that leads G to the data.
# If G may answer a D that stands still, its best response is a single x, as in lesson 1, where σ went to 0.

# %% [markdown]
# ## Small steps
#
# Networks do not jump to best responses. They take small steps. Let G show heads with probability (1 + x)/2 and D with
# (1 + y)/2. Multiply out the average V of the hidden coins, and four terms become one:
#
# $$ V(x, y) = x\,y . $$
#
# The solution is x = y = 0, two fair coins. From here on x and y may be any numbers. Let x go down its slope and y go
# up its own, with the learning rate η. First both at once, from the old place. The code that the authors of the paper
# released did it like this.
#
# ### Exercise 2.4: simultaneous_xy_step


# %%
def simultaneous_xy_step(x, y, learning_rate):
    """Return x and y after one step of both players on V = x y, both from the old x and y."""
    ### BEGIN SOLUTION
    return x - learning_rate * y, y + learning_rate * x
    ### END SOLUTION


check("simultaneous_xy_step", simultaneous_xy_step)

# %% [markdown]
# How far from the middle are they after the step?
#
# $$ (x - \eta y)^2 + (y + \eta x)^2 = (1 + \eta^2)(x^2 + y^2) . $$
#
# The mixed terms cancel. So every step multiplies the distance by $\sqrt{1 + \eta^2}$, which is more than 1, however
# small η is.
#
# Algorithm 1 of the paper lets the players move in turn: first D, then G. The second one sees where the first has gone.
#
# ### Exercise 2.5: alternating_xy_step


# %%
def alternating_xy_step(x, y, learning_rate):
    """Return x and y after a step of y, and then one of x, on V = x y."""
    ### BEGIN SOLUTION
    y = y + learning_rate * x
    x = x - learning_rate * y
    return x, y
    ### END SOLUTION


check("alternating_xy_step", alternating_xy_step)

# %% [markdown]
# Call the new place x', y', so y' = y + ηx and x' = x − ηy'. Look at Q = x² + y² + ηxy, before and after:
#
# $$ Q = x^2 + y\,(y + \eta x) = x^2 + y\,y', \qquad
#    Q' = x'(x' + \eta y') + y'^2 = x\,x' + y'^2 , $$
#
# $$ Q' - Q = x\,(x' - x) + y'\,(y' - y) = -\eta\, x\, y' + \eta\, x\, y' = 0 . $$
#
# Q never changes. For η < 2, the points with the same Q form an ellipse, and the players stay on it for ever.

# %% [markdown]
# ## The picture: a spiral and a closed orbit


# %%
def walk(step, n_steps=75, learning_rate=0.15):
    """Return all places on a walk from (1, 0), in rows."""
    places = [(1.0, 0.0)]
    for _ in range(n_steps):
        places.append(step(*places[-1], learning_rate))
    return np.array(places)


with once_written():
    figure, panels = picture(2, height=4.6)
    for axes, title, step, color in (
        (panels[0], "both at once", simultaneous_xy_step, VERMILION),
        (panels[1], "in turn", alternating_xy_step, BLUE),
    ):
        places = walk(step)
        axes.plot(*places.T, ".-", color=color, linewidth=1)
        axes.plot(1, 0, "o", color=BLACK, markersize=9)
        axes.plot(0, 0, "+", color=BLACK, markersize=16, markeredgewidth=2)
        axes.set_title(title, color=color, fontsize=17)
        axes.set(
            xlabel="x (wants V small)", ylabel="y (wants V large)", aspect="equal", xlim=(-2.6, 2.6), ylim=(-2.6, 2.6)
        )
    show(
        figure,
        alt="Two walks from the point (1, 0). Left, where both players move at once, a spiral runs outwards. Right, "
        "where they move in turn, the walk stays on a closed curve around the middle.",
    )
    x, y = walk(simultaneous_xy_step)[-1]
    print(f"at once: distance after 75 steps  {np.hypot(x, y):.6f}; sqrt(1 + η²)^75 is {(1 + 0.15**2) ** 37.5:.6f}")
    x, y = walk(alternating_xy_step)[-1]
    print(f"in turn: Q after 75 steps         {x**2 + y**2 + 0.15 * x * y:.6f}; at the start it was 1")
    print(f"in turn: mean of 4,200 places     {np.abs(walk(alternating_xy_step, 4200).mean(axis=0)).round(2)}")

# %% [markdown]
# Neither walk gets to the solution, though at every step each player does what is good for it. At once, they run away;
# in turn, they circle. Only the mean over the orbit is at the solution. The distance tells, and V does not: on both
# walks V swings up and down around 0, the value of the game.
#
# V = x y is a hard case: neither player has a hill of its own. In the paper's game D has one, since for a given G there
# is one best D (lesson 7). Algorithm 1 therefore lets D make k steps for each step of G.

# %% [markdown]
# ## A bug to find
#
# What if both players descend? In this step of G one sign is wrong, and the game is gone: G helps D. The gradient
# checker sees it. A training on one-dimensional data shows what comes of it: JSD measures how far p_g is from p_data,
# from 0 to log 2 = 0.693, where they do not even overlap.

# %%
from tinygan.experiments.bugs import train_with
from tinygan.gradcheck.gallery import GALLERY, report

bug = GALLERY["helpful_generator"]
print(bug.source)
print(report(bug))
for is_wrong in (False, True):
    jsd = train_with(bug, is_wrong=is_wrong, rng=0).jsd
    print(f"{'with the bug' if is_wrong else 'right':<12}  JSD {jsd[0]:.3f} at the start, {jsd[-1]:.3f} at the end")

# %% [markdown]
# ## Explain
#
# A friend trains a GAN, sees the loss of D fall and fall, and says: "It works." In three sentences, tell your friend
# why a falling loss is good news for one player alone but not in a game, and what one would see at the solution.

# %%
explanation = """
"""

# %% [markdown]
# ## Where to read on
#
# - The paper, eq. (1) and Algorithm 1: the game, and its steps in turn.
# - `tinygan/adversarial/algorithm1.py` and `simultaneous.py`: the same two ways to step, for networks.
# - Lesson 3: where the slopes come from when a player is a network.
