"""What an exercise is: a function to write, random inputs, the right answer, the usual wrong ones, and hints."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from traceback import walk_tb
from types import CodeType
from typing import Any, TypeAlias

import numpy as np

from tinygan.backend import Array

# What the student's function is called with, by the names of its arguments.
Inputs: TypeAlias = Mapping[str, Any]
Answer: TypeAlias = Callable[..., Any]
# Rooms of tinygan that hold no answers but to exercises on a primitive.
PRIMITIVES = ("tinygan.functional", "tinygan.backend")
# The code of all right answers, so that a check knows them when a student's function calls one.
RIGHT_ANSWERS: set[CodeType] = set()


class NotYetWritten(NotImplementedError):
    """What the stub of an exercise raises; it carries the exercise's name.

    Examples
    --------
    >>> str(NotYetWritten("relu_backward"))
    'relu_backward'
    """


def unwritten(error: BaseException) -> str:
    """Return the name of the function in which nothing is written yet, if this is what an error says; else nothing.

    nbgrader puts a ``raise NotImplementedError()`` of its own in the place of ours. It has no name in it, so the name
    is that of the function which raised it.

    Examples
    --------
    >>> unwritten(NotYetWritten("relu_backward")), unwritten(ValueError())
    ('relu_backward', '')
    """
    if not isinstance(error, NotImplementedError):
        return ""
    if error.args:
        return str(error) if isinstance(error, NotYetWritten) else ""
    return [frame.f_code.co_name for frame, _ in walk_tb(error.__traceback__)][-1]


@dataclass(frozen=True)
class WrongAnswer:
    """An answer that people really give, and what a good teaching assistant says to it.

    Attributes
    ----------
    function : callable
        The answer, as code; its name is what the class's statistics call the mistake.
    sentence : str
        What is wrong with it, and where to look.
    """

    function: Answer
    sentence: str

    @property
    def name(self) -> str:
        """The name of the mistake."""
        return self.function.__name__


def call(function: Answer, inputs: Inputs) -> Any:
    """Return what a function gives for the inputs, in their order.

    Examples
    --------
    >>> call(lambda x, y: x - y, {"x": 3, "y": 1})
    2
    """
    return function(*inputs.values())


@dataclass
class Exercise:
    """A function for the student to write.

    The right answer and the wrong ones are added with `answer` and `wrong`, two decorators.

    Attributes
    ----------
    name : str
        The function's name; no two exercises share one.
    returns : sequence of str
        What the function returns, one name for each array.
    inputs : callable
        ``inputs(rng)`` gives random arguments by name: arrays, numbers, strings. Sizes are drawn too, and differ.
    hints : sequence of three str
        The last one is all but the answer.
    run : callable
        ``run(function, inputs)`` calls the function and returns what is compared. It is for answers that take or change
        more than arrays, such as a network; everyone else leaves it alone.
    allowed : sequence of str
        Rooms of tinygan that the answer may call, by default its primitives, such as the sigmoid.
    tolerance : float
        The largest difference that counts as right, relative to the largest entry.
    diagnose : callable, optional
        ``diagnose(function)`` returns the gradient checker's report on the function, for mistakes without a name.

    Examples
    --------
    >>> double = Exercise("double", returns=["y"], inputs=lambda rng: {"x": rng.normal(size=3)}, hints=["", "", ""])
    >>> @double.answer
    ... def _(x):
    ...     return 2 * x
    >>> @double.wrong("That is the square.")
    ... def squared(x):
    ...     return x**2
    >>> double.wrong_answers[0].name
    'squared'
    """

    name: str
    returns: Sequence[str]
    inputs: Callable[[np.random.Generator], Inputs]
    hints: Sequence[str]
    run: Callable[[Answer, Inputs], Any] = call
    allowed: Sequence[str] = PRIMITIVES
    tolerance: float = 1e-6
    diagnose: Callable[[Answer], Any] | None = None
    right_answer: Answer = field(init=False)
    wrong_answers: list[WrongAnswer] = field(default_factory=list, init=False)

    def answer(self, function: Answer) -> Answer:
        """Take the right answer."""
        self.right_answer = function
        RIGHT_ANSWERS.add(function.__code__)
        return function

    def wrong(self, sentence: str) -> Callable[[Answer], Answer]:
        """Take a wrong answer, with what to say to it."""

        def take(function: Answer) -> Answer:
            self.wrong_answers.append(WrongAnswer(function, sentence))
            return function

        return take

    def outputs(self, function: Answer, inputs: Inputs) -> tuple[Array, ...]:
        """Return what one of our own answers gives, as arrays.

        Each call has its own copy of the inputs.
        """
        with np.errstate(all="ignore"):  # a wrong answer may take the logarithm of 0
            result = self.run(function, copied(inputs))
        results = result if isinstance(result, tuple) else (result,)
        return tuple(np.asarray(array) for array in results)


def sizes(rng: np.random.Generator, n: int) -> list[int]:
    """Return sizes for random inputs; they differ, so that no wrong shape fits by chance.

    Examples
    --------
    >>> len(set(sizes(np.random.default_rng(0), 4)))
    4
    """
    return [int(size) for size in rng.choice(np.arange(3, 9), n, replace=False)]


def copied(inputs: Inputs) -> dict[str, Any]:
    """Return the inputs with a copy of each array.

    Examples
    --------
    >>> x = np.ones(2)
    >>> copied({"x": x, "rate": 0.5})["x"] is x
    False
    """
    return {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in inputs.items()}
