"""Optimisers, what they allow the values to be, and the schedules that lead their rates."""

from tinygan.optim.adam import Adam
from tinygan.optim.constraints import clipping, column_norms
from tinygan.optim.optimizer import Optimizer
from tinygan.optim.rmsprop import RMSProp
from tinygan.optim.schedules import exponential_decay, linear_ramp
from tinygan.optim.sgd import SGD

__all__ = ["SGD", "Adam", "Optimizer", "RMSProp", "clipping", "column_norms", "exponential_decay", "linear_ramp"]
