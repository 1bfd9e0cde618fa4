"""Is this backward pass right, and if not, why? Compares it with numerical derivatives and names the suspect."""

from tinygan.gradcheck.check import check_gradients
from tinygan.gradcheck.diagnosis.suspect import Suspect
from tinygan.gradcheck.functions import check_functions
from tinygan.gradcheck.report import Report, Row
from tinygan.gradcheck.steps import check_step

__all__ = ["Report", "Row", "Suspect", "check_functions", "check_gradients", "check_step"]
