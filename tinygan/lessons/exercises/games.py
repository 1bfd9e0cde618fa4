"""Lesson 2: min_max_and_max_min, best_response, solve_table, simultaneous_xy_step, alternating_xy_step."""

import numpy as np

from tinygan.adversarial import discriminator_step, generator_step
from tinygan.adversarial.objectives import WASSERSTEIN
from tinygan.adversarial.simultaneous import simultaneous_step
from tinygan.backend import Array
from tinygan.layers import Linear, constant
from tinygan.lessons.exercise import Exercise, Inputs
from tinygan.optim import SGD


def _table(rng: np.random.Generator, m: int, n: int) -> Array:
    """Return a table without a saddle point."""
    while True:
        table = rng.normal(size=(m, n))
        if table.max(axis=1).min() > table.min(axis=0).max():
            return table


# 2.1


def _table_inputs(rng: np.random.Generator) -> Inputs:
    m, n = rng.choice(np.arange(2, 7), 2, replace=False)
    return {"table": _table(rng, m, n)}


min_max_and_max_min = Exercise(
    "min_max_and_max_min",
    returns=["min_max", "max_min"],
    inputs=_table_inputs,
    hints=[
        "Let G move first, and openly. G picks a row; which entry of this row will D pick? And which row is then the "
        "best for G?",
        "D picks the largest entry of the row, so G wants the row whose largest entry is smallest. When D moves first, "
        "G picks the smallest entry of the column, so D wants the column whose smallest entry is largest.",
        "table.max(axis=1) has one number for each row. Its smallest is min_max. In the same way, max_min is the "
        "largest of table.min(axis=0).",
    ],
)


@min_max_and_max_min.answer
def _(table):
    return min(max(row) for row in table), max(min(column) for column in table.T)


@min_max_and_max_min.wrong("The two are right and in the wrong order. min_max, where G moves first, is returned first.")
def other_order(table):
    return table.min(axis=0).max(), table.max(axis=1).min()


@min_max_and_max_min.wrong(
    "Here G picks a column and D a row. The rows are the choices of G: D, who answers, looks along the row, axis 1."
)
def players_exchanged(table):
    return table.max(axis=0).min(), table.min(axis=1).max()


@min_max_and_max_min.wrong(
    "That is the smallest and the largest entry of the whole table. No player gets there alone: the other one has a "
    "choice too."
)
def one_player_alone(table):
    return table.min(), table.max()


@min_max_and_max_min.wrong(
    "Here the second player picks at random: these are means over a row or a column. The second player knows the first "
    "move and takes the best answer to it."
)
def answer_at_random(table):
    return table.mean(axis=1).min(), table.mean(axis=0).max()


@min_max_and_max_min.wrong(
    "These are the numbers of a row and a column. The exercise asks for V there: take min and max, not argmin and "
    "argmax."
)
def choices_for_values(table):
    return table.max(axis=1).argmin(), table.min(axis=0).argmax()


# 2.2


def _response_inputs(rng: np.random.Generator) -> Inputs:
    m, n = rng.choice(np.arange(3, 8), 2, replace=False)
    return {"table": rng.normal(size=(m, n)), "mix": rng.dirichlet(np.ones(m))}


best_response = Exercise(
    "best_response",
    returns=["column", "value"],
    inputs=_response_inputs,
    hints=[
        "Suppose D picks column 0. Row i comes up with probability mix[i]. What is V on average?",
        "On average V is the sum over i of mix[i] table[i, j], for column j. That is a product of a vector and a "
        "matrix. D wants it large.",
        "averages = mix @ table has one number for each column. Return averages.argmax() and averages.max().",
    ],
)


@best_response.answer
def _(table, mix):
    averages = [sum(share * v for share, v in zip(mix, column, strict=True)) for column in table.T]
    return averages.index(max(averages)), max(averages)


@best_response.wrong("That is what D likes least. D wants V large: take the largest average.")
def worst_response(table, mix):
    averages = mix @ table
    return averages.argmin(), averages.min()


@best_response.wrong(
    "The value is what D gets when it knows the row that was drawn. D knows only the mix: first the average over the "
    "rows, for each column, and then the largest of them."
)
def row_known(table, mix):
    return (mix @ table).argmax(), mix @ table.max(axis=1)


@best_response.wrong(
    "That is the answer to the likeliest row. The others come up as well: each row counts with its probability."
)
def likeliest_row_alone(table, mix):
    row = table[mix.argmax()]
    return row.argmax(), row.max()


@best_response.wrong("Here all rows count the same. Row i comes up with probability mix[i]: weight it with that.")
def mix_forgotten(table, mix):
    averages = table.mean(axis=0)
    return averages.argmax(), averages.max()


@best_response.wrong(
    "The value is a mean over the columns, as if D picked one at random. D picks the best column, and V is its average "
    "there."
)
def column_at_random(table, mix):
    averages = mix @ table
    return averages.argmax(), averages.mean()


# 2.3


def _two_by_two_inputs(rng: np.random.Generator) -> Inputs:
    return {"table": _table(rng, 2, 2)}


solve_table = Exercise(
    "solve_table",
    returns=["p", "value"],
    inputs=_two_by_two_inputs,
    hints=[
        "For each column, draw the average V against p. D picks the higher of the two lines. Where is the higher one "
        "lowest?",
        "Where the lines cross. Set p a + (1 - p) c equal to p b + (1 - p) d and solve for p; a, b stand in the first "
        "row and c, d in the second.",
        "p = (d - c) / (a - b - c + d), and the value is either line there, such as p * a + (1 - p) * c. Unpack the "
        "table with (a, b), (c, d) = table.",
    ],
)


@solve_table.answer
def _(table):
    # p V = (value, value) and sum(p) = 1: three linear equations
    equations = np.block([[table.T, -np.ones((2, 1))], [np.ones((1, 2)), np.zeros((1, 1))]])
    p, _, value = np.linalg.solve(equations, [0, 0, 1])
    return p, value


def _mixed(table):
    """Return the probability of row 0, that of column 0, and the value."""
    (a, b), (c, d) = table
    total = a - b - c + d
    return (d - c) / total, (d - b) / total, (a * d - b * c) / total


@solve_table.wrong(
    "The value is right, and p is the mix of D: it makes both rows equally good for G. G has to make both columns "
    "equally good for D, so that D cannot profit from either."
)
def mix_of_the_other(table):
    _, q, value = _mixed(table)
    return q, value


@solve_table.wrong("That is the probability of the second row. p belongs to the first: take 1 - p.")
def second_row(table):
    p, _, value = _mixed(table)
    return 1 - p, value


@solve_table.wrong(
    "A fair coin is the answer for hidden coins. In another table it leaves D a column that pays more: find the p at "
    "which both columns pay the same."
)
def fair_coin(table):
    return 0.5, table.mean(axis=0).max()


@solve_table.wrong(
    "That is the best single row. G can do better with a mix: where the two lines cross, D gets less than from any "
    "single row."
)
def single_row(table):
    return 1.0 - table.max(axis=1).argmin(), table.max(axis=1).min()


@solve_table.wrong(
    "The value is the determinant, a d - b c. It has to be divided by a - b - c + d. Put your p into one of the lines."
)
def determinant(table):
    return _mixed(table)[0], table[0, 0] * table[1, 1] - table[0, 1] * table[1, 0]


# 2.4 and 2.5


def _step_inputs(rng: np.random.Generator) -> Inputs:
    x, y = rng.choice([-1, 1], 2) * rng.uniform(0.5, 2, 2)
    return {"x": float(x), "y": float(y), "learning_rate": float(rng.uniform(0.1, 0.5))}


class _SmallestGAN:
    """The game V = x y as a GAN: G always returns x, all data are 0, and D is a line of slope -y."""

    def __init__(self, x, y, learning_rate):
        self.D, self.G = (Linear(1, 1, weight_init=constant(value), dtype=np.float64) for value in (-y, 0))
        self.G.bias.data[:] = x
        self.zero = np.zeros((1, 1))
        self.optimizer_d, self.optimizer_g = (SGD(player.parameters, learning_rate) for player in (self.D, self.G))

    def both_at_once(self):
        batch = self.D, self.G, self.zero, self.zero
        simultaneous_step(*batch, self.optimizer_d, self.optimizer_g, objective=WASSERSTEIN)
        return self.position()

    def in_turn(self):
        discriminator_step(self.D, self.G, self.zero, self.zero, self.optimizer_d, objective=WASSERSTEIN)
        generator_step(self.D, self.G, self.zero, self.optimizer_g, objective=WASSERSTEIN)
        return self.position()

    def position(self):
        return self.G.bias.data[0], -self.D.weight.data[0, 0]


simultaneous_xy_step = Exercise(
    "simultaneous_xy_step",
    returns=["x", "y"],
    inputs=_step_inputs,
    hints=[
        "What is the slope of x y in x, and what in y? Which player goes down its slope, and which goes up?",
        "The slope in x is y, and x goes down it. The slope in y is x, and y goes up it. Both slopes are taken at the "
        "old place.",
        "Return x - learning_rate * y and y + learning_rate * x, both from the arguments as they came.",
    ],
)


@simultaneous_xy_step.answer
def _(x, y, learning_rate):
    return _SmallestGAN(x, y, learning_rate).both_at_once()


@simultaneous_xy_step.wrong("x saw the new y: that is alternating. Compute both steps from the old x and the old y.")
def x_saw_new_y(x, y, learning_rate):
    y = y + learning_rate * x
    return x - learning_rate * y, y


@simultaneous_xy_step.wrong("y saw the new x: that is alternating. Compute both steps from the old x and the old y.")
def y_saw_new_x(x, y, learning_rate):
    x = x - learning_rate * y
    return x, y + learning_rate * x


alternating_xy_step = Exercise(
    "alternating_xy_step",
    returns=["x", "y"],
    inputs=_step_inputs,
    hints=[
        "Which of the two plays the part of D? In Algorithm 1, who moves first?",
        "y moves first and goes up its slope, x. Then x goes down its own slope, and that is y as it is now.",
        "y = y + learning_rate * x, then x = x - learning_rate * y. Return x, y.",
    ],
)


@alternating_xy_step.answer
def _(x, y, learning_rate):
    return _SmallestGAN(x, y, learning_rate).in_turn()


@alternating_xy_step.wrong("x used the old y: that is simultaneous. Here x moves second, and sees where y has gone.")
def x_saw_old_y(x, y, learning_rate):
    return x - learning_rate * y, y + learning_rate * x


@alternating_xy_step.wrong("x moved first. y plays the part of D, and in Algorithm 1 D moves before G.")
def x_first(x, y, learning_rate):
    return y_saw_new_x(x, y, learning_rate)


@simultaneous_xy_step.wrong(
    "Both descend. Then there is no game: both make V small together. y wants V large and goes up its slope."
)
def both_descend(x, y, learning_rate):
    return x - learning_rate * y, y - learning_rate * x


@simultaneous_xy_step.wrong("Both signs are reversed: x wants V small and goes down, y wants it large and goes up.")
def aims_exchanged(x, y, learning_rate):
    return x + learning_rate * y, y - learning_rate * x


@simultaneous_xy_step.wrong(
    "Each player uses its own number as its slope. The slope of x y in x is y: the other one decides how steep it is."
)
def own_number(x, y, learning_rate):
    return x - learning_rate * x, y + learning_rate * y


@simultaneous_xy_step.wrong("The steps are as long as the slopes. Multiply the slopes by learning_rate.")
def rate_forgotten(x, y, learning_rate):
    return x - y, y + x


@alternating_xy_step.wrong(
    "Both descend. Then there is no game: both make V small together. y wants V large and goes up its slope."
)
def both_descend_in_turn(x, y, learning_rate):
    y = y - learning_rate * x
    return x - learning_rate * y, y


@alternating_xy_step.wrong("Both signs are reversed: y wants V large and goes up, x wants it small and goes down.")
def aims_exchanged_in_turn(x, y, learning_rate):
    y = y - learning_rate * x
    return x + learning_rate * y, y


@alternating_xy_step.wrong("The steps are as long as the slopes. Multiply the slopes by learning_rate.")
def rate_forgotten_in_turn(x, y, learning_rate):
    y = y + x
    return x - y, y
