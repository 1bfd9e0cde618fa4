"""Optimisers, constraints on the values that they update, and schedules for the learning rate and the momentum."""

from tinygan.optim.adam import Adam
from tinygan.optim.constraints import clipping, column_norms
from tinygan.optim.optimizer import Optimizer
from tinygan.optim.rmsprop import RMSProp
from tinygan.optim.schedules import exponential_decay, linear_ramp
from tinygan.optim.sgd import SGD

__all__ = ["SGD", "Adam", "Optimizer", "RMSProp", "clipping", "column_norms", "exponential_decay", "linear_ramp"]
