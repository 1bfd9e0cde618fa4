"""Is this backward pass right? Compares it with numerical derivatives."""

from tinygan.gradcheck.check import check_gradients
from tinygan.gradcheck.report import Report, Row

__all__ = ["Report", "Row", "check_gradients"]
