"""Compare a backward pass with numerical derivatives, and if it is wrong, name the suspect."""

from tinygan.gradcheck.check import check_gradients
from tinygan.gradcheck.functions import check_functions
from tinygan.gradcheck.remark import Remark
from tinygan.gradcheck.report import Report, TensorCheck
from tinygan.gradcheck.steps import check_step
from tinygan.gradcheck.suspect import Suspect

__all__ = ["Remark", "Report", "Suspect", "TensorCheck", "check_functions", "check_gradients", "check_step"]
