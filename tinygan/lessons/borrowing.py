"""Notice answers that are the library's: given as they are, or called by a student's function."""

import functools
from types import FrameType
from typing import Any

from tinygan.backend import fused
from tinygan.lessons.exercise import RIGHT_ANSWERS, Exercise

# Parts of the lessons that a student's function may call: what its arguments hold, what cells call, and our stdout.
FOR_STUDENTS = ("tinygan.lessons.exercises.", "tinygan.lessons.cells", "tinygan.lessons.time_limit")


def name_in_library(function: Any) -> str:
    """Return the name of a function that is the library's, in whatever it is wrapped; empty if it is the student's.

    Examples
    --------
    >>> from tinygan.adversarial import optimal_discriminator
    >>> name_in_library(functools.partial(optimal_discriminator))
    'tinygan.adversarial.theory.value.optimal_discriminator'
    """
    while (is_partial := isinstance(function, functools.partial)) or not hasattr(function, "__qualname__"):
        function = function.func if is_partial else type(function).__call__
    module = str(getattr(function, "__module__", ""))
    is_ours = module.startswith("tinygan.") and not module.startswith("tinygan.lessons.")
    is_right_answer = getattr(function, "__code__", None) in RIGHT_ANSWERS
    return f"{module}.{function.__qualname__}" if is_ours or is_right_answer else ""


class Calls:
    """A profile function that notes when a student's code calls a part of tinygan that holds the answer.

    Parameters
    ----------
    exercise : Exercise

    Attributes
    ----------
    borrowed : str
        The name of the first such part that was called; empty if there was none.

    Examples
    --------
    >>> import sys
    >>> from tinygan.adversarial import optimal_discriminator
    >>> calls = Calls(Exercise("loss", ["y"], inputs=lambda rng: {"x": 1.0}, hints=["", "", ""]))
    >>> students = {"f": optimal_discriminator}  # the names of a module that is not the library's
    >>> sys.setprofile(calls); y = eval("f(0.1, 0.2)", students); sys.setprofile(None)
    >>> calls.borrowed
    'tinygan.adversarial.theory.value.optimal_discriminator'
    """

    def __init__(self, exercise: Exercise) -> None:
        self._allowed = (*FOR_STUDENTS, *exercise.allowed)
        self.borrowed = ""

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        """Look at one call."""
        if event != "call" or frame.f_back is None:
            return
        module, caller = (str(f.f_globals.get("__name__", "")) for f in (frame, frame.f_back))
        if not module.startswith("tinygan.") or caller.startswith("tinygan."):
            return
        name = frame.f_code.co_qualname
        if wrapped := frame.f_locals.get("definition") if module == fused.__name__ else None:  # by `fused`
            module, name = wrapped.__module__, wrapped.__qualname__
        if not module.startswith(self._allowed) or frame.f_code in RIGHT_ANSWERS:
            self.borrowed = self.borrowed or f"{module}.{name}"
