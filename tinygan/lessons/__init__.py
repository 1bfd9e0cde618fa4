"""Lessons with exercises that say why an answer is wrong."""

from tinygan.lessons.exercise import NotYetWritten
from tinygan.lessons.in_lessons import check, once_written, show, verdict

__all__ = ["NotYetWritten", "check", "once_written", "show", "verdict"]
