"""Find arguments that code accepts, by trying: scene by scene, until forward and backward both run."""

import inspect
import traceback
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from tinygan.gradcheck.files.building import with_object
from tinygan.gradcheck.files.scenes import SCENES
from tinygan.gradcheck.files.settings import MARGINS, SIDES, WINDOW_KEYS, WINDOWS, words_in
from tinygan.gradcheck.files.values import Guesses, constructor_of, in_words
from tinygan.gradcheck.subjects.passes import Passes
from tinygan.gradcheck.subjects.written import BackwardRaised, Written


class Nothing(ValueError):
    """No arguments were found with which forward runs; the cause is the first error of the scene that came furthest."""


def readings_with_inputs(
    name: str, readings: Sequence[Passes], kind: type | None, seed: int
) -> Iterator[list[Written]]:
    """Yield, for each way of inputs, the subjects whose forward and backward run: one for each reading of the code.

    Code with windows gets several ways of inputs: strides, margins and sides that differ. All other code gets one.

    Raises
    ------
    Nothing
        If forward never runs.
    BackwardRaised
        If forward runs, but backward never does.
    """
    forward = readings[0].forward
    words = words_in(forward, *([vars(kind)["__init__"]] if kind is not None and "__init__" in vars(kind) else []))
    needed = {*words, *inspect.signature(forward).parameters, *(constructor_of(kind) if kind is not None else ())}
    errors: list[BaseException] = []
    found = False
    for way in WINDOWS if needed & {*WINDOW_KEYS, *SIDES} else ({},):
        without_margin = {key: value for key, value in way.items() if key not in MARGINS}
        for settings in (way, without_margin) if way else (way,):
            guesses = (Guesses(scene, settings, words, seed) for scene in SCENES)
            subjects = _accepted(name, readings, kind, guesses, errors)
            if subjects:
                found = True
                yield subjects
                break
    if not found:
        raised = next((error for error in errors if isinstance(error, BackwardRaised)), None)
        if raised is not None:
            raise raised
        raise Nothing("no inputs work") from max(errors, key=lambda error: _progress(error, forward), default=None)


def _progress(error: BaseException, forward: Callable[..., Any]) -> tuple[bool, int]:
    """Return how much an error tells: most if something is not there, else by how far forward came."""
    lines = [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code is forward.__code__]
    return isinstance(error, (NameError, ImportError, NotImplementedError)), max(lines, default=0)


def running(name: str, readings: Sequence[Passes], given: dict[str, Any], seed: int) -> list[Written]:
    """Return the subjects whose passes run with what is given; if there is none, raise the first error."""
    subjects: list[Written] = []
    errors: list[BaseException] = []
    for passes in readings:
        try:
            subject = Written(name, passes, given, seed)
            if subject.y(seed).size:
                subjects.append(subject)
        except (Exception, SystemExit) as error:
            errors.append(error)
    if not subjects and errors:
        raise errors[0]
    return subjects


def _accepted(
    name: str,
    readings: Sequence[Passes],
    kind: type | None,
    scenes: Iterator[Guesses],
    errors: list[BaseException],
) -> list[Written]:
    """Return the subjects of the first scene in which forward and backward run."""
    for guesses in scenes:
        for given in guesses.combinations(readings[0], kind):
            try:
                with np.errstate(all="ignore"):
                    made = with_object(readings[0], kind, given, guesses.seed)
                    subjects = running(name, readings, made, guesses.seed)
            except (Exception, SystemExit) as error:
                errors.append(error)
                continue
            for subject in subjects:
                subject.words, subject.axis = in_words(given), guesses.scene.axis
            if subjects:
                return subjects
    return []
