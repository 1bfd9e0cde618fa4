"""Lessons with exercises that say why an answer is wrong."""

from tinygan.lessons.cells import check, once_written, show, verdict
from tinygan.lessons.exercise import NotYetWritten

__all__ = ["NotYetWritten", "check", "once_written", "show", "verdict"]
