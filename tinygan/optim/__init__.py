"""Optimisers, and the schedules that lead their rates."""

from tinygan.optim.descent import SGD, Optimizer, RMSProp
from tinygan.optim.schedules import exponential_decay, linear_ramp
from tinygan.optim.updates import limit_column_norms

__all__ = ["SGD", "Optimizer", "RMSProp", "exponential_decay", "limit_column_norms", "linear_ramp"]
